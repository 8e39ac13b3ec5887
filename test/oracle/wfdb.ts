// The oracle's own WFDB reader, from the description in `shared/data/README.md`: one segment, formats 212 and 16, in which
// the lowest number there is stands for a sample that could not be measured.

export interface WfdbSignal {
  readonly name: string;
  readonly unit: string;
  readonly gain: number;
  readonly baseline: number;
  /** ADC values; null where the sample is invalid. */
  readonly adc: readonly (number | null)[];
}

export interface WfdbRecord {
  readonly name: string;
  readonly rateHz: number;
  readonly signals: readonly WfdbSignal[];
}

interface Line {
  readonly format: string;
  readonly gain: number;
  readonly baseline: number;
  readonly unit: string;
  readonly first: number;
  readonly checksum: number;
  readonly name: string;
}

/** Reads a record from the text of its header and the bytes of its one data file; throws where they do not agree. */
export function readWfdb(header: string, bytes: Uint8Array): WfdbRecord {
  const lines = header.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const [name = '', count = '', rate = '', length = ''] = (lines[0] ?? '').trim().split(/\s+/);
  const described = lines.slice(1, 1 + Number(count)).map(lineOf);
  const [format] = new Set(described.map((line) => line.format));
  const all = format === '212' ? decode212(bytes) : decode16(bytes);
  const invalid = format === '212' ? -2_048 : -32_768;
  const signals: WfdbSignal[] = [];
  for (const [index, line] of described.entries()) {
    const written: number[] = [];
    for (let at = 0; at < Number(length); at++) written.push(all[at * described.length + index] as number);
    check(line, written);
    const adc = written.map((sample) => (sample === invalid ? null : sample));
    signals.push({ name: line.name, unit: line.unit, gain: line.gain, baseline: line.baseline, adc });
  }
  return { name, rateHz: Number(rate), signals };
}

/** `101.dat 212 200 11 1024 955 29832 0 MLII`. */
function lineOf(line: string): Line {
  const [, format = '', scale = '', , zero = '0', first = '', checksum = '', , ...name] = line.trim().split(/\s+/);
  const match = /^([\d.]+)(?:\((-?\d+)\))?(?:\/(\S+))?$/.exec(scale);
  if (!match) throw new Error(`the oracle reads no gain in "${scale}"`);
  return {
    format,
    gain: Number(match[1]),
    baseline: Number(match[2] ?? zero),
    unit: match[3] ?? 'mV',
    first: Number(first),
    checksum: Number(checksum),
    name: name.join(' '),
  };
}

function check(line: Line, adc: readonly number[]): void {
  const signed = checksumOf(adc);
  if (adc[0] !== line.first) throw new Error(`${line.name}: the first sample is ${adc[0]}, not ${line.first}`);
  if (signed !== line.checksum) throw new Error(`${line.name}: the checksum is ${signed}, not ${line.checksum}`);
}

/** Two samples of 12 bits in three bytes. */
export function decode212(bytes: Uint8Array): number[] {
  const samples: number[] = [];
  const signed = (sample: number) => (sample > 2047 ? sample - 4096 : sample);
  for (let at = 0; at + 2 < bytes.length; at += 3) {
    const [b0 = 0, b1 = 0, b2 = 0] = bytes.subarray(at, at + 3);
    samples.push(signed(b0 + (b1 % 16) * 256), signed(b2 + Math.floor(b1 / 16) * 256));
  }
  return samples;
}

/** int16, low byte first. */
export function decode16(bytes: Uint8Array): number[] {
  const samples: number[] = [];
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    const unsigned = (bytes[at] ?? 0) + (bytes[at + 1] ?? 0) * 256;
    samples.push(unsigned > 32_767 ? unsigned - 65_536 : unsigned);
  }
  return samples;
}

/** Two samples of 12 bits as three bytes. */
export function encode212(samples: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  const unsigned = (sample: number) => (sample < 0 ? sample + 4096 : sample);
  for (let at = 0; at < samples.length; at += 2) {
    const [s0, s1] = [unsigned(samples[at] ?? 0), unsigned(samples[at + 1] ?? 0)];
    bytes.push(s0 % 256, Math.floor(s0 / 256) + 16 * Math.floor(s1 / 256), s1 % 256);
  }
  return Uint8Array.from(bytes);
}

/** From the first to before the last of these seconds a signal holds no valid sample. */
export type Hole = readonly [number, number] | null;

/** A copy of a record in format 212 with holes in its signals, its checksums and first samples made right again. */
export function withHole(
  header: string,
  bytes: Uint8Array,
  holes: readonly Hole[],
): { header: string; bytes: Uint8Array } {
  const { rateHz } = readWfdb(header, bytes);
  const all = decode212(bytes);
  const count = holes.length;
  for (const [index, hole] of holes.entries()) {
    if (hole === null) continue;
    for (let at = hole[0] * rateHz; at < hole[1] * rateHz; at++) all[at * count + index] = -2_048;
  }
  return { header: rightHeader(header, all, count), bytes: encode212(all) };
}

/** The same header with the first sample and the checksum that its signals have now. */
export function rightHeader(header: string, samples: readonly number[], count: number): string {
  const lines = header.split('\n');
  const length = Number((lines[0] ?? '').split(/\s+/)[3]);
  for (let index = 0; index < count; index++) {
    const own: number[] = [];
    for (let at = 0; at < length; at++) own.push(samples[at * count + index] ?? 0);
    const fields = (lines[index + 1] ?? '').split(/\s+/);
    fields[5] = String(own[0]);
    fields[6] = String(checksumOf(own));
    lines[index + 1] = fields.join(' ');
  }
  return lines.join('\n');
}

/** The sum of all samples as a signed number of 16 bits. */
function checksumOf(samples: readonly number[]): number {
  let sum = 0;
  for (const sample of samples) sum += sample;
  return ((((sum + 32_768) % 65_536) + 65_536) % 65_536) - 32_768;
}

/** The first seconds of a record in format 212, as a record of its own. */
export function firstSeconds(
  header: string,
  bytes: Uint8Array,
  seconds: number,
): { header: string; bytes: Uint8Array } {
  const { rateHz, signals } = readWfdb(header, bytes);
  const samples = decode212(bytes).slice(0, seconds * rateHz * signals.length);
  const [first = '', ...rest] = header.split('\n');
  const fields = first.split(/\s+/);
  fields[3] = String(seconds * rateHz);
  const shorter = [fields.join(' '), ...rest].join('\n');
  return { header: rightHeader(shorter, samples, signals.length), bytes: encode212(samples) };
}
