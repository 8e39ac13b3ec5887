// Tables of numbers: read once as a whole and found good before anything is played.
import { createHash, type Hash } from 'node:crypto';
import { basename } from 'node:path';
import { earliestTakenAt, isPossible, toCanonical } from '../../contract/index.ts';
import { bytesOf, quoted } from './bytes.ts';
import { type Layout, layoutOf, type ValueColumn } from './csv-layout.ts';
import { unitOf, unitsOf } from './csv-names.ts';
import { cellsOf, linesOf } from './csv-rows.ts';
import { isSinceStart, TimeReader } from './csv-time.ts';
import { measuredOf, sentinels } from './csv-value.ts';
import { RecordingError } from './errors.ts';
import { Intervals } from './intervals.ts';
import { headRows } from './limits.ts';
import {
  fixedStart,
  type Item,
  type ReadOptions,
  type RecordedReading,
  type RecordedSignal,
  type Recording,
} from './recording.ts';
import { zoneRule } from './zone.ts';

/** Reads a table; throws `RecordingError` with its line, or `UsageError` with the flag that settles what is unclear. */
export async function openCsv(path: string, options: ReadOptions): Promise<Recording> {
  const layout = layoutOf(await headOf(path), path, options);
  const table: Table = { path, layout, options };
  const hash = createHash('sha256');
  const seen = await verify(table, hash);
  const sha256 = hash.digest('hex');
  const { startsAt, startSource, notes } = startOf(table, seen);
  const signals = layout.columns.map((column) => signalOf(column, seen));
  const lengthMs = seen.lastAt - seen.firstAt + 1;
  return {
    name: basename(path)
      .replace(/\.gz$/, '')
      .replace(/\.[^.]+$/, ''),
    format: 'csv',
    files: [{ path, sha256 }],
    sha256,
    signals,
    startsAt,
    startSource,
    lengthMs,
    periodMs: lengthMs - 1 + Math.min(...signals.map(({ everyMs }) => everyMs)),
    facts: {
      readings: seen.readings,
      absences: seen.absences,
      gaps: seen.gaps(),
      blocks: 0,
      samples: 0,
      invalidSamples: 0,
    },
    notes: [...notes, ...notesOf(table, seen)],
    items: () => itemsOf(table, seen.firstAt),
  };
}

interface Table {
  readonly path: string;
  readonly layout: Layout;
  readonly options: ReadOptions;
}

async function headOf(path: string) {
  const head = [];
  for await (const line of linesOf(bytesOf(path), path)) {
    head.push(line);
    if (head.length > headRows) break;
  }
  return head;
}

interface ReadRow {
  /** UTC ms, or ms of the recording. */
  readonly at: number;
  readonly timeText: string;
  readonly readings: readonly RecordedReading[];
}

/** All rows; what is wrong throws with its line. */
async function* rowsOf(
  { path, layout, options }: Table,
  times: TimeReader,
  hash?: Hash,
): AsyncGenerator<ReadRow, void, undefined> {
  let isFirst = true;
  let previous: { readonly at: number; readonly line: number } | undefined;
  for await (const { line, text } of linesOf(bytesOf(path, hash), path)) {
    if (isFirst) {
      isFirst = false;
      continue;
    }
    const cells = cellsOf(text, layout.delimiter);
    if (cells.length < layout.cells || cells.slice(layout.cells).some((cell) => cell !== ''))
      throw new RecordingError(
        path,
        `line ${line}`,
        `${cells.length} cells, expected ${layout.cells} as there are column names`,
      );
    const timeText = layout.time.map((i) => cells[i]).join(' ');
    const at = times.read(timeText);
    if (typeof at !== 'number') throw new RecordingError(path, `line ${line}`, at.fault);
    if (previous && at < previous.at)
      throw new RecordingError(
        path,
        `line ${line}`,
        `time ${quoted(timeText)} is before that of line ${previous.line}; rows have to be in the order of their time (local times where clocks change need --zone)`,
      );
    previous = { at, line };
    const readings = layout.columns.flatMap((column) => readingOf(cells, column, line, { path, layout, options }));
    yield { at, timeText, readings };
  }
}

function readingOf(
  cells: readonly string[],
  column: ValueColumn,
  line: number,
  { path, layout, options }: Table,
): RecordedReading[] {
  const { vital, header } = column;
  const cell = cells[column.column] as string;
  if (cell === '' && options.csv.empty === 'skip') return [];
  const refuse = (what: string) => new RecordingError(path, `line ${line}, column ${quoted(header)}`, what);
  const unit = column.unit ?? rowUnit(cells, column);
  if (unit === undefined || !unitsOf(vital).includes(unit))
    throw refuse(
      `unit ${quoted(cells[column.unitColumn as number] ?? '')}, expected one of ${unitsOf(vital).join(', ')}`,
    );
  const { absent } = options.csv;
  const isSentinel = (value: number) =>
    absent.includes(value) || (sentinels.includes(value) && !isBodily(vital, value, unit));
  const measured = measuredOf(cell, { decimal: layout.decimal, unit, isSentinel });
  if ('fault' in measured) throw refuse(measured.fault);
  return [{ vital, unit, ...measured }];
}

