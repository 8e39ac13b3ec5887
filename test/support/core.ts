// A ward for tests of the pure judgement: patients, devices and people act at stated times, ticks and beats run by
// themselves, and what the core decides is told in lines that a clinician can read. All time is virtual.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type CoreEvent, createEngine, type PartitionEngine } from '../../alerting/core/index.ts';
import {
  type AbsentReason,
  type Alert,
  decodeInput,
  encodeInput,
  encodeWaveform,
  type InputRecord,
  type Lead,
  leadNames,
  type Monitoring,
  partitionOf,
  type RuleSet,
  senderHeader,
  VITALS,
  type Vital,
} from '../../contract/index.ts';

/** Beginning of every test's log: 2026-03-01 02:00 UTC. */
export const start = Date.UTC(2026, 2, 1, 2);

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The default rules, as the product ships them. */
export const adultRules = JSON.parse(
  readFileSync(new URL('../../alerting/rules/adult.json', import.meta.url), 'utf8'),
) as RuleSet;

const units = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 } as const;

/** Milliseconds of "250ms", "10s", "1.5min", "6h"; several add up: "1min 30s". */
export function ms(text: string): number {
  let sum = 0;
  for (const part of text.split(' ')) {
    const match = /^(-?[\d.]+)(ms|s|min|h)$/.exec(part);
    if (!match) throw new Error(`${part} is no time`);
    sum += Number(match[1]) * units[match[2] as keyof typeof units];
  }
  return Math.round(sum);
}

/** An instant relative to the start, in seconds: "29s", "0.5s". */
export function clock(at: number): string {
  return `${(at - start) / 1_000}s`;
}

/** A record with the keys it stands under, once in each partition of theirs; `*`: in every partition. */
export interface Keyed {
  readonly keys: readonly string[];
  readonly record: InputRecord;
}

/** A record of ours, through the codec. */
export function ours(...[header, body]: Parameters<typeof encodeInput>): InputRecord {
  return decodeInput(encodeInput(header, body));
}

export const owner = (after: number, id = `c-${after}`): InputRecord =>
  ours({ v: 1, kind: 'owner' }, { id, instance: 'vigil-1', bootId: 'b-1', after });
export const tick = (n: number, log: number, epoch = 1, utc = log): InputRecord =>
  ours({ v: 1, kind: 'tick' }, { n, epoch, log, mono: log - start, utc });
export const rules = (set: RuleSet, at = start): InputRecord =>
  ({ kind: 'rules', header: { v: 1, kind: 'rules', by: 'u-1', at }, body: set }) as InputRecord;

/** What the core says of one sequence of records. */
export function judge(records: Iterable<InputRecord>, engine: PartitionEngine = newEngine()): CoreEvent[] {
  const out: CoreEvent[] = [];
  let position = 0;
  for (const record of records) engine.apply(record, position++, out);
  return out;
}

export function newEngine(partition = 0, partitions = 1): PartitionEngine {
  return createEngine({ sha256, partition, partitions });
}

/** Another engine that goes on from this one's snapshot, as it comes back from the log. */
export function restarted(engine: PartitionEngine, out: CoreEvent[] = []): PartitionEngine {
  const next = newEngine();
  next.restore(JSON.parse(JSON.stringify([...engine.snapshot()])), out);
  return next;
}

/** The records that stand in one of `partitions`. */
export function inPartition(records: readonly Keyed[], partition: number, partitions: number): InputRecord[] {
  return records
    .filter(({ keys }) => keys.some((key) => key === '*' || partitionOf(key, partitions) === partition))
    .map(({ record }) => record);
}

/** Bodies as bytes, by the subject they are about, in order. */
export function bodies(events: readonly CoreEvent[]): Map<string, string[]> {
  const own = Map.groupBy(events, ({ body }) => subjectOf(body));
  const sorted = [...own].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(sorted.map(([subject, each]) => [subject, each.map(({ body }) => JSON.stringify(body))]));
}

/** Where two sets of bodies differ first, or undefined. */
export function difference(actual: Map<string, string[]>, expected: Map<string, string[]>): string | undefined {
  for (const subject of new Set([...expected.keys(), ...actual.keys()])) {
    const [a, b] = [actual.get(subject) ?? [], expected.get(subject) ?? []];
    const at = b.findIndex((body, i) => body !== a[i]);
    if (at >= 0) return `${subject}[${at}]: ${a[at]?.slice(0, 300)} instead of ${b[at]?.slice(0, 300)}`;
    if (a.length > b.length) return `${subject}[${b.length}]: ${a[b.length]?.slice(0, 300)} is too much`;
  }
  return undefined;
}

