// A rule as the judgement uses it, and what a reading says to it. A later rule kind is one more row here and in
// `compile.ts`: it computes another quantity and gives the same verdicts; runs, episodes and alerts do not change.
import { type Priority, type ThresholdRule, toResolution, type Vital } from '../../contract/index.ts';

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

/** One rule, compiled: limits in the canonical unit, rounded to what is displayed. */
export interface RuleRow {
  /** Place in the set, the order in which rows are judged. */
  readonly index: number;
  readonly kind: ThresholdRule['kind'];
  readonly id: string;
  readonly version: number;
  readonly family: string;
  readonly rank: number;
  readonly priority: Priority;
  readonly latching: boolean;
  readonly floor: boolean;
  readonly confirm: boolean;
  readonly vitals: readonly Vital[];
  readonly operator: Operator;
  readonly direction: Direction;
  readonly limit: number;
  /** The limit moved by the deadband: beyond it a recovery begins. */
  readonly edge: number;
  /** As people read it: "<= 88 %". */
  readonly limitText: string;
  readonly holdMs: number;
  readonly recoverMs: number;
  readonly readings: number;
  /** How long an acknowledgement of it holds. */
  readonly acknowledgeMs: number;
  /** The whole rule, to tell a changed one from an equal one. */
  readonly text: string;
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
 * `between`: inside the deadband, or beyond it but not good enough to clear.
 */
export type Verdict = 'violating' | 'undecided' | 'between' | 'beyond';

export function verdictOf(row: RuleRow, sample: Sample): Verdict {
  if (sample.bound !== null) return verdictOfBound(row, sample);
  const { violates, clears } = operators[row.operator];
  const value = sample.value as number;
  if (violates(value, row.limit)) return 'violating';
  return sample.good && clears(value, row.edge) ? 'beyond' : 'between';
}

/** `LOW` means value < L. Below L <= x it is below x; of the opposite rules it clears those whose edge it is beyond. */
function verdictOfBound(row: RuleRow, { value, bound, good }: Sample): Verdict {
  const towards = (bound === 'below') === (row.direction === 'low');
  if (towards) {
    const sure = value !== null && (bound === 'below' ? value <= row.limit : value >= row.limit);
    return sure ? 'violating' : 'undecided';
  }
  const clear = value === null || (bound === 'below' ? value <= row.edge : value >= row.edge);
  return good && clear ? 'beyond' : 'between';
}

/** Values, both ends included, that violate none of the rows: a reading inside needs no row while none is pending. */
export interface Guard {
  readonly low: number;
  readonly high: number;
}

/** The band that the rows themselves imply, so that it cannot disagree with them. */
export function guardOf(rows: readonly RuleRow[], resolution: number, vital: Vital): Guard {
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    const equalViolates = operators[row.operator].violates(row.limit, row.limit);
    if (row.direction === 'low') {
      low = Math.max(low, equalViolates ? toResolution(vital, row.limit + resolution) : row.limit);
    } else {
      high = Math.min(high, equalViolates ? toResolution(vital, row.limit - resolution) : row.limit);
    }
  }
  return { low, high };
}
