import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drawSpan, holesOf } from '../../../api/console/strip-draw.ts';
import { secondsFor, stripMap, sweptOf, xOf, yOf } from '../../../api/console/strip-map.ts';
import { SweepClock, smoothingMs } from '../../../api/console/sweep-clock.ts';
import { WaveRing } from '../../../api/console/wave-ring.ts';
import { begin, block, invalid, rateHz, recordingPen, type Stroke } from './strip.ts';

const map = stripMap(1_200, 300, 12);
const at = (index: number) => begin + (index * 1_000) / rateHz;

describe('where a sample stands', () => {
  test('25 mm a second and 10 mm a millivolt, inside the strip, the same place each turn', () => {
    const times = fc.integer({ min: 1.6e12, max: 2e12 });
    const sizes = fc.record({ width: fc.integer({ min: 100, max: 4_000 }), seconds: fc.constantFrom(3, 6, 12) });
    fc.assert(
      fc.property(times, sizes, fc.integer({ min: 0, max: 3_000 }), (taken, { width, seconds }, laterMs) => {
        const strip = stripMap(width, 300, seconds);
        const x = xOf(strip, taken);
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThan(width);
        expect(xOf(strip, taken + seconds * 1_000)).toBeCloseTo(x, 6);
        const sweptMm = (sweptOf(strip, taken + laterMs) - sweptOf(strip, taken)) / strip.mm;
        expect(sweptMm).toBeCloseTo((laterMs / 1_000) * 25, 3);
        expect((yOf(strip, 0) - yOf(strip, laterMs)) / strip.mm).toBeCloseTo(laterMs / 100, 6);
      }),
    );
  });

  test('a millimetre can be seen', () => {
    expect([1_190, 790, 390, 374, 200, 90].map(secondsFor)).toEqual([12, 12, 6, 6, 3, 3]);
  });
});

const sample = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -300, max: 300 }) },
  { weight: 1, arbitrary: fc.constant(invalid) },
);

/** Lines with a length, turned back to one per pair of samples: over the edge there are two. */
const lines = (strokes: readonly Stroke[]) => strokes.filter(({ fromX, x }) => x !== fromX);

describe('the trace', () => {
  test('in any steps: each pair of neighbours once, nothing over what is missing or not measured', {
    tags: ['ING-GAPS'],
  }, () => {
    const recording = fc.record({
      samples: fc.array(sample, { minLength: 2, maxLength: 1_500 }),
      cuts: fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 12 }),
      lost: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
      steps: fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 12 }),
    });
    fc.assert(
      fc.property(recording, ({ samples, cuts, lost, steps }) => {
        const ring = new WaveRing();
        const known: (number | null)[] = samples.map(() => null);
        for (let from = 0, n = 0; from < samples.length; n++) {
          const to = from + (cuts[n % cuts.length] as number);
          const part = samples.slice(from, to);
          if (!lost[n % lost.length]) {
            ring.push(block(from, part));
            part.forEach((value, i) => {
              known[from + i] = value === invalid ? null : value;
            });
          }
          from = to;
        }
        const pen = recordingPen();
        const end = at(samples.length);
        for (let head = begin - 1, n = 0; head < end; n++) {
          const next = Math.min(end, head + (steps[n % steps.length] as number));
          drawSpan(pen, ring, map, head, next);
          head = next;
        }
        const expected = known.flatMap((value, i) => {
          const before = known[i - 1];
          if (i === 0 || value === null || before === null || before === undefined) return [];
          return [
            { x: xOf(map, at(i)), y: yOf(map, value * 5), fromX: xOf(map, at(i - 1)), fromY: yOf(map, before * 5) },
          ];
        });
        const drawn = lines(pen.strokes).filter(({ fromX, x }) => fromX >= 0 && x <= map.width && fromX < map.width);
        const wrapped = expected.filter(({ fromX, x }) => x < fromX).length;
        expect(drawn.length).toBe(expected.length - wrapped);
        expect(lines(pen.strokes).length).toBe(expected.length + wrapped);
        for (const [i, one] of expected.filter(({ fromX, x }) => x >= fromX).entries())
          for (const key of ['x', 'y', 'fromX', 'fromY'] as const) expect(drawn[i]?.[key]).toBeCloseTo(one[key], 6);
      }),
      { numRuns: 60 },
    );
  });

  test('a value that does not fit stands at the edge with a mark, and so does one at the end of its range', () => {
    const ring = new WaveRing();
    ring.push(block(0, [0, 6_000, 0, -6_000]));
    ring.push(block(4, [32_767], { scale: 0.01 }));
    const pen = recordingPen();
    drawSpan(pen, ring, map, begin - 1, begin + 100);
    expect(pen.strokes.map(({ y }) => y)).toEqual([186, 0, 186, 300, expect.closeTo(yOf(map, 327.67))]);
    expect(pen.marks.length).toBe(3);
    expect(pen.marks[0]?.y).toBe(0);
    expect(pen.marks[1]?.y).toBe(296);
  });

  test('holes have their true width, invalid samples are holes too', { tags: ['ING-GAPS'] }, () => {
    const ring = new WaveRing();
    ring.push(block(0, Array<number>(250).fill(1)));
    ring.push(block(500, [...Array<number>(200).fill(invalid), ...Array<number>(50).fill(1)], { gap: true }));
    expect(holesOf(ring, begin - 1, at(1_000), 500)).toEqual([
      { fromMs: at(249), toMs: at(700) },
      { fromMs: at(749), toMs: at(1_000) },
    ]);
  });
});

describe('the sweep', () => {
  test('moves evenly behind blocks of a second that come unevenly, and never overtakes them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 20, maxLength: 60 }), (jitters) => {
        const clock = new SweepClock();
        let newest = Number.NEGATIVE_INFINITY;
        let last = Number.NaN;
        for (let mono = 0, block = 0; mono < jitters.length * 1_000; mono += 16) {
          while (block < jitters.length && mono >= (block + 1) * 1_000 + (jitters[block] as number)) {
            newest = begin + ++block * 1_000;
            clock.heard(newest, 1_000, mono);
          }
          const head = clock.at(mono);
          if (Number.isNaN(head)) continue;
          if (block < jitters.length) expect(head).toBeLessThanOrEqual(newest + 16);
          if (!Number.isNaN(last)) {
            expect(head - last).toBeGreaterThanOrEqual(15);
            expect(head - last).toBeLessThanOrEqual(17);
          }
          last = head;
        }
        expect(last).not.toBeNaN();
      }),
      { numRuns: 12 },
    );
  });

  test('goes on over a hole, and jumps to where the data are when they are elsewhere', () => {
    const clock = new SweepClock();
    expect(clock.at(0)).toBeNaN();
    clock.heard(begin, 500, 100);
    expect(clock.at(100)).toBe(begin - 500 - smoothingMs);
    expect(clock.at(5_100)).toBe(begin + 5_000 - 500 - smoothingMs);
    clock.heard(begin + 60_000, 500, 5_200);
    expect(clock.at(5_200)).toBe(begin + 60_000 - 500 - smoothingMs);
    clock.forget();
    expect(clock.at(5_300)).toBeNaN();
  });
});
