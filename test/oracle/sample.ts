// A usable reading as the oracle's rules see it, and what one limit says to it (`alerting.md` 2.1).
import { factsOf, maxGapMs } from './facts.ts';
import type { OracleRule } from './rule-file.ts';

/** Usable readings of one signal, in order of their effective time. */
export interface Sample {
  readonly at: number;
  /** In the canonical unit, as it came; of a bound the device's limit. */
  readonly value: number;
  readonly bound: 'below' | 'above' | null;
  /** Only a good reading clears. */
  readonly good: boolean;
}

export interface Series {
  readonly signal: string;
  readonly everyMs: number;
  readonly samples: readonly Sample[];
}

/** `neither`: inside the deadband, or beyond it and not good enough to clear. */
export type Verdict = 'violates' | 'beyond' | 'neither';

/** Half away from zero, to the resolution of the signal. */
export function displayed(signal: string, value: number): number {
  const { resolution } = factsOf(signal);
  const steps = Math.floor(Math.abs(value) / resolution + 0.5);
  return Math.sign(value) * steps * resolution;
}

/** True where the word of the limit says so: equality is what the word says. */
export function violates({ operator, limit }: Pick<OracleRule, 'operator' | 'limit'>, value: number): boolean {
  if (operator === 'below') return value < limit;
  if (operator === 'atOrBelow') return value <= limit;
  if (operator === 'above') return value > limit;
  return value >= limit;
}

/** `below x` clears at v >= x + d, `atOrBelow x` at v > x + d; mirrored above. */
export function isBeyond({ operator, limit, deadband }: OracleRule, value: number): boolean {
  if (operator === 'below') return value >= limit + deadband;
  if (operator === 'atOrBelow') return value > limit + deadband;
  if (operator === 'above') return value <= limit - deadband;
  return value < limit - deadband;
}

/** What a limit says to a value of its signal. */
export function verdictOf(rule: OracleRule, signal: string, { value, bound, good }: Sample): Verdict {
  if (bound !== null) return verdictOfBound(rule, bound, value, good);
  const shown = displayed(signal, value);
  if (violates(rule, shown)) return 'violates';
  return good && isBeyond(rule, shown) ? 'beyond' : 'neither';
}

/** A bound raises what it points to, decided or not; it clears the opposite rule alone. */
function verdictOfBound(rule: OracleRule, bound: 'below' | 'above', value: number, good: boolean): Verdict {
  const pointsTo = rule.operator === 'below' || rule.operator === 'atOrBelow' ? 'below' : 'above';
  if (bound === pointsTo) return 'violates';
  return good && isBeyond(rule, value) ? 'beyond' : 'neither';
}

/** True if silence before this reading was longer than a run bears. */
export function isAfterGap({ samples, everyMs }: Series, index: number): boolean {
  const [before, sample] = [samples[index - 1], samples[index]];
  return before !== undefined && sample !== undefined && sample.at - before.at > maxGapMs(everyMs);
}
