// The real program, as a stranger starts it: processes, signals, standard output, exit codes. Nothing here is transformed by
// the test runner, so it also proves that Node runs the files as they are.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Program, runVigil, type SignedIn, startProgram } from './support/program.ts';
import type { StreamClient } from './support/sse.ts';
import { until } from './support/until.ts';

interface LogLine {
  readonly partition: number;
  readonly position: number;
  readonly key: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the log holds, as anybody reads it
  readonly header: any;
  // biome-ignore lint/suspicious/noExplicitAny: likewise
  readonly body: any;
}

/** A topic as `vigil log cat --json` gives it; a body that is JSON is parsed. */
async function logOf(program: Pick<Program, 'run'>, topic: string): Promise<LogLine[]> {
  const { code, stdout, stderr } = await program.run('log', 'cat', '--topic', topic, '--json');
  if (code !== 0) throw new Error(`log cat: ${code} ${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const record = JSON.parse(line) as LogLine & { body?: string };
      const body = /^[[{]/.test(record.body ?? '') ? (JSON.parse(record.body) as unknown) : record.body;
      return { ...record, body };
    });
}

interface Kit {
  readonly kit: string;
  readonly patient: string;
  readonly device: string;
  readonly waiting: number;
}

async function kits(program: Program): Promise<Kit[]> {
  return await until('the kits are on', async () => {
    const { code, stdout } = await program.run('sim', 'ls', '--json');
    return code === 0 && (JSON.parse(stdout) as { kits: Kit[] }).kits;
  });
}

async function kitNamed(program: Program, name: string): Promise<Kit> {
  const found = (await kits(program)).find(({ kit }) => kit === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
}

/** Everybody is watched: monitored, or degraded where this machine is too busy to be in time. */
async function allWatched(nurse: SignedIn, count: number): Promise<void> {
  await until(`${count} patients are watched`, async () => {
    const { monitored, degraded, notMonitored } = (await nurse.get('/monitoring')).body.patients;
    return monitored + degraded === count && notMonitored === 0;
  });
}

const isAlertOf = (patient: string, family: string, state: string) => (event: StreamClient['events'][number]) =>
  event.event === 'alert' &&
  event.data.alert.patient?.id === patient &&
  event.data.alert.family === family &&
  event.data.alert.state === state;

/** Lets a kit's SpO2 fall and waits for the high alert. */
async function desaturated(program: Program, stream: StreamClient, name: string) {
  const { patient } = await kitNamed(program, name);
  expect(await program.run('sim', 'desaturate', name)).toMatchObject({ code: 0 });
  const isVeryLow = isAlertOf(patient, 'spo2-low', 'active');
  return await stream.find(
    'the alert',
    (event) => isVeryLow(event) && event.data.alert.rules.some(({ id }: { id: string }) => id === 'spo2-very-low'),
    120_000,
  );
}

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

describe('killed at any moment', () => {
  test('the same alerts are open, none is raised twice, and the time that nobody watched is named', {
    tags: ['ALR-STATE', 'ALR-EPISODE', 'SYS-COVERAGE'],
    timeout: 300_000,
  }, async () => {
    await using first = await startProgram({ simulate: true });
    const nurse = await first.signIn();
    await allWatched(nurse, 8);
    {
      await using stream = await nurse.stream();
      const { data } = await desaturated(first, stream, 'kit-2');
      const { id, revision, patient } = data.alert;
      await nurse.send('POST', `/alerts/${id}/acknowledge`, { revision, patient: patient.id });
      await stream.find('taken', (event) => event.data.event?.type === 'acknowledged');
      await desaturated(first, stream, 'kit-4');
    }
    const before = (await nurse.get('/alerts')).body.items;
    expect(before.map(({ state }: { state: string }) => state).sort()).toEqual(
      expect.arrayContaining(['acknowledged', 'active']),
    );
    await first.kill();
    const killedAt = Date.now();
    await sleep(5_000);
    const startedAt = Date.now();

    await using again = await startProgram({ dataFolder: first.dataFolder, simulate: true });
    const back = await again.signIn();
    const opened = await back.stream();
    const { data: snapshot } = await opened.find('the snapshot', ({ event }) => event === 'snapshot');
    const open = (alerts: readonly { id: string; revision: number; state: string }[]) =>
      alerts.filter(({ state }) => state !== 'closed').map(({ id, state }) => `${id} ${state}`);
    expect(open(snapshot.alerts)).toEqual(expect.arrayContaining(open(before)));

    const blind = await until('the blind time in the log', async () => {
      const inputs = await logOf(again, 'inputs');
      const found = inputs.filter(({ header }) => header.kind === 'blind').map(({ body }) => body);
      const ticks = inputs.filter(({ header }) => header.kind === 'tick').map(({ body }) => body.utc as number);
      return found.length > 0 && { found, ticks };
    });
    const { fromUtc, toUtc, cause } = blind.found.at(-1);
    const lastBefore = Math.max(...blind.ticks.filter((utc) => utc <= killedAt));
    const firstAfter = Math.min(...blind.ticks.filter((utc) => utc > killedAt));
    expect(cause).toBe('restart');
    expect(Math.abs(fromUtc - lastBefore)).toBeLessThanOrEqual(1_000);
    expect(Math.abs(toUtc - firstAfter)).toBeLessThanOrEqual(1_000);
    expect(toUtc - fromUtc).toBeGreaterThanOrEqual(startedAt - killedAt);
    const shown = await until('the range is shown', async () => (await back.get('/monitoring')).body.unwatched[0]);
    expect(shown).toMatchObject({ from: new Date(fromUtc).toISOString(), to: new Date(toUtc).toISOString() });
    await opened.find(
      'each tile names it',
      ({ event, data }) =>
        (event === 'tile' && data.unwatched.length > 0) ||
        (event === 'snapshot' && data.tiles.every((tile: { unwatched: unknown[] }) => tile.unwatched.length > 0)),
    );
    await opened[Symbol.asyncDispose]();

    await allWatched(back, 8);
    const raised = (await logOf(again, 'alerts'))
      .filter(({ body }) => body?.type === 'raised')
      .map(({ body }) => body.alert.id);
    expect(new Set(raised).size).toBe(raised.length);
    for (const { id } of before) expect(raised).toContain(id);
    expect(await again.stop('SIGTERM')).toBe(0);
  });

  test('held down, no alert appears; when it may run again it says what it missed', {
    tags: ['ALR-WATCHDOG', 'SYS-SAFE'],
    timeout: 300_000,
  }, async () => {
    await using program = await startProgram({ simulate: true });
    const nurse = await program.signIn();
    await allWatched(nurse, 8);
    const stream = await nurse.stream();
    process.kill(program.parentPid, 'SIGSTOP');
    process.kill(program.childPid, 'SIGKILL');
    await until('the stream ends', () => stream.ended);
    const alerts = await logOf(program, 'alerts');
    expect((await program.run('sim', 'desaturate', 'kit-2')).code).toBe(0);
    // The patient's saturation is below the limit for longer than the rule asks for, and the kit cannot say so.
    await until(
      'the kit has half a minute of readings that nobody took',
      async () => (await kitNamed(program, 'kit-2')).waiting >= 40,
      { withinMs: 120_000, everyMs: 1_000 },
    );
    expect(await logOf(program, 'alerts')).toHaveLength(alerts.length);
    await expect(nurse.get('/alerts')).rejects.toThrow();
    expect((await program.run('status')).code).toBe(4);

    process.kill(program.parentPid, 'SIGCONT');
    const ready = await until('another child serves', async () => {
      const now = await program.ready();
      return now.pid !== program.childPid && now;
    });
    expect(ready.pid).not.toBe(program.childPid);
    const back = await until('sign-in works again', () => program.signIn());
    const [gap] = await until('what nobody watched', async () => {
      const { unwatched } = (await back.get('/monitoring')).body;
      return unwatched.length > 0 && unwatched;
    });
    expect(Date.parse(gap.to)).toBeGreaterThan(Date.parse(gap.from));
    await stream[Symbol.asyncDispose]();
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
