// A patient's past as it is drawn and as it stands in the table: one model for both, so that they cannot differ. Pure. Where
// nothing was measured there is null, in every column; a bucket that the server did not send is a break, not a line.
import type { SeriesView } from '../../contract/index.ts';

/** Ranges that a person can choose, by their bucket: about 360 points each. */
export const ranges = [
  { hours: 1, bucketMs: 10_000 },
  { hours: 3, bucketMs: 30_000 },
  { hours: 8, bucketMs: 60_000 },
  { hours: 24, bucketMs: 180_000 },
] as const;
export type Range = (typeof ranges)[number];

/** From when to when, in whole buckets, so that a bucket is the same one after the next refresh. */
export function spanOf({ hours, bucketMs }: Range, serverNow: number): Span {
  const toMs = Math.ceil(serverNow / bucketMs) * bucketMs;
  return { fromMs: toMs - hours * 3_600_000, toMs };
}

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Gap extends Span {
  /** Null: nobody said why. */
  readonly cause: string | null;
}

/** A limit while it was in force. */
export interface LimitLine extends Span {
  readonly rule: string;
  readonly value: number;
  readonly priority: string;
  /** As the server says it: "<= 88 %". */
  readonly text: string;
}

/** One vital over the span: columns of equal length, null where a line must break. */
export interface Lane {
  readonly vital: string;
  readonly unit: string;
  readonly bucketMs: number;
  readonly span: Span;
  /** Middle of each bucket, seconds since the epoch. */
  readonly at: readonly number[];
  readonly min: readonly (number | null)[];
  readonly max: readonly (number | null)[];
  readonly mean: readonly (number | null)[];
  readonly gaps: readonly Gap[];
  readonly limits: readonly LimitLine[];
  readonly bottom: number;
  readonly top: number;
}

/** What is usual for a vital; a lane grows beyond it where its values do. */
const usual: Readonly<Record<string, readonly [number, number]>> = {
  spo2: [80, 100],
  hr: [40, 140],
  pulse: [40, 140],
  glucose: [40, 260],
};
/** Lanes of a chart, by what a patient may have of each. */
const wantedLanes = [['spo2'], ['hr', 'pulse'], ['glucose']] as const;

/** Which vitals have a lane: of one meaning the first that the patient has. */
export function laneVitals(has: readonly string[]): string[] {
  return wantedLanes.flatMap((same) => same.find((vital) => has.includes(vital)) ?? []);
}

/** Asked for as a whole, answered in rows of `[t, min, max, mean, n]`. */
export function laneOf(vital: string, series: SeriesView, bucketMs: number, span: Span): Lane {
  const from = Date.parse(series.from);
  const columns = { at: [] as number[], min: [] as Column, max: [] as Column, mean: [] as Column };
  const add = (at: number, min: number | null, max: number | null, mean: number | null) => {
    columns.at.push(at / 1_000);
    columns.min.push(min);
    columns.max.push(max);
    columns.mean.push(mean);
  };
  let last = Number.NaN;
  for (const [t, min, max, mean] of series.rows) {
    if (t - last > bucketMs * 1.5) add(from + last + bucketMs, null, null, null);
    add(from + t + bucketMs / 2, min, max, mean);
    last = t;
  }
  const gaps = series.gaps.map((gap) => ({ ...within(gap.from, gap.to, span), cause: gap.cause }));
  const limits = limitsOf(series, span);
  const shown = [...columns.min, ...columns.max].filter((value) => value !== null);
  const [bottom, top] = usual[vital] ?? [Math.min(...shown), Math.max(...shown)];
  return {
    vital,
    unit: series.unit,
    bucketMs,
    span,
    ...columns,
    gaps: gaps.filter(({ fromMs, toMs }) => toMs > fromMs),
    limits,
    bottom: Math.min(bottom, ...shown.map((value) => Math.floor(value / 5) * 5)),
    top: Math.max(top, ...shown.map((value) => Math.ceil(value / 5) * 5)),
  };
}

type Column = (number | null)[];

function within(from: string, to: string, { fromMs, toMs }: Span): Span {
  return { fromMs: Math.max(fromMs, Date.parse(from)), toMs: Math.min(toMs, Date.parse(to)) };
}

