// The border as it runs, for tests: the embedded log in a folder of its own, TLS, real sockets, and raw clients on them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Assignment,
  type Clock,
  type Disk,
  decodeInput,
  decodeRecord,
  type StreamLog,
} from '../../contract/index.ts';
import { realDisk } from '../../durable/index.ts';
import { hostClock } from '../../host.ts';
import {
  type Certificates,
  ensureCertificates,
  type IngestOptions,
  openLog,
  type RunningIngest,
  startIngest,
} from '../../ingest/index.ts';
import { type ConnectFields, RawMqtt } from '../support/mqtt.ts';
import { assignment, device, register, token } from '../unit/ingest/fixtures.ts';

export interface Border extends AsyncDisposable {
  readonly log: StreamLog;
  readonly ingest: RunningIngest;
  readonly certificates: Certificates;
  readonly announced: readonly string[];
  counter(name: string): number;
  /** A connection that has sent nothing. */
  open(): Promise<RawMqtt>;
  /** A device's connection, let in or not. */
  connect(id: string, fields?: Partial<ConnectFields>): Promise<{ client: RawMqtt; code: number | undefined }>;
  /** All that stands in `inputs` and `refused`, as text. */
  inputs(): Promise<readonly Stood[]>;
  refused(): Promise<readonly Stood[]>;
}

export interface Stood {
  readonly key: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly body: Uint8Array;
}

export interface BorderOptions {
  readonly disk?: Disk;
  readonly clock?: Clock;
  readonly log?: StreamLog;
  readonly limits?: IngestOptions['limits'];
  /** Bound each through itself, worn by patients of the same number. */
  readonly devices?: readonly string[];
  readonly assignments?: readonly Assignment[];
}

/** Opens a border with devices `d-1` and `d-2`, worn since yesterday. */
export async function openBorder(options: BorderOptions = {}): Promise<Border> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'vigil-border-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const { clock = hostClock(), disk = realDisk(), devices = ['d-1', 'd-2'] } = options;
  const announced: string[] = [];
  const announce = (_level: string, line: string) => void announced.push(line);
  const log =
    options.log ??
    stack.use(
      await openLog(
        {
          driver: 'embedded',
          folder: join(folder, 'log'),
          partitions: 1,
          keepDays: 30,
          keepBytes: 1e9,
          segmentBytesMax: 2_097_152,
        },
        { disk, clock, announce, onFatal: (error) => announced.push(`fatal ${error.message}`) },
      ),
    );
  const from = clock.wall() - 86_400_000;
  for (const [i, id] of devices.entries()) {
    await register(log, 'device', device(id));
    await register(
      log,
      'assignment',
      assignment({ id: `as-${i + 1}`, patient: `p-${i + 1}`, device: id, gateway: id, from }),
    );
  }
  for (const each of options.assignments ?? []) await register(log, 'assignment', each);
  const certificates = await ensureCertificates({ folder, realm: 'test', hosts: [], now: Date.now() });
  const { limits } = options;
  const ingest = stack.use(
    await startIngest(
      { realm: 'test', mqttPort: 0, tls: certificates, ...(limits && { limits }) },
      { log, clock, announce },
    ),
  );
  const to = { port: ingest.port, ca: certificates.caPem };
  const opened = stack.move();
  return {
    log,
    ingest,
    certificates,
    announced,
    counter: (name) => ingest.status().counters[name] ?? 0,
    open: () => RawMqtt.open(to),
    connect: (id, fields = {}) => RawMqtt.connect(to, { clientId: id, password: token, ...fields }),
    inputs: async () =>
      (await all(log, 'inputs')).map(({ key, value }) => {
        decodeInput(value);
        return { key, ...decodeRecord(value) };
      }),
    refused: async () => (await all(log, 'refused')).map(({ key, value }) => ({ key, ...decodeRecord(value) })),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** A topic from its first record to its present end. */
async function all(log: StreamLog, topic: 'inputs' | 'refused') {
  const { low, high } = await log.bounds(topic, 0);
  const stop = new AbortController();
  const records = [];
  if (low === high) return [];
  for await (const batch of log.read(topic, 0, low, { signal: stop.signal })) {
    records.push(...batch.records);
    if (batch.next >= high) stop.abort();
  }
  return records;
}
