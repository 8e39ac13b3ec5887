// What a clinician is told of a breach, from its first reading to its end (`alerting.md` 2, 4, 8). D-numbers are those of
// `alerting.md` 8: defects seen in open systems.
import { describe, expect, test } from 'vitest';
import { ward } from '../support/core.ts';

describe('saturation', () => {
  test('falls: the alert comes with the reading that fulfils the hold, not before', { tags: ['ALR-LIMIT'] }, () => {
    const run = ward();
    run
      .patient('p-1')
      .wears('spo2')
      .steady('spo2', 95, '1s', '10s')
      .steady('spo2', 86, '10s', '25s')
      .reading('spo2', 86, '25s');
    expect(run.run('24s').story()).toEqual([]);
    expect(run.run('26s').story()).toEqual(['25s raised spo2-low high']);
    const alert = run.alert('spo2-low');
    expect(alert?.rules.map(({ id, limit, reading }) => [id, limit, reading?.value])).toEqual([
      ['spo2-very-low', '<= 88 %', 86],
      ['spo2-low', '< 90 %', 86],
    ]);
    expect(alert?.evidence.readings.map(({ value }) => value)).toEqual(Array.from({ length: 16 }, () => 86));
  });

  test('a drop to 78 needs no hold', { tags: ['ALR-LIMIT'] }, () => {
    const run = ward();
    run.patient('p-1').wears('spo2').steady('spo2', 95, '1s', '10s').reading('spo2', 78, '10s');
    expect(run.run('11s').story()).toEqual(['10s raised spo2-low high']);
    expect(run.alert('spo2-low')?.floor).toBe(true);
  });

  test('a breach shorter than the hold is none', { tags: ['ALR-LIMIT'] }, () => {
    const run = ward();
    run.patient('p-1').wears('spo2').steady('spo2', 86, '1s', '15s').steady('spo2', 95, '15s', '30s');
    expect(run.run('30s').story()).toEqual([]);
  });

  test('D7: very low, then 90: eased, still high to be acknowledged, latched at the end', {
    tags: ['ALR-LATCH', 'ALR-HYSTERESIS'],
  }, () => {
    const run = ward();
    const patient = run.patient('p-1').wears('spo2').steady('spo2', 86, '1s', '20s').steady('spo2', 90, '20s', '30s');
    run.run('29s');
    expect(run.story()).toEqual(['16s raised spo2-low high', '25s eased spo2-low medium']);
    expect(run.alert('spo2-low')).toMatchObject({ state: 'active', signalPriority: 'high', peak: 'high' });
    patient.steady('spo2', 95, '30s', '60s').acknowledged('spo2-low', '55s');
    run.run('60s');
    expect(run.story().slice(2)).toEqual(['35s latched spo2-low medium', '55s acknowledged spo2-low medium']);
    expect(run.alert('spo2-low')).toMatchObject({
      state: 'closed',
      closedWhy: 'acknowledged',
      acknowledged: { by: 'nurse-1' },
    });
  });

  test('flickering between 87 and 89 is one episode, told by 16 s', { tags: ['ALR-HYSTERESIS', 'ALR-EPISODE'] }, () => {
    const run = ward();
    const patient = run.patient('p-1').wears('spo2');
    for (let at = 1; at < 120; at++) patient.reading('spo2', at % 2 ? 87 : 89, `${at}s`);
    expect(run.run('2min').story()).toEqual(['16s raised spo2-low medium', '17s worsened spo2-low high']);
  });

  test('low again while latched is the same alert', { tags: ['ALR-LATCH', 'ALR-EPISODE'] }, () => {
    const run = ward();
    run
      .patient('p-1')
      .wears('spo2')
      .steady('spo2', 77, '1s', '5s')
      .steady('spo2', 96, '5s', '20s')
      .reading('spo2', 76, '20s');
    expect(run.run('21s').story()).toEqual([
      '1s raised spo2-low high',
      '10s latched spo2-low high',
      '20s reasserted spo2-low high',
    ]);
  });

  test('closed is never reopened: a new onset is a new alert', { tags: ['ALR-EPISODE'] }, () => {
    const run = ward();
    run
      .patient('p-1')
      .wears('spo2')
      .steady('spo2', 89, '1s', '20s')
      .steady('spo2', 96, '20s', '40s')
      .steady('spo2', 89, '40s', '60s');
    expect(run.run('60s').story()).toEqual([
      '16s raised spo2-low medium',
      '25s closed spo2-low medium',
      '55s raised spo2-low medium',
    ]);
    const ids = run.events.flatMap(({ kind, body }) => (kind === 'alert' ? [body.alert.id] : []));
    expect(new Set(ids).size).toBe(2);
  });

  test('D15: identical for hours is fresh', { tags: ['ALR-STALE'] }, () => {
    const run = ward();
    run.patient('p-1').wears('spo2').steady('spo2', 97, '1s', '2h');
    expect(run.run('2h').story()).toEqual([]);
    expect(run.monitoring('spo2')).toEqual(['0s not-monitored never-received', '1s monitored']);
  });

  test('D16: another sequence number is another reading, whatever it says', { tags: ['ALR-LIMIT'] }, () => {
    const run = ward();
    run.patient('p-1').wears('spo2').reading('spo2', 97, '1s').reading('spo2', 77, '1001ms');
    expect(run.run('3s').story()).toEqual(['1.001s raised spo2-low high']);
  });
});

