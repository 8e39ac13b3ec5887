// A store that keeps rows in arrays and fails on command: what the writer is held against without a database.
import {
  type NumericRow,
  type StoreBatch,
  type StorePositions,
  StoreUnavailableError,
  type TimeSeriesStore,
  type WaveformRow,
  type WriteResult,
} from '../../../../contract/index.ts';

/** `down`: nothing is taken; `answer-lost`: taken, but the answer does not come; `hangs`: neither taken nor answered. */
export type Trouble = 'none' | 'down' | 'answer-lost' | 'hangs';

export class PlainStore implements TimeSeriesStore {
  trouble: Trouble = 'none';
  readonly numerics = new Map<string, NumericRow>();
  readonly waveforms = new Map<string, WaveformRow>();
  /** Every batch that was offered. */
  readonly offered: StoreBatch[] = [];
  #positions: number[];

  constructor(positions: readonly number[]) {
    this.#positions = [...positions];
  }

  async write(batch: StoreBatch): Promise<WriteResult> {
    this.offered.push(batch);
    await this.#troubled('down');
    const numerics = keepFirst(this.numerics, batch.numerics, ({ device, boot, seq }) => `${device}/${boot}/${seq}`);
    const waveforms = keepFirst(
      this.waveforms,
      batch.waveforms,
      ({ device, boot, lead, seq }) => `${device}/${boot}/${lead}/${seq}`,
    );
    this.#positions = this.#positions.map((held, i) => Math.max(held, batch.positions[i] ?? 0));
    await this.#troubled('answer-lost');
    return {
      written: numerics.written + waveforms.written,
      copies: numerics.copies + waveforms.copies,
      conflicts: [
        ...numerics.conflicts.map((row) => ({ ...row, lead: null })),
        ...waveforms.conflicts.map((row) => ({ ...row })),
      ],
    };
  }

  async positions(): Promise<StorePositions> {
    await this.#troubled('down');
    return [...this.#positions];
  }

  latest = notAsked;
  range = notAsked;
  rangeColumns = notAsked;
  series = notAsked;
  waveform = notAsked;
  count = notAsked;

  async [Symbol.asyncDispose](): Promise<void> {}

  async #troubled(when: 'down' | 'answer-lost'): Promise<void> {
    await Promise.resolve();
    if (this.trouble === when) throw new StoreUnavailableError('the test wants it so');
    if (this.trouble === 'hangs') await new Promise(() => undefined);
  }
}

function notAsked(): Promise<never> {
  return Promise.reject(new Error('the writer asks nothing'));
}

function keepFirst<R extends { readonly hash: bigint }>(
  held: Map<string, R>,
  rows: readonly R[],
  keyOf: (row: R) => string,
) {
  const result = { written: 0, copies: 0, conflicts: [] as R[] };
  for (const row of rows) {
    const first = held.get(keyOf(row));
    if (!first) {
      held.set(keyOf(row), row);
      result.written++;
    } else if (first.hash === row.hash) result.copies++;
    else result.conflicts.push(row);
  }
  return result;
}
