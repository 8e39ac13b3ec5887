// The questions as statements. Ids become integers before they come here and every number is checked, so statements are
// built from integers alone; the one name, of a key, is a bound value. All instants come back as DOUBLE, exact below 2^53.
import type { DuckDBConnection, DuckDBDataChunk, DuckDBValue } from '@duckdb/node-api';
import type { NumericColumns, RangeQuery } from '../../contract/index.ts';
import { readSteps, streamSteps } from './duckdb-stepped.ts';
import { StoreArgumentError } from './errors.ts';
import { blocksPerSliceMax } from './limits.ts';
import type { NameCodes } from './names.ts';
import type { BlockColumns, SeriesNumbers } from './protocol.ts';
import { SeriesFold } from './series.ts';

/** What a numeric question is about, ids as codes. */
export interface CodedQuery {
  readonly patient: number;
  readonly vital: number;
  readonly from: number;
  readonly to: number;
}

const selected = `n.device, n.boot::DOUBLE, n.seq::DOUBLE, n.vital, n.value, n.bound, n.absent, n.quality, n.clock,
  n.taken_at::DOUBLE, n.received_at::DOUBLE, n.accepted_at::DOUBLE, n.effective_at::DOUBLE, n.log_partition::DOUBLE,
  n.log_position::DOUBLE, n.hash, n.unit, n.reported`;

/** Newest readings per vital of the patient; of several with one effective time all. */
export function latestOf(connection: DuckDBConnection, patient: number, names: NameCodes): Promise<NumericColumns> {
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
  query: Omit<RangeQuery, 'patient'> & { readonly patient: number },
  names: NameCodes,
): Promise<NumericColumns> {
  const { after, newestFirst, limit } = query;
  const [direction, follows] = newestFirst ? ['DESC', '<'] : ['ASC', '>'];
  // The instant narrows the scan by itself; the key decides within it.
  const span = { ...query };
  if (after && newestFirst) span.to = Math.min(query.to, after.effectiveAt + 1);
  else if (after) span.from = Math.max(query.from, after.effectiveAt);
  const key = after && `(${int(after.effectiveAt)}, $1, ${int(after.boot)}, ${int(after.seq)})`;
  return points(
    connection,
    names,
    `SELECT ${selected} FROM numerics n JOIN names d ON d.code = n.device WHERE ${within(span)}
     ${key ? `AND (n.effective_at, d.name, n.boot, n.seq) ${follows} ${key}` : ''}
     ORDER BY n.effective_at ${direction}, d.name ${direction}, n.boot ${direction}, n.seq ${direction}
     LIMIT ${int(limit)}`,
    after && [after.device],
  );
}

/** Buckets and gaps: the rows alone come from the database, summed up as they come (`series.ts`). */
export async function seriesOf(
  connection: DuckDBConnection,
  query: CodedQuery & { readonly bucketMs: number; readonly gapMs: number },
): Promise<SeriesNumbers> {
  const rows = await streamSteps(
    connection,
    `SELECT n.effective_at::DOUBLE, n.value FROM numerics n
     WHERE ${within(query)} AND n.value IS NOT NULL AND n.quality < 2`,
  );
  const fold = new SeriesFold(query);
  for (let chunk = await rows.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await rows.fetchChunk())
    fold.add(doubles(chunk, 0), doubles(chunk, 1), chunk.rowCount);
  return fold.result();
}

/** A column of DOUBLE without nulls as it lies in the chunk: a call for each value would cost more than the query. */
function doubles(chunk: DuckDBDataChunk, column: number): Float64Array {
  const vector = chunk.getColumnVector(column);
  if ('items' in vector && vector.items instanceof Float64Array) return vector.items;
  throw new Error('a column of a chunk has no array of doubles');
}

/** Blocks of the lead that overlap [from, to), milliseconds. */
export async function waveformOf(
  connection: DuckDBConnection,
  query: { readonly patient: number; readonly lead: number; readonly from: number; readonly to: number },
  names: NameCodes,
): Promise<BlockColumns> {
  const reader = await readSteps(
    connection,
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
  const reader = await readSteps(
    connection,
    `SELECT (SELECT count(*) FROM numerics ${where})::DOUBLE, (SELECT count(*) FROM waveforms ${where})::DOUBLE`,
  );
  const [numerics, waveforms] = reader.getRows()[0] as [number, number];
  return { numerics, waveforms };
}

function within({ patient, vital, from, to }: Omit<CodedQuery, 'vital'> & { readonly vital?: number }): string {
  return `n.patient = ${int(patient)} ${vital === undefined ? '' : `AND n.vital = ${int(vital)}`}
    AND n.effective_at >= ${int(from)} AND n.effective_at < ${int(to)}`;
}

/** Rows straight into columns: no object a row on the way. */
async function points(
  connection: DuckDBConnection,
  names: NameCodes,
  statement: string,
  values?: DuckDBValue[],
): Promise<NumericColumns> {
  const reader = await readSteps(connection, statement, values);
  const numbers = reader.getColumns() as number[][];
  const of = (column: number) => numbers[column] ?? [];
  const devices = [...new Set(of(0))];
  const index = new Map(devices.map((code, i) => [code, i]));
  const orNaN = (column: number) => Float64Array.from(of(column) as (number | null)[], (value) => value ?? Number.NaN);
  return {
    rows: reader.currentRowCount,
    devices: devices.map((code) => names.nameOf(code)),
    device: Uint32Array.from(of(0), (code) => index.get(code) as number),
    boot: Uint32Array.from(of(1)),
    seq: Float64Array.from(of(2)),
    vital: Uint8Array.from(of(3)),
    value: orNaN(4),
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
    unit: Uint8Array.from(of(16)),
    reported: orNaN(17),
  };
}

/** The integer as text; anything else must never become a part of a statement. */
function int(value: number): string {
  if (!Number.isSafeInteger(value)) throw new StoreArgumentError('a query has a number that is no integer');
  return String(value);
}
