// What people do to alerts, and what alerts then still do (`alerting.md` 4, 8).
import { describe, expect, test } from 'vitest';
import { adultRules, ward } from '../support/core.ts';

/** Refusals and acknowledgements, with who and why. */
function answers(run: ReturnType<typeof ward>): string[] {
  return run.events.flatMap(({ kind, body }) =>
    kind === 'alert' && body.requestId !== null
      ? [`${body.by} ${body.type}${body.refused ? ` ${body.refused}` : ''}`]
      : [],
  );
}

describe('an acknowledgement', () => {
  test('holds five minutes of a high alert, then calls again', { tags: ['ALR-REASSERT'] }, () => {
    const run = ward();
    run.patient('p-1').wears('spo2').steady('spo2', 86, '1s', '7min').acknowledged('spo2-low', '60s');
    expect(run.run('6min 59s').story()).toEqual([
      '16s raised spo2-low high',
      '60s acknowledged spo2-low high',
      '360s reasserted spo2-low high',
    ]);
  });

  test('is void when it gets worse, at once', { tags: ['ALR-REASSERT'] }, () => {
    const run = ward();
    const patient = run.patient('p-1').wears('spo2').steady('spo2', 89, '1s', '30s').acknowledged('spo2-low', '20s');
    patient.steady('spo2', 78, '30s', '40s');
    expect(run.run('39s').story()).toEqual([
      '16s raised spo2-low medium',
      '20s acknowledged spo2-low medium',
      '30s worsened spo2-low high',
    ]);
    expect(run.alert('spo2-low')).toMatchObject({ state: 'active', acknowledged: null, responsible: null });
  });

  test('ends with the condition', { tags: ['ALR-CLEAR'] }, () => {
    const run = ward();
    const patient = run.patient('p-1').wears('spo2').steady('spo2', 86, '1s', '30s').acknowledged('spo2-low', '20s');
    patient.steady('spo2', 97, '30s', '60s');
    expect(run.run('59s').story().slice(1)).toEqual(['20s acknowledged spo2-low high', '35s closed spo2-low high']);
  });

  test('of what was on the screen before it got worse is refused', { tags: ['ALR-SCOPE'] }, () => {
    const run = ward();
    const patient = run.patient('p-1').wears('spo2').steady('spo2', 89, '1s', '30s').steady('spo2', 78, '30s', '40s');
    patient.acknowledged('spo2-low', '35s', { revision: 1 });
    run.run('39s');
    expect(answers(run)).toEqual(['nurse-1 ack-refused revision']);
    expect(run.alert('spo2-low')).toMatchObject({ state: 'active', revision: 2 });
  });

  test('is not spoilt by what only informs: eased, data lost and back', { tags: ['ALR-SCOPE'] }, () => {
    const run = ward();
    const patient = run.patient('p-1').wears('spo2').steady('spo2', 86, '1s', '20s').steady('spo2', 90, '20s', '30s');
    patient.steady('spo2', 90, '65s', '80s').acknowledged('spo2-low', '75s', { revision: 1 });
    run.run('76s');
    expect(run.alert('spo2-low')).toMatchObject({ state: 'acknowledged', revision: 5, responsible: 'nurse-1' });
  });

  test('of two people: the first takes it, the second learns who; the first may ask again', {
    tags: ['ALR-SCOPE'],
  }, () => {
    const run = ward();
    const patient = run.patient('p-1').wears('spo2').steady('spo2', 86, '1s', '60s');
    patient.acknowledged('spo2-low', '20s').acknowledged('spo2-low', '21s', { by: 'nurse-2' });
    patient
      .acknowledged('spo2-low', '22s')
      .acknowledged('spo2-low', '23s', { request: 'r-p-1-spo2-low-20000-nurse-1' });
    run.run('30s');
    expect(answers(run)).toEqual(['nurse-1 acknowledged', 'nurse-2 ack-refused not-active', 'nurse-1 acknowledged']);
    expect(run.alert('spo2-low')).toMatchObject({ revision: 2, acknowledged: { by: 'nurse-1' } });
  });

  test('of an alert that is over, or that nobody knows, is answered', { tags: ['ALR-SCOPE'] }, () => {
    const run = ward();
    const patient = run.patient('p-1').wears('spo2').steady('spo2', 89, '1s', '20s').steady('spo2', 97, '20s', '40s');
    patient.acknowledged('spo2-low', '35s').acknowledged('glucose-low', '36s').acknowledged('glucose-low', '37s');
    run.run('39s');
    expect(answers(run)).toEqual([
      'nurse-1 ack-refused closed',
      'nurse-1 ack-refused unknown-alert',
      'nurse-1 ack-refused unknown-alert',
    ]);
    expect(new Set(run.events.flatMap(({ kind, body }) => (kind === 'alert' ? [body.event] : []))).size).toBe(5);
  });

  test('covers one patient, one family', { tags: ['ALR-SCOPE'] }, () => {
    const run = ward();
    const anna = run
      .patient('p-1')
      .wears('spo2')
      .wears('pulse')
      .steady('spo2', 86, '1s', '60s')
      .steady('pulse', 150, '1s', '60s');
    run.patient('p-2').wears('spo2').steady('spo2', 86, '1s', '60s');
    anna.acknowledged('rate-high', '20s');
    run.run('30s');
    expect([
      run.alert('spo2-low', 'p-1')?.state,
      run.alert('rate-high')?.state,
      run.alert('spo2-low', 'p-2')?.state,
    ]).toEqual(['active', 'acknowledged', 'active']);
  });

  test('of a silent sensor is void when that gets worse; its end needs nobody', {
    tags: ['ALR-TECH', 'ALR-REASSERT'],
  }, () => {
    const run = ward();
    run
      .patient('p-1')
      .wears('temp', { every: '10min' })
      .reading('temp', 37, '1s')
      .acknowledged('stale', '3601s')
      .reading('temp', 37, '2h 5min');
    const stale = run
      .run('2h 6min')
      .story()
      .filter((line) => line.includes('stale'));
    expect(stale).toEqual([
      '3601s raised stale temp-p-1:temp low',
      '3601s acknowledged stale temp-p-1:temp low',
      '7201s worsened stale temp-p-1:temp medium',
      '7500s closed stale temp-p-1:temp medium',
    ]);
  });

  test('of a lost gateway is answered under the gateway', { tags: ['ALR-TECH'] }, () => {
    const run = ward().silent('kit-p-1', '20s', '10h');
    run.patient('p-1').wears('spo2').steady('spo2', 96, '1s', '20s').acknowledged('gateway-lost', '50s');
    expect(run.run('55s').story()).toEqual([
      '40s raised gateway-lost gateway:kit-p-1 medium',
      '50s acknowledged gateway-lost gateway:kit-p-1 medium',
    ]);
  });
});