describe('glucose', () => {
  test('D1: an acknowledged high holds back no low', { tags: ['ALR-SCOPE'] }, () => {
    const run = ward();
    const patient = run.patient('p-1').wears('glucose').steady('glucose', 280, '1min', '40min');
    patient
      .acknowledged('glucose-high', '32min')
      .steady('glucose', 120, '41min', '60min')
      .reading('glucose', 48, '61min');
    expect(run.run('62min').story()).toEqual([
      '1860s raised glucose-high medium',
      '1920s acknowledged glucose-high medium',
      '2820s reasserted glucose-high medium',
      '3360s closed glucose-high medium',
      '3660s raised glucose-low high',
    ]);
  });

  test('D2: 39, 38, LOW, sensor code: urgent low, then sensor fault, never nothing', {
    tags: ['ALR-LIMIT', 'ALR-QUALITY', 'CON-ABSENT'],
  }, () => {
    const run = ward();
    const patient = run.patient('p-1').wears('glucose').reading('glucose', 39, '1min').reading('glucose', 38, '6min');
    patient.reading('glucose', 'LOW', '11min').reading('glucose', 'sensor-fault', '16min');
    expect(run.run('17min').story()).toEqual([
      '60s raised glucose-low high',
      '360s updated glucose-low high',
      '960s data-lost glucose-low high',
      '960s raised sensor-fault glucose-p-1:glucose high',
    ]);
  });

  test.for([
    ['LOW', 'glucose-low'],
    ['HIGH', 'glucose-high'],
  ] as const)('D2: the first word of a sensor is %s', { tags: ['ALR-LIMIT', 'CON-ABSENT'] }, ([says, family]) => {
    const run = ward();
    run.patient('p-1').wears('glucose').reading('glucose', says, '1min');
    expect(run.run('2min').story()).toEqual([`60s raised ${family} high`]);
  });

  test('one urgent low is told at once and marked until a second reading', { tags: ['ALR-LIMIT'] }, () => {
    const run = ward();
    run.patient('p-1').wears('glucose').reading('glucose', 50, '1min').reading('glucose', 51, '6min');
    run.run('2min');
    expect(run.alert('glucose-low')?.flags).toEqual(['unconfirmed']);
    run.run('7min');
    expect(run.alert('glucose-low')?.flags).toEqual([]);
    expect(run.alert('glucose-low')?.rules.map(({ id }) => id)).toEqual(['urgent-low', 'low']);
  });

  test('one reading below 70 is not yet low, two are', { tags: ['ALR-LIMIT'] }, () => {
    const run = ward();
    run
      .patient('p-1')
      .wears('glucose')
      .reading('glucose', 65, '1min')
      .reading('glucose', 75, '6min')
      .steady('glucose', 66, '11min', '17min');
    expect(run.run('17min').story()).toEqual(['960s raised glucose-low medium']);
  });

  test('3.8 mmol/L is 68 mg/dL', { tags: ['CON-UNITS'] }, () => {
    const run = ward();
    const patient = run.patient('p-1').wears('glucose');
    patient
      .steady('glucose', 3.9, '1min', '12min', { unit: 'mmol/L' })
      .steady('glucose', 3.8, '16min', '22min', { unit: 'mmol/L' });
    expect(run.run('22min').story()).toEqual(['1260s raised glucose-low medium']);
  });

  test('two hours below 54 are told as such, acknowledged or not', { tags: ['ALR-REASSERT'] }, () => {
    const run = ward();
    run.patient('p-1').wears('glucose').steady('glucose', 50, '1min', '122min').acknowledged('glucose-low', '110min');
    run.run('122min');
    expect(run.alert('glucose-low')?.rules.map(({ id }) => id)).toEqual(['low-long', 'urgent-low', 'low']);
    expect(run.run('150min').story().at(-1)).toBe('8400s reasserted glucose-low high');
  });
});

test('heart rate and pulse are one problem, told once, and over when both are', { tags: ['ALR-EPISODE'] }, () => {
  const run = ward();
  const patient = run.patient('p-1').wears('hr').wears('pulse');
  patient
    .steady('hr', 130, '1s', '30s')
    .steady('pulse', 131, '5s', '40s')
    .steady('hr', 80, '30s', '70s')
    .steady('pulse', 80, '40s', '70s');
  expect(run.run('69s').story()).toEqual([
    '11s raised rate-high medium',
    '15s updated rate-high medium',
    '40s updated rate-high medium',
    '50s closed rate-high medium',
  ]);
});

test('bad readings neither raise nor clear', { tags: ['ALR-QUALITY', 'ALR-CLEAR'] }, () => {
  const run = ward();
  const patient = run.patient('p-1').wears('spo2').steady('spo2', 60, '1s', '20s', { quality: 'bad' });
  patient.steady('spo2', 77, '20s', '22s').steady('spo2', 97, '22s', '40s', { quality: 'bad' });
  expect(run.run('39s').story({ kind: 'physiological' })).toEqual(['20s raised spo2-low high']);
});

test('doubtful readings raise, marked, and do not clear', { tags: ['ALR-QUALITY', 'ALR-CLEAR'] }, () => {
  const run = ward();
  const patient = run.patient('p-1').wears('spo2').steady('spo2', 77, '1s', '5s', { quality: 'doubtful' });
  patient.steady('spo2', 97, '5s', '30s', { quality: 'doubtful' });
  expect(run.run('29s').story()).toEqual(['1s raised spo2-low high']);
  expect(run.alert('spo2-low')?.flags).toEqual(['doubtful']);
});
