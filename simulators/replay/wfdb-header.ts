// The header of a WFDB record, as header(5) of the WFDB manual describes it. What this reader cannot play is refused by name.
import { quoted } from './bytes.ts';
import { RecordingError } from './errors.ts';
import { signalsMax } from './limits.ts';

export const wfdbFormats = [16, 80, 212] as const;
export type WfdbFormat = (typeof wfdbFormats)[number];

export interface WfdbSignal {
  /** Line of the header, from 1. */
  readonly line: number;
  readonly file: string;
  readonly format: WfdbFormat;
  /** Bytes before the first sample of the file. */
  readonly offset: number;
  /** ADC units per physical unit. */
  readonly gain: number;
  readonly baseline: number;
  readonly units: string;
  /** First sample, where the header says it. */
  readonly initial: number | undefined;
  /** Sum of all samples modulo 65,536, where the header says it. */
  readonly checksum: number | undefined;
  readonly name: string;
}

export interface WfdbHeader {
  readonly record: string;
  readonly hz: number;
  /** Samples of each signal; undefined where the header does not say. */
  readonly samples: number | undefined;
  /** Local time and date as they are written. */
  readonly time: string | undefined;
  readonly date: string | undefined;
  readonly signals: readonly WfdbSignal[];
  readonly notes: readonly string[];
}

/** Units and gain of a signal that says neither (header(5)). */
const defaultGain = 200;
const defaultHz = 250;

/** Reads a header; throws `RecordingError` with line, what stands there and what was expected. */
export function parseHeader(text: string, file: string): WfdbHeader {
  const lines = text
    .split(/\r\n|\n|\r/)
    .map((content, i) => ({ line: i + 1, content: content.trim() }))
    .filter(({ content }) => content !== '' && !content.startsWith('#'));
  const [first, ...rest] = lines;
  if (!first) throw new RecordingError(file, '', 'is empty, expected a record line');
  const notes: string[] = [];
  const { count, ...record } = recordLine(first.content, new Place(file, first.line), notes);
  if (rest.length !== count) {
    const line = rest[count]?.line ?? lines.at(-1)?.line ?? 1;
    throw new RecordingError(file, `line ${line}`, `${rest.length} signal lines, expected ${count} as line 1 says`);
  }
  const signals = rest.map(({ line, content }, i) => signalLine(content, i, new Place(file, line), notes));
  checkFiles(signals, file);
  return { ...record, signals, notes };
}

/** Where in a header something is wrong. */
class Place {
  readonly file: string;
  readonly line: number;
  constructor(file: string, line: number) {
    this.file = file;
    this.line = line;
  }

  refuse(what: string, found: string, expected: string): never {
    throw new RecordingError(this.file, `line ${this.line}`, `${what} ${quoted(found)}, expected ${expected}`);
  }

  integer(what: string, text: string): number {
    const value = Number(text);
    if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value)) this.refuse(what, text, 'a whole number');
    return value;
  }
}

type RecordLine = Omit<WfdbHeader, 'signals' | 'notes'> & { readonly count: number };

function recordLine(content: string, place: Place, notes: string[]): RecordLine {
  const [name = '', countText, rateText, samplesText, time, ...dates] = content.split(/\s+/);
  if (name.includes('/'))
    place.refuse('record', name, 'a record of one segment; play the segments of a multi-segment record one by one');
  if (!/^[\w-]+$/.test(name)) place.refuse('record', name, 'letters, digits, _ and -');
  if (countText === undefined) place.refuse('record line', content, 'name, number of signals, rate, number of samples');
  const count = place.integer('number of signals', countText);
  if (count < 1 || count > signalsMax) place.refuse('number of signals', countText, `1 to ${signalsMax}`);
  if (rateText === undefined) notes.push(`the header names no rate: ${defaultHz} Hz, as the format has it`);
  const hz = rateText === undefined ? defaultHz : Number(rateText.split('/')[0]);
  if (!(Number.isFinite(hz) && hz > 0 && hz <= 100_000)) place.refuse('rate', rateText ?? '', 'a number above 0');
  const samples = samplesText === undefined ? 0 : place.integer('number of samples', samplesText);
  if (samples < 0) place.refuse('number of samples', String(samples), '0 or more');
  const date = dates.length > 0 ? dates.join(' ') : undefined;
  return { record: name, count, hz, samples: samples === 0 ? undefined : samples, time, date };
}

