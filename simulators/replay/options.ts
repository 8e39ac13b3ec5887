// `vigil replay`'s arguments, checked: every refusal names the flag and what was expected.
import { Id, LEADS, type Lead, type Vital, vitalNames } from '../../contract/index.ts';
import { UsageError } from '../errors.ts';
import { durationMs } from '../options.ts';
import { unitOf, unitsOf } from './csv-names.ts';
import { numberOf, writtenTime } from './csv-time.ts';
import type { RecordingFormat } from './open.ts';
import { type CsvOptions, type ReadOptions, type TimeUnit, timeUnits } from './recording.ts';
import { isTime, zoneRule } from './zone.ts';

/** What was asked for, as text. */
export interface ReplayArguments {
  readonly format?: string;
  readonly speed?: string;
  readonly map?: readonly string[];
  readonly only?: string;
  readonly from?: string;
  readonly zone?: string;
  readonly tail?: string;
  readonly loop?: string | true;
  readonly duration?: string;
  readonly seed?: string;
  readonly keep?: string;
  readonly timeColumn?: string;
  readonly timeUnit?: string;
  readonly delimiter?: string;
  readonly decimal?: string;
  readonly column?: readonly string[];
  readonly unit?: readonly string[];
  readonly absent?: string;
  readonly empty?: string;
}

export interface ReplayOptions {
  readonly format: RecordingFormat | undefined;
  readonly speed: '1' | 'max';
  readonly read: ReadOptions;
  /** Signal to the name of the device that sends it. */
  readonly devices: ReadonlyMap<string, string>;
  readonly tailMs: number;
  readonly rounds: number;
  readonly durationMs: number | undefined;
  readonly seed: number;
  readonly keep: string | undefined;
}

export function replayOptions(asked: ReplayArguments): ReplayOptions {
  const speed = oneOf('--speed', asked.speed ?? '1', ['1', 'max'], whySpeed);
  const rounds = roundsOf(asked.loop);
  if (speed === 'max' && rounds === Number.POSITIVE_INFINITY)
    throw new UsageError('--loop: with --speed max it would never end; say how often, such as --loop 3');
  if (speed === '1' && asked.keep !== undefined)
    throw new UsageError('--keep: at 1x the running system keeps everything; it goes with --speed max');
  const { leads, devices } = mapOf(asked.map ?? []);
  const { zone } = asked;
  if (zone !== undefined) zoneRule(zone);
  return {
    format: asked.format === undefined ? undefined : oneOf<RecordingFormat>('--format', asked.format, ['wfdb', 'csv']),
    speed,
    devices,
    read: {
      leads,
      only: asked.only?.split(',').map((name) => name.trim()),
      from: asked.from === undefined ? undefined : instantOf(asked.from, zone),
      zone,
      csv: csvOptions(asked),
    },
    tailMs: asked.tail === undefined ? 0 : durationMs('--tail', asked.tail),
    rounds,
    durationMs: asked.duration === undefined ? undefined : durationMs('--duration', asked.duration),
    seed: wholeNumber('--seed', asked.seed ?? '1', 0),
    keep: asked.keep,
  };
}

const whySpeed =
  'expected 1 (into the running system) or max (through a system of its own); in between, at 60x, every clock of a living system would be wrong';

function oneOf<T extends string>(flag: string, text: string, known: readonly T[], why?: string): T {
  const found = known.find((each) => each === text);
  if (found === undefined) throw new UsageError(`${flag} ${text}: ${why ?? `expected ${known.join(', ')}`}`);
  return found;
}

function wholeNumber(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least)
    throw new UsageError(`${flag} ${text}: expected a whole number from ${least}`);
  return value;
}

function roundsOf(loop: string | true | undefined): number {
  if (loop === undefined) return 1;
  return loop === true ? Number.POSITIVE_INFINITY : wholeNumber('--loop', loop, 1);
}

/** Left and right of the last `=`. */
function pair(flag: string, text: string): readonly [string, string] {
  const at = text.lastIndexOf('=');
  const [left, right] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  if (at < 1 || left === '' || right === '') throw new UsageError(`${flag} ${text}: expected NAME=VALUE`);
  return [left, right];
}

