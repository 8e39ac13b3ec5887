// Each meaning of `alerting.md` 2.1, 2.2 and 2.4 on a recording worked out on paper: the oracle is judged before it judges.
import { describe, expect, test } from 'vitest';
import { readRules } from '../../oracle/rule-file.ts';
import { cgm, minute, oximeter, rules, story, times } from './story.ts';

const low = { family: 'low', vitals: ['glucose'], below: '70 mg/dL', deadband: 10 };
const tell = (signal: ReturnType<typeof cgm>, ...each: Record<string, unknown>[]) =>
  story({ signals: [signal], rules: rules(...each), until: (signal.arrivals.at(-1)?.at ?? 0) + 1 });

describe('a limit', () => {
  test.for([
    ['below', 69, 70],
    ['atOrBelow', 70, 71],
    ['above', 71, 70],
    ['atOrAbove', 70, 69],
  ] as const)('%s 70 means %i and not %i', ([operator, raises, raisesNot]) => {
    const rule = { vitals: ['glucose'], [operator]: '70 mg/dL' };
    expect(tell(cgm(raises), rule)).toEqual(['300s raised f r0 medium']);
    expect(tell(cgm(raisesNot), rule)).toEqual([]);
  });

  test('is compared with what is displayed', () => {
    expect(tell(cgm(69.5), low)).toEqual([]);
    expect(tell(cgm(69.4), low)).toEqual(['300s raised low r0 medium']);
  });

  test('in mmol/L is the same in mg/dL', () => {
    const [rule] = readRules(
      JSON.stringify({ rules: [{ id: 'r', kind: 'threshold', vitals: ['glucose'], below: '3.9 mmol/L' }] }),
    );
    expect([rule?.limit, rule?.limitText]).toEqual([70, '< 3.9 mmol/L']);
  });

  test('clears at the deadband and not a step before', () => {
    expect(tell(cgm(69, 79), low)).toEqual(['300s raised low r0 medium']);
    expect(tell(cgm(69, 80), low)).toEqual(['300s raised low r0 medium', '600s closed low r0 medium']);
    const atOrBelow = { family: 'low', vitals: ['glucose'], atOrBelow: '70 mg/dL', deadband: 10 };
    expect(tell(cgm(69, 80), atOrBelow)).toEqual(['300s raised low r0 medium']);
    expect(tell(cgm(69, 81), atOrBelow)).toHaveLength(2);
  });
});

describe('a hold', () => {
  const held = { family: 'low', vitals: ['spo2'], below: '90 %', deadband: 1, holdMs: 15_000, recoverMs: 5_000 };
  const told = (...readings: Parameters<typeof oximeter>) => tell(oximeter(...readings), held);

  test('is over at the first violating reading that late after the first one', () => {
    expect(told(...times(15, 88))).toEqual([]);
    expect(told(...times(16, 88))).toEqual(['16s raised low r0 medium']);
  });

  test('is not interrupted inside the deadband, which does not end it either', () => {
    expect(told(88, ...times(14, 90), 90)).toEqual([]);
    expect(told(88, ...times(14, 90), 88)).toEqual(['16s raised low r0 medium']);
  });

  test('begins again after a reading beyond the deadband', () => {
    expect(told(...times(10, 88), 91, ...times(15, 88))).toEqual([]);
    expect(told(...times(10, 88), 91, ...times(16, 88))).toEqual(['27s raised low r0 medium']);
  });

  test('begins again after more than 5 s without a reading, for which silence is no time', () => {
    expect(told(...times(10, 88), ...times(4, null), ...times(2, 88))).toEqual(['16s raised low r0 medium']);
    expect(told(...times(10, 88), ...times(5, null), ...times(15, 88))).toEqual([]);
    expect(told(...times(10, 88), ...times(5, null), ...times(16, 88))).toEqual(['31s raised low r0 medium']);
  });

  test('takes NaN for no reading', () => {
    expect(told(...times(10, 88), ...times(4, Number.NaN), ...times(2, 88))).toEqual(['16s raised low r0 medium']);
    expect(told(...times(10, 88), ...times(5, Number.NaN), ...times(15, 88))).toEqual([]);
  });

  test('ends by a reading beyond for the time to recover, begun again by a violation', () => {
    const raised = '16s raised low r0 medium';
    expect(told(...times(16, 88), ...times(5, 95))).toEqual([raised]);
    expect(told(...times(16, 88), ...times(6, 95))).toEqual([raised, '22s closed low r0 medium']);
    expect(told(...times(16, 88), ...times(5, 95), 88, ...times(5, 95))).toEqual([raised]);
    expect(told(...times(16, 88), ...times(3, 95), 90, 95, 95)).toEqual([raised, '22s closed low r0 medium']);
    expect(told(...times(16, 88), ...times(3, 95), ...times(5, null), ...times(5, 95))).toEqual([raised]);
  });
});

describe('two readings', () => {
  const two = { ...low, readings: 2, recoverMs: 15 * minute };

  test('have to violate one after the other', () => {
    expect(tell(cgm(65, 75, 66), two)).toEqual([]);
    expect(tell(cgm(65, 75, 66, 66), two)).toEqual(['1200s raised low r0 medium']);
    const afterGap = tell(cgm(65, null, null, null, 66), two);
    expect(afterGap.filter((line) => line.includes('r0'))).toEqual([]);
  });

  test('have to be beyond the deadband at the end', () => {
    const raised = '600s raised low r0 medium';
    expect(tell(cgm(65, 65, 85, 85, 85), two)).toEqual([raised]);
    expect(tell(cgm(65, 65, 85, 85, 85, 85), two)).toEqual([raised, '1800s closed low r0 medium']);
    expect(tell(cgm(65, 65, 85, 85, 75, 85), two)).toEqual([raised]);
    expect(tell(cgm(65, 65, 85, 85, 75, 85, 85), two)).toEqual([raised, '2100s closed low r0 medium']);
  });
});

describe('a bound', () => {
  test('beyond the device raises, also where it is undecided, and clears the opposite rule alone', () => {
    expect(tell(cgm('LOW'), low)).toEqual(['300s raised low r0 medium']);
    expect(tell(cgm('LOW'), { ...low, below: '36 mg/dL' })).toEqual(['300s raised low r0 medium']);
    const high = { family: 'high', vitals: ['glucose'], above: '250 mg/dL' };
    expect(tell(cgm(260, 'LOW'), high)).toEqual(['300s raised high r0 medium', '600s closed high r0 medium']);
    expect(tell(cgm(60, 'HIGH', 'LOW'), low)).toEqual([
      '300s raised low r0 medium',
      '600s closed low r0 medium',
      '900s raised low r0 medium',
    ]);
  });
});

test('a doubtful reading raises and does not clear', () => {
  expect(tell(cgm('60?'), low)).toEqual(['300s raised low r0 medium']);
  expect(tell(cgm(60, '100?'), low)).toEqual(['300s raised low r0 medium']);
});
