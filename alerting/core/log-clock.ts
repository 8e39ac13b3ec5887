// Log time (`records.md` 4) and who may tell it (`records.md` 5). It is moved by ticks of the current owner alone, never
// back. Nothing else in the core knows what time it is.
import type { InputBodies } from '../../contract/index.ts';
import type { LogTime } from './types.ts';

/** When something came in: log time of the tick before it, and UTC as its header says. */
export interface Arrival {
  log: number;
  utc: number;
}

/** A span of log time in which nobody judged, as a `blind` record tells it. */
export interface Gap {
  readonly fromLog: number;
  readonly toLog: number;
  readonly fromUtc: number;
}

export interface ClockState {
  epoch: number;
  owner: string | null;
  bootId: string | null;
  tick: LogTime | null;
  log: number;
  /** UTC minus log time. */
  offset: number;
  /** Ends of the newest blind span and clock step, in log time: what is not newer is a copy. */
  blindLog: number;
  stepLog: number;
}

export class LogClock {
  #state: ClockState = {
    epoch: 0,
    owner: null,
    bootId: null,
    tick: null,
    log: 0,
    offset: 0,
    blindLog: -1,
    stepLog: -1,
  };
  /** Number of the newest tick of this epoch. */
  #n = -1;

  /** Log time of the newest tick; 0 before the first. */
  get log(): number {
    return this.#state.log;
  }
  get started(): boolean {
    return this.#state.tick !== null;
  }
  get epoch(): number {
    return this.#state.epoch;
  }
  get owner(): string | null {
    return this.#state.owner;
  }
  get bootId(): string | null {
    return this.#state.bootId;
  }
  get tick(): LogTime | undefined {
    return this.#state.tick ?? undefined;
  }

  /** An instant of log time in UTC, as the newest tick relates them. */
  toUtc(log: number): number {
    return log + this.#state.offset;
  }

  /** Takes a claim; false where it names another epoch than the current one: late, double or simultaneous. */
  claim(owner: InputBodies['owner']): boolean {
    if (owner.after !== this.#state.epoch) return false;
    this.#state.epoch += 1;
    this.#state.owner = owner.id;
    this.#state.bootId = owner.bootId;
    this.#n = -1;
    return true;
  }

  /** Moves log time; false for a copy and for a tick of an owner that is none any more. */
  advance(tick: InputBodies['tick']): boolean {
    if (tick.epoch !== this.#state.epoch || tick.epoch === 0 || tick.n <= this.#n) return false;
    this.#n = tick.n;
    this.#state.offset = tick.utc - tick.log;
    this.#state.log = Math.max(this.#state.log, tick.log);
    this.#state.tick = { n: tick.n, epoch: tick.epoch, log: this.#state.log, mono: tick.mono, utc: tick.utc };
    return true;
  }

  /** Follows a step of the wall clock that has held: changes what UTC is said, moves no timer. */
  step(step: InputBodies['clock-step']): boolean {
    if (step.epoch !== this.#state.epoch || step.log <= this.#state.stepLog) return false;
    this.#state.stepLog = step.log;
    this.#state.offset = step.utcAfter - step.log;
    return true;
  }

  /** Takes a blind span; false for a copy and for one that another owner tells. */
  wasBlind(blind: InputBodies['blind']): boolean {
    const { epoch, toLog } = blind;
    if (epoch !== this.#state.epoch || toLog <= this.#state.blindLog || toLog < this.#state.log) return false;
    this.#state.blindLog = toLog;
    return true;
  }

  /** Now, as the arrival of a record with this UTC in its header. */
  arrival(utc: number): Arrival {
    return { log: this.#state.log, utc };
  }

  toJSON(): { state: ClockState; n: number } {
    return { state: this.#state, n: this.#n };
  }
  restore(saved: { state: ClockState; n: number }): void {
    this.#state = saved.state;
    this.#n = saved.n;
  }
}

/**
 * Log time of an arrival, computed once more after a gap: what came in while nobody ticked carries the log time of the last
 * tick before it, though it came later. Never later than the gap's end, never earlier than before.
 */
export function afterGap(log: number, utc: number, gap: Gap): number {
  if (log !== gap.fromLog) return log;
  return Math.max(log, Math.min(gap.toLog, gap.fromLog + Math.max(0, utc - gap.fromUtc)));
}
