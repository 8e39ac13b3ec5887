import fc from 'fast-check';
import { expect, test } from 'vitest';
import { frameHeaderBytes, readFrame, writeFrame } from '../../../durable/frame.ts';

const frames = fc.array(
  fc.record({ head: fc.uint8Array({ maxLength: 40 }), body: fc.uint8Array({ minLength: 1, maxLength: 200 }) }),
  { minLength: 1, maxLength: 12 },
);
const segments = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const positions = fc.integer({ min: 0, max: 2 ** 52 });

interface Parts {
  readonly head: Uint8Array;
  readonly body: Uint8Array;
}

function written(all: readonly Parts[], segment: number, base: number) {
  const bytes = new Uint8Array(4_000);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [i, { head, body }] of all.entries()) at = writeFrame(bytes, view, at, segment, base + i, head, body);
  return { bytes, view, end: at };
}

function readBack({ bytes, view }: { bytes: Uint8Array; view: DataView }, segment: number) {
  const found: { position: number; payload: string }[] = [];
  for (let at = 0; ; ) {
    const frame = readFrame(bytes, view, at, segment);
    if (typeof frame === 'string') return { found, ends: frame };
    found.push({
      position: frame.position,
      payload: Buffer.from(bytes.subarray(frame.from, frame.to)).toString('hex'),
    });
    at = frame.to;
  }
}

const hex = ({ head, body }: Parts) => Buffer.concat([head, body]).toString('hex');

test('frames come back as they were written, and end where they end', { tags: ['ING-DURABLE'] }, () => {
  const wrong: unknown[] = [];
  fc.assert(
    fc.property(frames, segments, positions, (all, segment, base) => {
      const { found, ends } = readBack(written(all, segment, base), segment);
      const expected = all.map((parts, i) => ({ position: base + i, payload: hex(parts) }));
      if (ends !== 'end' || JSON.stringify(found) !== JSON.stringify(expected)) wrong.push({ found, ends });
    }),
  );
  expect(wrong).toEqual([]);
});

test('a flipped bit anywhere in a frame is found, and nothing false comes of it', { tags: ['ING-DURABLE'] }, () => {
  const missed: unknown[] = [];
  fc.assert(
    fc.property(frames, segments, fc.nat(), fc.nat({ max: 7 }), (all, segment, where, bit) => {
      const target = written(all, segment, 5);
      const at = where % target.end;
      target.bytes[at] = (target.bytes[at] as number) ^ (1 << bit);
      const { found } = readBack(target, segment);
      const honest = found.every(({ payload, position }) => payload === hex(all[position - 5] as Parts));
      if (!honest || found.length >= all.length) missed.push({ at, bit, found: found.length, of: all.length });
    }),
    { numRuns: 500 },
  );
  expect(missed).toEqual([]);
});

test('bytes of another segment, or of another position, never verify', { tags: ['ING-DURABLE'] }, () => {
  const parts = { head: new Uint8Array(3), body: new Uint8Array(9).fill(5) };
  const { bytes, view } = written([parts], 7, 41);
  const moved = bytes.slice();
  moved[8] = 42;
  expect(readFrame(bytes, view, 0, 7)).toMatchObject({ position: 41 });
  expect(readFrame(bytes, view, 0, 8)).toBe('bad');
  expect(readFrame(moved, new DataView(moved.buffer), 0, 7)).toBe('bad');
});

test('a frame that the buffer cuts is not read', () => {
  const { bytes, end } = written([{ head: new Uint8Array(4), body: new Uint8Array(60).fill(1) }], 3, 0);
  const results = [0, frameHeaderBytes - 1, frameHeaderBytes, end - 1].map((length) => {
    const cut = bytes.slice(0, length);
    return readFrame(cut, new DataView(cut.buffer), 0, 3);
  });
  expect(results).toEqual(['more', 'more', 'more', 'more']);
});
