// Local time to UTC, with nothing but what the runtime knows of zones.
import { UsageError } from '../errors.ts';

/** A time as it stands on a clock on the wall. */
export interface LocalTime {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  /** With fraction. */
  readonly second: number;
}

/** The instants of a local time: one; two in the hour that comes twice; for one that is left out, the instant as if it were not. */
export type ZoneRule = (local: LocalTime) => readonly number[];

const hourMs = 3_600_000;

/** Rule of an IANA zone; throws `UsageError` for one that there is not. */
export function zoneRule(zone: string): ZoneRule {
  if (zone === 'UTC') return (local) => [asIfUtc(local)];
  const format = wallClock(zone);
  if (!format) throw new UsageError(`--zone ${zone}: expected a zone such as Europe/Berlin`);
  const known = new Map<number, number>();
  /** What the zone adds to UTC at an instant; zones change at whole quarters of an hour. */
  const offsetAt = (utc: number): number => {
    const quarter = Math.floor(utc / (hourMs / 4));
    const kept = known.get(quarter);
    if (kept !== undefined) return kept;
    const instant = quarter * (hourMs / 4);
    const offset = offsetOf(format, instant);
    if (known.size > 10_000) known.clear();
    known.set(quarter, offset);
    return offset;
  };
  return (local) => {
    const wall = asIfUtc(local);
    const offsets = new Set([offsetAt(wall - 24 * hourMs), offsetAt(wall + 24 * hourMs)]);
    const instants = [...offsets].map((offset) => wall - offset).filter((utc) => utc + offsetAt(utc) === wall);
    if (instants.length > 0) return instants.toSorted((a, b) => a - b);
    return [wall - offsetAt(wall - 24 * hourMs)];
  };
}

/** Milliseconds of the local time, read as if it were UTC. */
export function asIfUtc({ year, month, day, hour, minute, second }: LocalTime): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getTime() + Math.round((hour * 3_600 + minute * 60 + second) * 1_000);
}

/** False for a 31st of April. */
export function isTime({ year, month, day, hour, minute, second }: LocalTime): boolean {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return (
    year >= 1 &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60
  );
}

function wallClock(timeZone: string): Intl.DateTimeFormat | undefined {
  const date = { year: 'numeric', month: 'numeric', day: 'numeric' } as const;
  const time = { hour: 'numeric', minute: 'numeric', second: 'numeric', hourCycle: 'h23' } as const;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, ...date, ...time });
  } catch {
    return undefined;
  }
}

function offsetOf(format: Intl.DateTimeFormat, utc: number): number {
  const parts = new Map(format.formatToParts(utc).map(({ type, value }) => [type, Number(value)]));
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
  const wall = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return wall - Math.floor(utc / 1_000) * 1_000;
}
