// One topic of the embedded log: a journal that all its partitions share, so that one durable write serves them all.
// Class C. Positions are the journal's, so a partition's have gaps. Readers follow from memory, which holds exactly the
// newest durable records, and fall back to the files; they never pass the durable end and never jump.
import assert from 'node:assert/strict';
import {
  type AppendRecord,
  type Lane,
  type LogBatch,
  type LogRecord,
  LogUnavailableError,
  type Position,
  PositionOutsideLogError,
  recordBytesMax,
  type TopicName,
} from '../../contract/index.ts';
import { isDiskFull, type Journal, JournalClosedError } from '../../durable/index.ts';
import { batchRecordsMax } from './limits.ts';
import { decodePayload, Heads, partitionOfPayload } from './payload.ts';
import { Recent } from './recent.ts';

export class TopicLog {
  readonly name: TopicName;
  readonly partitions: number;
  readonly journal: Journal<AppendRecord>;
  readonly #recent: Recent;
  readonly #heads: Heads;
  readonly #waiting = new Set<() => void>();
  #closed = false;

  constructor(name: TopicName, partitions: number, journal: Journal<AppendRecord>, cacheBytes: number) {
    this.name = name;
    this.partitions = partitions;
    this.journal = journal;
    this.#recent = new Recent(cacheBytes);
    this.#heads = new Heads(partitions);
    journal.onDurable((runs) => {
      this.#recent.add(runs);
      this.#wake();
    });
  }

  async append(records: readonly AppendRecord[], lane: Lane): Promise<readonly Position[]> {
    const heads = records.map(({ key, value, partition }) => {
      if (value.length > recordBytesMax)
        throw new RangeError(`${this.name}: a record of ${value.length} bytes, at most ${recordBytesMax} are allowed`);
      return this.#heads.of(key, partition);
    });
    try {
      // The array is copied because it is kept for readers; whoever appended may go on using theirs.
      return await this.journal.append(records.slice(), heads, lane);
    } catch (cause) {
      if (cause instanceof RangeError) throw cause;
      throw this.#unavailable(cause as Error);
    }
  }

  bounds(partition: number): { readonly low: Position; readonly high: Position } {
    this.#check(partition);
    return { low: this.journal.low, high: this.journal.high };
  }

  async *read(partition: number, from: Position, signal: AbortSignal, max = batchRecordsMax): AsyncGenerator<LogBatch> {
    this.#check(partition);
    this.#checkPosition(partition, from);
    for (let position = from; !signal.aborted; ) {
      if (this.#closed) throw new LogUnavailableError('LOG_CLOSED', `${this.name}: the log is closed`);
      if (position >= this.journal.high) {
        await this.#more(position, signal);
        continue;
      }
      const { records, next } = await this.#readSome(partition, position, Math.max(1, max));
      // Retention may have passed the reader, before it read or meanwhile.
      this.#checkPosition(partition, position);
      assert(next > position, 'a read below the end gets on');
      position = next;
      // Without a record of this partition only the end is worth saying.
      if ((records.length > 0 || next >= this.journal.high) && !signal.aborted)
        yield { records, next, high: this.journal.high };
    }
  }

  /** Ends every waiting read. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  async #readSome(
    partition: number,
    position: Position,
    max: number,
  ): Promise<{ readonly records: LogRecord[]; readonly next: Position }> {
    const cachedFrom = this.#recent.from;
    if (cachedFrom !== undefined && position >= cachedFrom) return this.#recent.read(partition, position, max);
    const { entries, next } = await this.journal.read(position).catch((cause: Error) => {
      throw this.#unavailable(cause);
    });
    const records: LogRecord[] = [];
    for (const entry of entries) {
      if (partitionOfPayload(entry.payload) !== partition) continue;
      if (records.length === max) return { records, next: (records.at(-1) as LogRecord).position + 1 };
      const { key, value } = decodePayload(entry.payload);
      records.push({ position: entry.position, key, value });
    }
    return { records, next };
  }

  #check(partition: number): void {
    if (!Number.isInteger(partition) || partition < 0 || partition >= this.partitions)
      throw new RangeError(`${this.name} has no partition ${partition}: it has ${this.partitions}`);
  }

  #checkPosition(partition: number, position: Position): void {
    const { low, high } = this.journal;
    if (!Number.isInteger(position) || position < low || position > high)
      throw new PositionOutsideLogError(this.name, partition, position, low, high);
  }

  #unavailable(cause: Error): LogUnavailableError {
    const closed = cause instanceof JournalClosedError ? 'LOG_CLOSED' : 'LOG_UNAVAILABLE';
    const code = isDiskFull(cause) ? 'LOG_FULL' : closed;
    return new LogUnavailableError(code, `${this.name}: ${cause.message}`, { cause });
  }

  #wake(): void {
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resume of waiting) resume();
  }

  /** Until there is something behind `position`, or the reader gives up. */
  #more(position: Position, signal: AbortSignal): Promise<void> {
    if (this.journal.high > position || signal.aborted || this.#closed) return Promise.resolve();
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
