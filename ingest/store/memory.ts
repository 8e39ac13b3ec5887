// What the thread holds of the database so that a write needs no search: names, identities, positions, newest readings.
// Loaded at start; changed only after a commit.
import type { DuckDBConnection } from '@duckdb/node-api';
import type { StorePositions } from '../../contract/index.ts';
import { Identities } from './identities.ts';
import { LatestReadings } from './latest.ts';
import { NameCodes } from './names.ts';

export interface Memory {
  readonly names: NameCodes;
  readonly identities: Identities;
  readonly latest: LatestReadings;
  positions: StorePositions;
  /** Rows in the table of spans. */
  spanRows: number;
}

export async function loadMemory(connection: DuckDBConnection): Promise<Memory> {
  const names = new NameCodes();
  const named = await connection.runAndReadAll('SELECT name FROM names ORDER BY code');
  for (const [name] of named.getRows()) names.load(name as string);
  const identities = new Identities();
  const spans = await connection.runAndReadAll(
    'SELECT device, boot, lead, low::DOUBLE, high::DOUBLE FROM spans ORDER BY device, boot, lead, low',
  );
  const rows = spans.getRows() as [number, number, number, number, number][];
  for (const [device, boot, lead, low, high] of rows) identities.load({ device, boot, lead, low, high });
  identities.trim();
  const positions = await readPositions(connection);
  return { names, identities, latest: new LatestReadings(), positions, spanRows: rows.length };
}

/** Positions as the database has them. */
export async function readPositions(connection: DuckDBConnection): Promise<StorePositions> {
  const reader = await connection.runAndReadAll('SELECT log_position::DOUBLE FROM positions ORDER BY log_partition');
  return reader.getRows().map(([position]) => position as number);
}
