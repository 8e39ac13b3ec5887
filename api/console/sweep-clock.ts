// Which moment the sweep's head stands at. It runs with this screen's monotonic clock, so it moves evenly and goes on over a
// hole; how far it lies behind is learnt from what arrives, because the clocks of senders and screens differ.

/** What a block may come later than its best neighbour before the head overtakes it. */
export const smoothingMs = 250;
/** Arrivals that are remembered: at one a second a quarter of a minute. */
const arrivalsMax = 16;
/** Off by more than this it jumps, with less it drifts, at most by a twentieth of its speed. */
const jumpMs = 1_000;
const driftPart = 0.05;

export class SweepClock {
  readonly #ahead = new Float64Array(arrivalsMax).fill(Number.NEGATIVE_INFINITY);
  readonly #lasted = new Float64Array(arrivalsMax);
  #count = 0;
  #head = Number.NaN;
  #mono = 0;

  /** A block that ends at `endMs` and lasts that long came at `mono`. */
  heard(endMs: number, lastsMs: number, mono: number): void {
    this.#ahead[this.#count % arrivalsMax] = endMs - mono;
    this.#lasted[this.#count % arrivalsMax] = lastsMs;
    this.#count++;
  }

  /** Where the head is now; NaN before anything came. */
  at(mono: number): number {
    const passed = Math.max(0, mono - this.#mono);
    this.#mono = mono;
    if (this.#count === 0) return Number.NaN;
    const aim = this.#aim(mono);
    const even = this.#head + passed;
    const most = passed * driftPart;
    const isFar = !(Math.abs(aim - even) <= jumpMs);
    this.#head = isFar ? aim : even + Math.max(-most, Math.min(most, aim - even));
    return this.#head;
  }

  forget(): void {
    this.#ahead.fill(Number.NEGATIVE_INFINITY);
    this.#lasted.fill(0);
    this.#count = 0;
    this.#head = Number.NaN;
  }

  /** As far behind the earliest arrivals that the next block is there before the head needs it. */
  #aim(mono: number): number {
    let ahead = Number.NEGATIVE_INFINITY;
    let lasted = 0;
    for (let i = 0; i < arrivalsMax; i++) {
      ahead = Math.max(ahead, this.#ahead[i] as number);
      lasted = Math.max(lasted, this.#lasted[i] as number);
    }
    return mono + ahead - lasted - smoothingMs;
  }
}
