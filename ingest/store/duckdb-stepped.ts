// A reading statement, run in the thread that asks, piece by piece: DuckDB's own way runs it in the pool of threads that the
// log's writes share, at the same priority as those who judge. Between two pieces the thread takes what else was said to it.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import {
  type DuckDBConnection,
  type DuckDBPendingResult,
  DuckDBPendingResultState,
  type DuckDBResult,
  type DuckDBResultReader,
  type DuckDBValue,
} from '@duckdb/node-api';

/** All rows. Rejects if the connection is interrupted. */
export async function readSteps(
  connection: DuckDBConnection,
  statement: string,
  values?: DuckDBValue[],
): Promise<DuckDBResultReader> {
  const pending = await connection.start(statement, values);
  await steps(pending);
  return pending.readAll();
}

/** Rows to be fetched chunk by chunk, computed as they are fetched: for what would not fit into memory at once. */
export async function streamSteps(connection: DuckDBConnection, statement: string): Promise<DuckDBResult> {
  const pending = await connection.startStream(statement);
  await steps(pending);
  return pending.getResult();
}

async function steps(pending: DuckDBPendingResult): Promise<void> {
  for (;;) {
    const state = pending.runTask();
    if (state === DuckDBPendingResultState.RESULT_READY) return;
    // No task is ready while another thread works on this statement; there are others only with `threads` above 1.
    if (state === DuckDBPendingResultState.NO_TASKS_AVAILABLE) await sleep(1);
    else await nextTurn();
  }
}
