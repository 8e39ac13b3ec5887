import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { crc32c, Reading } from '../../../contract/index.ts';
import { FleetConfig, type FleetConfigInput } from '../../../simulators/fleet/config.ts';
import { FleetDevice } from '../../../simulators/fleet/device.ts';
import { runFleet } from '../../../simulators/fleet/fleet.ts';
import { PacketReader, publishFrame } from '../../../simulators/fleet/frames.ts';
import { type Journal, openJournal, readJournal } from '../../../simulators/fleet/journal.ts';
import { fleetPayload, isLow } from '../../../simulators/fleet/payload.ts';
import { seededRandom } from '../../../simulators/random.ts';
import { systemClock } from '../../../simulators/system-clock.ts';
import { openTruth, readTruth } from '../../../simulators/truth.ts';
import { startTestBroker, type TestBroker, until } from './test-broker.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vigil-fleet-'));
  return () => rm(folder, { recursive: true, force: true });
});
const journalFile = () => join(folder, 'journal');
const truthFile = () => join(folder, 'truth.jsonl');

async function configFor(broker: TestBroker, changed: Partial<FleetConfigInput> = {}): Promise<FleetConfigInput> {
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, broker.address.ca);
  return {
    seed: 11,
    broker: { host: broker.address.host, port: broker.address.port, caFile },
    devices: ['f-1', 'f-2', 'f-3'].map((id) => ({ id, token: 't', patient: `p-${id}` })),
    everyMs: 0,
    readingsPerDevice: 200,
    reconnectMs: { least: 10, most: 100 },
    drainMs: 30_000,
    journalFile: journalFile(),
    truthFile: truthFile(),
    ...changed,
  };
}

const run = (config: FleetConfigInput) =>
  runFleet({ config, clock: systemClock, signal: new AbortController().signal, onProgress: () => {} });

const readingsOfBroker = (broker: TestBroker) =>
  broker.seen
    .filter(({ topic }) => topic.endsWith('/readings'))
    .map(({ bytes, client }) => ({ device: client, bytes, reading: Reading.parse(JSON.parse(bytes.toString())) }));

const keyOf = ({ device, boot, seq }: { device: string; boot: number; seq: number }) => `${device}/${boot}/${seq}`;

