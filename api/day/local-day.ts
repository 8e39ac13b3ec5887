// A calendar day of a place as spans of time. Pure, by what the runtime knows of time zones.
//
// A day is what the clocks on the wall call it: 23, 24 or 25 hours, 23.5 or 24.5 where the clocks move by half an hour. It
// may begin at one o'clock, where midnight is left out. Where the clocks go back over midnight a day comes in two pieces;
// one that the calendar left out has none. Every instant lies in exactly one day.

const dayMs = 86_400_000;
const hourMs = 3_600_000;

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** A zone's offsets, looked up by one formatter. */
export interface Zone {
  readonly name: string;
  /** Local time minus UTC in milliseconds at the instant. */
  offsetAt(at: number): number;
}

/** Undefined for a zone that the runtime does not know. */
export function openZone(name: string): Zone | undefined {
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      ...{ timeZone: name, calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23' },
      ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
    });
    return { name, offsetAt: (at) => offsetBy(format, at) };
  } catch {
    return undefined;
  }
}

function offsetBy(format: Intl.DateTimeFormat, at: number): number {
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const of = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type));
  const second = Math.floor(at / 1_000) * 1_000;
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second')) - second;
}

/** The spans of the day `2026-03-29` in the zone, in order; [from, to) each. */
export function localDay(date: string, zone: Zone): Span[] {
  const midnight = Date.parse(`${date}T00:00:00.000Z`);
  const spans: Span[] = [];
  // No offset is longer than 16 hours; the instants around are those whose local date could be this one.
  const end = midnight + dayMs + 16 * hourMs;
  for (let from = midnight - 16 * hourMs; from < end; ) {
    const offset = zone.offsetAt(from);
    const until = nextChange(zone, from, end);
    const piece = { from: Math.max(from, midnight - offset), to: Math.min(until, midnight + dayMs - offset) };
    const last = spans.at(-1);
    if (last && piece.from < piece.to && last.to === piece.from) spans[spans.length - 1] = { ...last, to: piece.to };
    else if (piece.from < piece.to) spans.push(piece);
    from = until;
  }
  return spans;
}

/** First instant after `from` with another offset, or `end`. Clocks do not move twice within an hour. */
function nextChange(zone: Zone, from: number, end: number): number {
  const offset = zone.offsetAt(from);
  for (let low = from; low < end; low += hourMs) {
    let high = Math.min(low + hourMs, end);
    if (zone.offsetAt(high) === offset) continue;
    let same = low;
    while (high - same > 1) {
      const middle = Math.floor((same + high) / 2);
      if (zone.offsetAt(middle) === offset) same = middle;
      else high = middle;
    }
    return high;
  }
  return end;
}

/** `2026-03-29T03:00:00.000+02:00`: what the clock on the wall showed, and how far it is from UTC. */
export function localInstant(at: number, offset: number): string {
  const local = new Date(at + offset).toISOString().slice(0, -1);
  const minutes = Math.round(Math.abs(offset) / 60_000);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${local}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
