// The store of the configured driver. A driver's library is loaded only when it is chosen.
import type { Announce, Clock, TimeSeriesStore } from '../../contract/index.ts';

export interface StoreOptions {
  readonly driver: 'duckdb';
  readonly file: string;
  /** Of the topic `inputs`; fixed when the file is made. */
  readonly partitions: number;
  /** Whose data it is; a file of another installation is refused. */
  readonly installation?: string;
  /** Threads of one statement, default 1: the others belong to those who judge. */
  readonly threads?: number;
  /** Memory of the database, default 512. */
  readonly memoryMiB?: number;
}

export interface StorePorts {
  readonly clock: Clock;
  readonly announce: Announce;
}

/** Opens or makes the store. Rejects with `StoreFileError` naming the file if it is not ours or cannot be read. */
export async function openStore(options: StoreOptions, ports: StorePorts): Promise<TimeSeriesStore> {
  const { file, partitions, installation = '', threads = 1, memoryMiB = 512 } = options;
  const { openDuckDbStore } = await import('./duckdb.ts');
  return openDuckDbStore({ file, partitions, installation, threads, memoryMiB }, ports);
}
