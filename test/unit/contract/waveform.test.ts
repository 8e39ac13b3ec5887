import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  crc32c,
  decodeWaveform,
  encodeWaveform,
  INVALID_SAMPLE,
  isContiguous,
  type WaveformBlock,
} from '../../../contract/index.ts';

/** The example of the wire format: lead II, 250 Hz, boot 12, seq 7, index 1500, 5 uV, samples 12 -5 880 invalid. */
const golden = `
  56 49 47 57 01 00 40 00 02 01 02 00 0c 00 00 00 07 00 00 00 90 d0 03 00 dc 05 00 00 00 00 00 00 00 9e cc fb ec 4b 06 00
  e8 ee 29 a7 9c 01 00 00 00 00 00 00 00 00 14 40 b3 10 04 00 04 00 00 02 0c 00 fb ff 70 03 00 80 b9 1a bb 6b`;

const block: WaveformBlock = {
  lead: 'II',
  boot: 12,
  seq: 7,
  discontinuous: false,
  saturated: false,
  pacing: false,
  rateMhz: 250_000,
  index: 1500,
  takenAtUs: 1_772_331_069_120_000,
  receivedAt: 1_772_331_069_160,
  scale: 5,
  unit: 266_419,
  clock: 'synced',
  contact: 'contact',
  samples: Int16Array.of(12, -5, 880, INVALID_SAMPLE),
};

const bytesOf = (hex: string) => Uint8Array.from(hex.trim().split(/\s+/), (byte) => Number.parseInt(byte, 16));

describe('a waveform block', () => {
  test('has the golden bytes both ways', { tags: ['CON-SCHEMA'] }, () => {
    expect(encodeWaveform(block)).toEqual(bytesOf(golden));
    expect(decodeWaveform(bytesOf(golden))).toEqual(block);
  });

  test('with any one bit flipped is refused, never read otherwise', { tags: ['ING-ECG', 'CON-SCHEMA'] }, () => {
    const read: number[] = [];
    for (let bit = 0; bit < encodeWaveform(block).length * 8; bit++) {
      const bytes = encodeWaveform(block);
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      if (!('fault' in decodeWaveform(bytes))) read.push(bit);
    }
    expect(read).toEqual([]);
  });

  test('of any bytes gives a block or a fault and never throws', { tags: ['CON-SCHEMA'] }, () => {
    const prefixed = fc
      .tuple(fc.uint8Array({ maxLength: 200 }), fc.nat(76))
      .map(([tail, keep]) => Uint8Array.of(...bytesOf(golden).subarray(0, keep), ...tail));
    const outcomes = new Set<boolean>();
    fc.assert(
      fc.property(prefixed, (bytes) => void outcomes.add('fault' in decodeWaveform(bytes))),
      { numRuns: 2000 },
    );
    expect(outcomes.has(true)).toBe(true);
  });

  test('whose header is longer is read to its end', { tags: ['CON-VERSION'] }, () => {
    const bytes = encodeWaveform(block);
    const longer = new Uint8Array(bytes.length + 8);
    longer.set(bytes.subarray(0, 64));
    longer.set(bytes.subarray(64), 72);
    const view = new DataView(longer.buffer);
    view.setUint16(6, 72, true);
    view.setUint32(longer.length - 4, crc32c(longer, 0, longer.length - 4), true);
    expect(decodeWaveform(longer)).toEqual(block);
  });

  test('joins the one before it only without a hole', { tags: ['ING-ECG'] }, () => {
    const next = { ...block, seq: 8, index: 1504 };
    expect(isContiguous(block, next)).toBe(true);
    const holes = [
      { seq: 9 },
      { index: 1505 },
      { boot: 13 },
      { rateMhz: 130_000 },
      { discontinuous: true },
      { seq: 7 },
    ];
    expect(holes.map((hole) => isContiguous(block, { ...next, ...hole }))).toEqual(holes.map(() => false));
  });
});
