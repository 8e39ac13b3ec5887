// One topic of the embedded log: a journal that all its partitions share, so that one durable write serves them all.
// Positions are the journal's, so a partition's have gaps.
import {
  type AppendRecord,
  type Lane,
  type LogBatch,
  type LogRecord,
  LogUnavailableError,
  type Position,
  PositionOutsideLogError,
  partitionOf,
  recordBytesMax,
  type TopicName,
} from '../../contract/index.ts';
import { isDiskFull, type Journal } from '../../durable/index.ts';
import { batchRecordsMax } from './limits.ts';
import { decodePayload, Heads, partitionOfPayload } from './payload.ts';
import { Recent } from './recent.ts';

export class TopicLog {
  readonly name: TopicName;
  readonly partitions: number;
  readonly journal: Journal;
  readonly #recent: Recent;
  readonly #heads = new Heads();
  readonly #waiting = new Set<() => void>();

  constructor(name: TopicName, partitions: number, journal: Journal, cacheBytes: number) {
    this.name = name;
    this.partitions = partitions;
    this.journal = journal;
    this.#recent = new Recent(cacheBytes);
  }

  async append(records: readonly AppendRecord[], lane: Lane): Promise<readonly Position[]> {
    const placed = records.map((record) => ({ record, partition: this.#partitionOf(record) }));
    const payloads = placed.map(({ record, partition }) => ({
      head: this.#heads.of(partition, record.key),
      body: record.value,
    }));
    let positions: readonly Position[];
    try {
      positions = await this.journal.append(payloads, lane);
    } catch (cause) {
      const full = isDiskFull(cause);
      // biome-ignore lint/style/useErrorCause: the cause is passed, in the third argument.
      throw new LogUnavailableError(
        full ? 'LOG_FULL' : 'LOG_UNAVAILABLE',
        `${this.name}: ${(cause as Error).message}`,
        { cause },
      );
    }
    this.#recent.add(
      placed.map(({ record, partition }, i) => ({
        position: positions[i] as number,
        key: record.key,
        value: record.value,
        partition,
      })),
    );
    this.#wake();
    return positions;
  }

  bounds(partition: number): { readonly low: Position; readonly high: Position } {
    this.#check(partition);
    return { low: this.journal.low, high: this.journal.high };
  }

  async *read(partition: number, from: Position, signal: AbortSignal, max = batchRecordsMax): AsyncGenerator<LogBatch> {
    const { low, high } = this.bounds(partition);
    if (from < low || from > high) throw new PositionOutsideLogError(this.name, partition, from, low, high);
    for (let position = from; !signal.aborted; ) {
      const end = this.journal.high;
      if (position >= end) {
        await this.#more(position, signal);
        continue;
      }
      if (position < this.journal.low)
        throw new PositionOutsideLogError(this.name, partition, position, this.journal.low, this.journal.high);
      const { records, next } = await this.#readSome(partition, position, max);
      position = next;
      // Without a record of this partition only the end is worth saying.
      if (records.length > 0 || next >= end) yield { records, next, high: this.journal.high };
    }
  }

  /** Every record of the topic from the files, for compaction and `log cat`. */
  async *scan(from: Position): AsyncGenerator<LogRecord & { readonly partition: number }> {
    for (let position = from; position < this.journal.high; ) {
      const { entries, next } = await this.journal.read(position);
      for (const entry of entries) yield { position: entry.position, ...decodePayload(entry.payload) };
      position = next;
    }
  }

  /** Ends every waiting read. */
  close(): void {
    this.#wake();
  }

  async #readSome(
    partition: number,
    position: Position,
    max: number,
  ): Promise<{ records: LogRecord[]; next: Position }> {
    const cachedFrom = this.#recent.from;
    if (cachedFrom !== undefined && position >= cachedFrom) return this.#recent.read(partition, position, max);
    const { entries, next } = await this.journal.read(position);
    const records: LogRecord[] = [];
    for (const entry of entries) {
      if (partitionOfPayload(entry.payload) !== partition) continue;
      if (records.length === max) return { records, next: (records.at(-1) as LogRecord).position + 1 };
      const { key, value } = decodePayload(entry.payload);
      records.push({ position: entry.position, key, value });
    }
    return { records, next };
  }

  #partitionOf({ key, value, partition = partitionOf(key, this.partitions) }: AppendRecord): number {
    this.#check(partition);
    if (value.length > recordBytesMax)
      throw new RangeError(`${this.name}: a record of ${value.length} bytes, at most ${recordBytesMax}`);
    return partition;
  }

  #check(partition: number): void {
    if (!Number.isInteger(partition) || partition < 0 || partition >= this.partitions)
      throw new RangeError(`${this.name} has no partition ${partition}: it has ${this.partitions}`);
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resume of waiting) resume();
  }

  /** Until there is something behind `position`, or the reader gives up. */
  #more(position: Position, signal: AbortSignal): Promise<void> {
    if (this.journal.high > position || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const resume = () => {
        signal.removeEventListener('abort', resume);
        this.#waiting.delete(resume);
        resolve();
      };
      signal.addEventListener('abort', resume, { once: true });
      this.#waiting.add(resume);
    });
  }
}