/** Limits in force, back to when they came into force where the server says that, and those before them. */
function limitsOf({ limits, limitsBefore = [] }: SeriesView, span: Span): LimitLine[] {
  const now = limits.map(({ from, ...limit }) => lineOf(limit, from ?? null, null, span));
  const before = limitsBefore.map(({ from, to, ...limit }) => lineOf(limit, from, to, span));
  return [...before, ...now].filter(({ value, fromMs, toMs }) => Number.isFinite(value) && toMs > fromMs);
}

function lineOf(
  { rule, limit, priority }: { readonly rule: string; readonly limit: string; readonly priority: string },
  from: string | null,
  to: string | null,
  span: Span,
): LimitLine {
  const fromMs = from === null ? span.fromMs : Math.max(span.fromMs, Date.parse(from));
  const toMs = to === null ? span.toMs : Math.min(span.toMs, Date.parse(to));
  return { rule, fromMs, toMs, value: Number(/^\S+ (\S+) /.exec(limit)?.[1]), priority, text: limit };
}

/** No other limit of its side that was in force with it is nearer to what is wanted. */
export function isInner(limit: LimitLine, limits: readonly LimitLine[]): boolean {
  const side = limit.text.charAt(0);
  return !limits.some(
    ({ text, value, fromMs, toMs }) =>
      text.charAt(0) === side &&
      fromMs < limit.toMs &&
      toMs > limit.fromMs &&
      (side === '<' ? value > limit.value : value < limit.value),
  );
}

/** Numbers beside a lane: its ends, and of the limits at its end those that have room, the nearest to what is wanted first. */
export function ticksOf({ bottom, top, limits, span }: Lane, near: number): number[] {
  const now = limits.filter(({ toMs, value }) => toMs >= span.toMs && value > bottom && value < top);
  const order = [...now].sort((a, b) => Number(isInner(b, now)) - Number(isInner(a, now)));
  const kept = [bottom, top];
  for (const { value } of order) if (kept.every((other) => Math.abs(other - value) >= near)) kept.push(value);
  return kept.sort((a, b) => a - b);
}

export interface TrendRow extends Span {
  /** By vital: what was measured, or null. */
  readonly values: Readonly<Record<string, Measured | null>>;
  /** A row of a hole: its cause by vital. */
  readonly gap: Readonly<Record<string, string | null>> | null;
}

export interface Measured {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
}

/** The table twin: each bucket in which anything was measured, and each hole, newest first. */
export function rowsOf(lanes: readonly Lane[]): TrendRow[] {
  const rows = new Map<number, { -readonly [K in keyof TrendRow]: TrendRow[K] }>();
  for (const { vital, bucketMs, at, min, max, mean } of lanes) {
    at.forEach((seconds, i) => {
      const [low, high, middle] = [min[i] ?? null, max[i] ?? null, mean[i] ?? null];
      if (low === null || high === null || middle === null) return;
      const fromMs = Math.round(seconds * 1_000 - bucketMs / 2);
      const row = rows.get(fromMs) ?? { fromMs, toMs: fromMs + bucketMs, values: {}, gap: null };
      row.values = { ...row.values, [vital]: { min: low, max: high, mean: middle } };
      rows.set(fromMs, row);
    });
  }
  const holes = lanes.flatMap(({ vital, gaps }) =>
    gaps.map(({ fromMs, toMs, cause }): TrendRow => ({ fromMs, toMs, values: {}, gap: { [vital]: cause } })),
  );
  return [...rows.values(), ...merged(holes)].sort((a, b) => b.fromMs - a.fromMs || b.toMs - a.toMs);
}

/** Holes of the same time in one row. */
function merged(holes: readonly TrendRow[]): TrendRow[] {
  const bySpan = new Map<string, TrendRow>();
  for (const hole of holes) {
    const key = `${hole.fromMs} ${hole.toMs}`;
    const other = bySpan.get(key);
    bySpan.set(key, other ? { ...other, gap: { ...other.gap, ...hole.gap } } : hole);
  }
  return [...bySpan.values()];
}

/** Lowest and highest of a lane, or null where nothing was measured. */
export function extremesOf({ min, max }: Lane): { readonly min: number; readonly max: number } | null {
  const lows = min.filter((value) => value !== null);
  const highs = max.filter((value) => value !== null);
  return lows.length === 0 ? null : { min: Math.min(...lows), max: Math.max(...highs) };
}