function subjectOf(body: CoreEvent['body']): string {
  if ('alert' in body) return body.alert.patient ?? body.alert.scope;
  return body.patient;
}

/** Something that happens at a time. Made when its time has come, from what is known then. */
interface Act {
  readonly at: number;
  /** Before the tick of the same instant. */
  readonly first: boolean;
  readonly make: () => readonly Keyed[];
}

export interface Wears {
  readonly device?: string;
  readonly gateway?: string;
  readonly every?: string;
  readonly firstWithin?: string;
  readonly at?: string;
  readonly mode?: 'continuous' | 'spot';
}

/** What a reading says: a value, a bound, an absence. */
export type Says = number | 'LOW' | 'HIGH' | AbsentReason;

export interface ReadingOptions {
  readonly unit?: string;
  readonly quality?: 'good' | 'doubtful' | 'bad';
  /** Age at arrival. */
  readonly late?: string;
  readonly clock?: 'synced' | 'unsure';
  /** Of the device's clock: the value is dated so much into the future. */
  readonly ahead?: string;
  readonly skew?: string;
}

const expectedEvery: Partial<Record<string, string>> = { glucose: '5min' };
const bounds = { glucose: { LOW: 40, HIGH: 400 } } as Record<string, { LOW: number; HIGH: number }>;

export class Ward {
  readonly records: Keyed[] = [];
  readonly events: CoreEvent[] = [];
  readonly engine = newEngine();
  readonly #acts = new Map<number, Act[]>();
  #times: number[] = [];
  readonly #down: { from: number; to: number }[] = [];
  readonly #silentGateways: { gateway: string; from: number; to: number }[] = [];
  readonly gateways = new Map<string, { patients: Set<string>; beat: number }>();
  readonly #sequences = new Map<string, number>();
  #n = 0;
  #epoch = 0;
  #at = start;
  readonly #options: { readonly rules: RuleSet | null };

  constructor(options: { readonly rules?: RuleSet | null } = {}) {
    this.#options = { rules: options.rules === undefined ? adultRules : options.rules };
  }

  patient(id: string): PatientScript {
    return new PatientScript(this, id);
  }

