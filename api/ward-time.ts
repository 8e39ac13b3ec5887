// What time it is for ages and lists (API-AGE). A step of the wall clock must not make a stale value fresh: time goes on by
// the monotonic clock, set right by the engine's ticks, whose UTC is slewed and never jumps unannounced.
import type { Clock } from '../contract/index.ts';

export class WardTime {
  readonly #clock: Clock;
  #utc: number;
  #mono: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#utc = clock.wall();
    this.#mono = clock.mono();
  }

  /** UTC, epoch milliseconds, whole. */
  now(): number {
    return Math.round(this.#utc + this.#clock.mono() - this.#mono);
  }

  /** A tick that was just written says so. */
  set(utc: number): void {
    this.#utc = utc;
    this.#mono = this.#clock.mono();
  }
}
