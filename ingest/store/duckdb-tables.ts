// The columns of each table as they are appended, in the order of `duckdb-file.ts`, and what identity means in each.
import { BIGINT, BLOB, blobValue, DOUBLE, INTEGER, TINYINT, UINTEGER, UTINYINT, VARCHAR } from '@duckdb/node-api';
import type { BatchNumerics, WaveformColumns } from './columns.ts';
import type { AppendColumn } from './duckdb-append.ts';
import { noLead, type Span } from './identities.ts';
import type { StagedNames } from './names.ts';

/** Codes and counters that name one reading or block. */
export interface Identity {
  readonly device: number;
  readonly boot: number;
  readonly lead: number;
  readonly seq: number;
}

/** One table's part of a batch. */
export interface RowTable {
  readonly name: 'numerics' | 'waveforms';
  readonly timeColumn: 'taken_at' | 'taken_at_us';
  /** Expression of the lead in a stored row `r`. */
  readonly leadColumn: string;
  readonly rows: number;
  identity(row: number): Identity;
  hash(row: number): bigint;
  takenAt(row: number): number;
  /** Columns of the chosen rows. */
  columns(chosen: readonly number[]): readonly AppendColumn[];
}

type Numbers = { readonly [row: number]: number };

export function numericTable(from: BatchNumerics, codes: readonly number[]): RowTable {
  const device = (row: number) => codes[from.device[row] as number] as number;
  return {
    name: 'numerics',
    timeColumn: 'taken_at',
    leadColumn: `${noLead}`,
    rows: from.rows,
    identity: (row) => ({ device: device(row), boot: at(from.boot, row), lead: noLead, seq: at(from.seq, row) }),
    hash: (row) => from.hash[row] as bigint,
    takenAt: (row) => at(from.takenAt, row),
    columns: (chosen) => {
      const row = (i: number) => chosen[i] as number;
      const big = (column: Numbers) => ({ type: BIGINT, at: (i: number) => BigInt(at(column, row(i))) });
      const small = (column: Numbers) => ({ type: UTINYINT, at: (i: number) => at(column, row(i)) });
      return [
        { type: INTEGER, at: (i) => codes[at(from.patient, row(i))] as number },
        { type: INTEGER, at: (i) => device(row(i)) },
        { type: INTEGER, at: (i) => at(from.boot, row(i)) },
        big(from.seq),
        small(from.vital),
        { type: DOUBLE, at: (i) => orNull(at(from.value, row(i))) },
        small(from.bound),
        { type: TINYINT, at: (i) => at(from.absent, row(i)) },
        small(from.quality),
        small(from.clock),
        big(from.takenAt),
        big(from.receivedAt),
        big(from.acceptedAt),
        big(from.effectiveAt),
        { type: INTEGER, at: (i) => at(from.partition, row(i)) },
        big(from.position),
        { type: BIGINT, at: (i) => from.hash[row(i)] as bigint },
        small(from.unit),
        { type: DOUBLE, at: (i) => orNull(at(from.reported, row(i))) },
      ];
    },
  };
}

export function waveformTable(from: WaveformColumns, codes: readonly number[]): RowTable {
  const device = (row: number) => codes[from.device[row] as number] as number;
  return {
    name: 'waveforms',
    timeColumn: 'taken_at_us',
    leadColumn: 'r.lead',
    rows: from.rows,
    identity: (row) => ({
      device: device(row),
      boot: at(from.boot, row),
      lead: at(from.lead, row),
      seq: at(from.seq, row),
    }),
    hash: (row) => from.hash[row] as bigint,
    takenAt: (row) => at(from.takenAtUs, row),
    columns: (chosen) => {
      const row = (i: number) => chosen[i] as number;
      const big = (column: Numbers) => ({ type: BIGINT, at: (i: number) => BigInt(at(column, row(i))) });
      const plain = (column: Numbers) => ({ type: INTEGER, at: (i: number) => at(column, row(i)) });
      return [
        { type: INTEGER, at: (i) => codes[at(from.patient, row(i))] as number },
        { type: INTEGER, at: (i) => device(row(i)) },
        plain(from.boot),
        big(from.seq),
        plain(from.lead),
        big(from.takenAtUs),
        { type: BIGINT, at: (i) => BigInt(endUs(from, row(i))) },
        big(from.acceptedAt),
        { type: UINTEGER, at: (i) => at(from.rateMhz, row(i)) },
        plain(from.samples),
        plain(from.partition),
        big(from.position),
        { type: BIGINT, at: (i) => from.hash[row(i)] as bigint },
        { type: BLOB, at: (i) => blobValue(blockBytes(from, row(i))) },
      ];
    },
  };
}

export function nameColumns({ first, fresh }: StagedNames): readonly AppendColumn[] {
  return [
    { type: INTEGER, at: (i) => first + i },
    { type: VARCHAR, at: (i) => fresh[i] as string },
  ];
}

export function spanColumns(spans: readonly Span[]): readonly AppendColumn[] {
  const span = (i: number) => spans[i] as Span;
  return [
    { type: INTEGER, at: (i) => span(i).device },
    { type: INTEGER, at: (i) => span(i).boot },
    { type: INTEGER, at: (i) => span(i).lead },
    { type: BIGINT, at: (i) => BigInt(span(i).low) },
    { type: BIGINT, at: (i) => BigInt(span(i).high) },
  ];
}

/** Where the last sample's span ends, so that a slice finds blocks that began before it. */
function endUs(from: WaveformColumns, row: number): number {
  return at(from.takenAtUs, row) + Math.ceil((at(from.samples, row) * 1e9) / at(from.rateMhz, row));
}

function blockBytes(from: WaveformColumns, row: number): Uint8Array {
  return from.bytes.subarray(row === 0 ? 0 : at(from.ends, row - 1), at(from.ends, row));
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function at(column: Numbers, row: number): number {
  return column[row] as number;
}
