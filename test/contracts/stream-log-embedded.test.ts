import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Clock } from '../../contract/index.ts';
import { realDisk } from '../../durable/index.ts';
import { type EmbeddedLog, openLog } from '../../ingest/log/index.ts';
import { VirtualClock } from '../../virtual/clock.ts';
import { describeStreamLog, type LogUnderTest, suitePartitions } from './stream-log.ts';

/** Small, so that a few records fill several; the largest record still fits. */
const segmentBytesMax = 72 * 1024;
const made: string[] = [];

function open(folder: string, partitions: number, clock: Clock): Promise<EmbeddedLog> {
  const options = {
    driver: 'embedded',
    folder,
    partitions,
    keepDays: 30,
    keepBytes: 200_000,
    segmentBytesMax,
  } as const;
  return openLog(options, {
    disk: realDisk(),
    clock,
    announce: () => {},
    onFatal: (error) => {
      throw error;
    },
  });
}

async function underTest(): Promise<LogUnderTest> {
  const parent = await mkdtemp(join(tmpdir(), 'vigil-log-'));
  made.push(parent);
  const clock = new VirtualClock();
  let log = await open(join(parent, 'log'), suitePartitions, clock);
  return {
    log,
    async reopen(partitions = suitePartitions) {
      await log[Symbol.asyncDispose]();
      log = await open(join(parent, 'log'), partitions, clock);
      return log;
    },
    async dropOld(topic) {
      await log.tidy();
      return (await log.bounds(topic, 0)).low;
    },
    async compact() {
      await log.tidy();
      await log.tidy();
    },
  };
}

describeStreamLog('embedded', underTest);

afterAll(async () => {
  for (const folder of made) await rm(folder, { recursive: true, force: true });
});
