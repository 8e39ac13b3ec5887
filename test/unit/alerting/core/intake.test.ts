// What each message of a device is to its patient: news, a copy, late, of an assignment that is over, or unreadable.
import { describe, expect, test } from 'vitest';
import type { InputRecord } from '../../../../contract/index.ts';
import {
  bodies,
  difference,
  inPartition,
  judge,
  ms,
  newEngine,
  ours,
  owner,
  restarted,
  start,
  tick,
  ward,
} from '../../../support/core.ts';

type Header = { readonly [key: string]: unknown };

/** A record of a sender, with what is changed. */
function changed(record: InputRecord, header: Header, body?: object | Uint8Array): InputRecord {
  const bytes =
    body === undefined || body instanceof Uint8Array ? body : new TextEncoder().encode(JSON.stringify(body));
  return { ...record, header: { ...record.header, ...header }, ...(bytes && { body: bytes }) } as InputRecord;
}
const json = (record: InputRecord) => JSON.parse(new TextDecoder().decode(record.body as Uint8Array));

/** A patient with one good reading at 1 s, and the record of it. */
function oneReading(value = 96) {
  const run = ward();
  run.patient('p-1').wears('spo2').reading('spo2', value, '1s');
  run.run('2s');
  const record = run.records.find(({ record: { kind } }) => kind === 'readings')?.record as InputRecord;
  return { run, record };
}
const take = (run: ReturnType<typeof ward>, ...records: InputRecord[]) => {
  run.events.push(...judge(records, run.engine));
  return run;
};

describe('readings', () => {
  test('of a vital that no assignment names are judged, and missed by nobody', { tags: ['ALR-LIMIT'] }, () => {
    const { run, record } = oneReading();
    const pulse = { ...json(record), seq: 9, vital: 'pulse', value: 200, unit: '/min' };
    const at = (second: number, seq: number) => ({ ...pulse, seq, takenAt: start + second * 1_000 });
    const records = [2, 8, 14].map((second, i) =>
      changed(record, { acceptedAt: start + second * 1_000 }, at(second, 20 + i)),
    );
    expect(take(run, ...records).story()).toEqual([]);
    const every = Array.from({ length: 12 }, (_, i) =>
      changed(record, { acceptedAt: start + (15 + i) * 1_000 }, at(15 + i, 40 + i)),
    );
    expect(take(run, ...every).story({ kind: 'physiological' })).toEqual(['24s raised rate-high high']);
    expect(run.monitoring('pulse')).toEqual([]);
  });

  test('of a spot measurement count at once', { tags: ['ALR-LIMIT'] }, () => {
    const { run, record } = oneReading();
    const spot = { ...json(record), seq: 9, vital: 'glucose', value: 65, unit: 'mg/dL', mode: 'spot' };
    expect(take(run, changed(record, {}, spot)).story()).toEqual(['1s raised glucose-low medium']);
  });

  test('in an array are judged each alone: a broken one takes no other with it', { tags: ['ALR-ISOLATE'] }, () => {
    const { run, record } = oneReading();
    const first = { ...json(record), seq: 5, vital: 'nonsense' };
    const second = { ...json(record), seq: 6, value: 70, takenAt: start + 1_500 };
    expect(take(run, changed(record, {}, [first, second])).story()).toEqual(['1.5s raised spo2-low high']);
    expect(run.engine.counters['errors']).toBe(1);
  });

  test('older than their limit, or once more, change nothing', { tags: ['ALR-EPISODE', 'ALR-RETRO'] }, () => {
    const { run, record } = oneReading();
    const old = changed(
      record,
      { acceptedAt: start + ms('60s') },
      { ...json(record), seq: 7, value: 60, takenAt: start + 2_000 },
    );
    expect(take(run, old, old, record).story()).toEqual([]);
    expect(run.engine.counters).toMatchObject({ late: 1, copies: 2 });
  });

  test('at the freshness limit itself are live', { tags: ['ALR-LIMIT'] }, () => {
    const { run, record } = oneReading();
    const body = { ...json(record), seq: 7, value: 60, takenAt: start + 2_000 };
    expect(take(run, changed(record, { acceptedAt: start + 32_000 }, body)).story()).toEqual([
      '2s raised spo2-low high',
    ]);
  });
});

