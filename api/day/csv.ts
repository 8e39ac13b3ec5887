// Cells and lines of a table file: RFC 4180, and safe to be opened by a spreadsheet. Pure.

/** What a spreadsheet would take for a formula, and run. A tab or a line's end before it does not hinder it. */
const startsFormula = /^[=+\-@\t\r]/;
const mustBeQuoted = /[",\r\n]/;

/** Words of any origin. What would be a formula is marked as text by an apostrophe, the way spreadsheets do. */
export function textCell(text: string): string {
  const safe = startsFormula.test(text) ? `'${text}` : text;
  return mustBeQuoted.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A number with a point, whatever the language; nothing for none: an empty cell is no zero. */
export function numberCell(value: number | null | undefined): string {
  return value === null || value === undefined || !Number.isFinite(value) ? '' : String(value);
}

/** One line with its end. The cells are cells already. */
export function line(cells: readonly string[]): string {
  return `${cells.join(',')}\r\n`;
}
