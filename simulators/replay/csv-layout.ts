// How a table is written, found out from its first rows. What can be read in two ways is asked, with the flag that settles it.
import { type Vital, vitalNames } from '../../contract/index.ts';
import { quoted } from './bytes.ts';
import {
  type ColumnName,
  columnName,
  countedUnit,
  epochUnit,
  isTimeName,
  unitOf,
  unitsOf,
  vitalNamed,
} from './csv-names.ts';
import { cellsOf, type Row } from './csv-rows.ts';
import { numberOf, writtenTime } from './csv-time.ts';
import { RecordingError, unclear } from './errors.ts';
import { columnsMax } from './limits.ts';
import type { ReadOptions, TimeUnit } from './recording.ts';

export interface ValueColumn {
  readonly vital: Vital;
  readonly header: string;
  readonly column: number;
  /** UCUM unit; undefined: each row says it in `unitColumn`. */
  readonly unit: string | undefined;
  readonly unitColumn: number | undefined;
}

export interface Layout {
  readonly delimiter: string;
  readonly decimal: '.' | ',';
  readonly cells: number;
  /** Columns that make up the time, joined by a space. */
  readonly time: readonly number[];
  readonly timeUnit: TimeUnit;
  readonly columns: readonly ValueColumn[];
  readonly leftOut: readonly string[];
}

/** Head of a table: its first lines, the names of its columns first. */
export type Head = readonly { readonly line: number; readonly text: string }[];

export function layoutOf(head: Head, path: string, options: ReadOptions): Layout {
  const [names, ...lines] = head;
  if (!names) throw new RecordingError(path, '', 'is empty, expected a row of column names');
  const delimiter = options.csv.delimiter ?? delimiterOf(head, path);
  const headers = cellsOf(names.text, delimiter);
  const rows = lines.map(({ line, text }) => ({ line, cells: cellsOf(text, delimiter) }));
  if (headers.every((header) => header === '' || numberOf(header, '.') !== undefined || writtenTime(header)))
    throw new RecordingError(path, `line ${names.line}`, `${quoted(names.text)}, expected the names of its columns`);
  if (rows.length === 0) throw new RecordingError(path, '', 'has column names and no rows');
  const table = { path, headers, parsed: headers.map(columnName), rows, options };
  const time = timeColumns(table);
  const columns = valueColumns(table, time);
  const decimal = options.csv.decimal ?? decimalOf(table, [...time, ...columns.map(({ column }) => column)]);
  const used = new Set([...time, ...columns.flatMap(({ column, unitColumn }) => [column, unitColumn])]);
  return {
    delimiter,
    decimal,
    cells: headers.length,
    time,
    timeUnit: options.csv.timeUnit ?? timeUnitOf(table, time, decimal),
    columns,
    leftOut: headers.filter((header, i) => header !== '' && !used.has(i)),
  };
}

interface Table {
  readonly path: string;
  readonly headers: readonly string[];
  readonly parsed: readonly ColumnName[];
  readonly rows: readonly Row[];
  readonly options: ReadOptions;
}

const delimiters = [',', ';', '\t', '|'] as const;

/** The one that cuts every row of the head into as many cells as the first, and into more than one. */
function delimiterOf(head: Head, path: string): string {
  const first = head[0]?.text ?? '';
  const counts = delimiters.map((delimiter) => ({ delimiter, cells: cellsOf(first, delimiter).length }));
  const cutting = counts.filter(({ cells }) => cells > 1);
  const even = cutting.filter(({ delimiter, cells }) =>
    head.every(({ text }) => cellsOf(text, delimiter).length === cells),
  );
  const [found, other] = even.length > 0 ? even : cutting;
  if (found && !other) return found.delimiter;
  const shown = quoted(first);
  if (!found) throw unclear(path, `what stands between the columns of ${shown}? Say --delimiter`);
  throw unclear(
    path,
    `is ${quoted(found.delimiter)} or ${quoted(other?.delimiter ?? '')} what stands between the columns of ${shown}? Say --delimiter`,
  );
}

