// Reading a journal: from any position, never beyond the durable end. A frame that does not verify before that end is
// corruption: its range is announced once and set aside, and reading goes on behind it.
import { join } from 'node:path';
import type { Announce, Disk, DiskFile } from '../contract/index.ts';
import { frameHeaderBytes, readFrame } from './frame.ts';
import { readBytes } from './limits.ts';
import { readStretch, type Stretch, segmentHeaderBytes, segmentName } from './segment.ts';
import type { Segment } from './segments.ts';

/** A record read from a journal; the payload shares a buffer with its neighbours. */
export interface Entry {
  readonly position: number;
  readonly payload: Uint8Array;
}

/** Open files at most; the newest used stay open. */
const openFilesMax = 8;

export class JournalReader {
  readonly #folder: string;
  readonly #disk: Disk;
  readonly #announce: Announce;
  readonly #segments: readonly Segment[];
  readonly #files = new Map<Segment, DiskFile>();
  readonly #announced = new Set<string>();

  constructor(
    folder: string,
    ports: { readonly disk: Disk; readonly announce: Announce },
    segments: readonly Segment[],
  ) {
    this.#folder = folder;
    this.#disk = ports.disk;
    this.#announce = ports.announce;
    this.#segments = segments;
  }

  /** Entries from `from` on, from one stretch of one segment; `high` is the durable end. */
  async read(from: number, high: number): Promise<{ readonly entries: readonly Entry[]; readonly next: number }> {
    for (let position = from; position < high; ) {
      const i = this.#indexOf(position);
      const segment = this.#segments[i];
      if (!segment) return { entries: [], next: high };
      const after = segment.header.covers || (this.#segments[i + 1]?.header.base ?? high);
      const found = await this.#readSegment(segment, position, after);
      if (found.entries.length > 0) return found;
      position = Math.max(after, this.#segments[this.#indexOf(position) + 1]?.header.base ?? high);
    }
    return { entries: [], next: Math.max(from, high) };
  }

  /** Closes the file of a segment that is gone. */
  async forget(segment: Segment): Promise<void> {
    await this.#files.get(segment)?.close();
    this.#files.delete(segment);
  }

  async close(): Promise<void> {
    for (const file of this.#files.values()) await file.close();
    this.#files.clear();
  }

  /** Index of the last segment that begins at or before the position; the first one for positions before all. */
  #indexOf(position: number): number {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#segments[middle] as Segment).header.base <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  async #readSegment(segment: Segment, from: number, after: number): Promise<{ entries: Entry[]; next: number }> {
    const end = segment.end;
    let offset = this.#markBefore(segment, from);
    while (offset < end) {
      const stretch = await readStretch(await this.#fileOf(segment), segment.header.id, offset, end);
      this.#remember(segment, stretch, offset);
      const entries = stretch.frames
        .filter((frame) => frame.position >= from)
        .map((frame) => ({ position: frame.position, payload: stretch.bytes.subarray(frame.from, frame.to) }));
      if (entries.length > 0) return { entries, next: (entries.at(-1) as Entry).position + 1 };
      offset =
        stretch.ends === 'more' || stretch.next >= end
          ? stretch.next
          : await this.#behindBad(segment, stretch.next, end, after);
    }
    return { entries: [], next: after };
  }

  /** Offset of the next frame that verifies behind one that does not, or the end of the segment. */
  async #behindBad(segment: Segment, offset: number, end: number, after: number): Promise<number> {
    const file = await this.#fileOf(segment);
    const bytes = await file.read(Math.min(readBytes, end - offset), offset);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const length = bytes.length >= frameHeaderBytes ? view.getUint32(0, true) : 0;
    const next = offset + frameHeaderBytes + length;
    const follows = length > 0 && next < end ? readFrame(bytes, view, next - offset, segment.header.id) : 'end';
    const skipped = typeof follows === 'object' || next === end ? next : end;
    const key = `${segment.header.id}/${offset}`;
    if (!this.#announced.has(key)) {
      this.#announced.add(key);
      const upTo = typeof follows === 'object' ? follows.position - 1 : after - 1;
      this.#announce(
        'error',
        `${join(this.#folder, segmentName(segment.header.base))}: corrupt at byte ${offset}; records up to position ${upTo} are set aside`,
      );
    }
    return skipped;
  }

  #markBefore(segment: Segment, position: number): number {
    const mark = segment.marks.findLast((candidate) => candidate.position <= position);
    return mark?.offset ?? segmentHeaderBytes;
  }

  #remember(segment: Segment, stretch: Stretch, offset: number): void {
    const [first] = stretch.frames;
    const last = segment.marks.at(-1);
    if (first && (!last || last.offset < offset)) segment.marks.push({ position: first.position, offset });
  }

  async #fileOf(segment: Segment): Promise<DiskFile> {
    const open = this.#files.get(segment);
    if (open) {
      this.#files.delete(segment);
      this.#files.set(segment, open);
      return open;
    }
    const file = await this.#disk.open(join(this.#folder, segmentName(segment.header.base)), {
      create: false,
      durable: false,
    });
    this.#files.set(segment, file);
    for (const [oldest, stale] of this.#files) {
      if (this.#files.size <= openFilesMax) break;
      this.#files.delete(oldest);
      await stale.close();
    }
    return file;
  }
}
