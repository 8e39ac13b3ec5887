// One batch into the database: rows, interval sets, names and positions in one transaction (ING-COMMIT, ING-DEDUP).
//
// Invariants: after a failure the database and what is held in memory are as before the call; a row whose identity is
// held is never written again: equal hash, a copy; another hash, a conflict, and the first stays. Positions never go back.
import { BIGINT, type DuckDBConnection, INTEGER } from '@duckdb/node-api';
import { pointAt, type StorePositions } from '../../contract/index.ts';
import type { BatchColumns } from './columns.ts';
import { appendRows } from './duckdb-append.ts';
import { heldHashes, identityKey } from './duckdb-held.ts';
import { nameColumns, numericTable, type RowTable, spanColumns, waveformTable } from './duckdb-tables.ts';
import type { Span, StagedIdentities } from './identities.ts';
import { spansSpareMax } from './limits.ts';
import type { Memory } from './memory.ts';
import type { Written } from './protocol.ts';

/** Which rows of a table's part of the batch are new, and which contradict what is held. */
interface Sorted {
  readonly fresh: readonly number[];
  readonly copies: number;
  readonly conflicts: readonly number[];
}

export async function writeBatch(
  connection: DuckDBConnection,
  memory: Memory,
  { batch, positions }: { readonly batch: BatchColumns; readonly positions: StorePositions },
): Promise<Written> {
  const names = memory.names.stage(batch.names);
  const identities = memory.identities.stage();
  const numerics = numericTable(batch.numerics, names.codes);
  const waveforms = waveformTable(batch.waveforms, names.codes);
  const { readings, blocks, spans } = await inTransaction(connection, async () => {
    const readings = await sortOut(connection, identities, numerics);
    const blocks = await sortOut(connection, identities, waveforms);
    const spans = [...identities.spans()];
    await appendRows(connection, 'names', names.fresh.length, nameColumns(names));
    await appendRows(connection, 'numerics', readings.fresh.length, numerics.columns(readings.fresh));
    await appendRows(connection, 'waveforms', blocks.fresh.length, waveforms.columns(blocks.fresh));
    await appendRows(connection, 'spans', spans.length, spanColumns(spans));
    await advance(connection, memory.positions, positions);
    return { readings, blocks, spans };
  });
  names.commit();
  identities.commit();
  memory.spanRows += spans.length;
  memory.positions = memory.positions.map((held, partition) => Math.max(held, positions[partition] ?? 0));
  noteLatest(memory, batch, names.codes, readings.fresh);
  return {
    written: readings.fresh.length + blocks.fresh.length,
    copies: readings.copies + blocks.copies,
    numericConflicts: readings.conflicts,
    waveformConflicts: blocks.conflicts,
  };
}

/** The table of spans grows by a row a write and stream; now and then it is written anew from what is held. */
export async function compactSpans(connection: DuckDBConnection, memory: Memory): Promise<void> {
  if (memory.spanRows < memory.identities.size + spansSpareMax) return;
  const spans: Span[] = [...memory.identities.spans()];
  await inTransaction(connection, async () => {
    await connection.run('DELETE FROM spans');
    await appendRows(connection, 'spans', spans.length, spanColumns(spans));
  });
  memory.spanRows = spans.length;
}

async function inTransaction<T>(connection: DuckDBConnection, work: () => Promise<T>): Promise<T> {
  await connection.run('BEGIN TRANSACTION');
  try {
    const result = await work();
    await connection.run('COMMIT');
    return result;
  } catch (error) {
    // What failed is what counts; if the transaction is gone already there is nothing to roll back.
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/** New rows by the interval sets alone; what may be held is compared with what is held. */
async function sortOut(connection: DuckDBConnection, identities: StagedIdentities, table: RowTable): Promise<Sorted> {
  const fresh: number[] = [];
  const perhapsHeld: number[] = [];
  for (let row = 0; row < table.rows; row++) {
    const { device, boot, lead, seq } = table.identity(row);
    (identities.claim(device, boot, lead, seq) ? fresh : perhapsHeld).push(row);
  }
  if (perhapsHeld.length === 0) return { fresh, copies: 0, conflicts: [] };
  const held = await heldHashes(connection, table, perhapsHeld);
  const wanted = new Set(perhapsHeld.map((row) => identityKey(table.identity(row))));
  for (const row of fresh) {
    const key = identityKey(table.identity(row));
    if (wanted.has(key)) held.set(key, table.hash(row));
  }
  let copies = 0;
  const conflicts: number[] = [];
  for (const row of perhapsHeld) {
    const key = identityKey(table.identity(row));
    const hash = held.get(key);
    if (hash === undefined) {
      held.set(key, table.hash(row));
      fresh.push(row);
    } else if (hash === table.hash(row)) copies++;
    else conflicts.push(row);
  }
  return { fresh, copies, conflicts };
}

async function advance(connection: DuckDBConnection, held: StorePositions, next: StorePositions): Promise<void> {
  for (const [partition, position] of next.entries()) {
    if (position <= (held[partition] ?? 0)) continue;
    await connection.run(
      'UPDATE positions SET log_position = $1 WHERE log_partition = $2',
      [BigInt(position), partition],
      [BIGINT, INTEGER],
    );
  }
}

function noteLatest(
  memory: Memory,
  { names, numerics }: BatchColumns,
  codes: readonly number[],
  fresh: readonly number[],
): void {
  const columns = { ...numerics, devices: names };
  for (const row of fresh)
    memory.latest.note(codes[numerics.patient[row] as number] as number, () => pointAt(columns, row));
}
