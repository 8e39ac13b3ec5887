import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Every file of the project by its path; the text of source files, nothing of others. */
export type Tree = ReadonlyMap<string, string>;

const skipped = new Set(['node_modules', 'build', 'data', '.git']);

/** True for files whose imports are judged. */
export function isSource(path: string): boolean {
  return /\.(?:[cm]?[jt]s|[jt]sx)$/.test(path);
}

/** Reads the project below a folder, without what is installed, built or recorded there. */
export function readTree(root: string): Tree {
  const tree = new Map<string, string>();
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && !(folder === '' && skipped.has(entry.name))) visit(path);
      if (entry.isFile()) tree.set(path, isSource(path) ? readFileSync(join(root, path), 'utf8') : '');
    }
  };
  visit('');
  return tree;
}
