import { setTimeout as sleep } from 'node:timers/promises';

/** How long a test waits for what has to come; far longer than it takes, so that a loaded machine is no failure. */
export const patienceMs = 60_000;

/** Asks until the answer is neither undefined, null nor false, and gives it; throws with what was waited for. */
export async function until<T>(
  what: string,
  question: () => T | Promise<T>,
  { withinMs = patienceMs, everyMs = 50 }: { withinMs?: number; everyMs?: number } = {},
): Promise<Exclude<T, undefined | null | false>> {
  let failure: unknown;
  for (const end = performance.now() + withinMs; performance.now() < end; ) {
    try {
      const answer = await question();
      if (answer !== undefined && answer !== null && answer !== false)
        return answer as Exclude<T, undefined | null | false>;
      failure = undefined;
    } catch (error) {
      failure = error;
    }
    await sleep(everyMs);
  }
  throw new Error(
    `${what}: it did not come within ${withinMs / 1_000} s`,
    failure === undefined ? {} : { cause: failure },
  );
}