/** `--map V=V1` says which lead a signal is, `--map II=d-ecg1` which device sends it. */
function mapOf(texts: readonly string[]) {
  const leads = new Map<string, Lead>();
  const devices = new Map<string, string>();
  for (const text of texts) {
    const [signal, target] = pair('--map', text);
    if (Object.hasOwn(LEADS, target)) leads.set(signal, target as Lead);
    else if (Id.safeParse(target).success) devices.set(signal, target);
    else throw new UsageError(`--map ${text}: expected a lead (${Object.keys(LEADS).join(', ')}) or a device's name`);
  }
  return { leads, devices };
}

function instantOf(text: string, zone: string | undefined): number {
  const written = writtenTime(text);
  if (written?.order !== 'iso') throw new UsageError(`--from ${text}: expected a time such as 2026-03-01T02:11:09Z`);
  const [year, month, day] = written.fields;
  const local = { year, month, day, hour: written.hour, minute: written.minute, second: written.second };
  if (!isTime(local)) throw new UsageError(`--from ${text}: there is no such time`);
  if (written.zoneMs === undefined && zone === undefined)
    throw new UsageError(`--from ${text}: in which zone? End it in Z, or say --zone`);
  const [instant] = zoneRule(written.zoneMs === undefined ? (zone as string) : 'UTC')(local);
  const from = (instant as number) - (written.zoneMs ?? 0);
  if (from < Date.UTC(2015, 0, 1)) throw new UsageError(`--from ${text}: before 2015 Vigil takes a time for a mistake`);
  return from;
}

const delimiterNames: Readonly<Record<string, string>> = { tab: '\t', '\\t': '\t', comma: ',', semicolon: ';' };

function csvOptions(asked: ReplayArguments): CsvOptions {
  const { delimiter } = asked;
  const sign = delimiter === undefined ? undefined : (delimiterNames[delimiter] ?? delimiter);
  if (sign !== undefined && (sign.length !== 1 || sign === '"'))
    throw new UsageError(`--delimiter ${delimiter}: expected one character, or tab`);
  const decimal =
    asked.decimal === undefined
      ? undefined
      : oneOf('--decimal', asked.decimal, [',', '.', 'comma', 'point'], 'expected , or . (comma or point)');
  return {
    timeColumn: asked.timeColumn,
    timeUnit: asked.timeUnit === undefined ? undefined : oneOf<TimeUnit>('--time-unit', asked.timeUnit, [...timeUnits]),
    delimiter: sign,
    decimal: decimal === undefined ? undefined : decimal === ',' || decimal === 'comma' ? ',' : '.',
    columns: new Map((asked.column ?? []).map((text) => vitalPair('--column', text))),
    units: new Map((asked.unit ?? []).map((text) => unitPair(text))),
    absent: (asked.absent?.split(',') ?? []).map((text) => absentNumber(text.trim())),
    empty: oneOf('--empty', asked.empty ?? 'absent', ['absent', 'skip']),
  };
}

function vitalPair(flag: string, text: string): readonly [Vital, string] {
  const at = text.indexOf('=');
  const vital = vitalNames.find((name) => name === text.slice(0, at));
  if (vital === undefined || at === text.length - 1)
    throw new UsageError(`${flag} ${text}: expected VITAL=..., with one of ${vitalNames.join(', ')}`);
  return [vital, text.slice(at + 1)];
}

function unitPair(text: string): readonly [Vital, string] {
  const [vital, written] = vitalPair('--unit', text);
  const unit = unitOf(written) ?? written;
  if (!unitsOf(vital).includes(unit))
    throw new UsageError(`--unit ${text}: expected one of ${unitsOf(vital).join(', ')}`);
  return [vital, unit];
}

function absentNumber(text: string): number {
  const value = numberOf(text, '.');
  if (value === undefined) throw new UsageError(`--absent ${text}: expected numbers, separated by commas`);
  return value;
}
