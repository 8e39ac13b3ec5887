// Each rule kind by itself, at its limit and one step either side (`alerting.md` 2.3-2.8, 2.10, 2.11).
import { describe, expect, test } from 'vitest';
import { RuleSet } from '../../../../contract/index.ts';
import {
  bodies,
  difference,
  inPartition,
  judge,
  newEngine,
  restarted,
  type Says,
  ward,
} from '../../../support/core.ts';

const common = { version: 1, family: 'f', rank: 1, priority: 'high', source: 'test' };

function setOf(...rules: readonly object[]): RuleSet {
  const named = rules.map((rule, i) => ({ ...common, id: `r-${i}`, family: `f-${i}`, ...rule }));
  return RuleSet.parse({ id: 's', version: 1, title: 't', rules: named });
}

/** Readings of one signal, each after so many seconds; what was told of physiology. */
function told(
  set: RuleSet,
  vital: 'glucose' | 'spo2' | 'pulse',
  everyS: number,
  says: readonly (Says | null)[],
): string[] {
  const run = ward({ rules: set });
  const patient = run.patient('p-1').wears(vital, { every: `${everyS}s` });
  says.forEach((value, i) => {
    if (value !== null) patient.reading(vital, value, `${(i + 1) * everyS}s`);
  });
  run.run(`${(says.length + 1) * everyS}s`);
  const again = judge(inPartition(run.records, 0, 1));
  expect(difference(bodies(again), bodies(run.events))).toBeUndefined();
  return run.story({ kind: 'physiological' });
}

describe('a rate', () => {
  const falling = { kind: 'rate', vitals: ['glucose'], atOrBelow: '-2 mg/dL/min', windowMs: 900_000, deadband: 0.5 };

  test.for([
    ['steeper', [130, 119, 108, 97], ['900s raised f-0 high']],
    ['at the limit', [130, 120, 110, 100], ['900s raised f-0 high']],
    ['a step milder', [130, 120.1, 110.2, 100.3], []],
  ] as const)('%s', { tags: ['ALR-LIMIT'] }, ([, values, expected]) => {
    expect(told(setOf(falling), 'glucose', 300, values)).toEqual(expected);
  });

  test('of two readings is unknown, and so is one over a gap or a bound', { tags: ['ALR-LIMIT'] }, () => {
    const set = setOf(falling);
    expect(told(set, 'glucose', 300, [130, 100])).toEqual([]);
    expect(told(set, 'glucose', 300, [130, 110, 'LOW'])).toEqual([]);
    expect(told(setOf({ ...falling, windowMs: 900_000 }), 'glucose', 300, [200, null, null, null, 150, 100])).toEqual(
      [],
    );
  });

  test('is over beyond its deadband, or where it does not look', { tags: ['ALR-HYSTERESIS'] }, () => {
    const only = { ...falling, onlyWhen: { below: '120 mg/dL', deadband: 5 } };
    expect(told(setOf(only), 'glucose', 300, [160, 145, 130, 119, 104])).toEqual(['1200s raised f-0 high']);
    expect(told(setOf(falling), 'glucose', 300, [130, 118, 106, 105, 105, 105])).toEqual([
      '900s raised f-0 high',
      '1500s closed f-0 high',
    ]);
  });

  test('of two swapped readings is that of the sorted order, judged with the next (D20)', {
    tags: ['ALR-RETRO', 'ING-ORDER'],
  }, () => {
    const run = ward({ rules: setOf(falling) });
    const patient = run.patient('p-1').wears('glucose');
    patient.reading('glucose', 130, '300s').reading('glucose', 108, '900s');
    patient.reading('glucose', 119, '901s', { late: '301s' }).reading('glucose', 97, '1200s');
    expect(run.run('21min').story({ kind: 'physiological' })).toEqual(['1200s raised f-0 high']);
  });
});

