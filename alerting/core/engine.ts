// The judgement of one partition of `inputs` (ALR-REPLAY): (state, record) -> (state, events). No I/O, no clock, no chance.
// Invariants: what is decided about a patient depends on that patient's records and the ticks alone; an error in one patient
// touches no other (ALR-ISOLATE); a snapshot restored goes on byte for byte. On failure: a record that cannot be evaluated
// is counted against its patient and the next one is taken.
import { decodeBody, type InputRecord, partitionOf } from '../../contract/index.ts';
import { compileRules } from './compile.ts';
import type { ActiveRules, Context } from './context.ts';
import { Gateway, type GatewaySaved } from './gateway.ts';
import type { SenderRecord } from './intake.ts';
import { blindTrustMs, timerRoundsMax } from './limits.ts';
import { Lines, quiet } from './lines.ts';
import { type ClockState, type Gap, LogClock } from './log-clock.ts';
import { Patient, type PatientSaved } from './patient.ts';
import { type SystemSaved, SystemScope, systemKey } from './system.ts';
import { compare, inOrder, type Timer } from './timer.ts';
import type { CoreEvent, EngineOptions, LogTime, NumbersEngine, PartitionEngine, SnapshotEntry } from './types.ts';

type RecordOf<K extends InputRecord['kind']> = Extract<InputRecord, { kind: K }>;

const partitionEntry = 'partition';
const patientEntry = 'patient/';
const rulesRefused = 'rule-error';

/** The snapshot has no usable entry of the partition itself: another generation has to be taken. */
export class SnapshotError extends Error {
  readonly code = 'CORE_SNAPSHOT';
}

interface PartitionSaved {
  readonly v: 1;
  readonly clock: { state: ClockState; n: number };
  readonly rules: unknown;
  readonly gateways: readonly GatewaySaved[];
  readonly system: SystemSaved;
  readonly counters: Readonly<Record<string, number>>;
}

class Engine implements NumbersEngine, Context {
  readonly #options: EngineOptions;
  readonly sha256: (text: string) => string;
  clock = new LogClock();
  readonly lines = new Lines();
  rules: ActiveRules | null = null;
  #counters: Record<string, number> = {};
  #out: CoreEvent[] = [];
  readonly #patients = new Map<string, Patient>();
  /** By their place in the guard lines. */
  readonly #byIndex: Patient[] = [];
  /** Patients who need a gateway's beats. */
  readonly #behind = new Map<string, Set<Patient>>();
  readonly #gateways = new Map<string, Gateway>();
  #system = new SystemScope(this);

  constructor(options: EngineOptions) {
    this.#options = options;
    this.sha256 = options.sha256;
  }

  get owner(): PartitionEngine['owner'] {
    return { epoch: this.clock.epoch, id: this.clock.owner, bootId: this.clock.bootId };
  }
  get logTime(): LogTime | undefined {
    return this.clock.tick;
  }
  get counters(): Readonly<Record<string, number>> {
    return this.#counters;
  }
  count(name: string): void {
    this.#counters[name] = (this.#counters[name] ?? 0) + 1;
  }
  emit(event: CoreEvent): void {
    this.#out.push(event);
  }