function listed(headers: readonly string[]): string {
  return headers.map(quoted).join(', ');
}

/** A column by its header, exactly or without regard to case. */
function columnOf({ headers, path }: Table, flag: string, header: string): number {
  const exact = headers.indexOf(header);
  const loose = headers.flatMap((each, i) => (each.toLowerCase() === header.toLowerCase() ? [i] : []));
  const found = exact >= 0 ? exact : loose.length === 1 ? loose[0] : undefined;
  if (found === undefined) throw unclear(path, `${flag}: which column is ${quoted(header)}? It has ${listed(headers)}`);
  return found;
}

function timeColumns(table: Table): number[] {
  const { path, headers, parsed, options } = table;
  const { timeColumn } = options.csv;
  if (timeColumn !== undefined) {
    if (headers.includes(timeColumn)) return [headers.indexOf(timeColumn)];
    return timeColumn.split('+').map((part) => columnOf(table, '--time-column', part.trim()));
  }
  const found = parsed.flatMap(({ name }, i) => (isTimeName(name) ? [i] : []));
  if (found.length === 1) return found;
  const [date, clock] = found;
  const isPair = found.length === 2 && ['date', 'datum'].includes(parsed[date as number]?.name ?? '');
  if (isPair && ['time', 'zeit'].includes(parsed[clock as number]?.name ?? '')) return found;
  const which = found.length === 0 ? headers : found.map((i) => headers[i] as string);
  throw unclear(path, `which column is the time: ${listed(which)}? Say --time-column NAME (DATE+TIME for two)`);
}

function valueColumns(table: Table, time: readonly number[]): ValueColumn[] {
  const { path, headers, parsed, options } = table;
  const { columns: told } = options.csv;
  const chosen = new Map<Vital, number>();
  for (const [vital, header] of told) chosen.set(vital, columnOf(table, `--column ${vital}`, header));
  const taken = new Set([...time, ...chosen.values()]);
  for (const [i, { name }] of parsed.entries()) {
    const vital = taken.has(i) ? undefined : vitalNamed(name);
    if (vital === undefined || told.has(vital) || !isWanted(vital, headers[i] as string, options)) continue;
    const other = chosen.get(vital);
    if (other !== undefined)
      throw unclear(
        path,
        `which column is ${vital}: ${listed([headers[other] as string, headers[i] as string])}? Say --column ${vital}=NAME`,
      );
    chosen.set(vital, i);
  }
  const columns = [...chosen].filter(([vital, i]) => isWanted(vital, headers[i] as string, options));
  if (columns.length === 0)
    throw unclear(
      path,
      `which column is which vital: ${listed(headers)}? Say --column VITAL=NAME, with one of ${vitalNames.join(', ')}`,
    );
  if (columns.length > columnsMax)
    throw new RecordingError(path, '', `${columns.length} vitals, expected at most ${columnsMax}`);
  const missing = options.only?.find((name) => !columns.some(([vital, i]) => [vital, headers[i]].includes(name)));
  if (missing !== undefined)
    throw unclear(path, `--only ${missing}: there is no such column; it has ${listed(headers)}`);
  return columns.map(([vital, column]) => ({
    vital,
    header: headers[column] as string,
    column,
    ...unitOfColumn(table, vital, column, columns.length === 1),
  }));
}

function isWanted(vital: Vital, header: string, { only }: ReadOptions): boolean {
  return !only || only.includes(vital) || only.includes(header);
}

