// One patient: what is worn, what was measured, what is open. Everything the core decides about a patient is decided here
// from this patient's records and the ticks alone, so that it is the same on any number of partitions (ALR-REPLAY). An error
// in it is this patient's own (ALR-ISOLATE): the engine catches it and says so here.
import {
  ageAtArrivalMs,
  DeviceState,
  decodeBody,
  decodeWaveform,
  effectiveTime,
  type InputBodies,
  type InputRecord,
  isClockUnsure,
  type Lead,
  type Reading,
  readingsOf,
  signalName,
  type TechnicalCause,
  type Vital,
  type WaveformBlock,
} from '../../contract/index.ts';
import { type AlertState, addEvidence, setFlag } from './alert.ts';
import { Book, type BookState } from './book.ts';
import type { ActiveRules, Context } from './context.ts';
import { Device, type DeviceSaved } from './device.ts';
import { follow, type Moment } from './episode.ts';
import { endedKept, errorsMax } from './limits.ts';
import { Link, type LinkState } from './link.ts';
import { type Arrival, afterGap, type Gap } from './log-clock.ts';
import { type Change, Stream } from './stream.ts';
import { Sentry, technicalRule, type Watched } from './technical.ts';
import type { Timer } from './timer.ts';
import { type BadCause, Watch } from './watch.ts';

type RecordOf<K extends InputRecord['kind']> = Extract<InputRecord, { kind: K }>;
type FromSender = RecordOf<'readings' | 'waveform' | 'device-state' | 'device-event' | 'refusal'>['header'];

/** A device worn by the patient until further notice. */
interface Worn {
  readonly id: string;
  readonly revision: number;
  readonly device: string;
  readonly gateway: string;
  readonly arrival: Arrival;
  /** A known end in the future, UTC. */
  readonly to: number | null;
}

/** A patient as a snapshot holds it. */
export interface PatientSaved {
  readonly v: 1;
  readonly id: string;
  readonly worn: readonly Worn[];
  readonly ended: readonly [string, number][];
  readonly discharges: readonly [string, number][];
  readonly devices: readonly DeviceSaved[];
  readonly links: readonly LinkState[];
  readonly book: BookState;
  readonly errors: number;
  readonly unruled: Arrival | null;
}

/** How often a signal comes that no assignment describes. */
const unarmedEveryMs = 1_000;
const notMonitored = 'patient-not-monitored';

export class Patient implements Watched {
  readonly id: string;
  readonly context: Context;
  book: Book;
  /** No tick before this log time has anything to do here; a lower bound. */
  nextAt = 0;
  readonly #worn = new Map<string, Worn>();
  /** Revisions of assignments that are over, so that a late copy does not arm them again. */
  #ended = new Map<string, number>();
  #discharges = new Map<string, number>();
  readonly #devices = new Map<string, Device>();
  readonly #links = new Map<string, Link>();
  #errors = 0;
  /** Since when signals are due and no rules are known. */
  #unruled: Arrival | null = null;

  constructor(id: string, context: Context) {
    this.id = id;
    this.context = context;
    this.book = new Book(context, id);
  }

  get failing(): boolean {
    return this.#errors >= errorsMax;
  }
  /** Gateways whose beats this patient needs. */
  get gateways(): Iterable<string> {
    return this.#links.keys();
  }
  linkOf(gateway: string): Link {
    return this.#links.get(gateway) ?? new Link(gateway, this.context.clock.arrival(0));
  }

