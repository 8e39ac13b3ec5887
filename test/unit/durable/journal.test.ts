import { describe, expect, test } from 'vitest';
import { DiskFailedError, DiskFullError, JournalBusyError, JournalClosedError } from '../../../durable/index.ts';
import { waitingBytesMax } from '../../../durable/limits.ts';
import { append, bench, bytesOf, contents, folder, ioError, texts } from './journals.ts';

const isWrite = (name: string) => (call: { kind: string; path: string }) =>
  call.kind === 'write' && call.path.endsWith(name);

describe('appending', () => {
  test('what arrives during a write joins the next, control first', { tags: ['ING-DURABLE'] }, async () => {
    const { disk, open, clock } = await bench();
    await using journal = await open();
    await append(journal, ['first']);
    await clock.advance(0);
    const writes: number[] = [];
    disk.fault = ({ kind, bytes }) => void (kind === 'write' && writes.push(bytes));
    const positions = await Promise.all([
      append(journal, ['under way']),
      append(journal, ['data a', 'data b']),
      append(journal, ['tick'], 'control'),
      append(journal, ['data c']),
      append(journal, ['alert'], 'control'),
    ]);
    expect(positions).toEqual([[1], [4, 5], [2], [6], [3]]);
    expect(writes).toHaveLength(2);
    expect((await contents(journal)).map(([, text]) => text)).toEqual([
      'first',
      'under way',
      'tick',
      'alert',
      'data a',
      'data b',
      'data c',
    ]);
  });

  test('an append larger than a segment goes over several, and its positions are its own', async () => {
    const { open } = await bench();
    await using journal = await open();
    const all = texts(150);
    const [positions, tick] = await Promise.all([append(journal, all), append(journal, ['tick'], 'control')]);
    const found = new Map(await contents(journal));
    expect(positions.map((position) => found.get(position))).toEqual(all);
    expect(found.get(tick[0] as number)).toBe('tick');
    expect(journal.sealed.length).toBeGreaterThan(3);
  });

  test('what no segment can hold is refused, and so is nothing at all', async () => {
    const { open } = await bench();
    await using journal = await open();
    await expect(append(journal, ['x'.repeat(4_096)])).rejects.toThrow(RangeError);
    await expect(append(journal, [''])).rejects.toThrow(RangeError);
    expect(await append(journal, [])).toEqual([]);
    expect(journal.high).toBe(0);
  });

  test('what waits is bounded: more is refused at once', async () => {
    const { open } = await bench();
    await using journal = await open({ segmentBytes: 200_000 });
    const large = { value: bytesOf('x'.repeat(100_000)) };
    const head = new Uint8Array(0);
    const count = Math.floor(waitingBytesMax / 100_016) + 2;
    const results = await Promise.allSettled(
      Array.from({ length: count }, () => journal.append([large], [head], 'data')),
    );
    const refused = results.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every(({ reason }) => reason instanceof JournalBusyError)).toBe(true);
    expect(journal.high).toBe(count - refused.length);
  });

  test('closing writes what waits and refuses the rest', async () => {
    const { open } = await bench();
    const journal = await open();
    const waiting = Promise.all([append(journal, ['a']), append(journal, ['b'])]);
    await journal[Symbol.asyncDispose]();
    expect(await waiting).toEqual([[0], [1]]);
    await expect(append(journal, ['c'])).rejects.toThrow(JournalClosedError);
  });
});

