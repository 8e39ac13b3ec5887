// The newest seconds of one lead, as they came: blocks in the order of arrival, their samples in one ring of int16. A block
// keeps its own time, so nothing is moved, squeezed or filled in; where no block is, there is nothing. Blocks are joined
// only where index and time say that no sample lies between them.

/** What a block of the live stream or of `/waveforms` says of itself; `samples` base64 of little-endian int16. */
export interface WaveBlock {
  readonly device: string;
  readonly takenAt: string;
  readonly rateMhz: number;
  readonly index: number;
  readonly gap: boolean;
  readonly scale: number;
  readonly samples: string;
}

/** 12 s are shown; 2 s more are kept for what comes late and for a sweep that lags. */
export const ringMs = 14_000;
/** 14 s at 1,000 Hz are 14,000; of a faster lead less time is kept. A power of two. */
const samplesMax = 16_384;
/** 14 s in blocks of 55 ms; shorter ones keep less time. */
const blocksMax = 256;
/** A sample that the device could not measure. */
const invalid = -32_768;
/** Times on the wire are rounded to ms, once per block: two that follow each other may look this much apart. */
const roundingMs = 1.5;

export class WaveRing {
  readonly #samples = new Int16Array(samplesMax);
  readonly #start = new Float64Array(blocksMax);
  readonly #period = new Float64Array(blocksMax);
  readonly #scale = new Float64Array(blocksMax);
  readonly #count = new Int32Array(blocksMax);
  readonly #index = new Float64Array(blocksMax);
  readonly #offset = new Int32Array(blocksMax);
  /** Number of the block that this one follows without a hole, or -1. */
  readonly #follows = new Int32Array(blocksMax);
  readonly #device: string[] = new Array<string>(blocksMax).fill('');
  #first = 0;
  #next = 0;
  #used = 0;
  #offsetNext = 0;
  #newest = Number.NEGATIVE_INFINITY;

  /** Numbers of the blocks that are held: from `first` up to and without `next`. */
  get first(): number {
    return this.#first;
  }
  get next(): number {
    return this.#next;
  }
  /** Time at which the newest block ends. */
  get newestMs(): number {
    return this.#newest;
  }

  startMs(block: number): number {
    return this.#start[block % blocksMax] as number;
  }
  periodMs(block: number): number {
    return this.#period[block % blocksMax] as number;
  }
  count(block: number): number {
    return this.#count[block % blocksMax] as number;
  }
  /** The block before, if no sample lies between and it is still held; else -1. */
  follows(block: number): number {
    const before = this.#follows[block % blocksMax] as number;
    return before >= this.#first ? before : -1;
  }
  /** Physical value, or NaN where nothing was measured. */
  value(block: number, i: number): number {
    const slot = block % blocksMax;
    const raw = this.#samples[((this.#offset[slot] as number) + i) % samplesMax] as number;
    return raw === invalid ? Number.NaN : raw * (this.#scale[slot] as number);
  }
  /** True for the outermost values that an int16 can have: the device could show no more. */
  isAtEnd(block: number, i: number): boolean {
    const raw = this.#samples[((this.#offset[block % blocksMax] as number) + i) % samplesMax] as number;
    return raw === 32_767 || raw === -32_767;
  }

  /** Takes a block; gives the time of its first sample, or NaN if it is a copy or older than what is kept. */
  push(sent: WaveBlock): number {
    const start = Date.parse(sent.takenAt);
    const period = 1e6 / sent.rateMhz;
    const bytes = atob(sent.samples);
    const count = Math.min(bytes.length >> 1, samplesMax);
    const end = start + count * period;
    if (!(count > 0 && period > 0) || end < this.#newest - ringMs || this.#has(sent, start)) return Number.NaN;
    this.#makeRoom(count, Math.max(end, this.#newest) - ringMs);
    const block = this.#next++;
    const slot = block % blocksMax;
    this.#start[slot] = start;
    this.#period[slot] = period;
    this.#scale[slot] = sent.scale;
    this.#count[slot] = count;
    this.#index[slot] = sent.index;
    this.#device[slot] = sent.device;
    this.#offset[slot] = this.#offsetNext;
    for (let i = 0; i < count; i++)
      this.#samples[(this.#offsetNext + i) % samplesMax] = bytes.charCodeAt(2 * i) | (bytes.charCodeAt(2 * i + 1) << 8);
    this.#offsetNext = (this.#offsetNext + count) % samplesMax;
    this.#used += count;
    this.#join(block, sent.gap);
    this.#newest = Math.max(this.#newest, end);
    return start;
  }

  clear(): void {
    this.#first = this.#next;
    this.#used = 0;
    this.#newest = Number.NEGATIVE_INFINITY;
  }

  /** The same content, apart. */
  copy(): WaveRing {
    const other = new WaveRing();
    other.#samples.set(this.#samples);
    for (const name of ['start', 'period', 'scale', 'count', 'index', 'offset', 'follows'] as const)
      other.#columns()[name].set(this.#columns()[name]);
    this.#device.forEach((device, slot) => {
      other.#device[slot] = device;
    });
    other.#first = this.#first;
    other.#next = this.#next;
    other.#used = this.#used;
    other.#offsetNext = this.#offsetNext;
    other.#newest = this.#newest;
    return other;
  }

  #columns() {
    return {
      start: this.#start,
      period: this.#period,
      scale: this.#scale,
      count: this.#count,
      index: this.#index,
      offset: this.#offset,
      follows: this.#follows,
    };
  }

  #has(sent: WaveBlock, start: number): boolean {
    for (let block = this.#first; block < this.#next; block++)
      if (
        this.#index[block % blocksMax] === sent.index &&
        this.#device[block % blocksMax] === sent.device &&
        Math.abs(this.startMs(block) - start) <= roundingMs
      )
        return true;
    return false;
  }

  /** Oldest arrivals go, where their time is over or their place is needed. */
  #makeRoom(count: number, keepFromMs: number): void {
    while (this.#first < this.#next) {
      const isOver = this.#endOf(this.#first) < keepFromMs;
      const isNeeded = this.#next - this.#first >= blocksMax || this.#used + count > samplesMax;
      if (!isOver && !isNeeded) return;
      this.#used -= this.count(this.#first++);
    }
  }

  #endOf(block: number): number {
    return this.startMs(block) + this.count(block) * this.periodMs(block);
  }

  /** Links the block with its neighbours. `gap`: the one that came just before it is not its neighbour. */
  #join(block: number, gap: boolean): void {
    this.#follows[block % blocksMax] = -1;
    for (let other = this.#first; other < block; other++) {
      if (this.#isNext(other, block) && !(gap && other === block - 1)) this.#follows[block % blocksMax] = other;
      else if (this.#isNext(block, other)) this.#follows[other % blocksMax] = block;
    }
  }

  #isNext(before: number, after: number): boolean {
    const [a, b] = [before % blocksMax, after % blocksMax];
    return (
      this.#device[a] === this.#device[b] &&
      this.#period[a] === this.#period[b] &&
      (this.#index[a] as number) + (this.#count[a] as number) === this.#index[b] &&
      Math.abs(this.#endOf(before) - this.startMs(after)) <= roundingMs + this.periodMs(after) / 2
    );
  }
}
