// Rows into a table, column by column: a chunk at a time, no statement to parse, no key to check.
import { type DuckDBConnection, DuckDBDataChunk, type DuckDBType, type DuckDBValue } from '@duckdb/node-api';

/** A column of what is appended: its type and its value in row i. */
export interface AppendColumn {
  readonly type: DuckDBType;
  readonly at: (row: number) => DuckDBValue;
}

/** Rows of one chunk: DuckDB's vector size. */
const chunkRows = 2_048;

export async function appendRows(
  connection: DuckDBConnection,
  table: string,
  rows: number,
  columns: readonly AppendColumn[],
): Promise<void> {
  if (rows === 0) return;
  const appender = await connection.createAppender(table);
  const types = columns.map(({ type }) => type);
  try {
    for (let start = 0; start < rows; start += chunkRows) {
      const count = Math.min(chunkRows, rows - start);
      const chunk = DuckDBDataChunk.create(types, count);
      columns.forEach(({ at }, index) => {
        const vector = chunk.getColumnVector(index);
        for (let i = 0; i < count; i++) vector.setItem(i, at(start + i));
        vector.flush();
      });
      appender.appendDataChunk(chunk);
    }
    appender.flushSync();
  } finally {
    appender.closeSync();
  }
}
