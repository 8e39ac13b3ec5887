// The binary waveform block (`interfaces.md` 3.3): what a lead sends, byte for byte, little-endian. A block that does not
// verify has no samples: nothing is repaired. Purpose: ING-ECG, CON-SCHEMA.
import { crc32c } from './crc32c.ts';
import { LEADS, type Lead, leadOfCode } from './lead.ts';

/** One block of a lead's samples. `samples` are int16; physical value = sample x scale; -32768 is invalid. */
export interface WaveformBlock {
  readonly lead: Lead;
  readonly boot: number;
  /** From 1, per (device, boot, lead). */
  readonly seq: number;
  readonly discontinuous: boolean;
  readonly saturated: boolean;
  readonly pacing: boolean;
  /** Samples per 1,000 s. */
  readonly rateMhz: number;
  /** Index of the first sample since this lead's first of the boot, known losses counted in. */
  readonly index: number;
  /** Time of the first sample, UTC microseconds. */
  readonly takenAtUs: number;
  /** UTC milliseconds. */
  readonly receivedAt: number;
  readonly scale: number;
  /** MDC unit code of the physical value, 0 none. */
  readonly unit: number;
  readonly clock: 'synced' | 'estimated' | 'unsure';
  readonly contact: 'unknown' | 'none' | 'contact';
  readonly samples: Int16Array;
}

export const waveformHeaderBytes = 64;
/** Most samples in one block. */
export const waveformSamplesMax = 2048;
/** Marks a sample that the device could not measure. */
export const INVALID_SAMPLE = -32768;

const MAGIC = 0x57474956; // "VIGW"
const clocks = ['synced', 'estimated', 'unsure'] as const;
const contacts = ['unknown', 'none', 'contact'] as const;

export type WaveformFault = { readonly fault: 'version' | 'crc' | 'schema'; readonly detail: string };

/** Bytes of a block as they are published. */
export function encodeWaveform(block: WaveformBlock): Uint8Array {
  const n = block.samples.length;
  const bytes = new Uint8Array(waveformHeaderBytes + 2 * n + 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint8(4, 1);
  view.setUint8(5, (block.discontinuous ? 1 : 0) | (block.saturated ? 2 : 0) | (block.pacing ? 4 : 0));
  view.setUint16(6, waveformHeaderBytes, true);
  view.setUint32(8, LEADS[block.lead], true);
  view.setUint32(12, block.boot, true);
  view.setUint32(16, block.seq, true);
  view.setUint32(20, block.rateMhz, true);
  view.setBigUint64(24, BigInt(block.index), true);
  view.setBigInt64(32, BigInt(block.takenAtUs), true);
  view.setBigInt64(40, BigInt(block.receivedAt), true);
  view.setFloat64(48, block.scale, true);
  view.setUint32(56, block.unit, true);
  view.setUint16(60, n, true);
  view.setUint8(62, clocks.indexOf(block.clock));
  view.setUint8(63, contacts.indexOf(block.contact));
  for (let i = 0; i < n; i++) view.setInt16(waveformHeaderBytes + 2 * i, block.samples[i] as number, true);
  view.setUint32(bytes.length - 4, crc32c(bytes, 0, bytes.length - 4), true);
  return bytes;
}

/** The block that the bytes are, or what is wrong with them. Never throws. */
export function decodeWaveform(bytes: Uint8Array): WaveformBlock | WaveformFault {
  if (bytes.length < waveformHeaderBytes + 4) return { fault: 'schema', detail: `${bytes.length} bytes are no block` };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) return { fault: 'schema', detail: 'does not begin with VIGW' };
  if (view.getUint8(4) !== 1) return { fault: 'version', detail: `version ${view.getUint8(4)}, expected 1` };
  const header = view.getUint16(6, true);
  const n = view.getUint16(60, true);
  if (header < waveformHeaderBytes || bytes.length !== header + 2 * n + 4)
    return { fault: 'schema', detail: `${bytes.length} bytes for a header of ${header} and ${n} samples` };
  if (view.getUint32(bytes.length - 4, true) !== crc32c(bytes, 0, bytes.length - 4))
    return { fault: 'crc', detail: 'CRC-32C does not match' };
  return checked(view, header, n);
}

function checked(view: DataView, header: number, n: number): WaveformBlock | WaveformFault {
  const lead = leadOfCode(view.getUint32(8, true));
  const flags = view.getUint8(5);
  const clock = clocks[view.getUint8(62)];
  const contact = contacts[view.getUint8(63)];
  const boot = view.getUint32(12, true);
  const seq = view.getUint32(16, true);
  const rateMhz = view.getUint32(20, true);
  const index = Number(view.getBigUint64(24, true));
  const takenAtUs = Number(view.getBigInt64(32, true));
  const receivedAt = Number(view.getBigInt64(40, true));
  const scale = view.getFloat64(48, true);
  if (!lead) return { fault: 'schema', detail: `unknown lead ${view.getUint32(8, true)}` };
  if (!clock || !contact || flags > 7) return { fault: 'schema', detail: 'unknown clock, contact or flag' };
  if (n < 1 || n > waveformSamplesMax)
    return { fault: 'schema', detail: `${n} samples, expected 1 to ${waveformSamplesMax}` };
  if (boot < 1 || boot > 2_147_483_647 || seq < 1 || rateMhz < 1)
    return { fault: 'schema', detail: 'boot, sequence and rate begin at 1' };
  if (!Number.isFinite(scale) || scale <= 0) return { fault: 'schema', detail: `scale ${scale}` };
  if (![index, takenAtUs, receivedAt].every((value) => Number.isSafeInteger(value) && value >= 0))
    return { fault: 'schema', detail: 'index or time out of range' };
  const samples = new Int16Array(n);
  for (let i = 0; i < n; i++) samples[i] = view.getInt16(header + 2 * i, true);
  return {
    lead,
    boot,
    seq,
    discontinuous: (flags & 1) !== 0,
    saturated: (flags & 2) !== 0,
    pacing: (flags & 4) !== 0,
    rateMhz,
    index,
    takenAtUs,
    receivedAt,
    scale,
    unit: view.getUint32(56, true),
    clock,
    contact,
    samples,
  };
}

/** True if `next` follows `previous` without a hole (ING-ECG). */
export function isContiguous(previous: WaveformBlock, next: WaveformBlock): boolean {
  return (
    !next.discontinuous &&
    next.boot === previous.boot &&
    next.seq === previous.seq + 1 &&
    next.rateMhz === previous.rateMhz &&
    next.index === previous.index + previous.samples.length
  );
}