describe('a count', () => {
  const count = { kind: 'count', vitals: ['spo2'], below: '90 %', atLeast: 3, of: 5, deadband: 1 };

  test.for([
    ['three of five', [89, 95, 89, 95, 89], ['5s raised f-0 high']],
    ['two of five', [89, 95, 90, 95, 89], []],
    ['three of six', [89, 95, 89, 95, 95, 89], []],
    ['bad ones do not count', [89, 'no-contact', 89, 'not-a-number', 95, 89], ['6s raised f-0 high']],
    ['a gap empties the list', [89, 89, null, null, null, null, null, 89, 95], []],
    ['it clears at three in a row', [89, 89, 89, 95, 95, 90, 91, 91, 91], ['3s raised f-0 high', '9s closed f-0 high']],
  ] as const)('%s', { tags: ['ALR-LIMIT'] }, ([, values, expected]) => {
    expect(told(setOf(count), 'spo2', 1, values)).toEqual(expected);
  });
});

describe('a window', () => {
  const mean = { kind: 'window', vitals: ['spo2'], below: '90 %', statistic: 'mean', windowMs: 10_000, deadband: 1 };
  const ten = (...values: number[]) => values.flatMap((value) => Array.from({ length: 10 }, () => value));

  test('mean at the limit and a step below', { tags: ['ALR-LIMIT'] }, () => {
    expect(told(setOf(mean), 'spo2', 1, ten(90))).toEqual([]);
    expect(told(setOf(mean), 'spo2', 1, ten(89))).toEqual(['8s raised f-0 high']);
  });

  test('is unknown while readings cover too little of it', { tags: ['ALR-LIMIT'] }, () => {
    expect(told(setOf(mean), 'spo2', 1, [80, 80, 80, 80, 80, 80, 80])).toEqual([]);
    expect(told(setOf(mean), 'spo2', 1, [80, 80, 80, 80, 80, 80, 80, 80])).toEqual(['8s raised f-0 high']);
  });

  test.for([
    ['min', 'below', [95, 95, 95, 95, 89, 95, 95, 95], true],
    ['max', 'below', [89, 89, 89, 89, 89, 89, 89, 95], false],
    ['median', 'below', [89, 89, 89, 89, 89, 97, 97, 97], true],
    ['percentile', 'below', [89, 89, 95, 95, 95, 95, 95, 95], true],
  ] as const)('%s', { tags: ['ALR-LIMIT'] }, ([statistic, operator, values, raised]) => {
    const rule = { ...mean, statistic, ...(statistic === 'percentile' && { percentile: 25 }), [operator]: '90 %' };
    expect(told(setOf(rule), 'spo2', 1, values)).toEqual(raised ? ['8s raised f-0 high'] : []);
  });

  test('deviation', { tags: ['ALR-LIMIT'] }, () => {
    const rule = { ...mean, below: undefined, above: '4 %', statistic: 'deviation', deadband: 0 };
    expect(told(setOf(rule), 'spo2', 1, [95, 85, 95, 85, 95, 85, 95, 85])).toEqual(['8s raised f-0 high']);
    expect(told(setOf(rule), 'spo2', 1, [94, 90, 94, 90, 94, 90, 94, 90])).toEqual([]);
  });

  test('of an hour is kept in sixty parts', { tags: ['ALR-BOUNDED'] }, () => {
    const rule = {
      ...mean,
      vitals: ['glucose'],
      below: undefined,
      above: '180 mg/dL',
      windowMs: 3_600_000,
      deadband: 5,
    };
    const values = [...Array.from({ length: 12 }, () => 180), ...Array.from({ length: 8 }, () => 260)];
    expect(told(setOf(rule), 'glucose', 300, values)).toEqual(['4200s raised f-0 high']);
  });
});