  #streams(): Stream[] {
    return [...this.#devices.values()].flatMap((device) => [...device.streams.values()]);
  }
  #sentries(): Sentry[] {
    return this.#streams().flatMap((stream) => (stream.watch ? [new Sentry(this, stream, stream.watch)] : []));
  }
  #device(id: string): Device {
    let device = this.#devices.get(id);
    if (!device) {
      device = new Device(id);
      this.#devices.set(id, device);
    }
    return device;
  }

  // ---- what senders say ----

  /** False if the record belongs to an assignment that is over: history, judged by nobody here. */
  #isCurrent(header: FromSender): boolean {
    if (this.#worn.has(header.assignment) || !this.#ended.has(header.assignment)) return true;
    this.context.count('after-assignment');
    return false;
  }

  readings({ header, body }: RecordOf<'readings'>): void {
    for (const reading of readingsOf(body)) this.#reading(header, reading);
  }

  #reading(header: RecordOf<'readings'>['header'], reading: Reading): void {
    const device = this.#device(header.device);
    if (!device.isNew(reading.boot, reading.seq)) {
      this.context.count('copies');
      return;
    }
    if (!this.#isCurrent(header)) return;
    const timed = { takenAt: reading.takenAt, acceptedAt: header.acceptedAt, skew: header.skew };
    const at = effectiveTime(timed);
    const ageMs = ageAtArrivalMs(timed);
    const stream = device.streams.get(reading.vital) ?? this.#unarmed(device, reading);
    if (at <= stream.newestAt || ageMs > stream.freshForMs) {
      this.context.count('late');
      return;
    }
    stream.newestAt = at;
    if (reading.quality === 'bad' || 'absent' in reading) {
      this.#unusable(stream, badCause(reading), at);
      return;
    }
    const changes = stream.judge(reading, at, header.acceptedAt);
    const unsure = header.clock === 'unsure' || reading.clock === 'unsure' || isClockUnsure(timed);
    this.#usable(
      stream,
      { log: this.context.clock.log, acceptedAt: header.acceptedAt, ageMs, at, boot: reading.boot, seq: reading.seq },
      {
        good: reading.quality === 'good',
        unsure,
        unsequenced: reading.boot === 0,
      },
    );
    if (stream.isBusy || changes.length > 0) this.#judged(stream, changes, { at, acceptedAt: header.acceptedAt });
  }

  #unarmed(device: Device, reading: Reading): Stream {
    const spot = reading.mode === 'spot';
    const stream = new Stream({ device: device.id, signal: reading.vital, everyMs: unarmedEveryMs, spot });
    stream.adopt(this.context.rules?.compiled ?? null, false);
    device.streams.set(reading.vital, stream);
    return stream;
  }

  /** A live usable reading or block: renews, and ends what it ends. Nothing else does. */
  #usable(stream: Stream, heard: Parameters<Watch['hear']>[0], quality: Parameters<Watch['hear']>[1]): void {
    const { watch } = stream;
    if (!watch) return;
    watch.hear(heard, quality);
    if (watch.calm && quality.good && !quality.unsure && !quality.unsequenced && heard.ageMs < watch.degradedAfterMs) {
      watch.assessedLog = heard.log;
      return;
    }
    new Sentry(this, stream, watch).heard(heard.at, heard.log);
    this.nextAt = 0;
  }

  /** A message that says nothing of the patient: neither raises nor clears, and is not fresh (ALR-QUALITY). */
  #unusable(stream: Stream, cause: BadCause, at: number): void {
    this.context.count('unusable');
    if (!stream.watch) return;
    stream.watch.miss(cause, this.context.clock.arrival(at));
    new Sentry(this, stream, stream.watch).reassess(this.context.clock.log, at);
    this.nextAt = 0;
  }

  /** What a reading did to the rules of its stream, family by family. */
  #judged(stream: Stream, changes: readonly Change[], moment: Moment): void {
    for (const alert of this.book.open) {
      const concerned = alert.kind === 'physiological' && alert.rules.some((rule) => rule.stream === stream.key);
      if (concerned) addEvidence(alert, stream.evidence());
    }
    this.#follow(
      changes.map(({ row }) => row.family),
      moment,
    );
  }

  #follow(families: readonly string[], moment: Moment): void {
    const ward = { context: this.context, book: this.book, streams: this.#streams() };
    for (const family of new Set(families)) follow(ward, family, moment);
    if (families.length > 0) this.nextAt = 0;
  }

  waveform({ header, body }: RecordOf<'waveform'>): void {
    const block = decodeWaveform(body);
    if ('fault' in block) throw new Error(`a waveform block in the log is broken: ${block.fault}`);
    const device = this.#device(header.device);
    if (!device.isNewBlock(block.lead, block.boot, block.seq)) {
      this.context.count('copies');
      return;
    }
    if (!this.#isCurrent(header)) return;
    const stream = device.streams.get(block.lead);
    if (!stream?.watch) return;
    const timed = { takenAt: endOf(block), acceptedAt: header.acceptedAt, skew: header.skew };
    const at = effectiveTime(timed);
    const ageMs = ageAtArrivalMs(timed);
    if (at <= stream.newestAt || ageMs > stream.freshForMs) {
      this.context.count('late');
      return;
    }
    stream.newestAt = at;
    if (block.contact === 'none') {
      this.#unusable(stream, 'lead-off', at);
      return;
    }
    if (block.samples.every((sample) => sample === -32768)) {
      this.#unusable(stream, 'poor-signal', at);
      return;
    }
    const unsure = header.clock === 'unsure' || block.clock === 'unsure' || isClockUnsure(timed);
    const heard = {
      log: this.context.clock.log,
      acceptedAt: header.acceptedAt,
      ageMs,
      at,
      boot: block.boot,
      seq: block.seq,
    };
    this.#usable(stream, heard, { good: true, unsure, unsequenced: false });
  }

  /** A device's word about itself: each is complete, so only the newest counts. */
  deviceState({ header, body }: RecordOf<'device-state'>): void {
    const parsed = DeviceState.parse(decodeBody(body));
    const device = this.#device(header.device);
    if (!device.isNew(parsed.boot, parsed.seq)) {
      this.context.count('copies');
      return;
    }
    if (!this.#isCurrent(header) || !device.isNewestState(parsed.boot, parsed.seq)) return;
    const at = effectiveTime({ takenAt: parsed.at, acceptedAt: header.acceptedAt, skew: header.skew });
    const faulty = parsed.faults.length > 0 ? 'sensor-fault' : null;
    const cause = parsed.contact === 'no' ? 'lead-off' : faulty;
    for (const stream of device.streams.values()) {
      if (!stream.watch) continue;
      const had = stream.watch.fault !== null;
      stream.watch.report(cause, this.context.clock.arrival(at));
      const sentry = new Sentry(this, stream, stream.watch);
      if (had && cause === null) sentry.cleared(at, this.context.clock.log);
      else sentry.reassess(this.context.clock.log, at);
    }
    this.nextAt = 0;
  }

  /** An event of a device decides nothing yet; its place in the sequence counts. */
  deviceEvent({ header, body }: RecordOf<'device-event'>): void {
    const { boot, seq } = decodeBody(body) as { boot: number; seq: number };
    if (!this.#device(header.device).isNew(boot, seq)) this.context.count('copies');
  }

  /** A sender's message was refused at the border: nothing usable came. */
  refusal({ header, body }: RecordOf<'refusal'>): void {
    const device = this.#device(header.device);
    const known = body.boot !== null && body.seq !== null && !device.isNew(body.boot, body.seq);
    if (known) {
      this.context.count('copies');
      return;
    }
    if (!this.#isCurrent(header)) return;
    const streams = [...device.streams.values()].filter(
      (stream) => body.vital === null || stream.signal === body.vital,
    );
    for (const stream of streams) this.#unusable(stream, 'poor-signal', header.acceptedAt);
  }

  /** A beat of a gateway; false if nothing of this patient depends on it any more. */
  beat(gateway: string, beat: { boot: number; beat: number }, acceptedAt: number): boolean {
    const link = this.#links.get(gateway);
    if (!link) return false;
    const { clock } = this.context;
    const troubled = clock.log >= link.lateAt;
    if (link.hear(beat, clock.arrival(acceptedAt)) && troubled) this.reassess(acceptedAt);
    return true;
  }

  // ---- what people do ----

  assignment({ header, body }: RecordOf<'assignment'>): void {
    const known = Math.max(this.#worn.get(body.id)?.revision ?? 0, this.#ended.get(body.id) ?? 0);
    if (body.revision <= known) {
      this.context.count('copies');
      return;
    }
    const arrival = this.context.clock.arrival(header.at);
    this.#recovered(header.at);
    if (body.to !== null && body.to <= header.at) this.#unassign(body, body.to);
    else this.#wear(body, arrival);
    this.nextAt = 0;
  }

  /** The device is worn from now on: its signals are due (ALR-ARMED). */
  #wear(body: InputBodies['assignment'], arrival: Arrival): void {
    const { id, revision, device, gateway, to } = body;
    this.#ended.delete(id);
    this.#worn.set(id, { id, revision, device, gateway, arrival: { ...arrival }, to });
    if (!this.#links.has(gateway)) this.#links.set(gateway, new Link(gateway, { ...arrival }));
    if (!this.context.rules) this.#unruled ??= { ...arrival };
    const due = new Set<string>(body.signals.map(signalName));
    this.#release(
      (stream) => stream.watch?.facts.assignment === id && !due.has(stream.signal),
      arrival.utc,
      'unassigned',
    );
    for (const signal of body.signals) this.#arm(body, signal, arrival);
  }

  #arm(body: InputBodies['assignment'], signal: InputBodies['assignment']['signals'][number], arrival: Arrival): void {
    const device = this.#device(body.device);
    const name = signalName(signal);
    const before = device.streams.get(name);
    if (before?.watch?.facts.assignment === body.id) return;
    const stream = new Stream({
      device: body.device,
      signal: name,
      everyMs: signal.everyMs,
      spot: signal.mode === 'spot',
    });
    // What came before this assignment stays late, whatever it was.
    if (before) stream.newestAt = before.newestAt;
    stream.adopt(this.context.rules?.compiled ?? null, false);
    device.streams.set(name, stream);
    if (stream.spot) return;
    stream.watch = new Watch(
      {
        assignment: body.id,
        gateway: body.gateway,
        signal: name,
        everyMs: signal.everyMs,
        firstWithinMs: signal.firstWithinMs,
        fromUtc: body.from,
      },
      { ...arrival },
    );
    new Sentry(this, stream, stream.watch).reassess(arrival.log, arrival.utc);
  }

  #unassign(
    body: Pick<InputBodies['assignment'], 'id' | 'revision' | 'device'>,
    at: number,
    why: 'unassigned' | 'discharge' = 'unassigned',
  ): void {
    this.#worn.delete(body.id);
    this.#ended.delete(body.id);
    this.#ended = remember(this.#ended, body.id, body.revision);
    const others = [...this.#worn.values()].some((worn) => worn.device === body.device);
    this.#release(
      (stream) => stream.watch?.facts.assignment === body.id || (!others && stream.device === body.device),
      at,
      why,
    );
    const needed = new Set([...this.#worn.values()].map((worn) => worn.gateway));
    for (const gateway of this.#links.keys()) if (!needed.has(gateway)) this.#links.delete(gateway);
    if (this.#worn.size === 0) this.#unruled = null;
  }

  /** Streams that are no longer due; what was open because of them ends as `alerting.md` 4 says. */
  #release(gone: (stream: Stream) => boolean, at: number, why: 'unassigned' | 'discharge'): void {
    const families = new Set<string>();
    for (const device of this.#devices.values()) {
      for (const stream of [...device.streams.values()].filter(gone)) {
        device.streams.delete(stream.signal);
        if (stream.watch) new Sentry(this, stream, stream.watch).end(at, why);
        for (const row of stream.rows) families.add(row.family);
      }
    }
    this.#follow([...families], { at, acceptedAt: at, gone: why });
  }

  discharge({ header, body }: RecordOf<'discharge'>): void {
    if (body.revision <= (this.#discharges.get(body.id) ?? 0)) {
      this.context.count('copies');
      return;
    }
    this.#discharges = remember(this.#discharges, body.id, body.revision);
    for (const worn of [...this.#worn.values()]) this.#unassign(worn, header.at, 'discharge');
    this.#release(() => true, header.at, 'discharge');
    this.#recovered(header.at);
    this.#errors = 0;
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
      for (const row of stream.rows) families.add(row.family);
      const fresh = stream.watch !== null && this.context.clock.log < stream.watch.deadline;
      for (const { row } of stream.adopt(rules.compiled, fresh)) families.add(row.family);
      for (const row of stream.rows) families.add(row.family);
    }
    this.#follow([...families], { at, acceptedAt: at, gone: 'rules' });
    if (!this.failing) this.#recovered(at);
    this.reassess(at);
  }

  // ---- what time does ----

  /** Looks again at all signals: something changed that concerns more than one. */
  reassess(at: number): void {
    for (const sentry of this.#sentries()) sentry.reassess(this.context.clock.log, at);
    this.nextAt = 0;
  }

  timers(log: number, into: Timer[]): void {
    for (const sentry of this.#sentries()) sentry.timers(log, into);
    this.book.timers(log, into, this.id);
    for (const worn of this.#worn.values()) {
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
    if (this.#worn.get(worn.id) === worn && worn.to !== null) this.#unassign(worn, worn.to);
  }

  #raiseUnruled(unruled: Arrival): void {
    const [worn] = this.#worn.values();
    const first = worn?.id ?? this.id;
    if (this.context.rules === null) this.#raiseNotMonitored('no-rules', first, this.context.clock.toUtc(unruled.log));
  }

  #raiseNotMonitored(code: TechnicalCause, first: string, at: number): void {
    if (this.book.find(notMonitored, 'patient')) return;
    this.book.raise(
      {
        kind: 'technical',
        family: notMonitored,
        scope: 'patient',
        rule: notMonitored,
        version: 1,
        first,
        onsetAt: at,
        raisedAt: at,
        rules: [technicalRule(notMonitored, 'high', true, at)],
        flags: [],
        cause: { code, id: code },
        ruleSet: null,
        trail: { readings: [], omitted: 0 },
      },
      at,
    );
  }

  /** Nothing of what kept the whole patient from being judged is left. */
  #recovered(at: number): void {
    const alert = this.book.find(notMonitored, 'patient');
    const standing = alert?.cause?.code === 'no-rules' && this.context.rules === null;
    if (alert && !standing) this.book.close(alert, Math.max(at, alert.raisedAt), 'cleared');
  }

  /** Computes the log time of `nextAt` once more after a tick's timers have fired. */
  plan(log: number): void {
    let next = this.book.nextAt;
    for (const sentry of this.#sentries()) next = Math.min(next, sentry.nextAt(log));
    for (const worn of this.#worn.values()) next = Math.min(next, endLog(worn));
    if (this.#unruled && !this.book.find(notMonitored, 'patient')) next = Math.min(next, this.#unruled.log);
    this.nextAt = next;
  }

  /** Log times of arrivals that came while nobody ticked, computed once more (`records.md` 4). */
  rebase(gap: Gap, distrust: boolean): void {
    for (const stream of this.#streams()) {
      stream.watch?.rebase(gap);
      if (distrust) stream.watch?.distrust(gap.toLog);
    }
    for (const link of this.#links.values()) {
      link.rebase(gap);
      if (distrust) link.distrust(gap.toLog);
    }
    this.book.rebase(gap);
    for (const { arrival } of this.#worn.values()) arrival.log = afterGap(arrival.log, arrival.utc, gap);
    if (this.#unruled) this.#unruled.log = afterGap(this.#unruled.log, this.#unruled.utc, gap);
    this.nextAt = 0;
  }

  /** A span in which nobody judged, told for each signal that was due. */
  blind(fromUtc: number, toUtc: number, toLog: number): void {
    for (const sentry of this.#sentries()) sentry.blind(fromUtc, toUtc, toLog);
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
    this.#errors++;
    if (this.#errors === errorsMax) {
      this.#raiseNotMonitored('rule-error', first, at);
      this.reassess(at);
    }
  }

  /** Evaluating a record went well. */
  succeeded(at: number): void {
    if (this.#errors === 0) return;
    const { failing } = this;
    this.#errors = 0;
    if (!failing) return;
    this.#recovered(at);
    this.reassess(at);
  }

  /** The patient's entry in the snapshot was unusable: what was worn and open is not known any more. */
  lost(at: number): void {
    this.#raiseNotMonitored('state-lost', `snapshot@${at}`, at);
  }

  // ---- snapshots ----

  toJSON(): PatientSaved {
    return {
      v: 1,
      id: this.id,
      worn: [...this.#worn.values()],
      ended: [...this.#ended],
      discharges: [...this.#discharges],
      devices: [...this.#devices.values()].map((device) => device.toJSON()),
      links: [...this.#links.values()].map((link) => link.toJSON()),
      book: this.book.toJSON(),
      errors: this.#errors,
      unruled: this.#unruled,
    };
  }

  /** Throws for an entry that is none. */
  static restore(saved: PatientSaved, context: Context): Patient {
    if (saved.v !== 1) throw new Error(`a snapshot entry of version ${saved.v}`);
    const patient = new Patient(saved.id, context);
    for (const worn of saved.worn) patient.#worn.set(worn.id, worn);
    patient.#ended = new Map(saved.ended);
    patient.#discharges = new Map(saved.discharges);
    const rules = context.rules?.compiled ?? null;
    for (const device of saved.devices) patient.#devices.set(device.id, Device.restore(device, rules));
    for (const link of saved.links) patient.#links.set(link.gateway, Link.restore(link));
    patient.book = new Book(context, saved.id).restore(saved.book);
    patient.#errors = saved.errors;
    patient.#unruled = saved.unruled;
    return patient;
  }
}

/** The newest entries of a map of revisions, bounded. */
function remember(map: Map<string, number>, id: string, revision: number): Map<string, number> {
  return new Map([...map, [id, revision] as const].slice(-endedKept));
}

/** Log time at which a known end comes. */
function endLog({ arrival, to }: Worn): number {
  return to === null ? Number.POSITIVE_INFINITY : arrival.log + to - arrival.utc;
}

/** Why a reading is not usable. */
function badCause(reading: Reading): BadCause {
  const absent = 'absent' in reading ? reading.absent : undefined;
  if (absent === 'no-contact' || absent === 'lead-off') return 'lead-off';
  if (absent === 'sensor-fault' || absent === 'warm-up') return absent;
  return 'poor-signal';
}

/** Time of a block's last sample, UTC milliseconds: up to then the lead was heard. */
function endOf(block: WaveformBlock): number {
  return Math.floor(block.takenAtUs / 1_000 + (block.samples.length * 1_000_000) / block.rateMhz);
}
