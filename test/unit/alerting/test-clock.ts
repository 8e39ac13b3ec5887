import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../contract/index.ts';

interface Sleeper {
  readonly at: number;
  readonly resolve: () => void;
}

/** Rounds of the event loop until everything that hangs on promises and immediates has happened. */
const roundsToQuiet = 12;

/** A clock that stands still until the test moves it; wall and monotonic time apart. */
export class TestClock implements Clock {
  #mono: number;
  #wallOffset: number;
  #sleepers: Sleeper[] = [];

  constructor({ mono = 1_000_000, wall = 1_772_331_069_000 } = {}) {
    this.#mono = mono;
    this.#wallOffset = wall - mono;
  }

  wall(): number {
    return this.#mono + this.#wallOffset;
  }

  mono(): number {
    return this.#mono;
  }

  /** Steps the wall clock alone. */
  stepWall(ms: number): void {
    this.#wallOffset += ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const sleeper = { at: this.#mono + Math.max(0, ms), resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
        reject(signal.reason as Error);
      });
    });
  }

  /** Lets everything happen that is due now. */
  async quiet(): Promise<void> {
    for (let round = 0; round < roundsToQuiet; round++) await setImmediate();
  }

  /** Moves on, waking each sleeper at its time and letting it do what it does before the next. */
  async advance(ms: number): Promise<void> {
    const to = this.#mono + ms;
    await this.quiet();
    for (;;) {
      const next = this.#sleepers.filter(({ at }) => at <= to).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#wake(next);
      await this.quiet();
    }
    this.#mono = to;
    await this.quiet();
  }

  /** Stands still for `ms` as a suspended or stuck process does: all that fell due wakes late, at once. */
  async leap(ms: number): Promise<void> {
    this.#mono += ms;
    await this.advance(0);
  }

  #wake(sleeper: Sleeper): void {
    this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
    this.#mono = Math.max(this.#mono, sleeper.at);
    sleeper.resolve();
  }
}
