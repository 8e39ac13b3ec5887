// One kit: a device that connects by itself (D = S in `interfaces.md` 3.1), from being switched on to being switched off.
// Everything it sends is numbered and dated once, waits in its outbox until it is acknowledged, and is sent again with
// the same bytes.
import {
  beatEveryMs,
  type Clock,
  type DataKind,
  dataTopic,
  gatewayFreshness,
  heartbeatTopic,
  type Random,
  type Reading,
  type Realm,
  statusTopic,
  VITALS,
  waveformFreshness,
} from '../contract/index.ts';
import { nextBoot } from './boot-counter.ts';
import {
  acknowledgeWithinMs,
  glucoseEveryMs,
  goodbyeWithinMs,
  lateWindowMessages,
  outboxMessagesMax,
  stateEveryMs,
  troubleAfterMs,
  windowMessages,
} from './limits.ts';
import { type BrokerAddress, type Link, startLink } from './link.ts';
import {
  ecgPayload,
  glucoseReading,
  heartbeatPayload,
  pulseReading,
  readingsPayload,
  recordsLostPayload,
  spo2Reading,
  statePayload,
  statusPayload,
} from './messages.ts';
import { type Message, Outbox } from './outbox.ts';
import { ecgRateHz } from './patients/ecg.ts';
import type { PatientSecond } from './patients/patient.ts';

/** What a kit is by registration. */
export interface KitIdentity {
  /** `kit-3`: how the command line calls it. */
  readonly name: string;
  readonly device: string;
  readonly token: string;
  readonly patient: string;
}

/** What goes wrong on the way, by chance. */
export interface KitFaults {
  /** Share of messages that are numbered and never sent. */
  readonly loss: number;
  /** Share of messages that are sent twice. */
  readonly duplicates: number;
  /** The kit's clock is so far ahead (behind, if negative). */
  readonly skewMs: number;
}

export const noFaults: KitFaults = { loss: 0, duplicates: 0, skewMs: 0 };

/** One line for a person: how it goes, or what is wrong. */
export type Report = (level: 'progress' | 'problem', line: string) => void;

export interface KitOptions {
  readonly identity: KitIdentity;
  readonly realm: Realm;
  readonly version: string;
  readonly broker: () => Promise<BrokerAddress>;
  /** Where its boot counter stands. */
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: KitFaults;
  /** Told of each reading as it is numbered, sent or not. */
  readonly onReading: (reading: Reading) => void;
  readonly report: Report;
}

export interface Kit extends AsyncDisposable {
  readonly boot: number;
  readonly connected: boolean;
  /** Messages not yet acknowledged. */
  readonly waiting: number;
  /** Messages acknowledged since it was switched on. */
  readonly acknowledged: number;
  /** One second of its patient, which ended at `at` (true UTC ms). */
  measure(second: PatientSecond, at: number): void;
  /** Seconds of which nothing was measured. */
  miss(seconds: number): void;
  /** Switched off by a person: says so, then disconnects. */
  stop(why: string): Promise<void>;
  /** The battery is gone: not a word more. */
  cut(): Promise<void>;
}

/** Switches a kit on: counts its boot, then connects and goes on connecting. */
export async function startKit(options: KitOptions): Promise<Kit> {
  return new RunningKit(options, await nextBoot(options.folder));
}

const readingsFreshForMs = VITALS.spo2.freshForMs;
const accountFreshForMs = gatewayFreshness.freshForMs;
/** A beat may come so much before its time: the seconds that drive it are not exact. */
const beatToleranceMs = 300;

class RunningKit implements Kit {
  readonly boot: number;
  readonly #options: KitOptions;
  readonly #link: Link;
  readonly #outbox = new Outbox({ messagesMax: outboxMessagesMax, lateInFlightMax: lateWindowMessages });
  readonly #startedMono: number;
  /** When each unacknowledged publish of this connection left, oldest first. */
  #inFlight = new Map<number, number>();
  #publishes = 0;
  #seq = 0;
  #blocks = 0;
  #samples = 0;
  #lastBlockAt: number | undefined;
  #beat = 0;
  #beatInFlight = false;
  #beatMono = Number.NEGATIVE_INFINITY;
  #previousBeat: { readonly beat: number; readonly rttMs: number } | null = null;
  #stateMono = Number.NEGATIVE_INFINITY;
  #glucoseAt: number | undefined;
  #lastDataAt: number | null = null;
  #thinned = 0;
  #lost: { from: number; to: number; count: number } | undefined;
  #acknowledged = 0;
  #acknowledgedMono: number;
  #troubleTold = false;

