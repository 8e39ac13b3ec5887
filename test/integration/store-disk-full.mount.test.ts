// Needs root: a small file system of its own, filled until the store cannot write.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Clock, StoreBatch } from '../../contract/index.ts';
import { openStore } from '../../ingest/store/index.ts';
import { numericRow } from '../contracts/time-series-store-rows.ts';

const MiB = 1024 * 1024;
const clock: Clock = { wall: () => Date.now(), mono: () => performance.now(), sleep: (ms) => sleep(ms) };
const open = (file: string) =>
  openStore({ driver: 'duckdb', file, partitions: 1 }, { clock, announce: () => undefined });

/** Rows that do not compress. */
function batchFrom(first: number): StoreBatch {
  const rows = Array.from({ length: 5_000 }, (_, i) => first + i);
  const mixed = (seq: number) => BigInt.asIntN(64, BigInt(seq) * 0x9e37_79b9_7f4a_7c15n);
  return {
    numerics: rows.map((seq) => numericRow({ seq, hash: mixed(seq), value: Math.sqrt(seq) })),
    waveforms: [],
    positions: [first + 5_000],
  };
}

test('a full disk fails writes and not reads; with room again nothing is missing', {
  tags: ['ING-STORE', 'ING-COMMIT'],
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-store-full-'));
  const aside = mkdtempSync(join(tmpdir(), 'vigil-store-copy-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', folder]);
  try {
    const file = join(folder, 'store.duckdb');
    await using store = await open(file);
    writeFileSync(join(folder, 'filler'), Buffer.alloc(9 * MiB));
    let first = 1;
    let failure: unknown;
    while (failure === undefined && first < 1_000_000)
      await store.write(batchFrom(first)).then(
        () => {
          first += 5_000;
        },
        (error: unknown) => {
          failure = error;
        },
      );
    expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    for (let attempt = 0; attempt < 3; attempt++)
      await expect(store.write(batchFrom(first))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await store.count()).toEqual({ numerics: first - 1, waveforms: 0 });

    rmSync(join(folder, 'filler'));
    const write = () => store.write(batchFrom(first)).catch(() => undefined);
    await expect.poll(write, { timeout: 30_000, interval: 200 }).toEqual({ written: 5_000, copies: 0, conflicts: [] });
    await store.write(batchFrom(first + 5_000));
    expect(await store.positions()).toEqual([first + 10_000]);

    // As a power cut would find it: the files as they are now, without a closing.
    for (const name of ['store.duckdb', 'store.duckdb.wal'])
      if (existsSync(join(folder, name))) copyFileSync(join(folder, name), join(aside, name));
    await using copy = await open(join(aside, 'store.duckdb'));
    expect(await copy.positions()).toEqual([first + 10_000]);
    expect(await copy.count()).toEqual({ numerics: first + 9_999, waveforms: 0 });
  } finally {
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
    rmSync(aside, { recursive: true, force: true });
  }
});