describe('blocks', () => {
  const run = ward();
  run.patient('p-1').wears('II').blocks('II', '1s', '3s');
  run.run('4s');
  const block = run.records.find(({ record: { kind } }) => kind === 'waveform')?.record as InputRecord;

  test('once more, of an unknown lead or broken renew nothing', { tags: ['ALR-EPISODE', 'ING-ECG'] }, () => {
    const engine = restarted(run.engine);
    const bytes = (block.body as Uint8Array).slice();
    bytes[70] = 1;
    judge([block, changed(block, { device: 'other' }), changed(block, {}, bytes)], engine);
    expect(engine.counters).toEqual({ copies: 1, errors: 1 });
  });

  test('of invalid samples alone are a poor signal', { tags: ['ALR-QUALITY'] }, async () => {
    const { decodeWaveform, encodeWaveform } = await import('../../../../contract/index.ts');
    const decoded = decodeWaveform(block.body as Uint8Array);
    if ('fault' in decoded) throw new Error(decoded.fault);
    const empty = encodeWaveform({
      ...decoded,
      seq: 9,
      takenAtUs: (start + 4_000) * 1_000,
      samples: new Int16Array(10).fill(-32768),
    });
    const engine = restarted(run.engine);
    judge([changed(block, { acceptedAt: start + 4_100 }, empty)], engine);
    expect(engine.counters).toEqual({ unusable: 1 });
  });
});

describe('what devices say of themselves', () => {
  const state = (record: InputRecord, seq: number, contact: string, at = start + 2_000): InputRecord =>
    ({
      kind: 'device-state',
      header: { ...record.header, kind: 'device-state', acceptedAt: start + 2_000 },
      body: new TextEncoder().encode(
        JSON.stringify({ v: 1, boot: 1, seq, at, link: 'up', why: null, contact, faults: ['x'] }),
      ),
    }) as InputRecord;

  test('once more, out of order or out of a spool says nothing of now', { tags: ['ALR-EPISODE'] }, () => {
    const { run, record } = oneReading();
    const old = state(record, 12, 'no', start - ms('10min'));
    take(run, state(record, 10, 'yes'), state(record, 10, 'yes'), state(record, 9, 'no'), old);
    expect([run.engine.counters['copies'], run.engine.counters['late']]).toEqual([1, 1]);
  });

  test('an event has its place in the sequence', { tags: ['ALR-EPISODE'] }, () => {
    const { run, record } = oneReading();
    const body = new TextEncoder().encode(
      JSON.stringify({ v: 1, boot: 1, seq: 11, at: start, event: 'button', detail: {} }),
    );
    const event = {
      kind: 'device-event',
      header: { ...record.header, kind: 'device-event' },
      body,
    } as unknown as InputRecord;
    take(run, event, event, changed(record, {}, { ...json(record), seq: 11, value: 60 }));
    expect(run.engine.counters['copies']).toBe(2);
  });

  test('a refusal without identity counts once', { tags: ['ALR-QUALITY'] }, () => {
    const { run, record } = oneReading();
    const header = {
      v: 1,
      kind: 'refusal',
      patient: 'p-1',
      device: 'spo2-p-1',
      assignment: 'x',
      sender: 's',
      acceptedAt: start,
    } as const;
    const refusal = (refused: number) =>
      ours(header, { boot: null, seq: null, vital: null, reason: 'not-json', refused });
    take(run, refusal(4), refusal(4), refusal(3), refusal(5), record);
    expect(run.engine.counters).toMatchObject({ unusable: 2, copies: 3 });
  });
});

