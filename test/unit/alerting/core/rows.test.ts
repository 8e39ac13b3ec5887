import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileRules } from '../../../../alerting/core/index.ts';
import {
  guardOf,
  type Operator,
  operators,
  type RuleRow,
  type Sample,
  verdictOf,
} from '../../../../alerting/core/rows.ts';
import { toCanonical, toResolution, VITALS, type Vital, type VitalFacts } from '../../../../contract/index.ts';

const adult = JSON.parse(readFileSync(new URL('../../../../alerting/rules/adult.json', import.meta.url), 'utf8'));

/** One compiled rule. */
function row(vital: Vital, operator: Operator, limit: string, deadband = 0): RuleRow {
  const rule = {
    id: 'r',
    version: 1,
    family: 'f',
    rank: 1,
    priority: 'medium',
    kind: 'threshold',
    vitals: [vital],
    [operator]: limit,
    deadband,
    holdMs: 0,
    recoverMs: 0,
    source: 'test',
  };
  const compiled = compileRules({ id: 's', version: 1, title: 't', rules: [rule] });
  if ('faults' in compiled) throw new Error(compiled.faults.join('\n'));
  return compiled.rules.rows[0] as RuleRow;
}
const good = (value: number): Sample => ({ value, bound: null, good: true, at: 0 });

/** What each operator says one step below its limit, at it, and one step above. */
const boundary: Record<Operator, readonly [boolean, boolean, boolean]> = {
  below: [true, false, false],
  atOrBelow: [true, true, false],
  above: [false, false, true],
  atOrAbove: [false, true, true],
};

describe('at the limit and one step either side', () => {
  const cases = (['glucose', 'spo2', 'pulse', 'temp'] as const).flatMap((vital) =>
    (Object.keys(boundary) as Operator[]).map((operator) => [vital, operator] as const),
  );
  const limits: Record<string, number> = { glucose: 70, spo2: 88, pulse: 50, temp: 38.5 };

  test.for(cases)('%s %s', { tags: ['ALR-LIMIT'] }, ([vital, operator]) => {
    const { resolution, unit }: VitalFacts = VITALS[vital];
    const limit = limits[vital] as number;
    const one = row(vital, operator, `${limit} ${unit}`);
    const said = [-resolution, 0, resolution].map(
      (away) => verdictOf(one, good(toResolution(vital, limit + away))) === 'violating',
    );
    expect(said).toEqual(boundary[operator]);
  });

  test.for([
    ['70 mg/dL', '3.9 mmol/L'],
    ['54 mg/dL', '3.0 mmol/L'],
    ['180 mg/dL', '10.0 mmol/L'],
    ['250 mg/dL', '13.9 mmol/L'],
  ] as const)('%s and %s are one limit', { tags: ['CON-UNITS', 'ALR-LIMIT'] }, ([one, other]) => {
    expect(row('glucose', 'below', one).limit).toBe(row('glucose', 'below', other).limit);
  });

  test('16.7 mmol/L displays as 301 and is above 300', { tags: ['CON-UNITS', 'ALR-LIMIT'] }, () => {
    const shown = toResolution('glucose', toCanonical('glucose', 16.7, 'mmol/L') as number);
    expect([shown, verdictOf(row('glucose', 'above', '300 mg/dL'), good(shown))]).toEqual([301, 'violating']);
  });
});

describe('inside the deadband', () => {
  test.for([
    ['below', 70, [69, 70, 79, 80], ['violating', 'between', 'between', 'beyond']],
    ['atOrBelow', 70, [70, 71, 80, 81], ['violating', 'between', 'between', 'beyond']],
    ['above', 180, [181, 180, 171, 170], ['violating', 'between', 'between', 'beyond']],
    ['atOrAbove', 180, [180, 179, 170, 169], ['violating', 'between', 'between', 'beyond']],
  ] as const)('%s %i with 10', { tags: ['ALR-HYSTERESIS'] }, ([operator, limit, values, verdicts]) => {
    const one = row('glucose', operator, `${limit} mg/dL`, 10);
    expect(values.map((value) => verdictOf(one, good(value)))).toEqual(verdicts);
  });

  test('a doubtful reading beyond it does not count as recovered', { tags: ['ALR-CLEAR'] }, () => {
    expect(verdictOf(row('glucose', 'below', '70 mg/dL'), { ...good(120), good: false })).toBe('between');
  });
});

describe('a bound', () => {
  const low = row('glucose', 'below', '70 mg/dL', 10);
  const high = row('glucose', 'above', '180 mg/dL', 10);
  const bound = (side: 'below' | 'above', value: number | null, isGood = true): Sample => ({
    value,
    bound: side,
    good: isGood,
    at: 0,
  });

  test.for([
    ['LOW below 40', bound('below', 40), 'violating', 'beyond'],
    ['LOW at the limit', bound('below', 70), 'violating', 'beyond'],
    ['LOW above the limit is undecided, which counts', bound('below', 100), 'undecided', 'beyond'],
    ['LOW of an unknown limit', bound('below', null), 'undecided', 'beyond'],
    ['HIGH above 400', bound('above', 400), 'beyond', 'violating'],
    ['HIGH below the limit is undecided, which counts', bound('above', 100), 'beyond', 'undecided'],
    ['HIGH of an unknown limit', bound('above', null), 'beyond', 'undecided'],
    ['LOW far up clears no high', bound('below', 200), 'undecided', 'between'],
    ['a doubtful LOW clears nothing', bound('below', 40, false), 'violating', 'between'],
  ] as const)('%s', { tags: ['ALR-LIMIT', 'CON-ABSENT'] }, ([, sample, ofLow, ofHigh]) => {
    expect([verdictOf(low, sample), verdictOf(high, sample)]).toEqual([ofLow, ofHigh]);
  });
});

test('the guard band holds exactly the values that violate no rule', { tags: ['ALR-LIMIT', 'ALR-BOUNDED'] }, () => {
  const compiled = compileRules(adult);
  const rules = 'rules' in compiled ? compiled.rules : undefined;
  const wrong = (['glucose', 'spo2', 'pulse', 'hr'] as const).flatMap((vital) => {
    const { possible, resolution } = VITALS[vital];
    const rows = rules?.byVital.get(vital) ?? [];
    const guard = guardOf(rows, resolution, vital);
    const values = Array.from({ length: possible[1] - possible[0] + 1 }, (_, i) => possible[0] + i);
    return values.filter((value) => {
      const violates = rows.some((each) => verdictOf(each, good(value)) === 'violating');
      return violates === (value >= guard.low && value <= guard.high);
    });
  });
  expect([rules?.rows.length, wrong]).toEqual([14, []]);
});

test('every operator is true or false, and beyond is never violating', { tags: ['ALR-LIMIT'] }, () => {
  const property = fc.property(
    fc.constantFrom(...(Object.keys(operators) as Operator[])),
    fc.integer({ min: 36, max: 600 }),
    fc.integer({ min: 0, max: 30 }),
    fc.integer({ min: 10, max: 1500 }),
    (operator, limit, deadband, value) => {
      const { violates, clears, direction } = operators[operator];
      const edge = limit + (direction === 'low' ? deadband : -deadband);
      return !(violates(value, limit) && clears(value, edge));
    },
  );
  expect(fc.check(property, { seed: 5, numRuns: 2_000 }).counterexample).toBeNull();
});
