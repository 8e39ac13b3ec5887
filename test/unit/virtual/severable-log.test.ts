import { describe, expect, test } from 'vitest';
import { openLog } from '../../../ingest/index.ts';
import { turn, VirtualClock } from '../../../virtual/clock.ts';
import { memoryDisk } from '../../../virtual/memory-disk.ts';
import { SeverableLog } from '../../../virtual/severable-log.ts';

const record = { key: 'p-1', value: Uint8Array.of(123, 125, 10) };
const control = { lane: 'control' } as const;

function open() {
  const ports = { disk: memoryDisk(), clock: new VirtualClock(), announce: () => {}, onFatal: () => {} };
  const options = { folder: '/log', partitions: 1, keepDays: 1, keepBytes: 1e9, segmentBytesMax: 256 * 1024 };
  return openLog({ driver: 'embedded', ...options }, ports);
}

/** Whether a promise is answered, once all that can happen has. */
async function isAnswered(asked: Promise<unknown>): Promise<boolean> {
  let answered = false;
  const mark = () => {
    answered = true;
  };
  asked.then(mark, mark);
  for (let round = 0; round < 20; round++) await turn();
  return answered;
}

describe('a log that was cut off', () => {
  test('takes nothing more, and answers nobody; what stood before stands', { tags: ['ALR-STATE'] }, async () => {
    await using log = await open();
    const life = new SeverableLog(log);
    expect(await life.append('inputs', [record], control)).toEqual([0]);
    life.sever();
    expect(await isAnswered(life.append('inputs', [record], control))).toBe(false);
    expect(await isAnswered(life.bounds('inputs', 0))).toBe(false);
    const { signal } = new AbortController();
    const reading = life.read('inputs', 0, 0, { signal })[Symbol.asyncIterator]();
    expect(await isAnswered(reading.next())).toBe(false);
    expect(await log.bounds('inputs', 0)).toEqual({ low: 0, high: 1 });
  });

  test('does not answer what was under way', { tags: ['ALR-STATE'] }, async () => {
    await using log = await open();
    const life = new SeverableLog(log);
    const appending = life.append('inputs', [record], control);
    life.sever();
    expect(await isAnswered(appending)).toBe(false);
    expect(await log.bounds('inputs', 0)).toEqual({ low: 0, high: 1 });
  });
});
