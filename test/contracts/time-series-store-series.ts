// Buckets and gaps computed in the plainest way, to hold a driver's answer against.
import type { BucketColumns, GapColumns, NumericRow } from '../../contract/index.ts';

export interface SeriesBucket {
  readonly at: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly n: number;
}

export interface Gap {
  readonly from: number;
  readonly to: number;
}

/** An answer of the store as rows, to be compared. */
export function rowsOfSeries({ buckets, gaps }: { readonly buckets: BucketColumns; readonly gaps: GapColumns }) {
  const of = (column: Float64Array, i: number) => column[i] as number;
  return {
    buckets: Array.from(
      buckets.at,
      (at, i): SeriesBucket => ({
        at,
        min: of(buckets.min, i),
        max: of(buckets.max, i),
        mean: of(buckets.mean, i),
        n: of(buckets.n, i),
      }),
    ),
    gaps: Array.from(gaps.from, (from, i): Gap => ({ from, to: of(gaps.to, i) })),
  };
}

export interface SeriesQuestion {
  readonly from: number;
  readonly to: number;
  readonly bucketMs: number;
  readonly gapMs: number;
}

export function plainSeries(rows: readonly NumericRow[], { from, to, bucketMs, gapMs }: SeriesQuestion) {
  const usable = rows
    .filter(
      ({ value, quality, effectiveAt }) => value !== null && quality < 2 && effectiveAt >= from && effectiveAt < to,
    )
    .sort((a, b) => a.effectiveAt - b.effectiveAt);
  const values = new Map<number, number[]>();
  for (const { effectiveAt, value } of usable) {
    const at = effectiveAt - (effectiveAt % bucketMs);
    values.set(at, [...(values.get(at) ?? []), value as number]);
  }
  const buckets: SeriesBucket[] = [...values].map(([at, of]) => ({
    at,
    min: Math.min(...of),
    max: Math.max(...of),
    mean: of.reduce((sum, value) => sum + value, 0) / of.length,
    n: of.length,
  }));
  const instants = [from, ...usable.map(({ effectiveAt }) => effectiveAt), to];
  const gaps: Gap[] = [];
  for (let i = 1; i < instants.length; i++) {
    const [before, after] = [instants[i - 1] as number, instants[i] as number];
    if (after - before > gapMs) gaps.push({ from: before, to: after });
  }
  return { buckets, gaps };
}

/** The same but for the last bits of a mean, which depend on the order of a sum. */
export function isSameSeries(
  a: { readonly buckets: readonly SeriesBucket[]; readonly gaps: readonly Gap[] },
  b: { readonly buckets: readonly SeriesBucket[]; readonly gaps: readonly Gap[] },
): boolean {
  const exact = ({ at, min, max, n }: SeriesBucket) => [at, min, max, n];
  return (
    JSON.stringify(a.gaps) === JSON.stringify(b.gaps) &&
    JSON.stringify(a.buckets.map(exact)) === JSON.stringify(b.buckets.map(exact)) &&
    a.buckets.every(({ mean }, i) => Math.abs(mean - (b.buckets[i] as SeriesBucket).mean) <= 1e-9 * Math.abs(mean))
  );
}
