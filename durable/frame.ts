// A frame: one record in a segment file. Length, CRC-32C, position, payload, little-endian. The CRC covers the segment's id
// and the position too, so that old bytes of a re-used place never verify (reliability.md 1.6).
import { crc32c } from '../contract/index.ts';
import { payloadBytesMax } from './limits.ts';

/** Bytes before the payload: u32 length, u32 CRC, u64 position. */
export const frameHeaderBytes = 16;

const idBytes = new Uint8Array(8);
const idView = new DataView(idBytes.buffer);
let seededSegment = -1;
let seed = 0;

/** A frame that was read: where its payload lies in the buffer, and where the next frame begins. */
export interface Frame {
  readonly position: number;
  readonly from: number;
  readonly to: number;
}

/** Writes a frame whose payload is `head` followed by `body`; gives the offset after it. Plain arguments: it runs per record. */
export function writeFrame(
  target: Uint8Array,
  view: DataView,
  at: number,
  segment: number,
  position: number,
  head: Uint8Array,
  body: Uint8Array,
): number {
  const from = at + frameHeaderBytes;
  const to = from + head.length + body.length;
  target.set(head, from);
  target.set(body, from + head.length);
  view.setUint32(at, to - from, true);
  view.setUint32(at + 8, position % 2 ** 32, true);
  view.setUint32(at + 12, Math.floor(position / 2 ** 32), true);
  view.setUint32(at + 4, crcOf(target, at, to, segment), true);
  return to;
}

/** The frame at `at`; `end`: no more frames (zeros); `bad`: does not verify; `more`: the buffer ends inside it. */
export function readFrame(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  segment: number,
): Frame | 'end' | 'bad' | 'more' {
  if (at + frameHeaderBytes > bytes.length) return 'more';
  const length = view.getUint32(at, true);
  const crc = view.getUint32(at + 4, true);
  if (length === 0) return crc === 0 ? 'end' : 'bad';
  if (length > payloadBytesMax) return 'bad';
  const from = at + frameHeaderBytes;
  const to = from + length;
  if (to > bytes.length) return 'more';
  if (crcOf(bytes, at, to, segment) !== crc) return 'bad';
  const position = view.getUint32(at + 8, true) + view.getUint32(at + 12, true) * 2 ** 32;
  return { position, from, to };
}

/** Over the segment's id, the position and the payload. */
function crcOf(bytes: Uint8Array, at: number, to: number, segment: number): number {
  // One segment is written or read for long: the CRC of its id is kept.
  if (segment !== seededSegment) {
    idView.setFloat64(0, segment, true);
    seed = crc32c(idBytes);
    seededSegment = segment;
  }
  return crc32c(bytes, at + 8, to, seed);
}
