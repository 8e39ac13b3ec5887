import { describe, expect, test } from 'vitest';
import type { AppendRecord } from '../../../contract/index.ts';
import { openLog } from '../../../ingest/index.ts';
import { VirtualClock } from '../../../virtual/clock.ts';
import { HeldLog } from '../../../virtual/held-log.ts';
import { memoryDisk } from '../../../virtual/memory-disk.ts';

const record = (n: number): AppendRecord => ({ key: `p-${n % 3}`, value: Uint8Array.of(123, 125, 10, n % 256) });
const data = { lane: 'data' } as const;

async function open(partitions: number) {
  const ports = { disk: memoryDisk(), clock: new VirtualClock(), announce: () => {}, onFatal: () => {} };
  const options = { folder: '/log', partitions, keepDays: 1, keepBytes: 1e9, segmentBytesMax: 256 * 1024 };
  return HeldLog.open(await openLog({ driver: 'embedded', ...options }, ports));
}

async function all(log: HeldLog, partition: number) {
  const { low, high } = await log.bounds('inputs', partition);
  const records: [position: number, byte: number | undefined][] = [];
  for await (const batch of log.read('inputs', partition, low, { signal: new AbortController().signal })) {
    records.push(...batch.records.map(({ position, value }) => [position, value.at(-1)] as [number, number]));
    if (batch.next >= high) break;
  }
  return records;
}

describe('a log that holds', () => {
  test.for([1, 4])(
    'gives the positions that the records get, in order, in %i partitions',
    {
      tags: ['ALR-REPLAY'],
    },
    async (partitions) => {
      await using log = await open(partitions);
      const given: number[] = [];
      for (let n = 0; n < 2_500; n++) given.push(...(await log.append('inputs', [record(n)], data)));
      expect(given).toEqual(Array.from({ length: 2_500 }, (_, n) => n));
      expect(await log.bounds('inputs', 0)).toEqual({ low: 0, high: 0 });
      await Promise.all([log.release(), log.append('inputs', [record(2_500)], data)]);
      await log.release();
      const read = (await Promise.all(Array.from({ length: partitions }, (_, each) => all(log, each)))).flat();
      expect(read.sort(([a], [b]) => a - b)).toEqual(Array.from({ length: 2_501 }, (_, n) => [n, n % 256]));
      expect([log.heldRecords, log.heldBytes, log.end]).toEqual([0, 0, 2_501]);
    },
  );

  test('fails where somebody else writes as well', { tags: ['ALR-REPLAY'] }, async () => {
    const ports = { disk: memoryDisk(), clock: new VirtualClock(), announce: () => {}, onFatal: () => {} };
    const options = { folder: '/log', partitions: 1, keepDays: 1, keepBytes: 1e9, segmentBytesMax: 256 * 1024 };
    await using real = await openLog({ driver: 'embedded', ...options }, ports);
    const log = await HeldLog.open(real);
    await log.append('inputs', [record(1)], data);
    await real.append('inputs', [record(2)], data);
    await expect(log.release()).rejects.toMatchObject({ code: 'ERR_ASSERTION' });
  });
});
