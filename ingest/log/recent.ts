// The newest records of a topic in memory. Never a hole: what cannot be held whole is left to the files.
import type { LogRecord } from '../../contract/index.ts';

/** One append's records, as they were given: readers who follow need no file. */
interface Chunk {
  readonly base: number;
  readonly next: number;
  readonly bytes: number;
  readonly records: readonly (LogRecord & { readonly partition: number })[];
}

/** The newest records of a topic, in order and without holes, bounded in bytes; the oldest go first. */
export class Recent {
  readonly #bytesMax: number;
  readonly #chunks: Chunk[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Position from which on every durable record is here; undefined while nothing is. */
  get from(): number | undefined {
    return this.#chunks[0]?.base;
  }

  /** Takes records in order of position; a hole empties what was here. */
  add(records: Chunk['records']): void {
    const first = records[0];
    const last = records.at(-1);
    if (!first || !last) return;
    const before = this.#chunks.at(-1);
    // A large append may be split by control records between its parts: then the files are the only whole picture.
    const whole = last.position - first.position === records.length - 1;
    if (!whole || (before && before.next !== first.position)) this.clear();
    if (!whole) return;
    const bytes = records.reduce((sum, record) => sum + record.value.length + record.key.length + 64, 0);
    this.#chunks.push({ base: first.position, next: last.position + 1, bytes, records });
    this.#bytes += bytes;
    while (this.#bytes > this.#bytesMax && this.#chunks.length > 1)
      this.#bytes -= (this.#chunks.shift() as Chunk).bytes;
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#bytes = 0;
  }

  /** Up to `max` records of a partition from `position` (at or after `from`) on, and where to go on. */
  read(partition: number, position: number, max: number): { readonly records: LogRecord[]; readonly next: number } {
    const found: LogRecord[] = [];
    let next = position;
    for (let i = this.#indexOf(position); i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i] as Chunk;
      for (const record of chunk.records) {
        if (record.position < position || record.partition !== partition) continue;
        if (found.length === max) return { records: found, next };
        found.push(record);
        next = record.position + 1;
      }
      next = Math.max(next, chunk.next);
    }
    return { records: found, next };
  }

  #indexOf(position: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#chunks[middle] as Chunk).next <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
