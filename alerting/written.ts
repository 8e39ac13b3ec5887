// Which events already stand in `alerts`: none is written twice. What is forgotten here is known to the snapshot.
import { BadRecordError, type StreamLog } from '../contract/index.ts';
import { writtenIdentity } from './events.ts';
import { readUpTo } from './read-up-to.ts';

/** The events of a partition that stand in `alerts` from a position on; read again from there as often as asked. */
export class WrittenEvents {
  readonly #log: StreamLog;
  readonly #partition: number;
  readonly #identities = new Set<string>();
  #position: number;

  constructor(log: StreamLog, partition: number, from: number) {
    this.#log = log;
    this.#partition = partition;
    this.#position = from;
  }

  /** Reads on to the present end. */
  async catchUp(signal: AbortSignal): Promise<void> {
    const { low, high } = await this.#log.bounds('alerts', 0);
    // Outside the topic: what is still kept decides. A copy that gets written is told by its id.
    const from = this.#position < low || this.#position > high ? low : this.#position;
    for await (const batch of readUpTo(this.#log, { topic: 'alerts', partition: 0, from, to: high }, signal)) {
      for (const record of batch.records) this.#note(record);
      this.#position = batch.next;
    }
    this.#position = Math.max(this.#position, high);
  }

  has(identity: string): boolean {
    return this.#identities.has(identity);
  }

  #note(record: Parameters<typeof writtenIdentity>[0]): void {
    try {
      const identity = writtenIdentity(record, this.#partition);
      if (identity !== undefined) this.#identities.add(identity);
    } catch (error) {
      // Unreadable here is not written: the event is written once more, and told by its id.
      if (!(error instanceof BadRecordError)) throw error;
    }
  }
}