  apply(record: InputRecord, _position: number, out: CoreEvent[]): void {
    this.#out = out;
    switch (record.kind) {
      case 'readings':
      case 'waveform':
      case 'device-state':
      case 'device-event':
      case 'refusal':
        this.#fromSender(record);
        return;
      case 'gateway-beat':
        this.#beat(record);
        return;
      case 'assignment':
        this.#assignment(record);
        return;
      case 'discharge':
        this.#byPerson(record.header.patient, record.header.at, (patient) => patient.discharge(record));
        return;
      case 'acknowledge':
        this.#acknowledge(record);
        return;
      case 'rules':
        this.#adopt(record);
        return;
      case 'owner':
        if (!this.clock.claim(record.body)) this.count('claims-refused');
        return;
      case 'tick':
        this.#tick(record.body);
        return;
      case 'blind':
        this.#blind(record.body);
        return;
      case 'clock-step':
        if (!this.clock.step(record.body)) this.count('other-epoch-or-copy');
        return;
      case 'system':
        if (this.#isHere(systemKey)) this.#system.take(record.body, record.header.at);
        return;
    }
  }

  #isHere(key: string): boolean {
    return partitionOf(key, this.#options.partitions) === this.#options.partition;
  }
  #patient(id: string): Patient {
    let patient = this.#patients.get(id);
    if (!patient) {
      patient = new Patient(id, this);
      this.#add(patient);
    }
    return patient;
  }
  #add(patient: Patient): void {
    this.#patients.set(patient.id, patient);
    this.#byIndex[patient.index] = patient;
  }
  /** In an order that no history decides. */
  #everyone(): Patient[] {
    return [...this.#patients.values()].sort((a, b) => compare(a.id, b.id));
  }

  #fromSender(record: SenderRecord): void {
    const { header } = record;
    const patient = this.#patient(header.patient);
    try {
      patient.take(record);
      patient.succeeded(header.acceptedAt);
    } catch {
      this.count('errors');
      this.#guard(() => patient.failed(header.acceptedAt, `${header.device}@${header.acceptedAt}`));
    }
  }

  // ---- numbers ----

  get lineBytes(): number {
    return this.lines.bytes;
  }
  streamOf(patient: string, device: string, signal: string): number {
    return this.#patients.get(patient)?.streamOf(device, signal) ?? -1;
  }

  reading(
    stream: number,
    value: number,
    at: number,
    acceptedAt: number,
    receivedAt: number,
    boot: number,
    seq: number,
    codes: number,
    out: CoreEvent[],
  ): void {
    if (quiet(this.lines, this.clock.log, stream, value, at, acceptedAt, receivedAt, boot, seq, codes)) return;
    this.#out = out;
    const patient = this.#byIndex[this.lines.owner[stream] as number];
    if (!patient) throw new RangeError(`no stream ${stream}`);
    try {
      patient.takeNumbered(stream, { value, at, acceptedAt, receivedAt, boot, seq, codes });
      patient.succeeded(acceptedAt);
    } catch {
      this.count('errors');
      this.#guard(() => patient.failed(acceptedAt, `${stream}@${acceptedAt}`));
    }
  }

  #byPerson(id: string, at: number, act: (patient: Patient) => void): void {
    const patient = this.#patient(id);
    this.#guard(
      () => act(patient),
      () => patient.failed(at, `${id}@${at}`),
    );
  }

  /** Runs what concerns one subject; an error is counted and goes no further. */
  #guard(act: () => void, failed?: () => void): void {
    try {
      act();
    } catch {
      this.count('errors');
      if (failed) this.#guard(failed);
    }
  }

  #beat({ header, body }: RecordOf<'gateway-beat'>): void {
    this.#guard(() => {
      const { boot, beat } = decodeBody(body) as { boot: number; beat: number };
      if (!Number.isSafeInteger(boot) || !Number.isSafeInteger(beat)) throw new Error('a beat without its number');
      if (this.#isHere(header.gateway)) this.#gateway(header.gateway).beat({ boot, beat }, header.acceptedAt);
      const behind = this.#behind.get(header.gateway) ?? new Set();
      for (const patient of [...behind].sort((a, b) => compare(a.id, b.id))) {
        if (!patient.beat(header.gateway, { boot, beat }, header.acceptedAt)) behind.delete(patient);
      }
    });
  }

  #gateway(id: string): Gateway {
    let gateway = this.#gateways.get(id);
    if (!gateway) {
      gateway = new Gateway(id, this, this.clock.arrival(0));
      this.#gateways.set(id, gateway);
    }
    return gateway;
  }

  /** For its patient, and for its gateway where that is judged: the record may be here for one of them alone. */
  #assignment(record: RecordOf<'assignment'>): void {
    const { header, body } = record;
    if (this.#isHere(body.gateway)) {
      const on = body.to === null || body.to > header.at;
      const gateway = this.#gateway(body.gateway);
      this.#guard(() => gateway.assign(body.id, body.revision, on, this.clock.arrival(header.at)));
    }
    if (!this.#isHere(body.patient)) return;
    this.#byPerson(body.patient, header.at, (patient) => patient.assignment(record));
    this.#index(this.#patient(body.patient));
  }

  #index(patient: Patient): void {
    for (const gateway of patient.gateways) {
      const behind = this.#behind.get(gateway);
      if (behind) behind.add(patient);
      else this.#behind.set(gateway, new Set([patient]));
    }
  }

  /** An alert of a gateway or of the system is acknowledged under that subject's key. */
  #acknowledge(record: RecordOf<'acknowledge'>): void {
    const { header, body } = record;
    const books = [this.#system.book, ...[...this.#gateways.values()].map((gateway) => gateway.book)];
    const book = this.#patients.get(header.patient)?.book.knows(body.alert)
      ? undefined
      : books.find((each) => each.knows(body.alert));
    if (book) this.#guard(() => book.acknowledge({ by: header.by, at: header.at, body }));
    else this.#byPerson(header.patient, header.at, (patient) => patient.acknowledge(record));
  }

  /** Puts a rule set in force. A bad one, and a copy of an older one, changes nothing; a bad one is announced. */
  #adopt({ header, body }: RecordOf<'rules'>): void {
    const current = this.rules?.compiled.set;
    if (current && current.id === body.id && body.version < current.version) {
      this.count('copies');
      return;
    }
    const compiled = compileRules(body);
    if ('faults' in compiled) {
      this.count('rules-refused');
      if (this.#isHere(systemKey)) {
        this.#system.raise(rulesRefused, 'rule-error', 'medium', false, header.at, header.at);
      }
      return;
    }
    if (this.#isHere(systemKey)) this.#system.clear(rulesRefused, header.at);
    const { rules } = compiled;
    if (this.rules?.compiled.text === rules.text) return;
    this.rules = { compiled: rules, name: this.#nameOf(rules.set.id, rules.set.version, rules.text) };
    const active = this.rules;
    for (const patient of this.#everyone()) {
      this.#guard(
        () => patient.adoptRules(active, header.at),
        () => patient.failed(header.at, `rules@${header.at}`),
      );
    }
  }

  #nameOf(id: string, version: number, text: string): string {
    return `${id}@${version}#${this.sha256(text).slice(0, 16)}`;
  }

  // ---- time ----

  #tick(tick: RecordOf<'tick'>['body']): void {
    const first = !this.clock.started;
    if (!this.clock.advance(tick)) {
      this.count('ticks-ignored');
      return;
    }
    const { log } = this.clock;
    // What came before the first tick has no log time yet; UTC stands in for it, as log time begins equal to it.
    if (first) this.#rebase({ fromLog: 0, toLog: log, fromUtc: tick.utc - tick.log }, false);
    const due = this.#due(log);
    for (let round = 0; round < timerRoundsMax; round++) {
      const timers = this.#timers(due, log);
      if (timers.length === 0) break;
      for (const timer of timers.sort(inOrder)) this.#fire(timer);
    }
    for (const patient of due) this.#guard(() => patient.plan(log));
  }

  /** Patients for whom something may be due: one linear sweep of deadlines. */
  #due(log: number): Patient[] {
    const { due, owner, size, patientDue, linkDue, patients } = this.lines;
    const found = new Set<Patient>();
    // Of a patient whose entry was unusable a place is left that nobody has.
    const note = (patient: Patient | undefined) => {
      if (patient) found.add(patient);
    };
    for (let i = 0; i < patients; i++) {
      if ((patientDue[i] as number) <= log || (linkDue[i] as number) <= log) note(this.#byIndex[i]);
    }
    for (let i = 0; i < size; i++) {
      if ((due[i] as number) <= log) note(this.#byIndex[owner[i] as number]);
    }
    return [...found];
  }

  #timers(due: readonly Patient[], log: number): Timer[] {
    const timers: Timer[] = [];
    for (const patient of due) this.#guard(() => patient.timers(log, timers));
    for (const gateway of this.#gateways.values()) this.#guard(() => gateway.timers(log, timers));
    this.#system.timers(log, timers);
    return timers;
  }

  #fire(timer: Timer): void {
    const at = this.clock.toUtc(timer.at);
    this.#guard(timer.fire, () => this.#patients.get(timer.patient)?.failed(at, `timer@${at}`));
  }

  #blind(blind: RecordOf<'blind'>['body']): void {
    if (!this.clock.wasBlind(blind)) {
      this.count('other-epoch-or-copy');
      return;
    }
    const { fromLog, toLog, fromUtc, toUtc } = blind;
    const distrust = toUtc < fromUtc || toLog - fromLog > blindTrustMs;
    this.#rebase({ fromLog: this.clock.log, toLog, fromUtc }, distrust);
    for (const patient of this.#everyone()) this.#guard(() => patient.blind(fromUtc, toUtc, toLog));
  }

  #rebase(gap: Gap, distrust: boolean): void {
    for (const patient of this.#patients.values()) this.#guard(() => patient.rebase(gap, distrust));
    for (const gateway of this.#gateways.values()) gateway.rebase(gap, distrust);
    this.#system.rebase(gap);
  }

  // ---- snapshots ----

  snapshot(): Iterable<SnapshotEntry> {
    const partition: PartitionSaved = {
      v: 1,
      clock: this.clock.toJSON(),
      rules: this.rules?.compiled.set ?? null,
      gateways: [...this.#gateways.values()].map((gateway) => gateway.toJSON()),
      system: this.#system.toJSON(),
      counters: this.#counters,
    };
    const patients = this.#everyone().map((patient) => ({
      key: `${patientEntry}${patient.id}`,
      state: copyOf(patient),
    }));
    return [{ key: partitionEntry, state: copyOf(partition) }, ...patients];
  }

  restore(entries: Iterable<SnapshotEntry>, out: CoreEvent[]): void {
    this.#out = out;
    const all = [...entries];
    this.#restorePartition(all.find(({ key }) => key === partitionEntry)?.state);
    for (const { key, state } of all) {
      if (key.startsWith(patientEntry)) this.#restorePatient(key.slice(patientEntry.length), state);
    }
  }

  #restorePartition(state: unknown): void {
    try {
      const saved = copyOf(state) as PartitionSaved;
      if (saved.v !== 1) throw new Error(`a partition entry of version ${saved.v}`);
      this.clock.restore(saved.clock);
      this.#counters = { ...saved.counters };
      const compiled = saved.rules === null ? null : compileRules(saved.rules);
      if (compiled && 'faults' in compiled) throw new Error('the rules of the snapshot have faults');
      const rules = compiled?.rules;
      this.rules = rules ? { compiled: rules, name: this.#nameOf(rules.set.id, rules.set.version, rules.text) } : null;
      for (const gateway of saved.gateways) this.#gateways.set(gateway.id, Gateway.restore(gateway, this));
      this.#system = SystemScope.restore(saved.system, this);
    } catch (cause) {
      throw new SnapshotError('the partition entry of the snapshot is unusable', { cause });
    }
  }

  /** A corrupt entry costs one patient, announced (ALR-STATE). */
  #restorePatient(id: string, state: unknown): void {
    let patient: Patient;
    try {
      patient = Patient.restore(copyOf(state) as PatientSaved, this);
      if (patient.id !== id) throw new Error('an entry of another patient');
      this.#add(patient);
      this.#index(patient);
    } catch {
      this.count('state-lost');
      this.#patients.delete(id);
      const { log } = this.clock;
      this.#patient(id).lost(this.clock.toUtc(log));
    }
  }
}

/** State as plain data that shares nothing with the engine. */
function copyOf(state: unknown): unknown {
  return JSON.parse(JSON.stringify(state));
}

/** The judgement of one partition, with nothing known yet. */
export function createEngine(options: EngineOptions): NumbersEngine {
  return new Engine(options);
}