describe('an assignment', () => {
  test('once more, or of an older revision, arms nothing', { tags: ['ALR-ARMED'] }, () => {
    const run = ward();
    run.patient('p-1').wears('spo2').removed('spo2', '5s');
    run.run('6s');
    const assignments = run.records.filter(({ record }) => record.kind === 'assignment').map(({ record }) => record);
    expect(judge([...assignments, ...assignments], run.engine)).toEqual([]);
    expect(run.engine.counters['copies']).toBe(4);
  });

  test('that names other signals arms those and lets the others go', { tags: ['ALR-ARMED'] }, () => {
    const { run } = oneReading();
    const record = run.records.find(({ record: { kind } }) => kind === 'assignment')?.record as InputRecord;
    const pulse = { vital: 'pulse', mode: 'continuous', everyMs: 1_000, firstWithinMs: 5_000 };
    const spot = { vital: 'glucose', mode: 'spot', everyMs: 1_000, firstWithinMs: 5_000 };
    const next = {
      ...record,
      body: { ...(record.body as object), revision: 2, signals: [pulse, spot] },
    } as InputRecord;
    take(run, next);
    run.run('8s');
    expect([run.monitoring('spo2').at(-1), run.monitoring('pulse'), run.monitoring('glucose')]).toEqual([
      '1s ended',
      ['0s not-monitored never-received'],
      [],
    ]);
    expect(run.story()).toEqual(['7s raised stale spo2-p-1:pulse low']);
  });

  test('with a known end is over then, on log time', { tags: ['ALR-ARMED', 'ALR-CLOCK'] }, () => {
    const { run } = oneReading();
    const record = run.records.find(({ record: { kind } }) => kind === 'assignment')?.record as InputRecord;
    const next = {
      ...record,
      header: { ...record.header, at: start + 2_000 },
      body: { ...(record.body as object), revision: 2, to: start + 10_000 },
    } as InputRecord;
    take(run, next);
    run.run('9s');
    const engine = restarted(run.engine);
    expect(run.monitoring('spo2').at(-1)).toBe('6s degraded late');
    run.run('11s');
    expect(run.monitoring('spo2').at(-1)).toBe('10s ended');
    const later = inPartition(run.records, 0, 1).slice(-4);
    expect(difference(bodies(judge(later, engine)), bodies(run.events.slice(-1)))).toBeUndefined();
  });

  test('once over leaves what comes later to history', { tags: ['ALR-RETRO'] }, () => {
    const run = ward();
    run.patient('p-1').wears('spo2').reading('spo2', 96, '1s').removed('spo2', '5s').reading('spo2', 60, '6s');
    expect(run.run('7s').story()).toEqual([]);
    expect(run.engine.counters['after-assignment']).toBe(1);
  });

  test('of a patient judged elsewhere arms the gateway alone', { tags: ['ALR-GROUP', 'ALR-ARMED'] }, () => {
    const run = ward().silent('kit-p-1', '0s', '1h');
    run.patient('p-1').wears('spo2');
    run.run('40s');
    const events = [0, 1, 2, 3].map((p) => judge(inPartition(run.records, p, 4), newEngine(p, 4)));
    const kinds = events.map((own) => own.map(({ kind, body }) => (kind === 'alert' ? body.alert.family : body.cause)));
    expect(kinds.filter((own) => own.length > 0).toSorted((a, b) => a.length - b.length)).toEqual([
      ['gateway-lost'],
      ['never-received', 'gateway-lost'],
    ]);
  });
});

test('a discharge once more ends nothing new', { tags: ['ALR-EPISODE'] }, () => {
  const run = ward();
  const patient = run.patient('p-1').wears('spo2').discharged('2s').wears('pulse', { at: '3s' });
  patient.discharged('4s');
  run.run('5s');
  expect([run.engine.counters['copies'], run.monitoring('pulse').at(-1)]).toEqual([
    1,
    '3s not-monitored never-received',
  ]);
});

test('a lost gateway whose last assignment is over is lost to nobody', { tags: ['ALR-STALE'] }, () => {
  const run = ward().silent('kit-p-1', '10s', '10h');
  run.patient('p-1').wears('spo2').removed('spo2', '60s');
  expect(run.run('2min').story()).toEqual([
    '30s raised gateway-lost gateway:kit-p-1 medium',
    '60s closed gateway-lost gateway:kit-p-1 medium',
  ]);
});

