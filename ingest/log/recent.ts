// The newest records of a topic in memory. Never a hole: what cannot be held whole is left to the files.
import type { AppendRecord, LogRecord } from '../../contract/index.ts';
import type { DurableRun } from '../../durable/index.ts';
import { partitionOfPayload } from './payload.ts';

interface Chunk extends DurableRun<AppendRecord> {
  readonly next: number;
  readonly bytes: number;
}

/** What an object costs beside its bytes, roughly. */
const recordOverheadBytes = 64;

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
    return this.#chunks[0]?.first;
  }

  /** Takes what one write made durable. */
  add(runs: readonly DurableRun<AppendRecord>[]): void {
    for (const { first, records, heads, from, to } of runs) {
      let bytes = 0;
      for (let i = from; i < to; i++) bytes += (records[i] as AppendRecord).value.length + recordOverheadBytes;
      this.#chunks.push({ first, records, heads, from, to, next: first + to - from, bytes });
      this.#bytes += bytes;
    }
    let gone = 0;
    while (this.#bytes > this.#bytesMax && gone < this.#chunks.length - 1)
      this.#bytes -= (this.#chunks[gone++] as Chunk).bytes;
    if (gone > 0) this.#chunks.splice(0, gone);
  }

  /** Up to `max` records of a partition from `position` (at or after `from`) on, and where to go on. */
  read(partition: number, position: number, max: number): { readonly records: LogRecord[]; readonly next: number } {
    const found: LogRecord[] = [];
    let next = position;
    for (let c = this.#indexOf(position); c < this.#chunks.length; c++) {
      const { first, records, heads, from, to } = this.#chunks[c] as Chunk;
      for (let i = from + Math.max(0, position - first); i < to; i++) {
        if (partitionOfPayload(heads[i] as Uint8Array) !== partition) continue;
        if (found.length === max) return { records: found, next };
        const { key, value } = records[i] as AppendRecord;
        found.push({ position: first + i - from, key, value });
        next = first + i - from + 1;
      }
      next = Math.max(next, first + to - from);
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
