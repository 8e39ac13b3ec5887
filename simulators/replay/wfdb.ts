// WFDB records: read once as a whole and found good (length, first samples, checksums, range) before anything is played.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { INVALID_SAMPLE, LEADS, type Lead, MICROVOLT, waveformSamplesMax } from '../../contract/index.ts';
import { bytesOf, quoted, sha256Of } from './bytes.ts';
import { RecordingError, unclear } from './errors.ts';
import { blockSecondsMax, headerBytesMax } from './limits.ts';
import type { Item, ReadOptions, RecordedFile, RecordedSignal, Recording } from './recording.ts';
import { parseHeader, type WfdbHeader, type WfdbSignal } from './wfdb-header.ts';
import { invalidOf, SampleReader } from './wfdb-samples.ts';
import { wfdbStart } from './wfdb-start.ts';

/** Reads the record of a header file; throws `RecordingError`, or `UsageError` with the flag that settles it. */
export async function openWfdb(path: string, options: ReadOptions): Promise<Recording> {
  const { size } = await stat(path);
  if (size > headerBytesMax)
    throw new RecordingError(path, '', `${size} bytes, expected a header of at most ${headerBytesMax}`);
  const text = await readFile(path);
  const header = parseHeader(text.toString('utf8'), path);
  const played = playedSignals(header, path, options);
  const record: Opened = { path, header, groups: groupsOf(header, path), played };
  const hashes = record.groups.map(() => createHash('sha256'));
  const counts = await verify(record, hashes);
  const files: RecordedFile[] = [
    { path, sha256: createHash('sha256').update(text).digest('hex') },
    ...record.groups.map((group, i) => ({
      path: group.path,
      sha256: (hashes[i] as (typeof hashes)[0] & object).digest('hex'),
    })),
  ];
  const start = wfdbStart(header, options);
  const lengthMs = Math.ceil((counts.frames * 1_000) / header.hz);
  return {
    name: basename(path, '.hea'),
    format: 'wfdb',
    files,
    sha256: sha256Of(files),
    signals: played.map(({ lead, signal, unit }) => signalOf(lead, signal, unit, header.hz)),
    ...start,
    lengthMs,
    periodMs: lengthMs,
    facts: { readings: 0, absences: 0, gaps: 0, ...counts.facts },
    notes: [...header.notes, ...start.notes, ...counts.notes, ...leftOut(header, played)],
    items: () => itemsOf(record),
  };
}

interface Opened {
  readonly path: string;
  readonly header: WfdbHeader;
  readonly groups: readonly Group[];
  readonly played: readonly Played[];
}

/** Signals of one file, interleaved. */
interface Group {
  readonly path: string;
  readonly signals: readonly WfdbSignal[];
}

interface Played {
  readonly lead: Lead;
  readonly signal: WfdbSignal;
  readonly scale: number;
  readonly unit: number;
}

function groupsOf({ signals }: WfdbHeader, path: string): Group[] {
  const byFile = Map.groupBy(signals, ({ file }) => file);
  return [...byFile].map(([file, members]) => {
    const plain = join(dirname(path), file);
    const found = [plain, `${plain}.gz`].find((candidate) => existsSync(candidate));
    if (found === undefined)
      throw new RecordingError(path, `line ${members[0]?.line}`, `there is no ${file} beside it, and no ${file}.gz`);
    return { path: found, signals: members };
  });
}

const knownNames: ReadonlyMap<string, Lead> = new Map<string, Lead>([
  ...(Object.keys(LEADS) as Lead[]).map((lead) => [lead, lead] as const),
  ['MLII', 'II'],
  ['PLETH', 'pleth'],
]);

