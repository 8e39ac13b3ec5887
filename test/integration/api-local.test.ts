// The operator at the machine: a socket of their own, and no clinical act.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { call, raisedEvent, signInWith, spo2Alert, startTestApi, until } from '../support/api.ts';

async function withSocket(deep = '') {
  const folder = await mkdtemp(join(tmpdir(), 'vigil-socket-'));
  const adminSocket = join(folder, deep, 'run', 'admin.sock');
  const test = await startTestApi({ options: { adminSocket } });
  const local = (method: string, path: string, body?: unknown) =>
    call('http://localhost', method, `/api/v1${path}`, { socketPath: adminSocket, body });
  return {
    ...test,
    adminSocket,
    local,
    async [Symbol.asyncDispose]() {
      await test[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

const patient = { mrn: 'SIM-0001', name: 'ADLER, Ruth', birthDate: '1948-03-17', unit: 'w-1' };

describe('the local operator', () => {
  test('has a socket that only its owner may use, and makes sign-in links', async () => {
    await using test = await withSocket();
    expect((await stat(test.adminSocket)).mode & 0o777).toBe(0o600);
    const { status, body } = await test.local('POST', '/links', {});
    expect(status).toBe(201);
    const session = await signInWith(test.api.url, body.link);
    expect((await session.get('/session')).body.user).toBe('demo');
  });

  test('admits simulated patients in the test realm, and acts on no alert', {
    tags: ['SEC-RBAC', 'API-ACK'],
  }, async () => {
    await using test = await withSocket();
    const admitted = await test.local('POST', '/patients', patient);
    const device = await test.local('POST', '/devices', { name: 'kit', signals: [{ vital: 'spo2' }] });
    const ids = { patient: admitted.body.id, device: device.body.device.id };
    expect([admitted.status, device.status, (await test.local('POST', '/assignments', ids)).status]).toEqual([
      201, 201, 201,
    ]);
    expect((await test.local('GET', '/patients')).body.items).toMatchObject([{ mrn: 'SIM-0001' }]);
    await test.engine.event(raisedEvent(spo2Alert(ids.patient)));
    const acts = [
      await test.local('POST', '/alerts/a-1/acknowledge', { revision: 1, patient: ids.patient }),
      await test.local('GET', '/alerts'),
      await test.local('GET', `/patients/${ids.patient}/latest`),
    ];
    expect(acts.map(({ status, body }) => [status, body.code])).toEqual(Array.from({ length: 3 }, () => [403, 'role']));
    await until(() => test.memory.records('audit').length >= 3);
    const rows = test.memory
      .records('audit')
      .map(({ value }) => JSON.parse(new TextDecoder().decode(value).split('\n')[1] ?? ''));
    const admission = rows.find(({ act }) => act === 'patient.admit');
    expect(admission).toMatchObject({
      actor: { kind: 'local', id: `local:${process.getuid?.()}` },
      from: 'local',
      out: 'ok',
    });
  });

  test('is served below a folder that is deeper than a socket address', async () => {
    await using test = await withSocket('x'.repeat(120));
    const folder = join(test.adminSocket, '..');
    const { openSync, closeSync } = await import('node:fs');
    const descriptor = openSync(folder, 'r');
    const answer = await call('http://localhost', 'GET', '/api/v1/system', {
      socketPath: `/proc/self/fd/${descriptor}/admin.sock`,
    });
    closeSync(descriptor);
    expect(answer.status).toBe(200);
  });

  test('finds the socket again after one that was killed', async () => {
    await using test = await withSocket();
    // A second start on the same path, as after SIGKILL: the folder is locked elsewhere, so the old socket is nobody's.
    await using next = await startTestApi({ memory: test.memory, options: { adminSocket: test.adminSocket }, seed: 2 });
    expect((await test.local('GET', '/system')).status).toBe(200);
    expect(next.api.url).not.toBe(test.api.url);
  });

  test('sees roles, log and who is watched', { tags: ['SYS-CONFIG'] }, async () => {
    await using test = await withSocket();
    const { body } = await test.local('GET', '/system');
    expect(body).toMatchObject({
      realm: 'test',
      version: '0.1.0',
      config: 'c0ffee',
      log: { state: 'ok' },
      roles: [{ role: 'api' }],
      rules: { id: 'adult', version: 1 },
      monitoring: { system: true, causes: ['engine-down'] },
    });
  });
});
