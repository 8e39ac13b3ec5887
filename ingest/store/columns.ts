// Rows as typed arrays: what crosses between the event loop and the database's thread, moved and not copied. Strings go
// once a batch, rows name them by index.
import type { NumericColumns, NumericPoint, NumericRow, WaveformRow } from '../../contract/index.ts';
import { StoreArgumentError } from './errors.ts';

/** Readings of a batch: the columns of the contract, and whose they are. `names` of the batch take the place of `devices`. */
export interface BatchNumerics extends Omit<NumericColumns, 'devices'> {
  readonly patient: Uint32Array<ArrayBuffer>;
}

/** Blocks, one array a column; block i is bytes[ends[i - 1]..ends[i]]. */
export interface WaveformColumns {
  readonly rows: number;
  readonly patient: Uint32Array<ArrayBuffer>;
  readonly device: Uint32Array<ArrayBuffer>;
  readonly boot: Uint32Array<ArrayBuffer>;
  readonly seq: Float64Array<ArrayBuffer>;
  readonly lead: Uint32Array<ArrayBuffer>;
  readonly takenAtUs: Float64Array<ArrayBuffer>;
  readonly acceptedAt: Float64Array<ArrayBuffer>;
  readonly rateMhz: Uint32Array<ArrayBuffer>;
  readonly samples: Uint16Array<ArrayBuffer>;
  readonly partition: Uint16Array<ArrayBuffer>;
  readonly position: Float64Array<ArrayBuffer>;
  readonly hash: BigInt64Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
}

export interface BatchColumns {
  readonly names: readonly string[];
  readonly numerics: BatchNumerics;
  readonly waveforms: WaveformColumns;
}

/** Rows as columns. Throws `StoreArgumentError` for a row that a column cannot hold. */
export function batchColumns(numerics: readonly NumericRow[], waveforms: readonly WaveformRow[]): BatchColumns {
  const names = new Names();
  const patient = Uint32Array.from(numerics, (row) => names.indexOf(row.patient));
  return {
    numerics: { ...numericColumns(numerics, names), patient },
    waveforms: waveformColumns(waveforms, names),
    names: names.list,
  };
}

/** Readings of one patient as columns. */
export function pointColumns(points: readonly NumericPoint[]): NumericColumns {
  const names = new Names();
  return { ...numericColumns(points, names), devices: names.list };
}

/** Arrays of a batch that may be moved to another thread. */
export function buffersOf(...columns: readonly object[]): ArrayBuffer[] {
  return columns.flatMap((each) =>
    Object.values(each).flatMap((column) => (ArrayBuffer.isView(column) ? [column.buffer as ArrayBuffer] : [])),
  );
}

class Names {
  readonly list: string[] = [];
  readonly #indices = new Map<string, number>();

  indexOf(name: string): number {
    let index = this.#indices.get(name);
    if (index === undefined) {
      if (name.length < 1 || name.length > 64) throw new StoreArgumentError('an id has 1 to 64 characters');
      index = this.list.push(name) - 1;
      this.#indices.set(name, index);
    }
    return index;
  }
}

function numericColumns(rows: readonly NumericPoint[], names: Names): Omit<NumericColumns, 'devices'> {
  const n = rows.length;
  const columns = emptyColumns(n);
  for (let i = 0; i < n; i++) {
    const row = rows[i] as NumericPoint;
    columns.device[i] = names.indexOf(row.device);
    columns.boot[i] = whole(row.boot, int32Max, 'boot');
    columns.seq[i] = whole(row.seq, Number.MAX_SAFE_INTEGER, 'seq');
    columns.vital[i] = whole(row.vital, 255, 'vital');
    columns.value[i] = finiteOrNone(row.value);
    columns.unit[i] = whole(row.unit, 255, 'unit');
    columns.reported[i] = finiteOrNone(row.reported);
    columns.bound[i] = whole(row.bound, 2, 'bound');
    columns.absent[i] = whole(row.absent + 1, 128, 'absent') - 1;
    columns.quality[i] = whole(row.quality, 2, 'quality');
    columns.clock[i] = whole(row.clock, 2, 'clock');
    columns.takenAt[i] = whole(row.takenAt, Number.MAX_SAFE_INTEGER, 'takenAt');
    columns.receivedAt[i] = whole(row.receivedAt, Number.MAX_SAFE_INTEGER, 'receivedAt');
    columns.acceptedAt[i] = whole(row.acceptedAt, Number.MAX_SAFE_INTEGER, 'acceptedAt');
    columns.effectiveAt[i] = whole(row.effectiveAt, Number.MAX_SAFE_INTEGER, 'effectiveAt');
    columns.partition[i] = whole(row.partition, 65_535, 'partition');
    columns.position[i] = whole(row.position, Number.MAX_SAFE_INTEGER, 'position');
    columns.hash[i] = row.hash;
  }
  return columns;
}

