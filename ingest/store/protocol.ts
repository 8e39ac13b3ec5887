// What the event loop and the database's thread say to each other.
import type {
  BucketColumns,
  GapColumns,
  NumericColumns,
  NumericQuery,
  RangeQuery,
  StorePositions,
} from '../../contract/index.ts';
import type { BatchColumns } from './columns.ts';
import type { ErrorFacts } from './errors.ts';

/** How the database is opened. */
export interface DatabaseOptions {
  readonly file: string;
  readonly partitions: number;
  readonly installation: string;
  readonly threads: number;
  readonly memoryMiB: number;
}

export interface SeriesQuery extends NumericQuery {
  readonly bucketMs: number;
  readonly gapMs: number;
}

/** `from` and `to` in milliseconds. */
export interface WaveformQuery {
  readonly patient: string;
  readonly lead: number;
  readonly from: number;
  readonly to: number;
}

/** What is asked, by kind, and what is answered. */
export interface Questions {
  write: {
    readonly ask: { readonly batch: BatchColumns; readonly positions: StorePositions };
    readonly answer: Written;
  };
  positions: { readonly ask: null; readonly answer: StorePositions };
  latest: { readonly ask: { readonly patient: string }; readonly answer: NumericColumns };
  range: { readonly ask: RangeQuery; readonly answer: NumericColumns };
  series: { readonly ask: SeriesQuery; readonly answer: SeriesNumbers };
  waveform: { readonly ask: WaveformQuery; readonly answer: BlockColumns };
  count: {
    readonly ask: { readonly patient: string | undefined };
    readonly answer: { readonly numerics: number; readonly waveforms: number };
  };
}
export type QuestionKind = keyof Questions;

/** Rows that were refused, by their index in the batch: the asker has the rows. */
export interface Written {
  readonly written: number;
  readonly copies: number;
  readonly numericConflicts: readonly number[];
  readonly waveformConflicts: readonly number[];
}

export interface SeriesNumbers {
  readonly buckets: BucketColumns;
  readonly gaps: GapColumns;
}

/** Blocks with the device of each; block i is bytes[ends[i - 1]..ends[i]]. */
export interface BlockColumns {
  readonly devices: readonly string[];
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
}

export type ToThread =
  | { readonly say: 'ask'; readonly id: number; readonly kind: QuestionKind; readonly ask: unknown }
  | { readonly say: 'abort'; readonly id: number }
  | { readonly say: 'close' };

export type FromThread =
  | { readonly say: 'ready' }
  | { readonly say: 'failed'; readonly error: ErrorFacts }
  | { readonly say: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly say: 'error'; readonly id: number; readonly error: ErrorFacts };