describe('an integral', () => {
  const depth = { kind: 'integral', vitals: ['spo2'], below: '88 %', budget: '100 %.s', deadband: 1, recoverMs: 5_000 };
  const steady = (value: number, count: number) => Array.from({ length: count }, () => value);

  test.for([
    ['8 deep for 12 s is 96', 80, 13, false],
    ['8 deep for 13 s is 104', 80, 14, true],
    ['10 deep for 10 s is 100', 78, 11, true],
    ['at the limit it is nothing', 88, 200, false],
  ] as const)('%s', { tags: ['ALR-LIMIT'] }, ([, value, count, raised]) => {
    const expected = raised ? [`${count}s raised f-0 high`] : [];
    expect(told(setOf(depth), 'spo2', 1, steady(value, count))).toEqual(expected);
  });

  test('begins anew after five seconds beyond limit and deadband', { tags: ['ALR-HYSTERESIS'] }, () => {
    const reset = [...steady(80, 10), ...steady(89, 7), ...steady(80, 10)];
    const held = [...steady(80, 10), ...steady(88, 7), ...steady(80, 10)];
    expect(told(setOf(depth), 'spo2', 1, reset)).toEqual([]);
    expect(told(setOf(depth), 'spo2', 1, held)).toEqual(['21s raised f-0 high']);
  });

  test('and the third excursion of a minute raises whatever the sum', { tags: ['ALR-LIMIT'] }, () => {
    const three = [87, ...steady(95, 20), 87, ...steady(95, 20), 87];
    const slower = [87, ...steady(95, 30), 87, ...steady(95, 30), 87];
    expect(told(setOf(depth), 'spo2', 1, three)).toEqual(['43s raised f-0 high']);
    expect(told(setOf(depth), 'spo2', 1, slower)).toEqual([]);
  });
});

describe('a prediction', () => {
  const soon = {
    kind: 'predict',
    vitals: ['glucose'],
    below: '70 mg/dL',
    method: 'damped-linear',
    horizonMs: 1_800_000,
    deadband: 10,
  };
  const low = {
    kind: 'threshold',
    vitals: ['glucose'],
    below: '70 mg/dL',
    deadband: 10,
    holdMs: 0,
    recoverMs: 0,
    readings: 2,
  };
  const family = { family: 'low', priority: 'medium' };

  test('of two readings in a row raises: g + 0.6 s h', { tags: ['ALR-PREDICT'] }, () => {
    // Slope -2: 110 - 36 = 74, 100 - 36 = 64, 90 - 36 = 54.
    expect(told(setOf(soon), 'glucose', 300, [130, 120, 110, 100, 90])).toEqual(['1500s raised f-0 high']);
    expect(told(setOf(soon), 'glucose', 300, [130, 120, 110, 100, 100, 105, 110, 115])).toEqual([]);
  });

  test('what was expected and has come is worse, at the same priority', {
    tags: ['ALR-PREDICT', 'ALR-EPISODE'],
  }, () => {
    const set = setOf({ ...soon, ...family, rank: 1 }, { ...low, ...family, rank: 2 });
    expect(told(set, 'glucose', 300, [130, 120, 110, 100, 90, 80, 69, 60])).toEqual([
      '1500s raised low medium',
      '2400s worsened low medium',
    ]);
  });

  test('rests for half an hour from its beginning', { tags: ['ALR-PREDICT'] }, () => {
    const down = [130, 120, 110, 100, 90];
    const back = [100, 110, 120, 130, 130];
    expect(told(setOf(soon), 'glucose', 300, [...down, ...back, 120, 110, 100, 90, 80]).length).toBe(3);
    expect(
      told(setOf({ ...soon, refractoryMs: 7_200_000 }), 'glucose', 300, [...down, ...back, 120, 110, 100, 90, 80])
        .length,
    ).toBe(2);
  });

  test('by AR2 needs two readings five minutes apart', { tags: ['ALR-PREDICT'] }, () => {
    const ar2 = { ...soon, method: 'ar2', readings: 1 };
    expect(told(setOf(ar2), 'glucose', 300, [100, 85])).toEqual(['600s raised f-0 high']);
    expect(told(setOf(ar2), 'glucose', 300, [100, 99])).toEqual([]);
    expect(told(setOf(ar2), 'glucose', 420, [100, 85])).toEqual([]);
  });
});