function emptyColumns(n: number): Omit<NumericColumns, 'devices'> {
  return {
    rows: n,
    device: new Uint32Array(n),
    boot: new Uint32Array(n),
    seq: new Float64Array(n),
    vital: new Uint8Array(n),
    value: new Float64Array(n),
    unit: new Uint8Array(n),
    reported: new Float64Array(n),
    bound: new Uint8Array(n),
    absent: new Int8Array(n),
    quality: new Uint8Array(n),
    clock: new Uint8Array(n),
    takenAt: new Float64Array(n),
    receivedAt: new Float64Array(n),
    acceptedAt: new Float64Array(n),
    effectiveAt: new Float64Array(n),
    partition: new Uint16Array(n),
    position: new Float64Array(n),
    hash: new BigInt64Array(n),
  };
}

function waveformColumns(rows: readonly WaveformRow[], names: Names): WaveformColumns {
  const n = rows.length;
  const columns: WaveformColumns = {
    rows: n,
    patient: new Uint32Array(n),
    device: new Uint32Array(n),
    boot: new Uint32Array(n),
    seq: new Float64Array(n),
    lead: new Uint32Array(n),
    takenAtUs: new Float64Array(n),
    acceptedAt: new Float64Array(n),
    rateMhz: new Uint32Array(n),
    samples: new Uint16Array(n),
    partition: new Uint16Array(n),
    position: new Float64Array(n),
    hash: new BigInt64Array(n),
    bytes: new Uint8Array(rows.reduce((sum, row) => sum + row.block.length, 0)),
    ends: new Uint32Array(n),
  };
  let end = 0;
  for (let i = 0; i < n; i++) {
    const row = rows[i] as WaveformRow;
    columns.patient[i] = names.indexOf(row.patient);
    columns.device[i] = names.indexOf(row.device);
    columns.boot[i] = whole(row.boot, int32Max, 'boot');
    columns.seq[i] = whole(row.seq, Number.MAX_SAFE_INTEGER, 'seq');
    columns.lead[i] = whole(row.lead, int32Max, 'lead');
    columns.takenAtUs[i] = whole(row.takenAtUs, Number.MAX_SAFE_INTEGER, 'takenAtUs');
    columns.acceptedAt[i] = whole(row.acceptedAt, Number.MAX_SAFE_INTEGER, 'acceptedAt');
    columns.rateMhz[i] = whole(row.rateMhz - 1, 4_294_967_294, 'rateMhz') + 1;
    columns.samples[i] = whole(row.samples, 65_535, 'samples');
    columns.partition[i] = whole(row.partition, 65_535, 'partition');
    columns.position[i] = whole(row.position, Number.MAX_SAFE_INTEGER, 'position');
    columns.hash[i] = row.hash;
    columns.bytes.set(row.block, end);
    end += row.block.length;
    columns.ends[i] = end;
  }
  return columns;
}

const int32Max = 2_147_483_647;

function whole(value: number, max: number, what: string): number {
  if (!Number.isSafeInteger(value) || value < 0 || value > max)
    throw new StoreArgumentError(`${what} of a row is out of range`);
  return value;
}

function finiteOrNone(value: number | null): number {
  if (value === null) return Number.NaN;
  if (!Number.isFinite(value)) throw new StoreArgumentError('a value is not finite');
  return value;
}