describe('a fleet', () => {
  test('journals what it sends, and every byte can be made again from the journal', async () => {
    await using broker = await startTestBroker();
    const config = await configFor(broker);
    const counts = await run(config);
    const { sent, acked, damaged } = await readJournal(journalFile());
    const made = new Map(
      sent.map((record) => [keyOf(record), Buffer.from(fleetPayload({ seed: 11, episodes: null, ...record }))]),
    );
    const wrong = readingsOfBroker(broker).filter(
      ({ device, bytes, reading }) => !made.get(keyOf({ device, ...reading }))?.equals(bytes),
    );
    const crcs = sent.filter((record) => crc32c(made.get(keyOf(record)) as Buffer) !== record.crc);
    expect({ counts, sent: sent.length, acked: new Set(acked.map(keyOf)).size, damaged, wrong, crcs }).toEqual({
      counts: { made: 600, sent: 600, duplicated: 0, acknowledged: 600, connections: 3, refused: 0, disordered: 0 },
      sent: 600,
      acked: 600,
      damaged: 0,
      wrong: [],
      crcs: [],
    });
  });

  test('lets no byte of a reading leave before the journal has it', { tags: ['BRK-HANDOVER'] }, async () => {
    await using broker = await startTestBroker();
    using truth = openTruth(truthFile());
    const waiting: (() => void)[] = [];
    const journal: Journal = {
      sent: () => new Promise((resolve) => waiting.push(resolve)),
      acked: () => {},
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const config = FleetConfig.parse(await configFor(broker, { readingsPerDevice: null, window: 4 }));
    const counts = { made: 0, sent: 0, duplicated: 0, acknowledged: 0, connections: 0, refused: 0, disordered: 0 };
    const parts = { config, ca: broker.address.ca, clock: systemClock, journal, truth, counts, onFailure: () => {} };
    const device = new FleetDevice(parts, { id: 'f-1', token: 't', patient: 'p-1' }, seededRandom(1));
    const stopping = new AbortController();
    const running = device.run(stopping.signal);
    await until('it is connected and has made what it may', () => broker.seen.length >= 2 && counts.made === 4);
    const before = readingsOfBroker(broker).length;
    waiting[0]?.();
    await until('the first came', () => readingsOfBroker(broker).length > 0);
    const after = readingsOfBroker(broker).map(({ reading }) => reading.seq);
    stopping.abort();
    await running;
    expect([before, after]).toEqual([0, [1]]);
  });

  test('sends again after cut connections until all is acknowledged', { tags: ['GW-RESUME'] }, async () => {
    await using broker = await startTestBroker();
    const running = run(await configFor(broker, { everyMs: 4, readingsPerDevice: 150 }));
    for (let cut = 0; cut < 3; cut++) {
      const before = readingsOfBroker(broker).length;
      await until('some came', () => readingsOfBroker(broker).length > before + 30);
      await broker.listen(false);
      await broker.listen(true);
    }
    const counts = await running;
    const distinct = new Set(readingsOfBroker(broker).map(({ bytes, device }) => `${device} ${bytes}`));
    expect([counts.acknowledged, distinct.size, counts.connections >= 6]).toEqual([450, 450, true]);
  });

  test('doubles and swaps as it is told', { tags: ['ING-DEDUP', 'ING-ORDER'] }, async () => {
    await using broker = await startTestBroker();
    const counts = await run(await configFor(broker, { duplicates: 0.1, reorder: 0.1, everyMs: 1 }));
    const seen = readingsOfBroker(broker);
    const swapped = seen.filter(({ device, reading }, i) =>
      seen.slice(0, i).some((earlier) => earlier.device === device && earlier.reading.seq > reading.seq),
    );
    expect({
      all: new Set(seen.map(({ device, reading }) => keyOf({ device, ...reading }))).size,
      copies: seen.length - 600 === counts.duplicated && counts.duplicated > 20,
      swapped: swapped.length > 20,
    }).toEqual({ all: 600, copies: true, swapped: true });
  });

  test('plans episodes from its seed, and the truth file names the first reading of each', {
    tags: ['ALR-EPISODE'],
  }, async () => {
    await using broker = await startTestBroker();
    const episodes = { everyReadings: 50, lengthReadings: 10, gapReadings: 5 };
    await run(await configFor(broker, { episodes }));
    const firsts = readTruth(truthFile()).flatMap((line) =>
      line.what === 'episode-start' && line.limit === '<= 88 %' ? [{ device: line.device, seq: line.first.seq }] : [],
    );
    const planned = ['f-1', 'f-2', 'f-3'].flatMap((device) =>
      Array.from({ length: 200 }, (_, i) => i + 1)
        .filter((seq) => isLow({ seed: 11, episodes, device, boot: 1, seq }))
        .filter((seq) => !isLow({ seed: 11, episodes, device, boot: 1, seq: seq - 1 }))
        .map((seq) => ({ device, seq })),
    );
    const order = (a: { device: string; seq: number }, b: { device: string; seq: number }) =>
      a.device.localeCompare(b.device) || a.seq - b.seq;
    expect([firsts.length, firsts.toSorted(order)]).toEqual([12, planned]);
  });

  test('runs as a process of its own, and ends when it is asked to', async () => {
    await using broker = await startTestBroker();
    const file = join(folder, 'fleet.json');
    await writeFile(file, JSON.stringify(await configFor(broker, { everyMs: 10, readingsPerDevice: null })));
    const program = fileURLToPath(new URL('../../../simulators/fleet-process.ts', import.meta.url));
    const child = spawn(process.execPath, [program, '--config', file], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    await until('it sends', () => readingsOfBroker(broker).length > 50);
    child.kill('SIGTERM');
    const code = await ended;
    const last = JSON.parse(output.trim().split('\n').at(-1) ?? '{}');
    expect([code, last.done, last.made === last.acknowledged, last.made > 50]).toEqual([0, true, true, true]);
  });
});

describe('a journal', () => {
  test('drops a torn last line and tells of a damaged one', async () => {
    const record = { device: 'f-1', boot: 1, takenAt: 1_772_331_000_000, crc: 5 };
    {
      await using journal = await openJournal(journalFile());
      await Promise.all([1, 2, 3].map((seq) => journal.sent({ ...record, seq })));
      journal.acked({ device: 'f-1', boot: 1, seq: 1, connection: 1, order: 1 });
    }
    const whole = await readFile(journalFile());
    await truncate(journalFile(), whole.length - 4);
    const torn = await readJournal(journalFile());
    await writeFile(journalFile(), Buffer.concat([whole.subarray(0, 10), Buffer.from('x'), whole.subarray(11)]));
    const damaged = await readJournal(journalFile());
    expect([torn.sent.length, torn.acked.length, torn.damaged, damaged.sent.length, damaged.damaged]).toEqual([
      3, 0, 0, 2, 1,
    ]);
  });

  test('goes on after a torn line without losing the next', async () => {
    const record = { device: 'f-1', boot: 1, takenAt: 1_772_331_000_000, crc: 5 };
    await appendFile(journalFile(), 'sent f-1 1 1 17723');
    {
      await using journal = await openJournal(journalFile());
      await journal.sent({ ...record, seq: 2 });
    }
    const { sent } = await readJournal(journalFile());
    expect(sent.map(({ seq }) => seq)).toEqual([2]);
  });
});

test('packets are found in a stream however it is cut', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(
      fc.array(bytes, { minLength: 1, maxLength: 5 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 90 })),
      (payloads, cuts) => {
        const stream = Buffer.concat(payloads.map((payload, i) => publishFrame('a/b', payload, i + 1)));
        const reader = new PacketReader();
        const found = [];
        for (let at = 0; at < stream.length; ) {
          const size = cuts.next().value as number;
          found.push(...reader.feed(stream.subarray(at, at + size)));
          at += size;
        }
        expect(found.map(({ body }) => Buffer.from(body.subarray(7)))).toEqual(
          payloads.map((payload) => Buffer.from(payload)),
        );
      },
    ),
  );
});
