// The real disk. A write that did not do all it was asked to is a failure: on a full disk the kernel may write a part and
// report no error (tried: 2,388,608 of 3,000,000 bytes).
import { close, constants, fdatasync, fstat, fsync, ftruncate, open, read, write } from 'node:fs';
import { mkdir, readdir, rename, statfs, unlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Disk, DiskFile } from '../contract/index.ts';

const openFd = promisify(open);
const closeFd = promisify(close);
const syncDataFd = promisify(fdatasync);
const syncFd = promisify(fsync);
const statFd = promisify(fstat);
const truncateFd = promisify(ftruncate);

/** The file system of this machine. */
export function realDisk(): Disk {
  return {
    async open(path, { create, durable }) {
      const flags =
        constants.O_RDWR | (create ? constants.O_CREAT | constants.O_EXCL : 0) | (durable ? constants.O_DSYNC : 0);
      return fileOf(path, await openFd(path, flags, 0o600));
    },
    async list(folder) {
      try {
        return (await readdir(folder)).sort();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw error;
      }
    },
    makeFolder: async (path) => void (await mkdir(path, { recursive: true, mode: 0o700 })),
    remove: unlink,
    rename,
    async syncFolder(path) {
      const fd = await openFd(path, constants.O_RDONLY | constants.O_DIRECTORY);
      try {
        // Not fdatasync: it may leave out the entries of a folder whose size has not changed.
        await syncFd(fd);
      } finally {
        await closeFd(fd);
      }
    },
    async free(folder) {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    },
  };
}

function fileOf(path: string, fd: number): DiskFile {
  return {
    path,
    read: (length, position) =>
      new Promise((resolve, reject) => {
        // Not the pool's: what is read is kept. And no Buffer goes out, whose slice() would share the memory.
        const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
        read(fd, bytes, 0, length, position, (error, n) => (error ? reject(error) : resolve(bytes.subarray(0, n))));
      }),
    write: (bytes, position) =>
      new Promise((resolve, reject) => {
        write(fd, bytes, 0, bytes.length, position, (error, n) => {
          if (error) reject(error);
          else if (n !== bytes.length) reject(shortWrite(path, n, bytes.length));
          else resolve();
        });
      }),
    sync: () => syncDataFd(fd),
    truncate: (size) => truncateFd(fd, size),
    size: async () => (await statFd(fd)).size,
    close: () => closeFd(fd),
  };
}

function shortWrite(path: string, written: number, asked: number): Error {
  return Object.assign(new Error(`${path}: ${written} of ${asked} bytes written`), { code: 'ENOSPC' });
}
