// A clock that stands until it is moved: sleepers whose time has come wake in order.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../../../contract/index.ts';

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

export class ManualClock implements Clock {
  #now = 0;
  #sleepers: Sleeper[] = [];

  wall(): number {
    return 1_772_000_000_000 + this.#now;
  }

  mono(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = { at: this.#now + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((each) => each !== sleeper);
        reject(signal.reason);
      });
    });
  }

  /** Moves on in steps, so that who wakes can sleep again; between them what is ready runs. */
  async advance(ms: number, stepMs = 50): Promise<void> {
    for (const end = this.#now + ms; this.#now < end; ) {
      this.#now = Math.min(end, this.#now + stepMs);
      const due = this.#sleepers.filter(({ at }) => at <= this.#now);
      this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#now);
      for (const { wake } of due.sort((a, b) => a.at - b.at)) wake();
      for (let turn = 0; turn < 4; turn++) await nextTurn();
    }
  }
}
