// Waiting for the roles of a virtual system: virtual time stands meanwhile, so only real work is waited for. Invariant: what
// the roles append while they are waited for reaches the log, or they would wait for themselves. On failure: a role's own
// mistake, and a role that does not get on within a real minute, are thrown at whoever waits.
import { setTimeout as sleep } from 'node:timers/promises';
import { turn } from './clock.ts';

/** A role that does not get on for so long, in real time, never will. */
const settledWithinMs = 60_000;

/** A role of the virtual system failed by a mistake of ours. */
export class VirtualRoleError extends Error {
  readonly code = 'VIRTUAL_ROLE';
  constructor({ cause }: { readonly cause: unknown }) {
    super(`a role failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'VirtualRoleError';
  }
}

/** A role has not taken what came before within a real minute. */
export class NotSettledError extends Error {
  readonly code = 'VIRTUAL_NOT_SETTLED';
  constructor() {
    super(`a role did not get on within ${settledWithinMs / 1_000} s`);
    this.name = 'NotSettledError';
  }
}

export class Settling {
  readonly #release: () => Promise<void>;
  readonly #failures: readonly unknown[];

  /** `release` lets what was appended reach the log; `failures` grows with what roles report. */
  constructor(release: () => Promise<void>, failures: readonly unknown[]) {
    this.#release = release;
    this.#failures = failures;
  }

  /** Waits for roles of this thread; what they append on the way is released, so that they get on. */
  async released<T>(waited: Promise<T>): Promise<T> {
    let isOver = false;
    const mark = () => {
      isOver = true;
    };
    waited.then(mark, mark);
    const began = performance.now();
    while (!isOver) {
      await this.#release();
      await turn();
      this.#check();
      if (performance.now() - began > settledWithinMs) throw new NotSettledError();
    }
    return waited;
  }

  /** Waits for what has a thread of its own. */
  async inTime<T>(waited: Promise<T>): Promise<T> {
    const over = new AbortController();
    const late = sleep(settledWithinMs, undefined, { signal: over.signal }).then(
      () => Promise.reject(new NotSettledError()),
      () => undefined,
    );
    try {
      await Promise.race([waited, late]);
      return await waited;
    } finally {
      over.abort();
      this.#check();
    }
  }

  #check(): void {
    const [failure] = this.#failures;
    if (failure !== undefined) throw new VirtualRoleError({ cause: failure });
  }
}
