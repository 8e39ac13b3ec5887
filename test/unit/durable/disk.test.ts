import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { realDisk } from '../../../durable/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigil-disk-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the real disk does what its port says', async () => {
  const disk = realDisk();
  const inside = join(folder, 'a', 'b');
  expect(await disk.list(inside)).toEqual([]);
  await disk.makeFolder(inside);
  const path = join(inside, 'one');
  const file = await disk.open(path, { create: true, durable: true });
  await file.write(new Uint8Array([1, 2, 3, 4]), 0);
  await file.write(new Uint8Array([9]), 6);
  await file.sync();
  const read = await file.read(100, 1);
  const sizes = [await file.size()];
  await file.truncate(2);
  sizes.push(await file.size());
  await file.close();
  expect([...read]).toEqual([2, 3, 4, 0, 0, 9]);
  expect(read.constructor).toBe(Uint8Array);
  expect(sizes).toEqual([7, 2]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await expect(disk.open(path, { create: true, durable: false })).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(disk.open(join(inside, 'none'), { create: false, durable: false })).rejects.toMatchObject({
    code: 'ENOENT',
  });
  await disk.rename(path, join(inside, 'two'));
  await disk.syncFolder(inside);
  expect(await disk.list(inside)).toEqual(['two']);
  await disk.remove(join(inside, 'two'));
  expect(await disk.list(inside)).toEqual([]);
  expect(await disk.free(inside)).toBeGreaterThan(0);
});
