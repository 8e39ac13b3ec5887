// One engine in a process of its own, as production has one: does the work it is told and says what it took. Started by `fork`.
import { openJsonLogic } from './json-logic.ts';
import { openJsonRules } from './json-rules.ts';
import { openMapClosures } from './map-closures.ts';
import type { OpenEngine, RulesEngine } from './rules-engine.ts';
import { Readings, ruleSetOf, Said, type Second, type Workload } from './rules-workload.ts';
import { openVigilCore } from './vigil-core.ts';

const engines = {
  'vigil-core': openVigilCore,
  'map-closures': openMapClosures,
  'json-logic-engine': openJsonLogic,
  'json-rules-engine': openJsonRules,
} satisfies Record<string, OpenEngine>;
export type EngineName = keyof typeof engines;

export interface RulesOrder {
  readonly engine: EngineName;
  readonly workload: Workload;
  readonly seconds: number;
  /** Numbers of seconds after which what was said is noted. */
  readonly marks: readonly number[];
  /** Afterwards, readings one at a time, and what a reading allocates. */
  readonly singly: boolean;
}

export interface RulesResult {
  readonly readings: number;
  readonly alerts: number;
  readonly digests: Readonly<Record<number, string>>;
  /** CPU nanoseconds a reading, each second of the work; the first fifth is warm-up. */
  readonly ns: readonly number[];
  readonly bytesAPatient: number;
  readonly bandBytesAPatient: number | undefined;
  readonly p999Us: number | undefined;
  readonly bytesAReading: number | undefined;
}

process.on('message', (order: RulesOrder) => {
  void run(order).then(
    (result) => process.send?.({ result }),
    (error: Error) => process.send?.({ failed: error.stack }),
  );
});
process.on('disconnect', () => process.exit());

async function run({ engine: name, workload, seconds, marks, singly }: RulesOrder): Promise<RulesResult> {
  const said = new Said();
  const readings = new Readings(workload);
  const before = heldBytes();
  const engine: RulesEngine = engines[name]({ patients: workload.patients, rules: ruleSetOf(workload), said });
  const ns: number[] = [];
  const digests: Record<number, string> = {};
  let count = 0;
  let bytes = 0;
  for (let second = 0; second < seconds; second++) {
    const next = readings.next();
    const prepared = engine.prepare(next);
    const cpuNs = await cpuOf(engine, prepared, next.at);
    if (second >= seconds / 5) ns.push(cpuNs / next.count);
    count += next.count;
    if (second === 0) bytes = heldBytes() - before;
    if (marks.includes(second + 1)) digests[second + 1] = said.digest;
  }
  const bandBytes = engine.bandBytes?.();
  return {
    ...{ readings: count, alerts: said.alerts, digests, ns, bytesAPatient: bytes / workload.patients },
    bandBytesAPatient: bandBytes === undefined ? undefined : bandBytes / workload.patients,
    p999Us: singly ? await p999(engine, readings) : undefined,
    bytesAReading: singly ? await allocated(engine, readings) : undefined,
  };
}

/** CPU time of all that one second brings: two ticks and its readings. */
async function cpuOf(engine: RulesEngine, prepared: unknown, at: number): Promise<number> {
  const since = process.cpuUsage();
  engine.tick(at);
  await engine.apply(prepared);
  engine.tick(at + 500);
  const { user, system } = process.cpuUsage(since);
  engine.aside?.(at);
  return (user + system) * 1_000;
}

/** Slowest but a thousandth of single readings, in microseconds; with what two looks at a clock cost. */
async function p999(engine: RulesEngine, readings: Readings): Promise<number> {
  const times: number[] = [];
  for (let second = 0; second < 4; second++) {
    const next = readings.next();
    engine.tick(next.at);
    const single = Array.from({ length: next.count }, (_, i) => engine.prepare(oneOf(next, i)));
    for (const each of single) {
      const since = process.hrtime.bigint();
      await engine.apply(each);
      times.push(Number(process.hrtime.bigint() - since) / 1_000);
    }
    engine.aside?.(next.at);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length * 0.999)] ?? Number.NaN;
}

function oneOf({ at, streams, values }: Second, i: number): Second {
  return { at, count: 1, streams: streams.subarray(i, i + 1), values: values.subarray(i, i + 1) };
}

/** Few enough readings for no collection to come between: 1,000 of 2 KB. */
const atOnce = 1_000;

/** Bytes of heap that a reading takes, at least: what a collection freed meanwhile can only make less, so the median counts. */
async function allocated(engine: RulesEngine, readings: Readings): Promise<number> {
  const next = readings.next();
  engine.tick(next.at);
  const each: number[] = [];
  for (let from = 0; from + atOnce <= next.count; from += atOnce) {
    const streams = next.streams.subarray(from, from + atOnce);
    const values = next.values.subarray(from, from + atOnce);
    const prepared = engine.prepare({ at: next.at, count: atOnce, streams, values });
    const before = process.memoryUsage().heapUsed;
    await engine.apply(prepared);
    each.push((process.memoryUsage().heapUsed - before) / atOnce);
  }
  return each.sort((a, b) => a - b)[Math.floor(each.length / 2)] ?? Number.NaN;
}

/** After a collection, so only what is kept counts; arrays outside of the heap too. */
function heldBytes(): number {
  globalThis.gc?.();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + Math.max(external, arrayBuffers);
}
