import { describe, expect, test } from 'vitest';
import { compileRules } from '../../../../alerting/core/index.ts';
import { adultRules } from '../../../support/core.ts';

const base = {
  id: 'low',
  version: 1,
  family: 'glucose-low',
  rank: 1,
  priority: 'medium',
  kind: 'threshold',
  vitals: ['glucose'],
  below: '70 mg/dL',
  deadband: 10,
  holdMs: 0,
  recoverMs: 0,
  source: 'test',
} as const;

function faultsOf(...rules: readonly object[]): string[] {
  const compiled = compileRules({ id: 's', version: 1, title: 't', rules });
  return 'faults' in compiled ? compiled.faults : [];
}

test('the default rules have no fault', { tags: ['ALR-RULES', 'ALR-DEFAULT'] }, () => {
  const compiled = compileRules(adultRules);
  expect('rules' in compiled && compiled.rules.rows.map(({ id, limitText }) => `${id} ${limitText}`)).toEqual([
    'low < 70 mg/dL',
    'urgent-low < 54 mg/dL',
    'low-long < 54 mg/dL',
    'high > 180 mg/dL',
    'high-250 > 250 mg/dL',
    'very-high > 300 mg/dL',
    'extreme-high > 400 mg/dL',
    'spo2-low < 90 %',
    'spo2-very-low <= 88 %',
    'spo2-desat <= 78 %',
    'rate-low < 50 /min',
    'rate-very-low < 40 /min',
    'rate-high > 120 /min',
    'rate-very-high > 140 /min',
  ]);
});

test('a rule that is switched off is checked and not judged', { tags: ['ALR-RULES'] }, () => {
  const compiled = compileRules({ id: 's', version: 1, title: 't', rules: [{ ...base, enabled: false }] });
  expect('rules' in compiled && compiled.rules.rows).toEqual([]);
});

describe('a fault is named with its place', () => {
  test.for([
    ['no unit', { ...base, below: '70' }, /^rules\.0\.below: expected a number, a space and a UCUM unit/],
    ['a foreign unit', { ...base, below: '70 %' }, 'rules.0 (low).below: % is no unit of glucose'],
    [
      '4 to 10 where mg/dL is expected',
      { ...base, below: '4 mg/dL' },
      'rules.0 (low).below: 4 mg/dL is no plausible limit of glucose, which lies between 36 and 600 mg/dL',
    ],
    ['two limits', { ...base, above: '180 mg/dL' }, /exactly one of .* is needed, 2 are given$/],
    ['no limit', { ...base, below: undefined }, /exactly one of .* is needed, 0 are given$/],
    ['a hold of ten hours', { ...base, holdMs: 36_000_000 }, /^rules\.0 \(low\)\.holdMs: 36000000 is longer than/],
    ['a recovery of ten hours', { ...base, recoverMs: 36_000_000 }, /^rules\.0 \(low\)\.recoverMs: 36000000/],
    ['a deadband that nothing can clear', { ...base, deadband: 2_000 }, /deadband: no value of glucose can clear it$/],
    ['a floor that is off', { ...base, floor: true, enabled: false }, /a floor rule cannot be disabled$/],
    ['unconfirmed after a hold', { ...base, confirm: true, holdMs: 1_000 }, /confirm: only a rule that raises at one/],
    ['a vital twice', { ...base, vitals: ['glucose', 'glucose'] }, /vitals: a vital is named twice$/],
    [
      'vitals without a common unit',
      { ...base, vitals: ['glucose', 'spo2'] },
      'rules.0 (low).below: mg/dL is no unit of spo2',
    ],
    ['an unknown kind', { ...base, kind: 'hunch' }, /^rules\.0\.kind/],
    ['an unknown key', { ...base, beneath: '70 mg/dL' }, /^rules\.0: .*beneath/],
  ] as const)('%s', { tags: ['ALR-RULES', 'CON-UNITS'] }, ([, rule, expected]) => {
    const faults = faultsOf(rule);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected));
  });

  test.for([
    ['an id twice', [base, { ...base, rank: 2 }], /a second rule of this id$/],
    ['equal ranks', [base, { ...base, id: 'x' }], /^family glucose-low: low and x have the same rank$/],
    [
      'a milder limit of higher rank',
      [base, { ...base, id: 'x', rank: 2, below: '80 mg/dL' }],
      /its limit is the milder one$/,
    ],
    [
      'a lower priority of higher rank',
      [base, { ...base, id: 'x', rank: 2, priority: 'low' }],
      /has a lower priority$/,
    ],
    [
      'both directions in a family',
      [base, { ...base, id: 'x', rank: 2, below: undefined, above: '180 mg/dL' }],
      /has rules of both directions$/,
    ],
    [
      'low and high swapped',
      [base, { ...base, id: 'x', family: 'glucose-high', below: undefined, above: '60 mg/dL' }],
      'glucose: low (< 70 mg/dL) is not below x (> 60 mg/dL)',
    ],
    [
      'more rules than a reading may cost',
      Array.from({ length: 33 }, (_, i) => ({ ...base, id: `r-${i}`, family: `f-${i}` })),
      'glucose: 33 rules look at it, at most 32 may',
    ],
  ] as const)('%s', { tags: ['ALR-RULES', 'ALR-BOUNDED'] }, ([, rules, expected]) => {
    const faults = faultsOf(...rules);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected));
  });

  test('all of them at once', { tags: ['ALR-RULES', 'SYS-CONFIG'] }, () => {
    expect(
      faultsOf({ ...base, below: '4 mg/dL', confirm: true, readings: 2 }, { ...base, id: 'x', rank: 2, below: '5 %' }),
    ).toHaveLength(3);
  });

  test('what is no rule set at all', { tags: ['ALR-RULES'] }, () => {
    expect(compileRules(null)).toEqual({ faults: [expect.stringMatching(/^rule set: /)] });
  });
});

test('a limit with hr and pulse means the same for both', { tags: ['CON-UNITS'] }, () => {
  const rule = { ...base, vitals: ['hr', 'pulse'], below: '50 /min', deadband: 3 };
  expect(faultsOf(rule)).toEqual([]);
  expect(faultsOf({ ...rule, vitals: ['sbp', 'dbp'], below: '8 kPa' })).toEqual([]);
  expect(faultsOf({ ...rule, vitals: ['temp', 'sbp'], below: '42 Cel' })).toEqual([
    'rules.0 (low).below: Cel is no unit of sbp',
  ]);
});
