// Buckets and gaps of readings in any order, a few arrays at a time: pure, and the same for any driver that can list them.
//
// Buckets lie side by side, each with its place. For the gaps the readings are runs: stretches in which no two neighbours
// are more than gapMs apart. A reading inside a run changes nothing, one behind it makes it longer, any other begins a new
// one; in order of time, overlapping and near runs are one, and what is between them is a gap.
import { StoreArgumentError } from './errors.ts';
import { gapsMax, runsMax } from './limits.ts';
import type { SeriesNumbers, SeriesQuery } from './protocol.ts';

export class SeriesFold {
  readonly #query: Omit<SeriesQuery, 'patient' | 'vital'>;
  /** Number of the first bucket, counted since 1970. */
  readonly #base: number;
  readonly #min: Float64Array;
  readonly #max: Float64Array;
  readonly #sum: Float64Array;
  readonly #n: Float64Array;
  #runs: number[] = [];
  #first = Number.NaN;
  #last = Number.NaN;

  constructor(query: Omit<SeriesQuery, 'patient' | 'vital'>) {
    const { from, to, bucketMs } = query;
    this.#query = query;
    this.#base = Math.floor(from / bucketMs);
    const buckets = Math.floor(to / bucketMs) - this.#base + 1;
    this.#min = new Float64Array(buckets).fill(Number.POSITIVE_INFINITY);
    this.#max = new Float64Array(buckets).fill(Number.NEGATIVE_INFINITY);
    this.#sum = new Float64Array(buckets);
    this.#n = new Float64Array(buckets);
  }

  /** Usable readings of [from, to), in any order. */
  add(times: Float64Array, values: Float64Array, rows: number): void {
    const { bucketMs, gapMs } = this.#query;
    const [min, max, sum, n] = [this.#min, this.#max, this.#sum, this.#n];
    // What changes with each reading is in variables and not in arrays or fields, and put down when the bucket changes: a
    // million readings take a third of the time.
    let first = this.#first;
    let last = this.#last;
    let bucket = 0;
    let begins = 0;
    let ends = 0;
    let least = 0;
    let most = 0;
    let total = 0;
    let count = 0;
    const putDown = () => {
      if (count === 0) return;
      min[bucket] = Math.min(min[bucket] as number, least);
      max[bucket] = Math.max(max[bucket] as number, most);
      sum[bucket] = (sum[bucket] as number) + total;
      n[bucket] = (n[bucket] as number) + count;
    };
    for (let i = 0; i < rows; i++) {
      const at = times[i] as number;
      const value = values[i] as number;
      if (at < begins || at >= ends) {
        putDown();
        const number = Math.floor(at / bucketMs);
        bucket = number - this.#base;
        begins = number * bucketMs;
        ends = begins + bucketMs;
        least = value;
        most = value;
        total = 0;
        count = 0;
      }
      if (value < least) least = value;
      if (value > most) most = value;
      total += value;
      count++;
      if (at > last && at - last <= gapMs) last = at;
      else if (!(at >= first && at <= last)) {
        this.#endRun(first, last);
        first = at;
        last = at;
      }
    }
    putDown();
    this.#first = first;
    this.#last = last;
  }

  result(): SeriesNumbers {
    const filled = this.#n.reduce((count, n) => count + (n > 0 ? 1 : 0), 0);
    const column = () => new Float64Array(filled);
    const buckets = { at: column(), min: column(), max: column(), mean: column(), n: column() };
    let row = 0;
    for (let i = 0; i < this.#n.length; i++) {
      const n = this.#n[i] as number;
      if (n === 0) continue;
      const [min, max] = [this.#min[i] as number, this.#max[i] as number];
      buckets.at[row] = (this.#base + i) * this.#query.bucketMs;
      buckets.min[row] = min;
      buckets.max[row] = max;
      // The mean of equal values may come out beside them by rounding; it never lies outside what was measured.
      buckets.mean[row] = Math.min(max, Math.max(min, (this.#sum[i] as number) / n));
      buckets.n[row++] = n;
    }
    return { buckets, gaps: this.#gaps() };
  }

  #endRun(first: number, last: number): void {
    if (Number.isNaN(first)) return;
    if (this.#runs.length >= 2 * runsMax) {
      this.#runs = joined(this.#runs, this.#query.gapMs);
      if (this.#runs.length > runsMax) throw tooManyGaps();
    }
    this.#runs.push(first, last);
  }

  #gaps(): SeriesNumbers['gaps'] {
    const { from, to, gapMs } = this.#query;
    this.#endRun(this.#first, this.#last);
    const gaps: number[] = [];
    let heardAt = from;
    const runs = joined(this.#runs, gapMs);
    for (let i = 0; i <= runs.length; i += 2) {
      const next = runs[i] ?? to;
      if (next - heardAt > gapMs) gaps.push(heardAt, next);
      heardAt = runs[i + 1] ?? to;
    }
    if (gaps.length > 2 * gapsMax) throw tooManyGaps();
    return {
      from: Float64Array.from({ length: gaps.length / 2 }, (_, i) => gaps[2 * i] as number),
      to: Float64Array.from({ length: gaps.length / 2 }, (_, i) => gaps[2 * i + 1] as number),
    };
  }
}

function tooManyGaps(): StoreArgumentError {
  return new StoreArgumentError(`more than ${gapsMax} gaps: ask for longer ones or a shorter span`);
}

/** Pairs of first and last in order of time, those that overlap or are no more than gapMs apart as one. */
function joined(runs: readonly number[], gapMs: number): number[] {
  const order = Uint32Array.from({ length: runs.length / 2 }, (_, i) => 2 * i);
  order.sort((a, b) => (runs[a] as number) - (runs[b] as number));
  const all: number[] = [];
  for (const i of order) {
    const [first, last] = [runs[i] as number, runs[i + 1] as number];
    const end = all.length - 1;
    if (end > 0 && first - (all[end] as number) <= gapMs) all[end] = Math.max(all[end] as number, last);
    else all.push(first, last);
  }
  return all;
}
