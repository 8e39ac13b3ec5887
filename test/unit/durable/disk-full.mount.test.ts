// A small file system of its own, filled for real. Needs the right to mount.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LogHealth } from '../../../contract/index.ts';
import { realDisk } from '../../../durable/index.ts';
import { openLog } from '../../../ingest/log/index.ts';
import { VirtualClock } from '../../../virtual/clock.ts';

const MiB = 1024 * 1024;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vigil-small-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'none', folder]);
});
afterEach(() => {
  execFileSync('umount', [folder]);
  rmdirSync(folder);
});

test('a write of which the disk takes a part is a failure', { tags: ['ING-DURABLE'] }, async () => {
  const file = await realDisk().open(join(folder, 'one'), { create: true, durable: true });
  await expect(file.write(new Uint8Array(6 * MiB), 0)).rejects.toMatchObject({ code: 'ENOSPC' });
  await file.close();
});

test('the log on a full disk: data refused, control goes on, all resumes', {
  tags: ['ING-DURABLE', 'ING-DISK'],
}, async () => {
  const clock = new VirtualClock();
  const fatal: Error[] = [];
  await using log = await openLog(
    {
      driver: 'embedded',
      folder: join(folder, 'log'),
      partitions: 1,
      keepDays: 30,
      keepBytes: 2 ** 30,
      segmentBytesMax: MiB / 4,
    },
    { disk: realDisk(), clock, announce: () => {}, onFatal: (error) => fatal.push(error) },
  );
  const value = new Uint8Array(10_000).fill(65);
  const append = (lane: 'data' | 'control') => log.append('inputs', [{ key: 'k', value }], { lane });
  const acknowledged: number[] = [];
  writeFileSync(join(folder, 'ballast'), new Uint8Array(MiB));
  const refusal = await (async () => {
    for (;;) {
      try {
        acknowledged.push(...(await append('data')));
      } catch (error) {
        return error;
      }
    }
  })();
  expect(refusal).toMatchObject({ code: 'LOG_FULL' });
  for (let i = 0; i < 20; i++) acknowledged.push(...(await append('control')));
  expect(log.health().state).toBe('full');
  rmSync(join(folder, 'ballast'));
  const health = await recovered(clock, () => log.health());
  acknowledged.push(...(await append('data')));
  const found: number[] = [];
  for await (const { records, next, high } of log.read('inputs', 0, 0, { signal: AbortSignal.timeout(20_000) })) {
    found.push(...records.map(({ position }) => position));
    if (next >= high) break;
  }
  expect([health.state, fatal]).toEqual(['ok', []]);
  expect(found).toEqual(acknowledged);
});

/** Lets the log try again, in virtual seconds, while the real disk works. */
async function recovered(clock: VirtualClock, health: () => LogHealth): Promise<LogHealth> {
  const deadline = performance.now() + 20_000;
  while (health().state !== 'ok' && performance.now() < deadline) {
    await clock.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return health();
}
