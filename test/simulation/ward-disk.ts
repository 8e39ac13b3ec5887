// The real disk of a process that can be killed at any of its calls: from then on nothing is done and nothing is answered,
// as far as that process can see. Counts what is under way, so that a virtual clock knows when all is quiet.
import type { Disk, DiskFile } from '../../contract/index.ts';
import { realDisk } from '../../durable/index.ts';

export class KillableDisk implements Disk {
  /** Calls that the machine is working on. */
  underWay = 0;
  /** Resolves at the kill. */
  readonly killed: Promise<void>;
  readonly #real = realDisk();
  readonly #files = new Set<DiskFile>();
  readonly #kill: () => void;
  #callsLeft = Number.POSITIVE_INFINITY;
  #lastLands = false;
  #isKilled = false;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.killed = promise;
    this.#kill = resolve;
  }

  get isKilled(): boolean {
    return this.#isKilled;
  }

  /** The process dies in the call after so many more; whether that one still reaches the disk is said here. */
  killAfter(calls: number, lastLands: boolean): void {
    this.#callsLeft = calls;
    this.#lastLands = lastLands;
  }

  /** What the system does for a process that is gone. */
  async closeFiles(): Promise<void> {
    for (const file of this.#files) await file.close();
    this.#files.clear();
  }

  open(path: string, options: { readonly create: boolean; readonly durable: boolean }): Promise<DiskFile> {
    return this.#do(async () => {
      const file = await this.#real.open(path, options);
      this.#files.add(file);
      return this.#wrapped(file);
    });
  }

  list(folder: string): Promise<readonly string[]> {
    return this.#do(() => this.#real.list(folder));
  }

  makeFolder(path: string): Promise<void> {
    return this.#do(() => this.#real.makeFolder(path));
  }

  remove(path: string): Promise<void> {
    return this.#do(() => this.#real.remove(path));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#do(() => this.#real.rename(from, to));
  }

  syncFolder(path: string): Promise<void> {
    return this.#do(() => this.#real.syncFolder(path));
  }

  free(folder: string): Promise<number> {
    return this.#do(() => this.#real.free(folder));
  }

  #wrapped(file: DiskFile): DiskFile {
    return {
      path: file.path,
      read: (length, position) => this.#do(() => file.read(length, position)),
      write: (bytes, position) => this.#do(() => file.write(bytes, position)),
      sync: () => this.#do(() => file.sync()),
      truncate: (size) => this.#do(() => file.truncate(size)),
      size: () => this.#do(() => file.size()),
      close: () =>
        this.#do(async () => {
          this.#files.delete(file);
          await file.close();
        }),
    };
  }

  async #do<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isKilled) return never();
    const isLast = --this.#callsLeft < 0;
    if (isLast) this.#isKilled = true;
    if (!isLast || this.#lastLands) {
      this.underWay++;
      try {
        const result = await work();
        if (!this.#isKilled) return result;
      } catch (error) {
        if (!this.#isKilled) throw error;
      } finally {
        this.underWay--;
      }
    }
    this.#kill();
    return never();
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}
