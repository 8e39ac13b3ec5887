import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { segmentName } from '../../../durable/segment.ts';
import { append, bench, contents, folder, texts } from './journals.ts';

const frameBytes = 116;
const headerBytes = 64;

describe('the last segment', () => {
  test('a torn write is cut, and its bytes never come back', { tags: ['ING-DURABLE'] }, async () => {
    const { disk, open, said } = await bench();
    const journal = await open();
    await append(journal, texts(3));
    await append(journal, texts(2, 3));
    await journal[Symbol.asyncDispose]();
    // Of the last write the first frame is torn, the second came through.
    disk.corrupt(join(folder, segmentName(0)), headerBytes + 3 * frameBytes + 50);
    const again = await open();
    expect(await contents(again)).toEqual(texts(3).map((text, i) => [i, text]));
    expect(said.join()).toContain('a torn write');
    // A frame of the same length in the place of the torn one must not bring the one behind it back.
    expect(await append(again, texts(1, 77))).toEqual([3]);
    await again[Symbol.asyncDispose]();
    await using third = await open();
    expect(await contents(third)).toEqual([...texts(3), ...texts(1, 77)].map((text, i) => [i, text]));
  });

  test('bytes behind what a single write can tear are corruption: only what was hit is set aside', {
    tags: ['ING-DURABLE'],
  }, async () => {
    const { disk, open, said } = await bench();
    const large = { segmentBytes: 3 * 1024 * 1024 };
    const journal = await open(large);
    const all = texts(15_000);
    for (let i = 0; i < all.length; i += 3_000) await append(journal, all.slice(i, i + 3_000));
    await journal[Symbol.asyncDispose]();
    disk.corrupt(join(folder, segmentName(0)), headerBytes + 100 * frameBytes + 30);
    await using again = await open(large);
    expect(again.high).toBe(15_000);
    expect((await contents(again)).map(([position]) => position)).toEqual(
      Array.from({ length: 15_000 }, (_, i) => i).filter((i) => i !== 100),
    );
    expect(said.filter((line) => line.includes('corrupt'))[0]).toContain('records 100 to 100 are set aside');
  });

  test('what a killed process may have left in memory alone is made durable before it is read', {
    tags: ['ING-DURABLE'],
  }, async () => {
    const { disk, open } = await bench();
    const journal = await open();
    await append(journal, ['safe']);
    disk.cutIs = 'kill';
    disk.cutAt = disk.calls + 1;
    await append(journal, ['in the kernel only']).catch(() => {});
    disk.restart();
    const again = await open();
    const seen = await contents(again);
    disk.cutPower();
    await again[Symbol.asyncDispose]();
    disk.restart();
    await using third = await open();
    expect(seen).toEqual([
      [0, 'safe'],
      [1, 'in the kernel only'],
    ]);
    expect(await contents(third)).toEqual(seen);
  });
});

describe('older segments', () => {
  test('a bad record costs itself: its range is told once, all others are read', {
    tags: ['ING-DURABLE', 'ING-POISON'],
  }, async () => {
    const { disk, open, said } = await bench();
    const journal = await open();
    await append(journal, texts(120));
    await journal[Symbol.asyncDispose]();
    // Frames 5 and 6 of the second segment: in the payload, and in the length, which says where the next one is.
    const [, second] = (await disk.list(folder)).filter((name) => name.endsWith('.seg'));
    const base = Number(second?.slice(0, 20));
    disk.corrupt(join(folder, second as string), headerBytes + 5 * frameBytes + 40);
    disk.corrupt(join(folder, second as string), headerBytes + 6 * frameBytes);
    await using again = await open();
    const expected = Array.from({ length: 120 }, (_, i) => i).filter((i) => i !== base + 5 && i !== base + 6);
    expect((await contents(again)).map(([position]) => position)).toEqual(expected);
    expect((await contents(again)).map(([position]) => position)).toEqual(expected);
    expect(said.filter((line) => line.includes('corrupt'))).toHaveLength(1);
    expect(said.join()).toContain(`records ${base + 5} to ${base + 6} are set aside`);
    expect(again.high).toBe(120);
  });

  test('a file without a header is set aside and told, and its positions stay taken', {
    tags: ['ING-DURABLE'],
  }, async () => {
    const { disk, open, said } = await bench();
    const journal = await open();
    await append(journal, texts(100));
    await journal[Symbol.asyncDispose]();
    const names = (await disk.list(folder)).filter((name) => name.endsWith('.seg'));
    const last = names.at(-1) as string;
    disk.corrupt(join(folder, last), 20);
    const again = await open();
    const [next] = await append(again, ['after']);
    expect(next).toBeGreaterThanOrEqual(100);
    expect(said.join()).toContain(`${last}: no valid header`);
    expect(await disk.list(folder)).toContain(`${last}.bad`);
    await again[Symbol.asyncDispose]();
    await using third = await open();
    expect((await contents(third)).map(([position]) => position)).toEqual([
      ...Array.from({ length: Number(last.slice(0, 20)) }, (_, i) => i),
      next,
    ]);
  });

  test('a missing file is told with its range', { tags: ['ING-DURABLE'] }, async () => {
    const { disk, open, said } = await bench();
    const journal = await open();
    await append(journal, texts(120));
    await journal[Symbol.asyncDispose]();
    const names = (await disk.list(folder)).filter((name) => name.endsWith('.seg'));
    const [from, to] = [names[1], names[2]].map((name) => Number(name?.slice(0, 20))) as [number, number];
    await disk.remove(join(folder, names[1] as string));
    await using again = await open();
    expect(said.join()).toContain(`records ${from} to ${to - 1} went with it`);
    expect((await contents(again)).map(([position]) => position)).toEqual(
      Array.from({ length: 120 }, (_, i) => i).filter((i) => i < from || i >= to),
    );
  });

  test('dropping is by whole segments, and a reader that was there is not led on', async () => {
    const { open } = await bench();
    await using journal = await open();
    await append(journal, texts(120));
    const [first, second] = journal.sealed.map(({ header }) => header.base) as [number, number];
    await journal.dropBefore(second - 1);
    expect(journal.low).toBe(first);
    await journal.dropBefore(second);
    expect(journal.low).toBe(second);
    expect((await contents(journal))[0]?.[0]).toBe(second);
  });
});

test('a folder that is new begins at 0 and says nothing', async () => {
  const { open, said } = await bench();
  await using journal = await open();
  expect([journal.low, journal.high, said]).toEqual([0, 0, []]);
});
