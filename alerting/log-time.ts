// Log time and UTC as an owner tells them (`records.md` 4). Log time goes on with the monotonic clock alone and never goes
// back. UTC is log time plus an offset, slewed by at most 1 % towards the wall clock; a step of the wall clock is seen,
// reported and, once it has held, taken over without moving log time. Pure: the caller hands in both clocks.
import { slewShare, stepHeldMs, stepSeenMs, unmeasuredMs, wallStepMs } from './limits.ts';

export interface Instant {
  readonly log: number;
  readonly utc: number;
  readonly mono: number;
}

/** The end of what the former owner told. */
export interface FormerTime extends Instant {
  /** The host has not booted since: the monotonic times compare. */
  readonly sameBoot: boolean;
}

/** What is new about the wall clock at this instant. */
export type WallNews =
  | { readonly kind: 'jumped'; readonly since: number; readonly stepMs: number }
  /** The wall clock came back by itself. */
  | { readonly kind: 'returned'; readonly since: number }
  | { readonly kind: 'stepped'; readonly since: number; readonly utcBefore: number; readonly utcAfter: number };

export class LogTimeKeeper {
  readonly #baseLog: number;
  readonly #baseMono: number;
  #log: number;
  #mono: number;
  #offset: number;
  #jump: { readonly size: number; readonly since: number; readonly mono: number; told: boolean } | undefined;

  /** Continues after the former owner; without one, log time begins equal to UTC. */
  constructor(former: FormerTime | undefined, mono: number, wall: number) {
    this.#mono = mono;
    this.#baseMono = mono;
    if (former === undefined) {
      this.#baseLog = Math.floor(wall);
      this.#offset = 0;
    } else {
      const elapsed = elapsedSince(former, mono, wall);
      // Against a wall clock that is behind the log's UTC nothing can be measured: the span counts as longer than any the
      // core trusts, so that every signal is held for silent until it is heard (`records.md` 4). UTC is then the wall's.
      this.#baseLog = former.log + Math.floor(elapsed ?? unmeasuredMs);
      this.#offset = elapsed === undefined ? Math.floor(wall) - this.#baseLog : former.utc - former.log;
    }
    this.#log = this.#baseLog;
  }

  get jumped(): boolean {
    return this.#jump?.told === true;
  }

  now(mono: number): Instant {
    const log = Math.max(this.#log, this.#baseLog + Math.floor(mono - this.#baseMono));
    return { log, utc: Math.max(0, Math.round(log + this.#offset)), mono };
  }

  /** Moves on to this instant; tells what is new about the wall clock, if anything. */
  advance(mono: number, wall: number): WallNews | undefined {
    const { log } = this.now(mono);
    const elapsed = Math.max(0, mono - this.#mono);
    this.#log = log;
    this.#mono = Math.max(this.#mono, mono);
    const difference = wall - log - this.#offset;
    if (Math.abs(difference) <= wallStepMs) {
      const most = elapsed * slewShare;
      this.#offset += Math.max(-most, Math.min(most, difference));
      return this.#settle();
    }
    return this.#watch(difference, mono);
  }

  #settle(): WallNews | undefined {
    const jump = this.#jump;
    this.#jump = undefined;
    return jump?.told ? { kind: 'returned', since: jump.since } : undefined;
  }

  #watch(difference: number, mono: number): WallNews | undefined {
    const jump = this.#jump;
    if (jump === undefined || Math.abs(difference - jump.size) > wallStepMs) {
      const told = jump?.told ?? false;
      this.#jump = { size: difference, since: jump?.since ?? this.now(mono).utc, mono, told };
      return undefined;
    }
    if (!jump.told && mono - jump.mono >= stepSeenMs) {
      jump.told = true;
      return { kind: 'jumped', since: jump.since, stepMs: Math.round(difference) };
    }
    if (mono - jump.mono < stepHeldMs) return undefined;
    const utcBefore = this.now(mono).utc;
    this.#offset += difference;
    this.#jump = undefined;
    return { kind: 'stepped', since: jump.since, utcBefore, utcAfter: this.now(mono).utc };
  }
}

/** Milliseconds that passed since, by the monotonic clock where it compares, else by the wall clock; undefined: unknown. */
function elapsedSince(former: FormerTime, mono: number, wall: number): number | undefined {
  if (former.sameBoot && mono >= former.mono) return mono - former.mono;
  return wall >= former.utc ? wall - former.utc : undefined;
}