/** A row without a value may be without a unit too. */
function rowUnit(cells: readonly string[], { vital, column, unitColumn }: ValueColumn): string | undefined {
  const text = cells[unitColumn as number] ?? '';
  return text === '' && cells[column] === '' ? unitsOf(vital)[0] : unitOf(text);
}

function isBodily(vital: RecordedReading['vital'], value: number, unit: string): boolean {
  const canonical = toCanonical(vital, value, unit);
  return canonical !== undefined && isPossible(vital, canonical);
}

function timeReader({ layout, options }: Table): TimeReader {
  return new TimeReader(layout.timeUnit, layout.decimal, zoneRule(options.zone ?? 'UTC'));
}

interface Seen {
  readonly firstAt: number;
  readonly lastAt: number;
  readonly readings: number;
  readonly absences: number;
  readonly impossible: number;
  readonly repeated: number;
  readonly isZoneless: boolean;
  readonly intervals: ReadonlyMap<string, Intervals>;
  gaps(): number;
}

async function verify(table: Table, hash: Hash): Promise<Seen> {
  const times = timeReader(table);
  const intervals = new Map(table.layout.columns.map(({ vital }) => [vital as string, new Intervals()]));
  const counts = { readings: 0, absences: 0, impossible: 0, repeated: 0 };
  let firstAt: number | undefined;
  let lastAt = 0;
  for await (const { at, readings } of rowsOf(table, times, hash)) {
    if (firstAt !== undefined && at === lastAt) counts.repeated++;
    firstAt ??= at;
    lastAt = at;
    for (const reading of readings) {
      counts.readings++;
      intervals.get(reading.vital)?.add(at);
      if ('absent' in reading) counts.absences++;
      else if ('value' in reading && !isBodily(reading.vital, reading.value, reading.unit)) counts.impossible++;
    }
  }
  if (firstAt === undefined || counts.readings === 0) throw new RecordingError(table.path, '', 'has no readings');
  const gaps = () => [...intervals.values()].reduce((sum, each) => sum + each.gaps(), 0);
  return { firstAt, lastAt, ...counts, isZoneless: times.isZoneless, intervals, gaps };
}

function signalOf({ vital, header, unit }: ValueColumn, { intervals }: Seen): RecordedSignal {
  const everyMs = intervals.get(vital)?.usualMs() ?? 1_000;
  return { name: vital, source: header, unit: unit ?? (unitsOf(vital)[0] as string), everyMs };
}

function startOf({ layout, options }: Table, { firstAt }: Seen): Pick<Recording, 'startsAt' | 'startSource' | 'notes'> {
  if (options.from !== undefined) return { startsAt: options.from, startSource: '--from', notes: [] };
  const fixed = { startsAt: fixedStart, startSource: 'fixed' } as const;
  const begins = `it begins at ${new Date(fixedStart).toISOString()} (--from says another time)`;
  if (isSinceStart(layout.timeUnit)) return { ...fixed, notes: [`its times count from its start; ${begins}`] };
  if (firstAt < earliestTakenAt)
    return { ...fixed, notes: [`its times are before 2015, which Vigil takes for a mistake; ${begins}`] };
  return { startsAt: firstAt, startSource: 'file', notes: [] };
}

function notesOf({ layout, options }: Table, { isZoneless, impossible, repeated, intervals }: Seen): string[] {
  const notes = [];
  if (isZoneless && options.zone === undefined)
    notes.push('its times have no zone and are taken as UTC (--zone says another)');
  if (layout.leftOut.length > 0) notes.push(`left out: ${layout.leftOut.map(quoted).join(', ')}`);
  if (repeated > 0) notes.push(`${repeated} rows have the time of the row before them; each is a reading of its own`);
  if (impossible > 0)
    notes.push(
      `${impossible} values are outside of what a body can give: Vigil refuses them (--absent 0 makes a number an absence)`,
    );
  for (const [vital, each] of intervals) if (each.count === 1) notes.push(`${vital}: one reading alone`);
  return notes;
}

async function* itemsOf(table: Table, firstAt: number): AsyncGenerator<Item, void, undefined> {
  const { layout } = table;
  for await (const { at, timeText, readings } of rowsOf(table, timeReader(table))) {
    if (readings.length === 0) continue;
    const isText = ['iso', 'dmy', 'mdy'].includes(layout.timeUnit);
    const deviceTime = isText
      ? timeText.slice(0, 64)
      : isSinceStart(layout.timeUnit)
        ? timeText
        : new Date(at).toISOString();
    yield { kind: 'readings', atMs: at - firstAt, deviceTime, readings };
  }
}
