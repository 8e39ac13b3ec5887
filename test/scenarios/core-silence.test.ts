// Nobody watching is told as such, in time, with its cause and since when (`alerting.md` 2.7, 2.9, 6, 8).
import { describe, expect, test } from 'vitest';
import { start, ward } from '../support/core.ts';

describe('a sensor falls silent', () => {
  test('D8: stale at its limit, medium later, for hours, never forgotten', { tags: ['ALR-STALE'] }, () => {
    const run = ward();
    run.patient('p-1').wears('spo2').steady('spo2', 96, '1s', '20s');
    expect(run.run('7h').story()).toEqual([
      '49s raised stale spo2-p-1:spo2 low',
      '619s worsened stale spo2-p-1:spo2 medium',
    ]);
    expect(run.monitoring('spo2')).toEqual([
      '0s not-monitored never-received',
      '1s monitored',
      '24s degraded late',
      '49s not-monitored stale since 19s',
    ]);
  });

  test('D9: assigned and never seen is silent too, also over a restart', { tags: ['ALR-ARMED', 'ALR-STATE'] }, () => {
    const run = ward().killed('60s', '90s');
    run.patient('p-1').wears('spo2', { firstWithin: '2min' });
    expect(run.run('3min').story()).toEqual(['120s raised stale spo2-p-1:spo2 low']);
    expect(run.alert('stale')?.cause?.code).toBe('never-received');
    expect(run.monitoring('spo2')).toEqual([
      '0s not-monitored never-received',
      '59.5s not-monitored blind',
      '90s not-monitored never-received since 0s',
    ]);
  });

  test('D6: silence is no duration: stale, no alert of the value', { tags: ['ALR-STALE', 'ALR-LIMIT'] }, () => {
    const run = ward();
    run.patient('p-1').wears('spo2').steady('spo2', 86, '1s', '10s').reading('spo2', 86, '60s');
    expect(run.run('62s').story()).toEqual(['39s raised stale spo2-p-1:spo2 low']);
  });

  test('one of three sensors: stale there only', { tags: ['ALR-STALE'] }, () => {
    const run = ward();
    const patient = run.patient('p-1').wears('spo2').wears('pulse').wears('hr');
    patient.steady('spo2', 96, '1s', '20s').steady('pulse', 70, '1s', '80s').steady('hr', 70, '1s', '80s');
    expect(run.run('80s').story()).toEqual(['49s raised stale spo2-p-1:spo2 low']);
  });

  test('and comes back: five seconds of readings end it, one does not', { tags: ['ALR-STALE'] }, () => {
    const run = ward();
    const patient = run.patient('p-1').wears('spo2').steady('spo2', 96, '1s', '20s').reading('spo2', 96, '60s');
    patient.steady('spo2', 96, '100s', '110s');
    expect(run.run('109s').story()).toEqual([
      '49s raised stale spo2-p-1:spo2 low',
      '105s closed stale spo2-p-1:spo2 low',
    ]);
    expect(run.monitoring('spo2').slice(-5)).toEqual([
      '49s not-monitored stale since 19s',
      '60s degraded stale',
      '90s not-monitored stale since 60s',
      '100s degraded stale',
      '105s monitored',
    ]);
  });

  test('back-fill does not renew it', { tags: ['ALR-STALE', 'ALR-RETRO'] }, () => {
    const run = ward();
    run.patient('p-1').wears('spo2').steady('spo2', 96, '1s', '20s').steady('spo2', 70, '25s', '60s', { late: '40s' });
    expect(run.run('60s').story()).toEqual(['49s raised stale spo2-p-1:spo2 low']);
    expect(run.engine.counters['late']).toBe(35);
  });

  test('while glucose is low: the alert stays, its data are lost, the silence is high', {
    tags: ['ALR-CLEAR', 'ALR-STALE'],
  }, () => {
    const run = ward();
    run.patient('p-1').wears('glucose').steady('glucose', 60, '1min', '17min');
    run.run('35min');
    expect(run.story()).toEqual([
      '360s raised glucose-low medium',
      '1590s raised degraded glucose-p-1:glucose low',
      '1860s data-lost glucose-low medium',
      '1860s closed degraded glucose-p-1:glucose low',
      '1860s raised stale glucose-p-1:glucose high',
    ]);
    expect(run.alert('glucose-low')).toMatchObject({ state: 'active', flags: ['data-lost'] });
    expect(run.alert('stale')?.floor).toBe(true);
  });

  test('while glucose was 78 and falling: high at once', { tags: ['ALR-STALE'] }, () => {
    const run = ward();
    run.patient('p-1').wears('glucose').reading('glucose', 90, '1min').reading('glucose', 78, '6min');
    expect(run.run('22min').story()).toEqual([
      '990s raised degraded glucose-p-1:glucose low',
      '1260s closed degraded glucose-p-1:glucose low',
      '1260s raised stale glucose-p-1:glucose high',
    ]);
  });
});

