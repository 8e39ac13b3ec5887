// When one rule is true for one signal. Slow on purpose: at each reading the oracle looks back over the list as the text
// describes it, and carries nothing from one reading to the next but whether the rule is true.
import type { OracleRule } from './rule-file.ts';
import { isAfterGap, type Series, verdictOf } from './sample.ts';

/** Indices of readings: the first violating one, the one that made the rule true, the one that made it false. */
export interface Spell {
  readonly rule: OracleRule;
  readonly signal: string;
  readonly onset: number;
  readonly raised: number;
  readonly cleared: number | null;
}

/** What a kind of rule looks back for; `since` is the reading that ended the spell before, or -1. */
export interface Kind {
  /** Index of the first violating reading, if the rule becomes true at this reading; otherwise null. */
  readonly raises: (rule: OracleRule, series: Series, index: number, since: number) => number | null;
  /** True if the rule, true since `raised`, becomes false at this reading. */
  readonly clears: (rule: OracleRule, series: Series, index: number, raised: number) => boolean;
}

/** `alerting.md` 2.1 and 2.2, with the consecutive readings of 2.4. */
const threshold: Kind = {
  raises: (rule, series, index, since) => {
    const says = (at: number) => verdictOf(rule, series.signal, series.samples[at] as Series['samples'][0]);
    if (says(index) !== 'violates') return null;
    // The run: back to where a reading beyond the limit or a gap broke it.
    let onset = index;
    for (let at = index; at > since && says(at) !== 'beyond'; at--) {
      if (says(at) === 'violates') onset = at;
      if (isAfterGap(series, at)) break;
    }
    const { samples } = series;
    if (timeOf(series, index) < timeOf(series, onset) + rule.holdMs) return null;
    // N of N: the last ones, none between, all in the run.
    for (let at = index; at > index - rule.readings; at--) {
      if (at < onset || samples[at] === undefined || says(at) !== 'violates') return null;
    }
    return onset;
  },
  clears: (rule, series, index, raised) => {
    const says = (at: number) => verdictOf(rule, series.signal, series.samples[at] as Series['samples'][0]);
    if (says(index) !== 'beyond') return false;
    // The recovery: back to a violation or a gap.
    let start = index;
    for (let at = index; at > raised && says(at) !== 'violates'; at--) {
      if (says(at) === 'beyond') start = at;
      if (isAfterGap(series, at)) break;
    }
    if (timeOf(series, index) < timeOf(series, start) + rule.recoverMs) return false;
    for (let at = index; at > index - rule.readings; at--) if (at < start || says(at) !== 'beyond') return false;
    return true;
  },
};

function timeOf({ samples }: Series, index: number): number {
  return (samples[index] as Series['samples'][0]).at;
}

const kinds: Readonly<Record<string, Kind>> = { threshold };

/** All spells of a rule on a signal. */
export function spellsOf(rule: OracleRule, series: Series): readonly Spell[] {
  const kind = kinds[rule.kind];
  if (!kind) throw new Error(`the oracle knows no kind ${rule.kind}`);
  const spells: Spell[] = [];
  let since = -1;
  let open: Spell | null = null;
  for (let index = 0; index < series.samples.length; index++) {
    if (open === null) {
      const onset = kind.raises(rule, series, index, since);
      if (onset !== null) open = { rule, signal: series.signal, onset, raised: index, cleared: null };
    } else if (kind.clears(rule, series, index, open.raised)) {
      spells.push({ ...open, cleared: index });
      open = null;
      since = index;
    }
  }
  if (open !== null) spells.push(open);
  return spells;
}
