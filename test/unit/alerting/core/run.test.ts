// The run machine against a slow, obvious reference that looks at the whole history at each reading.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileRules } from '../../../../alerting/core/index.ts';
import { type RuleRow, verdictOf } from '../../../../alerting/core/rows.ts';
import { idleRun, step } from '../../../../alerting/core/run.ts';
import type { EvidenceReading } from '../../../../contract/index.ts';

interface Point {
  readonly at: number;
  readonly value: number;
  readonly good: boolean;
}
interface Shape {
  readonly holdMs: number;
  readonly recoverMs: number;
  readonly readings: number;
  readonly deadband: number;
}
const maxGapMs = 5_000;

function rowOf(shape: Shape): RuleRow {
  const rule = {
    id: 'r',
    version: 1,
    family: 'f',
    rank: 1,
    priority: 'high',
    kind: 'threshold',
    vitals: ['spo2'],
    below: '90 %',
    source: 't',
  };
  const compiled = compileRules({ id: 's', version: 1, title: 't', rules: [{ ...rule, ...shape }] });
  if ('faults' in compiled) throw new Error(compiled.faults.join('\n'));
  return compiled.rules.rows[0] as RuleRow;
}

/** When the rule becomes true and false, by the machine. */
function byMachine(points: readonly Point[], shape: Shape): string[] {
  const row = rowOf(shape);
  const run = idleRun();
  let before = Number.NEGATIVE_INFINITY;
  return points.flatMap((point) => {
    const sample = { ...point, bound: null };
    const pace = { spot: false, gap: point.at - before > maxGapMs };
    before = point.at;
    const onset = run.phase === 'pending' ? run.onsetAt : point.at;
    const judged = { name: () => `${point.at}`, evidence: () => ({}) as EvidenceReading };
    const done = step(run, row, verdictOf(row, sample), sample, pace, judged);
    return done === 'raised' || done === 'cleared'
      ? [`${point.at} ${done}${done === 'raised' ? ` since ${Math.min(onset, run.onsetAt)}` : ''}`]
      : [];
  });
}

/** The same, from the definitions of `alerting.md` 2.1 alone. */
function byDefinition(points: readonly Point[], { holdMs, recoverMs, readings, deadband }: Shape): string[] {
  const violating = ({ value }: Point) => value < 90;
  const beyond = ({ value, good }: Point) => good && value >= 90 + deadband;
  const told: string[] = [];
  let raisedIndex = -1;
  let floor = 0;
  for (const [i, point] of points.entries()) {
    /** The longest stretch up to here, not before `from`, without a gap and without a reading of the other sort. */
    const stretch = (from: number, broken: (each: Point) => boolean): Point[] => {
      let first = i;
      while (
        first > from &&
        !broken(points[first - 1] as Point) &&
        (points[first] as Point).at - (points[first - 1] as Point).at <= maxGapMs
      )
        first--;
      return points.slice(first, i + 1);
    };
    const all = (list: Point[], is: (each: Point) => boolean) =>
      list.length >= readings && list.slice(-readings).every(is);
    if (raisedIndex < 0 && violating(point)) {
      const run = stretch(floor, beyond);
      const onset = run.find(violating) as Point;
      if (point.at < onset.at + holdMs || !all(run, violating)) continue;
      told.push(`${point.at} raised since ${onset.at}`);
      raisedIndex = i;
    } else if (raisedIndex >= 0 && beyond(point)) {
      const recovery = stretch(raisedIndex + 1, violating);
      const begin = recovery.find(beyond) as Point;
      if (point.at < begin.at + recoverMs || !all(recovery, beyond)) continue;
      told.push(`${point.at} cleared`);
      raisedIndex = -1;
      floor = i + 1;
    }
  }
  return told;
}

const points: fc.Arbitrary<Point[]> = fc
  .array(
    fc.record({
      after: fc.constantFrom(500, 1_000, 1_000, 2_000, 5_000, 5_001, 9_000),
      value: fc.constantFrom(85, 88, 89, 90, 91, 93, 96),
      good: fc.constantFrom(true, true, true, false),
    }),
    { maxLength: 60, size: 'max' },
  )
  .map((list) => {
    let at = 0;
    return list.map(({ after, value, good }) => {
      at += after;
      return { at, value, good };
    });
  });
const shape: fc.Arbitrary<Shape> = fc.record({
  holdMs: fc.constantFrom(0, 2_000, 6_000),
  recoverMs: fc.constantFrom(0, 3_000),
  readings: fc.constantFrom(1, 1, 2, 3),
  deadband: fc.constantFrom(0, 2),
});

describe('a run', () => {
  test('is what the definitions say, on any stream', { tags: ['ALR-LIMIT', 'ALR-HYSTERESIS', 'ALR-EPISODE'] }, () => {
    const property = fc.property(points, shape, (stream, each) => {
      return byMachine(stream, each).join() === byDefinition(stream, each).join();
    });
    const { counterexample } = fc.check(property, { seed: 11, numRuns: 5_000 });
    const told = counterexample && [byMachine(...counterexample), byDefinition(...counterexample), counterexample];
    expect(told).toBeNull();
  });

  test('begins and ends in such streams', { tags: ['ALR-LIMIT'] }, () => {
    const counts = fc
      .sample(fc.tuple(points, shape), { seed: 11, numRuns: 200 })
      .map((each) => byMachine(...each).length);
    expect(counts.filter((count) => count >= 2).length).toBeGreaterThan(50);
  });

  test('of a spot measurement stands for itself', { tags: ['ALR-LIMIT'] }, () => {
    const row = rowOf({ holdMs: 15_000, recoverMs: 5_000, readings: 2, deadband: 1 });
    const run = idleRun();
    const pace = { spot: true, gap: false };
    const take = (value: number, at: number) => {
      const sample = { value, bound: null, good: true, at };
      const judged = { name: () => 'x', evidence: () => ({}) as EvidenceReading };
      return step(run, row, verdictOf(row, sample), sample, pace, judged);
    };
    expect([take(80, 1), take(95, 2)]).toEqual(['raised', 'cleared']);
  });
});