describe('a signal is less than well', () => {
  test('for 30 s: told, low, with its cause; over when it is well again', { tags: ['SYS-SAFE', 'ALR-TECH'] }, () => {
    const run = ward();
    const patient = run.patient('p-1').wears('glucose').reading('glucose', 100, '1min');
    patient.reading('glucose', 104, '12min');
    expect(run.run('14min').story()).toEqual([
      '690s raised degraded glucose-p-1:glucose low',
      '720s closed degraded glucose-p-1:glucose low',
    ]);
    expect([run.alert('degraded')?.cause?.code, run.alert('degraded')?.closedWhy]).toEqual(['late', 'data-back']);
  });

  test('for 29 s: a state and no alert', { tags: ['SYS-SAFE'] }, () => {
    const run = ward();
    run.patient('p-1').wears('glucose').reading('glucose', 100, '1min').reading('glucose', 104, '11min 29s');
    expect(run.run('14min').story()).toEqual([]);
    expect(run.monitoring('glucose').slice(-2)).toEqual(['660s degraded late', '689s monitored']);
  });

  test('by a clock that nobody believes: told after ten minutes', { tags: ['SYS-SAFE', 'ALR-CLOCK'] }, () => {
    const run = ward();
    run.patient('p-1').wears('spo2').steady('spo2', 96, '1s', '12min', { clock: 'unsure' });
    expect(run.run('11min 50s').story()).toEqual(['601s raised degraded spo2-p-1:spo2 low']);
    expect(run.alert('degraded')?.cause?.code).toBe('clock-unsure');
  });

  test('over a restart: told once, in time', { tags: ['SYS-SAFE', 'ALR-STATE'] }, () => {
    const run = ward().killed('670s', '680s');
    run.patient('p-1').wears('glucose').reading('glucose', 100, '1min').reading('glucose', 104, '13min');
    expect(run.run('14min').story()).toEqual([
      '690s raised degraded glucose-p-1:glucose low',
      '780s closed degraded glucose-p-1:glucose low',
    ]);
  });

  test('by the loss of its gateway alone: the gateway speaks for it', { tags: ['SYS-SAFE', 'ALR-GROUP'] }, () => {
    const run = ward().silent('kit-p-1', '20s', '3min');
    run.patient('p-1').wears('spo2').steady('spo2', 96, '1s', '3min');
    expect(run.run('150s').story({ patient: 'p-1' })).toEqual([]);
  });
});

