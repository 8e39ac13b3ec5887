import { describe, expect, test } from 'vitest';
import { type CoreEvent, createEngine, SnapshotError } from '../../../../alerting/core/index.ts';
import { Alert, AlertEvent, type InputRecord, Monitoring, type systemFacts } from '../../../../contract/index.ts';
import {
  adultRules,
  bodies,
  difference,
  inPartition,
  judge,
  ms,
  newEngine,
  ours,
  owner,
  restarted,
  rules,
  sha256,
  start,
  tick,
  ward,
} from '../../../support/core.ts';

const system = (fact: (typeof systemFacts)[number], on: boolean, at: number): InputRecord =>
  ours({ v: 1, kind: 'system', by: 'store', at }, { fact, on, since: at, detail: {} });

/** Type, family and priority of alert events. */
function told(events: readonly CoreEvent[]): string[] {
  return events.flatMap(({ kind, body }) =>
    kind === 'alert' ? [`${body.type} ${body.alert.family} ${body.alert.priority}`] : [],
  );
}

describe('bodies', () => {
  const run = ward().silent('kit-p-1', '60s', '120s');
  const patient = run
    .patient('p-1')
    .wears('spo2')
    .wears('glucose')
    .steady('spo2', 86, '1s', '30s')
    .reading('glucose', 'LOW', '5s');
  patient.acknowledged('spo2-low', '20s').acknowledged('spo2-low', '21s', { by: 'nurse-2' }).discharged('150s');
  run.run('160s');

  test('are what the contract says', { tags: ['CON-SCHEMA', 'ALR-EVIDENCE'] }, () => {
    const faults = run.events.filter(
      ({ kind, body }) => !(kind === 'alert' ? AlertEvent : Monitoring).safeParse(body).success,
    );
    expect([run.events.length > 10, faults]).toEqual([true, []]);
  });

  test('have their keys in the order of the contract', { tags: ['ALR-REPLAY'] }, () => {
    const orders = new Set(
      run.events.flatMap(({ kind, body }) => (kind === 'alert' ? [Object.keys(body.alert).join()] : [])),
    );
    expect([...orders]).toEqual([Object.keys(Alert.shape).join()]);
    const events = new Set(
      run.events.flatMap(({ kind, body }) => (kind === 'alert' ? [Object.keys(body).join()] : [])),
    );
    expect([...events]).toEqual([Object.keys(AlertEvent.shape).join()]);
    const states = new Set(
      run.events.flatMap(({ kind, body }) => (kind === 'monitoring' ? [Object.keys(body).join()] : [])),
    );
    expect([...states]).toEqual([Object.keys(Monitoring.shape).join()]);
  });

  test('have ids of their content, no two alike', { tags: ['ALR-REPLAY'] }, () => {
    const events = run.events.flatMap(({ kind, body }) => (kind === 'alert' ? [body] : []));
    expect(new Set(events.map(({ event }) => event)).size).toBe(events.length);
    const first = events[0] as AlertEvent;
    const parts = ['alert', 'p-1', 'patient', 'urgent-low', 1, 'glucose-p-1/1/1', 0];
    expect([first.alert.family, first.alert.id]).toEqual(['glucose-low', idOf('a', parts)]);
    expect(first.event).toBe(idOf('e', ['event', first.alert.id, 1]));
  });
});

function idOf(prefix: string, parts: readonly unknown[]): string {
  const bits = BigInt(`0x${sha256(JSON.stringify(parts)).slice(0, 32)}`) << 2n;
  const digits = Array.from(
    { length: 26 },
    (_, i) => 'abcdefghijklmnopqrstuvwxyz234567'[Number((bits >> BigInt(125 - 5 * i)) & 31n)],
  );
  return `${prefix}-${digits.join('')}`;
}

test('an alert holds 64 readings at most: the first and the newest', { tags: ['ALR-EVIDENCE', 'ALR-BOUNDED'] }, () => {
  const run = ward();
  run.patient('p-1').wears('spo2').steady('spo2', 77, '1s', '201s').steady('spo2', 97, '201s', '210s');
  run.run('220s');
  const evidence = run.alert('spo2-low')?.evidence;
  const seqs = evidence?.readings.map(({ seq }) => seq) ?? [];
  expect([seqs.length, seqs[0], seqs[31], seqs[32], seqs.at(-1), evidence?.omitted]).toEqual([
    64, 1, 32, 175, 206, 142,
  ]);
});