  /** Something happens at a time. */
  act(at: number, make: () => readonly Keyed[], first = false): void {
    const acts = this.#acts.get(at);
    if (acts) acts.push({ at, make, first });
    else this.#acts.set(at, [{ at, make, first }]);
  }
  /** A new rule set is put in force. */
  rules(set: RuleSet, at: string): this {
    this.act(start + ms(at), () => [{ keys: ['*'], record: rules(set, start + ms(at)) }]);
    return this;
  }
  /** The engine's process is dead in between: no ticks, and a blind period afterwards. */
  killed(from: string, to: string): this {
    this.#down.push({ from: start + ms(from), to: start + ms(to) });
    this.act(start + ms(to), () => this.#takeOver(start + ms(from), start + ms(to)), true);
    return this;
  }
  /** A gateway sends no beats in between. */
  silent(gateway: string, from: string, to: string): this {
    this.#silentGateways.push({ gateway, from: start + ms(from), to: start + ms(to) });
    return this;
  }

  next(device: string): number {
    const seq = (this.#sequences.get(device) ?? 0) + 1;
    this.#sequences.set(device, seq);
    return seq;
  }

  #takeOver(from: number, to: number): Keyed[] {
    const last = Math.floor((from - 1 - start) / 500) * 500 + start;
    const blind = {
      epoch: this.#epoch + 1,
      fromLog: last,
      toLog: to,
      fromUtc: last,
      toUtc: to,
      cause: 'restart' as const,
    };
    const claim = owner(this.#epoch++);
    this.#n = 0;
    return [
      { keys: ['*'], record: claim },
      { keys: ['*'], record: ours({ v: 1, kind: 'blind' }, blind) },
    ];
  }

  /** Plays all that has been said up to a time. */
  run(until: string): this {
    const end = start + ms(until);
    if (this.#epoch === 0) this.#begin();
    this.#times = [...this.#acts.keys()].filter((at) => at >= this.#at).sort((a, b) => b - a);
    for (; this.#at <= end; this.#at = this.#next()) this.#instant();
    return this;
  }

  #begin(): void {
    if (this.#options.rules) this.#append([{ keys: ['*'], record: rules(this.#options.rules) }]);
    this.#append([{ keys: ['*'], record: owner(this.#epoch++) }]);
  }

  #instant(): void {
    const at = this.#at;
    const isDown = this.#down.some(({ from, to }) => at >= from && at < to);
    const acts = this.#acts.get(at) ?? [];
    for (const act of acts.filter(({ first }) => first)) this.#append(act.make());
    if ((at - start) % 500 === 0 && !isDown) this.#append([{ keys: ['*'], record: tick(this.#n++, at, this.#epoch) }]);
    if ((at - start) % 10_000 === 0) this.#beats(at);
    for (const act of acts.filter(({ first }) => !first)) this.#append(act.make());
  }

  /** The next instant at which something happens. */
  #next(): number {
    const tickAt = Math.floor((this.#at - start) / 500) * 500 + 500 + start;
    while ((this.#times.at(-1) ?? Number.POSITIVE_INFINITY) <= this.#at) this.#times.pop();
    return Math.min(tickAt, this.#times.at(-1) ?? tickAt);
  }

  #beats(at: number): void {
    for (const [gateway, state] of this.gateways) {
      if (this.#silentGateways.some((span) => span.gateway === gateway && at >= span.from && at < span.to)) continue;
      const record = beat(gateway, ++state.beat, at);
      this.#append([{ keys: [gateway, ...state.patients], record }]);
    }
  }

  #append(records: readonly Keyed[]): void {
    for (const keyed of records) {
      this.records.push(keyed);
      this.engine.apply(keyed.record, this.records.length, this.events);
    }
  }

  // ---- what came of it ----

  /** The newest state of a patient's alert of a family, or undefined. */
  alert(family: string, patient?: string): Alert | undefined {
    const own = this.events.flatMap(({ kind, body }) => (kind === 'alert' ? [body.alert] : []));
    return own.findLast((alert) => alert.family === family && (patient === undefined || alert.patient === patient));
  }

  /** All alert events of a patient (or of all), one line each. */
  story(options: { readonly patient?: string; readonly kind?: Alert['kind'] } = {}): string[] {
    return this.events.flatMap((event) => {
      if (event.kind !== 'alert') return [];
      const { alert } = event.body;
      if (options.patient !== undefined && alert.patient !== options.patient) return [];
      if (options.kind !== undefined && alert.kind !== options.kind) return [];
      const what = alert.kind === 'technical' ? `${alert.family} ${alert.scope.replace('source:', '')}` : alert.family;
      return [`${clock(event.body.at)} ${event.body.type} ${what} ${alert.priority}`];
    });
  }

  /** States of a signal, one line each change. */
  monitoring(signal: string, patient?: string): string[] {
    return this.events.flatMap((event) => {
      if (event.kind !== 'monitoring' || event.body.signal !== signal) return [];
      if (patient !== undefined && event.body.patient !== patient) return [];
      return [stateLine(event.body)];
    });
  }
}

function stateLine({ at, state, cause, since }: Monitoring): string {
  return `${clock(at)} ${state}${cause ? ` ${cause}` : ''}${since === at ? '' : ` since ${clock(since)}`}`;
}

/** A ward with the default rules, or others, or none. */
export function ward(options: { readonly rules?: RuleSet | null } = {}): Ward {
  return new Ward(options);
}

export function beat(gateway: string, number: number, at: number): InputRecord {
  const body = {
    v: 1,
    boot: 1,
    beat: number,
    at,
    nextBy: at + 11_000,
    config: 'c',
    previous: null,
    devices: [],
    spool: { records: 0, bytes: 0, oldestAt: null, thinned: 0, freeBytes: null },
    clock: { state: 'synced', offsetMs: 0, errorMs: 0 },
  };
  const header = { v: 1, kind: 'gateway-beat', gateway, acceptedAt: at } as const;
  return { kind: 'gateway-beat', header, body: new TextEncoder().encode(JSON.stringify(body)) };
}

/** What one patient wears, what is measured, and what people do about it. */
export class PatientScript {
  readonly #ward: Ward;
  readonly id: string;
  readonly #worn = new Map<string, { device: string; gateway: string; assignment: string; every: number }>();

  constructor(ward: Ward, id: string) {
    this.#ward = ward;
    this.id = id;
  }

  /** A device for one signal is put on: from then on the signal is due. */
  wears(signal: Vital | Lead, options: Wears = {}): this {
    const device = options.device ?? `${signal}-${this.id}`;
    const gateway = options.gateway ?? `kit-${this.id}`;
    const at = start + ms(options.at ?? '0s');
    const every = ms(options.every ?? expectedEvery[signal] ?? '1s');
    const assignment = `as-${device}-${signal}-${ms(options.at ?? '0s')}`;
    this.#worn.set(signal, { device, gateway, assignment, every });
    this.#assign(signal, { ...options, device, gateway, at, every, assignment, revision: 1, to: null });
    this.#ward.act(at, () => {
      const state = this.#ward.gateways.get(gateway) ?? { patients: new Set<string>(), beat: 0 };
      state.patients.add(this.id);
      this.#ward.gateways.set(gateway, state);
      return [];
    });
    return this;
  }

  /** It is taken off for good. */
  removed(signal: Vital | Lead, at: string): this {
    const worn = this.#wornOf(signal);
    const to = start + ms(at);
    this.#assign(signal, { ...worn, at: to, revision: 2, to });
    return this;
  }

  #assign(
    signal: Vital | Lead,
    facts: {
      device: string;
      gateway: string;
      assignment: string;
      every: number;
      at: number;
      revision: number;
      to: number | null;
      firstWithin?: string;
      mode?: 'continuous' | 'spot';
    },
  ): void {
    const timing = {
      mode: facts.mode ?? 'continuous',
      everyMs: facts.every,
      firstWithinMs: ms(facts.firstWithin ?? '2min'),
    } as const;
    const named = (leadNames as readonly string[]).includes(signal)
      ? { lead: signal as Lead, ...timing }
      : { vital: signal as Vital, ...timing };
    const { device, gateway, revision, to, at } = facts;
    const body = {
      id: facts.assignment,
      revision,
      patient: this.id,
      device,
      gateway,
      from: start,
      to,
      signals: [named],
    };
    const record = ours(
      { v: 1, kind: 'assignment', patient: this.id, by: 'u-1', at },
      { ...body, from: to === null ? at : Math.min(at, to) },
    );
    this.#ward.act(at, () => [{ keys: [this.id, gateway], record }]);
  }

  #wornOf(signal: string) {
    const worn = this.#worn.get(signal);
    if (!worn) throw new Error(`${this.id} wears nothing for ${signal}`);
    return worn;
  }

  /** One reading arrives. */
  reading(signal: Vital, says: Says, at: string, options: ReadingOptions = {}): this {
    const arrives = start + ms(at);
    this.#ward.act(arrives, () => [{ keys: [this.id], record: this.#reading(signal, says, arrives, options) }]);
    return this;
  }

  #reading(signal: Vital, says: Says, arrives: number, options: ReadingOptions): InputRecord {
    const worn = this.#wornOf(signal);
    const takenAt = arrives - ms(options.late ?? '0s') + ms(options.ahead ?? '0s');
    const body = {
      v: 1,
      boot: 1,
      seq: this.#ward.next(worn.device),
      vital: signal,
      ...said(signal, says),
      unit: options.unit ?? VITALS[signal].unit,
      quality: typeof says === 'string' && says !== 'LOW' && says !== 'HIGH' ? 'bad' : (options.quality ?? 'good'),
      takenAt,
      receivedAt: takenAt,
      clock: options.clock ?? 'synced',
    };
    const skew = options.skew === undefined ? {} : { skew: ms(options.skew) };
    const header = senderHeader('readings', { ...this.#facts(worn, arrives), lane: 'live', ...skew });
    return { kind: 'readings', header, body: new TextEncoder().encode(JSON.stringify(body)) } as InputRecord;
  }

  #facts(worn: { device: string; gateway: string; assignment: string }, acceptedAt: number) {
    const { device, gateway: sender, assignment } = worn;
    return { patient: this.id, device, assignment, sender, acceptedAt };
  }

  /** Readings at the signal's own pace, the first at `from`, the last before `to`. */
  steady(signal: Vital, says: Says, from: string, to: string, options: ReadingOptions = {}): this {
    const { every } = this.#wornOf(signal);
    for (let at = ms(from); at < ms(to); at += every) this.reading(signal, says, `${at}ms`, options);
    return this;
  }

  /** One block of a lead per second. */
  blocks(lead: Lead, from: string, to: string, contact: 'contact' | 'none' = 'contact'): this {
    for (let at = ms(from); at < ms(to); at += 1_000) {
      const arrives = start + at;
      this.#ward.act(arrives, () => [{ keys: [this.id], record: this.#block(lead, arrives, contact) }]);
    }
    return this;
  }

  #block(lead: Lead, arrives: number, contact: 'contact' | 'none'): InputRecord {
    const worn = this.#wornOf(lead);
    const body = encodeWaveform({
      lead,
      boot: 1,
      seq: this.#ward.next(`${worn.device}/${lead}`),
      discontinuous: false,
      saturated: false,
      pacing: false,
      rateMhz: 250_000,
      index: 0,
      takenAtUs: (arrives - 1_000) * 1_000,
      receivedAt: arrives,
      scale: 5,
      unit: 266419,
      clock: 'synced',
      contact,
      samples: Int16Array.from({ length: 250 }, (_, i) => i % 50),
    });
    const header = senderHeader('waveform', { ...this.#facts(worn, arrives), lane: 'live' });
    return { kind: 'waveform', header, body } as InputRecord;
  }

  /** The device says how it is. */
  state(signal: Vital | Lead, at: string, state: { contact?: 'yes' | 'no'; faults?: string[] }): this {
    const arrives = start + ms(at);
    this.#ward.act(arrives, () => {
      const worn = this.#wornOf(signal);
      const seq = this.#ward.next(worn.device);
      const body = {
        v: 1,
        boot: 1,
        seq,
        at: arrives,
        link: 'up',
        why: null,
        contact: state.contact ?? 'yes',
        faults: state.faults ?? [],
      };
      const header = senderHeader('device-state', this.#facts(worn, arrives));
      const record = { kind: 'device-state', header, body: new TextEncoder().encode(JSON.stringify(body)) };
      return [{ keys: [this.id], record: record as InputRecord }];
    });
    return this;
  }

  /** A message of the device was refused at the border. */
  refused(signal: Vital, at: string): this {
    const arrives = start + ms(at);
    this.#ward.act(arrives, () => {
      const worn = this.#wornOf(signal);
      const header = senderHeader('refusal', this.#facts(worn, arrives));
      const seq = this.#ward.next(worn.device);
      return [
        { keys: [this.id], record: ours(header, { boot: 1, seq, vital: signal, reason: 'implausible', refused: 1 }) },
      ];
    });
    return this;
  }

  /** A record that cannot be read. */
  poison(signal: Vital, at: string): this {
    const arrives = start + ms(at);
    this.#ward.act(arrives, () => {
      const header = senderHeader('readings', { ...this.#facts(this.#wornOf(signal), arrives), lane: 'live' });
      return [
        { keys: [this.id], record: { kind: 'readings', header, body: new Uint8Array([1, 2, 3]) } as InputRecord },
      ];
    });
    return this;
  }

  /** A clinician takes the open alert of a family, as the screen shows it then, or at an older revision. */
  acknowledged(family: string, at: string, options: { by?: string; revision?: number; request?: string } = {}): this {
    const by = options.by ?? 'nurse-1';
    const time = start + ms(at);
    this.#ward.act(time, () => {
      const alert = this.#ward.alert(family);
      const requestId = options.request ?? `r-${this.id}-${family}-${ms(at)}-${by}`;
      const body = { requestId, alert: alert?.id ?? 'a-none', revision: options.revision ?? alert?.revision ?? 1 };
      const subject = alert?.patient ?? alert?.scope.replace('gateway:', '') ?? this.id;
      return [{ keys: [subject], record: ours({ v: 1, kind: 'acknowledge', patient: subject, by, at: time }, body) }];
    });
    return this;
  }

  discharged(at: string): this {
    const time = start + ms(at);
    const header = { v: 1, kind: 'discharge', patient: this.id, by: 'u-1', at: time } as const;
    this.#ward.act(time, () => [
      { keys: [this.id], record: ours(header, { id: this.id, revision: 2, reason: 'home' }) },
    ]);
    return this;
  }
}

function said(signal: Vital, says: Says): object {
  if (typeof says === 'number') return { value: says };
  if (says === 'LOW' || says === 'HIGH') {
    const bound = says === 'LOW' ? 'below' : 'above';
    const limit = bounds[signal]?.[says];
    return limit === undefined ? { bound } : { value: limit, bound };
  }
  return { absent: says };
}
