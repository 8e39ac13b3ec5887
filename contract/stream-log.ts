import type { TopicName } from './topics.ts';

/** Place of a record in one partition of one topic: an integer from 0, increasing, possibly with gaps. */
export type Position = number;

/** One record to be appended. `value` is a header line and a body (`codec.ts`); an empty value is a tombstone of its key. */
export interface AppendRecord {
  readonly key: string;
  readonly value: Uint8Array;
  /** Given for records that go to a certain partition whatever their key (ticks, claims, canaries, rules). */
  readonly partition?: number;
}

/** One record as it stands in the log. */
export interface LogRecord {
  readonly position: Position;
  readonly key: string;
  readonly value: Uint8Array;
}

/** Records in order of position; `next` is where the following read begins, `high` the durable end when the batch was cut. */
export interface LogBatch {
  readonly records: readonly LogRecord[];
  readonly next: Position;
  readonly high: Position;
}

/** `control`: ticks, claims, alerts, people's acts. They go first and have the disk's reserve. `data`: all else. */
export type Lane = 'control' | 'data';

/**
 * The log: append-only, ordered per partition, at least once (`records.md` 5, `kafka.md` 6).
 *
 * What a driver promises: a resolved append is durable; readers see only what is durable; a position outside the
 * bounds is a `PositionOutsideLogError`, never a jump. What it does not: a rejected append may be there, wholly, partly
 * or later; a batch over several partitions is not atomic; positions have gaps, and those of two partitions have nothing
 * to do with each other.
 */
export interface StreamLog extends AsyncDisposable {
  /** How many partitions the topic has; fixed at creation. */
  partitions(topic: TopicName): number;
  /** Positions of the records, in their order, once all are durable. Rejects with `LogUnavailableError`. */
  append(
    topic: TopicName,
    records: readonly AppendRecord[],
    options: { readonly lane: Lane },
  ): Promise<readonly Position[]>;
  /**
   * Batches from `from` on (at most `maxRecords` each, default 1,000), then waits for more until `signal` aborts, upon
   * which the iteration ends without error. A batch may be empty and only say where the end is. Values share memory with
   * the log and with what was appended: nobody changes them. Of a closed log it rejects with `LOG_CLOSED`.
   */
  read(
    topic: TopicName,
    partition: number,
    from: Position,
    options: { readonly signal: AbortSignal; readonly maxRecords?: number },
  ): AsyncIterable<LogBatch>;
  /** First kept position and the position after the last durable record; equal when there is nothing. */
  bounds(topic: TopicName, partition: number): Promise<{ readonly low: Position; readonly high: Position }>;
  /** State for operators and for whoever must say "not monitored: log-down". */
  health(): LogHealth;
}

export interface LogHealth {
  /** `full`: the disk takes no more data, control still goes on from the reserve. `down`: nothing can be appended. */
  readonly state: 'ok' | 'full' | 'down';
  readonly detail: string;
}

/** Appending or reading is not possible now; trying again may help. */
export class LogUnavailableError extends Error {
  readonly code: 'LOG_UNAVAILABLE' | 'LOG_FULL' | 'LOG_CLOSED';
  constructor(code: LogUnavailableError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LogUnavailableError';
    this.code = code;
  }
}

/** A reader asked for a position that the partition does not hold: data it needs is gone, or was never there. */
export class PositionOutsideLogError extends Error {
  readonly code = 'LOG_POSITION_OUTSIDE';
  readonly low: Position;
  readonly high: Position;
  constructor(topic: string, partition: number, position: Position, low: Position, high: Position) {
    super(`${topic}/${partition}: position ${position} is outside ${low}..${high}`);
    this.name = 'PositionOutsideLogError';
    this.low = low;
    this.high = high;
  }
}
