// A segment: one file of frames behind a header. Class C: what was acknowledged stands in it.
// Invariants: the file is written whole with zeros before its first frame, so that a full disk is met when it is made and
// not when it is written; frames stand without gaps from the header on, positions increasing; a segment's id is new for
// each file, so bytes of another never verify.
import { basename, join } from 'node:path';
import { crc32c, type Disk, type DiskFile } from '../contract/index.ts';
import { DiskFullError, ForeignFileError, isDiskFull } from './errors.ts';
import { type Frame, readFrame } from './frame.ts';
import { readBytes } from './limits.ts';

export const segmentHeaderBytes = 64;
const MAGIC = 0x31474553; // "SEG1"
const zeros = new Uint8Array(1024 * 1024);

/** What a segment's header says. All numbers are non-negative safe integers. */
export interface SegmentHeader {
  /** New for each file of a folder. */
  readonly id: number;
  /** Position of the first record it may hold. */
  readonly base: number;
  /** Where the valid bytes of the segment before this one end; 0 if there is none. */
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
  const { id, base, previousEnd, ownEnd, covers, createdAt } = header;
  const values = [id, base, previousEnd, ownEnd, covers, createdAt];
  for (const [i, value] of values.entries()) view.setBigUint64(8 + 8 * i, BigInt(value), true);
  view.setUint32(4, crc32c(bytes, 8), true);
  return bytes;
}

/** The header, or undefined if the bytes are none (a file whose making was cut short). */
export function decodeHeader(bytes: Uint8Array): SegmentHeader | undefined {
  if (bytes.length < segmentHeaderBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, segmentHeaderBytes);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== crc32c(bytes, 8, segmentHeaderBytes))
    return undefined;
  const [id = 0, base = 0, previousEnd = 0, ownEnd = 0, covers = 0, createdAt = 0] = Array.from({ length: 6 }, (_, i) =>
    Number(view.getBigUint64(8 + 8 * i, true)),
  );
  return { id, base, previousEnd, ownEnd, covers, createdAt };
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

/** Makes a file of `size` zero bytes that a power cut cannot shrink; throws `DiskFullError`, leaving nothing behind. */
export async function preallocate(disk: Disk, folder: string, name: string, size: number): Promise<void> {
  const path = join(folder, name);
  let file: DiskFile | undefined;
  try {
    file = await disk.open(path, { create: true, durable: false });
    for (let at = 0; at < size; at += zeros.length)
      await file.write(zeros.subarray(0, Math.min(zeros.length, size - at)), at);
    await file.sync();
    await file.close();
  } catch (cause) {
    await file?.close().catch(() => {});
    await disk.remove(path).catch(() => {});
    if (!isDiskFull(cause)) throw cause;
    throw new DiskFullError(`${folder}: no room for a segment of ${size} bytes`, { cause });
  }
}

/** Reads a file's header; a file that is none of ours is refused. */
export async function readHeader(file: DiskFile): Promise<SegmentHeader | undefined> {
  const bytes = await file.read(segmentHeaderBytes, 0);
  const header = decodeHeader(bytes);
  if (!header && bytes.some((byte) => byte !== 0)) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const ours = bytes.length >= 4 && view.getUint32(0, true) === MAGIC;
    if (!ours && bytes.length === segmentHeaderBytes) throw new ForeignFileError(`${file.path} is no segment of Vigil`);
  }
  return header;
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
