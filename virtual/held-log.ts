// The log under virtual time: what is appended to `inputs` is held, in order, and reaches the real log in one append, so
// that a thousand ticks are one write. Invariants: the log holds the same records in the same order as if each had been
// appended by itself, because there is no other writer; the positions given are those that the records get, checked when
// they do. Nothing in `inputs` depends on what readers decide, but what a person does, and before that all is released.
// On failure: a release that the log refuses, or that lands elsewhere, is an error for whoever releases.
import assert from 'node:assert/strict';
import type { AppendRecord, LogHealth, Position, StreamLog, TopicName } from '../contract/index.ts';

/** Records and bytes of one append: as many as the log's readers take in one turn. */
const releaseRecordsMax = 1_000;
const releaseBytesMax = 512 * 1024;

export class HeldLog implements StreamLog {
  readonly #log: StreamLog;
  #held: AppendRecord[] = [];
  #heldBytes = 0;
  #next: Position;
  #releasing: Promise<void> | undefined;

  private constructor(log: StreamLog, next: Position) {
    this.#log = log;
    this.#next = next;
  }

  /** Over a log of one sequence of positions, that nobody else writes. */
  static async open(log: StreamLog): Promise<HeldLog> {
    const { high } = await log.bounds('inputs', 0);
    return new HeldLog(log, high);
  }

  /** Position after the last record of `inputs`, held ones counted. */
  get end(): Position {
    return this.#next;
  }

  get heldRecords(): number {
    return this.#held.length;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  partitions(topic: TopicName): number {
    return this.#log.partitions(topic);
  }

  append(...[topic, records, options]: Parameters<StreamLog['append']>): Promise<readonly Position[]> {
    if (topic !== 'inputs') return this.#log.append(topic, records, options);
    const positions = records.map((record) => {
      this.#held.push(record);
      this.#heldBytes += record.value.length;
      return this.#next++;
    });
    return Promise.resolve(positions);
  }

  read(...args: Parameters<StreamLog['read']>): ReturnType<StreamLog['read']> {
    return this.#log.read(...args);
  }

  bounds(topic: TopicName, partition: number): ReturnType<StreamLog['bounds']> {
    return this.#log.bounds(topic, partition);
  }

  health(): LogHealth {
    return this.#log.health();
  }

  /** Resolves when all that is held stands in the log. */
  async release(): Promise<void> {
    while (this.#held.length > 0 || this.#releasing !== undefined) {
      this.#releasing ??= this.#releaseAll().finally(() => {
        this.#releasing = undefined;
      });
      await this.#releasing;
    }
  }

  async #releaseAll(): Promise<void> {
    while (this.#held.length > 0) {
      const part = this.#cut();
      const first = this.#next - this.#held.length - part.length;
      const positions = await this.#log.append('inputs', part, { lane: 'control' });
      assert.equal(positions[0], first, 'a record of inputs got another position than it was told');
    }
  }

  #cut(): AppendRecord[] {
    let bytes = 0;
    let end = 0;
    for (; end < this.#held.length && end < releaseRecordsMax; end++) {
      bytes += (this.#held[end] as AppendRecord).value.length;
      if (end > 0 && bytes > releaseBytesMax) break;
    }
    const part = this.#held.slice(0, end);
    this.#held = this.#held.slice(end);
    this.#heldBytes = this.#held.reduce((sum, { value }) => sum + value.length, 0);
    return part;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#log[Symbol.asyncDispose]();
  }
}