const formatField = /^(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?$/;
const gainField = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?:\(([+-]?\d+)\))?(?:\/(\S+))?$/;

function signalLine(content: string, i: number, place: Place, notes: string[]): WfdbSignal {
  const fields =
    /^(\S+)(?:\s+(\S+))?(?:\s+(\S+))?(?:\s+(\S+))?(?:\s+(\S+))?(?:\s+(\S+))?(?:\s+(\S+))?(?:\s+(\S+))?(?:\s+(.*))?$/;
  const [, file = '', formatText, gainText, , zeroText, initialText, checksumText, , description] =
    fields.exec(content) ?? [];
  if (['-', '~'].includes(file) || file.includes('/') || file.includes('\\'))
    place.refuse('signal file', file, 'the name of a file beside the header');
  if (formatText === undefined) place.refuse('signal line', content, 'file and format');
  const { format, offset } = formatOf(formatText, place);
  const name = description?.trim() || `signal-${i + 1}`;
  const zero = zeroText === undefined ? 0 : place.integer('ADC zero', zeroText);
  const { gain, baseline, units } = gainOf(gainText, zero, name, place, notes);
  const initial = initialText === undefined ? undefined : place.integer('initial value', initialText);
  const checksum = checksumText === undefined ? undefined : place.integer('checksum', checksumText);
  if (checksum === undefined) notes.push(`${name}: the header has no checksum, so that its samples are not verified`);
  return { line: place.line, file, format, offset, gain, baseline, units, initial, checksum, name };
}

function formatOf(text: string, place: Place): { readonly format: WfdbFormat; readonly offset: number } {
  const [, number, perFrame, skew, offset] = formatField.exec(text) ?? [];
  if (number === undefined) place.refuse('format', text, 'a number such as 212, 16 or 16+24');
  const format = wfdbFormats.find((known) => known === Number(number));
  if (format === undefined) place.refuse('format', text, `one of ${wfdbFormats.join(', ')}`);
  if (perFrame !== undefined && Number(perFrame) !== 1)
    place.refuse('format', text, 'one sample a frame (several samples per frame are not supported)');
  if (skew !== undefined && Number(skew) !== 0) place.refuse('format', text, 'no skew (it is not supported)');
  return { format, offset: Number(offset ?? 0) };
}

function gainOf(text: string | undefined, zero: number, name: string, place: Place, notes: string[]) {
  const [, gainText, baselineText, units = 'mV'] = text === undefined ? [] : (gainField.exec(text) ?? []);
  if (text !== undefined && gainText === undefined)
    place.refuse('gain', text, 'a form such as 200, 200/mV or 200(0)/mV');
  let gain = Number(gainText ?? 0);
  if (gain < 0 || !Number.isFinite(gain)) place.refuse('gain', text ?? '', 'a number above 0');
  if (gain === 0) {
    gain = defaultGain;
    notes.push(`${name}: not calibrated; ${defaultGain} per mV, as the format has it`);
  }
  return { gain, baseline: baselineText === undefined ? zero : Number(baselineText), units };
}

/** Signals of one file stand together and are written alike. */
function checkFiles(signals: readonly WfdbSignal[], file: string): void {
  const closed = new Set<string>();
  for (const [i, signal] of signals.entries()) {
    const before = signals[i - 1];
    const place = new Place(file, signal.line);
    if (closed.has(signal.file))
      place.refuse('signal file', signal.file, 'the signals of one file on lines that follow each other');
    if (before && before.file !== signal.file) closed.add(before.file);
    if (before?.file !== signal.file) continue;
    if (before.format !== signal.format)
      place.refuse('format', String(signal.format), `${before.format}, as the signal before it in the same file`);
    if (before.offset !== signal.offset && signal.offset !== 0)
      place.refuse('byte offset', String(signal.offset), `${before.offset}, as the signal before it in the same file`);
  }
}
