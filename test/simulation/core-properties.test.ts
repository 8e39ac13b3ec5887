// Whatever patients, devices and people do, and however often the process dies: the log decides.
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { InputRecord, Vital } from '../../contract/index.ts';
import {
  bodies,
  difference,
  inPartition,
  judge,
  type Keyed,
  newEngine,
  restarted,
  type Says,
  start,
  type Ward,
  ward,
} from '../support/core.ts';

interface Stretch {
  readonly says: Says;
  readonly forS: number;
  readonly quality: 'good' | 'doubtful';
}
interface Plan {
  readonly patients: readonly {
    readonly signals: readonly (readonly Stretch[])[];
    readonly acknowledgedS: readonly number[];
    readonly discharged: boolean;
  }[];
  readonly killedS: number;
  readonly deadForS: number;
  readonly silentS: number;
  readonly copies: readonly { readonly at: number; readonly later: number }[];
  readonly restarts: readonly number[];
}

const vitals: readonly Vital[] = ['spo2', 'pulse', 'glucose'];
const values: Record<string, readonly Says[]> = {
  spo2: [97, 90, 89, 88, 79, 77, 'no-contact', 'not-a-number'],
  pulse: [80, 49, 39, 121, 141, 'invalid'],
  glucose: [100, 72, 69, 53, 260, 410, 'LOW', 'HIGH', 'sensor-fault', 'warm-up'],
};

const stretch = (vital: Vital): fc.Arbitrary<Stretch> =>
  fc.record({
    says: fc.constantFrom(...(values[vital] as readonly Says[])),
    forS: fc.constantFrom(0, 1, 4, 9, 16, 40),
    quality: fc.constantFrom('good', 'good', 'good', 'doubtful'),
  });
