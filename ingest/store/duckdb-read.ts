// The questions as statements. Ids become integers before they come here and every number is checked, so statements are
// built from integers alone. All instants come back as DOUBLE, exact below 2^53.
import type { DuckDBConnection } from '@duckdb/node-api';
import type { NumericColumns, PointColumns } from './columns.ts';
import { StoreArgumentError } from './errors.ts';
import { blocksPerSliceMax, cellsMax, gapsMax } from './limits.ts';
import type { NameCodes } from './names.ts';
import type { BlockColumns, SeriesNumbers } from './protocol.ts';
import { rollUp } from './series.ts';

/** What a numeric question is about, ids as codes. */
export interface CodedQuery {
  readonly patient: number;
  readonly vital: number;
  readonly from: number;
  readonly to: number;
}

const selected = `n.device, n.boot::DOUBLE, n.seq::DOUBLE, n.vital, n.value, n.bound, n.absent, n.quality, n.clock,
  n.taken_at::DOUBLE, n.received_at::DOUBLE, n.accepted_at::DOUBLE, n.effective_at::DOUBLE, n.log_partition::DOUBLE,
  n.log_position::DOUBLE, n.hash`;

/** Newest readings per vital of the patient; of several with one effective time all. */
export function latestOf(connection: DuckDBConnection, patient: number, names: NameCodes): Promise<PointColumns> {
  return points(
    connection,
    names,
    `WITH newest AS (SELECT vital, max(effective_at) AS at FROM numerics WHERE patient = ${int(patient)} GROUP BY vital)
     SELECT ${selected} FROM numerics n JOIN newest ON n.vital = newest.vital AND n.effective_at = newest.at
     WHERE n.patient = ${int(patient)}`,
  );
}

/** Readings in the order of the port. */
export function rangeOf(
  connection: DuckDBConnection,
  query: CodedQuery & { readonly limit: number },
  names: NameCodes,
): Promise<PointColumns> {
  return points(
    connection,
    names,
    `SELECT ${selected} FROM numerics n JOIN names d ON d.code = n.device WHERE ${within(query)}
     ORDER BY n.effective_at, d.name, n.boot, n.seq LIMIT ${int(query.limit)}`,
  );
}

/** Buckets and gaps from one statement: cells that lie in one bucket and are no longer than the shortest gap. */
export async function seriesOf(
  connection: DuckDBConnection,
  query: CodedQuery & { readonly bucketMs: number; readonly gapMs: number },
): Promise<SeriesNumbers> {
  const reader = await connection.runAndReadAll(
    `SELECT (min(n.effective_at) // ${int(query.bucketMs)} * ${int(query.bucketMs)})::DOUBLE,
       min(n.effective_at)::DOUBLE, max(n.effective_at)::DOUBLE, min(n.value), max(n.value), sum(n.value), count(*)::DOUBLE
     FROM numerics n WHERE ${within(query)} AND n.value IS NOT NULL AND n.quality < 2
     GROUP BY n.effective_at // ${int(query.bucketMs)}, n.effective_at // ${int(query.gapMs)} ORDER BY 2
     LIMIT ${cellsMax + 1}`,
  );
  if (reader.currentRowCount > cellsMax)
    throw new StoreArgumentError(`more than ${cellsMax} cells: ask for longer gaps or a shorter span`);
  const numbers = rollUp(reader.getColumns() as number[][], query);
  if (numbers.gaps.length > 2 * gapsMax)
    throw new StoreArgumentError(`more than ${gapsMax} gaps: ask for longer ones or a shorter span`);
  return numbers;
}

/** Blocks of the lead that overlap [from, to), milliseconds. */
export async function waveformOf(
  connection: DuckDBConnection,
  query: { readonly patient: number; readonly lead: number; readonly from: number; readonly to: number },
  names: NameCodes,
): Promise<BlockColumns> {
  const reader = await connection.runAndReadAll(
    `SELECT w.device, w.block FROM waveforms w JOIN names d ON d.code = w.device
     WHERE w.patient = ${int(query.patient)} AND w.lead = ${int(query.lead)}
       AND w.end_us > ${int(query.from * 1_000)} AND w.taken_at_us < ${int(query.to * 1_000)}
     ORDER BY w.taken_at_us, d.name, w.boot, w.seq LIMIT ${blocksPerSliceMax + 1}`,
  );
  const [devices = [], blocks = []] = reader.getColumns() as [number[], { readonly bytes: Uint8Array }[]];
  if (blocks.length > blocksPerSliceMax)
    throw new StoreArgumentError(`more than ${blocksPerSliceMax} blocks: ask for a shorter span`);
  const bytes = new Uint8Array(blocks.reduce((sum, block) => sum + block.bytes.length, 0));
  const ends = new Uint32Array(blocks.length);
  let end = 0;
  blocks.forEach((block, i) => {
    bytes.set(block.bytes, end);
    end += block.bytes.length;
    ends[i] = end;
  });
  return { devices: devices.map((code) => names.nameOf(code)), bytes, ends };
}

export async function countOf(
  connection: DuckDBConnection,
  patient: number | undefined,
): Promise<{ readonly numerics: number; readonly waveforms: number }> {
  const where = patient === undefined ? '' : `WHERE patient = ${int(patient)}`;
  const reader = await connection.runAndReadAll(
    `SELECT (SELECT count(*) FROM numerics ${where})::DOUBLE, (SELECT count(*) FROM waveforms ${where})::DOUBLE`,
  );
  const [numerics, waveforms] = reader.getRows()[0] as [number, number];
  return { numerics, waveforms };
}

function within({ patient, vital, from, to }: CodedQuery): string {
  return `n.patient = ${int(patient)} AND n.vital = ${int(vital)}
    AND n.effective_at >= ${int(from)} AND n.effective_at < ${int(to)}`;
}

/** Rows straight into columns: no object a row on the way. */
async function points(connection: DuckDBConnection, names: NameCodes, statement: string): Promise<PointColumns> {
  const reader = await connection.runAndReadAll(statement);
  const numbers = reader.getColumns() as number[][];
  const of = (column: number) => numbers[column] ?? [];
  const devices = [...new Set(of(0))];
  const index = new Map(devices.map((code, i) => [code, i]));
  const columns: NumericColumns = {
    rows: reader.currentRowCount,
    patient: new Uint32Array(reader.currentRowCount),
    device: Uint32Array.from(of(0), (code) => index.get(code) as number),
    boot: Uint32Array.from(of(1)),
    seq: Float64Array.from(of(2)),
    vital: Uint8Array.from(of(3)),
    value: Float64Array.from(of(4) as (number | null)[], (value) => value ?? Number.NaN),
    bound: Uint8Array.from(of(5)),
    absent: Int8Array.from(of(6)),
    quality: Uint8Array.from(of(7)),
    clock: Uint8Array.from(of(8)),
    takenAt: Float64Array.from(of(9)),
    receivedAt: Float64Array.from(of(10)),
    acceptedAt: Float64Array.from(of(11)),
    effectiveAt: Float64Array.from(of(12)),
    partition: Uint16Array.from(of(13)),
    position: Float64Array.from(of(14)),
    hash: BigInt64Array.from(of(15) as unknown as bigint[]),
  };
  return { names: devices.map((code) => names.nameOf(code)), columns };
}

/** The integer as text; anything else must never become a part of a statement. */
function int(value: number): string {
  if (!Number.isSafeInteger(value)) throw new StoreArgumentError('a query has a number that is no integer');
  return String(value);
}
