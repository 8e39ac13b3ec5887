// A rule as the judgement uses it, and what a number says to it. Each kind computes its own figure (`verdict.ts`) and gives
// the same verdicts; runs, episodes and alerts do not know of kinds.
import { type Condition, type Priority, type Rule, toResolution, type Vital } from '../../contract/index.ts';

export type Operator = 'below' | 'atOrBelow' | 'above' | 'atOrAbove';
export type Direction = 'low' | 'high';

/** What the words of a limit mean; equality is what the word says (`alerting.md` 2.1). */
export const operators: Readonly<
  Record<
    Operator,
    {
      readonly sign: string;
      readonly direction: Direction;
      readonly violates: (value: number, limit: number) => boolean;
      /** `edge` is the limit moved by the deadband. */
      readonly clears: (value: number, edge: number) => boolean;
    }
  >
> = {
  below: { sign: '<', direction: 'low', violates: (v, x) => v < x, clears: (v, x) => v >= x },
  atOrBelow: { sign: '<=', direction: 'low', violates: (v, x) => v <= x, clears: (v, x) => v > x },
  above: { sign: '>', direction: 'high', violates: (v, x) => v > x, clears: (v, x) => v <= x },
  atOrAbove: { sign: '>=', direction: 'high', violates: (v, x) => v >= x, clears: (v, x) => v < x },
};

/** A limit with the point at which it clears, both canonical. */
export interface Limit {
  readonly operator: Operator;
  readonly limit: number;
  /** The limit moved by the deadband: beyond it a recovery begins. */
  readonly edge: number;
}

export type PredictionMethod = 'damped-linear' | 'ar2';
export type Statistic = 'mean' | 'min' | 'max' | 'median' | 'percentile' | 'deviation';

/** What only one kind has. */
export type Detail =
  | { readonly kind: 'threshold' }
  | { readonly kind: 'rate'; readonly onlyWhen: Limit | null }
  | { readonly kind: 'count'; readonly atLeast: number; readonly of: number; readonly clearAtLeast: number }
  | {
      readonly kind: 'window';
      readonly statistic: Statistic;
      readonly percentile: number;
      readonly minCoverage: number;
    }
  | { readonly kind: 'integral'; readonly budget: number; readonly resetAfterMs: number }
  | {
      readonly kind: 'predict';
      readonly method: PredictionMethod;
      readonly horizonMs: number;
      readonly also: (Limit & { readonly method: PredictionMethod }) | null;
      readonly refractoryMs: number;
    }
  | { readonly kind: 'composite'; readonly condition: Condition; readonly operands: readonly string[] }
  | {
      readonly kind: 'news2';
      readonly atLeast: number | null;
      readonly single: number | null;
      readonly scale: 1 | 2;
      readonly validForMs: number;
      readonly byHandValidForMs: number;
    };

/** One rule, compiled: limits in the canonical unit, rounded to what is displayed. */
export interface RuleRow extends Limit {
  /** Place in the set, the order in which rows are judged. */
  readonly index: number;
  readonly kind: Rule['kind'];
  readonly id: string;
  readonly version: number;
  readonly family: string;
  readonly rank: number;
  readonly priority: Priority;
  readonly latching: boolean;
  readonly floor: boolean;
  readonly confirm: boolean;
  /** Says what is expected, not what is: an actual rule of the same priority is worse. */
  readonly predictive: boolean;
  /** Judged at each reading of these; of a composite, those of its operands. */
  readonly vitals: readonly Vital[];
  readonly direction: Direction;
  /** As people read it: "<= 88 %". */
  readonly limitText: string;
  readonly holdMs: number;
  readonly recoverMs: number;
  readonly readings: number;
  /** History it needs, milliseconds; 0: the newest reading alone. */
  readonly windowMs: number;
  /** How long an acknowledgement of it holds. */
  readonly acknowledgeMs: number;
  readonly detail: Detail;
  /** The whole rule, to tell a changed one from an equal one. */
  readonly text: string;
}

/** True for kinds that are judged by the patient's signals together. */
export function isOfPatient(row: RuleRow): boolean {
  return row.kind === 'composite' || row.kind === 'news2';
}

/** A usable reading as rules see it: rounded, or a bound beyond which it lies. */
export interface Sample {
  /** Rounded to the resolution; of a bound the device's limit, null where it is unknown. */
  readonly value: number | null;
  readonly bound: 'below' | 'above' | null;
  /** Only a good reading clears. */
  readonly good: boolean;
  /** Effective time. */
  readonly at: number;
}

/**
 * `undecided`: a bound that may or may not violate; counts as violating, marked, for we fail to alarm and not to silence.
 * `between`: inside the deadband, not good enough to clear, or unknown: neither raises nor clears.
 */
export type Verdict = 'violating' | 'undecided' | 'between' | 'beyond';

export function verdictOf(row: Limit, sample: Sample): Verdict {
  if (sample.bound !== null) return verdictOfBound(row, sample);
  return verdictOfNumber(row, sample.value as number, sample.good);
}

export function verdictOfNumber(row: Limit, value: number, good: boolean): Verdict {
  const { violates, clears } = operators[row.operator];
  if (violates(value, row.limit)) return 'violating';
  return good && clears(value, row.edge) ? 'beyond' : 'between';
}

/** `LOW` means value < L. Below L <= x it is below x; of the opposite rules it clears those whose edge it is beyond. */
function verdictOfBound(row: Limit, { value, bound, good }: Sample): Verdict {
  const towards = (bound === 'below') === (operators[row.operator].direction === 'low');
  if (towards) {
    const sure = value !== null && (bound === 'below' ? value <= row.limit : value >= row.limit);
    return sure ? 'violating' : 'undecided';
  }
  const clear = value === null || (bound === 'below' ? value <= row.edge : value >= row.edge);
  return good && clear ? 'beyond' : 'between';
}

export function isViolating(verdict: Verdict): boolean {
  return verdict === 'violating' || verdict === 'undecided';
}

/** Values, both ends included, that violate none of the rows: a reading inside needs no row while none is pending. */
export interface Guard {
  readonly low: number;
  readonly high: number;
}

/** The band that the limits themselves imply, so that it cannot disagree with them. */
export function guardOf(rows: readonly Limit[], resolution: number, vital: Vital): Guard {
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    const { violates, direction } = operators[row.operator];
    const equalViolates = violates(row.limit, row.limit);
    if (direction === 'low') {
      low = Math.max(low, equalViolates ? toResolution(vital, row.limit + resolution) : row.limit);
    } else {
      high = Math.min(high, equalViolates ? toResolution(vital, row.limit - resolution) : row.limit);
    }
  }
  return { low, high };
}
