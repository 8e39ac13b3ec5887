// A segment: one file of frames behind a header. Class C: what was acknowledged stands in it.
// Invariants: the file is written whole with zeros before its first frame, so that a full disk is met when it is made and
// not when it is written; frames stand without gaps from the header on, positions increasing; a segment's id is new for
// each file, so bytes of another never verify.
import { basename, join } from 'node:path';
import { crc32c, type Disk, type DiskFile } from '../contract/index.ts';
import { DiskFullError, isDiskFull } from './errors.ts';
import { type Frame, frameHeaderBytes, readFrame, writeFrame } from './frame.ts';
import { payloadBytesMax, readBytes } from './limits.ts';

export const segmentHeaderBytes = 64;
const MAGIC = 0x31474553; // "SEG1"
const zeros = new Uint8Array(1024 * 1024);
const none = new Uint8Array(0);

/** What a segment's header says. All numbers are non-negative safe integers. */
export interface SegmentHeader {
  /** New for each file of a folder. */
  readonly id: number;
  /** Position of the first record it may hold. */
  readonly base: number;
  /** The segment before this one, and where its valid bytes end; both 0 if there is none. */
  readonly previousId: number;
  readonly previousEnd: number;
  /** A segment that was written whole (compaction): where its bytes end, and the base of the segment after it; else 0. */
  readonly ownEnd: number;
  readonly covers: number;
  /** Wall time of making, epoch ms: no record before it is younger. */
  readonly createdAt: number;
}

export function encodeHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(segmentHeaderBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  const { id, base, previousId, previousEnd, ownEnd, covers, createdAt } = header;
  for (const [i, value] of [id, base, previousId, previousEnd, ownEnd, covers, createdAt].entries())
    view.setBigUint64(8 + 8 * i, BigInt(value), true);
  view.setUint32(4, crc32c(bytes, 8), true);
  return bytes;
}

/** The header, or undefined if the bytes are none. */
export function decodeHeader(bytes: Uint8Array): SegmentHeader | undefined {
  if (bytes.length < segmentHeaderBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, segmentHeaderBytes);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== crc32c(bytes, 8, segmentHeaderBytes))
    return undefined;
  const [id = 0, base = 0, previousId = 0, previousEnd = 0, ownEnd = 0, covers = 0, createdAt = 0] = Array.from(
    { length: 7 },
    (_, i) => Number(view.getBigUint64(8 + 8 * i, true)),
  );
  return { id, base, previousId, previousEnd, ownEnd, covers, createdAt };
}

/** `00000000000000001500.seg`: sorts by position. */
export function segmentName(base: number): string {
  return `${String(base).padStart(20, '0')}.seg`;
}

/** The base that a file's name says, or undefined if the file is no segment. */
export function baseOfName(name: string): number | undefined {
  const match = /^(\d{20})\.seg$/.exec(basename(name));
  return match ? Number(match[1]) : undefined;
}

/** Makes a file of `size` durable zero bytes, in the place of any of that name; throws `DiskFullError`, leaving nothing. */
export async function preallocate(disk: Disk, folder: string, name: string, size: number): Promise<void> {
  const path = join(folder, name);
  if ((await disk.list(folder)).includes(name)) await disk.remove(path);
  let file: DiskFile | undefined;
  try {
    // Each piece is durable by itself: one large flush at the end would hold up whoever writes beside it.
    file = await disk.open(path, { create: true, durable: true });
    for (let at = 0; at < size; at += zeros.length)
      await file.write(zeros.subarray(0, Math.min(zeros.length, size - at)), at);
    await file.close();
  } catch (cause) {
    await file?.close().catch(() => {});
    await disk.remove(path).catch(() => {});
    if (!isDiskFull(cause)) throw cause;
    throw new DiskFullError(`${folder}: no room for a file of ${size} bytes`, { cause });
  }
}

/** A record that keeps its position in a segment written whole. */
export interface KeptEntry {
  readonly position: number;
  readonly payload: Uint8Array;
}

/** Bytes of a segment that holds these entries and no more. */
export function wholeBytes(entries: readonly KeptEntry[]): number {
  return entries.reduce((sum, { payload }) => sum + frameHeaderBytes + payload.length, segmentHeaderBytes);
}

/** Writes a segment whole, durably, into a file that has its size. */
export async function writeWhole(
  disk: Disk,
  path: string,
  header: SegmentHeader,
  entries: readonly KeptEntry[],
): Promise<void> {
  const bytes = new Uint8Array(header.ownEnd);
  const view = new DataView(bytes.buffer);
  bytes.set(encodeHeader(header));
  let at = segmentHeaderBytes;
  for (const { position, payload } of entries) at = writeFrame(bytes, view, at, header.id, position, payload, none);
  const file = await disk.open(path, { create: false, durable: false });
  try {
    await file.write(bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A stretch of a segment's frames: the buffer, and the frames in it. */
export interface Stretch {
  readonly bytes: Uint8Array;
  readonly frames: readonly Frame[];
  /** File offset after the last of the frames. */
  readonly next: number;
  /** Why the stretch ends: more follows, the frames end, or the next one does not verify. */
  readonly ends: 'more' | 'end' | 'bad';
}

/** Reads frames from the file offset `from` up to `end` at most, about `readBytes` at a time. */
export async function readStretch(file: DiskFile, id: number, from: number, end: number): Promise<Stretch> {
  for (let length = readBytes; ; length *= 2) {
    const bytes = await file.read(Math.min(length, end - from), from);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const frames: Frame[] = [];
    let at = 0;
    let ends: Stretch['ends'] | undefined;
    while (ends === undefined) {
      const frame = readFrame(bytes, view, at, id);
      if (frame === 'more')
        ends = from + bytes.length >= end || bytes.length < Math.min(length, end - from) ? 'end' : 'more';
      else if (typeof frame === 'string') ends = frame;
      else {
        frames.push(frame);
        at = frame.to;
      }
    }
    // A frame larger than the buffer: once more with a larger one.
    if (ends === 'more' && frames.length === 0) continue;
    return { bytes, frames, next: from + at, ends };
  }
}

/** Where a frame that verifies begins, and its position. */
export interface FoundFrame {
  readonly offset: number;
  readonly position: number;
}

/**
 * The first frame that verifies from the file offset `from` on and has a position in `[low, high)`: where reading goes on
 * behind bytes that do not verify.
 */
export async function findFrame(
  file: DiskFile,
  id: number,
  {
    from,
    end,
    low,
    high,
  }: { readonly from: number; readonly end: number; readonly low: number; readonly high: number },
): Promise<FoundFrame | undefined> {
  for (let start = from; start < end; start += readBytes) {
    const bytes = await file.read(Math.min(readBytes + frameHeaderBytes + payloadBytesMax, end - start), start);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const last = Math.min(readBytes, bytes.length - frameHeaderBytes);
    for (let at = 0; at < last; at++) {
      const length = view.getUint32(at, true);
      if (length === 0 || length > payloadBytesMax) continue;
      const position = view.getUint32(at + 8, true) + view.getUint32(at + 12, true) * 2 ** 32;
      if (position < low || position >= high) continue;
      if (typeof readFrame(bytes, view, at, id) === 'object') return { offset: start + at, position };
    }
  }
  return undefined;
}

/** True if the file holds nothing but zeros from the offset on. */
export async function zerosFrom(file: DiskFile, from: number, end: number): Promise<boolean> {
  for (let at = from; at < end; at += zeros.length) {
    const bytes = await file.read(Math.min(zeros.length, end - at), at);
    if (Buffer.compare(bytes, zeros.subarray(0, bytes.length)) !== 0) return false;
  }
  return true;
}