describe('a composite', () => {
  const fast = {
    id: 'fast',
    kind: 'threshold',
    vitals: ['pulse'],
    above: '120 /min',
    deadband: 0,
    holdMs: 0,
    recoverMs: 0,
    priority: 'low',
  };
  const pale = {
    id: 'pale',
    kind: 'threshold',
    vitals: ['spo2'],
    below: '92 %',
    deadband: 0,
    holdMs: 0,
    recoverMs: 0,
    priority: 'low',
  };
  const both = {
    id: 'both',
    family: 'both',
    kind: 'composite',
    condition: { all: [{ rule: 'fast' }, { rule: 'pale' }] },
  };

  function story(run: ReturnType<typeof ward>, until: string): string[] {
    const lines = run.run(until).story({ kind: 'physiological' });
    return lines.filter((line) => line.includes('both'));
  }

  test('is true when all are, and over when one is not', { tags: ['ALR-LIMIT'] }, () => {
    const run = ward({ rules: setOf(fast, pale, both) });
    const patient = run.patient('p-1').wears('spo2').wears('pulse');
    patient.steady('spo2', 90, '1s', '30s').steady('pulse', 80, '1s', '10s').steady('pulse', 130, '10s', '20s');
    patient.steady('pulse', 80, '20s', '30s');
    expect(story(run, '29s')).toEqual(['10s raised both high', '20s closed both high']);
    const restartedRun = restarted(run.engine);
    expect(bodies(judge([], restartedRun)).size).toBe(0);
  });

  test('with a silent operand neither raises nor clears', { tags: ['ALR-LIMIT', 'ALR-CLEAR'] }, () => {
    const run = ward({ rules: setOf(fast, pale, both) });
    const patient = run.patient('p-1').wears('spo2').wears('pulse');
    patient.steady('spo2', 90, '1s', '10s').steady('pulse', 130, '1s', '120s');
    expect(story(run, '119s')).toEqual(['1s raised both high']);
    const other = ward({ rules: setOf(fast, pale, both) });
    const second = other.patient('p-1').wears('spo2').wears('pulse');
    second.steady('spo2', 90, '1s', '10s').steady('pulse', 130, '60s', '90s');
    expect(story(other, '89s')).toEqual([]);
  });
});

describe('NEWS2', () => {
  const high = { id: 'high', family: 'news2', rank: 3, kind: 'news2', atLeast: 7 };

  function scored(values: Readonly<Record<string, number>>, later: Readonly<Record<string, number>> = {}): string[] {
    const run = ward({ rules: setOf(high) });
    const patient = run.patient('p-1');
    for (const vital of Object.keys(values)) patient.wears(vital as 'resp', { every: '1min' });
    for (const [vital, value] of Object.entries(values)) patient.reading(vital as 'resp', value, '60s');
    for (const [vital, value] of Object.entries(later)) patient.reading(vital as 'resp', value, '120s');
    return run.run('3min').story({ kind: 'physiological' });
  }
  const well = { resp: 16, spo2: 97, oxygen: 0, sbp: 120, pulse: 70, consciousness: 0, temp: 37 };

  test('sees each value that changes a score, of signals that were well for long', { tags: ['ALR-LIMIT'] }, () => {
    const run = ward({ rules: setOf(high) });
    const patient = run.patient('p-1');
    for (const [vital, value] of Object.entries(well)) {
      patient.wears(vital as 'resp', { every: '1s' }).steady(vital as 'resp', value, '1s', '60s');
    }
    const ill = { resp: 25, spo2: 91, pulse: 111 };
    for (const [vital, value] of Object.entries(ill)) patient.reading(vital as 'resp', value, '60s');
    expect(run.run('60s').story({ kind: 'physiological' })).toEqual(['60s raised news2 high']);
  });

  test('of seven well is nothing; three of seven that sum to 7 raise', { tags: ['ALR-LIMIT'] }, () => {
    expect(scored(well)).toEqual([]);
    expect(scored({ resp: 25, spo2: 91, pulse: 100 })).toEqual(['60s raised news2 high']);
    expect(scored({ resp: 25, spo2: 91, pulse: 90 })).toEqual([]);
  });

  test('what is known of it does not clear, the whole does', { tags: ['ALR-CLEAR'] }, () => {
    expect(scored({ resp: 25, spo2: 91, pulse: 100 }, { resp: 16, spo2: 94 })).toEqual(['60s raised news2 high']);
    const ill = { ...well, resp: 25, spo2: 91, pulse: 100 };
    expect(scored(ill, { resp: 16, spo2: 97, pulse: 70 })).toEqual(['60s raised news2 high', '120s closed news2 high']);
  });
});
