// The log in memory, for tests: holds what the port promises (`contract/stream-log.ts`) and can do each of the things that
// it does not promise: refuse an append and keep it, wholly, partly or later; not answer; hold records that are broken.
// Positions are counted per topic, so those of a partition have gaps, as in the embedded log.
import {
  type AppendRecord,
  type Lane,
  type LogBatch,
  type LogHealth,
  type LogRecord,
  LogUnavailableError,
  type Position,
  PositionOutsideLogError,
  partitionOf,
  recordBytesMax,
  type StreamLog,
  TOPICS,
  type TopicName,
} from '../../contract/index.ts';

/** What becomes of an append that the log refuses: nothing, all of it, its first half, or all of it at `landLate()`. */
export type Refusal = 'lost' | 'kept' | 'partly' | 'late';

/** Decides about an append before it happens; undefined lets it pass. */
export type RefuseAppend = (topic: TopicName, records: readonly AppendRecord[]) => Refusal | undefined;

export interface ReadCall {
  readonly topic: TopicName;
  readonly partition: number;
  readonly from: Position;
}

interface Partition {
  low: Position;
  high: Position;
  records: LogRecord[];
  wake: (() => void)[];
}

interface Topic {
  next: Position;
  readonly partitions: readonly Partition[];
}

export class MemoryLog implements StreamLog {
  /** Asked before each append. */
  refuse: RefuseAppend | undefined;
  /** While set, reading and asking for bounds fail with `LOG_UNAVAILABLE`. */
  unreadable = false;
  /** Every call of `read`, in order. */
  readonly reads: ReadCall[] = [];
  readonly #topics = new Map<TopicName, Topic>();
  readonly #partitions: number;
  #late: (() => void)[] = [];
  #isClosed = false;

  constructor({ partitions = 1 }: { readonly partitions?: number } = {}) {
    this.#partitions = partitions;
  }

  partitions(topic: TopicName): number {
    return TOPICS[topic].partitions === 'inputs' ? this.#partitions : 1;
  }

  async append(
    topic: TopicName,
    records: readonly AppendRecord[],
    _options: { readonly lane: Lane },
  ): Promise<readonly Position[]> {
    // Nothing is durable at once.
    await Promise.resolve();
    if (this.#isClosed) throw new LogUnavailableError('LOG_CLOSED', 'the log is closed');
    for (const { value } of records)
      if (value.length > recordBytesMax) throw new RangeError(`a record of ${value.length} bytes`);
    const refusal = this.refuse?.(topic, records);
    if (refusal === undefined) return this.#put(topic, records);
    if (refusal === 'kept') this.#put(topic, records);
    if (refusal === 'partly') this.#put(topic, records.slice(0, Math.ceil(records.length / 2)));
    if (refusal === 'late') this.#late.push(() => this.#put(topic, records));
    throw new LogUnavailableError('LOG_UNAVAILABLE', `refused by the test: ${refusal}`);
  }

  /** What was refused as `late` lands now. */
  landLate(): void {
    const late = this.#late;
    this.#late = [];
    for (const land of late) land();
  }

  async *read(
    topic: TopicName,
    partition: number,
    from: Position,
    { signal, maxRecords = 1_000 }: { readonly signal: AbortSignal; readonly maxRecords?: number },
  ): AsyncGenerator<LogBatch> {
    this.reads.push({ topic, partition, from });
    const held = this.#partition(topic, partition);
    let next = from;
    while (!signal.aborted) {
      this.#check();
      if (next < held.low || next > held.high)
        throw new PositionOutsideLogError(topic, partition, next, held.low, held.high);
      const start = firstFrom(held.records, next);
      const records = held.records.slice(start, start + maxRecords);
      if (next < held.high) {
        const isAll = start + records.length === held.records.length;
        next = isAll ? held.high : (records.at(-1) as LogRecord).position + 1;
        yield { records, next, high: held.high };
      } else await this.#woken(held, signal);
    }
  }

  async bounds(topic: TopicName, partition: number): Promise<{ readonly low: Position; readonly high: Position }> {
    await Promise.resolve();
    this.#check();
    const { low, high } = this.#partition(topic, partition);
    return { low, high };
  }

  health(): LogHealth {
    return this.#isClosed || this.refuse ? { state: 'down', detail: 'a test' } : { state: 'ok', detail: '' };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
    this.#isClosed = true;
    for (const topic of this.#topics.values()) for (const partition of topic.partitions) wake(partition);
  }

  /** What a partition holds, for a test to look at. */
  records(topic: TopicName, partition = 0): readonly LogRecord[] {
    return this.#partition(topic, partition).records;
  }

  /** Retention: what is before `low` is gone. */
  trim(topic: TopicName, partition: number, low: Position): void {
    const held = this.#partition(topic, partition);
    held.low = low;
    held.records = held.records.filter(({ position }) => position >= low);
  }

  /** Compaction: the last of each key stays, a tombstone goes. */
  compact(topic: TopicName, partition = 0): void {
    const held = this.#partition(topic, partition);
    const last = new Map(held.records.map((record) => [record.key, record]));
    held.records = held.records.filter((record) => last.get(record.key) === record && record.value.length > 0);
  }

  /** Replaces what stands at some records, or removes them where it gives undefined. */
  tamper(topic: TopicName, partition: number, change: (record: LogRecord) => LogRecord | undefined): void {
    const held = this.#partition(topic, partition);
    held.records = held.records.map(change).filter((record) => record !== undefined);
  }

  /** The log as one process sees it, to be frozen or cut off by itself. */
  connect(): LogConnection {
    return new LogConnection(this);
  }

  #check(): void {
    if (this.unreadable) throw new LogUnavailableError('LOG_UNAVAILABLE', 'unreadable by the test');
    if (this.#isClosed) throw new LogUnavailableError('LOG_CLOSED', 'the log is closed');
  }

  #topic(name: TopicName): Topic {
    const known = this.#topics.get(name);
    if (known) return known;
    const partitions = Array.from({ length: this.partitions(name) }, () => ({
      low: 0,
      high: 0,
      records: [],
      wake: [],
    }));
    const topic = { next: 0, partitions };
    this.#topics.set(name, topic);
    return topic;
  }

  #partition(name: TopicName, partition: number): Partition {
    const held = this.#topic(name).partitions[partition];
    if (!held) throw new RangeError(`${name} has no partition ${partition}`);
    return held;
  }

