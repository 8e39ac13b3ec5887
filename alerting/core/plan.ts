// What one stream runs: the rows that look at its vital, and from them its guard line. Derived, never written by hand: a
// band that disagreed with its rows would be silence.
import { toResolution, VITALS, type Vital } from '../../contract/index.ts';
import type { CompiledRules } from './compile.ts';
import { slopeStep } from './history.ts';
import { guardOf, isOfPatient, type RuleRow } from './rows.ts';

export interface Plan {
  readonly rows: readonly RuleRow[];
  /** Values that violate no row, both ends included. */
  readonly low: number;
  readonly high: number;
  /** Change per millisecond that no rate rule can make anything of. */
  readonly step: number;
  /** Readings kept: so far back, and at least so many. */
  readonly windowMs: number;
  readonly readings: number;
  /** After a reading outside the line the rows look at all that follow for so long: what they see includes it. */
  readonly closedMs: number;
  /** A row has to see every reading. */
  readonly always: boolean;
}

export const emptyPlan: Plan = {
  rows: [],
  low: Number.NEGATIVE_INFINITY,
  high: Number.POSITIVE_INFINITY,
  step: Number.POSITIVE_INFINITY,
  windowMs: 0,
  readings: 0,
  closedMs: 0,
  always: false,
};

/** Windows up to this long are kept as readings, longer ones as buckets. */
export const readingsWindowMs = 15 * 60_000;

export function planOf(rules: CompiledRules | null, vital: Vital, spot: boolean): Plan {
  const all = (rules?.byVital.get(vital) ?? []).filter((row) => !isOfPatient(row));
  // A spot measurement has no hold, so a mild rule that relies on one is not for it; nor has it a history.
  const rows = spot ? all.filter(({ priority, holdMs }) => priority !== 'low' || holdMs === 0).filter(isOfOne) : all;
  if (rows.length === 0) return emptyPlan;
  const limits = rows.filter(({ kind }) => kind !== 'rate' && kind !== 'predict');
  const band = guardOf(limits, VITALS[vital].resolution, vital);
  const short = rows.filter((row) => row.windowMs > 0 && row.windowMs <= readingsWindowMs);
  return {
    rows,
    ...band,
    step: Math.min(...rows.map(stepOf)),
    windowMs: Math.max(0, ...short.map((row) => row.windowMs)),
    readings: Math.max(0, ...rows.map(({ detail }) => (detail.kind === 'count' ? detail.of : 0))),
    closedMs: Math.max(0, ...rows.filter(looksBack).map((row) => row.windowMs)),
    always: spot || rows.some(seesAll),
  };
}

function isOfOne({ kind }: RuleRow): boolean {
  return kind === 'threshold';
}
function looksBack({ kind }: RuleRow): boolean {
  return kind === 'rate' || kind === 'window';
}

/** Predictions follow no band; a deviation neither; buckets have to be filled. */
function seesAll({ kind, detail, windowMs }: RuleRow): boolean {
  if (kind === 'predict') return true;
  return detail.kind === 'window' && (detail.statistic === 'deviation' || windowMs > readingsWindowMs);
}

/** A least-squares slope is no steeper than the steepest step in its window; rounding may add half a hundredth. */
function stepOf({ kind, limit, direction }: RuleRow): number {
  if (kind !== 'rate') return Number.POSITIVE_INFINITY;
  const towards = direction === 'low' ? -limit : limit;
  return Math.max(0, towards - slopeStep) / 60_000;
}

/** Rounded to what is displayed; null for NaN. */
export function displayedOf(vital: Vital, value: number): number | null {
  return Number.isNaN(value) ? null : toResolution(vital, value);
}
