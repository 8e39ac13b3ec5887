// The oracle's own reading of the CSV files of `shared/data`: no quotes, no escapes, because those files have none.
import { instantOf } from './time.ts';

/** What one row of a file says of one signal. */
export interface Measured {
  /** Milliseconds; since 1970, or since the beginning of the recording where the file says so. */
  readonly at: number;
  /** As the file has it; null where it says that there is none. */
  readonly value: number | null;
  /** Beyond what the device measures: below or above `value`. */
  readonly bound: 'below' | 'above' | null;
}

export type Columns = Readonly<Record<string, readonly Measured[]>>;

/** Limits of a CGM, which says LOW or HIGH beyond them (`alerting.md` 2.1). */
const cgm = { low: 40, high: 400 };

function table(text: string): { header: string[]; rows: string[][] } {
  const lines: string[] = [];
  for (const line of text.split('\n')) if (line.trim() !== '') lines.push(line.trim());
  const [header = '', ...rows] = lines;
  const cells = (line: string) => line.split(',').map((cell) => cell.trim());
  return { header: cells(header), rows: rows.map(cells) };
}

function measured(at: number, cell: string): Measured {
  if (cell === 'LOW') return { at, value: cgm.low, bound: 'below' };
  if (cell === 'HIGH') return { at, value: cgm.high, bound: 'above' };
  if (cell === '' || cell === 'NaN') return { at, value: null, bound: null };
  const value = Number(cell);
  if (!Number.isFinite(value)) throw new Error(`the oracle reads no number in "${cell}"`);
  return { at, value, bound: null };
}

/** `timestamp,glucose_mg_dl`, a row each 5 min. */
export function readGlucose(text: string): readonly Measured[] {
  const { header, rows } = table(text);
  if (header[0] !== 'timestamp' || header[1] !== 'glucose_mg_dl') throw new Error(`no glucose file: ${header}`);
  return rows.map(([time = '', cell = '']) => measured(instantOf(time), cell));
}

/** `Time [s], HR, PULSE, RESP, SpO2`, a row each second, in the order of the columns. */
export function readNumerics(text: string): Columns {
  const { header, rows } = table(text);
  const names = ['Time [s]', 'HR', 'PULSE', 'RESP', 'SpO2'];
  if (header.join() !== names.join()) throw new Error(`no numerics file: ${header}`);
  const column = (index: number) => rows.map((row) => measured(Math.abs(Number(row[0]) * 1_000), row[index] ?? ''));
  return { hr: column(1), pulse: column(2), resp: column(3), spo2: column(4) };
}