describe('a patient leaves', () => {
  test('with a high alert: latched until somebody has seen it', { tags: ['ALR-CLEAR', 'ALR-LATCH'] }, () => {
    const run = ward();
    run.patient('p-1').wears('spo2').steady('spo2', 86, '1s', '20s').discharged('20s').acknowledged('spo2-low', '40s');
    expect(run.run('5min').story()).toEqual([
      '16s raised spo2-low high',
      '20s latched spo2-low high',
      '40s acknowledged spo2-low high',
    ]);
    expect(run.monitoring('spo2').at(-1)).toBe('20s ended');
  });

  test('with a medium one and a silent sensor: both are over', { tags: ['ALR-CLEAR', 'ALR-STALE'] }, () => {
    const run = ward();
    const patient = run.patient('p-1').wears('spo2').wears('pulse').steady('spo2', 89, '1s', '40s').discharged('45s');
    patient.reading('spo2', 60, '46s');
    expect(run.run('5min').story()).toEqual(['16s raised spo2-low medium', '45s closed spo2-low medium']);
    expect(run.alert('spo2-low')?.closedWhy).toBe('discharge');
  });

  test('one of two sources is taken off: the alert goes on with the other', { tags: ['ALR-CLEAR'] }, () => {
    const run = ward();
    const patient = run
      .patient('p-1')
      .wears('hr')
      .wears('pulse')
      .steady('hr', 130, '1s', '60s')
      .steady('pulse', 130, '1s', '30s');
    patient.removed('pulse', '30s');
    expect(run.run('59s').story()).toEqual([
      '11s raised rate-high medium',
      '11s updated rate-high medium',
      '30s updated rate-high medium',
    ]);
  });

  test('the last source of a high alert is taken off', { tags: ['ALR-CLEAR'] }, () => {
    const run = ward();
    run.patient('p-1').wears('spo2').steady('spo2', 86, '1s', '30s').removed('spo2', '30s');
    expect(run.run('2min').story()).toEqual(['16s raised spo2-low high', '30s latched spo2-low high']);
  });
});

