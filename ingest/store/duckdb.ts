// The embedded driver of `TimeSeriesStore`: DuckDB in a thread of its own (`duckdb-client.ts`, `duckdb-thread.ts`).
import { setImmediate as nextTurn } from 'node:timers/promises';
import type {
  Gap,
  IdentityConflict,
  NumericPoint,
  NumericQuery,
  NumericRow,
  ReadOptions,
  SeriesBucket,
  StoreBatch,
  StorePositions,
  TimeSeriesStore,
  WaveformRow,
  WriteResult,
} from '../../contract/index.ts';
import { batchColumns, buffersOf, pointAt, pointsOf } from './columns.ts';
import { type ClientPorts, DuckDbClient } from './duckdb-client.ts';
import { StoreArgumentError } from './errors.ts';
import { answersPerTurnMax, bucketsMax, rangeRowsMax } from './limits.ts';
import type { DatabaseOptions, RangeQuery, SeriesQuery, WaveformQuery } from './protocol.ts';

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
    checkSpan(query);
    checkCount(query.limit, rangeRowsMax, 'limit');
    const points = await this.#client.ask('range', { ...coreOf(query), limit: query.limit }, options);
    return inTurns(points.columns.rows, (i) => pointAt(points, i));
  }

  async series(query: SeriesQuery, options?: ReadOptions) {
    const { bucketMs, gapMs } = query;
    checkSpan(query);
    checkCount(bucketMs, Number.MAX_SAFE_INTEGER, 'bucketMs');
    checkCount(gapMs, Number.MAX_SAFE_INTEGER, 'gapMs');
    if ((query.to - query.from) / bucketMs > bucketsMax)
      throw new StoreArgumentError(`more than ${bucketsMax} buckets: ask for longer ones`);
    const { buckets, gaps } = await this.#client.ask('series', { ...coreOf(query), bucketMs, gapMs }, options);
    return {
      buckets: await inTurns(buckets.length / 5, (i) => bucketAt(buckets, i)),
      gaps: await inTurns(gaps.length / 2, (i) => gapAt(gaps, i)),
    };
  }

  async waveform({ patient, lead, from, to }: WaveformQuery, options?: ReadOptions) {
    checkSpan({ from, to });
    checkCount(lead, 2_147_483_647, 'lead');
    const { devices, bytes, ends } = await this.#client.ask('waveform', { patient, lead, from, to }, options);
    return inTurns(devices.length, (i) => ({
      device: devices[i] as string,
      block: bytes.slice(i === 0 ? 0 : ends[i - 1], ends[i]),
    }));
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

function bucketAt(numbers: Float64Array, i: number): SeriesBucket {
  const at = (column: number) => numbers[5 * i + column] as number;
  return { at: at(0), min: at(1), max: at(2), mean: at(3), n: at(4) };
}

function gapAt(numbers: Float64Array, i: number): Gap {
  return { from: numbers[2 * i] as number, to: numbers[2 * i + 1] as number };
}

/** Objects of a long answer, the event loop given back after each few: nobody's alert waits for a chart. */
async function inTurns<T>(length: number, at: (i: number) => T): Promise<T[]> {
  const all: T[] = [];
  for (let i = 0; i < length; i++) {
    if (i > 0 && i % answersPerTurnMax === 0) await nextTurn();
    all.push(at(i));
  }
  return all;
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
