// From cells to buckets and gaps: pure, and the same for any driver that can group.
//
// A cell is a group of usable readings that lie in one bucket and in one span of gapMs, so that no two of its readings are
// more than gapMs apart: every gap lies between two cells, or between a cell and an end of the range.
import type { SeriesNumbers, SeriesQuery } from './protocol.ts';

/** Columns of cells in order of time: bucket, first, last, smallest, largest, sum, n. */
export function rollUp(cells: readonly number[][], query: Omit<SeriesQuery, 'patient' | 'vital'>): SeriesNumbers {
  const [bucket = [], first = [], last = [], smallest = [], largest = [], sum = [], n = []] = cells;
  const buckets: number[] = [];
  const gaps: number[] = [];
  let heardAt = query.from;
  for (let i = 0; i < bucket.length; ) {
    const total = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY, sum: 0, n: 0 };
    const at = bucket[i] as number;
    for (; i < bucket.length && bucket[i] === at; i++) {
      if ((first[i] as number) - heardAt > query.gapMs) gaps.push(heardAt, first[i] as number);
      heardAt = last[i] as number;
      total.min = Math.min(total.min, smallest[i] as number);
      total.max = Math.max(total.max, largest[i] as number);
      total.sum += sum[i] as number;
      total.n += n[i] as number;
    }
    // The mean of equal values may come out beside them by rounding; it never lies outside what was measured.
    buckets.push(at, total.min, total.max, Math.min(total.max, Math.max(total.min, total.sum / total.n)), total.n);
  }
  if (query.to - heardAt > query.gapMs) gaps.push(heardAt, query.to);
  return { buckets: Float64Array.from(buckets), gaps: Float64Array.from(gaps) };
}
