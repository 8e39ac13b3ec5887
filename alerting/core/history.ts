// The readings that windows look at: a ring of the newest ones of a stream, sorted by effective time, late ones included
// (`alerting.md` 2.3-2.5). Figures are functions of the ring alone; unknown is null and decides nothing.
import { roundTo } from '../../contract/index.ts';
import { type Lines, line, lineShift, ringStride } from './lines.ts';
import { boundOf, codeBound, isGood } from './reading-code.ts';
import { type Limit, operators, type Statistic } from './rows.ts';

/** A slope is rounded to 0.01 per minute before it decides; so much may rounding add. */
export const slopeStep = 0.0051;
const slopeResolution = 0.01;

export class History {
  readonly #lines: Lines;
  readonly #index: number;

  constructor(lines: Lines, index: number) {
    this.#lines = lines;
    this.#index = index;
  }

  get #count(): number {
    return this.#lines.data[(this.#index << lineShift) + line.count] as number;
  }
  /** Readings held. */
  get size(): number {
    return Math.min(this.#count, (this.#lines.mask[this.#index] as number) + 1);
  }
  /** Place in the pool of the reading `back` before the newest. */
  #place(back: number): number {
    const mask = this.#lines.mask[this.#index] as number;
    const ring = this.#lines.data[(this.#index << lineShift) + line.ring] as number;
    return ring + ((this.#count - 1 - back) & mask) * ringStride;
  }
  at(back: number): number {
    return this.#lines.pool[this.#place(back)] as number;
  }
  value(back: number): number {
    return this.#lines.pool[this.#place(back) + 1] as number;
  }
  code(back: number): number {
    return this.#lines.pool[this.#place(back) + 2] as number;
  }

  /** Puts a reading where its time belongs; in a full ring the oldest goes, and one older than all does not come in. */
  insert(at: number, value: number, codes: number): void {
    const { mask, pool, data } = this.#lines;
    const capacity = (mask[this.#index] as number) + 1;
    if (capacity === 0) return;
    const held = this.size;
    let back = 0;
    while (back < held && this.at(back) > at) back++;
    if (back === capacity) return;
    data[(this.#index << lineShift) + line.count] = this.#count + 1;
    for (let i = 0; i < back; i++) {
      pool.copyWithin(this.#place(i), this.#place(i + 1), this.#place(i + 1) + ringStride);
    }
    const place = this.#place(back);
    pool[place] = at;
    pool[place + 1] = value;
    pool[place + 2] = codes;
  }

  /**
   * Least-squares slope per minute, rounded, over the readings of the window; null unless there are three, over half the
   * window, without a gap and without a bound (`alerting.md` 2.3).
   */
  slope(windowMs: number, maxGapMs: number): number | null {
    const { size } = this;
    if (size < 3) return null;
    const newest = this.at(0);
    let n = 0;
    let [sumX, sumY, sumXX, sumXY] = [0, 0, 0, 0];
    let oldest = newest;
    for (let back = 0; back < size; back++) {
      const at = this.at(back);
      if (at < newest - windowMs) break;
      if (oldest - at > maxGapMs || (this.code(back) & codeBound) !== 0) return null;
      const x = (at - newest) / 60_000;
      const y = this.value(back);
      n++;
      sumX += x;
      sumY += y;
      sumXX += x * x;
      sumXY += x * y;
      oldest = at;
    }
    if (n < 3 || newest - oldest < windowMs / 2) return null;
    return roundTo((n * sumXY - sumX * sumY) / (n * sumXX - sumX * sumX), slopeResolution);
  }

  /** How many of the newest readings, up to the first gap and at most `of`, violate; how many in a row are beyond. */
  tally(
    limit: Limit,
    of: number,
    maxGapMs: number,
    round: (value: number) => number,
  ): { violating: number; beyond: number } {
    const { violates, clears, direction } = operators[limit.operator];
    let violating = 0;
    let beyond = 0;
    let unbroken = true;
    for (let back = 0; back < Math.min(of, this.size); back++) {
      if (back > 0 && this.at(back - 1) - this.at(back) > maxGapMs) break;
      const bound = boundOf(this.code(back));
      const value = round(this.value(back));
      const towards = bound !== null && (bound === 'below') === (direction === 'low');
      if (bound === null ? violates(value, limit.limit) : towards) violating++;
      const clear = isGood(this.code(back)) && (bound === null ? clears(value, limit.edge) : !towards);
      unbroken &&= clear;
      if (unbroken) beyond++;
    }
    return { violating, beyond };
  }

  /** A figure over the window, time-weighted; null where readings cover too little of it, or one is a bound. */
  figure(
    statistic: Statistic,
    percentile: number,
    windowMs: number,
    minCoverage: number,
    maxGapMs: number,
  ): number | null {
    const held: Held[] = [];
    if (this.size === 0) return null;
    const newest = this.at(0);
    const from = newest - windowMs;
    let next = newest;
    for (let back = 0; back < this.size; back++) {
      const at = this.at(back);
      const until = Math.min(next, at + maxGapMs);
      const ms = until - Math.max(at, from);
      next = at;
      if (at < from && ms <= 0) break;
      if ((this.code(back) & codeBound) !== 0) return null;
      held.push({ value: this.value(back), low: this.value(back), high: this.value(back), ms: Math.max(0, ms) });
      if (at < from) break;
    }
    return figureOf(held, statistic, percentile, windowMs * minCoverage);
  }
}

/** A value and how long it held; of a bucket its mean, and its extremes. */
export interface Held {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly ms: number;
}

/** A figure of values weighted by time; null where they cover less than `least` milliseconds. */
export function figureOf(
  held: readonly Held[],
  statistic: Statistic,
  percentile: number,
  least: number,
): number | null {
  const covered = held.reduce((sum, { ms }) => sum + ms, 0);
  if (covered < least || covered === 0) return null;
  const mean = held.reduce((sum, { value, ms }) => sum + value * ms, 0) / covered;
  switch (statistic) {
    case 'mean':
      return mean;
    case 'min':
      return Math.min(...held.map(({ low }) => low));
    case 'max':
      return Math.max(...held.map(({ high }) => high));
    case 'median':
      return quantile(held, covered / 2);
    case 'percentile':
      return quantile(held, (covered * percentile) / 100);
    case 'deviation':
      return Math.sqrt(held.reduce((sum, { value, ms }) => sum + (value - mean) ** 2 * ms, 0) / covered);
  }
}

/** The lowest value that, with all below it, held for so long. */
function quantile(held: readonly Held[], ms: number): number {
  let sum = 0;
  const sorted = held.toSorted((a, b) => a.value - b.value);
  for (const each of sorted) {
    sum += each.ms;
    if (sum >= ms) return each.value;
  }
  return (sorted.at(-1) as Held).value;
}

/** Long windows: 60 parts, each with the time it covers; a reading counts in the part it was taken in. */
export interface Bucket {
  readonly start: number;
  ms: number;
  sum: number;
  low: number;
  high: number;
  bound: boolean;
}
const parts = 60;

/** Notes that a value held from `at` on for `ms`; parts that have left the window go. */
export function noteBucket(
  buckets: Bucket[],
  windowMs: number,
  reading: { readonly at: number; readonly value: number; readonly codes: number },
  ms: number,
): void {
  const size = windowMs / parts;
  const start = Math.floor(reading.at / size) * size;
  let last = buckets.at(-1);
  if (last?.start !== start) {
    last = { start, ms: 0, sum: 0, low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY, bound: false };
    buckets.push(last);
    while (buckets.length > parts + 1) buckets.shift();
  }
  last.ms += ms;
  last.sum += reading.value * ms;
  last.low = Math.min(last.low, reading.value);
  last.high = Math.max(last.high, reading.value);
  last.bound ||= (reading.codes & codeBound) !== 0;
}

/** The parts of the window that ends at `at`, as values that held; null where one holds a bound. */
export function heldOf(buckets: readonly Bucket[], windowMs: number, at: number): Held[] | null {
  const size = windowMs / parts;
  const inside = buckets.filter(({ start }) => start + size > at - windowMs && start <= at);
  if (inside.some(({ bound }) => bound)) return null;
  return inside.map(({ ms, sum, low, high }) => ({ value: ms > 0 ? sum / ms : low, low, high, ms }));
}
