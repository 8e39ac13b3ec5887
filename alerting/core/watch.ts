// What is known of a signal that somebody has to notice when it falls silent (ALR-STALE, ALR-ARMED): armed by the
// assignment, renewed by live usable readings alone. The instants at which silence turns into something are differences of
// log time; `monitoring.ts` says what they mean.
import { freshnessOf, type Lead, type Monitoring, type TechnicalCause, type Vital } from '../../contract/index.ts';
import { fastEveryMs, poorAfterMs, settleMs } from './limits.ts';
import { type Lines, line, lineShift } from './lines.ts';
import { type Arrival, afterGap, type Gap } from './log-clock.ts';

const minute = 60_000;
/** Age from which a silent signal is of medium priority (`alerting.md` 2.7); others at twice their freshness limit. */
const mediumAfterMs: Partial<Record<string, number>> = {
  hr: 2 * minute,
  spo2: 10 * minute,
  pulse: 10 * minute,
  glucose: 20 * minute,
};
const mediumAfterWaveformMs = 2 * minute;

/** Why a message was not usable. */
export type BadCause = Extract<TechnicalCause, 'poor-signal' | 'sensor-fault' | 'lead-off' | 'warm-up'>;
/** What a device says of itself. */
export interface Fault {
  readonly cause: Extract<BadCause, 'sensor-fault' | 'lead-off'>;
  readonly log: number;
  readonly utc: number;
}
/** Messages without a usable reading, since the last usable one. */
export interface BadRun {
  /** Of the newest message. */
  cause: BadCause;
  readonly utc: number;
  readonly log: number;
  count: number;
  /** Log time at which the run is long enough to be a poor signal; null while a slow signal sent but one. */
  poorLog: number | null;
  /** Since when the messages name a fault. */
  fault: Fault | null;
}

export interface WatchFacts {
  readonly assignment: string;
  readonly gateway: string;
  readonly signal: Vital | Lead;
  readonly everyMs: number;
  readonly firstWithinMs: number;
  /** From when the assignment holds, UTC: what a signal never heard is silent since. */
  readonly fromUtc: number;
}

export interface WatchState extends WatchFacts {
  readonly armed: Arrival;
  /** Its newest usable reading stands with the stream. */
  readonly isHeard: boolean;
  readonly lastGood: boolean;
  readonly bad: BadRun | null;
  readonly fault: Fault | null;
  readonly unsure: boolean;
  readonly doubtful: boolean;
  readonly unsequenced: boolean;
  readonly goodLog: number;
  readonly recoverFrom: number | null;
  readonly shown: Shown;
  readonly assessedLog: number;
  /** Log time since which it is degraded without a break; null, or missing in an old snapshot, where it is not. */
  readonly degradedLog?: number | null;
}

/** The newest live usable reading. */
export interface Heard {
  log: number;
  acceptedAt: number;
  ageMs: number;
  /** Effective time. */
  at: number;
  boot: number;
  seq: number;
}

/** How well it was heard. */
export interface HeardQuality {
  readonly good: boolean;
  /** The sender's clock was not believed. */
  readonly unsure: boolean;
  /** Without a sequence losses go unnoticed. */
  readonly unsequenced: boolean;
}

/** The state last told to the outside. */
export type Shown = Pick<Monitoring, 'at' | 'state' | 'cause' | 'since'>;

export class Watch {
  readonly facts: WatchFacts;
  readonly freshForMs: number;
  readonly degradedAfterMs: number;
  readonly fast: boolean;
  armed: Arrival;
  readonly #lines: Lines;
  readonly #index: number;
  #isHeard = false;
  bad: BadRun | null = null;
  /** A fault the device reports in its state, beside any reading. */
  fault: Fault | null = null;
  unsure = false;
  doubtful = false;
  unsequenced = false;
  /** The newest usable reading was good; log time of the newest good one where it was not. */
  #lastGood = false;
  #goodLog = 0;
  /** With an alert open: effective time of the first usable reading of the recovery. */
  recoverFrom: number | null = null;
  shown: Shown;
  /** Log time up to which `shown` is right. */
  assessedLog: number;
  /** Log time since which it is degraded without a break; null where it is not. */
  degradedLog: number | null = null;
  /** Monitored, and nothing but the passing of time can change that. */
  calm = false;