/** Unit by flag, by the header, by a column of units; a vital that comes in one unit alone needs none. */
function unitOfColumn(table: Table, vital: Vital, column: number, isOnly: boolean) {
  const { path, headers, parsed, options } = table;
  const told = options.csv.units.get(vital);
  if (told !== undefined) return { unit: told, unitColumn: undefined };
  const { unit: written, name } = parsed[column] as ColumnName;
  if (written !== undefined && written !== '') {
    const unit = unitOf(written);
    if (unit !== undefined && unitsOf(vital).includes(unit)) return { unit, unitColumn: undefined };
    throw unclear(
      path,
      `column ${quoted(headers[column] as string)}: unit ${quoted(written)} is none of ${vital}; say --unit ${vital}=UNIT, with one of ${unitsOf(vital).join(', ')}`,
    );
  }
  const own = parsed.findIndex((other) => [`${name}unit`, `${name}units`].includes(other.name));
  const shared = isOnly ? parsed.findIndex((other) => ['unit', 'units', 'einheit'].includes(other.name)) : -1;
  const unitColumn = own >= 0 ? own : shared;
  if (unitColumn >= 0) return { unit: undefined, unitColumn };
  const [only, ...others] = unitsOf(vital);
  if (others.length === 0) return { unit: only, unitColumn: undefined };
  throw unclear(
    path,
    `in which unit is column ${quoted(headers[column] as string)}? Say --unit ${vital}=UNIT, with one of ${unitsOf(vital).join(', ')}`,
  );
}

/** Comma or point in numbers. A comma before three digits may be a thousand: asked, if nothing else tells. */
function decimalOf({ path, headers, rows }: Table, columns: readonly number[]): '.' | ',' {
  const commas: { readonly cell: string; readonly column: number }[] = [];
  for (const { cells } of rows)
    for (const column of columns) {
      const cell = cells[column] ?? '';
      if (/^[+-]?\d+\.\d+$/.test(cell)) return '.';
      if (/^[+-]?\d*,\d+$/.test(cell)) commas.push({ cell, column });
    }
  const [first] = commas;
  if (!first) return '.';
  if (commas.some(({ cell }) => !/^[+-]?[1-9]\d{0,2},\d{3}$/.test(cell))) return ',';
  throw unclear(
    path,
    `column ${quoted(headers[first.column] as string)}: is ${quoted(first.cell)} one number with a decimal comma, or thousands? Say --decimal , or write numbers without a thousands mark`,
  );
}

function timeUnitOf(table: Table, time: readonly number[], decimal: '.' | ','): TimeUnit {
  const { path, headers, parsed, rows } = table;
  const texts = rows
    .map(({ cells }) =>
      time
        .map((i) => cells[i] ?? '')
        .join(' ')
        .trim(),
    )
    .filter((text) => text !== '');
  const [first = ''] = texts;
  const header = quoted(time.map((i) => headers[i]).join(' '));
  const written = writtenTime(first);
  if (written?.order === 'iso') return 'iso';
  if (written) {
    const fields = texts.map((text) => writtenTime(text)?.fields);
    const dayFirst = fields.some((each) => (each?.[0] ?? 0) > 12);
    const monthFirst = fields.some((each) => (each?.[1] ?? 0) > 12);
    if (dayFirst !== monthFirst) return dayFirst ? 'dmy' : 'mdy';
    throw unclear(path, `column ${header}: is ${quoted(first)} day first or month first? Say --time-unit dmy or mdy`);
  }
  const value = numberOf(first, decimal);
  if (value === undefined)
    throw unclear(path, `column ${header}: how is ${quoted(first)} a time? Say --time-column or --time-unit`);
  const counted = time.length === 1 ? countedUnit(parsed[time[0] as number] as ColumnName) : undefined;
  const epoch = epochUnit(value);
  if (epoch && (counted === undefined || epoch === `epoch-${counted}`)) return epoch;
  if (!epoch && (counted === 's' || counted === 'ms')) return counted;
  throw unclear(
    path,
    `column ${header}: what does ${quoted(first)} count? Say --time-unit s, ms, epoch-s, epoch-ms or epoch-us`,
  );
}
