// The host with the real core, killed wherever it can be: what stands in `alerts` afterwards is what the recorded `inputs`
// give when they are judged from the start, byte for byte and each once.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { startHosts } from '../../alerting/alerting.ts';
import { type CoreEvent, createEngine } from '../../alerting/core/index.ts';
import { identityOf } from '../../alerting/events.ts';
import {
  type AlertEvent,
  type AppendRecord,
  decodeBody,
  decodeInput,
  decodeRecord,
  encodeInput,
  encodeRecord,
  RuleSet,
  senderHeader,
} from '../../contract/index.ts';
import { adultRules, sha256 } from '../support/core.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { TestClock } from '../unit/alerting/test-clock.ts';

const patients = ['p-1', 'p-2', 'p-3'] as const;
const seconds = 75;

/** Saturation of a patient at a second: p-1 falls and recovers, p-2 stays low, p-3 falls silent. */
function spo2(patient: string, second: number): number | undefined {
  if (patient === 'p-1') return second >= 8 && second < 40 ? 84 : 97;
  if (patient === 'p-2') return second >= 20 ? 86 : 95;
  return second < 6 ? 98 : undefined;
}

function settings(clock: TestClock, partitions: number): AppendRecord[] {
  const at = clock.wall();
  const rules = encodeInput({ v: 1, kind: 'rules', by: 'u-1', at }, RuleSet.parse(adultRules));
  const everywhere = Array.from({ length: partitions }, (_, partition) => ({ key: 'rules', partition, value: rules }));
  const worn = patients.map((patient) => {
    const device = `d-${patient}`;
    const signals = [{ vital: 'spo2', mode: 'continuous', everyMs: 1_000, firstWithinMs: 120_000 }] as const;
    const body = { id: `as-${patient}`, revision: 1, patient, device, gateway: device, from: at, to: null };
    const header = { v: 1, kind: 'assignment', patient, by: 'u-1', at } as const;
    return { key: patient, value: encodeInput(header, { ...body, signals: [...signals] }) };
  });
  return [...everywhere, ...worn];
}

function reading(patient: string, second: number, clock: TestClock): AppendRecord[] {
  const value = spo2(patient, second);
  if (value === undefined) return [];
  const at = clock.wall();
  const facts = { patient, device: `d-${patient}`, assignment: `as-${patient}`, sender: `d-${patient}` };
  const header = senderHeader('readings', { ...facts, lane: 'live', acceptedAt: at });
  const reading = { v: 1, boot: 1, seq: second + 1, vital: 'spo2', value, unit: '%', quality: 'good' };
  const record = {
    key: patient,
    value: encodeRecord(header, { ...reading, takenAt: at, receivedAt: at, clock: 'synced' }),
  };
  // One in eight comes twice.
  return second % 8 === 3 ? [record, record] : [record];
}

function beat(patient: string, second: number, clock: TestClock): AppendRecord[] {
  if (second % 10 !== 0 || patient === 'p-3') return [];
  const at = clock.wall();
  const header = { v: 1, kind: 'gateway-beat', gateway: `d-${patient}`, acceptedAt: at };
  const body = { v: 1, boot: 1, beat: second / 10 + 1, at, nextBy: at + 10_000 };
  return [{ key: `d-${patient}`, value: encodeRecord(header, body) }].concat([
    { key: patient, value: encodeRecord(header, body) },
  ]);
}

/** A clinician takes the first alert of p-2 at the revision on the screen. */
function acknowledgement(log: MemoryLog, clock: TestClock): AppendRecord[] {
  const open = written(log).findLast(({ event }) => event.kind === 'alert' && event.body.alert.patient === 'p-2');
  if (open?.event.kind !== 'alert') return [];
  const { id: alert, revision } = open.event.body.alert;
  const header = { v: 1, kind: 'acknowledge', patient: 'p-2', by: 'u-2', at: clock.wall() } as const;
  return [{ key: 'p-2', value: encodeInput(header, { requestId: 'r-1', alert, revision }) }];
}

/** What stands in `alerts`, in order. */
function written(log: MemoryLog) {
  return log.records('alerts').map(({ value }) => {
    const { header, body } = decodeRecord(value);
    const event = { kind: header.kind, body: decodeBody(body) as AlertEvent } as CoreEvent;
    return { event, partition: header['partition'] as number, input: header['input'] as number };
  });
}

/** What the recorded inputs give, judged from the start by a core that never stopped. */
function judgedAgain(log: MemoryLog, partition: number, partitions: number): string[] {
  const engine = createEngine({ sha256, partition, partitions });
  const out: CoreEvent[] = [];
  for (const { value, position } of log.records('inputs', partition)) engine.apply(decodeInput(value), position, out);
  return out.map(({ body }) => JSON.stringify(body));
}

interface Run {
  readonly partitions?: number;
  /** Appends that each life of the process lives through; the last one is not killed. */
  readonly lives: readonly number[];
  /** Copies of refused appends that land all the same. */
  readonly refuseEvery?: number;
}