test('after a gap that nobody can measure every signal is silent until heard', {
  tags: ['ALR-STATE', 'ALR-STALE'],
}, () => {
  const { run } = oneReading();
  const to = start + ms('30h');
  const blind = {
    epoch: 1,
    fromLog: start + 2_000,
    toLog: to,
    fromUtc: start + 2_000,
    toUtc: to,
    cause: 'restart' as const,
  };
  const tick = ours({ v: 1, kind: 'tick' }, { n: 99, epoch: 1, log: to, mono: 0, utc: to });
  take(run, ours({ v: 1, kind: 'blind' }, blind), ours({ v: 1, kind: 'blind' }, blind), tick);
  expect(run.monitoring('spo2').slice(2)).toEqual([
    '2s not-monitored blind',
    '108000s not-monitored gateway-lost since 1s',
  ]);
  expect(run.story().map((line) => line.split(' ').slice(1, 3).join(' '))).toEqual([
    'raised gateway-lost',
    'raised stale',
  ]);
});

test('an old reading is silent so much sooner', { tags: ['ALR-STALE'] }, () => {
  const run = ward();
  run.patient('p-1').wears('spo2').reading('spo2', 96, '20s', { late: '10s' });
  expect(run.run('45s').story()).toEqual(['40s raised stale spo2-p-1:spo2 low']);
});

test('alerts that begin with the same reading are two', { tags: ['ALR-EPISODE', 'ALR-REPLAY'] }, () => {
  const run = ward();
  const patient = run.patient('p-1').wears('glucose').reading('glucose', 100, '1min');
  patient.state('glucose', '2min', { faults: ['strip'] }).state('glucose', '3min', {});
  patient.state('glucose', '4min', { faults: ['strip'] }).state('glucose', '5min', {});
  run.run('6min');
  expect(run.story().map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
    '120s raised sensor-fault',
    '180s closed sensor-fault',
    '240s raised sensor-fault',
    '300s closed sensor-fault',
  ]);
  const events = run.events.flatMap(({ kind, body }) => (kind === 'alert' ? [body] : []));
  expect([new Set(events.map(({ alert }) => alert.id)).size, new Set(events.map(({ event }) => event)).size]).toEqual([
    2, 4,
  ]);
});

test('a spot meter that is handed back leaves a high alert latched', { tags: ['ALR-CLEAR'] }, () => {
  const run = ward();
  const patient = run.patient('p-1').wears('glucose', { mode: 'spot', device: 'meter' }).reading('glucose', 50, '1min');
  patient.removed('glucose', '2min');
  expect(run.run('3min').story()).toEqual(['60s raised glucose-low high', '120s latched glucose-low high']);
});

test('what comes before the first tick is as old as UTC says', { tags: ['ALR-STALE', 'ALR-TICK'] }, () => {
  const { run } = oneReading();
  const records = inPartition(run.records, 0, 1).filter(({ kind }) => kind !== 'owner' && kind !== 'tick');
  const engine = newEngine();
  const until = (seconds: number, n: number) => tick(n, start + seconds * 1_000);
  const events = judge([...records, owner(0), until(2, 0), until(30, 1), until(31, 2)], engine);
  const raised = events.flatMap(({ kind, body }) =>
    kind === 'alert' ? [`${body.alert.family} ${body.at - start}`] : [],
  );
  expect(raised).toEqual(['gateway-lost 30000', 'stale 31000']);
});

test('a beat once more is no sign of life', { tags: ['ALR-EPISODE', 'ALR-STALE'] }, () => {
  const run = ward().silent('kit-p-1', '20s', '10h');
  run.patient('p-1').wears('spo2').steady('spo2', 96, '1s', '20s');
  run.run('45s');
  const beats = run.records.filter(({ record }) => record.kind === 'gateway-beat').map(({ record }) => record);
  expect([beats.length, judge(beats, run.engine)]).toEqual([1, []]);
  expect(run.engine.counters['beats-copied']).toBe(1);
});
