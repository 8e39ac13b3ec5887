import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeriesFold } from '../../../../ingest/store/series.ts';
import { numericRow } from '../../../contracts/time-series-store-rows.ts';
import { isSameSeries, plainSeries, rowsOfSeries } from '../../../contracts/time-series-store-series.ts';

/** The fold of readings that come in this order and in pieces of this length. */
function folded(
  readings: readonly (readonly [number, number])[],
  query: ConstructorParameters<typeof SeriesFold>[0],
  piece = 3,
) {
  const fold = new SeriesFold(query);
  for (let i = 0; i < readings.length; i += piece) {
    const some = readings.slice(i, i + piece);
    const times = Float64Array.from([...some.map(([at]) => at), 99]);
    fold.add(times, Float64Array.from([...some.map(([, value]) => value), 99]), some.length);
  }
  return rowsOfSeries(fold.result());
}

describe('the fold of a series', () => {
  test('is the plain computation, whatever order and pieces the readings come in', { tags: ['ING-GAPS'] }, () => {
    const question = fc.record({
      from: fc.integer({ min: 0, max: 50 }),
      length: fc.integer({ min: 0, max: 500 }),
      bucketMs: fc.integer({ min: 1, max: 120 }),
      gapMs: fc.integer({ min: 1, max: 60 }),
    });
    const reading = fc.tuple(fc.nat(560), fc.integer({ min: -9, max: 500 }));
    const property = fc.property(
      fc.array(reading, { maxLength: 60 }),
      question,
      fc.integer({ min: 1, max: 9 }),
      (all, { length, ...rest }, piece) => {
        const query = { ...rest, to: rest.from + length };
        const inside = all.filter(([at]) => at >= query.from && at < query.to);
        const rows = inside.map(([effectiveAt, value], i) => numericRow({ seq: i + 1, effectiveAt, value }));
        return isSameSeries(folded(inside, query, piece), plainSeries(rows, query));
      },
    );
    const details = fc.check(property, { numRuns: 2_000 });
    expect(details.failed ? fc.defaultReportMessage(details) : 'holds').toBe('holds');
  });

  test('a mean of equal values is that value, also where a sum rounds', () => {
    const readings = Array.from({ length: 10 }, (_, i) => [i, 0.1] as const);
    const { buckets } = folded(readings, { from: 0, to: 100, bucketMs: 100, gapMs: 10 });
    expect(buckets).toEqual([{ at: 0, min: 0.1, max: 0.1, mean: 0.1, n: 10 }]);
  });

  test('two streams a day apart that come by turns have no gap between what each filled', {
    tags: ['ING-GAPS'],
  }, () => {
    const day = 86_400_000;
    const turns = Array.from({ length: 200 }, (_, i) => [(i % 2) * day + i * 500, 97] as const);
    const query = { from: 0, to: 2 * day, bucketMs: day, gapMs: 30_000 };
    const { gaps, buckets } = folded(turns, query);
    expect(gaps).toEqual([
      { from: 99_000, to: day + 500 },
      { from: day + 99_500, to: 2 * day },
    ]);
    expect(buckets.map(({ n }) => n)).toEqual([100, 100]);
  });
});
