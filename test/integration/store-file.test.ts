import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, expect, test } from 'vitest';
import { openStore, type StoreOptions } from '../../ingest/store/index.ts';
import { numericRow } from '../contracts/time-series-store-rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigil-store-file-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const clock = {
  wall: () => Date.now(),
  mono: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal) => sleep(ms, undefined, signal ? { signal } : {}),
};
const open = (name: string, change: Partial<StoreOptions> = {}) =>
  openStore(
    { driver: 'duckdb', file: join(folder, name), partitions: 1, ...change },
    { clock, announce: () => undefined },
  );

async function made(name: string, change: Partial<StoreOptions> = {}): Promise<string> {
  await using store = await open(name, change);
  const numerics = Array.from({ length: 3_000 }, (_, i) => numericRow({ seq: i + 1 }));
  await store.write({
    numerics,
    waveforms: [],
    positions: Array.from({ length: change.partitions ?? 1 }, () => 3_001),
  });
  return join(folder, name);
}

/** Opening fails with the code and the file's name, and leaves the file as it is. */
async function isRefused(name: string, code: string, change: Partial<StoreOptions> = {}) {
  const file = join(folder, name);
  const before = existsSync(file) ? readFileSync(file) : undefined;
  await expect(open(name, change)).rejects.toMatchObject({ code, message: expect.stringContaining(file) });
  expect(existsSync(file) ? readFileSync(file) : undefined).toEqual(before);
}

test('a file that is no database is refused and left alone', async () => {
  writeFileSync(join(folder, 'text'), 'dear diary, this is no database at all');
  await isRefused('text', 'STORE_FILE_FOREIGN');
  writeFileSync(join(folder, 'empty'), '');
  await isRefused('empty', 'STORE_FILE_FOREIGN');
});

test('a database of somebody else is refused', async () => {
  const instance = await DuckDBInstance.create(join(folder, 'other'));
  const connection = await instance.connect();
  await connection.run('CREATE TABLE numerics (a INTEGER); CHECKPOINT');
  connection.closeSync();
  instance.closeSync();
  await isRefused('other', 'STORE_FILE_FOREIGN');
});

test('another version, installation or number of partitions is refused', async () => {
  const file = await made('ours', { installation: 'home-1', partitions: 2 });
  await isRefused('ours', 'STORE_FILE_FOREIGN', { installation: 'home-2', partitions: 2 });
  await isRefused('ours', 'STORE_FILE_FOREIGN', { installation: 'home-1', partitions: 4 });
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  await connection.run('UPDATE meta SET version = 99; CHECKPOINT');
  connection.closeSync();
  instance.closeSync();
  await isRefused('ours', 'STORE_FILE_VERSION', { installation: 'home-1', partitions: 2 });
});

test('a database that lost its end, or whose bytes changed, is refused', async () => {
  const file = await made('torn');
  const whole = readFileSync(file);
  writeFileSync(file, whole.subarray(0, 5_000));
  await isRefused('torn', 'STORE_FILE_CORRUPT');
  const descriptor = openSync(file, 'w');
  writeSync(descriptor, whole);
  writeSync(descriptor, Buffer.alloc(4_096 * 3, 0xa5), 0, 4_096 * 3, 12);
  closeSync(descriptor);
  await isRefused('torn', 'STORE_FILE_CORRUPT');
});

test('a write-ahead log whose database is gone is not started over', async () => {
  writeFileSync(join(folder, 'gone.wal'), 'committed and not yet in the database');
  await isRefused('gone', 'STORE_FILE_CORRUPT');
  expect(existsSync(join(folder, 'gone'))).toBe(false);
});

test('a database that was being made when the process died is made anew', async () => {
  writeFileSync(join(folder, 'fresh.new'), 'half');
  await using store = await open('fresh');
  expect(await store.positions()).toEqual([0]);
});

test('a file that another process holds is unavailable, not corrupt', async () => {
  const file = join(folder, 'held');
  const child = fileURLToPath(new URL('../contracts/time-series-store-child.ts', import.meta.url));
  const writer = spawn(process.execPath, [child, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(writer, 'exit');
  try {
    await once(writer.stdout, 'data');
    await expect(open('held')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining(file),
    });
  } finally {
    writer.kill('SIGKILL');
    await ended;
  }
  await using store = await open('held');
  expect((await store.count()).numerics).toBeGreaterThan(0);
});

test('closing leaves a file without a write-ahead log, and all that was written', async () => {
  const file = await made('closed');
  expect([existsSync(`${file}.wal`), statSync(file).size > 20_000]).toEqual([false, true]);
  await using store = await open('closed');
  expect(await store.count()).toEqual({ numerics: 3_000, waveforms: 0 });
});

test('a file of version 1 is taken over: its rows stay, the unit they came in is not known', {
  tags: ['ING-COMMIT'],
}, async () => {
  const file = await made('first-version');
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  await connection.run(
    'ALTER TABLE numerics DROP COLUMN unit; ALTER TABLE numerics DROP COLUMN reported; UPDATE meta SET version = 1',
  );
  connection.closeSync();
  instance.closeSync();
  const query = { patient: 'p-1', vital: 2, from: 0, to: 2e12, limit: 10_000 };
  const other = numericRow({ seq: 3_001, value: 99.0858, unit: 1, reported: 5.5 });
  {
    await using store = await open('first-version');
    const held = await store.range(query);
    expect([held.length, new Set(held.map(({ unit }) => unit)), held[0]?.reported]).toEqual([
      3_000,
      new Set([255]),
      null,
    ]);
    expect(await store.write({ numerics: [numericRow({ seq: 1 }), other], waveforms: [], positions: [3_002] })).toEqual(
      {
        written: 1,
        copies: 1,
        conflicts: [],
      },
    );
  }
  await using store = await open('first-version');
  expect((await store.range(query)).at(-1)).toMatchObject({ seq: 3_001, unit: 1, reported: 5.5 });
  expect(await store.positions()).toEqual([3_002]);
});