/** The signals to play and the lead of each. */
function playedSignals({ signals }: WfdbHeader, path: string, { leads, only }: ReadOptions): Played[] {
  const names = new Set(signals.map(({ name }) => name));
  const missing = [...leads.keys()].find((name) => !names.has(name));
  if (missing !== undefined)
    throw unclear(
      path,
      `--map ${missing}=${leads.get(missing)}: there is no signal ${missing}; it has ${[...names].join(', ')}`,
    );
  const leadOf = (name: string) => leads.get(name) ?? knownNames.get(name);
  const wanted = (name: string) => !only || only.includes(name) || only.includes(leadOf(name) ?? '');
  const chosen = signals.filter(({ name }) => wanted(name));
  const unknown = only?.find((name) => !signals.some((signal) => [signal.name, leadOf(signal.name)].includes(name)));
  if (unknown !== undefined)
    throw unclear(path, `--only ${unknown}: there is no such signal; it has ${[...names].join(', ')}`);
  const known = signals.filter(({ name }) => leadOf(name)).map(({ name }) => name);
  const played = chosen.map((signal) => {
    const lead = leadOf(signal.name);
    if (lead === undefined)
      throw unclear(
        path,
        `which lead is the signal ${signal.name} (line ${signal.line})? Say --map ${signal.name}=LEAD, with one of ${Object.keys(LEADS).join(', ')}` +
          (known.length > 0 ? `, or leave it out: --only ${known.join(',')}` : ''),
      );
    return { lead, signal, ...scaleOf(lead, signal, path) };
  });
  const twice = played.find(({ lead }, i) => played.findIndex((other) => other.lead === lead) < i);
  if (twice)
    throw unclear(path, `two signals are lead ${twice.lead}; say which with --only, or another lead with --map`);
  return played;
}

/** Microvolt of one step of each unit. */
const microvolts: Readonly<Record<string, number>> = { mV: 1_000, uV: 1, V: 1_000_000 };

function scaleOf(lead: Lead, { gain, units, name, line }: WfdbSignal, path: string) {
  if (lead === 'pleth') return { scale: 1 / gain, unit: 0 };
  const perUnit = microvolts[units];
  if (perUnit === undefined)
    throw new RecordingError(
      path,
      `line ${line}, signal ${name}`,
      `unit ${quoted(units)}, expected mV, uV or V for lead ${lead}`,
    );
  return { scale: perUnit / gain, unit: MICROVOLT };
}

function framesPerBlock(hz: number): number {
  return Math.max(1, Math.min(waveformSamplesMax, Math.floor(hz * blockSecondsMax)));
}

function signalOf(lead: Lead, { name }: WfdbSignal, unit: number, hz: number): RecordedSignal {
  const everyMs = Math.max(1, Math.round((framesPerBlock(hz) * 1_000) / hz));
  return { name: lead, source: name, unit: unit === MICROVOLT ? 'uV' : '', everyMs };
}

function leftOut({ signals }: WfdbHeader, played: readonly Played[]): string[] {
  const names = signals.filter((signal) => !played.some((other) => other.signal === signal)).map(({ name }) => name);
  return names.length > 0 ? [`left out: ${names.join(', ')}`] : [];
}

async function verify(record: Opened, hashes: readonly ReturnType<typeof createHash>[]) {
  const facts = { blocks: 0, samples: 0, invalidSamples: 0 };
  const notes: string[] = [];
  let frames = 0;
  for await (const block of blocksOf(record, hashes, notes)) {
    frames += block.frames;
    for (const samples of block.samples) {
      facts.blocks++;
      facts.samples += samples.length;
      for (const sample of samples) if (sample === INVALID_SAMPLE) facts.invalidSamples++;
    }
  }
  if (frames === 0) throw new RecordingError(record.path, '', 'it has no samples');
  return { facts, frames, notes };
}

async function* itemsOf(record: Opened): AsyncGenerator<Item, void, undefined> {
  const { hz } = record.header;
  for await (const { index, frames, samples } of blocksOf(record)) {
    const facts = { firstSampleUs: Math.round((index * 1e6) / hz), index, rateMhz: Math.round(hz * 1_000) };
    const atMs = Math.ceil(((index + frames) * 1_000) / hz);
    for (const [i, { lead, scale, unit }] of record.played.entries())
      yield { kind: 'block', lead, atMs, ...facts, scale, unit, samples: samples[i] as Int16Array };
  }
}

interface Block {
  readonly index: number;
  readonly frames: number;
  /** Of the played signals, in their order. */
  readonly samples: readonly Int16Array[];
}

