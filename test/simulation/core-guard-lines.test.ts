// The quiet path is a promise: a reading that it takes would have changed nothing had every rule looked at it. So the same
// records go through one engine as it is, and through one whose guard lines are shut before each of them.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Lines, line, lineShift } from '../../alerting/core/lines.ts';
import { type InputRecord, RuleSet } from '../../contract/index.ts';
import { adultRules, inPartition, judge, newEngine, type Says, ward } from '../support/core.ts';

const common = { version: 1, rank: 1, priority: 'high', source: 'test' };
/** The default rules, and one of each kind whose line is not told by its limit alone. */
const rules = RuleSet.parse({
  ...adultRules,
  rules: [
    ...adultRules.rules,
    {
      ...common,
      id: 'fast',
      family: 'fast',
      kind: 'rate',
      vitals: ['spo2'],
      atOrBelow: '-40 %/min',
      windowMs: 10_000,
      deadband: 5,
    },
    {
      ...common,
      id: 'often',
      family: 'often',
      kind: 'count',
      vitals: ['pulse'],
      above: '110 /min',
      atLeast: 3,
      of: 5,
      deadband: 2,
    },
    {
      ...common,
      id: 'mean',
      family: 'mean',
      kind: 'window',
      vitals: ['spo2'],
      below: '94 %',
      statistic: 'mean',
      windowMs: 20_000,
      deadband: 1,
    },
    {
      ...common,
      id: 'depth',
      family: 'depth',
      kind: 'integral',
      vitals: ['spo2'],
      below: '92 %',
      budget: '60 %.s',
      deadband: 1,
      recoverMs: 5_000,
    },
    {
      ...common,
      id: 'drop',
      family: 'drop',
      kind: 'rate',
      vitals: ['glucose'],
      atOrBelow: '-2 mg/dL/min',
      windowMs: 900_000,
      deadband: 0.5,
    },
  ],
});

/** Rules of several signals, which hold lines shut or narrow. */
const together = RuleSet.parse({
  ...rules,
  rules: [
    ...rules.rules,
    {
      ...common,
      id: 'both',
      family: 'both',
      kind: 'composite',
      condition: { all: [{ rule: 'mean' }, { rule: 'often' }] },
    },
    { ...common, id: 'score', family: 'score', kind: 'news2', atLeast: 3 },
  ],
});
/** A prediction has to see every reading: its line is never open. */
const predicted = RuleSet.parse({
  ...rules,
  rules: [
    ...rules.rules.filter(({ id }) => id !== 'drop'),
    {
      ...common,
      id: 'soon',
      family: 'soon',
      kind: 'predict',
      vitals: ['glucose'],
      below: '70 mg/dL',
      method: 'damped-linear',
      horizonMs: 1_800_000,
      deadband: 10,
    },
  ],
});

type Also = 'nothing' | 'away' | 'slow' | 'doubtful' | 'late' | 'no-contact';
interface Step {
  readonly by: number;
  readonly also: Also;
}
const usual = Array.from({ length: 60 }, () => 'nothing' as const);
const step: fc.Arbitrary<Step> = fc.record({
  by: fc.oneof(
    // Mostly no jump: a limit that is crossed in small steps is met by an open line.
    { weight: 40, arbitrary: fc.constantFrom(-0.5, -0.5, -0.3, 0, 0.2, 0.4) },
    { weight: 1, arbitrary: fc.integer({ min: -6, max: 6 }) },
  ),
  also: fc.constantFrom<Also>(...usual, 'away', 'slow', 'doubtful', 'late', 'no-contact'),
});
const walk = fc.array(step, { minLength: 60, maxLength: 160, size: 'max' });
const plan = fc.record({
  spo2: walk,
  pulse: walk,
  glucose: fc.array(step, { minLength: 10, maxLength: 30, size: 'max' }),
  set: fc.constantFrom(rules, rules, together, predicted),
  lost: fc.array(fc.nat(300), { maxLength: 15, size: 'max' }),
  held: fc.array(fc.record({ at: fc.nat(300), later: fc.nat(12) }), { maxLength: 15, size: 'max' }),
  copies: fc.array(fc.record({ at: fc.nat(300), later: fc.nat(30) }), { maxLength: 40, size: 'max' }),
});
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

const signals = {
  spo2: { first: 95.5, everyS: 1, least: 60, most: 100, scale: 1 },
  pulse: { first: 105, everyS: 1, least: 30, most: 180, scale: 2 },
  glucose: { first: 110, everyS: 60, least: 30, most: 420, scale: 6 },
} as const;
type Walked = keyof typeof signals;

