// One patient: what is worn, what was measured, what is open. Everything the core decides about a patient is decided here
// from this patient's records and the ticks alone, so that it is the same on any number of partitions (ALR-REPLAY). An error
// in it is this patient's own (ALR-ISOLATE): the engine catches it and says so here.
import { type InputBodies, type InputRecord, type Reading, signalName } from '../../contract/index.ts';
import { type AlertState, addEvidence, setFlag } from './alert.ts';
import { Book, type BookState } from './book.ts';
import type { ActiveRules, Context } from './context.ts';
import { Device, type DeviceSaved } from './device.ts';
import { follow, type Moment } from './episode.ts';
import { intake, numbered, type SenderRecord, type Wearer } from './intake.ts';
import { errorsMax } from './limits.ts';
import { Link } from './link.ts';
import { type Arrival, afterGap, type Gap } from './log-clock.ts';
import { endNotMonitored, notMonitored, raiseNotMonitored } from './not-monitored.ts';
import type { Taken } from './reading-code.ts';
import { remember } from './revisions.ts';
import { type Change, Stream } from './stream.ts';
import { Sentry, type Watched } from './technical.ts';
import type { Timer } from './timer.ts';
import { Together, type TogetherState } from './together.ts';
import { endLog, Wardrobe, type WardrobeState, type Worn } from './wardrobe.ts';
import { type BadCause, type Fault, type Heard, type HeardQuality, Watch } from './watch.ts';

type RecordOf<K extends InputRecord['kind']> = Extract<InputRecord, { kind: K }>;
type Assignment = InputBodies['assignment'];

/** A patient as a snapshot holds it. */
export interface PatientSaved {
  readonly v: 2;
  readonly id: string;
  readonly wardrobe: WardrobeState;
  readonly discharges: readonly [string, number][];
  readonly devices: readonly DeviceSaved[];
  readonly book: BookState;
  readonly together: TogetherState;
  readonly errors: number;
  readonly unruled: Arrival | null;
}

/** How often a signal comes that no assignment describes. */
const unarmedEveryMs = 1_000;

export class Patient implements Watched, Wearer {
  readonly id: string;
  readonly context: Context;
  book: Book;
  /** Its place among all that the partition knows. */
  readonly index: number;
  #wardrobe = new Wardrobe();
  #discharges = new Map<string, number>();
  readonly #devices = new Map<string, Device>();
  readonly #together = new Together();
  #errors = 0;
  /** Since when signals are due and no rules are known. */
  #unruled: Arrival | null = null;

  constructor(id: string, context: Context) {
    this.id = id;
    this.context = context;
    this.book = new Book(context, id);
    this.index = context.lines.openPatient();
    this.#together.adopt(context.rules?.compiled ?? null);
  }

  /** No tick before this log time has anything to do here; a lower bound. Each signal has one of its own beside it. */
  set nextAt(log: number) {
    this.context.lines.patientDue[this.index] = log;
  }
  get failing(): boolean {
    return this.#errors >= errorsMax;
  }
  /** Gateways whose beats this patient needs. */
  get gateways(): Iterable<string> {
    return this.#wardrobe.gateways;
  }
  linkOf(gateway: string): Link {
    return this.#wardrobe.link(gateway) ?? new Link(gateway, this.context.clock.arrival(0));
  }

