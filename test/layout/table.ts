// The table of imports in safety/architecture.md, as rules.
import { readTable, type Source } from '../evidence/read.ts';

/** What one folder, or one file with a row of its own, may import. */
export type Row = {
  readonly item: string;
  /** A folder, a file, or `*.ts` for the files at the top; the longest that holds a file decides for it. */
  readonly folder: string;
  readonly class: string;
  /** Folders (by their index.ts) and files; `anything` for tests and tools. */
  readonly ours: readonly string[];
  /** Packages, `node:x`, or `node:*`; `anything` for all that package.json names. */
  readonly packages: readonly string[];
  /** A later version brings the folder. */
  readonly planned: boolean;
  readonly line: number;
};

/** Columns of the table, as the head of it names them. */
export const columns = ['item', 'folder', 'class', 'imports of ours', 'packages and built-ins', 'speaks'];

/** The rows; a row names several folders that share it, separated by commas. */
export function rowsOf(source: Source): Row[] {
  return readTable(source.text, columns).flatMap(({ line, cells }) => {
    const [item = '', folders = '', level = '', ours = '', packages = ''] = cells;
    return folders.split(', ').map((name) => ({
      item,
      folder: name.replace(' (planned)', ''),
      class: level,
      ours: namesIn(ours),
      packages: namesIn(packages),
      planned: name.endsWith(' (planned)'),
      line,
    }));
  });
}

/** True for a file that lies in the folder of a row, or is its file. */
export function holds({ folder }: Row, path: string): boolean {
  if (folder === '*.ts') return /^[^/]+\.ts$/.test(path);
  return path === folder || path.startsWith(`${folder}/`);
}

/** The row that decides for a file: the longest folder it lies in. */
export function rowFor(rows: readonly Row[], path: string): Row | undefined {
  const holding = rows.filter((row) => holds(row, path));
  return holding.toSorted((a, b) => b.folder.length - a.folder.length)[0];
}

/** Driver libraries and the one file, or folder, that may import each. */
export function driversOf(source: Source): ReadonlyMap<string, string> {
  const rows = readTable(source.text, ['library', 'imported only by']);
  return new Map(rows.map(({ cells }) => [cells[0] ?? '', cells[1] ?? '']));
}

function namesIn(cell: string): readonly string[] {
  return cell === 'none' ? [] : cell.split(', ');
}