describe('a sensor sends, but nothing usable', () => {
  test('NaN with contact for 30 s is a poor signal', { tags: ['ALR-QUALITY', 'CON-ABSENT'] }, () => {
    const run = ward();
    run.patient('p-1').wears('spo2').steady('spo2', 96, '1s', '10s').steady('spo2', 'not-a-number', '10s', '60s');
    expect(run.run('59s').story()).toEqual(['39s raised poor-signal spo2-p-1:spo2 low']);
  });

  test('only rubbish, refused at the border, is a poor signal', { tags: ['ALR-QUALITY'] }, () => {
    const run = ward();
    const patient = run.patient('p-1').wears('spo2').steady('spo2', 96, '1s', '10s');
    for (let at = 10; at < 60; at++) patient.refused('spo2', `${at}s`);
    expect(run.run('59s').story()).toEqual(['39s raised poor-signal spo2-p-1:spo2 low']);
  });

  test('a lead comes off: told after 5 s, over 5 s after it is back', { tags: ['ALR-TECH'] }, () => {
    const run = ward();
    run
      .patient('p-1')
      .wears('II')
      .blocks('II', '1s', '20s')
      .blocks('II', '20s', '40s', 'none')
      .blocks('II', '40s', '60s');
    expect(run.run('59s').story()).toEqual(['25s raised lead-off II-p-1:II low', '45s closed lead-off II-p-1:II low']);
    expect(run.monitoring('II').slice(2)).toEqual([
      '22s degraded poor-signal',
      '25s not-monitored lead-off since 20s',
      '40s degraded lead-off',
      '45s monitored',
    ]);
  });

  test('the probe is off by the word of its device, values or not', { tags: ['ALR-TECH'] }, () => {
    const run = ward();
    const patient = run.patient('p-1').wears('spo2').steady('spo2', 96, '1s', '60s');
    patient.state('spo2', '10s', { contact: 'no' }).state('spo2', '30s', {});
    expect(run.run('59s').story()).toEqual([
      '15s raised lead-off spo2-p-1:spo2 low',
      '36s closed lead-off spo2-p-1:spo2 low',
    ]);
  });

  test('two codes of a glucose sensor are told; warm-up is not monitored and no alert', {
    tags: ['ALR-QUALITY'],
  }, () => {
    const run = ward();
    const patient = run.patient('p-1').wears('glucose', { firstWithin: '2h' });
    patient.steady('glucose', 'warm-up', '1min', '30min').steady('glucose', 'unavailable', '31min', '42min');
    expect(run.run('42min').story()).toEqual(['2160s raised poor-signal glucose-p-1:glucose low']);
    expect(run.monitoring('glucose').slice(0, 2)).toEqual([
      '0s not-monitored never-received',
      '60s not-monitored warm-up since 0s',
    ]);
  });
});

describe('a gateway', () => {
  test('is lost: one alert for it, its signals marked, no alert for each', { tags: ['ALR-GROUP', 'ALR-STALE'] }, () => {
    const run = ward().silent('kit-p-1', '20s', '70s');
    const patient = run.patient('p-1').wears('spo2').wears('pulse').wears('glucose');
    patient.steady('spo2', 96, '1s', '20s').steady('pulse', 70, '1s', '20s').reading('glucose', 100, '5s');
    patient.steady('spo2', 96, '71s', '90s').steady('pulse', 70, '71s', '90s');
    expect(run.run('60s').story()).toEqual(['40s raised gateway-lost gateway:kit-p-1 medium']);
    expect(run.alert('gateway-lost')).toMatchObject({
      patient: null,
      cause: { id: 'gateway-lost:kit-p-1' },
      floor: true,
    });
    expect(run.monitoring('glucose').at(-1)).toBe('40s not-monitored gateway-lost since 10s');
    expect(run.run('90s').story()).toEqual([
      '40s raised gateway-lost gateway:kit-p-1 medium',
      '70s closed gateway-lost gateway:kit-p-1 medium',
    ]);
    expect(run.monitoring('glucose').at(-1)).toBe('70s monitored');
  });

  test('comes back without its sensor: then the sensor is told', { tags: ['ALR-STALE', 'ALR-GROUP'] }, () => {
    const run = ward().silent('kit-p-1', '20s', '70s');
    run.patient('p-1').wears('spo2').steady('spo2', 96, '1s', '20s');
    expect(run.run('90s').story()).toEqual([
      '40s raised gateway-lost gateway:kit-p-1 medium',
      '70s closed gateway-lost gateway:kit-p-1 medium',
      '75s raised stale spo2-p-1:spo2 low',
    ]);
  });

  test('is lost while saturation is low: that patient is told by name, high', {
    tags: ['ALR-GROUP', 'ALR-CLEAR'],
  }, () => {
    const run = ward().silent('kit-p-1', '20s', '10h');
    run.patient('p-1').wears('spo2').steady('spo2', 86, '1s', '20s');
    expect(run.run('60s').story()).toEqual([
      '16s raised spo2-low high',
      '40s raised gateway-lost gateway:kit-p-1 medium',
      '40s data-lost spo2-low high',
      '49s raised stale spo2-p-1:spo2 high',
    ]);
    expect(run.alert('stale')?.cause).toEqual({ code: 'gateway-lost', id: 'gateway-lost:kit-p-1' });
  });

  test('beats no more but readings come: watched with less redundancy', { tags: ['SYS-SAFE'] }, () => {
    const run = ward().silent('kit-p-1', '20s', '10h');
    run.patient('p-1').wears('spo2').steady('spo2', 96, '1s', '60s');
    run.run('59s');
    expect(run.monitoring('spo2').slice(1)).toEqual(['1s monitored', '30s degraded late', '40s degraded gateway-lost']);
  });

  test('never heard of is lost 30 s after the assignment', { tags: ['ALR-ARMED'] }, () => {
    const run = ward().silent('kit-p-1', '0s', '10h');
    run.patient('p-1').wears('spo2');
    expect(run.run('3min').story()).toEqual([
      '30s raised gateway-lost gateway:kit-p-1 medium',
      '120s raised stale spo2-p-1:spo2 low',
    ]);
    expect(run.alert('stale')?.cause?.code).toBe('never-received');
  });

  test('that nobody wears any more is missed by nobody', { tags: ['ALR-STALE'] }, () => {
    const run = ward().silent('kit-p-1', '30s', '10h');
    run.patient('p-1').wears('spo2').steady('spo2', 96, '1s', '20s').removed('spo2', '25s');
    expect(run.run('5min').story()).toEqual([]);
    expect(run.monitoring('spo2').at(-1)).toBe('25s ended');
  });
});

