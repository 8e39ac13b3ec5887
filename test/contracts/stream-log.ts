// What every driver of `StreamLog` promises (`contract/stream-log.ts`, `kafka.md` 6), and what its users must live with.
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type AppendRecord,
  type LogBatch,
  type LogRecord,
  type Position,
  partitionOf,
  recordBytesMax,
  type StreamLog,
  type TopicName,
  topicNames,
} from '../../contract/index.ts';
import { type AppendFault, unreliable } from './stream-log-unreliable.ts';

/** A log with nothing in it, and the means to do to it what only its driver can. */
export interface LogUnderTest {
  readonly log: StreamLog;
  /** Closes it and opens what it left; with another number of partitions it must refuse. */
  reopen(partitions?: number): Promise<StreamLog>;
  /** Makes old records of a topic go, by retention, so that `bounds` no longer begin at 0; gives the new low. */
  dropOld(topic: TopicName): Promise<Position>;
  /** Lets compaction of a topic come to its end. */
  compact(topic: TopicName): Promise<void>;
}

/** Partitions of `inputs` that the suite is written for. */
export const suitePartitions = 3;

/** No wait of the suite is longer; a driver in good order needs a fraction. */
const deadlineMs = 30_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const data = { lane: 'data' } as const;
const control = { lane: 'control' } as const;

const record = (key: string, text: string, partition?: number): AppendRecord => ({
  key,
  value: encoder.encode(text),
  ...(partition === undefined ? {} : { partition }),
});
const textOf = ({ value }: LogRecord): string => decoder.decode(value);

/** Records from `from` up to the end as it was at the call. */
async function readAll(log: StreamLog, topic: TopicName, partition: number, from?: Position, maxRecords = 1_000) {
  const { low, high } = await log.bounds(topic, partition);
  return readTo(log, topic, partition, from ?? low, high, maxRecords);
}

async function readTo(
  log: StreamLog,
  topic: TopicName,
  partition: number,
  from: Position,
  to: Position,
  maxRecords = 1_000,
): Promise<LogRecord[]> {
  const found: LogRecord[] = [];
  if (from >= to) return found;
  const signal = AbortSignal.timeout(deadlineMs);
  for await (const { records, next } of log.read(topic, partition, from, { signal, maxRecords })) {
    found.push(...records);
    if (next >= to) return found;
  }
  throw new Error(`${topic}/${partition}: no record up to ${to} within ${deadlineMs} ms, only ${found.length}`);
}

/** The first batch with a record. */
async function nextRecords(batches: AsyncIterator<LogBatch>): Promise<readonly LogRecord[]> {
  for (;;) {
    const { value, done } = await batches.next();
    if (done) return [];
    if (value.records.length > 0) return value.records;
  }
}