  #streams(): Stream[] {
    return [...this.#devices.values()].flatMap((device) => [...device.streams.values()]);
  }
  #sentries(): Sentry[] {
    return this.#streams().flatMap((stream) => (stream.watch ? [new Sentry(this, stream, stream.watch)] : []));
  }
  device(id: string): Device {
    let device = this.#devices.get(id);
    if (!device) {
      device = new Device(id, this.context.lines, this.index);
      this.#devices.set(id, device);
    }
    return device;
  }

  // ---- what senders say ----

  /** Takes a sender's record; throws for one that cannot be read or evaluated. */
  take(record: SenderRecord): void {
    intake(this, record);
  }

  isCurrent(assignment: string): boolean {
    return !this.#wardrobe.isEnded(assignment);
  }

  unarmed(device: Device, reading: Reading): Stream {
    const spot = reading.mode === 'spot';
    const facts = { device: device.id, signal: reading.vital, everyMs: unarmedEveryMs, spot };
    const stream = new Stream(this.context.lines, device.owner, facts);
    stream.adopt(this.context.rules?.compiled ?? null, false);
    device.streams.set(reading.vital, stream);
    return stream;
  }

  /** A live usable reading or block: renews, and ends what it ends. Nothing else does. */
  usable(stream: Stream, heard: Heard, quality: HeardQuality): void {
    const { watch } = stream;
    if (!watch) return;
    watch.hear(heard, quality);
    if (watch.isQuiet(heard, quality)) {
      // One that was longer on its way is late sooner than the one before it would have been.
      const { due } = this.context.lines;
      due[stream.index] = Math.min(due[stream.index] as number, watch.lateAt);
      return;
    }
    new Sentry(this, stream, watch).heard(heard.at, heard.log);
    this.nextAt = 0;
  }

  /** A message that says nothing of the patient: neither raises nor clears, and is not fresh (ALR-QUALITY). */
  unusable(stream: Stream, cause: BadCause, at: number): void {
    this.context.count('unusable');
    stream.missed(at);
    if (!stream.watch) return;
    stream.watch.miss(cause, this.context.clock.arrival(at));
    new Sentry(this, stream, stream.watch).reassess(this.context.clock.log, at);
    this.nextAt = 0;
  }

  /** What a device says of itself, for one of its signals. */
  reported(stream: Stream, cause: Fault['cause'] | null, at: number): void {
    const { watch } = stream;
    if (!watch) return;
    const had = watch.fault !== null;
    watch.report(cause, this.context.clock.arrival(at));
    const { log } = this.context.clock;
    const sentry = new Sentry(this, stream, watch);
    if (had && cause === null) sentry.cleared(at, log);
    else sentry.reassess(log, at);
    stream.settle();
    this.nextAt = 0;
  }

  late(stream: Stream, taken: Taken): void {
    stream.late(taken);
  }

  /** Takes a reading by its stream's index. */
  takeNumbered(index: number, taken: Taken): void {
    for (const device of this.#devices.values()) {
      for (const stream of device.streams.values()) {
        if (stream.index !== index) continue;
        numbered(this, stream, taken);
        return;
      }
    }
    throw new Error('a reading of a stream that is none');
  }

  /** Index of a stream; -1 for one that is not known. */
  streamOf(device: string, signal: string): number {
    return this.#devices.get(device)?.streams.get(signal)?.index ?? -1;
  }

  /** What a reading did to the rules of its stream, family by family. */
  judged(stream: Stream, changes: readonly Change[], at: number, acceptedAt: number): void {
    const together = this.#judgeTogether(stream, at);
    if (stream.isBusy || changes.length > 0) this.#grow(stream);
    if (changes.length === 0 && together.length === 0) return;
    this.#follow(
      [...changes, ...together].map(({ row }) => row.family),
      { at, acceptedAt },
    );
  }

  /** Open alerts that rest on the stream grow by its newest reading. */
  #grow(stream: Stream): void {
    for (const alert of this.book.open) {
      const concerned = alert.kind === 'physiological' && alert.rules.some((rule) => rule.stream === stream.key);
      if (concerned) addEvidence(alert, stream.evidence());
    }
  }

  #judgeTogether(stream: Stream, at: number): readonly Change[] {
    if (!this.#together.looksAt(stream)) return [];
    return this.#together.judge(this.#streams(), stream, at, (each) => this.#isFresh(each, at));
  }

  /** Its newest value speaks for now: in time, and nothing bad came after it. */
  #isFresh(stream: Stream, at: number): boolean {
    if (stream.newestAt > stream.usableAt) return false;
    if (stream.watch) return stream.watch.heard !== null && this.context.clock.log < stream.watch.deadline;
    return at - stream.usableAt <= stream.freshForMs;
  }

  #follow(families: readonly string[], moment: Moment): void {
    const ward = { context: this.context, book: this.book, sources: [...this.#streams(), this.#together] };
    for (const family of new Set(families)) follow(ward, family, moment);
    if (families.length > 0) this.nextAt = 0;
  }

  /** A beat of a gateway; false if nothing of this patient depends on it any more. */
  beat(gateway: string, beat: { boot: number; beat: number }, acceptedAt: number): boolean {
    const link = this.#wardrobe.link(gateway);
    if (!link) return false;
    const { clock } = this.context;
    const troubled = clock.log >= link.lateAt;
    if (link.hear(beat, clock.arrival(acceptedAt)) && troubled) this.reassess(acceptedAt);
    this.#planLinks();
    return true;
  }

  // ---- what people do ----

  assignment({ header, body }: RecordOf<'assignment'>): void {
    if (!this.#wardrobe.isNewer(body)) {
      this.context.count('copies');
      return;
    }
    const arrival = this.context.clock.arrival(header.at);
    endNotMonitored(this.book, 'state-lost', header.at);
    for (const stream of this.#streams()) stream.assignment = '';
    if (body.to !== null && body.to <= header.at) this.#unassign(body, body.to, 'unassigned');
    else this.#wear(body, arrival);
    this.nextAt = 0;
  }

  /** The device is worn from now on: its signals are due (ALR-ARMED). */
  #wear(body: Assignment, arrival: Arrival): void {
    this.#wardrobe.begin(body, arrival);
    if (!this.context.rules) this.#unruled ??= { ...arrival };
    const due = new Set<string>(body.signals.map(signalName));
    this.#release(
      ({ signal, watch }) => watch?.facts.assignment === body.id && !due.has(signal),
      arrival.utc,
      'unassigned',
    );
    for (const signal of body.signals) this.#arm(body, signal, arrival);
  }

  #arm(body: Assignment, signal: Assignment['signals'][number], arrival: Arrival): void {
    const device = this.device(body.device);
    const name = signalName(signal);
    const { everyMs, firstWithinMs } = signal;
    const spot = signal.mode === 'spot';
    const known = device.streams.get(name);
    const facts = { device: body.device, signal: name, everyMs, spot };
    const stream = known ?? new Stream(this.context.lines, device.owner, facts);
    stream.pace({ everyMs, spot });
    stream.adopt(this.context.rules?.compiled ?? null, false);
    device.streams.set(name, stream);
    if (spot || stream.watch?.facts.assignment === body.id) return;
    const { id: assignment, gateway, from: fromUtc } = body;
    const due = { assignment, gateway, signal: name, everyMs, firstWithinMs, fromUtc };
    stream.watch = new Watch(due, { ...arrival }, this.context.lines, stream.index);
    new Sentry(this, stream, stream.watch).reassess(arrival.log, arrival.utc);
    stream.settle();
  }

  #unassign(worn: Pick<Worn, 'id' | 'revision' | 'device'>, at: number, why: 'unassigned' | 'discharge'): void {
    this.#wardrobe.end(worn);
    const others = this.#wardrobe.wears(worn.device);
    this.#release(
      ({ device, watch }) => watch?.facts.assignment === worn.id || (!others && device === worn.device),
      at,
      why,
    );
    this.#wardrobe.tidy();
    if (this.#wardrobe.isEmpty) this.#unruled = null;
  }

  /** Streams that are no longer due; what was open because of them ends as `alerting.md` 4 says. */
  #release(gone: (stream: Stream) => boolean, at: number, why: 'unassigned' | 'discharge'): void {
    const families = new Set<string>();
    for (const device of this.#devices.values()) {
      for (const stream of [...device.streams.values()].filter(gone)) {
        device.streams.delete(stream.signal);
        if (stream.watch) new Sentry(this, stream, stream.watch).end(at, why);
        for (const row of stream.rows) families.add(row.family);
        stream.release();
      }
    }
    this.#follow([...families], { at, acceptedAt: at, gone: why });
  }

  discharge({ header, body }: RecordOf<'discharge'>): void {
    if (body.revision <= (this.#discharges.get(body.id) ?? 0)) {
      this.context.count('copies');
      return;
    }
    remember(this.#discharges, body.id, body.revision);
    for (const stream of this.#streams()) stream.assignment = '';
    for (const worn of this.#wardrobe.all) this.#unassign(worn, header.at, 'discharge');
    this.#release(() => true, header.at, 'discharge');
    this.#suspend(0);
    const whole = this.book.find(notMonitored, 'patient');
    if (whole) this.book.close(whole, header.at, 'discharge');
    this.nextAt = 0;
  }

  acknowledge({ header, body }: RecordOf<'acknowledge'>): void {
    this.book.acknowledge({ by: header.by, at: header.at, body });
    this.nextAt = 0;
  }

  /** New rules are in force: each judges the newest values at once, and no open alert ends by itself (ALR-RULE-EPISODE). */
  adoptRules(rules: ActiveRules, at: number): void {
    this.#unruled = null;
    const families = new Set<string>();
    for (const stream of this.#streams()) {
      const fresh = stream.watch !== null && this.context.clock.log < stream.watch.deadline;
      const before = stream.rows;
      stream.adopt(rules.compiled, fresh);
      for (const row of [...before, ...stream.rows]) families.add(row.family);
    }
    for (const row of this.#together.rows) families.add(row.family);
    this.#together.adopt(rules.compiled);
    this.#together.pin(this.#streams());
    for (const row of this.#together.rows) families.add(row.family);
    this.#follow([...families], { at, acceptedAt: at, gone: 'rules' });
    endNotMonitored(this.book, 'no-rules', at);
    this.reassess(at);
  }

  // ---- what time does ----

  /** Looks again at all signals: something changed that concerns more than one. */
  reassess(at: number): void {
    for (const sentry of this.#sentries()) sentry.reassess(this.context.clock.log, at);
    for (const stream of this.#streams()) stream.settle();
    this.nextAt = 0;
  }

  timers(log: number, into: Timer[]): void {
    for (const sentry of this.#sentries()) sentry.timers(log, into);
    this.book.timers(log, into, this.id);
    for (const worn of this.#wardrobe.all) {
      const end = endLog(worn);
      if (end <= log) into.push(this.#timer(end, '', worn.id, () => this.#over(worn)));
    }
    const unruled = this.#unruled;
    if (unruled && unruled.log <= log && !this.book.find(notMonitored, 'patient')) {
      into.push(this.#timer(unruled.log, notMonitored, '', () => this.#raiseUnruled(unruled)));
    }
  }

  #timer(at: number, family: string, rule: string, fire: () => void): Timer {
    return { at, patient: this.id, family, scope: 'patient', rule, fire };
  }

  #over(worn: Worn): void {
    if (this.#wardrobe.isInForce(worn) && worn.to !== null) this.#unassign(worn, worn.to, 'unassigned');
  }

  #raiseUnruled(unruled: Arrival): void {
    const first = this.#wardrobe.all[0]?.id ?? this.id;
    const at = this.context.clock.toUtc(unruled.log);
    if (this.context.rules === null) raiseNotMonitored(this.book, 'no-rules', first, at);
  }

  /** After a tick's timers have fired: when the next of it, and of each of its signals, can be due. */
  plan(log: number): void {
    const { lines } = this.context;
    let next = this.book.nextAt;
    for (const stream of this.#streams()) {
      lines.due[stream.index] = stream.watch
        ? new Sentry(this, stream, stream.watch).nextAt(log)
        : Number.POSITIVE_INFINITY;
      stream.settle();
    }
    this.#planLinks();
    for (const worn of this.#wardrobe.all) next = Math.min(next, endLog(worn));
    if (this.#unruled && !this.book.find(notMonitored, 'patient')) next = Math.min(next, this.#unruled.log);
    this.nextAt = next;
  }

  /** The next instant at which a way to a gateway changes by itself; a beat moves it. */
  #planLinks(): void {
    const { lines, clock } = this.context;
    let next = Number.POSITIVE_INFINITY;
    for (const link of this.#wardrobe.links) {
      if (link.lateAt > clock.log) next = Math.min(next, link.lateAt);
      else if (link.lostAt > clock.log) next = Math.min(next, link.lostAt);
    }
    lines.linkDue[this.index] = next;
  }

  /** Log times of arrivals that came while nobody ticked, computed once more (`records.md` 4). */
  rebase(gap: Gap, distrust: boolean): void {
    for (const stream of this.#streams()) {
      stream.watch?.rebase(gap, distrust);
      stream.settle();
    }
    this.#wardrobe.rebase(gap, distrust);
    this.book.rebase(gap);
    if (this.#unruled) this.#unruled.log = afterGap(this.#unruled.log, this.#unruled.utc, gap);
    this.nextAt = 0;
  }

  /** A span in which nobody judged, told for each signal that was due. */
  blind(fromUtc: number, toUtc: number, toLog: number): void {
    for (const sentry of this.#sentries()) sentry.blind(fromUtc, toUtc, toLog);
    for (const stream of this.#streams()) stream.settle();
  }

  followData(stream: string, at: number): void {
    for (const alert of this.book.open) {
      if (alert.rules.some((rule) => rule.stream === stream)) this.#followData(alert, at);
    }
  }

  #followData(alert: AlertState, at: number): void {
    const running = alert.state === 'active' || alert.state === 'acknowledged';
    if (alert.kind !== 'physiological' || !running) return;
    const lost = alert.rules.every((rule) => this.#isLost(rule.stream));
    if (setFlag(alert, 'data-lost', lost)) this.book.tell(alert, { type: lost ? 'data-lost' : 'data-back', at });
  }

  #isLost(key: string): boolean {
    const stream = this.#streams().find((each) => each.key === key);
    return stream?.watch?.shown.state === 'not-monitored';
  }

  // ---- when evaluating fails ----

  /** Evaluating a record of this patient failed. */
  failed(at: number, first: string): void {
    this.#suspend(this.#errors + 1);
    if (this.#errors === errorsMax) {
      raiseNotMonitored(this.book, 'rule-error', first, at);
      this.reassess(at);
    }
  }

  /** While errors are counted every reading is one that may end the row of them. */
  #suspend(errors: number): void {
    this.#errors = errors;
    for (const stream of this.#streams()) {
      stream.suspended = errors > 0;
      stream.settle();
    }
  }

  /** Evaluating a record went well. */
  succeeded(at: number): void {
    if (this.#errors === 0) return;
    const { failing } = this;
    this.#suspend(0);
    if (!failing) return;
    endNotMonitored(this.book, 'rule-error', at);
    this.reassess(at);
  }

  /** The patient's entry in the snapshot was unusable: what was worn and open is not known any more. */
  lost(at: number): void {
    raiseNotMonitored(this.book, 'state-lost', `snapshot@${at}`, at);
  }

  // ---- snapshots ----

  toJSON(): PatientSaved {
    return {
      v: 2,
      id: this.id,
      wardrobe: this.#wardrobe.toJSON(),
      discharges: [...this.#discharges],
      devices: [...this.#devices.values()].map((device) => device.toJSON()),
      book: this.book.toJSON(),
      together: this.#together.toJSON(),
      errors: this.#errors,
      unruled: this.#unruled,
    };
  }

  /** Throws for an entry that is none. */
  static restore(saved: PatientSaved, context: Context): Patient {
    if (saved.v !== 2) throw new Error(`a snapshot entry of version ${saved.v}`);
    const patient = new Patient(saved.id, context);
    const rules = context.rules?.compiled ?? null;
    patient.#wardrobe = Wardrobe.restore(saved.wardrobe);
    patient.#discharges = new Map(saved.discharges);
    for (const device of saved.devices) {
      patient.#devices.set(device.id, Device.restore(device, rules, context.lines, patient.index));
    }
    patient.book = new Book(context, saved.id).restore(saved.book);
    patient.#together.restore(saved.together, rules);
    patient.#together.pin(patient.#streams());
    patient.#suspend(saved.errors);
    patient.#unruled = saved.unruled;
    return patient;
  }
}