  constructor(facts: WatchFacts, armed: Arrival, lines: Lines, index: number) {
    this.facts = facts;
    this.armed = armed;
    this.#lines = lines;
    this.#index = index;
    const { freshForMs, degradedAfterMs } = freshnessOf(facts.signal);
    this.freshForMs = freshForMs;
    this.degradedAfterMs = Math.min(freshForMs, Math.max(degradedAfterMs, 2 * facts.everyMs));
    this.fast = facts.everyMs <= fastEveryMs;
    this.assessedLog = armed.log;
    this.shown = { at: armed.utc, state: 'not-monitored', cause: null, since: facts.fromUtc };
  }

  #get(field: number): number {
    return this.#lines.data[(this.#index << lineShift) + field] as number;
  }
  #set(field: number, value: number): void {
    this.#lines.data[(this.#index << lineShift) + field] = value;
  }

  /** The newest live usable reading, as its guard line has it; null before the first. */
  get heard(): Heard | null {
    if (!this.#isHeard) return null;
    const acceptedAt = this.#get(line.accepted);
    const at = this.#get(line.at);
    const ageMs = Math.max(0, acceptedAt - at);
    return { log: this.#get(line.log), acceptedAt, ageMs, at, boot: this.#get(line.boot), seq: this.#get(line.seq) };
  }
  /** Log time of the newest good reading. */
  get goodLog(): number {
    return this.#lastGood ? this.#get(line.log) : this.#goodLog;
  }
  /** Nothing but the passing of time can change what is told of it, as long as good readings come in order. */
  get isOpen(): boolean {
    const { calm, bad, fault, unsure, doubtful, unsequenced } = this;
    return calm && this.#isHeard && bad === null && fault === null && !unsure && !doubtful && !unsequenced;
  }

  /** Log time at which the signal is silent. */
  get deadline(): number {
    const { heard } = this;
    if (!heard) {
      // An assignment of the future is not due before it holds.
      return this.armed.log + Math.max(0, this.facts.fromUtc - this.armed.utc) + this.facts.firstWithinMs;
    }
    return heard.log - heard.ageMs + this.freshForMs;
  }
  /** Log time at which the newest value is late. */
  get lateAt(): number {
    const { heard } = this;
    return heard ? heard.log - heard.ageMs + this.degradedAfterMs : Number.POSITIVE_INFINITY;
  }
  /** Log time at which its silence is no longer of low priority. */
  get mediumAt(): number {
    const isVital = this.facts.signal in mediumAfterMs || this.freshForMs > mediumAfterWaveformMs;
    const after = mediumAfterMs[this.facts.signal] ?? (isVital ? 2 * this.freshForMs : mediumAfterWaveformMs);
    return this.deadline + after - this.freshForMs;
  }
  /** Log time at which a fault has lasted long enough to be one. */
  get faultAt(): number {
    const log = Math.min(this.fault?.log ?? Number.POSITIVE_INFINITY, this.bad?.fault?.log ?? Number.POSITIVE_INFINITY);
    return log + (this.fast ? settleMs : 0);
  }
  get poorAt(): number {
    return this.bad?.cause === 'warm-up' ? Number.POSITIVE_INFINITY : (this.bad?.poorLog ?? Number.POSITIVE_INFINITY);
  }
  /** Up to this log time a reading proves the way to it, whatever the beats say. */
  provenUntil(gatewayFreshForMs: number): number {
    if (!this.#isHeard) return Number.NEGATIVE_INFINITY;
    return this.#get(line.log) + Math.min(this.degradedAfterMs, gatewayFreshForMs);
  }
  /** UTC since which nothing usable is known. */
  get silentSince(): number {
    return this.heard?.at ?? this.facts.fromUtc;
  }

  /** A live usable reading. */
  hear(heard: Omit<Heard, 'ageMs'>, quality: HeardQuality): void {
    if (!quality.good && this.#lastGood) this.#goodLog = this.#get(line.log);
    this.#lastGood = quality.good;
    this.#isHeard = true;
    this.#set(line.log, heard.log);
    this.#set(line.accepted, heard.acceptedAt);
    this.#set(line.at, heard.at);
    this.#set(line.boot, heard.boot);
    this.#set(line.seq, heard.seq);
    this.bad = null;
    this.unsure = quality.unsure;
    this.unsequenced = quality.unsequenced;
    this.doubtful = !quality.good;
  }

  /** A message without a usable reading: renews nothing. */
  miss(cause: BadCause, arrival: Arrival): void {
    const fault = cause === 'sensor-fault' || cause === 'lead-off' ? { cause, ...arrival } : null;
    this.recoverFrom = null;
    // Warming up is no poor signal: what comes after it counts from its own beginning.
    if (!this.bad || this.bad.cause === 'warm-up') {
      const poorLog = this.fast ? arrival.log + poorAfterMs : null;
      this.bad = { cause, ...arrival, count: 1, poorLog, fault };
      return;
    }
    this.bad.cause = cause;
    this.bad.count++;
    this.bad.fault = fault && (this.bad.fault ? { ...this.bad.fault, cause: fault.cause } : fault);
    // Two readings of a slow signal without a value: `alerting.md` 2.9.
    if (!this.fast && this.bad.count === 2) this.bad.poorLog = arrival.log;
  }

  /** What the device says of itself; null when it says that all is well. */
  report(cause: Fault['cause'] | null, arrival: Arrival): void {
    if (cause === null) this.fault = null;
    else this.fault = this.fault ? { ...this.fault, cause } : { cause, ...arrival };
    if (cause !== null) this.recoverFrom = null;
  }

  /** Most specific cause of what keeps it from being monitored, but for the gateway. */
  get cause(): TechnicalCause {
    if (this.fault) return this.fault.cause;
    if (this.bad) return this.bad.fault?.cause ?? this.bad.cause;
    return this.heard ? 'stale' : 'never-received';
  }

  /** A reading like any other, on a signal that is well: nothing to look at again. */
  isQuiet(heard: Pick<Heard, 'ageMs'>, { good, unsure, unsequenced }: HeardQuality): boolean {
    return this.calm && good && !unsure && !unsequenced && heard.ageMs < this.degradedAfterMs;
  }

  /** Log times after a gap; with `distrust` nothing heard before it counts any more. */
  rebase(gap: Gap, distrust: boolean): void {
    const { heard } = this;
    if (!heard) this.armed.log = afterGap(this.armed.log, this.armed.utc, gap);
    else if (distrust) this.#set(line.log, gap.toLog - this.freshForMs);
    else this.#set(line.log, afterGap(heard.log, heard.acceptedAt, gap));
  }

  toJSON(): WatchState {
    const { armed, bad, fault, unsure, doubtful, unsequenced, goodLog, recoverFrom, shown, assessedLog, degradedLog } =
      this;
    return {
      ...this.facts,
      armed,
      isHeard: this.#isHeard,
      lastGood: this.#lastGood,
      bad,
      fault,
      unsure,
      doubtful,
      unsequenced,
      goodLog,
      recoverFrom,
      shown,
      assessedLog,
      degradedLog,
    };
  }

  static restore(saved: WatchState, lines: Lines, index: number): Watch {
    const { assignment, gateway, signal, everyMs, firstWithinMs, fromUtc, isHeard, lastGood, goodLog, ...state } =
      saved;
    const facts = { assignment, gateway, signal, everyMs, firstWithinMs, fromUtc };
    const watch = Object.assign(new Watch(facts, state.armed, lines, index), state);
    watch.#isHeard = isHeard;
    watch.#lastGood = lastGood;
    watch.#goodLog = goodLog;
    return watch;
  }
}