  #put(name: TopicName, records: readonly AppendRecord[]): Position[] {
    const topic = this.#topic(name);
    const touched = new Set<Partition>();
    const positions = records.map(({ key, value, partition }) => {
      const position = topic.next++;
      const held = this.#partition(name, partition ?? partitionOf(key, topic.partitions.length));
      held.records.push({ position, key, value: value.slice() });
      held.high = position + 1;
      touched.add(held);
      return position;
    });
    for (const held of touched) wake(held);
    return positions;
  }

  #woken(held: Partition, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      held.wake.push(resolve);
    });
  }
}

/** One process's way to a log that others use too. */
export class LogConnection implements StreamLog {
  /** Every call of `read` of this process. */
  readonly reads: ReadCall[] = [];
  /** Appends that have landed by this process. */
  appends = 0;
  readonly #log: MemoryLog;
  #gate: { readonly open: Promise<void>; readonly pass: () => void } | undefined;
  #appendsLeft = Number.POSITIVE_INFINITY;

  constructor(log: MemoryLog) {
    this.#log = log;
  }

  /** The process stands still: nothing it asks is answered until it thaws. */
  freeze(): void {
    const { promise: open, resolve: pass } = Promise.withResolvers<void>();
    this.#gate = { open, pass };
  }

  thaw(): void {
    this.#gate?.pass();
    this.#gate = undefined;
  }

  /** The process is killed after this many more appends: nothing lands, nothing is answered, for good. */
  killAfter(appends: number): void {
    this.#appendsLeft = appends;
  }

  get isKilled(): boolean {
    return this.#appendsLeft <= 0;
  }

  partitions(topic: TopicName): number {
    return this.#log.partitions(topic);
  }

  async append(topic: TopicName, records: readonly AppendRecord[], options: { readonly lane: Lane }) {
    await this.#pass();
    this.#appendsLeft -= 1;
    if (this.#appendsLeft < 0) await never();
    const positions = await this.#log.append(topic, records, options);
    this.appends += 1;
    if (this.isKilled) await never();
    return positions;
  }

  async *read(
    topic: TopicName,
    partition: number,
    from: Position,
    options: { readonly signal: AbortSignal; readonly maxRecords?: number },
  ): AsyncGenerator<LogBatch> {
    this.reads.push({ topic, partition, from });
    for await (const batch of this.#log.read(topic, partition, from, options)) {
      await this.#pass();
      if (options.signal.aborted) return;
      yield batch;
    }
  }

  async bounds(topic: TopicName, partition: number) {
    await this.#pass();
    return this.#log.bounds(topic, partition);
  }

  health(): LogHealth {
    return this.#log.health();
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #pass(): Promise<void> {
    if (this.isKilled) await never();
    await this.#gate?.open;
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}

function wake(held: Partition): void {
  const waiting = held.wake;
  held.wake = [];
  for (const resolve of waiting) resolve();
}

/** Index of the first record at `position` or later, by halving. */
function firstFrom(records: readonly LogRecord[], position: Position): number {
  let from = 0;
  let to = records.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((records[middle] as LogRecord).position < position) from = middle + 1;
    else to = middle;
  }
  return from;
}
