// The port of the time-series store (`records.md` 9): idempotent writes that take and give positions, so that the store is
// a function of the log and can be rebuilt from it.
import type { Position } from './stream-log.ts';

/**
 * One numeric reading as a row. Ids of patients and devices are strings here and integers inside the store.
 * Key: (takenAt, device, boot, seq) within the patient.
 */
export interface NumericRow {
  readonly patient: string;
  readonly device: string;
  readonly boot: number;
  readonly seq: number;
  /** Code of the vital (`vital.ts`). */
  readonly vital: number;
  /** Canonical value, unrounded; null for an absence or a bound without a value. */
  readonly value: number | null;
  /** Unit that the sender named: `unitCodeOf`; `unitUnknown` where it was not kept. */
  readonly unit: number;
  /** The number as it was sent, where its unit is another than the canonical one; else null: it is `value`. */
  readonly reported: number | null;
  /** 0 none, 1 below, 2 above. */
  readonly bound: number;
  /** Index into `absentReasons`, -1 where there is a value. */
  readonly absent: number;
  /** Index into `qualities` and `clockQualities`. */
  readonly quality: number;
  readonly clock: number;
  readonly takenAt: number;
  readonly receivedAt: number;
  readonly acceptedAt: number;
  readonly effectiveAt: number;
  /** Where its bytes stand in `inputs`, and their hash: two copies with one identity must have one hash. */
  readonly partition: number;
  readonly position: Position;
  /** First 64 bits of the SHA-256 of the element's bytes, as a signed integer. */
  readonly hash: bigint;
}

/** One waveform block. Key: (takenAt, device, boot, lead, seq) within the patient. */
export interface WaveformRow {
  readonly patient: string;
  readonly device: string;
  readonly boot: number;
  readonly seq: number;
  /** MDC code of the lead. */
  readonly lead: number;
  readonly takenAtUs: number;
  readonly acceptedAt: number;
  readonly rateMhz: number;
  readonly samples: number;
  readonly partition: number;
  readonly position: Position;
  readonly hash: bigint;
  /** The block as it was sent. */
  readonly block: Uint8Array;
}

/** Position after the last record of each partition of `inputs` whose effect the store holds. */
export type StorePositions = readonly Position[];

export interface StoreBatch {
  readonly numerics: readonly NumericRow[];
  readonly waveforms: readonly WaveformRow[];
  readonly positions: StorePositions;
}

/** A reading that came with the identity of another: the first stays. */
export interface IdentityConflict {
  readonly patient: string;
  readonly device: string;
  readonly boot: number;
  readonly seq: number;
  /** Lead code for a block, null for a reading. */
  readonly lead: number | null;
  readonly partition: number;
  readonly position: Position;
  /** Of the bytes that were refused, to find them in the record. */
  readonly hash: bigint;
}

export interface WriteResult {
  readonly written: number;
  readonly copies: number;
  readonly conflicts: readonly IdentityConflict[];
}

/** A row as it is read back; whose it is, the query said. */
export type NumericPoint = Omit<NumericRow, 'patient'>;

/** Readings as columns: what large reads give, so that no object a row is made on the way. Row i is the i-th of each. */
export interface NumericColumns {
  readonly rows: number;
  /** Ids of devices; `device` has indices into them. */
  readonly devices: readonly string[];
  readonly device: Uint32Array<ArrayBuffer>;
  readonly boot: Uint32Array<ArrayBuffer>;
  readonly seq: Float64Array<ArrayBuffer>;
  readonly vital: Uint8Array<ArrayBuffer>;
  /** NaN stands for null. */
  readonly value: Float64Array<ArrayBuffer>;
  readonly unit: Uint8Array<ArrayBuffer>;
  /** NaN stands for null. */
  readonly reported: Float64Array<ArrayBuffer>;
  readonly bound: Uint8Array<ArrayBuffer>;
  readonly absent: Int8Array<ArrayBuffer>;
  readonly quality: Uint8Array<ArrayBuffer>;
  readonly clock: Uint8Array<ArrayBuffer>;
  readonly takenAt: Float64Array<ArrayBuffer>;
  readonly receivedAt: Float64Array<ArrayBuffer>;
  readonly acceptedAt: Float64Array<ArrayBuffer>;
  readonly effectiveAt: Float64Array<ArrayBuffer>;
  readonly partition: Uint16Array<ArrayBuffer>;
  readonly position: Float64Array<ArrayBuffer>;
  readonly hash: BigInt64Array<ArrayBuffer>;
}

