// A disk in memory, for a log that nobody opens again (`virtual-system.ts`). Invariants: as every disk, it gives what was
// written, names are sorted, what is made anew must not exist; nothing survives the process, and nothing is promised to.
// On failure: none of its own; what is asked of a file or folder that is not there is refused as a file system does.
import { dirname, join } from 'node:path';
import type { Disk, DiskFile } from '../contract/index.ts';

/** Files grow by at least this much, so that a row of small writes copies little. */
const growBytes = 64 * 1024;

interface Content {
  bytes: Uint8Array;
  size: number;
}

/** Opens an empty one. */
export function memoryDisk(): Disk {
  const files = new Map<string, Content>();
  const folders = new Set<string>(['/']);
  const find = (path: string): Content => {
    const content = files.get(path);
    if (!content) throw coded('ENOENT', path);
    return content;
  };
  return {
    open(path, { create }) {
      return Promise.try(() => {
        if (!create) return fileOf(path, find(path));
        if (files.has(path)) throw coded('EEXIST', path);
        if (!folders.has(dirname(path))) throw coded('ENOENT', path);
        const content = { bytes: new Uint8Array(0), size: 0 };
        files.set(path, content);
        return fileOf(path, content);
      });
    },
    list(folder) {
      const inside = [...files.keys(), ...folders].filter((path) => path !== '/' && dirname(path) === folder);
      return Promise.resolve(inside.map((path) => path.slice(join(folder, '/').length)).sort());
    },
    makeFolder(path) {
      for (let each = path; each !== '/'; each = dirname(each)) folders.add(each);
      return Promise.resolve();
    },
    remove(path) {
      return Promise.try(() => {
        find(path);
        files.delete(path);
      });
    },
    rename(from, to) {
      return Promise.try(() => {
        files.set(to, find(from));
        files.delete(from);
      });
    },
    syncFolder: () => Promise.resolve(),
    free: () => Promise.resolve(Number.MAX_SAFE_INTEGER),
  };
}

function fileOf(path: string, content: Content): DiskFile {
  return {
    path,
    // A copy: what is read is kept, and what is written later must not change it.
    read: (length, position) =>
      Promise.resolve(content.bytes.slice(position, Math.min(position + length, content.size))),
    write(bytes, position) {
      reach(content, position + bytes.length);
      content.bytes.set(bytes, position);
      return Promise.resolve();
    },
    sync: () => Promise.resolve(),
    truncate(size) {
      reach(content, size);
      content.bytes.fill(0, size, content.size);
      content.size = size;
      return Promise.resolve();
    },
    size: () => Promise.resolve(content.size),
    close: () => Promise.resolve(),
  };
}

function reach(content: Content, size: number): void {
  if (size > content.bytes.length) {
    const grown = new Uint8Array(Math.max(size, content.bytes.length + growBytes));
    grown.set(content.bytes.subarray(0, content.size));
    content.bytes = grown;
  }
  content.size = Math.max(content.size, size);
}

function coded(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
