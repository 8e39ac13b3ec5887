import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ringMs, WaveRing } from '../../../api/console/wave-ring.ts';
import { begin, block, invalid, rateHz } from './strip.ts';

/** Everything that is held, by time, as physical values. */
function held(ring: WaveRing): Map<number, number> {
  const all = new Map<number, number>();
  for (let one = ring.first; one < ring.next; one++)
    for (let i = 0; i < ring.count(one); i++)
      all.set(Math.round(ring.startMs(one) + i * ring.periodMs(one)), ring.value(one, i));
  return all;
}

describe('the ring of a lead', () => {
  test('gives each sample at its time, in whatever order the blocks came, for 14 s and no longer', () => {
    const ordered = fc
      .array(fc.array(fc.integer({ min: -32_768, max: 32_767 }), { minLength: 25, maxLength: 250 }), {
        minLength: 1,
        maxLength: 30,
      })
      .chain((blocks) => fc.tuple(fc.constant(blocks), fc.array(fc.boolean(), { minLength: 30, maxLength: 30 })));
    fc.assert(
      fc.property(ordered, ([blocks, late]) => {
        let index = 0;
        const sent = blocks.map((samples) => {
          const one = block(index, samples);
          index += samples.length;
          return { one, samples };
        });
        const ring = new WaveRing();
        // Some come after the next one.
        for (let i = 0; i + 1 < sent.length; i++) {
          const [a, b] = [sent[i], sent[i + 1]];
          if (late[i] && a && b) [sent[i], sent[i + 1]] = [b, a];
        }
        for (const { one } of sent) ring.push(one);
        const found = held(ring);
        const newest = begin + (index * 1_000) / rateHz;
        expect(ring.newestMs).toBeCloseTo(newest, 0);
        for (const { one, samples } of sent)
          samples.forEach((sample, i) => {
            const at = Math.round(Date.parse(one.takenAt) + (i * 1_000) / rateHz);
            if (at < newest - ringMs + 1_000) return;
            expect(found.get(at)).toEqual(sample === invalid ? Number.NaN : sample * 5);
          });
        for (const at of found.keys()) expect(at).toBeGreaterThan(newest - ringMs - 1_000 - 250);
      }),
      { numRuns: 40 },
    );
  });

  test('joins what follows without a hole, also when it came late', () => {
    const ring = new WaveRing();
    ring.push(block(0, [1, 2, 3]));
    ring.push(block(6, [7, 8, 9], { gap: true }));
    expect([0, 1].map((one) => ring.follows(one))).toEqual([-1, -1]);
    ring.push(block(3, [4, 5, 6], { gap: true }));
    expect([0, 1, 2].map((one) => ring.follows(one))).toEqual([-1, 2, 0]);
  });

  test.for([
    ['a lost sample', block(4, [4, 5])],
    ['another device', block(3, [4, 5], { device: 'd-2' })],
    ['another rate', block(3, [4, 5], { rateMhz: 500_000 })],
    ['a moved time', block(3, [4, 5], { takenAt: new Date(begin + 40).toISOString() })],
    ['what the server calls a gap', block(3, [4, 5], { gap: true })],
  ] as const)('joins nothing over %s', ([, next]) => {
    const ring = new WaveRing();
    ring.push(block(0, [1, 2, 3]));
    ring.push(next);
    expect(ring.next).toBe(2);
    expect(ring.follows(1)).toBe(-1);
  });

  test('keeps a copy once, and nothing that is older than it shows', () => {
    const ring = new WaveRing();
    expect(ring.push(block(0, [1, 2]))).toBe(begin);
    expect(ring.push(block(0, [1, 2]))).toBeNaN();
    ring.push(block(20 * rateHz, [3]));
    expect(ring.push(block(2, [3]))).toBeNaN();
  });

  test('a faster lead keeps less time, never another sample in its place', () => {
    const ring = new WaveRing();
    const samples = Array.from({ length: 2_000 }, (_, i) => i);
    for (let i = 0; i < 40; i++)
      ring.push(
        block(i * 2_000, samples, { rateMhz: 2_000_000, takenAt: new Date(begin + i * 1_000).toISOString(), scale: 1 }),
      );
    expect(ring.next - ring.first).toBe(8);
    for (let one = ring.first; one < ring.next; one++)
      expect([0, 1_000, 1_999].map((i) => ring.value(one, i))).toEqual([0, 1_000, 1_999]);
  });

  test('a copy of it stands still while it goes on', () => {
    const ring = new WaveRing();
    ring.push(block(0, [1, 2]));
    const frozen = ring.copy();
    ring.push(block(2, [3]));
    expect(held(frozen)).toEqual(
      new Map([
        [begin, 5],
        [begin + 4, 10],
      ]),
    );
    ring.clear();
    expect(held(ring).size).toBe(0);
    expect(ring.newestMs).toBe(Number.NEGATIVE_INFINITY);
  });
});