async function play({ partitions = 1, lives, refuseEvery }: Run) {
  const log = new MemoryLog({ partitions });
  const clock = new TestClock();
  const failures: unknown[] = [];
  const announced: string[] = [];
  let claims = 0;
  let connection = log.connect();
  let appends = 0;
  if (refuseEvery !== undefined) log.refuse = () => (++appends % refuseEvery === 0 ? 'kept' : undefined);
  const start = (life: number) => {
    connection = log.connect();
    connection.killAfter(lives[life] ?? Number.POSITIVE_INFINITY);
    const bytes = (n: number) => new Uint8Array(n).fill(++claims);
    return startHosts(
      { instance: 'vigil-1', bootId: 'b-1', build: '0.1.0', config: '9f2c' },
      {
        log: connection,
        clock,
        random: { next: () => 0, bytes },
        announce: (_, message) => void announced.push(message),
        fatal: (error) => void failures.push(error),
      },
      createEngine,
    );
  };
  const put = async (records: readonly AppendRecord[]) => {
    // Not the host's: these are never refused.
    const { refuse } = log;
    log.refuse = undefined;
    if (records.length > 0) await log.append('inputs', records, { lane: 'data' });
    log.refuse = refuse;
  };
  const running = [start(0)];
  await put(settings(clock, partitions));
  for (let second = 0; second < seconds; second++) {
    for (const patient of patients) await put([...reading(patient, second, clock), ...beat(patient, second, clock)]);
    if (second === 50) await put(acknowledgement(log, clock));
    // The parent starts a killed process again at once.
    for (let half = 0; half < 2; half++) {
      await clock.advance(500);
      if (connection.isKilled) running.push(start(running.length));
    }
  }
  await clock.advance(3_000);
  // Not waited for: a killed one never ends.
  for (const role of running) void role[Symbol.asyncDispose]();
  await clock.quiet();
  return { log, failures, announced, lives: running.length };
}

/** What is wrong with a run; nothing if `alerts` is what the log says it must be. */
function faults(log: MemoryLog, partitions = 1): string[] {
  const found: string[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const events = written(log).filter((one) => one.partition === partition);
    const first = new Map<string, string>();
    for (const one of events) {
      const identity = identityOf(one);
      const body = JSON.stringify(one.event.body);
      if ((first.get(identity) ?? body) !== body) found.push(`${identity} has two bodies`);
      first.set(identity, body);
    }
    const again = judgedAgain(log, partition, partitions);
    if (JSON.stringify([...first.values()]) !== JSON.stringify(again))
      found.push(`partition ${partition}: ${first.size} events are written, ${again.length} were judged again`);
  }
  return found;
}

/** Raised alerts by what they are of, in order: what a clinician would see. */
function raised(log: MemoryLog): string[] {
  return written(log).flatMap(({ event }) => {
    if (event.kind !== 'alert' || event.body.type !== 'raised') return [];
    return [`${event.body.alert.patient} ${event.body.alert.family} ${event.body.alert.id}`];
  });
}

describe('killed and started again', () => {
  test('after any append: the same alerts, each once, byte for byte what the log gives', {
    tags: ['ALR-STATE', 'ALR-REPLAY', 'ALR-EPISODE'],
  }, async () => {
    const whole = await play({ lives: [] });
    const physiological = raised(whole.log);
    const wrong: object[] = [];
    let kills = 0;
    for (let point = 0; point < 160; point++) {
      const { log, failures, lives } = await play({ lives: [point] });
      kills += lives - 1;
      const doubled = written(log).length - new Set(written(log).map(identityOf)).size;
      const found = faults(log);
      const same = JSON.stringify(raised(log)) === JSON.stringify(physiological);
      if (found.length + failures.length + doubled > 0 || !same)
        wrong.push({ point, found, failures, doubled, raised: raised(log) });
    }
    expect(faults(whole.log)).toEqual([]);
    expect(physiological.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(
      expect.arrayContaining(['p-1 spo2-low', 'p-2 spo2-low']),
    );
    expect({ wrong, kills }).toEqual({ wrong: [], kills: 160 });
  });

  test('many times, at any points, with appends refused that landed all the same', {
    tags: ['ALR-STATE', 'ALR-REPLAY', 'ALR-FENCE'],
  }, async () => {
    const lives = fc.array(fc.integer({ min: 0, max: 90 }), { minLength: 1, maxLength: 6 });
    const run = fc.record({ lives, partitions: fc.constantFrom(1, 3), refuseEvery: fc.constantFrom(undefined, 5, 11) });
    const failed = await fc.check(
      fc.asyncProperty(run, async ({ lives: some, partitions, refuseEvery }) => {
        const { log, failures } = await play({ lives: some, partitions, ...(refuseEvery && { refuseEvery }) });
        return failures.length === 0 && faults(log, partitions).length === 0;
      }),
      { numRuns: 40 },
    );
    expect(failed.counterexample).toBeNull();
  });

  test('it starts from the newest generation of the real state', { tags: ['ALR-STATE'] }, async () => {
    const { log } = await play({ lives: [100] });
    const clock = new TestClock({ mono: 2_000_000 });
    const connection = log.connect();
    const options = { instance: 'vigil-1', bootId: 'b-1', build: '0.1.0', config: '9f2c' };
    const random = { next: () => 0, bytes: (n: number) => new Uint8Array(n).fill(99) };
    await using _role = startHosts(options, { log: connection, clock, random, announce: () => {} }, createEngine);
    await clock.quiet();
    const commits = log.records('snapshots').filter(({ key }) => key.endsWith('/commit'));
    const { inputs } = decodeBody(decodeRecord(commits.at(-1)?.value as Uint8Array).body) as { inputs: number };
    expect(connection.reads.find(({ topic }) => topic === 'inputs')?.from).toBe(inputs);
    expect(inputs).toBeGreaterThan(100);
  });
});
