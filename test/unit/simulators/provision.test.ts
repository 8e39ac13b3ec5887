import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { Signal } from '../../../contract/index.ts';
import { adminSocket, kitsFile, provision } from '../../../simulators/provision.ts';
import { startFakeApi } from './fake-api.ts';

let dataFolder: string;
beforeEach(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'vigil-provision-'));
  return () => rm(dataFolder, { recursive: true, force: true });
});

const options = (count = 2) => ({ dataFolder, count, socket: adminSocket(dataFolder) });
const posts = (calls: readonly string[]) => calls.filter((call) => call.startsWith('POST'));

describe('provisioning', () => {
  test('registers each kit with its signals, admits its patient and binds them', async () => {
    await using api = await startFakeApi(adminSocket(dataFolder));
    const kits = await provision(options());
    const signals = api.devices.map((device) => (device['signals'] as unknown[]).map((signal) => Signal.parse(signal)));
    expect(kits).toEqual([
      { name: 'kit-1', device: 'd-1', token: 'token-of-d-1', patient: 'p-1' },
      { name: 'kit-2', device: 'd-2', token: 'token-of-d-2', patient: 'p-2' },
    ]);
    expect(api.assignments.map(({ patient, device }) => [patient, device])).toEqual([
      ['p-1', 'd-1'],
      ['p-2', 'd-2'],
    ]);
    expect(signals.map((all) => all.map((signal) => ('vital' in signal ? signal.vital : signal.lead)))).toEqual(
      Array(2).fill(['glucose', 'spo2', 'pulse', 'II']),
    );
  });

  test('keeps the tokens in a file that only its owner reads', { tags: ['SEC-REST'] }, async () => {
    await using _api = await startFakeApi(adminSocket(dataFolder));
    await provision(options());
    const { mode } = await stat(kitsFile(dataFolder));
    expect([mode & 0o777, JSON.parse(await readFile(kitsFile(dataFolder), 'utf8')).kits.length]).toEqual([0o600, 2]);
  });

  test('changes nothing when it is run again, and adds only what is new', async () => {
    await using api = await startFakeApi(adminSocket(dataFolder));
    const first = await provision(options());
    const before = posts(api.calls).length;
    const again = await provision(options());
    const unchanged = posts(api.calls).length;
    const more = await provision(options(3));
    expect([again, unchanged, more.slice(0, 2), posts(api.calls).length - before]).toEqual([first, before, first, 3]);
  });

  test('registers anew a device that the system has forgotten, for the patient that it knows', async () => {
    await using api = await startFakeApi(adminSocket(dataFolder));
    await provision(options());
    api.devices.splice(0, 1);
    const [kit] = await provision(options(1));
    expect([kit?.device, kit?.patient, api.patients.length]).toEqual(['d-2', 'p-1', 2]);
  });

  test('leaves alone what a person took off', async () => {
    await using api = await startFakeApi(adminSocket(dataFolder));
    await provision(options());
    api.assignments.splice(0, 1, { ...(api.assignments[0] as { id: string }), to: '2026-03-01T00:00:00.000Z' });
    await provision(options());
    expect(api.assignments.filter(({ device }) => device === 'd-1')).toHaveLength(1);
  });

  test('registers anew a device that was revoked', { tags: ['BRK-AUTH'] }, async () => {
    await using api = await startFakeApi(adminSocket(dataFolder));
    await provision(options());
    api.devices.splice(0, 1, { ...(api.devices[0] as { id: string }), revoked: true });
    const [kit] = await provision(options());
    expect([kit?.device, kit?.token]).toEqual(['d-3', 'token-of-d-3']);
  });

  test.for([false, true])('finds the patients again when its own file is lost (names hidden: %s)', async (hidden) => {
    await using api = await startFakeApi(adminSocket(dataFolder));
    await provision(options());
    api.hidesNames = hidden;
    await rm(kitsFile(dataFolder));
    const kits = await provision(options());
    expect([kits.map(({ patient }) => patient), api.patients.length]).toEqual([['p-1', 'p-2'], 2]);
  });

  test('broken off after any call and repeated, it ends with one patient and one bound device a kit', async () => {
    const ends = [];
    for (let call = 1; call <= 10; call++) {
      dataFolder = await mkdtemp(join(tmpdir(), 'vigil-provision-'));
      await using api = await startFakeApi(adminSocket(dataFolder));
      api.loseAnswerOf = call;
      await provision(options()).catch(() => {});
      const kits = await provision(options());
      const bound = kits.map((kit) => api.assignments.filter(({ device }) => device === kit.device).length);
      ends.push({ patients: api.patients.length, bound });
    }
    expect(ends).toEqual(Array(10).fill({ patients: 2, bound: [1, 1] }));
  });
});