describe('a write that failed', () => {
  test('is final for its segment; a new one takes what waits, once', { tags: ['ING-DURABLE'] }, async () => {
    const { disk, open, said, fatal } = await bench();
    await using journal = await open();
    await append(journal, ['before']);
    let failed = false;
    disk.fault = (call) => {
      if (failed || !isWrite('.seg')(call)) return;
      failed = true;
      throw ioError();
    };
    const after = Promise.all([append(journal, ['hit a', 'hit b']), append(journal, ['behind'])]);
    expect(await after).toEqual([[1, 2], [3]]);
    expect(journal.sealed).toHaveLength(1);
    expect(said.join()).toContain('a write failed');
    expect(fatal).toEqual([]);
    disk.kill();
    disk.restart();
    await using again = await open();
    expect(await contents(again)).toEqual([
      [0, 'before'],
      [1, 'hit a'],
      [2, 'hit b'],
      [3, 'behind'],
    ]);
  });

  test('is never written to again, even when there is no room for another', { tags: ['ING-DURABLE'] }, async () => {
    const { disk, open, clock } = await bench();
    await using journal = await open({ reserveBytes: 0 });
    await append(journal, ['before']);
    const room = disk.bytesMax;
    const writes: string[] = [];
    disk.fault = (call) => {
      if (!isWrite('.seg')(call)) return;
      writes.push(call.path);
      if (writes.length > 1) return;
      disk.bytesMax = 0;
      throw ioError();
    };
    await expect(append(journal, ['lost'])).rejects.toThrow(DiskFullError);
    await expect(append(journal, ['tick'], 'control')).rejects.toThrow(DiskFullError);
    expect(writes).toHaveLength(1);
    disk.bytesMax = room;
    await clock.advance(1_000);
    for (let i = 0; i < 20; i++) await clock.advance(0);
    expect(await append(journal, ['after'])).toEqual([1]);
    expect(await contents(journal)).toEqual([
      [0, 'before'],
      [1, 'after'],
    ]);
  });

  test('a second time within a minute ends it: all that waits is rejected, once and loudly', {
    tags: ['ING-DURABLE'],
  }, async () => {
    const { disk, open, clock, fatal } = await bench();
    await using journal = await open();
    await append(journal, ['before']);
    let toFail = 1;
    disk.fault = (call) => {
      if (isWrite('.seg')(call) && toFail-- > 0) throw ioError();
    };
    expect(await append(journal, ['first failure'])).toEqual([1]);
    await clock.advance(59_000);
    toFail = 1;
    const results = await Promise.allSettled([
      append(journal, ['a']),
      append(journal, ['b']),
      append(journal, ['c'], 'control'),
    ]);
    expect(results.map((result) => result.status === 'rejected' && result.reason instanceof DiskFailedError)).toEqual([
      true,
      true,
      true,
    ]);
    expect(fatal).toHaveLength(1);
    expect(journal.state).toBe('down');
    await expect(append(journal, ['later'], 'control')).rejects.toThrow(DiskFailedError);
  });

  test('a second time after a minute is a first time', async () => {
    const { disk, open, clock, fatal } = await bench();
    await using journal = await open();
    let toFail = 0;
    disk.fault = (call) => {
      if (isWrite('.seg')(call) && toFail-- > 0) throw ioError();
    };
    await append(journal, ['a']);
    for (const text of ['b', 'c']) {
      toFail = 1;
      await append(journal, [text]);
      await clock.advance(60_000);
    }
    expect([fatal.length, journal.state, journal.high]).toEqual([0, 'ok', 3]);
  });

  test('a short write is a failed write', { tags: ['ING-DURABLE'] }, async () => {
    const { disk, open } = await bench();
    await using journal = await open();
    await append(journal, ['before']);
    let short = true;
    disk.fault = (call) => {
      if (!isWrite('.seg')(call) || !short) return;
      short = false;
      throw Object.assign(new Error('10 of 132 bytes written'), { code: 'ENOSPC' });
    };
    expect(await append(journal, ['after'])).toEqual([1]);
    expect(journal.sealed).toHaveLength(1);
  });
});

