// The batch that is being filled: rows of all partitions and the positions after the last of their records. A record's rows
// and its position enter together, so whatever moment the batch is taken at, its positions are those of its rows.
import type { NumericRow, StoreBatch, WaveformRow } from '../../contract/index.ts';
import { batchBlockBytesMax, batchRowsMax } from './limits.ts';
import type { RecordRows } from './rows.ts';

export class PendingBatch implements StoreBatch {
  readonly numerics: NumericRow[] = [];
  readonly waveforms: WaveformRow[] = [];
  readonly positions: number[];
  #blockBytes = 0;
  #rowsSince: number | undefined;
  #movedSince: number | undefined;

  constructor(positions: readonly number[]) {
    this.positions = [...positions];
  }

  get rows(): number {
    return this.numerics.length + this.waveforms.length;
  }

  get isFull(): boolean {
    return this.rows >= batchRowsMax || this.#blockBytes >= batchBlockBytesMax;
  }

  /** Monotonic time of the first row, undefined without one. */
  get rowsSince(): number | undefined {
    return this.#rowsSince;
  }

  /** Monotonic time since which it holds a position that the store does not. */
  get movedSince(): number | undefined {
    return this.#movedSince;
  }

  add({ numerics, waveforms }: RecordRows, now: number): void {
    if (numerics.length + waveforms.length > 0) this.#rowsSince ??= now;
    for (const row of numerics) this.numerics.push(row);
    for (const row of waveforms) {
      this.waveforms.push(row);
      this.#blockBytes += row.block.length;
    }
  }

  moveTo(partition: number, position: number, now: number): void {
    if (position <= (this.positions[partition] as number)) return;
    this.positions[partition] = position;
    this.#movedSince ??= now;
  }
}
