// Writes WFDB records for tests, from the format's description alone: it shares nothing with the reader.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

export interface WrittenSignal {
  readonly name?: string;
  /** ADC values as they stand in the file. */
  readonly samples: readonly number[];
  readonly gain?: string;
  readonly adcZero?: number;
  readonly initial?: number;
  readonly checksum?: number;
}

export interface WrittenFile {
  readonly file: string;
  readonly format: 16 | 80 | 212;
  /** As it stands in the header behind the format: `x2`, `:3`. */
  readonly oddity?: string;
  /** Bytes of something else before the first sample. */
  readonly lead?: Uint8Array;
  readonly gzip?: boolean;
  readonly signals: readonly WrittenSignal[];
}

export interface WrittenRecord {
  readonly record: string;
  readonly hz?: number | string;
  /** As it stands in the header; default: the samples of each signal. */
  readonly count?: string;
  /** Time and date, as they stand in the header. */
  readonly base?: string;
  readonly files: readonly WrittenFile[];
}

/** Writes header and signal files, and gives the header's path. */
export function writeWfdb(folder: string, record: WrittenRecord): string {
  mkdirSync(folder, { recursive: true });
  const signals = record.files.flatMap(({ signals }) => signals);
  const { hz = 100, count = String(signals[0]?.samples.length ?? 0), base = '' } = record;
  const lines = [`# written for a test`, `${record.record} ${signals.length} ${hz} ${count} ${base}`.trim()];
  for (const each of record.files) {
    const { file, format, oddity = '', lead = new Uint8Array(0), gzip } = each;
    const bytes = Buffer.concat([lead, samplesBytes(each)]);
    writeFileSync(join(folder, gzip ? `${file}.gz` : file), gzip ? gzipSync(bytes) : bytes);
    for (const signal of each.signals) {
      const { gain = '200(0)/mV', adcZero = 0, name = 'II', samples } = signal;
      const { initial = samples[0] ?? 0, checksum = signedSum(samples) } = signal;
      const offset = lead.length > 0 ? `+${lead.length}` : '';
      lines.push(`${file} ${format}${oddity}${offset} ${gain} 12 ${adcZero} ${initial} ${checksum} 0 ${name}`);
    }
  }
  const path = join(folder, `${record.record}.hea`);
  writeFileSync(path, `${lines.join('\r\n')}\r\n# the end\r\n`);
  return path;
}

/** Sum of all samples as a signed number of 16 bits. */
export function signedSum(samples: readonly number[]): number {
  const sum = samples.reduce((total, sample) => total + BigInt(sample), 0n);
  return Number(BigInt.asIntN(16, sum));
}

function samplesBytes({ format, signals }: WrittenFile): Uint8Array {
  const length = Math.max(...signals.map(({ samples }) => samples.length));
  const interleaved = Array.from({ length }, (_, i) => signals.map(({ samples }) => samples[i] as number)).flat();
  if (format === 16) {
    const bytes = Buffer.alloc(interleaved.length * 2);
    for (const [i, sample] of interleaved.entries()) bytes.writeInt16LE(sample, 2 * i);
    return bytes;
  }
  if (format === 80) return Uint8Array.from(interleaved, (sample) => sample + 128);
  return Buffer.from(pairs(interleaved).map(pairHex).join(''), 'hex');
}

function pairs(samples: readonly number[]): (readonly number[])[] {
  return Array.from({ length: Math.ceil(samples.length / 2) }, (_, i) => samples.slice(2 * i, 2 * i + 2));
}

/** Two samples of three hex digits each, h2 h1 h0: their bytes are a1a0, b2a2, b1b0; one alone is a1a0, 0a2. */
function pairHex([a = 0, b]: readonly number[]): string {
  const digits = (sample: number) => BigInt.asUintN(12, BigInt(sample)).toString(16).padStart(3, '0');
  const [a2, a1, a0] = digits(a);
  const [b2, b1, b0] = b === undefined ? ['0', '', ''] : digits(b);
  return `${a1}${a0}${b2}${a2}${b1}${b0}`;
}
