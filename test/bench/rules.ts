// Row `rules` of `performance.md`: thresholds with deadband and on-delay, and silence, on 10,000 patients with three vitals at 1 Hz.
// Each engine is alone in a process, takes the same readings and has to say the same alerts in the same order. CPU time a
// reading, ticks included, median over the seconds of the work after warm-up. Rate of change is no rule kind yet: not measured.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Figure, median, rounded } from './figure.ts';
import type { RulesOrder, RulesResult } from './peers/rules-child.ts';
import type { Workload } from './peers/rules-workload.ts';

/** 10,000 patients x 3 vitals x 167 s: five million readings. */
const seconds = 167;
/** Every rule has raised by then; an engine of 100 us a reading needs 40 s for it. */
const prefixSeconds = 13;
const patients = 10_000;
const work: Workload = { patients, rulesAStream: 3, quiet: false };

/** The figures; about three minutes. */
export async function bench(): Promise<Figure[]> {
  const marks = [prefixSeconds, seconds];
  const vigil = await measure({ engine: 'vigil-core', workload: work, seconds, marks, singly: false });
  const map = await measure({ engine: 'map-closures', workload: work, seconds, marks, singly: false });
  const logic = await measure({ engine: 'json-logic-engine', workload: work, seconds, marks, singly: false });
  const rules = await measure({
    engine: 'json-rules-engine',
    workload: work,
    seconds: prefixSeconds,
    marks,
    singly: false,
  });
  return [
    same('json-rules-engine', vigil, rules, prefixSeconds),
    same('json-logic-engine', vigil, logic, seconds),
    same('Map and closures', vigil, map, seconds),
    faster(vigil, 'json-rules-engine', rules, 2_000),
    faster(vigil, 'json-logic-engine', logic, 20),
    faster(vigil, 'Map and closures', map),
    { name: 'rules readings', value: vigil.readings, unit: 'readings' },
    { name: 'rules alerts', value: vigil.alerts, unit: 'alerts' },
    ...(await quietFigures()),
    ...(await scaleFigures(vigil)),
  ];
}

/** What a reading costs that changes nothing, which is almost every one. */
async function quietFigures(): Promise<Figure[]> {
  const workload = { ...work, quiet: true };
  const quiet = await measure({ engine: 'vigil-core', workload, seconds: 20, marks: [20], singly: true });
  const { bytesAReading = Number.NaN, p999Us = Number.NaN, bytesAPatient, bandBytesAPatient } = quiet;
  return [
    atMost('rules inside the guard band', median(quiet.ns), 'ns/reading', 20),
    atMost('rules inside the guard band, allocated', bytesAReading, 'B/reading', 0),
    { name: 'rules one reading p99.9', value: rounded(p999Us), unit: 'us' },
    { name: 'rules state kept, all of the core', value: rounded(bytesAPatient), unit: 'B/patient' },
    ...(bandBytesAPatient === undefined
      ? []
      : [atMost('rules guard lines and rule rows', bandBytesAPatient, 'B/patient', 512)]),
  ];
}

/** More rules, more patients. */
async function scaleFigures(few: RulesResult): Promise<Figure[]> {
  const scaled = (name: string, result: RulesResult, bar: number): Figure => {
    const ratio = median(result.ns) / median(few.ns);
    return {
      ...{ name, value: rounded(median(result.ns)), unit: 'ns/reading', peer: '10,000 patients, 3 rules a stream' },
      ...{ peerValue: rounded(median(few.ns)), ratio: rounded(ratio), bar: `<= ${bar}`, held: ratio <= bar },
    };
  };
  const manyRules: Workload = { ...work, rulesAStream: 30 };
  const many = await measure({ engine: 'vigil-core', workload: manyRules, seconds: 25, marks: [25], singly: false });
  const check = await measure({ engine: 'map-closures', workload: manyRules, seconds: 25, marks: [25], singly: false });
  const manyPatients: Workload = { ...work, patients: 10 * patients };
  const ward = await measure({ engine: 'vigil-core', workload: manyPatients, seconds: 8, marks: [8], singly: false });
  return [
    same('Map and closures, 30 rules a stream', many, check, 25),
    scaled('rules 30 rules a stream', many, 1.6),
    scaled('rules 100,000 patients', ward, 3),
  ];
}

function same(peer: string, vigil: RulesResult, other: RulesResult, second: number): Figure {
  const held = vigil.digests[second] !== undefined && vigil.digests[second] === other.digests[second];
  return {
    name: `rules same alerts, ${second} s`,
    value: held ? 1 : 0,
    unit: 'yes',
    peer,
    bar: 'equal in order',
    held,
  };
}

function faster(vigil: RulesResult, peer: string, other: RulesResult, bar?: number): Figure {
  const ratio = median(other.ns) / median(vigil.ns);
  return {
    ...{ name: 'rules whole apply', value: rounded(median(vigil.ns)), unit: 'ns/reading' },
    ...{ peer, peerValue: rounded(median(other.ns)), ratio: rounded(ratio) },
    ...(bar !== undefined && { bar: `>= ${bar} times as fast`, held: ratio >= bar }),
  };
}

function atMost(name: string, value: number, unit: string, bar: number): Figure {
  return { name, value: rounded(value), unit, bar: `<= ${bar}`, held: value <= bar };
}

async function measure(order: RulesOrder): Promise<RulesResult> {
  const file = fileURLToPath(new URL('./peers/rules-child.ts', import.meta.url));
  const child = fork(file, { execArgv: ['--expose-gc'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = new AbortController();
  try {
    child.send(order);
    const said = await Promise.race([
      once(child, 'message', { signal: ended.signal }).then(
        ([message]) => message as { result?: RulesResult; failed?: string },
      ),
      once(child, 'exit', { signal: ended.signal }).then(() => ({ failed: 'the process ended', result: undefined })),
    ]);
    if (!said.result) throw new Error(`${order.engine}: ${said.failed}`);
    return said.result;
  } finally {
    ended.abort();
    child.kill('SIGKILL');
  }
}
