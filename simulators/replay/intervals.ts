/** Usual time between readings, and pauses, without keeping them: how often each whole second was the interval. */
export class Intervals {
  readonly #seconds = new Map<number, number>();
  #previous: number | undefined;
  count = 0;

  add(at: number): void {
    this.count++;
    if (this.#previous !== undefined && at > this.#previous) {
      // Under a second to the millisecond, above to the second, above an hour to the minute: at most some thousands.
      const interval = at - this.#previous;
      const step = interval < 1_000 ? 1 : interval < 3_600_000 ? 1_000 : 60_000;
      const rounded = Math.max(1, Math.min(86_400_000, Math.round(interval / step) * step));
      this.#seconds.set(rounded, (this.#seconds.get(rounded) ?? 0) + 1);
    }
    this.#previous = at;
  }

  /** The median; a second where there is none. */
  usualMs(): number {
    const all = [...this.#seconds].toSorted(([a], [b]) => a - b);
    const total = all.reduce((sum, [, times]) => sum + times, 0);
    let before = 0;
    for (const [interval, times] of all) {
      before += times;
      if (2 * before >= total) return interval;
    }
    return 1_000;
  }

  /** Intervals longer than three usual ones. */
  gaps(): number {
    const usual = this.usualMs();
    return [...this.#seconds].reduce((sum, [interval, times]) => sum + (interval > 3 * usual ? times : 0), 0);
  }
}
