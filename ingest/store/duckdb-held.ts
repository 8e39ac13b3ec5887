// The hashes of identities that may be held already. A copy has the same time as its first, so the search is narrow; what
// it does not find has another time, and is looked for without one.
import { BIGINT, type DuckDBConnection, INTEGER, LIST, listValue } from '@duckdb/node-api';
import type { Identity, RowTable } from './duckdb-tables.ts';

export function identityKey({ device, boot, lead, seq }: Identity): string {
  return `${device}/${boot}/${lead}/${seq}`;
}

/** Hash by identity of those of the rows that the database holds. */
export async function heldHashes(
  connection: DuckDBConnection,
  table: RowTable,
  rows: readonly number[],
): Promise<Map<string, bigint>> {
  const times = rows.map((row) => table.takenAt(row));
  const low = times.reduce((a, b) => Math.min(a, b));
  const high = times.reduce((a, b) => Math.max(a, b));
  const held = await search(connection, table, rows, `AND r.${table.timeColumn} BETWEEN ${low} AND ${high}`);
  const elsewhere = rows.filter((row) => !held.has(identityKey(table.identity(row))));
  if (elsewhere.length === 0) return held;
  for (const [key, hash] of await search(connection, table, elsewhere, '')) held.set(key, hash);
  return held;
}

async function search(
  connection: DuckDBConnection,
  table: RowTable,
  rows: readonly number[],
  when: string,
): Promise<Map<string, bigint>> {
  const identities = rows.map((row) => table.identity(row));
  const reader = await connection.runAndReadAll(
    `SELECT r.device, r.boot, ${table.leadColumn}, r.seq::DOUBLE, r.hash FROM ${table.name} r
     JOIN (SELECT unnest($1) AS device, unnest($2) AS boot, unnest($3) AS lead, unnest($4) AS seq) w
       ON r.device = w.device AND r.boot = w.boot AND ${table.leadColumn} = w.lead AND r.seq = w.seq
     WHERE true ${when}`,
    [
      listValue(identities.map(({ device }) => device)),
      listValue(identities.map(({ boot }) => boot)),
      listValue(identities.map(({ lead }) => lead)),
      listValue(identities.map(({ seq }) => BigInt(seq))),
    ],
    [LIST(INTEGER), LIST(INTEGER), LIST(INTEGER), LIST(BIGINT)],
  );
  const found = reader.getRows() as [number, number, number, number, bigint][];
  return new Map(found.map(([device, boot, lead, seq, hash]) => [identityKey({ device, boot, lead, seq }), hash]));
}
