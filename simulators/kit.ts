// One kit: a device that connects by itself (D = S in `interfaces.md` 3.1), from being switched on to being switched off.
// Everything it sends is numbered and dated once, waits in its outbox until it is acknowledged, and is sent again with
// the same bytes.
import {
  type Clock,
  gatewayFreshness,
  type Random,
  type Reading,
  type Realm,
  VITALS,
  waveformFreshness,
} from '../contract/index.ts';
import { nextBoot } from './boot-counter.ts';
import { glucoseEveryMs, stateEveryMs, troubleAfterMs } from './limits.ts';
import type { BrokerAddress } from './link.ts';
import {
  ecgPayload,
  glucoseReading,
  pulseReading,
  readingsPayload,
  recordsLostPayload,
  spo2Reading,
  statePayload,
} from './messages.ts';
import type { Message } from './outbox.ts';
import { ecgRateHz } from './patients/ecg.ts';
import type { PatientSecond } from './patients/patient.ts';
import { type Report, type Sender, startSender } from './sender.ts';

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

class RunningKit implements Kit {
  readonly boot: number;
  readonly #options: KitOptions;
  readonly #sender: Sender;
  readonly #startedMono: number;
  #seq = 0;
  #blocks = 0;
  #samples = 0;
  #lastBlockAt: number | undefined;
  #stateMono = Number.NEGATIVE_INFINITY;
  #glucoseAt: number | undefined;
  #lost: { from: number; to: number; count: number } | undefined;
  #troubleTold = false;

  constructor(options: KitOptions, boot: number) {
    this.#options = options;
    this.boot = boot;
    this.#startedMono = options.clock.mono();
    const { identity, realm, version, broker, clock, random, faults, report } = options;
    const { name, device, token } = identity;
    this.#sender = startSender({
      ...{ name, device, token, boot, realm, version, broker, clock, random, report },
      now: () => this.#now(),
      duplicates: faults.duplicates,
      onRefused: (why) => report('problem', `${name}: the broker refuses it (${why}); it does not try again`),
    });
  }

  get connected(): boolean {
    return this.#sender.connected;
  }

  get waiting(): number {
    return this.#sender.waiting;
  }

  get acknowledged(): number {
    return this.#sender.acknowledged;
  }

  measure(second: PatientSecond, at: number): void {
    const takenAt = at + this.#options.faults.skewMs;
    const receivedAt = Math.max(this.#now(), takenAt);
    this.#measureReadings(second, takenAt, receivedAt);
    this.#measureEcg(second.ecg, takenAt - 1_000, receivedAt);
    this.#tellLost();
    this.#account();
    this.#sender.tick();
    this.#tellTrouble();
  }

  miss(seconds: number): void {
    this.#samples += seconds * ecgRateHz;
  }

  stop(why: string): Promise<void> {
    return this.#sender.stop(why);
  }

  cut(): Promise<void> {
    return this.#sender[Symbol.asyncDispose]();
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

  /** What the kit says of itself beside its beats: its complete state at the start and every 5 minutes. */
  #account(): void {
    const mono = this.#options.clock.mono();
    if (mono - this.#stateMono < stateEveryMs) return;
    this.#stateMono = mono;
    this.#keepState(mono);
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
    const victim = this.#sender.send(message);
    if (!victim?.seqs) return;
    const [from, to] = victim.seqs;
    this.#lost = {
      from: Math.min(from, this.#lost?.from ?? from),
      to: Math.max(to, this.#lost?.to ?? to),
      count: (this.#lost?.count ?? 0) + to - from + 1,
    };
  }

  /** Once there is room again, so that the telling pushes nothing out itself. */
  #tellLost(): void {
    const lost = this.#lost;
    if (!lost || !this.#sender.hasRoom) return;
    this.#lost = undefined;
    const at = this.#now();
    const seq = ++this.#seq;
    const bytes = recordsLostPayload({ boot: this.boot, seq, at, ...lost });
    this.#keep({ kind: 'events', bytes, at, freshForMs: accountFreshForMs, seqs: [seq, seq] });
  }

  #tellTrouble(): void {
    const { clock, identity, report } = this.#options;
    const { acknowledgedMono, lastFailure = 'no answer' } = this.#sender;
    const isTroubled = clock.mono() - acknowledgedMono > troubleAfterMs;
    if (isTroubled && !this.#troubleTold)
      report(
        'problem',
        `${identity.name}: nothing acknowledged for ${troubleAfterMs / 1_000} s (${lastFailure}); it goes on trying`,
      );
    this.#troubleTold = isTroubled;
  }
}