/** The reading in row i. */
export function pointAt(columns: NumericColumns, i: number): NumericPoint {
  const at = (column: { readonly [row: number]: number }) => column[i] as number;
  const orNull = (column: Float64Array) => (Number.isNaN(at(column)) ? null : at(column));
  return {
    device: columns.devices[at(columns.device)] as string,
    boot: at(columns.boot),
    seq: at(columns.seq),
    vital: at(columns.vital),
    value: orNull(columns.value),
    unit: at(columns.unit),
    reported: orNull(columns.reported),
    bound: at(columns.bound),
    absent: at(columns.absent),
    quality: at(columns.quality),
    clock: at(columns.clock),
    takenAt: at(columns.takenAt),
    receivedAt: at(columns.receivedAt),
    acceptedAt: at(columns.acceptedAt),
    effectiveAt: at(columns.effectiveAt),
    partition: at(columns.partition),
    position: at(columns.position),
    hash: columns.hash[i] as bigint,
  };
}

/** All of them, in order. */
export function pointsOf(columns: NumericColumns): NumericPoint[] {
  return Array.from({ length: columns.rows }, (_, i) => pointAt(columns, i));
}

/**
 * Smallest, largest and mean value of the usable readings of one bucket [at, at + bucketMs), `at` a multiple of bucketMs
 * since 1970; only readings in [from, to) count. Empty buckets have no row. Arrays of one length, by time.
 */
export interface BucketColumns {
  readonly at: Float64Array<ArrayBuffer>;
  readonly min: Float64Array<ArrayBuffer>;
  readonly max: Float64Array<ArrayBuffer>;
  readonly mean: Float64Array<ArrayBuffer>;
  readonly n: Float64Array<ArrayBuffer>;
}

/**
 * Where nothing usable was measured for longer than gapMs: a hole, never a line (ING-GAPS). Between usable readings that
 * follow each other, and between an end of [from, to) and the first or last of them. Arrays of one length, by time.
 */
export interface GapColumns {
  readonly from: Float64Array<ArrayBuffer>;
  readonly to: Float64Array<ArrayBuffer>;
}

/** What the order of readings goes by; no two readings of a patient have the same. */
export type ReadingKey = Pick<NumericRow, 'effectiveAt' | 'device' | 'boot' | 'seq'>;

/** Readings of one vital, or of all, with effective time in [from, to), at most `limit`. */
export interface RangeQuery {
  readonly patient: string;
  readonly vital?: number;
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  /** Newest first instead of oldest first. */
  readonly newestFirst?: boolean;
  /** Only what follows this key in the order asked for, whether or not a reading has it: the next page. */
  readonly after?: ReadingKey;
}

export interface TimeSeriesStore extends AsyncDisposable {
  /** All rows and the positions, or nothing. Copies by identity are dropped; same identity, other hash: a conflict. */
  write(batch: StoreBatch): Promise<WriteResult>;
  /** Positions that the store holds, one a partition, 0 where it holds none. */
  positions(): Promise<StorePositions>;
  /** Newest reading (by effective time) per vital of the patient. */
  latest(patient: string, options?: ReadOptions): Promise<readonly NumericPoint[]>;
  /** Readings by effective time, then device, boot, seq; as objects, for few of them. */
  range(query: RangeQuery, options?: ReadOptions): Promise<readonly NumericPoint[]>;
  /** The same as columns, made off the caller's thread, for many. The caller owns the arrays and may move them on. */
  rangeColumns(query: RangeQuery, options?: ReadOptions): Promise<NumericColumns>;
  /**
   * Buckets of the usable (good or doubtful, with a value) readings in [from, to), and the gaps; made off the caller's
   * thread. The caller owns the arrays and may move them on.
   */
  series(
    query: NumericQuery & { readonly bucketMs: number; readonly gapMs: number },
    options?: ReadOptions,
  ): Promise<{ readonly buckets: BucketColumns; readonly gaps: GapColumns }>;
  /** Blocks that overlap [from, to), UTC milliseconds, by time, device, boot, seq. */
  waveform(
    query: { readonly patient: string; readonly lead: number; readonly from: number; readonly to: number },
    options?: ReadOptions,
  ): Promise<readonly { readonly device: string; readonly block: Uint8Array }[]>;
  /** Exact number of rows, of a patient or of all. */
  count(patient?: string, options?: ReadOptions): Promise<{ readonly numerics: number; readonly waveforms: number }>;
}

export interface NumericQuery {
  readonly patient: string;
  readonly vital: number;
  readonly from: number;
  readonly to: number;
}

export interface ReadOptions {
  readonly signal?: AbortSignal;
}

/** The store cannot answer now; the log keeps what it misses. */
export class StoreUnavailableError extends Error {
  readonly code = 'STORE_UNAVAILABLE';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreUnavailableError';
  }
}
