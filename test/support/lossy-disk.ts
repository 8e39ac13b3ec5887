// A disk in memory that loses power, from a seed. It keeps apart what a running program sees and what the medium holds: of
// writes and folder changes that were not synced, a power cut keeps any subset, writes torn into sectors.
import { dirname, join } from 'node:path';
import type { Disk, DiskFile } from '../../contract/index.ts';

const sectorBytes = 512;

/** Thrown by every call from the power cut, or the kill, until `restart`; by handles of before for ever. */
export class PowerCutError extends Error {
  readonly code = 'POWER_CUT';
}

type Change = { readonly bytes: Uint8Array; readonly position: number } | { readonly size: number };

interface Content {
  seen: Uint8Array;
  medium: Uint8Array;
  /** Changes of the content the medium may not have, in order. */
  pending: Change[];
}

/** One step of a folder: a name is bound to a file, or to nothing. A rename is one step of two bindings. */
type Step = readonly { readonly path: string; readonly content: Content | null }[];

export interface LossyDiskOptions {
  readonly seed: number;
  /** Room on the volume; written bytes count once per file. */
  readonly bytesMax?: number;
}

/** What a call is about to do, for faults that pick their moment. */
export interface DiskCall {
  readonly kind: 'open' | 'write' | 'sync' | 'truncate' | 'remove' | 'rename' | 'sync-folder' | 'make-folder';
  readonly path: string;
  readonly bytes: number;
}

export class LossyDisk implements Disk {
  readonly #random: () => number;
  #seen = new Map<string, Content>();
  #medium = new Map<string, Content>();
  #steps: Step[] = [];
  readonly #folders = new Set<string>(['/']);
  #generation = 0;
  #off = false;
  /** Room on the volume; may be changed while it runs. */
  bytesMax: number;
  /** Calls that change something, so far. */
  calls = 0;
  /** The power goes, or the process is killed, at this call. */
  cutAt = Number.POSITIVE_INFINITY;
  cutIs: 'power' | 'kill' = 'power';
  /** A closer choice of the moment than its number. */
  cutWhen: (call: DiskCall) => boolean = () => false;
  /** The call at which it came. */
  cutDuring: DiskCall | undefined;
  /** Called at each call that changes something; what it throws is the call's failure. */
  fault: (call: DiskCall) => void = () => {};

  constructor({ seed, bytesMax = Number.POSITIVE_INFINITY }: LossyDiskOptions) {
    this.#random = mulberry32(seed);
    this.bytesMax = bytesMax;
  }

