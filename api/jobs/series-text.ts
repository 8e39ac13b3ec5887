// A series as the text of its answer. Pure: rows of thousands are put into words in a thread of their own (`text-writer.ts`),
// few of them at once where they are.
import {
  type BucketColumns,
  type GapColumns,
  type SeriesView,
  toInstant,
  toResolution,
  type Vital,
} from '../../contract/index.ts';

export interface SeriesAsk {
  readonly vital: Vital;
  /** Epoch milliseconds; rows count from here. */
  readonly from: number;
  readonly unit: string;
  readonly limits: SeriesView['limits'];
  readonly buckets: BucketColumns;
  readonly gaps: GapColumns;
}

/** JSON of `SeriesView`. */
export function seriesText({ vital, from, unit, limits, buckets, gaps }: SeriesAsk): string {
  const view: SeriesView = {
    from: toInstant(from),
    unit,
    columns: ['t', 'min', 'max', 'mean', 'n'],
    rows: Array.from(buckets.at, (at, i) => [
      Math.max(0, at - from),
      toResolution(vital, buckets.min[i] as number),
      toResolution(vital, buckets.max[i] as number),
      Math.round((buckets.mean[i] as number) * 100) / 100,
      buckets.n[i] as number,
    ]),
    limits,
    gaps: Array.from(gaps.from, (gapFrom, i) => ({
      from: toInstant(gapFrom),
      to: toInstant(gaps.to[i] as number),
      cause: null,
    })),
  };
  return JSON.stringify(view);
}
