import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IntervalSet } from '../../../../ingest/store/interval-set.ts';

const rangesOf = (set: IntervalSet) => [...set.ranges()];

test('in order there is one range, a backlog makes a second that joins it', { tags: ['ING-DEDUP'] }, () => {
  const set = new IntervalSet();
  for (const n of [1, 2, 3, 10, 11]) set.add(n);
  expect(rangesOf(set)).toEqual([
    [1, 3],
    [10, 11],
  ]);
  set.add(4, 9);
  expect(rangesOf(set)).toEqual([[1, 11]]);
  expect([0, 1, 11, 12].map((n) => set.has(n))).toEqual([false, true, true, false]);
});

test('it holds what a plain set holds, in the fewest ranges', { tags: ['ING-DEDUP'] }, () => {
  const range = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 6 }));
  const property = fc.property(fc.array(range, { maxLength: 40 }), (ranges) => {
    const set = new IntervalSet();
    const plain = new Set<number>();
    for (const [low, length] of ranges) {
      set.add(low, low + length);
      for (let n = low; n <= low + length; n++) plain.add(n);
    }
    const numbers = Array.from({ length: 70 }, (_, n) => n);
    const holes = numbers.filter((n) => plain.has(n) && !plain.has(n + 1)).length;
    return numbers.every((n) => set.has(n) === plain.has(n)) && rangesOf(set).length === holes;
  });
  const details = fc.check(property, { numRuns: 500 });
  expect(details.failed ? fc.defaultReportMessage(details) : 'holds').toBe('holds');
});

test('trimmed, it says perhaps for the oldest and stays exact above', { tags: ['ING-DEDUP'] }, () => {
  const set = new IntervalSet();
  for (const n of [1, 3, 5, 7, 9]) set.add(n);
  set.trim(3);
  expect(rangesOf(set)).toEqual([
    [0, 5],
    [7, 7],
    [9, 9],
  ]);
  expect([2, 4, 6, 8].map((n) => set.has(n))).toEqual([true, true, false, false]);
  set.trim(3);
  expect(set.size).toBe(3);
});