  constructor(options: KitOptions, boot: number) {
    this.#options = options;
    this.boot = boot;
    this.#startedMono = options.clock.mono();
    this.#acknowledgedMono = this.#startedMono;
    const { device, token, name } = options.identity;
    this.#link = startLink({
      broker: options.broker,
      clientId: device,
      token,
      will: { topic: statusTopic(options.realm, device), payload: statusPayload({ v: 1, state: 'lost', boot }) },
      clock: options.clock,
      random: options.random,
      onUp: () => this.#up(),
      onDown: (why) => {
        options.report('progress', `${name}: connection lost (${why})`);
        this.#forgetSent();
      },
      onRefused: (why) => options.report('problem', `${name}: the broker refuses it (${why}); it does not try again`),
    });
  }

  get connected(): boolean {
    return this.#link.up;
  }

  get waiting(): number {
    return this.#outbox.size;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  measure(second: PatientSecond, at: number): void {
    const takenAt = at + this.#options.faults.skewMs;
    const receivedAt = Math.max(this.#now(), takenAt);
    this.#measureReadings(second, takenAt, receivedAt);
    this.#measureEcg(second.ecg, takenAt - 1_000, receivedAt);
    this.#lastDataAt = takenAt;
    this.#tellLost();
    this.#account();
    this.#watchAcknowledgements();
    this.#pump();
  }

  miss(seconds: number): void {
    this.#samples += seconds * ecgRateHz;
  }

  async stop(why: string): Promise<void> {
    this.#sendStatus({ v: 1, state: 'stopped', boot: this.boot, at: this.#now(), why });
    const { clock } = this.#options;
    const until = clock.mono() + goodbyeWithinMs;
    while (this.#link.up && this.#inFlight.size > 0 && clock.mono() < until) await clock.sleep(20);
    await this.#link.end('politely');
  }

  cut(): Promise<void> {
    return this.#link.end('at once');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cut();
  }

  #now(): number {
    return this.#options.clock.wall() + this.#options.faults.skewMs;
  }

  #measureReadings(second: PatientSecond, takenAt: number, receivedAt: number): void {
    const facts = () => ({ boot: this.boot, seq: ++this.#seq, takenAt, receivedAt });
    if (this.#glucoseAt === undefined || takenAt - this.#glucoseAt >= glucoseEveryMs) {
      this.#glucoseAt = takenAt;
      this.#keepReadings([glucoseReading(second.glucose, facts())], VITALS.glucose.freshForMs);
    }
    const readings = [spo2Reading(second.saturation, facts()), pulseReading(second.heartRate, facts())];
    this.#keepReadings(readings, readingsFreshForMs);
  }

  #keepReadings(readings: readonly Reading[], freshForMs: number): void {
    for (const reading of readings) this.#options.onReading(reading);
    const [first, last] = [readings[0] as Reading, readings.at(-1) as Reading];
    const bytes = readingsPayload(readings);
    this.#keep({ kind: 'readings', bytes, at: first.takenAt, freshForMs, seqs: [first.seq, last.seq] });
  }

  #measureEcg(samples: Int16Array, takenAt: number, receivedAt: number): void {
    const discontinuous = this.#lastBlockAt !== undefined && takenAt !== this.#lastBlockAt + 1_000;
    const block = { boot: this.boot, seq: ++this.#blocks, index: this.#samples, takenAt, receivedAt, discontinuous };
    const bytes = ecgPayload({ ...block, samples });
    this.#samples += samples.length;
    this.#lastBlockAt = takenAt;
    const { freshForMs } = waveformFreshness;
    this.#keep({ kind: 'waveform', bytes, at: takenAt, freshForMs, seqs: undefined });
  }

  /** What the kit says of itself: the beat each 10 s, its complete state at the start and every 5 minutes. */
  #account(): void {
    const mono = this.#options.clock.mono();
    if (mono - this.#stateMono >= stateEveryMs) {
      this.#stateMono = mono;
      this.#keepState(mono);
    }
    if (mono - this.#beatMono >= beatEveryMs - beatToleranceMs) this.#sendBeat(mono);
  }

  #keepState(mono: number): void {
    const { identity } = this.#options;
    const at = this.#now();
    const seq = ++this.#seq;
    const upForMs = mono - this.#startedMono;
    const bytes = statePayload({ boot: this.boot, seq, at, upForMs, serial: identity.name });
    this.#keep({ kind: 'state', bytes, at, freshForMs: accountFreshForMs, seqs: [seq, seq] });
  }

  /** Numbered, it waits for the link; or chance loses it. */
  #keep(message: Message): void {
    const { faults, random } = this.#options;
    if (faults.loss > 0 && random.next() < faults.loss) return;
    const victim = this.#outbox.add(message);
    if (!victim) return;
    this.#thinned++;
    if (!victim.seqs) return;
    const [from, to] = victim.seqs;
    this.#lost = {
      from: Math.min(from, this.#lost?.from ?? from),
      to: Math.max(to, this.#lost?.to ?? to),
      count: (this.#lost?.count ?? 0) + to - from + 1,
    };
  }

  #up(): void {
    this.#options.report('progress', `${this.#options.identity.name}: connected`);
    this.#forgetSent();
    this.#sendStatus({ v: 1, state: 'ready', boot: this.boot, at: this.#now(), version: this.#options.version });
    this.#sendBeat(this.#options.clock.mono());
    this.#pump();
  }

  /** Once there is room again, so that the telling pushes nothing out itself. */
  #tellLost(): void {
    const lost = this.#lost;
    if (!lost || this.#outbox.size >= outboxMessagesMax / 2) return;
    this.#lost = undefined;
    const at = this.#now();
    const seq = ++this.#seq;
    const bytes = recordsLostPayload({ boot: this.boot, seq, at, ...lost });
    this.#keep({ kind: 'events', bytes, at, freshForMs: accountFreshForMs, seqs: [seq, seq] });
  }

  #sendStatus(status: Parameters<typeof statusPayload>[0]): void {
    this.#send(statusTopic(this.#options.realm, this.#options.identity.device), statusPayload(status), () => {});
  }

  /** A beat is sent now or never; one at a time, so that a stuck link cannot fill the window with them. */
  #sendBeat(mono: number): void {
    if (!this.#link.up || this.#beatInFlight) return;
    this.#beatMono = mono;
    this.#beatInFlight = true;
    const beat = ++this.#beat;
    const { realm, identity, clock } = this.#options;
    const bytes = heartbeatPayload({
      boot: this.boot,
      beat,
      at: this.#now(),
      previous: this.#previousBeat,
      device: identity.device,
      lastDataAt: this.#lastDataAt,
      waiting: { records: this.#outbox.size, bytes: this.#outbox.bytes, oldestAt: this.#outbox.oldestAt },
      thinned: this.#thinned,
    });
    this.#send(heartbeatTopic(realm, identity.device), bytes, () => {
      this.#beatInFlight = false;
      this.#previousBeat = { beat, rttMs: Math.round(clock.mono() - mono) };
    });
  }

  #pump(): void {
    const { faults, random } = this.#options;
    while (this.#link.up && this.#inFlight.size < windowMessages) {
      const due = this.#outbox.next(this.#now());
      if (!due) return;
      const { message, lane } = due;
      const topic = this.#topic(message.kind, lane);
      this.#send(topic, message.bytes, () => {
        this.#outbox.acknowledge(message);
        this.#acknowledged++;
        this.#acknowledgedMono = this.#options.clock.mono();
        this.#troubleTold = false;
        this.#pump();
      });
      const twice = faults.duplicates > 0 && random.next() < faults.duplicates;
      if (twice && this.#inFlight.size < windowMessages) this.#send(topic, message.bytes, () => {});
    }
  }

  #topic(kind: DataKind, lane: 'live' | 'late'): string {
    const { realm, identity } = this.#options;
    return dataTopic(realm, identity.device, identity.device, kind, lane);
  }

  #send(topic: string, bytes: Uint8Array, acknowledged: () => void): void {
    const connection = this.#inFlight;
    const publish = ++this.#publishes;
    connection.set(publish, this.#options.clock.mono());
    this.#link.publish(topic, bytes, () => {
      // An acknowledgement of a connection that is gone says nothing about what this one has sent.
      if (connection !== this.#inFlight) return;
      connection.delete(publish);
      acknowledged();
    });
  }

  #forgetSent(): void {
    this.#inFlight = new Map();
    this.#beatInFlight = false;
    this.#outbox.forgetSent();
  }

  #watchAcknowledgements(): void {
    const { clock, identity, report } = this.#options;
    const mono = clock.mono();
    const [oldest] = this.#inFlight.values();
    if (oldest !== undefined && mono - oldest > acknowledgeWithinMs)
      this.#link.reset(`no acknowledgement for ${acknowledgeWithinMs / 1_000} s`);
    if (this.#troubleTold || mono - this.#acknowledgedMono <= troubleAfterMs) return;
    this.#troubleTold = true;
    const why = this.#link.lastFailure ?? 'no answer';
    report(
      'problem',
      `${identity.name}: nothing acknowledged for ${troubleAfterMs / 1_000} s (${why}); it goes on trying`,
    );
  }
}