describe('the rules change', () => {
  const with88 = (limit: string) => ({
    ...adultRules,
    version: 2,
    rules: adultRules.rules.map((rule) =>
      rule.id === 'spo2-very-low' ? { ...rule, version: 2, atOrBelow: limit } : rule,
    ),
  });

  test('past the value: the emergency does not vanish, a person closes it', { tags: ['ALR-RULE-EPISODE'] }, () => {
    const loose = { ...adultRules, version: 2, rules: adultRules.rules.filter(({ family }) => family !== 'spo2-low') };
    const run = ward().rules(loose, '30s');
    const patient = run.patient('p-1').wears('spo2').steady('spo2', 86, '1s', '60s').acknowledged('spo2-low', '50s');
    patient.steady('spo2', 97, '60s', '90s');
    expect(run.run('89s').story()).toEqual([
      '16s raised spo2-low high',
      '30s needs-review spo2-low high',
      '50s acknowledged spo2-low high',
      '60s raised degraded spo2-p-1:spo2 low',
    ]);
    expect([run.alert('spo2-low')?.state, run.alert('degraded')?.cause?.code]).toEqual(['closed', 'no-rules']);
  });

  test('to a new limit that is violated still: goes on', { tags: ['ALR-RULE-EPISODE'] }, () => {
    const run = ward().rules(with88('87 %'), '30s');
    run.patient('p-1').wears('spo2').steady('spo2', 86, '1s', '60s');
    expect(run.run('59s').story()).toEqual(['16s raised spo2-low high', '30s updated spo2-low high']);
    expect(run.alert('spo2-low')?.rules[0]).toMatchObject({ id: 'spo2-very-low', version: 2, limit: '<= 87 %' });
  });

  test('to a milder one: eased, the latching rule waits for a person', { tags: ['ALR-RULE-EPISODE'] }, () => {
    const run = ward().rules(with88('85 %'), '30s');
    run.patient('p-1').wears('spo2').steady('spo2', 86, '1s', '60s');
    expect(run.run('59s').story()).toEqual(['16s raised spo2-low high', '30s eased spo2-low medium']);
    expect(run.alert('spo2-low')?.signalPriority).toBe('high');
  });

  test('with a rule that the newest value already violates: at once', { tags: ['ALR-RULE-EPISODE'] }, () => {
    const strict = {
      ...adultRules,
      version: 2,
      rules: adultRules.rules.map((rule) =>
        rule.id === 'spo2-desat' ? { ...rule, version: 2, atOrBelow: '80 %' } : rule,
      ),
    };
    const run = ward().rules(strict, '10500ms');
    run.patient('p-1').wears('spo2').steady('spo2', 80, '1s', '11s');
    expect(run.run('12s').story()).toEqual(['10.5s raised spo2-low high']);
  });

  test('to a set with faults, or back to an older copy: nothing, and it is said', { tags: ['ALR-RULES'] }, () => {
    const bad = { ...adultRules, version: 3, rules: adultRules.rules.map((rule) => ({ ...rule, rank: 1 })) };
    const run = ward().rules(with88('87 %'), '5s').rules(bad, '10s').rules(adultRules, '15s');
    run.patient('p-1').wears('spo2').steady('spo2', 86, '1s', '60s');
    expect(run.run('59s').story()).toEqual(['10s raised rule-error system medium', '16s raised spo2-low high']);
    expect(run.alert('spo2-low')?.rules[0]?.limit).toBe('<= 87 %');
    expect(run.alert('spo2-low')?.evidence.ruleSet).toMatch(/^adult@2#[0-9a-f]{16}$/);
  });
});

describe('evaluating one patient fails', () => {
  test('three times in a row: not monitored, high; the neighbour is judged on time', { tags: ['ALR-ISOLATE'] }, () => {
    const run = ward();
    const anna = run.patient('p-1').wears('spo2').steady('spo2', 96, '1s', '10s');
    anna.poison('spo2', '10s').poison('spo2', '11s').poison('spo2', '12s').steady('spo2', 96, '20s', '30s');
    run.patient('p-2').wears('spo2').steady('spo2', 77, '12s', '14s');
    run.run('29s');
    expect(run.story({ patient: 'p-1' })).toEqual([
      '12s raised patient-not-monitored patient high',
      '20s closed patient-not-monitored patient high',
    ]);
    expect(run.monitoring('spo2', 'p-1').slice(2)).toEqual(['12s not-monitored rule-error', '20s monitored']);
    expect(run.story({ patient: 'p-2' })).toEqual(['12s raised spo2-low high']);
  });

  test('twice: counted, and nothing else', { tags: ['ALR-ISOLATE'] }, () => {
    const run = ward();
    const anna = run.patient('p-1').wears('spo2').steady('spo2', 96, '1s', '10s');
    anna
      .poison('spo2', '10s')
      .poison('spo2', '11s')
      .reading('spo2', 96, '12s')
      .poison('spo2', '13s')
      .poison('spo2', '14s');
    expect(run.run('15s').story()).toEqual([]);
    expect(run.engine.counters['errors']).toBe(4);
  });
});

describe('times that are wrong', () => {
  test('a reading of tomorrow is of now, and does not hide what comes', { tags: ['ALR-STALE', 'ALR-CLOCK'] }, () => {
    const run = ward();
    run
      .patient('p-1')
      .wears('spo2')
      .steady('spo2', 96, '1s', '10s')
      .reading('spo2', 96, '10s', { ahead: '24h' })
      .steady('spo2', 77, '11s', '13s');
    expect(run.run('12s').story()).toEqual(['11s raised spo2-low high']);
    expect(run.monitoring('spo2').slice(1)).toEqual(['1s monitored', '10s degraded clock-unsure', '11s monitored']);
  });

  test('of two swapped readings the older is late: it changes nothing', { tags: ['ALR-EPISODE'] }, () => {
    const run = ward();
    run.patient('p-1').wears('spo2').reading('spo2', 97, '2s').reading('spo2', 77, '3s', { late: '2s' });
    expect(run.run('4s').story()).toEqual([]);
    expect(run.engine.counters['late']).toBe(1);
  });

  test('a clock eleven minutes slow, corrected by its skew: urgent low at once', { tags: ['ALR-LIMIT'] }, () => {
    const run = ward();
    run.patient('p-1').wears('glucose').reading('glucose', 45, '20min', { late: '11min', skew: '11min' });
    expect(run.run('21min').story({ kind: 'physiological' })).toEqual(['1200s raised glucose-low high']);
    expect(run.monitoring('glucose').at(-1)).toBe('1200s degraded clock-unsure');
  });
});