describe('a full disk', () => {
  const segmentBytes = 4_096;

  test('stops data when its segment is full, control goes on from the reserve, all resumes alone', {
    tags: ['ING-DURABLE', 'ING-DISK'],
  }, async () => {
    const { disk, open, clock, said } = await bench({ bytesMax: 3 * segmentBytes - 100 });
    await using journal = await open({ segmentBytes, reserveBytes: segmentBytes });
    await append(journal, texts(20));
    const [data, control] = await Promise.allSettled([
      append(journal, texts(20, 20)),
      append(journal, texts(20, 100), 'control'),
    ]);
    expect(data).toMatchObject({ status: 'rejected', reason: { code: 'DISK_FULL' } });
    expect(control.status).toBe('fulfilled');
    expect(journal.state).toBe('full');
    await expect(append(journal, ['refused'])).rejects.toThrow(DiskFullError);
    expect(await append(journal, ['tick'], 'control')).toHaveLength(1);
    await clock.advance(5_000);
    expect(journal.state).toBe('full');
    disk.bytesMax = 10 * segmentBytes;
    await clock.advance(1_000);
    for (let i = 0; i < 100; i++) await clock.advance(0);
    expect(journal.state).toBe('ok');
    expect(await append(journal, ['flows again'])).toHaveLength(1);
    expect(said.map((line) => line.split(':')[0])).toEqual(['warning', 'error', 'warning', 'info']);
    const found = (await contents(journal)).map(([, text]) => text);
    expect(found.slice(-2)).toEqual(['tick', 'flows again']);
    expect(await disk.list(folder)).toContain('reserve');
  });

  test('at the start: there is no reserve, so data waits', { tags: ['ING-DISK'] }, async () => {
    const { disk, open, clock } = await bench({ bytesMax: 100 });
    await using journal = await open({ segmentBytes, reserveBytes: segmentBytes });
    expect(journal.state).toBe('full');
    await expect(append(journal, ['a'])).rejects.toThrow(DiskFullError);
    await expect(append(journal, ['a'], 'control')).rejects.toThrow(DiskFullError);
    disk.bytesMax = 4 * segmentBytes;
    await clock.advance(1_000);
    for (let i = 0; i < 100; i++) await clock.advance(0);
    expect(await append(journal, ['a'])).toEqual([0]);
  });

  test('met while the next segment is being made ends nothing', { tags: ['ING-DISK'] }, async () => {
    const { disk, open, fatal } = await bench({ bytesMax: 2 * segmentBytes - 1 });
    await using journal = await open({ segmentBytes });
    await append(journal, texts(20));
    // The next segment is in the making, and fails, while this append needs it.
    await expect(append(journal, texts(30, 20))).rejects.toThrow(DiskFullError);
    expect([journal.state, fatal.length]).toEqual(['full', 0]);
    expect((await disk.list(folder)).filter((name) => !name.endsWith('.seg'))).toEqual([]);
  });

  test('a used-up reserve refuses control too, with a code', { tags: ['ING-DISK'] }, async () => {
    const { open } = await bench({ bytesMax: 2 * segmentBytes });
    await using journal = await open({ segmentBytes, reserveBytes: segmentBytes });
    const results = await Promise.allSettled(
      Array.from({ length: 90 }, (_, i) => append(journal, texts(1, i), 'control')),
    );
    const rejected = results.filter(({ status }) => status === 'rejected');
    expect(rejected).toHaveLength(90 - 2 * Math.floor((segmentBytes - 64) / 116));
    expect(rejected[0]).toMatchObject({ reason: { code: 'DISK_FULL' } });
  });
});

describe('segments that are replaced', () => {
  test('nobody reads a file that has just taken the place of another', { tags: ['ING-DURABLE'] }, async () => {
    const { disk, open, said } = await bench();
    await using journal = await open();
    await append(journal, texts(120));
    const old = journal.sealed;
    const kept = (await contents(journal))
      .filter(([position]) => position < journal.sealedEnd && position % 2 === 0)
      .map(([position, text]) => ({ position, payload: bytesOf(text) }));
    // The moments between the change of a file and what the journal knows of it.
    const reads: Promise<{ readonly entries: readonly { readonly position: number }[] }>[] = [];
    disk.fault = ({ kind, path }) => {
      if (kind === 'rename' || (kind === 'remove' && path.endsWith('.seg')))
        reads.push(journal.read(0), journal.read(old[1]?.header.base ?? 0));
    };
    await journal.replace(old, kept);
    disk.fault = () => {};
    const found = await Promise.all(reads);
    expect(found.length).toBeGreaterThan(4);
    expect(
      found.every(({ entries }) => entries.length > 0 && entries.every(({ position }) => position % 2 === 0)),
    ).toBe(true);
    expect(said).toEqual([]);
    const expected = [
      ...kept.map(({ position }) => position),
      ...Array.from({ length: 120 }, (_, i) => i).slice(journal.sealedEnd),
    ];
    expect((await contents(journal)).map(([position]) => position)).toEqual(expected);
    await journal[Symbol.asyncDispose]();
    await using again = await open();
    expect((await contents(again)).map(([position]) => position)).toEqual(expected);
  });
});
