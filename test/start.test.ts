// The real program, as a stranger starts it: processes, signals, standard output, exit codes. Nothing here is transformed by
// the test runner, so it also proves that Node runs the files as they are.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Program, runVigil, type SignedIn, startProgram } from './support/program.ts';
import type { StreamClient } from './support/sse.ts';
import { until } from './support/until.ts';
import { allWatched, desaturated, kitNamed, logOf } from './support/watched-ward.ts';

describe('npm start', () => {
  let program: Program;
  let nurse: SignedIn;
  let stream: StreamClient;
  beforeAll(async () => {
    program = await startProgram({ npm: true });
    nurse = await program.signIn();
    stream = await nurse.stream();
  }, 120_000);
  afterAll(async () => {
    await stream?.[Symbol.asyncDispose]();
    await program?.[Symbol.asyncDispose]();
  });

  test('says what it is and where to look, on stdout, and nothing else', { tags: ['CON-REALM'] }, () => {
    // npm's own lines begin with ">".
    const lines = program
      .stdout()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('> '));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^Vigil \d+\.\d+\.\d+ {2}TEST REALM, simulated patients, not for care$/);
    expect(lines[1]).toMatch(
      /^console http:\/\/127\.0\.0\.1:\d+\/#link=\S+ \(one use, 15 min; another: vigil link\) {2}mqtt \d+ {2}data \S+$/,
    );
  });

  test('the link on stdout opens the console, once', async () => {
    const link = program.link.split('#link=')[1];
    const signIn = () =>
      fetch(`${program.url}/api/v1/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ link }),
      });
    const first = await signIn();
    expect(first.status).toBe(200);
    expect(first.headers.get('vigil-realm')).toBe('test');
    expect((await signIn()).status).toBe(401);
    const page = await fetch(program.url);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<div id="app">');
  });

  test('eight simulated patients are watched', { tags: ['SYS-SAFE', 'API-STATE'] }, async () => {
    await allWatched(nurse, 8);
    const { items } = (await nurse.get('/patients')).body;
    expect(items).toHaveLength(8);
    const measured = await until('values of a patient', async () => {
      const { measurements } = (await nurse.get(`/patients/${items[0].id}/latest`)).body;
      const live = measurements.filter(({ state }: { state: string }) => state === 'live' || state === 'degraded');
      return live.length >= 3 && live.map(({ vital }: { vital: string }) => vital).sort();
    });
    expect(measured).toEqual(['glucose', 'pulse', 'spo2']);
    // Simulated devices are like devices that do it right: nothing of theirs is refused.
    expect(await logOf(program, 'refused')).toEqual([]);
  });

  test('the commands of an operator', async () => {
    const status = await program.run('status');
    expect(status).toMatchObject({ code: 0, stderr: '' });
    expect(status.stdout).toMatch(/^patients +\d monitored, \d degraded, 0 not monitored$/m);
    expect(status.stdout).toMatch(/^alerting +\S+/m);
    const asJson = await program.run('status', '--json');
    expect(JSON.parse(asJson.stdout)).toMatchObject({ schema: 'vigil.status/1' });

    const link = await program.run('link');
    expect(link).toMatchObject({ code: 0, stderr: '' });
    expect(link.stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#link=\S+\n$/);

    const check = await program.run('config', 'check');
    expect(check.code).toBe(0);
    expect(check.stdout).toMatch(/^defaults: ok, hash [0-9a-f]{64}\n$/);

    const registry = await logOf(program, 'registry');
    expect(registry.filter(({ key }) => /patient/.test(key)).length).toBeGreaterThanOrEqual(8);
    expect((await program.run('log', 'cat', '--topic', 'nothing')).code).toBe(2);
  });

  test('a second one on the same folder is refused, and harms nothing', async () => {
    const ports = ['api.httpPort=0', 'ingest.mqttPort=0', 'ops.opsPort=0'].flatMap((port) => ['--set', port]);
    const second = await program.run('up', ...ports);
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toContain(program.dataFolder);
    expect((await nurse.get('/system')).status).toBe(200);
    expect((await program.ready()).pid).toBe(program.childPid);
  });

  test('a saturation that falls is an alert with its value, limit and patient, and a clinician takes it', {
    tags: ['ALR-LIMIT', 'API-PATIENT', 'API-ACK'],
    timeout: 180_000,
  }, async () => {
    const { data } = await desaturated(program, stream, 'kit-2');
    const { alert } = data;
    const decided = alert.rules.find(({ id }: { id: string }) => id === 'spo2-very-low');
    expect(alert).toMatchObject({ kind: 'physiological', priority: 'high', acknowledged: null });
    expect(alert.patient).toMatchObject({ mrn: 'SIM-0002', bed: 'Bed 2' });
    expect(decided).toMatchObject({ limit: expect.stringContaining('88 %'), reading: { vital: 'spo2', unit: '%' } });
    const { reading } = decided;
    expect(reading.value ?? reading.last.value).toBeLessThanOrEqual(88);
    // Held for 15 s by the times of the readings, not before.
    expect(Date.parse(reading.takenAt) - Date.parse(decided.onsetAt)).toBeGreaterThanOrEqual(15_000);

    const { id, patient } = alert;
    const wrong = await nurse.send('POST', `/alerts/${id}/acknowledge`, { revision: 99, patient: patient.id });
    expect(wrong).toMatchObject({ status: 409, body: { code: 'alert-revision' } });
    const { revision } = (await nurse.get(`/alerts/${id}`)).body;
    const taken = await nurse.send('POST', `/alerts/${id}/acknowledge`, { revision, patient: patient.id });
    expect([200, 202]).toContain(taken.status);
    const told = await stream.find('who took it', (event) => event.data.event?.type === 'acknowledged');
    expect(told.data.alert).toMatchObject({ id, state: 'acknowledged', acknowledged: { name: expect.any(String) } });
  });

  test('a kit that falls silent: its patient is not monitored within 31 s of its last beat', {
    tags: ['ALR-STALE', 'SYS-SAFE', 'ALR-TECH'],
    timeout: 180_000,
  }, async () => {
    const { patient, device } = await kitNamed(program, 'kit-5');
    expect((await program.run('sim', 'stop', 'kit-5', '--silent')).code).toBe(0);
    const tile = await stream.find(
      'the patient is not monitored',
      ({ event, data }) =>
        event === 'tile' &&
        data.patient.id === patient &&
        data.monitoring.state === 'not-monitored' &&
        data.monitoring.cause === 'gateway-lost',
      120_000,
    );
    expect(tile.data.monitoring.signals.map(({ state }: { state: string }) => state)).toContain('not-monitored');
    const beats = (await logOf(program, 'inputs')).filter(
      ({ header }) => header.kind === 'gateway-beat' && header.gateway === device,
    );
    const lastBeatAt = beats.at(-1)?.header.acceptedAt;
    const lost = (await logOf(program, 'alerts')).filter(
      ({ header, body }) => header?.kind === 'monitoring' && body.patient === patient && body.state === 'not-monitored',
    );
    expect(lost.length).toBeGreaterThan(0);
    for (const { body } of lost) expect(body.at - lastBeatAt).toBeLessThanOrEqual(31_000);
    const { code, stdout } = await program.run('status');
    expect(code).toBe(5);
    expect(stdout).toMatch(/[1-9] not monitored/);

    expect((await program.run('sim', 'start', 'kit-5')).code).toBe(0);
    await stream.find(
      'it is watched again',
      ({ event, data }) =>
        event === 'tile' &&
        data.patient.id === patient &&
        data.monitoring.state !== 'not-monitored' &&
        data !== tile.data,
    );
  });

  test('Ctrl-C ends everything within 10 s', { timeout: 90_000 }, async () => {
    expect(program.processes().length).toBeGreaterThanOrEqual(4);
    const asked = performance.now();
    await program.stop('SIGINT');
    await until('no process is left', () => program.processes().length === 0);
    expect(performance.now() - asked).toBeLessThan(10_000);
    expect(program.stderr()).not.toMatch(/error|warn|at .*\.ts:\d+/i);
  });
});

describe('what cannot start says why', () => {
  test.for<[string, readonly string[], number, RegExp]>([
    ['the clinical realm', ['up', '--set', 'realm=clinical'], 3, /realm/],
    ['an unknown key', ['config', 'check', '--set', 'ingest.mqtPort=1'], 3, /did you mean mqttPort\?/],
    ['an unknown command', ['watch'], 2, /watch/],
    ['nobody runs', ['status', '--set', 'data=/nonexistent/vigil'], 4, /vigil up/],
    ['no link without a system', ['link', '--set', 'data=/nonexistent/vigil'], 4, /vigil up/],
    ['a listener that is not loopback', ['up', '--set', 'api.httpHost=0.0.0.0'], 3, /httpHost/],
  ])('%s', { tags: ['SYS-CONFIG', 'SYS-REALM'] }, async ([, args, code, said]) => {
    const ended = await runVigil(args);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toMatch(said);
  });
});
