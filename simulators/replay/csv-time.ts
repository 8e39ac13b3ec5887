// Times as tables write them.
import { quoted } from './bytes.ts';
import type { TimeUnit } from './recording.ts';
import { isTime, type LocalTime, type ZoneRule } from './zone.ts';

const date = /^(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})$/;
const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}(?:[.,]\d+)?))?\s*([AaPp][Mm])?$/;

/** A written date with its time of day; `zoneMs` is what its zone adds to UTC, undefined where it says none. */
export interface WrittenTime {
  readonly order: 'iso' | 'day-and-month';
  readonly fields: readonly [number, number, number];
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly zoneMs: number | undefined;
}

/** Undefined for what is no date. */
export function writtenTime(text: string): WrittenTime | undefined {
  const [, day = '', rest = '00:00', zone] = /^(\S+?)(?:[T\s]+([^Z+]*?))?\s*(Z|[+-]\d{2}:?\d{2})?$/.exec(text) ?? [];
  const [, a = '', b = '', c = ''] = date.exec(day) ?? [];
  const [, hourText, minute, second = '0', half] = clock.exec(rest) ?? [];
  if (a === '' || hourText === undefined) return undefined;
  const isIso = a.length === 4;
  if (!isIso && c.length !== 4) return undefined;
  return {
    order: isIso ? 'iso' : 'day-and-month',
    fields: [Number(a), Number(b), Number(c)],
    hour: half === undefined ? Number(hourText) : (Number(hourText) % 12) + (/p/i.test(half) ? 12 : 0),
    minute: Number(minute),
    second: Number(second.replace(',', '.')),
    zoneMs: zone === undefined ? undefined : zoneOffset(zone),
  };
}

function zoneOffset(zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone) ?? [];
  return hours === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

const numberOfMs = { 'epoch-s': 1_000, 'epoch-ms': 1, 'epoch-us': 0.001, s: 1_000, ms: 1 } as const;

/** True for times counted from the recording's own start. */
export function isSinceStart(unit: TimeUnit): boolean {
  return unit === 's' || unit === 'ms';
}

/** Reads the times of one table, row after row; gives ms of UTC, or of the recording, or what is wrong. */
export class TimeReader {
  readonly #unit: TimeUnit;
  readonly #decimal: '.' | ',';
  readonly #zone: ZoneRule;
  #previous = Number.NEGATIVE_INFINITY;
  /** Whether any time had no zone of its own. */
  isZoneless = false;

  constructor(unit: TimeUnit, decimal: '.' | ',', zone: ZoneRule) {
    this.#unit = unit;
    this.#decimal = decimal;
    this.#zone = zone;
  }

  read(text: string): number | { readonly fault: string } {
    const at = this.#unit in numberOfMs ? this.#counted(text) : this.#written(text);
    if (typeof at === 'number') this.#previous = at;
    return at;
  }

  #counted(text: string): number | { readonly fault: string } {
    const value = numberOf(text, this.#decimal);
    if (value === undefined) return { fault: `time ${quoted(text)}, expected a number (${this.#unit})` };
    const at = Math.round(value * numberOfMs[this.#unit as keyof typeof numberOfMs]);
    // A recording of our time, or an error of a thousand.
    if (!isSinceStart(this.#unit) && !(at >= 0 && at < 4_102_444_800_000))
      return { fault: `time ${quoted(text)}, expected ${this.#unit} between 1970 and 2100` };
    return at === 0 ? 0 : at;
  }

  #written(text: string): number | { readonly fault: string } {
    const written = writtenTime(text);
    const expected = { iso: 'YYYY-MM-DDThh:mm:ss', dmy: 'DD/MM/YYYY hh:mm:ss', mdy: 'MM/DD/YYYY hh:mm:ss' }[
      this.#unit as 'iso'
    ];
    if (!written || (written.order === 'iso') !== (this.#unit === 'iso'))
      return { fault: `time ${quoted(text)}, expected ${expected}` };
    const [a, b, c] = written.fields;
    const { hour, minute, second, zoneMs } = written;
    const [year, month, day] = this.#unit === 'iso' ? [a, b, c] : this.#unit === 'dmy' ? [c, b, a] : [c, a, b];
    const local: LocalTime = { year, month, day, hour, minute, second };
    if (!isTime(local)) return { fault: `time ${quoted(text)} is none, expected ${expected}` };
    if (zoneMs !== undefined) return (this.#utc(local) as number) - zoneMs;
    this.isZoneless = true;
    const instants = this.#zone(local);
    // In the hour that comes twice, the first time as long as time does not go back by it.
    return instants.find((instant) => instant >= this.#previous) ?? (instants.at(-1) as number);
  }

  #utc(local: LocalTime): number {
    const { year, month, day, hour, minute, second } = local;
    return Date.UTC(year, month - 1, day, hour, minute) + Math.round(second * 1_000);
  }
}

const forms = {
  '.': /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/,
  ',': /^[+-]?(?:\d+,?\d*|,\d+)(?:[eE][+-]?\d+)?$/,
} as const;

/** The number that a cell holds; undefined: none. */
export function numberOf(text: string, decimal: '.' | ','): number | undefined {
  if (!forms[decimal].test(text)) return undefined;
  const value = Number(decimal === ',' ? text.replace(',', '.') : text);
  return Number.isFinite(value) ? value : undefined;
}
