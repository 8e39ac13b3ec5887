import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type AppendRecord, recordBytesMax, type StreamLog, type TopicName } from '../../../../contract/index.ts';
import { type EmbeddedLog, openLog, scanTopic } from '../../../../ingest/log/index.ts';
import { VirtualClock } from '../../../../virtual/clock.ts';
import { LossyDisk } from '../../../support/lossy-disk.ts';

const folder = '/data/log';
const KiB = 1024;

interface Setting {
  readonly disk: LossyDisk;
  readonly clock: VirtualClock;
  readonly said: string[];
  readonly fatal: Error[];
  open(options?: {
    partitions?: number;
    keepBytes?: number;
    keepDays?: number;
    segmentBytesMax?: number;
  }): Promise<EmbeddedLog>;
}

async function setting(): Promise<Setting> {
  const disk = new LossyDisk({ seed: 3 });
  await disk.makeFolder('/data');
  const clock = new VirtualClock();
  const said: string[] = [];
  const fatal: Error[] = [];
  return {
    disk,
    clock,
    said,
    fatal,
    open: (options = {}) =>
      openLog(
        {
          driver: 'embedded',
          folder,
          partitions: 2,
          keepDays: 30,
          keepBytes: 2 ** 40,
          segmentBytesMax: 8 * KiB,
          ...options,
        },
        {
          disk,
          clock,
          announce: (level, message) => said.push(`${level}: ${message}`),
          onFatal: (error) => fatal.push(error),
        },
      ),
  };
}

const value = (text: string) => new TextEncoder().encode(text.padEnd(200, '.'));
const record = (i: number, partition = 0): AppendRecord => ({ key: `k-${i % 5}`, value: value(`${i} `), partition });

async function readAll(log: StreamLog, topic: TopicName, partition = 0): Promise<string[]> {
  const { low, high } = await log.bounds(topic, partition);
  const found: string[] = [];
  if (low === high) return found;
  for await (const { records, next } of log.read(topic, partition, low, { signal: AbortSignal.timeout(20_000) })) {
    for (const each of records) found.push(new TextDecoder().decode(each.value).replace(/ \.*$/, ''));
    if (next >= high) return found;
  }
  throw new Error('not read to the end');
}

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `${from + i}`);

describe('a full disk', () => {
  test('refuses data with LOG_FULL, lets control on, says so, and resumes', {
    tags: ['ING-DURABLE', 'ING-DISK'],
  }, async () => {
    const { disk, clock, open } = await setting();
    await using log = await open();
    await log.append('inputs', [record(0)], { lane: 'data' });
    disk.bytesMax = 0;
    const results = await Promise.allSettled(
      Array.from({ length: 60 }, (_, i) => log.append('inputs', [record(i)], { lane: 'data' })),
    );
    const refused = results.filter((each) => each.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toMatchObject({ reason: { name: 'LogUnavailableError', code: 'LOG_FULL' } });
    expect(log.health()).toEqual({ state: 'full', detail: 'inputs' });
    await expect(log.append('inputs', [record(61)], { lane: 'data' })).rejects.toMatchObject({ code: 'LOG_FULL' });
    expect(await log.append('inputs', [record(62, 1)], { lane: 'control' })).toHaveLength(1);
    expect(await log.append('alerts', [record(63)], { lane: 'control' })).toHaveLength(1);
    disk.bytesMax = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 60; i++) await clock.advance(50);
    expect(log.health().state).toBe('ok');
    expect(await log.append('inputs', [record(64)], { lane: 'data' })).toHaveLength(1);
    expect((await readAll(log, 'inputs', 1)).at(-1)).toBe('62');
  });
});

test('a disk that fails twice is fatal, and everything is refused after it', { tags: ['ING-DURABLE'] }, async () => {
  const { disk, open, fatal } = await setting();
  await using log = await open();
  await log.append('inputs', [record(0)], { lane: 'data' });
  disk.fault = ({ kind, path }) => {
    if (kind === 'write' && path.includes('inputs')) throw Object.assign(new Error('EIO'), { code: 'EIO' });
  };
  await expect(log.append('inputs', [record(1)], { lane: 'data' })).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
  expect(fatal).toHaveLength(1);
  expect(log.health()).toEqual({ state: 'down', detail: 'inputs' });
  await expect(log.append('inputs', [record(2)], { lane: 'control' })).rejects.toMatchObject({
    code: 'LOG_UNAVAILABLE',
  });
});

describe('reading', () => {
  test('goes on while an append larger than a write is half done', async () => {
    const { open } = await setting();
    await using log = await open({ segmentBytesMax: 80 * KiB });
    const large = Array.from({ length: 60 }, (_, i) => ({
      ...record(i),
      value: new Uint8Array(recordBytesMax / 2).fill(65),
    }));
    await log.append('inputs', [record(100)], { lane: 'data' });
    const stop = new AbortController();
    const appends: Promise<unknown>[] = [];
    let seen = 0;
    const reading = (async () => {
      for await (const { records } of log.read('inputs', 0, 0, { signal: stop.signal })) {
        // Between two writes of the large one, control goes first.
        if (seen < 3 && seen + records.length >= 3)
          appends.push(log.append('inputs', [record(101)], { lane: 'control' }));
        seen += records.length;
        if (seen === 62) return;
      }
    })();
    const positions = await log.append('inputs', large, { lane: 'data' });
    await Promise.all(appends);
    expect((positions.at(-1) as number) - (positions[0] as number)).toBe(60);
    await reading;
    expect(seen).toBe(62);
  });

  test('of what memory no longer holds comes from the files, without a seam', async () => {
    const { open } = await setting();
    await using log = await open({ segmentBytesMax: 1024 * KiB });
    // More than the cache of 16 MiB.
    const chunk = new Uint8Array(60 * KiB);
    for (let i = 0; i < 30; i++)
      await log.append(
        'inputs',
        Array.from({ length: 10 }, (_, n) => ({ key: `${i * 10 + n}`, value: chunk, partition: 0 })),
        { lane: 'data' },
      );
    const keys: string[] = [];
    for await (const { records, next, high } of log.read('inputs', 0, 0, {
      signal: AbortSignal.timeout(30_000),
      maxRecords: 7,
    })) {
      keys.push(...records.map(({ key }) => key));
      if (next >= high) break;
    }
    expect(keys).toEqual(numbers(300));
  });

  test('of a closed log is an error, not an end', async () => {
    const { open } = await setting();
    const log = await open();
    const batches = log.read('alerts', 0, 0, { signal: new AbortController().signal })[Symbol.asyncIterator]();
    const waiting = batches.next();
    await log[Symbol.asyncDispose]();
    await expect(waiting).rejects.toMatchObject({ code: 'LOG_CLOSED' });
  });
});

