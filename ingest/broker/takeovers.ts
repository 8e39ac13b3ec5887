// Two devices with one identity would each be silenced by the other, in turn. Class C: it says so, and forbids nothing.
import { takeoversMax } from '../limits.ts';

/** Counts how often a client id is taken over: many in a short time are two devices with one identity. */
export class Takeovers {
  readonly #recent = new Map<string, number[]>();

  /** Notes one; true if it is one too many within the time. */
  note(id: string, now: number): boolean {
    const recent = (this.#recent.get(id) ?? []).filter((at) => now - at < takeoversMax.withinMs);
    recent.push(now);
    // More than one too many need not be remembered.
    this.#recent.set(id, recent.slice(-takeoversMax.count - 1));
    return recent.length > takeoversMax.count;
  }
}