  /** The power goes now: of what was not synced any subset stays. Handles of before are dead. */
  cutPower(): void {
    this.#off = true;
    this.#generation++;
    // Steps of one name keep their order, as in any journal of metadata; of independent names any subset survives.
    const blocked = new Set<string>();
    for (const step of this.#steps) {
      const survives = this.#random() < 0.5 && !step.some(({ path }) => blocked.has(path));
      for (const { path, content } of step)
        if (!survives) blocked.add(path);
        else if (content) this.#medium.set(path, content);
        else this.#medium.delete(path);
    }
    for (const content of new Set([...this.#medium.values(), ...this.#seen.values()])) this.#tear(content);
    this.#forgetPending();
  }

  /** The process is killed and the machine lives on: all that was written is seen, and no safer than before. */
  kill(): void {
    this.#off = true;
    this.#generation++;
  }

  /** Power is back, or the next process starts. */
  restart(): void {
    this.#off = false;
    this.cutAt = Number.POSITIVE_INFINITY;
    this.cutWhen = () => false;
  }

  /** Flips one bit of a file, on the medium too. */
  corrupt(path: string, offset: number): void {
    const content = this.#find(path);
    for (const bytes of new Set([content.seen, content.medium])) bytes[offset] = (bytes[offset] as number) ^ 0x10;
  }

  /** Bytes of a file as a program sees them. */
  contentOf(path: string): Uint8Array {
    return this.#find(path).seen;
  }

  async open(
    path: string,
    { create, durable }: { readonly create: boolean; readonly durable: boolean },
  ): Promise<DiskFile> {
    await this.#call({ kind: 'open', path, bytes: 0 }, create);
    if (create) {
      if (this.#seen.has(path)) throw coded('EEXIST', path);
      if (!this.#folders.has(dirname(path))) throw coded('ENOENT', path);
      this.#step([{ path, content: { seen: new Uint8Array(0), medium: new Uint8Array(0), pending: [] } }]);
    }
    return this.#fileOf(path, this.#find(path), durable);
  }

  async list(folder: string): Promise<readonly string[]> {
    this.#alive();
    await turn();
    const inside = [...this.#seen.keys()].filter((path) => dirname(path) === folder);
    const folders = [...this.#folders].filter((path) => path !== '/' && dirname(path) === folder);
    return [...inside, ...folders].map((path) => path.slice(join(folder, '/').length)).sort();
  }

  async makeFolder(path: string): Promise<void> {
    await this.#call({ kind: 'make-folder', path, bytes: 0 });
    for (let each = path; each !== '/'; each = dirname(each)) this.#folders.add(each);
  }

  async remove(path: string): Promise<void> {
    await this.#call({ kind: 'remove', path, bytes: 0 });
    this.#find(path);
    this.#step([{ path, content: null }]);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#call({ kind: 'rename', path: to, bytes: 0 });
    const content = this.#find(from);
    this.#step([
      { path: to, content },
      { path: from, content: null },
    ]);
  }

  async syncFolder(path: string): Promise<void> {
    await this.#call({ kind: 'sync-folder', path, bytes: 0 });
    const here = (step: Step) => step.some((change) => dirname(change.path) === path);
    for (const step of this.#steps.filter(here))
      for (const change of step)
        if (change.content) this.#medium.set(change.path, change.content);
        else this.#medium.delete(change.path);
    this.#steps = this.#steps.filter((step) => !here(step));
  }

  async free(): Promise<number> {
    this.#alive();
    await turn();
    return Math.max(0, this.bytesMax - this.#used());
  }

  #fileOf(path: string, content: Content, durable: boolean): DiskFile {
    const generation = this.#generation;
    const alive = () => {
      if (generation !== this.#generation) throw new PowerCutError(`${path}: a handle of before`);
      this.#alive();
    };
    return {
      path,
      read: async (length, position) => {
        alive();
        await turn();
        alive();
        return content.seen.slice(position, position + length);
      },
      write: async (bytes, position) => {
        alive();
        // What is written over needs no room.
        const room = Math.max(0, content.seen.length - position) + Math.max(0, this.bytesMax - this.#used());
        const change = { bytes: bytes.slice(0, Math.max(0, Math.min(bytes.length, room))), position };
        content.seen = changed(content.seen, change);
        content.pending.push(change);
        try {
          await this.#call({ kind: 'write', path: this.#nameOf(content, path), bytes: bytes.length });
        } catch (error) {
          // The kernel may count the pages as clean now: no later sync brings them to the medium.
          const at = content.pending.indexOf(change);
          if (at >= 0 && this.#random() < 0.5) content.pending.splice(at, 1);
          throw error;
        }
        if (durable) settle(content);
        if (change.bytes.length < bytes.length) throw coded('ENOSPC', path);
      },
      sync: async () => {
        alive();
        await this.#call({ kind: 'sync', path, bytes: 0 });
        settle(content);
      },
      truncate: async (size) => {
        alive();
        content.seen = changed(content.seen, { size });
        content.pending.push({ size });
        await this.#call({ kind: 'truncate', path, bytes: size });
      },
      size: async () => {
        alive();
        await turn();
        return content.seen.length;
      },
      close: () => turn(),
    };
  }

  /** Every call that changes something comes through here: it may be the one at which the power goes, or the one that fails. */
  async #call(call: DiskCall, changes = true): Promise<void> {
    this.#alive();
    if (changes && (++this.calls >= this.cutAt || this.cutWhen(call))) {
      this.cutDuring = call;
      this.cutIs === 'power' ? this.cutPower() : this.kill();
      throw new PowerCutError(`the end came at call ${this.calls}`);
    }
    if (changes) this.fault(call);
    const generation = this.#generation;
    await turn();
    if (generation !== this.#generation) throw new PowerCutError('the power went meanwhile');
  }

  #alive(): void {
    if (this.#off) throw new PowerCutError('the power is off');
  }

  #find(path: string): Content {
    const content = this.#seen.get(path);
    if (!content) throw coded('ENOENT', path);
    return content;
  }

  /** A file may have been renamed since it was opened. */
  #nameOf(content: Content, opened: string): string {
    for (const [path, candidate] of this.#seen) if (candidate === content) return path;
    return opened;
  }

  #step(step: Step): void {
    for (const { path, content } of step)
      if (content) this.#seen.set(path, content);
      else this.#seen.delete(path);
    this.#steps.push(step);
  }

  #used(): number {
    return [...new Set(this.#seen.values())].reduce((sum, content) => sum + content.seen.length, 0);
  }

  #tear(content: Content): void {
    for (const change of content.pending) {
      if ('size' in change) {
        if (this.#random() < 0.5) content.medium = changed(content.medium, change);
        continue;
      }
      const { bytes, position } = change;
      const whole = this.#random();
      for (let at = 0; at < bytes.length; ) {
        const end = Math.min(bytes.length, at + sectorBytes - ((position + at) % sectorBytes));
        // Often all or nothing, else sector by sector.
        if (whole < 0.25 || (whole < 0.75 && this.#random() < 0.5))
          content.medium = changed(content.medium, { bytes: bytes.subarray(at, end), position: position + at });
        at = end;
      }
    }
    content.pending = [];
    content.seen = content.medium.slice();
  }

  #forgetPending(): void {
    this.#steps = [];
    this.#seen = new Map(this.#medium);
  }
}

/** The medium has it all. */
function settle(content: Content): void {
  for (const change of content.pending) content.medium = changed(content.medium, change);
  content.pending = [];
}

/** In place where it fits; a file that grows is filled with zeros. */
function changed(bytes: Uint8Array, change: Change): Uint8Array {
  const needed = 'size' in change ? change.size : Math.max(bytes.length, change.position + change.bytes.length);
  const target = needed === bytes.length ? bytes : resized(bytes, needed);
  if ('bytes' in change) target.set(change.bytes, change.position);
  return target;
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  const target = new Uint8Array(size);
  target.set(bytes.subarray(0, size));
  return target;
}

function coded(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Small and seeded; good enough to pick what survives. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
