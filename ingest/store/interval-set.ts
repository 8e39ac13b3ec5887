// A set of sequence numbers as sorted, disjoint closed ranges. In-order traffic and one backlog make two or three.
//
// Invariant: lows[i] <= highs[i] and highs[i] + 1 < lows[i + 1]. Sequence numbers begin at 1, so a range that begins at 0
// says "perhaps": it came from `trim`, and numbers in it may or may not have been added. Whoever finds a number in the set
// therefore looks at what is held before it calls it a copy; a number outside the set is certainly new.

export class IntervalSet {
  readonly #lows: number[] = [];
  readonly #highs: number[] = [];

  get size(): number {
    return this.#lows.length;
  }

  has(n: number): boolean {
    const at = this.#atOrBefore(n);
    return at >= 0 && n <= (this.#highs[at] as number);
  }

  /** Adds every number from `low` to `high`. */
  add(low: number, high: number = low): void {
    const last = this.#highs.length - 1;
    const end = last < 0 ? Number.NEGATIVE_INFINITY : (this.#highs[last] as number);
    if (low > end + 1) this.#push(low, high);
    else if (low === end + 1) this.#highs[last] = high;
    else this.#merge(low, high);
  }

  /** Unites the lowest ranges into one that says "perhaps" until there are at most `max`. */
  trim(max: number): void {
    const over = this.#lows.length - max;
    if (over <= 0) return;
    this.#lows.splice(0, over);
    this.#highs.splice(0, over);
    this.#lows[0] = 0;
  }

  *ranges(): Generator<readonly [low: number, high: number]> {
    for (let i = 0; i < this.#lows.length; i++) yield [this.#lows[i] as number, this.#highs[i] as number];
  }

  #push(low: number, high: number): void {
    this.#lows.push(low);
    this.#highs.push(high);
  }

  #merge(low: number, high: number): void {
    const before = this.#atOrBefore(low);
    const first = before >= 0 && (this.#highs[before] as number) >= low - 1 ? before : before + 1;
    let after = first;
    while (after < this.#lows.length && (this.#lows[after] as number) <= high + 1) after++;
    const joined = after > first;
    const from = joined ? Math.min(low, this.#lows[first] as number) : low;
    const to = joined ? Math.max(high, this.#highs[after - 1] as number) : high;
    this.#lows.splice(first, after - first, from);
    this.#highs.splice(first, after - first, to);
  }

  /** Index of the last range that begins at or before `n`, or -1. */
  #atOrBefore(n: number): number {
    let low = 0;
    let high = this.#lows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#lows[middle] as number) <= n) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
