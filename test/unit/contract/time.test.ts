import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ageAtArrivalMs, effectiveTime, isClockUnsure, toInstant } from '../../../contract/index.ts';

const acceptedAt = 1_772_331_069_201;

describe('effective time', () => {
  test.for([
    ['as taken', { takenAt: acceptedAt - 81 }, acceptedAt - 81, false],
    ['as taken up to 5 s ahead', { takenAt: acceptedAt + 5_000 }, acceptedAt + 5_000, false],
    ['acceptance when further ahead', { takenAt: acceptedAt + 5_001 }, acceptedAt, true],
    ['corrected by the skew', { takenAt: acceptedAt - 840_000, skew: 839_500 }, acceptedAt - 500, true],
    ['acceptance when the skew overshoots', { takenAt: acceptedAt, skew: 60_000 }, acceptedAt, true],
  ] as const)('is %s', { tags: ['ALR-CLOCK'] }, ([, facts, expected, unsure]) => {
    expect([effectiveTime({ acceptedAt, ...facts }), isClockUnsure({ acceptedAt, ...facts })]).toEqual([
      expected,
      unsure,
    ]);
  });

  test('is never over 5 s ahead, and the age never negative', { tags: ['ALR-CLOCK'] }, () => {
    const times = fc.record({ takenAt: fc.nat(2 ** 42), acceptedAt: fc.nat(2 ** 42), skew: fc.integer() });
    fc.assert(
      fc.property(times, (timed) => effectiveTime(timed) <= timed.acceptedAt + 5_000 && ageAtArrivalMs(timed) >= 0),
    );
    expect(toInstant(acceptedAt)).toBe('2026-03-01T02:11:09.201Z');
  });
});