describe('system facts', () => {
  const begin = [rules(adultRules), owner(0), tick(0, start)];

  test('are one alert each, over when the fact is', { tags: ['SYS-SAFE', 'ALR-EPISODE'] }, () => {
    const records = [
      system('store-down', true, start + 1),
      system('store-down', true, start + 1),
      system('store-down', true, start + 2),
      system('store-down', false, start + 3),
      system('store-down', true, start + 2),
      system('no-station', true, start + 5),
    ];
    expect(told(judge([...begin, ...records]))).toEqual([
      'raised store-down low',
      'closed store-down low',
      'raised no-station high',
    ]);
  });

  test('are judged in the partition of their key alone', { tags: ['ALR-GROUP'] }, () => {
    const counts = [0, 1, 2, 3].map(
      (p) => told(judge([...begin, system('canary-lost', true, start + 1)], newEngine(p, 4))).length,
    );
    expect(counts.toSorted()).toEqual([0, 0, 0, 1]);
  });
});

describe('a snapshot', () => {
  const run = ward();
  run.patient('p-1').wears('spo2').steady('spo2', 86, '1s', '60s').acknowledged('spo2-low', '30s');
  run.patient('p-2').wears('spo2').steady('spo2', 86, '1s', '60s');
  run.run('40s');

  test('holds one entry a patient and one of the partition, as JSON', { tags: ['ALR-STATE'] }, () => {
    const entries = [...run.engine.snapshot()];
    expect(entries.map(({ key }) => key)).toEqual(['partition', 'patient/p-1', 'patient/p-2']);
    expect(JSON.parse(JSON.stringify(entries))).toEqual(entries);
  });

  test('does not change while the engine goes on', { tags: ['ALR-STATE'] }, () => {
    const engine = newEngine();
    const records = inPartition(run.records, 0, 1);
    judge(records.slice(0, 60), engine);
    const entries = [...engine.snapshot()];
    const before = JSON.stringify(entries);
    judge(records.slice(60), engine);
    expect(JSON.stringify(entries)).toBe(before);
  });

  test('D10: everything open, acknowledged, holding goes on as it was', { tags: ['ALR-STATE', 'ALR-LATCH'] }, () => {
    const engine = restarted(run.engine);
    const later = ours(
      { v: 1, kind: 'tick' },
      { n: 999, epoch: 1, log: start + ms('330s'), mono: 1, utc: start + ms('330s') },
    );
    expect(difference(bodies(judge([later], engine)), bodies(judge([later], restarted(run.engine))))).toBeUndefined();
    expect(told(judge([later], restarted(run.engine)))).toContain('reasserted spo2-low high');
    expect(restarted(run.engine).counters).toEqual(run.engine.counters);
  });

  test('with one corrupt entry costs that patient, and says so', { tags: ['ALR-STATE', 'ALR-ISOLATE'] }, () => {
    const entries = [...run.engine.snapshot()].map(({ key, state }) => ({
      key,
      state: key === 'patient/p-1' ? { v: 1 } : state,
    }));
    const out: CoreEvent[] = [];
    const engine = newEngine();
    engine.restore(entries, out);
    expect(told(out)).toEqual(['raised patient-not-monitored high']);
    expect(out[0]?.kind === 'alert' && [out[0].body.alert.patient, out[0].body.alert.cause?.code]).toEqual([
      'p-1',
      'state-lost',
    ]);
    const again = ward();
    again.patient('p-1').wears('spo2', { device: 'new' });
    const [assignment] = again.run('0s').records.filter(({ record }) => record.kind === 'assignment');
    expect(told(judge([assignment?.record as InputRecord], engine))).toEqual(['closed patient-not-monitored high']);
  });

  test.for([
    ['nothing', undefined],
    ['another version', { v: 2 }],
    ['half of one', { v: 1, clock: null }],
  ] as const)('whose partition entry is %s is none', { tags: ['ALR-STATE'] }, ([, state]) => {
    expect(() => newEngine().restore([{ key: 'partition', state }], [])).toThrow(SnapshotError);
  });
});

test('what nobody can read is counted and goes no further', { tags: ['ALR-ISOLATE', 'ING-POISON'] }, () => {
  const header = { v: 1, kind: 'gateway-beat', gateway: 'gw-1', acceptedAt: start } as const;
  const engine = createEngine({ sha256, partition: 0, partitions: 1 });
  const beat = (text: string): InputRecord => ({ kind: 'gateway-beat', header, body: new TextEncoder().encode(text) });
  expect(judge([beat('{'), beat('{}'), beat('null')], engine)).toEqual([]);
  expect(engine.counters).toEqual({ errors: 3 });
});
