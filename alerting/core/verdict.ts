// What a reading, and what came before it, says to a row of each kind. Unknown is `between`: it neither raises nor clears.
import { roundTo, VITALS, type Vital } from '../../contract/index.ts';
import { type Bucket, figureOf, type Held, type History, heldOf } from './history.ts';
import { readingsWindowMs } from './plan.ts';
import { predict } from './predict.ts';
import { isViolating, operators, type RuleRow, type Sample, type Verdict, verdictOf, verdictOfNumber } from './rows.ts';

/** What a stream knows when it judges. */
export interface Sight {
  readonly vital: Vital;
  readonly history: History;
  readonly maxGapMs: number;
  /** Parts of a long window of this rule. */
  buckets(rule: string): readonly Bucket[];
}

export function judge(row: RuleRow, sample: Sample, sight: Sight): Verdict {
  const { detail } = row;
  switch (detail.kind) {
    case 'threshold':
    case 'integral':
      return verdictOf(row, sample);
    case 'rate':
      return ofRate(row, detail.onlyWhen, sample, sight);
    case 'count': {
      const { violating, beyond } = sight.history.tally(row, detail.of, sight.maxGapMs, rounder(sight.vital));
      if (violating >= detail.atLeast) return 'violating';
      return beyond >= detail.clearAtLeast ? 'beyond' : 'between';
    }
    case 'window': {
      const figure = figureOfWindow(row, detail, sample, sight);
      return figure === null ? 'between' : verdictOfNumber(row, rounder(sight.vital)(figure), sample.good);
    }
    case 'predict':
      return ofPrediction(row, detail, sample, sight);
    case 'composite':
    case 'news2':
      return 'between';
  }
}

function rounder(vital: Vital): (value: number) => number {
  const { resolution } = VITALS[vital];
  return (value) => (Number.isNaN(value) ? value : roundTo(value, resolution));
}

/** The slope, while the value is where the rule looks. */
function ofRate(
  row: RuleRow,
  onlyWhen: Extract<RuleRow['detail'], { kind: 'rate' }>['onlyWhen'],
  sample: Sample,
  { history, maxGapMs }: Sight,
): Verdict {
  const slope = history.slope(row.windowMs, maxGapMs);
  if (onlyWhen === null) return slope === null ? 'between' : verdictOfNumber(row, slope, sample.good);
  const where = verdictOf(onlyWhen, sample);
  if (where === 'beyond') return 'beyond';
  if (slope === null) return 'between';
  const verdict = verdictOfNumber(row, slope, sample.good);
  return isViolating(verdict) && !isViolating(where) ? 'between' : verdict;
}

function figureOfWindow(
  row: RuleRow,
  { statistic, percentile, minCoverage }: Extract<RuleRow['detail'], { kind: 'window' }>,
  sample: Sample,
  sight: Sight,
): number | null {
  if (row.windowMs <= readingsWindowMs) {
    return sight.history.figure(statistic, percentile, row.windowMs, minCoverage, sight.maxGapMs);
  }
  const held: Held[] | null = heldOf(sight.buckets(row.id), row.windowMs, sample.at);
  return held && figureOf(held, statistic, percentile, row.windowMs * minCoverage);
}

/** True while the prediction crosses and the value does not: what is, is not expected any more. */
function ofPrediction(
  row: RuleRow,
  { method, also, horizonMs }: Extract<RuleRow['detail'], { kind: 'predict' }>,
  sample: Sample,
  { history, maxGapMs }: Sight,
): Verdict {
  if (sample.bound !== null || sample.value === null) return 'between';
  if (operators[row.operator].violates(sample.value, row.limit)) return sample.good ? 'beyond' : 'between';
  const first = predict(history, method, row, horizonMs, maxGapMs);
  if (first === null) return 'between';
  const verdict = verdictOfNumber(row, first, sample.good);
  if (also === null || verdict === 'beyond') return verdict;
  const second = predict(history, also.method, also, horizonMs, maxGapMs);
  if (second === null) return 'between';
  const other = verdictOfNumber(also, second, sample.good);
  return other === 'violating' ? verdict : other;
}
