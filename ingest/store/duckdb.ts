// The embedded driver of `TimeSeriesStore`: DuckDB in a thread of its own (`duckdb-client.ts`, `duckdb-thread.ts`).
import {
  type IdentityConflict,
  type NumericColumns,
  type NumericPoint,
  type NumericQuery,
  type NumericRow,
  pointsOf,
  type RangeQuery,
  type ReadingKey,
  type ReadOptions,
  type StoreBatch,
  type StorePositions,
  type TimeSeriesStore,
  type WaveformRow,
  type WriteResult,
} from '../../contract/index.ts';
import { batchColumns, buffersOf } from './columns.ts';
import { type ClientPorts, DuckDbClient } from './duckdb-client.ts';
import { StoreArgumentError } from './errors.ts';
import { bucketsMax, rangeRowsMax } from './limits.ts';
import type { DatabaseOptions, SeriesNumbers, SeriesQuery, WaveformQuery } from './protocol.ts';

export async function openDuckDbStore(options: DatabaseOptions, ports: ClientPorts): Promise<TimeSeriesStore> {
  return new DuckDbStore(await DuckDbClient.open(options, ports), options.partitions);
}

class DuckDbStore implements TimeSeriesStore {
  readonly #client: DuckDbClient;
  readonly #partitions: number;

  constructor(client: DuckDbClient, partitions: number) {
    this.#client = client;
    this.#partitions = partitions;
  }

  async write({ numerics, waveforms, positions }: StoreBatch): Promise<WriteResult> {
    if (positions.length !== this.#partitions || !positions.every((each) => Number.isSafeInteger(each) && each >= 0))
      throw new StoreArgumentError(`expected ${this.#partitions} positions`);
    const batch = batchColumns(numerics, waveforms);
    const move = buffersOf(batch.numerics, batch.waveforms);
    const { written, copies, ...refused } = await this.#client.ask('write', { batch, positions }, { move });
    const conflicts = [
      ...refused.numericConflicts.map((row) => conflictOf(numerics[row] as NumericRow, null)),
      ...refused.waveformConflicts.map((row) => {
        const block = waveforms[row] as WaveformRow;
        return conflictOf(block, block.lead);
      }),
    ];
    return { written, copies, conflicts };
  }

  positions(): Promise<StorePositions> {
    return this.#client.ask('positions', null);
  }

  async latest(patient: string, options?: ReadOptions): Promise<readonly NumericPoint[]> {
    return pointsOf(await this.#client.ask('latest', { patient }, options));
  }

  async range(query: RangeQuery, options?: ReadOptions): Promise<readonly NumericPoint[]> {
    return pointsOf(await this.rangeColumns(query, options));
  }

  async rangeColumns(query: RangeQuery, options?: ReadOptions): Promise<NumericColumns> {
    const { patient, vital, from, to, limit, newestFirst = false, after } = query;
    checkSpan(query);
    checkCount(limit, rangeRowsMax, 'limit');
    if (vital !== undefined) checkCount(vital, 255, 'vital');
    const ask = { patient, from, to, limit, newestFirst, ...(vital !== undefined && { vital }) };
    return await this.#client.ask('range', { ...ask, ...(after && { after: keyOf(after) }) }, options);
  }

  async series(query: SeriesQuery, options?: ReadOptions): Promise<SeriesNumbers> {
    const { bucketMs, gapMs } = query;
    checkSpan(query);
    checkCount(bucketMs, Number.MAX_SAFE_INTEGER, 'bucketMs');
    checkCount(gapMs, Number.MAX_SAFE_INTEGER, 'gapMs');
    if ((query.to - query.from) / bucketMs > bucketsMax)
      throw new StoreArgumentError(`more than ${bucketsMax} buckets: ask for longer ones`);
    return await this.#client.ask('series', { ...coreOf(query), bucketMs, gapMs }, options);
  }

  async waveform({ patient, lead, from, to }: WaveformQuery, options?: ReadOptions) {
    checkSpan({ from, to });
    checkCount(lead, 2_147_483_647, 'lead');
    const { devices, bytes, ends } = await this.#client.ask('waveform', { patient, lead, from, to }, options);
    // Views of the one array: nothing is copied.
    return devices.map((device, i) => ({ device, block: bytes.subarray(i === 0 ? 0 : ends[i - 1], ends[i]) }));
  }

  count(patient?: string, options?: ReadOptions): Promise<{ readonly numerics: number; readonly waveforms: number }> {
    return this.#client.ask('count', { patient }, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}

function conflictOf(row: NumericRow | WaveformRow, lead: number | null): IdentityConflict {
  const { patient, device, boot, seq, partition, position, hash } = row;
  return { patient, device, boot, seq, lead, partition, position, hash };
}

function coreOf({ patient, vital, from, to }: NumericQuery): NumericQuery {
  checkCount(vital, 255, 'vital');
  return { patient, vital, from, to };
}

function keyOf({ effectiveAt, device, boot, seq }: ReadingKey): ReadingKey {
  checkSpan({ from: effectiveAt, to: effectiveAt });
  checkCount(boot + 1, 2_147_483_648, 'boot');
  if (!Number.isSafeInteger(seq) || seq < 0) throw new StoreArgumentError('expected seq to be an integer');
  if (device.length < 1 || device.length > 64) throw new StoreArgumentError('an id has 1 to 64 characters');
  return { effectiveAt, device, boot, seq };
}

/** Largest millisecond whose microseconds are exact. */
const instantMax = Math.floor(Number.MAX_SAFE_INTEGER / 1_000);

function checkSpan({ from, to }: { readonly from: number; readonly to: number }): void {
  const fine = (at: number) => Number.isSafeInteger(at) && at >= 0 && at <= instantMax;
  if (!fine(from) || !fine(to) || from > to) throw new StoreArgumentError('expected from <= to, integer milliseconds');
}

function checkCount(value: number, max: number, what: string): void {
  if (!Number.isSafeInteger(value) || value < 1 || value > max)
    throw new StoreArgumentError(`expected ${what} from 1 to ${max}`);
}
