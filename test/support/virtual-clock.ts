import type { Clock } from '../../contract/index.ts';

interface Sleeper {
  readonly wakesAt: number;
  readonly wake: () => void;
}

/** Time that passes only when a test says so. Sleepers wake in the order of their deadlines, then of their calls. */
export class VirtualClock implements Clock {
  readonly #sleepers: Sleeper[] = [];
  #wall: number;
  #mono: number;

  constructor({ wall = Date.UTC(2026, 2, 1), mono = 1_000_000 }: { wall?: number; mono?: number } = {}) {
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

  /** Lets `ms` pass. Whoever wakes runs, and may sleep again, before the next one's time comes. */
  async advance(ms: number): Promise<void> {
    const end = this.#mono + ms;
    await turn();
    for (let next = this.#sleepers[0]; next && next.wakesAt <= end; next = this.#sleepers[0]) {
      this.#sleepers.shift();
      this.#pass(next.wakesAt - this.#mono);
      next.wake();
      await turn();
    }
    this.#pass(end - this.#mono);
    await turn();
  }

  /** The wall clock steps, as when someone sets it; nothing sleeps longer or shorter for it. */
  stepWall(ms: number): void {
    this.#wall += ms;
  }

  #pass(ms: number): void {
    const passed = Math.max(0, ms);
    this.#mono += passed;
    this.#wall += passed;
  }
}

/** All that can run without time or input has run. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
