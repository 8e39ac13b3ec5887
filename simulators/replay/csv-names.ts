// What the columns of tables are called, in the words that devices and studies use.
import { VITALS, type Vital, type VitalFacts, vitalNames } from '../../contract/index.ts';
import type { TimeUnit } from './recording.ts';

/** A column's name, taken apart: `Glucose Value (mg/dL)` is `glucosevalue` in `mg/dl`. */
export interface ColumnName {
  readonly name: string;
  /** As it is written, lower case; undefined where it says none. */
  readonly unit: string | undefined;
}

const units: Readonly<Record<string, string>> = {
  'mg/dl': 'mg/dL',
  mgdl: 'mg/dL',
  'mmol/l': 'mmol/L',
  mmoll: 'mmol/L',
  mmol: 'mmol/L',
  '%': '%',
  percent: '%',
  pct: '%',
  bpm: '/min',
  '/min': '/min',
  '1/min': '/min',
  'min-1': '/min',
  brpm: '/min',
  'breaths/min': '/min',
  'beats/min': '/min',
  'br/min': '/min',
  c: 'Cel',
  cel: 'Cel',
  degc: 'Cel',
  '°c': 'Cel',
  celsius: 'Cel',
  f: '[degF]',
  degf: '[degF]',
  '[degf]': '[degF]',
  '°f': '[degF]',
  fahrenheit: '[degF]',
  mmhg: 'mm[Hg]',
  'mm[hg]': 'mm[Hg]',
  kpa: 'kPa',
  ms: 'ms',
  'l/min': 'L/min',
  lpm: 'L/min',
};

/** UCUM unit of how people write it; undefined for one that is not known. */
export function unitOf(text: string): string | undefined {
  const key = text.toLowerCase().replaceAll(' ', '');
  return Object.hasOwn(units, key) ? units[key] : undefined;
}

/** Units that a vital can come in. */
export function unitsOf(vital: Vital): readonly string[] {
  const facts: VitalFacts = VITALS[vital];
  return [facts.unit, ...Object.keys(facts.alsoAccepted)];
}

const names: Readonly<Record<Vital, readonly string[]>> = {
  glucose: [
    'glucose',
    'glucosevalue',
    'glucoselevel',
    'bloodglucose',
    'bg',
    'sgv',
    'sensorglucose',
    'cgm',
    'cgmvalue',
    'glukose',
    'historicglucose',
    'glucosereading',
  ],
  spo2: ['spo2', 'o2sat', 'oxygensaturation', 'saturation'],
  pulse: ['pulse', 'pulserate', 'pr', 'puls'],
  hr: ['hr', 'heartrate'],
  resp: ['resp', 'respiration', 'respiratoryrate', 'respirationrate', 'resprate', 'breathingrate', 'af'],
  temp: ['temp', 'temperature', 'bodytemperature', 'bodytemp'],
  sbp: ['sbp', 'systolic', 'sys', 'systolicbloodpressure'],
  dbp: ['dbp', 'diastolic', 'dia', 'diastolicbloodpressure'],
  perfusion: ['perfusion', 'perfusionindex', 'pi'],
  rr: ['rrinterval', 'rri'],
  oxygen: ['oxygenflow', 'o2flow'],
  consciousness: ['acvpu'],
};

const times = new Set(
  'time timestamp datetime date ts t epoch seconds elapsed elapsedtime utc utctime localtime devicetimestamp devicetime eventtime recordedat measuredat takenat createdat unixtime unixtimestamp epochtime timestampyyyymmddthhmmss zeit zeitpunkt zeitstempel datum'.split(
    ' ',
  ),
);

/** Takes a header cell apart. */
export function columnName(header: string): ColumnName {
  const bracket = /^(.*?)\s*[[(]([^\])]*)[\])]\s*$/.exec(header);
  if (bracket) return { name: bare(bracket[1] as string), unit: (bracket[2] as string).trim().toLowerCase() };
  const words = header.toLowerCase().split(/[\s_.-]+/);
  for (const count of [2, 1]) {
    const unit = words.slice(-count).join(count === 2 && words.at(-1) === 'min' ? '/' : '');
    if (words.length > count && (unitOf(unit) !== undefined || ['s', 'sec', 'us', 'seconds'].includes(unit)))
      return { name: bare(words.slice(0, -count).join('')), unit };
  }
  return { name: bare(header), unit: undefined };
}

function bare(text: string): string {
  return text.toLowerCase().replace(/[^\p{Letter}\p{Number}]/gu, '');
}

/** The vital that a column of this name holds; undefined: none that is known. */
export function vitalNamed(name: string): Vital | undefined {
  return vitalNames.find((vital) => names[vital].includes(name));
}

export function isTimeName(name: string): boolean {
  return times.has(name);
}

const countedIn: Readonly<Record<string, 's' | 'ms' | 'us'>> = {
  s: 's',
  sec: 's',
  secs: 's',
  seconds: 's',
  ms: 'ms',
  us: 'us',
};

/** What a column of numbers counts, by its name; undefined: the name does not say. */
export function countedUnit({ name, unit }: ColumnName): 's' | 'ms' | 'us' | undefined {
  return countedIn[unit ?? name];
}

/** How a number of this size counts time since 1970; undefined: it does not. */
export function epochUnit(value: number): TimeUnit | undefined {
  if (value >= 1e9 && value < 4.2e9) return 'epoch-s';
  if (value >= 1e12 && value < 4.2e12) return 'epoch-ms';
  if (value >= 1e15 && value < 4.2e15) return 'epoch-us';
  return undefined;
}