/** All blocks; what does not fit the header throws, the checksums at the end. */
async function* blocksOf(
  { path, header, groups, played }: Opened,
  hashes?: readonly ReturnType<typeof createHash>[],
  notes?: string[],
): AsyncGenerator<Block, void, undefined> {
  const readers = groups.map(({ path: file, signals: [first] }, i) => {
    const { format, offset } = first as WfdbSignal;
    return new SampleReader(bytesOf(file, hashes?.[i]), format, offset);
  });
  const checks = new Map(header.signals.map((signal) => [signal, new SignalCheck(signal, path)]));
  const most = framesPerBlock(header.hz);
  try {
    let index = 0;
    for (;;) {
      const frames = Math.min(most, (header.samples ?? Number.POSITIVE_INFINITY) - index);
      if (frames === 0) break;
      const taken = await Promise.all(
        readers.map((reader, g) => reader.take(frames * (groups[g] as Group).signals.length)),
      );
      const whole = wholeFrames(taken, groups, { path, index, frames, declared: header.samples });
      if (whole === 0) break;
      const samples = new Map<WfdbSignal, Int16Array>();
      for (const [g, { signals }] of groups.entries())
        for (const [s, signal] of signals.entries()) {
          const raw = every(taken[g] as Int16Array, s, signals.length, whole);
          checks.get(signal)?.add(raw, index);
          if (played.some((other) => other.signal === signal)) samples.set(signal, stored(raw, signal, index, path));
        }
      yield { index, frames: whole, samples: played.map(({ signal }) => samples.get(signal) as Int16Array) };
      index += whole;
      if (whole < frames) break;
    }
    for (const check of checks.values()) check.finish();
    await noteRest(readers, groups, notes);
  } finally {
    await Promise.all(readers.map((reader) => reader.close()));
  }
}

/** Frames that all files have; a header that says how many there are is held to it. */
function wholeFrames(
  taken: readonly Int16Array[],
  groups: readonly Group[],
  { path, index, frames, declared }: { path: string; index: number; frames: number; declared: number | undefined },
): number {
  const counts = taken.map((samples, g) => Math.floor(samples.length / (groups[g] as Group).signals.length));
  const least = Math.min(...counts);
  const short = counts.indexOf(least);
  if (declared !== undefined && least < frames)
    throw new RecordingError(
      (groups[short] as Group).path,
      `sample ${index + least}`,
      `ends here, expected ${declared} samples a signal`,
    );
  const longer = counts.findIndex((count) => count !== least);
  if (longer >= 0)
    throw new RecordingError(
      path,
      '',
      `${groups[short]?.path} ends after ${index + least} samples a signal and ${groups[longer]?.path} does not; say their number in the header`,
    );
  return least;
}

/** What stands after the last sample is read too (its bytes are part of the checksum), and told. */
async function noteRest(
  readers: readonly SampleReader[],
  groups: readonly Group[],
  notes: string[] | undefined,
): Promise<void> {
  for (const [g, reader] of readers.entries()) {
    let more = 0;
    for (;;) {
      const { length } = await reader.take(65_536);
      if (length === 0) break;
      more += length;
    }
    if (more > 0) notes?.push(`${groups[g]?.path}: ${more} samples more than its header says; left out`);
  }
}

function every(samples: Int16Array, from: number, step: number, count: number): Int16Array {
  return Int16Array.from({ length: count }, (_, i) => samples[from + i * step] as number);
}

/** ADC values less their baseline; what cannot be stored so is refused, never cut. */
function stored(raw: Int16Array, { baseline, format, name }: WfdbSignal, index: number, path: string): Int16Array {
  return raw.map((value, i) => {
    if (value === invalidOf[format]) return INVALID_SAMPLE;
    const sample = value - baseline;
    if (sample < -32_767 || sample > 32_767)
      throw new RecordingError(
        path,
        `signal ${name}, sample ${index + i}`,
        `${value} less its baseline ${baseline} is ${sample}, expected -32767 to 32767`,
      );
    return sample;
  });
}

/** First sample and sum of a signal, as its header says them. */
class SignalCheck {
  readonly #signal: WfdbSignal;
  readonly #path: string;
  #sum = 0;

  constructor(signal: WfdbSignal, path: string) {
    this.#signal = signal;
    this.#path = path;
  }

  add(raw: Int16Array, index: number): void {
    const { initial, name, file } = this.#signal;
    if (index === 0 && initial !== undefined && raw[0] !== initial)
      throw new RecordingError(
        this.#path,
        `signal ${name}`,
        `initial value ${initial}, but ${file} begins with ${raw[0]}`,
      );
    for (const value of raw) this.#sum = (this.#sum + value) | 0;
  }

  finish(): void {
    const { checksum, name, file } = this.#signal;
    const found = (this.#sum << 16) >> 16;
    if (checksum !== undefined && found !== (checksum << 16) >> 16)
      throw new RecordingError(
        this.#path,
        `signal ${name}`,
        `checksum ${checksum}, but the samples of ${file} give ${found}`,
      );
  }
}
