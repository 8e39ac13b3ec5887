// Row `store` of `performance.md`: a million rows in batches of 1,000 and 10,000, a commit each; newest values, a day, a
// month in minutes; quiet, and while a ward writes. The peer is SQLite with the same rows and an index, in this thread.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type NumericRow, type TimeSeriesStore, VITALS } from '../../contract/index.ts';
import { hostClock } from '../../host.ts';
import { openStore } from '../../ingest/index.ts';
import { numericRow, start } from '../contracts/time-series-store-rows.ts';
import { type Figure, median, rounded } from './figure.ts';
import { type BenchRows, benchRows } from './peers/real-rows.ts';
import { SqliteRows } from './peers/sqlite-rows.ts';

const rowsMax = 1_000_000;
const dayMs = 86_400_000;
/** A hospital ward at home: 100 patients, three readings a second each, written as the store's writer does. */
const wardRowsPerWrite = 75;
const wardEveryMs = 250;
const latestPatients = 1_000;
/** A store refuses more waiting reads than 64. */
const askedAtOnce = 32;
const rounds = 15;

export async function bench(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'vigil-bench-'));
  try {
    const given = benchRows(rowsMax);
    const figures: Figure[] = [
      { name: `store rows, ${given.source}`, value: given.rows.length, unit: 'rows' },
      { name: `store rows, ${given.source}, each once`, value: Math.min(given.recorded, rowsMax), unit: 'rows' },
      { name: 'store patients', value: given.patients.length, unit: 'patients' },
    ];
    for (const batch of [1_000, 10_000]) figures.push(...(await written(folder, given, batch)));
    figures.push(...(await asked(folder, given)));
    return figures;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const open = (folder: string, batch: number): Promise<TimeSeriesStore> =>
  openStore(
    { driver: 'duckdb', file: join(folder, `${batch}.duckdb`), partitions: 1 },
    { clock: hostClock(), announce: () => {} },
  );

/** Rows a second and bytes a row of both, on their own files. */
async function written(folder: string, { rows }: BenchRows, batch: number): Promise<Figure[]> {
  const batches = Array.from({ length: Math.ceil(rows.length / batch) }, (_, i) =>
    rows.slice(i * batch, (i + 1) * batch),
  );
  const store = await open(folder, batch);
  const ours = await timed(async () => {
    for (const [i, numerics] of batches.entries())
      await store.write({ numerics, waveforms: [], positions: [(i + 1) * batch] });
  });
  await store[Symbol.asyncDispose]();
  const sqliteFile = join(folder, `${batch}.sqlite`);
  const sqlite = new SqliteRows(sqliteFile);
  const theirs = await timed(() => {
    for (const some of batches) sqlite.write(some);
  });
  sqlite.checkpoint();
  sqlite[Symbol.dispose]();
  const perSecond = (ms: number) => rows.length / (ms / 1_000);
  const perRow = async (file: string) => (await stat(file)).size / rows.length;
  const [ourBytes, theirBytes] = [await perRow(join(folder, `${batch}.duckdb`)), await perRow(sqliteFile)];
  return [
    beside(`store write, batches of ${batch}`, 'rows/s', perSecond(ours), perSecond(theirs)),
    beside(`store on disk, batches of ${batch}`, 'B/row', ourBytes, theirBytes),
  ];
}

/** The questions, quiet and beside a ward that writes. */
async function asked(folder: string, given: BenchRows): Promise<Figure[]> {
  const batch = 10_000;
  await using store = await open(folder, batch);
  using sqlite = new SqliteRows(join(folder, 'read.sqlite'));
  for (let i = 0; i < given.rows.length; i += batch) sqlite.write(given.rows.slice(i, i + batch));
  const { patient, vital } = given.longest;
  const { code, freshForMs } = VITALS[vital];
  const day = { patient, vital: code, from: start + dayMs, to: start + 2 * dayMs };
  const month = { patient, vital: code, from: start, to: start + 30 * dayMs };
  const some = given.patients.slice(0, latestPatients);
  const questions = [
    {
      name: '24 h of one',
      ours: () => store.rangeColumns({ ...day, limit: 100_000 }),
      theirs: () => sqlite.range(patient, code, day.from, day.to),
    },
    {
      name: '1-minute means, 30 days of one',
      ours: () => store.series({ ...month, bucketMs: 60_000, gapMs: freshForMs }),
      theirs: () => sqlite.series(patient, code, month.from, month.to, 60_000),
    },
    {
      name: 'first page, newest first, of one',
      ours: () => store.range({ ...month, limit: 100, newestFirst: true }),
      theirs: () => sqlite.newest(patient, code, month.from, month.to, 100),
    },
  ];
  const figures = [await latestOf('from the file', store, sqlite, some), await latestOf('held', store, sqlite, some)];
  for (const { name, ours, theirs } of questions)
    figures.push(beside(`store ${name}`, 'ms', await middle(ours), await middle(theirs)));
  await using ward = startWard(store, given.rows.length);
  for (const { name, ours, theirs } of questions)
    figures.push({
      ...beside(`store ${name}, beside a ward's writes`, 'ms', await middle(ours), await middle(theirs)),
    });
  figures.push(await latestOf("held, beside a ward's writes", store, sqlite, some));
  figures.push({ name: "store ward's writes meanwhile, p50", value: rounded(ward.p50Ms()), unit: 'ms' });
  return figures;
}

async function latestOf(
  how: string,
  store: TimeSeriesStore,
  sqlite: SqliteRows,
  patients: readonly string[],
): Promise<Figure> {
  const ours = await timed(async () => {
    for (let i = 0; i < patients.length; i += askedAtOnce)
      await Promise.all(patients.slice(i, i + askedAtOnce).map((patient) => store.latest(patient)));
  });
  const theirs = await timed(() => {
    for (const patient of patients) sqlite.latest(patient);
  });
  return beside(`store newest values of ${patients.length} patients, ${how}`, 'ms', ours, theirs);
}

/** Writes like a ward of 100 until disposed. */
function startWard(store: TimeSeriesStore, position: number) {
  const stopping = new AbortController();
  const writes: number[] = [];
  const run = async () => {
    for (let n = 0; !stopping.signal.aborted; n++) {
      const at = start + 40 * dayMs + n * wardEveryMs;
      const numerics: NumericRow[] = Array.from({ length: wardRowsPerWrite }, (_, i) =>
        numericRow({ seq: n + 1, patient: `w-${i}`, device: `dw-${i}`, takenAt: at }),
      );
      const positions = [position + (n + 1) * wardRowsPerWrite];
      writes.push(await timed(() => store.write({ numerics, waveforms: [], positions })));
      await sleep(wardEveryMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const running = run();
  // Looked at when it is disposed; a failure meanwhile must not end the bench before it is told.
  running.catch(() => {});
  return {
    p50Ms: () => median(writes),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
    },
  };
}

/** The middle of several answers' times, after one that warms up. */
async function middle(question: () => unknown): Promise<number> {
  await question();
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) times.push(await timed(question));
  return median(times);
}

async function timed(work: () => unknown): Promise<number> {
  const since = performance.now();
  await work();
  return performance.now() - since;
}

function beside(name: string, unit: string, ours: number, theirs: number): Figure {
  const peer = { peer: 'node:sqlite', peerValue: rounded(theirs), ratio: rounded(ours / theirs) };
  return { name, value: rounded(ours), unit, ...peer };
}
