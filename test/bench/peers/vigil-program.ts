// The real program for the latency bench: everything that `vigil up` runs, on a data folder that already knows the devices,
// their patients, and one patient with a month in the store.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { adminSocket, callAdmin } from '../../../admin-client.ts';
import {
  type AppendRecord,
  type Assignment,
  type Device,
  encodeInput,
  encodeRecord,
  type Patient,
  type RegistryKind,
  registryKey,
  VITALS,
} from '../../../contract/index.ts';
import { realDisk } from '../../../durable/index.ts';
import { hostClock } from '../../../host.ts';
import { openLog, openStore } from '../../../ingest/index.ts';
import { numericRow } from '../../contracts/time-series-store-rows.ts';
import { writeEpisodeRules } from '../../faults/rules.ts';

export interface VigilProgram extends AsyncDisposable {
  readonly mqttPort: number;
  readonly url: string;
  readonly ca: string;
  readonly pid: number;
  /** Signs in; gives the cookie. */
  signIn(): Promise<string>;
}

/** The patient with a month of readings, one each 2.6 s. */
export const monthPatient = 'p-month';
const monthRows = 1_000_000;
const monthMs = 30 * 86_400_000;
const startWithinMs = 60_000;

export async function startVigil(folder: string, devices: readonly string[], token: string): Promise<VigilProgram> {
  const data = join(folder, 'data');
  await mkdir(data);
  const installation = randomUUID();
  await writeFile(join(data, 'realm'), `${JSON.stringify({ realm: 'test', installation })}\n`);
  await seedLog(data, devices, token);
  await seedStore(data, installation);
  const rules = join(folder, 'rules.json');
  await writeEpisodeRules(rules);
  const settings = [`data=${data}`, 'api.httpPort=0', 'ingest.mqttPort=0', 'ops.opsPort=0', `alerting.rules=${rules}`];
  const main = fileURLToPath(new URL('../../../main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, 'up', ...settings.flatMap((setting) => ['--set', setting])], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await saidWhere(child);
  const ready = JSON.parse(await readFile(join(data, 'run', 'ready.json'), 'utf8')) as {
    readonly pid: number;
    readonly url: string;
    readonly mqttPort: number;
    readonly caFile: string;
  };
  return {
    ...ready,
    ca: await readFile(join(data, ready.caFile), 'utf8'),
    signIn: () => signIn(data, ready.url),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

async function saidWhere(child: ChildProcess): Promise<void> {
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  for (const end = performance.now() + startWithinMs; !said.includes('console '); await sleep(50))
    if (performance.now() > end || child.exitCode !== null) throw new Error('the program did not start');
}

async function seedLog(data: string, devices: readonly string[], token: string): Promise<void> {
  const clock = hostClock();
  const at = clock.wall();
  const onFatal = (error: Error) => {
    throw error;
  };
  await using log = await openLog(
    { driver: 'embedded', folder: join(data, 'log'), partitions: 1, keepDays: 30, keepBytes: 1e10 },
    { disk: realDisk(), clock, announce: () => {}, onFatal },
  );
  const tokenSha256 = createHash('sha256').update(token).digest('hex');
  const signals: Device['signals'] = [{ vital: 'spo2', mode: 'continuous', everyMs: 1_000, firstWithinMs: 120_000 }];
  const record = (kind: RegistryKind, body: Device | Patient | Assignment): AppendRecord => ({
    key: registryKey(kind, body.id),
    value: encodeRecord({ v: 1, kind, id: body.id, revision: 1, by: 'bench', at }, body),
  });
  const patient = (id: string): Patient => ({
    ...{ id, mrn: id, name: `BENCH, ${id}`, birthDate: '1950-01-01', unit: 'w-1', bed: '', zone: 'UTC' },
    highRisk: false,
    state: 'admitted',
  });
  const assigned = devices.map((device): Assignment => {
    const about = { id: `as-${device}`, revision: 1, patient: `p-${device}`, device, gateway: device };
    return { ...about, from: at - 60_000, to: null, signals };
  });
  const registry = [
    record('patient', patient(monthPatient)),
    ...devices.map((id) => record('patient', patient(`p-${id}`))),
    ...devices.map((id) => {
      const about = { id, name: id, model: '', serial: '', kind: 'device', sequence: 'required' } as const;
      return record('device', { ...about, signals, tokenSha256, revoked: false });
    }),
    ...assigned.map((assignment) => record('assignment', assignment)),
  ];
  const inputs = assigned.map((assignment) => {
    const header = { v: 1, kind: 'assignment', patient: assignment.patient, by: 'bench', at } as const;
    return { key: assignment.patient, value: encodeInput(header, assignment) };
  });
  await log.append('inputs', inputs, { lane: 'control' });
  await log.append('registry', registry, { lane: 'control' });
}

async function seedStore(data: string, installation: string): Promise<void> {
  await mkdir(join(data, 'store'));
  const file = join(data, 'store', 'vigil.duckdb');
  const ports = { clock: hostClock(), announce: () => {} };
  await using store = await openStore({ driver: 'duckdb', file, partitions: 1, installation }, ports);
  const first = Date.now() - monthMs;
  const step = monthMs / monthRows;
  const batch = 10_000;
  for (let from = 0; from < monthRows; from += batch) {
    const numerics = Array.from({ length: batch }, (_, i) =>
      numericRow({
        ...{ patient: monthPatient, device: 'd-month', seq: from + i + 1, vital: VITALS.spo2.code },
        takenAt: Math.floor(first + (from + i) * step),
      }),
    );
    await store.write({ numerics, waveforms: [], positions: [0] });
  }
}

async function signIn(data: string, url: string): Promise<string> {
  const made = (await callAdmin(adminSocket(data), 'POST', '/api/v1/links', {})) as { readonly link: string };
  const link = /#link=(.+)$/.exec(made.link)?.[1] ?? made.link;
  const response = await fetch(new URL('/api/v1/session', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ link }),
  });
  if (!response.ok) throw new Error(`sign-in: ${response.status}`);
  await response.body?.cancel();
  return response.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
}
