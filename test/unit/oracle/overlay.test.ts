// The overlays: what was laid over a recording has to raise what its truth says, and the oracle has to find that.
import { describe, expect, test } from 'vitest';
import { readNumerics } from '../../oracle/csv.ts';
import { overlaid, type ShapeName } from '../../oracle/overlay.ts';

const flat = ['Time [s], HR, PULSE, RESP, SpO2', ...Array.from({ length: 481 }, (_, at) => `${at},80,80,15,97`)].join(
  '\n',
);
const all: readonly ShapeName[] = ['short', 'exact', 'speckled', 'broken', 'deep', 'long'];

describe.for([1, 2, 3])('seed %i', (seed) => {
  const { csv, truth } = overlaid(flat, all, seed);
  const spo2 = (readNumerics(csv)['spo2'] ?? []).map(({ value }) => value);

  test('lays what its truth says: lowest value, first and last reading below 90', () => {
    const seen = truth.map(({ onset, lasts }) => {
      const part = spo2.slice(onset, onset + lasts + 1).filter((value) => value !== null);
      return [Math.min(...part), spo2[onset - 1], spo2[onset], spo2[onset + lasts], spo2[onset + lasts + 1]];
    });
    expect(seen).toEqual(truth.map(({ depth }) => [Math.max(depth, 74), 93, 89, 89, 93]));
  });

  test('changes no other column, and nothing between', () => {
    const below = spo2.filter((value) => value === null || value < 93).length;
    expect(below).toBe(truth.reduce((sum, { lasts }) => sum + lasts + 1, 0));
    expect(readNumerics(csv)['hr']).toEqual(readNumerics(flat)['hr']);
  });

  test('makes no step of more than 8 % a second', () => {
    const steps = spo2.flatMap((value, at) => {
      const before = spo2[at - 1];
      return value === null || typeof before !== 'number' ? [] : [Math.abs(value - before)];
    });
    expect(Math.max(...steps)).toBeLessThanOrEqual(8);
  });
});

test('another seed is another overlay, the same seed the same', () => {
  expect(overlaid(flat, all, 1).csv).toBe(overlaid(flat, all, 1).csv);
  expect(overlaid(flat, all, 1).csv).not.toBe(overlaid(flat, all, 2).csv);
});
