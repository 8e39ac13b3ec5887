import { describe, expect, test } from 'vitest';
import { memoryDisk } from '../../../virtual/memory-disk.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('a disk in memory', () => {
  test('gives back what was written, zeros between, nothing beyond its end', { tags: ['ING-DURABLE'] }, async () => {
    const disk = memoryDisk();
    await disk.makeFolder('/log/inputs');
    const file = await disk.open('/log/inputs/a', { create: true, durable: true });
    await file.write(bytes(1, 2, 3), 4);
    const before = await file.read(100, 0);
    await file.write(bytes(9), 5);
    expect([...before]).toEqual([0, 0, 0, 0, 1, 2, 3]);
    expect([...(await file.read(2, 5))]).toEqual([9, 3]);
    await file.truncate(5);
    await file.truncate(7);
    expect([await file.size(), ...(await file.read(9, 4))]).toEqual([7, 1, 0, 0]);
  });

  test('names files and folders as a file system does', { tags: ['ING-DURABLE'] }, async () => {
    const disk = memoryDisk();
    const make = { create: true, durable: false };
    await expect(disk.open('/log/a', make)).rejects.toMatchObject({ code: 'ENOENT' });
    await disk.makeFolder('/log/inputs');
    const file = await disk.open('/log/b', make);
    await file.write(bytes(7), 0);
    await disk.open('/log/a', make);
    await expect(disk.open('/log/a', make)).rejects.toMatchObject({ code: 'EEXIST' });
    expect([await disk.list('/log'), await disk.list('/none')]).toEqual([['a', 'b', 'inputs'], []]);
    await disk.rename('/log/b', '/log/a');
    const renamed = await disk.open('/log/a', { create: false, durable: false });
    expect([...(await renamed.read(1, 0))]).toEqual([7]);
    await disk.remove('/log/a');
    await expect(disk.remove('/log/a')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await disk.free('/log')).toBeGreaterThan(1e12);
  });
});