const plan: fc.Arbitrary<Plan> = fc.record({
  patients: fc.array(
    fc.record({
      signals: fc.tuple(...vitals.map((vital) => fc.array(stretch(vital), { minLength: 1, maxLength: 7 }))),
      acknowledgedS: fc.array(fc.integer({ min: 5, max: 170 }), { maxLength: 3 }),
      discharged: fc.boolean(),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  killedS: fc.integer({ min: 20, max: 120 }),
  deadForS: fc.integer({ min: 1, max: 60 }),
  silentS: fc.integer({ min: 1, max: 120 }),
  copies: fc.array(fc.record({ at: fc.nat(1_000), later: fc.nat(400) }), { maxLength: 60 }),
  restarts: fc.array(fc.nat(1_200), { maxLength: 6 }),
});

function played(plan: Plan): Ward {
  const run = ward();
  for (const [i, each] of plan.patients.entries()) {
    const patient = run.patient(`p-${i}`);
    for (const [s, stretches] of each.signals.entries()) {
      const vital = vitals[s] as Vital;
      patient.wears(vital, { every: '1s', firstWithin: '20s' });
      let at = 1 + s;
      for (const { says, forS, quality } of stretches) {
        if (forS > 1) patient.steady(vital, says, `${at}s`, `${at + forS}s`, { quality });
        at += forS + 3;
      }
    }
    for (const at of each.acknowledgedS) patient.acknowledged('spo2-low', `${at}s`).acknowledged('stale', `${at}s`);
    if (each.discharged) patient.discharged('150s');
  }
  run.silent('kit-p-0', `${plan.silentS}s`, `${plan.silentS + 50}s`);
  return run.killed(`${plan.killedS}s`, `${plan.killedS + plan.deadForS}s`).run('190s');
}

function withCopies(records: readonly Keyed[], plan: Plan): Keyed[] {
  const behind = Map.groupBy(plan.copies, ({ at, later }) => Math.min(records.length - 1, at + later));
  return records.flatMap((record, at) => [record, ...(behind.get(at) ?? []).flatMap((copy) => records[copy.at] ?? [])]);
}

/** What is wrong with a plan, or nothing. */
function faultOf(plan: Plan): string | undefined {
  const run = played(plan);
  const expected = bodies(run.events);
  const records = withCopies(run.records, plan);
  const four = [0, 1, 2, 3].flatMap((p) => judge(inPartition(records, p, 4), newEngine(p, 4)));
  let engine = newEngine();
  const restart = inPartition(records, 0, 1).flatMap((record, at) => {
    const out = judge([record], engine);
    if (plan.restarts.includes(at)) engine = restarted(engine, out);
    return out;
  });
  return broken(run.events) ?? difference(bodies(four), expected) ?? difference(bodies(restart), expected);
}

/** What must hold of any sequence of events, or how it is broken. */
function broken(events: Ward['events']): string | undefined {
  const shown = new Map<string, number>();
  const told = new Map<string, number>();
  const open = new Map<string, string>();
  for (const { kind, body } of events) {
    if (kind === 'monitoring') {
      const signal = `${body.patient}/${body.source}/${body.signal}`;
      // What came in while nobody judged stands before the blind span in the log: the span covers what it told.
      const back = body.at < (shown.get(signal) ?? 0) && body.cause !== 'blind';
      if (back || body.since > body.at) return `the ledger goes back: ${JSON.stringify(body)}`;
      shown.set(signal, body.at);
    } else if (body.refused !== 'unknown-alert') {
      const { id, patient, family, scope, state } = body.alert;
      if (body.n !== (told.get(id) ?? 0) + 1) return `event ${body.n} of ${id} is out of order`;
      told.set(id, body.n);
      const place = `${patient}/${family}/${scope}`;
      if (state !== 'closed' && (open.get(place) ?? id) !== id) return `two open alerts at ${place}`;
      if (state !== 'closed') open.set(place, id);
      else if (open.get(place) === id) open.delete(place);
    }
  }
  return undefined;
}

beforeEach(() => {
  const forbidden = () => {
    throw new Error('the core asked for the time or for chance');
  };
  vi.spyOn(Date, 'now').mockImplementation(forbidden);
});
afterEach(() => vi.restoreAllMocks());

test('copies, restarts and partitions change no byte of any body, and the bodies make sense', {
  tags: ['ALR-REPLAY', 'ALR-EPISODE', 'ALR-STATE', 'ALR-CLOCK', 'SYS-COVERAGE'],
  timeout: 600_000,
}, () => {
  const property = fc.property(plan, (each) => faultOf(each) === undefined);
  const { failed, counterexample, errorInstance } = fc.check(property, { numRuns: 40, seed: 3 });
  const fault =
    failed && counterexample
      ? `${faultOf(counterexample[0])} ${JSON.stringify(counterexample)}`
      : String(errorInstance ?? '');
  expect(failed ? fault || 'failed' : '').toBe('');
});

/** What was told, without when. */
function types(run: Ward, events = run.events): string[] {
  return events.flatMap(({ kind, body }) =>
    kind === 'alert' ? [`${body.type} ${body.alert.family} ${body.alert.patient}`] : [],
  );
}

test('the wall clock jumps by an hour: nothing is raised, cleared or delayed by it', { tags: ['ALR-CLOCK'] }, () => {
  const property = fc.property(
    plan,
    fc.integer({ min: 10, max: 180 }),
    fc.constantFrom(-1, 1),
    (each, second, direction) => {
      const run = played(each);
      const jumpAt = start + second * 1_000;
      const jumped = inPartition(run.records, 0, 1).map((record) => {
        if (record.kind !== 'tick' || record.body.log < jumpAt) return record;
        return { ...record, body: { ...record.body, utc: record.body.utc + direction * 3_600_000 } };
      });
      return types(run, judge(jumped)).join() === types(run).join();
    },
  );
  expect(fc.check(property, { numRuns: 15, seed: 4 }).counterexample).toBeNull();
});

test('one in five fresh readings swapped with the next: the same episodes', { tags: ['ALR-EPISODE'] }, () => {
  const run = ward();
  const patient = run.patient('p-1').wears('spo2').wears('pulse').steady('pulse', 80, '1s', '200s');
  patient.steady('spo2', 96, '1s', '20s').steady('spo2', 86, '20s', '60s').steady('spo2', 95, '60s', '100s');
  patient.steady('spo2', 77, '100s', '130s').steady('spo2', 97, '130s', '200s');
  run.run('199s');
  let late = 0;
  const property = fc.property(fc.array(fc.nat(run.records.length - 1), { maxLength: 120, size: 'max' }), (places) => {
    const records = inPartition(run.records, 0, 1);
    for (const at of places) swap(records, at);
    const engine = newEngine();
    const same = types(run, judge(records, engine)).join() === types(run).join();
    late += engine.counters['late'] ?? 0;
    return same;
  });
  expect(fc.check(property, { numRuns: 40, seed: 6 }).counterexample).toBeNull();
  expect(late).toBeGreaterThan(100);
});

/** Puts a reading behind the next one of its device. */
function swap(records: InputRecord[], at: number): void {
  const record = records[at];
  if (record?.kind !== 'readings') return;
  const next = records.findIndex(
    (each, i) => i > at && each.kind === 'readings' && each.header.device === record.header.device,
  );
  if (next < 0 || next > at + 8) return;
  records.splice(next, 0, ...records.splice(at, 1));
}