/** Runs the suite against one driver. `open` gives a new, empty log each time, with `suitePartitions` partitions. */
export function describeStreamLog(name: string, open: () => Promise<LogUnderTest>): void {
  describe(`StreamLog: ${name}`, { timeout: 180_000 }, () => {
    let opened: StreamLog | undefined;
    const start = async (): Promise<LogUnderTest> => {
      const under = await open();
      opened = under.log;
      return {
        ...under,
        reopen: async (partitions) => {
          opened = undefined;
          opened = await under.reopen(partitions);
          return opened;
        },
      };
    };
    afterEach(async () => {
      await opened?.[Symbol.asyncDispose]();
      opened = undefined;
    });

    describe('appending', () => {
      test('gives a position per record, from 0, increasing within a partition', {
        tags: ['ING-DURABLE'],
      }, async () => {
        const { log } = await start();
        const first = await log.append('inputs', [record('a', '1', 0), record('b', '2', 1), record('c', '3', 0)], data);
        const second = await log.append('inputs', [record('d', '4', 0)], control);
        const inZero = [first[0], first[2], second[0]] as number[];
        expect(first).toHaveLength(3);
        expect(inZero.every((position) => Number.isInteger(position) && position >= 0)).toBe(true);
        expect(inZero).toEqual(inZero.toSorted((a, b) => a - b));
        expect(new Set(inZero).size).toBe(3);
        expect((await readAll(log, 'inputs', 0)).map(({ position }) => position)).toEqual(inZero);
      });

      test('nothing is nothing', async () => {
        const { log } = await start();
        expect(await log.append('alerts', [], data)).toEqual([]);
        expect(await log.bounds('alerts', 0)).toEqual({ low: 0, high: 0 });
      });

      test('keeps bytes and keys as they were given', async () => {
        const { log } = await start();
        const records = fc.record({
          key: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
          value: fc.uint8Array({ minLength: 1, maxLength: 300 }),
          partition: fc.integer({ min: 0, max: suitePartitions - 1 }),
        });
        const mismatches: unknown[] = [];
        await fc.assert(
          fc.asyncProperty(fc.array(records, { minLength: 1, maxLength: 20 }), async (batch) => {
            const positions = await log.append('inputs', batch, data);
            for (const [i, { key, value, partition }] of batch.entries()) {
              const at = positions[i] as number;
              const [found] = await readTo(log, 'inputs', partition, at, at + 1, 1);
              const same = found?.key === key && found.position === at && Buffer.compare(found.value, value) === 0;
              if (!same) mismatches.push({ key, at, found });
            }
          }),
          { numRuns: 25 },
        );
        expect(mismatches).toEqual([]);
      });

      test('a key has its partition, by the one hash', async () => {
        const { log } = await start();
        const keys = Array.from({ length: 24 }, (_, i) => `p-${i}`);
        await log.append(
          'inputs',
          keys.map((key) => record(key, key)),
          data,
        );
        for (let partition = 0; partition < suitePartitions; partition++)
          expect((await readAll(log, 'inputs', partition)).map(({ key }) => key)).toEqual(
            keys.filter((key) => partitionOf(key, suitePartitions) === partition),
          );
      });

      test('the largest record is taken, one byte more is refused and leaves nothing', async () => {
        const { log } = await start();
        const largest = { key: 'a', value: new Uint8Array(recordBytesMax).fill(7) };
        const [at] = await log.append('alerts', [largest], data);
        const tooLarge = { key: 'a', value: new Uint8Array(recordBytesMax + 1) };
        await expect(log.append('alerts', [record('a', 'beside it'), tooLarge], data)).rejects.toThrow(RangeError);
        const found = await readAll(log, 'alerts', 0);
        expect(found.map(({ position, value }) => ({ position, length: value.length }))).toEqual([
          { position: at, length: recordBytesMax },
        ]);
      });

      test('a partition that is not there is refused', async () => {
        const { log } = await start();
        await expect(log.append('inputs', [record('a', '1', suitePartitions)], data)).rejects.toThrow(RangeError);
        expect(await log.bounds('inputs', 0)).toEqual({ low: 0, high: 0 });
      });

      test('order is the order of confirmations; of many at once each keeps its own order', {
        tags: ['ING-DURABLE'],
      }, async () => {
        const { log } = await start();
        const sent: string[] = [];
        for (let i = 0; i < 20; i++) {
          await log.append('alerts', [record('a', `one ${i}`)], i % 3 === 0 ? control : data);
          sent.push(`one ${i}`);
        }
        const groups = Array.from({ length: 30 }, (_, i) => [0, 1, 2].map((n) => `many ${i} ${n}`));
        const positions = await Promise.all(
          groups.map((texts, i) =>
            log.append(
              'alerts',
              texts.map((text) => record('b', text)),
              i % 4 === 0 ? control : data,
            ),
          ),
        );
        const found = await readAll(log, 'alerts', 0);
        const at = new Map(found.map((each) => [textOf(each), each.position]));
        expect(found.slice(0, 20).map(textOf)).toEqual(sent);
        expect(found).toHaveLength(20 + 90);
        expect(groups.map((texts) => texts.map((text) => at.get(text)))).toEqual(positions);
        expect(
          positions.every((each) => each.every((position, i) => i === 0 || position > (each[i - 1] as number))),
        ).toBe(true);
      });
    });

    describe('reading', () => {
      test('from any position, in order, at most as many as asked', async () => {
        const { log } = await start();
        const texts = Array.from({ length: 50 }, (_, i) => `r ${i}`);
        const positions: Position[] = [];
        for (let i = 0; i < 50; i += 10)
          positions.push(
            ...(await log.append(
              'inputs',
              texts.slice(i, i + 10).map((text, n) => record('k', text, n % 2)),
              data,
            )),
          );
        const inOne = texts.map((text, i) => ({ text, at: positions[i] as number })).filter((_, i) => i % 2 === 1);
        const { high } = await log.bounds('inputs', 1);
        for (const from of [inOne[0]?.at, inOne[7]?.at, (inOne[7]?.at ?? 0) + 1, inOne.at(-1)?.at] as number[])
          expect((await readTo(log, 'inputs', 1, from, high, 4)).map(textOf)).toEqual(
            inOne.filter(({ at }) => at >= from).map(({ text }) => text),
          );
        const sizes: number[] = [];
        for await (const { records, next } of log.read('inputs', 1, 0, {
          signal: AbortSignal.timeout(deadlineMs),
          maxRecords: 4,
        })) {
          sizes.push(records.length);
          if (next >= high) break;
        }
        expect(Math.max(...sizes)).toBeLessThanOrEqual(4);
      });

      test('who stops and goes on at `next` misses nothing and meets nothing twice', {
        tags: ['ING-COMMIT'],
      }, async () => {
        const { log } = await start();
        for (let i = 0; i < 12; i++)
          await log.append(
            'inputs',
            [record('a', `${i} a`, 0), record('b', `${i} b`, 1), record('c', `${i} c`, 0)],
            data,
          );
        const found: string[] = [];
        const { high } = await log.bounds('inputs', 0);
        for (let position = 0; position < high; ) {
          const batches = log.read('inputs', 0, position, { signal: AbortSignal.timeout(deadlineMs), maxRecords: 5 });
          for await (const { records, next } of batches) {
            found.push(...records.map(textOf));
            position = next;
            break;
          }
        }
        expect(found).toEqual(Array.from({ length: 12 }, (_, i) => [`${i} a`, `${i} c`]).flat());
      });

      test('waits for what is to come, and ends without error when told to', async () => {
        const { log } = await start();
        const stop = new AbortController();
        const batches = log.read('alerts', 0, 0, { signal: stop.signal })[Symbol.asyncIterator]();
        const waiting = nextRecords(batches);
        await log.append('alerts', [record('a', 'came later')], control);
        expect((await waiting).map(textOf)).toEqual(['came later']);
        const last = nextRecords(batches);
        stop.abort();
        expect(await last).toEqual([]);
        expect(await batches.next()).toEqual({ done: true, value: undefined });
        const never: LogBatch[] = [];
        for await (const batch of log.read('alerts', 0, 0, { signal: stop.signal })) never.push(batch);
        expect(never).toEqual([]);
      });

      test('many readers of one topic each get everything', async () => {
        const { log } = await start();
        const readers = Array.from({ length: 5 }, async () => {
          const found: string[] = [];
          for await (const { records } of log.read('inputs', 2, 0, { signal: AbortSignal.timeout(deadlineMs) })) {
            found.push(...records.map(textOf));
            if (found.at(-1) === 'last') return found;
          }
          return found;
        });
        const sent = [...Array.from({ length: 40 }, (_, i) => `r ${i}`), 'last'];
        for (const text of sent) await log.append('inputs', [record('k', text, 2), record('k', 'elsewhere', 0)], data);
        expect(await Promise.all(readers)).toEqual(Array.from({ length: 5 }, () => sent));
      });

      test('what a reader sees is inside the bounds and stays', { tags: ['ING-DURABLE'] }, async () => {
        const { log, reopen } = await start();
        const stop = new AbortController();
        const seen: string[] = [];
        const beyond: string[] = [];
        const reading = (async () => {
          for await (const { records, next, high } of log.read('inputs', 0, 0, { signal: stop.signal })) {
            const now = await log.bounds('inputs', 0);
            if (next > high || high > now.high) beyond.push(`${next} ${high} ${now.high}`);
            seen.push(...records.map(textOf));
          }
        })();
        const appends = Array.from({ length: 40 }, (_, i) => log.append('inputs', [record('k', `${i}`, 0)], data));
        await Promise.all(appends.slice(0, 20));
        stop.abort();
        await Promise.all([reading, ...appends]);
        const kept = (await readAll(await reopen(), 'inputs', 0)).map(textOf);
        expect(beyond).toEqual([]);
        expect(kept.slice(0, seen.length)).toEqual(seen);
      });

      test('a position outside the bounds is an error with a code, never a jump', {
        tags: ['ING-COMMIT'],
      }, async () => {
        const { log } = await start();
        const [, at] = await log.append('alerts', [record('a', '1'), record('a', '2')], data);
        const { high } = await log.bounds('alerts', 0);
        const read = async (from: Position) => {
          for await (const batch of log.read('alerts', 0, from, { signal: AbortSignal.timeout(deadlineMs) }))
            return batch;
          return undefined;
        };
        expect(high).toBe((at as number) + 1);
        await expect(read(high + 1)).rejects.toMatchObject({ code: 'LOG_POSITION_OUTSIDE', low: 0, high });
        await expect(read(-1)).rejects.toMatchObject({ code: 'LOG_POSITION_OUTSIDE' });
        await expect(read(0.5)).rejects.toMatchObject({ code: 'LOG_POSITION_OUTSIDE' });
      });

      test('the end is not outside: who reads there waits', async () => {
        const { log } = await start();
        await log.append('alerts', [record('a', '1')], data);
        const { high } = await log.bounds('alerts', 0);
        const batches = log
          .read('alerts', 0, high, { signal: AbortSignal.timeout(deadlineMs) })
          [Symbol.asyncIterator]();
        const waiting = nextRecords(batches);
        await log.append('alerts', [record('a', '2')], data);
        expect((await waiting).map(textOf)).toEqual(['2']);
        await batches.return?.();
      });
    });

    describe('what is kept', () => {
      test('a closed log, opened again, holds everything at its position and goes on behind it', {
        tags: ['ING-DURABLE'],
      }, async () => {
        const { log, reopen } = await start();
        const before: Record<string, LogRecord[]> = {};
        for (let i = 0; i < 10; i++)
          await log.append('inputs', [record('a', `${i}`, i % suitePartitions), record('b', `${i} b`, 0)], data);
        for (let partition = 0; partition < suitePartitions; partition++)
          before[partition] = await readAll(log, 'inputs', partition);
        const again = await reopen();
        const after: Record<string, LogRecord[]> = {};
        for (let partition = 0; partition < suitePartitions; partition++)
          after[partition] = await readAll(again, 'inputs', partition);
        // Each partition has ends of its own: positions of two of them are not to be compared.
        const { high } = await again.bounds('inputs', 0);
        const [next] = await again.append('inputs', [record('a', 'behind', 0)], data);
        expect(after).toEqual(before);
        expect(next).toBeGreaterThanOrEqual(high);
        expect((await readTo(again, 'inputs', 0, high, (next as number) + 1)).map(textOf)).toEqual(['behind']);
      });

      test('partitions are fixed when a topic is made', async () => {
        const { log, reopen } = await start();
        expect(topicNames.map((topic) => log.partitions(topic))).toEqual(
          topicNames.map((topic) => (topic === 'inputs' || topic === 'snapshots' ? suitePartitions : 1)),
        );
        await log.append('inputs', [record('a', '1')], data);
        await expect(reopen(suitePartitions + 1)).rejects.toMatchObject({ code: expect.any(String) });
      });

      test('what retention took is outside the bounds; the rest stays where it was', async () => {
        const { log, dropOld } = await start();
        const value = new Uint8Array(8_000).fill(65);
        for (let i = 0; i < 40; i++) await log.append('inputs', [{ key: 'k', value, partition: 0 }], data);
        const low = await dropOld('inputs');
        const { low: told, high } = await log.bounds('inputs', 0);
        const read = async () => {
          for await (const batch of log.read('inputs', 0, 0, { signal: AbortSignal.timeout(deadlineMs) })) return batch;
          return undefined;
        };
        expect(low).toBeGreaterThan(0);
        expect(told).toBe(low);
        await expect(read()).rejects.toMatchObject({ code: 'LOG_POSITION_OUTSIDE', low });
        const kept = await readTo(log, 'inputs', 0, low, high);
        expect(kept.map(({ position }) => position)).toEqual(
          Array.from({ length: kept.length }, (_, i) => high - kept.length + i),
        );
        expect(kept.length).toBeGreaterThan(0);
      });

      test('compaction keeps the last of each key, lets tombstones go in the end, leaves the tail', async () => {
        const { log, compact, reopen } = await start();
        const last = new Map<string, Position>();
        const filler = 'x'.repeat(900);
        for (let round = 0; round < 3; round++) {
          for (let i = 0; i < 300; i++) {
            const key = `k-${i % 7}`;
            const [at] = await log.append('registry', [record(key, `${round} ${i} ${filler}`)], data);
            last.set(key, at as number);
            if (round === 0 && i === 60)
              await log.append('registry', [record('gone', 'once'), { key: 'gone', value: new Uint8Array(0) }], data);
          }
          await compact('registry');
        }
        // A driver may show old values for a while, from memory; opened again it has none.
        const again = await reopen();
        const { low, high } = await again.bounds('registry', 0);
        const found = await readTo(again, 'registry', 0, low, high);
        const latest = new Map(found.map(({ key, position }) => [key, position]));
        expect([...latest.entries()].toSorted()).toEqual([...last.entries()].toSorted());
        expect(found.length).toBeLessThan(600);
        expect(found.map(({ position }) => position)).toEqual(
          found.map(({ position }) => position).toSorted((a, b) => a - b),
        );
        // Positions between are inside the bounds: who was there goes on with what is left.
        const from = Math.floor((low + high) / 2);
        expect((await readTo(again, 'registry', 0, from, high)).length).toBe(
          found.filter(({ position }) => position >= from).length,
        );
      });
    });

    describe('what its users must live with', () => {
      const faults: readonly AppendFault[] = ['lost', 'whole', 'partly', 'late'];
      test.for(faults)(
        'a rejected append may have gone "%s": who sends again and drops copies has each once',
        { tags: ['ING-DURABLE', 'ING-DEDUP'] },
        async (fault) => {
          const { log } = await start();
          let call = 0;
          const switched = unreliable(log, () => (call++ % 3 === 1 ? fault : 'sound'));
          const acknowledged: string[] = [];
          for (let i = 0; i < 12; i++) {
            const records = [0, 1, 2, 3].map((n) => record('k', `${i} ${n}`, n % 2));
            for (let tries = 0; ; tries++) {
              try {
                await switched.append('inputs', records, data);
                break;
              } catch (error) {
                if ((error as { code?: string }).code !== 'LOG_UNAVAILABLE' || tries > 3) throw error;
              }
            }
            acknowledged.push(...records.map(({ value }) => decoder.decode(value)));
          }
          const found = [...(await readAll(log, 'inputs', 0)), ...(await readAll(log, 'inputs', 1))].map(textOf);
          const first = (parity: number) =>
            [...new Set(found)].filter((text) => Number(text.split(' ')[1]) % 2 === parity);
          const expected = (parity: number) => acknowledged.filter((text) => Number(text.split(' ')[1]) % 2 === parity);
          expect([first(0), first(1)]).toEqual([expected(0), expected(1)]);
          expect(found.length > acknowledged.length).toBe(fault !== 'lost');
        },
      );

      test('after closing, an append is refused with a code', async () => {
        const { log } = await start();
        await log[Symbol.asyncDispose]();
        opened = undefined;
        await expect(log.append('alerts', [record('a', '1')], control)).rejects.toMatchObject({
          name: 'LogUnavailableError',
          code: 'LOG_CLOSED',
        });
      });

      test('says that it is well', async () => {
        const { log } = await start();
        await log.append('alerts', [record('a', '1')], control);
        expect(log.health().state).toBe('ok');
      });
    });
  });
}
