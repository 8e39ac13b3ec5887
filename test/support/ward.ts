// All roles but the API in one process, in real time, on real files and a real port: for tests that put something of their
// own between them, such as a store that does not answer.
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningAlerting, startAlerting } from '../../alerting/index.ts';
import {
  type AlertEvent,
  type Assignment,
  type Device,
  decodeBody,
  decodeInput,
  decodeRecord,
  encodeInput,
  encodeRecord,
  type InputRecord,
  type RuleSet,
  registryKey,
  type Signal,
  type TimeSeriesStore,
  type TopicName,
} from '../../contract/index.ts';
import { realDisk } from '../../durable/index.ts';
import {
  type Certificates,
  type EmbeddedLog,
  ensureCertificates,
  openLog,
  openStore,
  type RunningIngest,
  type StoreWriter,
  scanTopic,
  startIngest,
  startStoreWriter,
} from '../../ingest/index.ts';
import { systemClock } from '../../simulators/system-clock.ts';

export interface WardOptions {
  readonly patients: number;
  readonly rules: RuleSet;
  /** Put in the place of the real store; the real one is given. */
  readonly store?: (real: TimeSeriesStore) => TimeSeriesStore;
}

/** A device of the ward and who wears it. */
export interface WardDevice {
  readonly id: string;
  readonly token: string;
  readonly patient: string;
}

export interface Ward extends AsyncDisposable {
  readonly folder: string;
  readonly mqttPort: number;
  readonly certificates: Certificates;
  readonly devices: readonly WardDevice[];
  readonly log: EmbeddedLog;
  /** The real one. */
  readonly store: TimeSeriesStore;
  readonly writer: StoreWriter;
  readonly alerting: RunningAlerting;
  readonly ingest: RunningIngest;
  readonly announced: readonly string[];
  inputs(): Promise<readonly InputRecord[]>;
  /** All alert events, in order. */
  alerts(): Promise<readonly AlertEvent[]>;
}

const spo2: Signal = { vital: 'spo2', mode: 'continuous', everyMs: 1_000, firstWithinMs: 120_000 };

/** Starts it with its patients admitted and wearing an oximeter each; resolves when the engine judges. */
export async function startWard({ patients, rules, store: between = (real) => real }: WardOptions): Promise<Ward> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'vigil-ward-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const clock = systemClock;
  const announced: string[] = [];
  const announce = (level: string, message: string) => void announced.push(`${level} ${message}`);
  const onFatal = (error: Error) => {
    throw error;
  };
  const logFolder = join(folder, 'log');
  const log = stack.use(
    await openLog(
      { driver: 'embedded', folder: logFolder, partitions: 1, keepDays: 30, keepBytes: 1e9, segmentBytesMax: 1 << 20 },
      { disk: realDisk(), clock, announce, onFatal },
    ),
  );
  const file = join(folder, 'store.duckdb');
  const store = stack.use(await openStore({ driver: 'duckdb', file, partitions: 1 }, { clock, announce }));
  const writer = stack.use(await startStoreWriter({}, { log, store: between(store), clock, announce }));
  const devices = Array.from({ length: patients }, (_, i) => ({
    id: `d-${i + 1}`,
    token: `t-${i + 1}`,
    patient: `p-${i + 1}`,
  }));
  await admit(log, devices, rules);
  const random = { next: Math.random, bytes: (n: number) => crypto.getRandomValues(new Uint8Array(n)) };
  const alerting = stack.use(
    await startAlerting(
      { instance: 'vigil-1', bootId: 'b-1', build: '0', config: '0' },
      { log, clock, random, announce },
    ),
  );
  const certificates = await ensureCertificates({ folder, realm: 'test', hosts: ['localhost'], now: clock.wall() });
  const ingest = stack.use(
    await startIngest({ realm: 'test', mqttPort: 0, tls: certificates }, { log, clock, announce }),
  );
  const scan = (topic: TopicName) => Array.fromAsync(scanTopic(logFolder, topic, realDisk()));
  const running = stack.move();
  return {
    folder,
    mqttPort: ingest.port,
    certificates,
    devices,
    log,
    store,
    writer,
    alerting,
    ingest,
    announced,
    inputs: async () => (await scan('inputs')).map(({ value }) => decodeInput(value)),
    alerts: async () =>
      (await scan('alerts')).flatMap(({ value }) => {
        const { header, body } = decodeRecord(value);
        return header.kind === 'alert' ? [decodeBody(body) as AlertEvent] : [];
      }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** What the API would have written. */
async function admit(log: EmbeddedLog, devices: readonly WardDevice[], rules: RuleSet): Promise<void> {
  const at = Date.now();
  const register = (kind: 'device' | 'assignment', id: string, body: Device | Assignment) => ({
    key: registryKey(kind, id),
    value: encodeRecord({ v: 1, kind, id, revision: 1, by: 'u-1', at }, body),
  });
  const worn = devices.map(({ id, token, patient }) => {
    const about = { id, name: id, model: '', serial: '', kind: 'device', sequence: 'required' } as const;
    const tokenSha256 = createHash('sha256').update(token).digest('hex');
    const device: Device = { ...about, signals: [spo2], tokenSha256, revoked: false };
    const assignment: Assignment = {
      id: `as-${id}`,
      revision: 1,
      patient,
      device: id,
      gateway: id,
      from: at - 60_000,
      to: null,
      signals: [spo2],
    };
    return { patient, assignment, device };
  });
  const armed = worn.map(({ patient, assignment }) => ({
    key: patient,
    value: encodeInput({ v: 1, kind: 'assignment', patient, by: 'u-1', at }, assignment),
  }));
  const set = { key: 'rules', partition: 0, value: encodeInput({ v: 1, kind: 'rules', by: 'u-1', at }, rules) };
  await log.append('inputs', [set, ...armed], { lane: 'control' });
  const registered = worn.flatMap(({ assignment, device }) => [
    register('device', device.id, device),
    register('assignment', assignment.id, assignment),
  ]);
  await log.append('registry', registered, { lane: 'control' });
}