describe('nobody judges', () => {
  test('a minute of it is shown for each signal, and then what it is', { tags: ['SYS-COVERAGE', 'ALR-STATE'] }, () => {
    const run = ward().killed('60s', '2min');
    run.patient('p-1').wears('spo2').steady('spo2', 96, '1s', '5min');
    run.run('4min');
    expect(run.monitoring('spo2')).toEqual([
      '0s not-monitored never-received',
      '1s monitored',
      '59.5s not-monitored blind',
      '120s monitored',
    ]);
    expect(run.story()).toEqual([]);
  });

  test('time down counts as silence', { tags: ['ALR-STATE', 'ALR-STALE'] }, () => {
    const run = ward().killed('20s', '2min');
    run.patient('p-1').wears('spo2').steady('spo2', 96, '1s', '15s');
    run.run('2min 1s');
    expect(run.story()).toEqual(['44s raised stale spo2-p-1:spo2 low']);
    expect(run.monitoring('spo2').at(-1)).toBe('120s not-monitored stale since 14s');
  });

  test('what came in meanwhile counts from when it came', { tags: ['ALR-STATE', 'ALR-STALE'] }, () => {
    const run = ward().killed('20s', '2min');
    run.patient('p-1').wears('spo2').steady('spo2', 96, '1s', '110s');
    run.run('3min');
    expect(run.story()).toEqual(['139s raised stale spo2-p-1:spo2 low']);
    expect(run.alert('stale')?.raisedAt).toBe(start + 139_000);
  });

  test('without rules a patient is not monitored, high, until there are some', { tags: ['ALR-DEFAULT'] }, () => {
    const run = ward({ rules: null });
    run.patient('p-1').wears('spo2').steady('spo2', 96, '1s', '60s');
    run.run('10s');
    expect(run.story()).toEqual(['0s raised patient-not-monitored patient high']);
    expect(run.monitoring('spo2')).toEqual(['0s not-monitored no-rules']);
  });

  test('a vital that no rule looks at is degraded: its values come, nobody judges them', {
    tags: ['ALR-DEFAULT'],
  }, () => {
    const run = ward();
    run.patient('p-1').wears('temp', { every: '10min' }).reading('temp', 41, '10s');
    run.run('1min');
    expect(run.monitoring('temp').slice(1)).toEqual(['10s degraded no-rules']);
  });
});
