// A wait that ends: a signal that aborts after a time, by the clock that was given.
import type { Clock } from '../contract/index.ts';

/** What was waited for did not come in time. */
export class DeadlineError extends Error {
  readonly code = 'API_DEADLINE';
  constructor(ms: number) {
    super(`not within ${ms} ms`);
    this.name = 'DeadlineError';
  }
}

/** Aborts `signal` after the time, unless disposed before. */
export function openDeadline(clock: Clock, ms: number): Disposable & { readonly signal: AbortSignal } {
  const late = new AbortController();
  const done = new AbortController();
  clock.sleep(ms, done.signal).then(
    () => late.abort(new DeadlineError(ms)),
    () => {},
  );
  return { signal: late.signal, [Symbol.dispose]: () => done.abort() };
}

/** Waits for what is ending, and no longer than that; true if it ended. */
export async function endsWithin(clock: Clock, ms: number, ending: Promise<unknown>): Promise<boolean> {
  const ended = new AbortController();
  const late = clock.sleep(ms, ended.signal).then(
    () => false,
    () => false,
  );
  const isEnded = await Promise.race([ending.then(() => true), late]);
  ended.abort();
  return isEnded;
}

/** The answer, or the signal's reason if it aborts first. */
export function orAbort<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([answer, late]);
}
