// How often somebody may do something in a span of time. Bounded: whoever did nothing in the last span is forgotten.
import type { Clock } from '../contract/index.ts';

/** Names counted at once; beyond it the oldest are forgotten. */
const namesMax = 10_000;

export class RateWindow {
  readonly #max: number;
  readonly #spanMs: number;
  readonly #clock: Clock;
  readonly #counts = new Map<string, { readonly from: number; count: number }>();

  constructor(max: number, spanMs: number, clock: Clock) {
    this.#max = max;
    this.#spanMs = spanMs;
    this.#clock = clock;
  }

  /** Counts one; false if it is one too many. */
  take(name: string): boolean {
    const counted = this.#current(name) ?? { from: this.#clock.mono(), count: 0 };
    this.#counts.delete(name);
    this.#counts.set(name, counted);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > namesMax && oldest !== undefined) this.#counts.delete(oldest);
    return ++counted.count <= this.#max;
  }

  /** True if the next one would be one too many. */
  isSpent(name: string): boolean {
    return (this.#current(name)?.count ?? 0) >= this.#max;
  }

  #current(name: string) {
    const counted = this.#counts.get(name);
    return counted && this.#clock.mono() - counted.from < this.#spanMs ? counted : undefined;
  }
}
