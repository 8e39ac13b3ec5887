// Row `decode` of `performance.md`: a reading from its bytes, an ECG block from its bytes, each beside what one would write first:
// JSON.parse and the schema. Both find the same, here on every input, and on all that a generator thinks of in
// `test/unit/ingest/scanner.test.ts`. Notifications of sensors over BLE are not decoded by anything yet: not measured.
import { deepStrictEqual } from 'node:assert/strict';
import { z } from 'zod';
import {
  Boot,
  ClockQuality,
  decodeWaveform,
  EpochMs,
  encodeWaveform,
  leadNames,
  MICROVOLT,
  Reading,
  Seq,
  type WaveformBlock,
} from '../../contract/index.ts';
import { scanReadings } from '../../ingest/scanner.ts';
import { type Figure, median, rounded } from './figure.ts';

const inputs = 1_000;
const rounds = 21;
const startAt = Date.UTC(2026, 2, 1, 2);

/** The figures; some seconds. */
export function bench(): Promise<Figure[]> {
  const readings = payloads();
  const blocks = ecgBlocks();
  const binary = blocks.map(encodeWaveform);
  const json = blocks.map((block) => Buffer.from(JSON.stringify({ ...block, samples: [...block.samples] })));
  readings.forEach((bytes, i) => {
    const { boot, seq, vital, unit, takenAt, ...rest } = slowReading(bytes);
    const value = 'value' in rest ? rest.value : undefined;
    deepStrictEqual(scanReadings(bytes), { boot, seq, vital, value, unit, takenAt }, `reading ${i}`);
  });
  blocks.forEach((block, i) => {
    deepStrictEqual(decodeWaveform(binary[i] as Uint8Array), block, `block ${i}`);
    deepStrictEqual(slowBlock(json[i] as Buffer), { ...block, samples: [...block.samples] }, `block ${i}`);
  });
  const scanned = nsEach(readings, scanReadings);
  const parsed = nsEach(readings, slowReading);
  const decoded = nsEach(binary, decodeWaveform);
  const checked = nsEach(json, slowBlock);
  return Promise.resolve([
    figure('decode a reading', scanned, 'JSON.parse and zod', parsed, '<= 0.5', scanned / parsed <= 0.5),
    figure('decode an ECG block of 250', decoded, 'JSON.parse and zod', checked, '<= 0.04', checked / decoded >= 25),
  ]);
}

function figure(name: string, value: number, peer: string, peerValue: number, bar: string, held: boolean): Figure {
  const ratio = rounded(value / peerValue);
  return { name, value: rounded(value), unit: 'ns CPU', peer, peerValue: rounded(peerValue), ratio, bar, held };
}

/** CPU time of one call, median of rounds; the first third is warm-up. */
function nsEach<T>(all: readonly T[], decode: (input: T) => unknown): number {
  const each: number[] = [];
  let kept: unknown;
  for (let round = 0; round < rounds * 1.5; round++) {
    const since = process.cpuUsage();
    for (let i = 0; i < 20; i++) for (const input of all) kept = decode(input);
    const { user, system } = process.cpuUsage(since);
    if (round >= rounds / 2) each.push(((user + system) * 1_000) / (20 * all.length));
  }
  if (kept === undefined) throw new Error('nothing was decoded');
  return median(each);
}

/** Readings as kits send them, glucose and SpO2 by turns. */
function payloads(): Buffer[] {
  return Array.from({ length: inputs }, (_, i) => {
    const at = startAt + i * 1_000;
    const measured =
      i % 2 === 0
        ? { vital: 'spo2', value: 90 + (i % 10), unit: '%' }
        : { vital: 'glucose', value: (40 + (i % 150)) / 10, unit: 'mmol/L' };
    const times = { quality: 'good', takenAt: at, receivedAt: at + 44, clock: 'synced' };
    return Buffer.from(JSON.stringify({ v: 1, boot: 12, seq: 48_000 + i, ...measured, ...times }));
  });
}

function slowReading(bytes: Buffer): Reading {
  return Reading.parse(JSON.parse(bytes.toString('utf8')));
}

/** Lead II at 250 Hz, a second a block. */
function ecgBlocks(): WaveformBlock[] {
  return Array.from({ length: 100 }, (_, i) => ({
    ...({ lead: 'II', boot: 12, seq: i + 1, discontinuous: false, saturated: false, pacing: false } as const),
    ...({
      rateMhz: 250_000,
      index: i * 250,
      takenAtUs: (startAt + i * 1_000) * 1_000,
      receivedAt: startAt + i * 1_000,
    } as const),
    ...({ scale: 5, unit: MICROVOLT, clock: 'synced', contact: 'contact' } as const),
    samples: Int16Array.from({ length: 250 }, (_, n) => Math.round(200 * Math.sin((i * 250 + n) / 12))),
  }));
}

const int16 = z.int().min(-32_768).max(32_767);
const JsonBlock = z.strictObject({
  lead: z.enum(leadNames as readonly [string, ...string[]]),
  boot: Boot,
  seq: Seq,
  discontinuous: z.boolean(),
  saturated: z.boolean(),
  pacing: z.boolean(),
  rateMhz: z.int().min(1),
  index: z.int().nonnegative(),
  takenAtUs: z.int().nonnegative(),
  receivedAt: EpochMs,
  scale: z.number().positive(),
  unit: z.int().nonnegative(),
  clock: ClockQuality,
  contact: z.enum(['unknown', 'none', 'contact']),
  samples: z.array(int16).min(1).max(2_048),
});

function slowBlock(bytes: Buffer): unknown {
  return JsonBlock.parse(JSON.parse(bytes.toString('utf8')));
}
