// The writer, the log and the real database together.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import {
  type Clock,
  decodeInput,
  decodeRecord,
  type StoreBatch,
  StoreUnavailableError,
  type TimeSeriesStore,
  type WriteResult,
} from '../../contract/index.ts';
import { openStore, startStoreWriter } from '../../ingest/store/index.ts';
import { hashOf } from '../../ingest/store/rows.ts';
import { startHeavyQueries } from '../contracts/time-series-store-load.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { append, reading, readingsRecord, start, waveformRecord } from '../unit/ingest/store/inputs.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigil-store-writer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const clock: Clock = {
  wall: () => Date.now(),
  mono: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
};
const announce = () => undefined;
let files = 0;
const newFile = () => join(folder, `${++files}.duckdb`);
const open = (file: string, partitions = 1) => openStore({ driver: 'duckdb', file, partitions }, { clock, announce });
const everything = { vital: 2, from: 0, to: start + 1e9, limit: 100_000 };

/** The store, but with writes that fail: before the store sees them, or after it has them. */
function failing(store: TimeSeriesStore, how: () => 'before' | 'after' | 'not'): TimeSeriesStore {
  const write = async (batch: StoreBatch): Promise<WriteResult> => {
    const when = how();
    if (when === 'before') throw new StoreUnavailableError('the test wants it so');
    const result = await store.write(batch);
    if (when === 'after') throw new StoreUnavailableError('the answer got lost');
    return result;
  };
  return new Proxy(store, {
    get: (target, key) => {
      if (key === 'write') return write;
      const member: unknown = Reflect.get(target, key);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

test('every reading is in the store once, byte for byte, whatever fails and whoever starts again', {
  tags: ['ING-STORE', 'ING-COMMIT', 'ING-DEDUP', 'ING-POISON'],
}, async () => {
  const log = new MemoryLog({ partitions: 2 });
  const file = newFile();
  const patients = ['p-1', 'p-2', 'p-3'];
  const sent = new Map<string, bigint>();
  const ends = [0, 0];
  const send = async (seq: number) => {
    for (const patient of patients) {
      const readings = [reading(2 * seq - 1, { value: 80 + (seq % 20) }), reading(2 * seq)];
      for (const each of readings)
        sent.set(`${patient}/${each.seq}`, hashOf(new TextEncoder().encode(JSON.stringify(each))));
      const facts = { patient, device: `d-${patient}` };
      const copy = seq % 10 === 0 ? [readingsRecord(readings, facts)] : [];
      await append(log, readingsRecord(readings, facts), waveformRecord(seq, facts), ...copy);
    }
    if (seq % 25 === 0) await append(log, { key: 'p-1', value: new TextEncoder().encode('poison') });
    for (const partition of [0, 1]) ends[partition] = (await log.bounds('inputs', partition)).high;
  };
  let seq = 0;
  const hows = ['not', 'before', 'after', 'not', 'before', 'after'] as const;
  for (let round = 0; round < 4; round++) {
    await using store = await open(file, 2);
    let writes = 0;
    const flaky = failing(store, () => hows[writes++ % hows.length] ?? 'not');
    await using writer = await startStoreWriter({ batchAgeMs: 20 }, { log, store: flaky, clock, announce });
    for (let i = 0; i < 25; i++) await send(++seq);
    // The last round waits until all is there; the others stop in the middle of it.
    if (round === 3) await Promise.all(ends.map((end, partition) => writer.settled(partition, end)));
    else await expect.poll(() => writer.status().counters['batches'], { timeout: 30_000 }).toBeGreaterThan(0);
  }
  await using store = await open(file, 2);
  const held = new Map<string, bigint>();
  for (const patient of patients)
    for (const { seq, hash } of await store.range({ ...everything, patient })) held.set(`${patient}/${seq}`, hash);
  expect(held).toEqual(sent);
  expect(await store.count()).toEqual({ numerics: sent.size, waveforms: 100 * patients.length });
});

test('of two readings with one identity the first is in the store and the other in refused', {
  tags: ['ING-DEDUP'],
}, async () => {
  const log = new MemoryLog();
  await using store = await open(newFile());
  await using writer = await startStoreWriter({}, { log, store, clock, announce });
  const other = reading(1, { value: 41 });
  await append(log, readingsRecord(reading(1)));
  const [position = 0] = await append(log, readingsRecord([reading(2), other]));
  await writer.settled(0, position + 1);
  expect((await store.range({ ...everything, patient: 'p-1' })).map(({ seq, value }) => [seq, value])).toEqual([
    [1, 96],
    [2, 96],
  ]);
  const refused = log.records('refused').map(({ value }) => new TextDecoder().decode(decodeRecord(value).body));
  expect(refused).toEqual([JSON.stringify(other)]);
  const facts = log
    .records('inputs')
    .map(({ value }) => decodeInput(value))
    .filter((input) => input.kind === 'system' && input.body.fact === 'identity-conflict');
  expect(facts).toMatchObject([{ body: { on: true, detail: { device: 'd-1', seq: 1, refused: 0 } } }]);
});

test('with eight heavy readers the writer keeps up and appends go on', { tags: ['ING-STORE'] }, async () => {
  const log = new MemoryLog();
  await using store = await open(newFile());
  await using writer = await startStoreWriter({}, { log, store, clock, announce });
  const payload = (n: number) => readingsRecord(Array.from({ length: 50 }, (_, i) => reading(50 * n + i + 1)));
  let [end = 0] = await append(log, ...Array.from({ length: 100 }, (_, n) => payload(n)));
  await writer.settled(0, end + 100);
  const load = startHeavyQueries(store, { ...everything, patient: 'p-1', readers: 8 });
  for (let n = 100; n < 200; n++) [end = 0] = await append(log, payload(n));
  await writer.settled(0, end + 1);
  await load.stop();
  expect(await store.count()).toEqual({ numerics: 10_000, waveforms: 0 });
});
