// Time that passes only when it is told to: under `virtual-system.ts` and in tests. Invariants: it never goes back;
// sleepers wake in the order of their deadlines, then of their calls; nobody wakes before their time or, while it is moved
// step by step, after it. On failure: there is none; whoever waits for a time that is never told waits for ever.
import type { Clock } from '../contract/index.ts';

interface Sleeper {
  readonly wakesAt: number;
  readonly wake: () => void;
}

export interface VirtualClockOptions {
  /** UTC at the beginning. */
  readonly wall?: number;
  readonly mono?: number;
}

/** Time that passes only when somebody says so. Sleepers wake in the order of their deadlines, then of their calls. */
export class VirtualClock implements Clock {
  readonly #sleepers: Sleeper[] = [];
  #wall: number;
  #mono: number;

  constructor({ wall = Date.UTC(2026, 2, 1), mono = 1_000_000 }: VirtualClockOptions = {}) {
    this.#wall = wall;
    this.#mono = mono;
  }

  wall(): number {
    return this.#wall;
  }

  mono(): number {
    return this.#mono;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const give = () => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener('abort', give);
        resolve();
      };
      const sleeper = { wakesAt: this.#mono + Math.max(0, ms), wake };
      signal?.addEventListener('abort', give, { once: true });
      const after = this.#sleepers.findIndex(({ wakesAt }) => wakesAt > sleeper.wakesAt);
      this.#sleepers.splice(after < 0 ? this.#sleepers.length : after, 0, sleeper);
    });
  }

  /** How many sleep now. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** Monotonic time at which the next sleeper wakes. */
  get nextWakesAt(): number {
    return this.#sleepers[0]?.wakesAt ?? Number.POSITIVE_INFINITY;
  }

  /** Lets `ms` pass. Whoever wakes runs, and may sleep again, before the next one's time comes. */
  async advance(ms: number): Promise<void> {
    const end = this.#mono + ms;
    await turn();
    while (this.nextWakesAt <= end) {
      this.wakeNext();
      await turn();
    }
    this.passTo(end);
    await turn();
  }

  /** Moves on to the next sleeper's time and wakes it, without waiting for what it does. */
  wakeNext(): void {
    const next = this.#sleepers.shift();
    if (!next) return;
    this.passTo(next.wakesAt);
    next.wake();
  }

  /** Moves on; whoever should have woken before is left asleep, as in a process that stood still. */
  passTo(mono: number): void {
    const passed = Math.max(0, mono - this.#mono);
    this.#mono += passed;
    this.#wall += passed;
  }

  /** The wall clock steps, as when someone sets it; nothing sleeps longer or shorter for it. */
  stepWall(ms: number): void {
    this.#wall += ms;
  }
}

/** All that can run without time or input has run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The same clock for who waits for nothing that takes time: whoever sleeps wakes by the signal alone. */
export function withoutSleep(clock: Clock): Clock {
  return { wall: () => clock.wall(), mono: () => clock.mono(), sleep: (_, signal) => aborted(signal) };
}

/** Another clock that stands while its owner does something else: nothing grows old, nobody wakes. */
export class StandingClock implements Clock {
  readonly #clock: Clock;
  #mono: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#mono = clock.mono();
  }

  wall(): number {
    return this.#clock.wall();
  }

  mono(): number {
    return this.#mono;
  }

  sleep(_ms: number, signal?: AbortSignal): Promise<void> {
    return aborted(signal);
  }

  catchUp(): void {
    this.#mono = this.#clock.mono();
  }
}

function aborted(signal?: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const give = () => reject(signal?.reason);
    if (signal?.aborted) give();
    else signal?.addEventListener('abort', give, { once: true });
  });
}
