// What a value is expected to be (`alerting.md` 2.8, ALR-PREDICT): only adds. Pure; results of logarithms are rounded to 0.1
// before they decide, so that no platform's last bit does.
import { roundTo } from '../../contract/index.ts';
import type { History } from './history.ts';
import { type Limit, operators, type PredictionMethod } from './rows.ts';

const damping = 0.6;
const slopeWindowMs = 15 * 60_000;
const minute = 60_000;
const step = 5 * minute;

/** The predicted value that lies furthest towards the limit within the horizon; null where nothing can be said. */
export function predict(
  history: History,
  method: PredictionMethod,
  limit: Limit,
  horizonMs: number,
  maxGapMs: number,
): number | null {
  return method === 'ar2' ? ar2(history, limit, horizonMs) : dampedLinear(history, horizonMs, maxGapMs);
}

/** p(h) = g + 0.6 s h: monotone, so its end is furthest. */
function dampedLinear(history: History, horizonMs: number, maxGapMs: number): number | null {
  const slope = history.slope(slopeWindowMs, maxGapMs);
  return slope === null ? null : roundTo(history.value(0) + (damping * slope * horizonMs) / minute, 0.1);
}

const reference = 140;
const lowest = 36;
const highest = 400;

/** Nightscout's published model, in steps of five minutes from two readings five minutes apart. */
function ar2(history: History, limit: Limit, horizonMs: number): number | null {
  if (history.size < 2) return null;
  const newest = history.at(0);
  let back = 1;
  while (back < history.size && newest - history.at(back) < step - minute) back++;
  if (back >= history.size || newest - history.at(back) > step + minute) return null;
  let before = Math.log(history.value(back) / reference);
  let now = Math.log(history.value(0) / reference);
  const isLow = operators[limit.operator].direction === 'low';
  let furthest = isLow ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  for (let at = step; at <= horizonMs; at += step) {
    const next = 1.716 * now - 0.723 * before;
    before = now;
    now = next;
    const value = roundTo(Math.min(highest, Math.max(lowest, reference * Math.exp(next))), 0.1);
    furthest = isLow ? Math.min(furthest, value) : Math.max(furthest, value);
  }
  return Number.isFinite(furthest) ? furthest : null;
}
