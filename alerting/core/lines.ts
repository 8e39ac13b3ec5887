// The hot state of all streams of a partition (ALR-BOUNDED): one guard line a stream, flat, by dense index. A reading
// inside its guard band while nothing is pending touches its line and nothing else: it allocates nothing and hashes no
// string. Invariant: a line is open only while no rule row, no watch and no failure could make more of the next good
// reading in order than "as before"; the band comes from the compiled rows (`plan.ts`), so it cannot disagree with them.

/** Places in a line; 16 numbers, two cache lines. */
export const line = {
  /** The band, both ends included, in the canonical unit; closed where `low` is infinite. */
  low: 0,
  high: 1,
  /** Largest change per millisecond that is nothing new. */
  step: 2,
  /** The newest usable reading: effective time, canonical value (not rounded; NaN where a bound names none). */
  at: 3,
  value: 4,
  /** Silence that breaks a run. */
  gap: 5,
  /** Largest age at arrival that is nothing new. */
  age: 6,
  /** The usable value before the newest. */
  previous: 7,
  accepted: 8,
  received: 9,
  boot: 10,
  seq: 11,
  /** Log time of its arrival. */
  log: 12,
  /** Quality, clock and bound in bits: `reading-code.ts`. */
  code: 13,
  /** Where its ring begins in the pool; how many readings were ever put there. */
  ring: 14,
  count: 15,
} as const;

export const lineShift = 4;
const stride = 1 << lineShift;
/** Numbers of one reading in a ring: time, value, code. */
export const ringStride = 3;
/** Readings a ring holds at most: 15 min at 2 Hz and a little, 54 KB. */
export const ringMax = 2_048;
/** Bytes of one stream: its line, its deadline, its places; of a device its counter; of a patient two deadlines. */
const streamBytes = stride * 8 + 8 + 3 * 4;
const counterBytes = 2 * 8;
const patientBytes = 2 * 8;

export class Lines {
  data = new Float64Array(64 * stride);
  /** Log time at which a stream's watch has something to do; a lower bound, infinite where it has no watch. */
  due = new Float64Array(64).fill(Number.POSITIVE_INFINITY);
  /** Index of the stream's patient; of its device's counter. */
  owner = new Int32Array(64);
  counter = new Int32Array(64);
  /** Readings in the stream's ring less one, a power of two less one; -1 where it keeps none. */
  mask = new Int32Array(64).fill(-1);
  /** Sequence of a device: the boot whose readings come, and the number that is in order. */
  boots = new Float64Array(64);
  nexts = new Float64Array(64);
  /** Log time at which a patient has something to do beside its signals' watches. */
  patientDue = new Float64Array(64).fill(Number.POSITIVE_INFINITY);
  /** Log time at which a way to one of a patient's gateways changes by itself. */
  linkDue = new Float64Array(64).fill(Number.POSITIVE_INFINITY);
  pool = new Float64Array(1_024 * ringStride);
  #streams = 0;
  #counters = 0;
  #patients = 0;
  #poolUsed = 0;
  readonly #freeStreams: number[] = [];
  readonly #freeCounters: number[] = [];
  /** Rings given back, by their capacity. */
  readonly #freeRings = new Map<number, number[]>();

  /** Streams that have ever been open at once. */
  get size(): number {
    return this.#streams;
  }
  get patients(): number {
    return this.#patients;
  }

  /** Bytes of what is in use. */
  get bytes(): number {
    const streams = this.#streams - this.#freeStreams.length;
    const counters = this.#counters - this.#freeCounters.length;
    return streams * streamBytes + counters * counterBytes + this.#patients * patientBytes + this.#poolUsed * 8;
  }

  /** A line that is closed and has heard nothing. */
  open(owner: number, counter: number): number {
    const index = this.#freeStreams.pop() ?? this.#streams++;
    if (index >= this.owner.length) this.#growStreams();
    const base = index << lineShift;
    this.data.fill(0, base, base + stride);
    this.data[base + line.low] = Number.POSITIVE_INFINITY;
    this.data[base + line.high] = Number.NEGATIVE_INFINITY;
    this.data[base + line.at] = Number.NEGATIVE_INFINITY;
    this.data[base + line.value] = Number.NaN;
    this.data[base + line.previous] = Number.NaN;
    this.due[index] = Number.POSITIVE_INFINITY;
    this.owner[index] = owner;
    this.counter[index] = counter;
    this.mask[index] = -1;
    return index;
  }

  /** The stream is gone: its line and ring are free. */
  close(index: number): void {
    this.keep(index, 0);
    this.due[index] = Number.POSITIVE_INFINITY;
    this.data[(index << lineShift) + line.low] = Number.POSITIVE_INFINITY;
    this.#freeStreams.push(index);
  }

