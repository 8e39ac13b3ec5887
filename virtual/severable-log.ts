// The log as one life of a role sees it, which can be cut off as a killed process is: what is under way is never answered,
// and nothing more reaches the log. Invariant: what was appended before the cut stands. On failure: there is none.
import type { AppendRecord, Lane, LogBatch, LogHealth, Position, StreamLog, TopicName } from '../contract/index.ts';

export class SeverableLog implements StreamLog {
  readonly #log: StreamLog;
  #isSevered = false;

  constructor(log: StreamLog) {
    this.#log = log;
  }

  sever(): void {
    this.#isSevered = true;
  }

  partitions(topic: TopicName): number {
    return this.#log.partitions(topic);
  }

  append(topic: TopicName, records: readonly AppendRecord[], options: { readonly lane: Lane }) {
    return this.#answer(() => this.#log.append(topic, records, options));
  }

  async *read(
    topic: TopicName,
    partition: number,
    from: Position,
    options: { readonly signal: AbortSignal; readonly maxRecords?: number },
  ): AsyncGenerator<LogBatch> {
    for await (const batch of this.#log.read(topic, partition, from, options)) {
      if (this.#isSevered) await never();
      yield batch;
    }
  }

  bounds(topic: TopicName, partition: number) {
    return this.#answer(() => this.#log.bounds(topic, partition));
  }

  health(): LogHealth {
    return this.#log.health();
  }

  /** Nothing: the log is somebody else's. */
  async [Symbol.asyncDispose](): Promise<void> {}

  async #answer<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#isSevered) return never();
    const answer = await ask();
    return this.#isSevered ? never() : answer;
  }
}

function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}