/** One signal's readings: some are not taken, are old when they come, or come in a row slower than they are measured. */
function wander(patient: ReturnType<ReturnType<typeof ward>['patient']>, vital: Walked, steps: readonly Step[]): void {
  const { first, everyS, least, most, scale } = signals[vital];
  patient.wears(vital, { every: `${everyS}s` });
  let value: number = first;
  let missing = 0;
  let slow = 0;
  for (const [i, { by, also }] of steps.entries()) {
    value = Math.min(most, Math.max(least, value + by * scale));
    if (also === 'away') missing = 8;
    if (also === 'slow') slow = 12;
    if (missing-- > 0) continue;
    const says: Says = also === 'no-contact' ? 'no-contact' : Math.round(value * 10) / 10;
    // Numbered as it comes; a slow way keeps the order.
    const lag = also === 'late' ? 3 * everyS : slow-- > 0 ? 9 * everyS : 0;
    const quality = also === 'doubtful' ? 'doubtful' : 'good';
    patient.reading(vital, says, `${(i + 1) * everyS + lag}s`, { late: `${lag}s`, quality });
  }
}

function records({ copies, lost, held, set, ...walks }: Plan): InputRecord[] {
  const run = ward({ rules: set });
  const patient = run.patient('p-1');
  for (const vital of Object.keys(signals) as Walked[]) wander(patient, vital, walks[vital]);
  run.killed('70s', '82s').run('32min');
  const all = inPartition(run.records, 0, 1);
  // On the way to the log: numbers that never come, that come behind later ones, and that come twice.
  const readings = all.flatMap(({ kind }, at) => (kind === 'readings' ? [at] : []));
  const nth = (n: number) => readings[n % readings.length] as number;
  const missing = new Set([...lost, ...held.map(({ at }) => at)].map(nth));
  const again = [...held, ...copies].map(({ at, later }) => ({ at: nth(at), by: nth(at) + later }));
  const behind = Map.groupBy(again, ({ by }) => by);
  return all.flatMap((record, at) => [
    ...(missing.has(at) ? [] : [record]),
    ...(behind.get(at) ?? []).flatMap((one) => all[one.at] ?? []),
  ]);
}

function linesOf(engine: object): Lines {
  return (engine as { lines: Lines }).lines;
}

/** What was told and at which record, the state at the end, and how many lines stood open when a reading came. */
function judged(all: readonly InputRecord[], shut: boolean) {
  const engine = newEngine();
  const lines = linesOf(engine);
  const told: string[] = [];
  let open = 0;
  for (const [at, record] of all.entries()) {
    for (let i = 0; i < lines.size; i++) {
      const low = (i << lineShift) + line.low;
      if (shut) lines.data[low] = Number.POSITIVE_INFINITY;
      if (record.kind === 'readings' && lines.data[low] !== Number.POSITIVE_INFINITY) open++;
    }
    told.push(...judge([record], engine).map(({ body }) => `${at} ${JSON.stringify(body)}`));
  }
  return { told, open, state: [...engine.snapshot()].map((entry) => JSON.stringify(entry)) };
}

test('a reading on the quiet path would have changed nothing', {
  tags: ['ALR-LIMIT', 'ALR-STALE', 'ALR-REPLAY'],
  timeout: 600_000,
}, () => {
  let open = 0;
  let told = 0;
  const property = fc.property(plan, (each) => {
    const all = records(each);
    const asItIs = judged(all, false);
    const inFull = judged(all, true);
    open += asItIs.open;
    told += asItIs.told.length;
    const at = inFull.told.findIndex((body, i) => body !== asItIs.told[i]);
    if (at >= 0 || asItIs.told.length > inFull.told.length)
      throw new Error(`${asItIs.told.at(at)} for ${inFull.told[at]}`);
    if (asItIs.state.join() !== inFull.state.join()) throw new Error(`${asItIs.state} for ${inFull.state}`);
  });
  const { failed, errorInstance, counterexample } = fc.check(property, { numRuns: 60, seed: 11, endOnFailure: true });
  expect(failed ? `${String(errorInstance).slice(0, 4_000)} ${JSON.stringify(counterexample)}` : '').toBe('');
  // A run in which no line was open, or nothing happened, would prove nothing.
  expect(open).toBeGreaterThan(1_000);
  expect(told).toBeGreaterThan(1_000);
});
