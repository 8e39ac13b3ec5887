// The oracle's own WFDB reader, from the description in `shared/data/README.md`: one segment, formats 212 and 16.

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
  const signals: WfdbSignal[] = [];
  for (const [index, line] of described.entries()) {
    const adc: (number | null)[] = [];
    for (let at = 0; at < Number(length); at++) adc.push(all[at * described.length + index] ?? null);
    check(line, adc);
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

function check(line: Line, adc: readonly (number | null)[]): void {
  let sum = 0;
  for (const sample of adc) sum += sample ?? -32_768;
  const signed = ((((sum + 32_768) % 65_536) + 65_536) % 65_536) - 32_768;
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

/** int16, low byte first; -32768 is no sample. */
export function decode16(bytes: Uint8Array): (number | null)[] {
  const samples: (number | null)[] = [];
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    const unsigned = (bytes[at] ?? 0) + (bytes[at + 1] ?? 0) * 256;
    const sample = unsigned > 32_767 ? unsigned - 65_536 : unsigned;
    samples.push(sample === -32_768 ? null : sample);
  }
  return samples;
}
