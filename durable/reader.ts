// Reading a journal: from any position, never beyond the durable end. A frame that does not verify before that end is
// corruption: its range is announced once and set aside, and reading goes on at the next frame that verifies.
import { join } from 'node:path';
import type { Announce, Disk, DiskFile } from '../contract/index.ts';
import { findFrame, readStretch, type Stretch, segmentHeaderBytes, segmentName } from './segment.ts';
import type { Segment } from './segments.ts';

/** A record read from a journal; the payload shares a buffer with its neighbours. */
export interface Entry {
  readonly position: number;
  readonly payload: Uint8Array;
}

/** Entries in order, and the position to go on from. */
export interface Entries {
  readonly entries: readonly Entry[];
  readonly next: number;
}

export class JournalReader {
  readonly #folder: string;
  readonly #disk: Disk;
  readonly #announce: Announce;
  readonly #segments: readonly Segment[];
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

  /** Entries from `from` on, from one stretch of one segment; `high` is the durable end. The segments must not change meanwhile. */
  async read(from: number, high: number): Promise<Entries> {
    for (let position = from; position < high; ) {
      const i = this.#indexOf(position);
      const segment = this.#segments[i];
      if (!segment) break;
      const after = this.#segments[i + 1]?.header.base ?? high;
      const found = await this.#readSegment(segment, position, after);
      if (found.entries.length > 0) return found;
      position = after;
    }
    return { entries: [], next: Math.max(from, high) };
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

  async #readSegment(segment: Segment, from: number, after: number): Promise<Entries> {
    // The file is opened for each read: no descriptor outlives a segment that goes away, and a read is 256 KiB.
    const path = join(this.#folder, segmentName(segment.header.base));
    const file = await this.#disk.open(path, { create: false, durable: false });
    try {
      return await this.#readFile(file, segment, from, after);
    } finally {
      await file.close();
    }
  }

  async #readFile(file: DiskFile, segment: Segment, from: number, after: number): Promise<Entries> {
    const end = segment.end;
    let known = segment.header.base;
    for (let offset = markBefore(segment, from); offset < end; ) {
      const stretch = await readStretch(file, segment.header.id, offset, end);
      remember(segment, stretch, offset);
      const entries = stretch.frames
        .filter((frame) => frame.position >= from)
        .map((frame) => ({ position: frame.position, payload: stretch.bytes.subarray(frame.from, frame.to) }));
      const last = entries.at(-1);
      if (last) return { entries, next: last.position + 1 };
      known = (stretch.frames.at(-1)?.position ?? known - 1) + 1;
      offset =
        stretch.ends === 'more' || stretch.next >= end
          ? stretch.next
          : await this.#behindBad(file, segment, { from: stretch.next, end, low: known, high: after });
    }
    return { entries: [], next: after };
  }

  /** Offset of the next frame that verifies behind one that does not, or the end of the segment. */
  async #behindBad(
    file: DiskFile,
    segment: Segment,
    bad: { readonly from: number; readonly end: number; readonly low: number; readonly high: number },
  ): Promise<number> {
    const found = await findFrame(file, segment.header.id, { ...bad, from: bad.from + 1 });
    segment.corrupt = true;
    const key = `${segment.header.id}/${bad.from}`;
    if (!this.#announced.has(key)) {
      this.#announced.add(key);
      const to = (found?.position ?? bad.high) - 1;
      this.#announce('error', `${file.path}: corrupt at byte ${bad.from}; records ${bad.low} to ${to} are set aside`);
    }
    return found?.offset ?? bad.end;
  }
}

function markBefore(segment: Segment, position: number): number {
  const mark = segment.marks.findLast((candidate) => candidate.position <= position);
  return mark?.offset ?? segmentHeaderBytes;
}

function remember(segment: Segment, stretch: Stretch, offset: number): void {
  const [first] = stretch.frames;
  const last = segment.marks.at(-1);
  if (first && (!last || last.offset < offset)) segment.marks.push({ position: first.position, offset });
}
