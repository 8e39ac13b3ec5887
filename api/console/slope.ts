// Where a glucose goes: its slope by the last readings, as the engine reckons it (alerting.md 2.3). Pure.
import type { Measurement } from './wire.ts';

export interface Point {
  /** ms since the epoch. */
  readonly at: number;
  readonly value: number;
}

/** What a tile shows of before. */
export const trendMs = 3 * 3_600_000;
const slopeMs = 15 * 60_000;
/** Three times the interval at which a sensor of glucose speaks. */
const gapMs = 15 * 60_000;

/** Least squares over what is newer than 15 minutes; unknown with too few readings, too short a span, or a hole. */
export function slopeOf(points: readonly Point[], now: number): number | null {
  const newest = points.at(-1);
  if (!newest || now - newest.at > gapMs) return null;
  const used = points.filter(({ at }) => at >= newest.at - slopeMs);
  const first = used[0] as Point;
  if (used.length < 3 || newest.at - first.at < slopeMs / 2) return null;
  if (used.some(({ at }, i) => i > 0 && at - (used[i - 1] as Point).at > gapMs)) return null;
  const mean = (of: (point: Point) => number) => used.reduce((sum, point) => sum + of(point), 0) / used.length;
  const minutes = ({ at }: Point) => (at - first.at) / 60_000;
  const [x, y] = [mean(minutes), mean(({ value }) => value)];
  const spread = used.reduce((sum, point) => sum + (minutes(point) - x) ** 2, 0);
  const together = used.reduce((sum, point) => sum + (minutes(point) - x) * (point.value - y), 0);
  return spread === 0 ? null : Math.round((together / spread) * 100) / 100;
}

/** The points and one more, where it is newer. */
export function withReading(points: readonly Point[], measurement: Measurement | undefined): readonly Point[] {
  if (measurement?.state !== 'live' && measurement?.state !== 'degraded') return points;
  if (measurement.value === undefined || measurement.bound !== undefined) return points;
  const at = Date.parse(measurement.takenAt);
  const newest = points.at(-1);
  // Buckets of a minute begin before what is in them: the same reading is not taken twice.
  if (newest && at < newest.at + 60_000) return points;
  return [...points.filter((point) => point.at > at - trendMs), { at, value: measurement.value }];
}