  openCounter(): number {
    const index = this.#freeCounters.pop() ?? this.#counters++;
    if (index >= this.boots.length) {
      this.boots = grown(this.boots);
      this.nexts = grown(this.nexts);
    }
    this.boots[index] = 0;
    this.nexts[index] = 0;
    return index;
  }
  closeCounter(index: number): void {
    this.#freeCounters.push(index);
  }

  openPatient(): number {
    const index = this.#patients++;
    if (index >= this.patientDue.length) {
      this.patientDue = grown(this.patientDue, Number.POSITIVE_INFINITY);
      this.linkDue = grown(this.linkDue, Number.POSITIVE_INFINITY);
    }
    this.patientDue[index] = 0;
    return index;
  }

  /** Gives the stream a ring for at least so many readings, or none; readings it has are kept as far as they fit. */
  keep(index: number, readings: number): void {
    const before = (this.mask[index] as number) + 1;
    const wanted = readings === 0 ? 0 : Math.min(ringMax, powerOfTwo(readings));
    if (before === wanted) return;
    const base = index << lineShift;
    const from = this.data[base + line.ring] as number;
    const kept = Math.min(before, wanted, this.data[base + line.count] as number);
    const to = wanted === 0 ? 0 : this.#ring(wanted);
    const count = this.data[base + line.count] as number;
    for (let i = 0; i < kept; i++) {
      const old = from + ((count - kept + i) % before) * ringStride;
      this.pool.copyWithin(to + i * ringStride, old, old + ringStride);
    }
    if (before > 0) this.#freeRings.set(before, [...(this.#freeRings.get(before) ?? []), from]);
    this.mask[index] = wanted - 1;
    this.data[base + line.ring] = to;
    this.data[base + line.count] = kept;
  }

  #ring(capacity: number): number {
    const free = this.#freeRings.get(capacity)?.pop();
    if (free !== undefined) return free;
    const at = this.#poolUsed;
    this.#poolUsed += capacity * ringStride;
    while (this.#poolUsed > this.pool.length) this.pool = grown(this.pool);
    return at;
  }

  #growStreams(): void {
    this.data = grown(this.data);
    this.due = grown(this.due, Number.POSITIVE_INFINITY);
    this.owner = grownInts(this.owner);
    this.counter = grownInts(this.counter);
    this.mask = grownInts(this.mask);
  }
}

function grown(before: Float64Array<ArrayBuffer>, fill = 0): Float64Array<ArrayBuffer> {
  const after = new Float64Array(before.length * 2).fill(fill);
  after.set(before);
  return after;
}
function grownInts(before: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const after = new Int32Array(before.length * 2);
  after.set(before);
  return after;
}
function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(4, least)));
}

/**
 * Takes a reading that is nothing new: good, in sequence, in time, inside the band, with nothing pending. False, and nothing
 * done, for every other. The one path of live data: what drives the engine from records and from numbers both come here.
 */
export function quiet(
  lines: Lines,
  log: number,
  stream: number,
  value: number,
  at: number,
  acceptedAt: number,
  receivedAt: number,
  boot: number,
  seq: number,
  code: number,
): boolean {
  const { data } = lines;
  const base = stream << lineShift;
  // A closed band holds no value; NaN is in none.
  if (!(value >= (data[base] as number) && value <= (data[base + 1] as number))) return false;
  const before = data[base + 3] as number;
  const elapsed = at - before;
  const last = data[base + 4] as number;
  const change = value > last ? value - last : last - value;
  if (!(elapsed > 0 && elapsed <= (data[base + 5] as number))) return false;
  if (!(change <= (data[base + 2] as number) * elapsed)) return false;
  const age = acceptedAt > at ? acceptedAt - at : 0;
  const ageMax = data[base + 6] as number;
  const counter = lines.counter[stream] as number;
  if (age > ageMax || (code & ~codeQuiet) !== 0 || boot === 0) return false;
  if (seq !== lines.nexts[counter] || boot !== lines.boots[counter]) return false;
  lines.nexts[counter] = seq + 1;
  data[base + 3] = at;
  data[base + 4] = value;
  data[base + 7] = last;
  data[base + 8] = acceptedAt;
  data[base + 9] = receivedAt;
  data[base + 10] = boot;
  data[base + 11] = seq;
  data[base + 12] = log;
  data[base + 13] = code;
  // A watch that is calm has nothing to do before the value is late, one millisecond past the largest age.
  if ((lines.due[stream] as number) < Number.POSITIVE_INFINITY) lines.due[stream] = log - age + ageMax + 1;
  const mask = lines.mask[stream] as number;
  if (mask >= 0) {
    const count = data[base + 15] as number;
    const place = (data[base + 14] as number) + (count & mask) * ringStride;
    lines.pool[place] = at;
    lines.pool[place + 1] = value;
    lines.pool[place + 2] = code;
    data[base + 15] = count + 1;
  }
  return true;
}

/** Bits of a code that change nothing: an estimated clock is as good as a synced one. */
const codeQuiet = 4;