describe('retention', () => {
  const fill = async (log: EmbeddedLog, count: number) => {
    for (let i = 0; i < count; i++) await log.append('inputs', [record(i, i % 2)], { lane: 'data' });
  };

  test('by age: whole segments, when their youngest is old enough', async () => {
    const { clock, open } = await setting();
    await using log = await open({ keepDays: 2 });
    await fill(log, 100);
    await clock.advance(3 * 86_400_000);
    await fill(log, 40);
    await log.tidy();
    const { low, high } = await log.bounds('inputs', 0);
    expect(low).toBeGreaterThan(60);
    expect(low).toBeLessThanOrEqual(100);
    expect(await readAll(log, 'inputs', 0)).toHaveLength((high - low) / 2 + (low % 2 === 1 ? -0.5 : 0));
  });

  test('never passes what a reader still needs, and says so once', async () => {
    const { open, said } = await setting();
    await using log = await open({ keepBytes: 16 * KiB });
    await fill(log, 200);
    log.setNeeded('inputs', 'alerting', 40);
    log.setNeeded('inputs', 'store', 150);
    await log.tidy();
    await log.tidy();
    expect((await log.bounds('inputs', 0)).low).toBeLessThanOrEqual(40);
    expect(said.filter((line) => line.includes('a reader is not there yet'))).toHaveLength(1);
    log.setNeeded('inputs', 'alerting', 160);
    await log.tidy();
    const { low } = await log.bounds('inputs', 0);
    expect(low).toBeGreaterThan(100);
    expect(low).toBeLessThanOrEqual(150);
  });

  test('goes on by itself', async () => {
    const { clock, open } = await setting();
    await using log = await open({ keepBytes: 16 * KiB });
    await fill(log, 200);
    await clock.advance(30_000);
    for (let i = 0; i < 100; i++) await clock.advance(0);
    expect((await log.bounds('inputs', 0)).low).toBeGreaterThan(0);
  });
});

describe('compaction', () => {
  const fill = async (log: EmbeddedLog) => {
    for (let i = 0; i < 250; i++) await log.append('registry', [record(i)], { lane: 'data' });
  };

  test('leaves alone what holds a bad record: it may be the last of its key', { tags: ['ING-DURABLE'] }, async () => {
    const { disk, open, said } = await setting();
    const log = await open();
    await fill(log);
    await log[Symbol.asyncDispose]();
    const names = (await disk.list(join(folder, 'registry'))).filter((name) => name.endsWith('.seg'));
    disk.corrupt(join(folder, 'registry', names[1] as string), 300);
    await using again = await open();
    await again.tidy();
    expect((await disk.list(join(folder, 'registry'))).filter((name) => name.endsWith('.seg'))).toEqual(names);
    expect(said.join()).toContain('corrupt');
    expect(await readAll(again, 'registry')).toHaveLength(249);
  });

  test('happens under readers, who miss nothing that is last', async () => {
    const { open } = await setting();
    const first = await open();
    await fill(first);
    await first[Symbol.asyncDispose]();
    await using log = await open();
    const reads = Array.from({ length: 8 }, () => readAll(log, 'registry'));
    await log.tidy();
    const found = await Promise.all(reads);
    const last = numbers(5, 245);
    expect(found.map((each) => last.every((text) => each.includes(text)))).toEqual(found.map(() => true));
    expect((await readAll(log, 'registry')).length).toBeLessThan(100);
  });
});

describe('the folder', () => {
  test('remembers its partitions', async () => {
    const { open } = await setting();
    await (await open({ partitions: 2 }))[Symbol.asyncDispose]();
    await expect(open({ partitions: 4 })).rejects.toMatchObject({ code: 'FOREIGN_FILE' });
    await (await open({ partitions: 2 }))[Symbol.asyncDispose]();
  });

  test('can be looked at from outside while it is written', async () => {
    const { disk, open } = await setting();
    await using log = await open();
    for (let i = 0; i < 100; i++) await log.append('inputs', [record(i, i % 2)], { lane: 'data' });
    const found: string[] = [];
    for await (const { value, partition } of scanTopic(folder, 'inputs', disk, 10))
      if (partition === 1) found.push(new TextDecoder().decode(value).replace(/ \.*$/, ''));
    expect(found).toEqual(numbers(100).filter((_, i) => i % 2 === 1 && i >= 10));
  });
});

test('a key that is too long is refused', async () => {
  const { open } = await setting();
  await using log = await open();
  await expect(log.append('alerts', [{ key: 'é'.repeat(600), value: value('') }], { lane: 'data' })).rejects.toThrow(
    RangeError,
  );
  expect(await log.bounds('alerts', 0)).toEqual({ low: 0, high: 0 });
});
