import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { localDay, localInstant, openZone, type Zone } from '../../../api/day/local-day.ts';

const hourMs = 3_600_000;
const zone = (name: string): Zone => {
  const known = openZone(name);
  if (!known) throw new Error(`no zone ${name}`);
  return known;
};
const hours = (date: string, name: string) => localDay(date, zone(name)).map(({ from, to }) => (to - from) / hourMs);
/** First and last minute of each span as the clock on the wall shows them. */
const walls = (date: string, name: string) =>
  localDay(date, zone(name)).map(({ from, to }) => [shown(name, from), shown(name, to - 60_000)]);

/** The wall clock by another way than the code's: the language's own words for a date and a time. */
function shown(name: string, at: number): string {
  return new Date(at).toLocaleString('sv-SE', { timeZone: name, dateStyle: 'short', timeStyle: 'short' });
}

describe('a local day', () => {
  test.for([
    ['2026-03-28', 'Europe/Berlin', 24],
    ['2026-03-29', 'Europe/Berlin', 23],
    ['2026-10-25', 'Europe/Berlin', 25],
    ['2026-03-08', 'America/New_York', 23],
    ['2026-11-01', 'America/New_York', 25],
    ['2026-10-04', 'Australia/Lord_Howe', 23.5],
    ['2026-04-05', 'Australia/Lord_Howe', 24.5],
    ['2018-11-04', 'America/Sao_Paulo', 23],
    ['2018-02-17', 'America/Sao_Paulo', 25],
    ['2026-03-29', 'Asia/Beirut', 23],
    ['2026-04-24', 'Africa/Cairo', 23],
    ['2026-10-29', 'Africa/Cairo', 25],
    ['2026-03-29', 'UTC', 24],
    ['2026-03-29', 'Asia/Kathmandu', 24],
  ] as const)('%s in %s has %d hours', { tags: ['API-DAY'] }, ([date, name, length]) => {
    expect(hours(date, name)).toEqual([length]);
  });

  test('begins at one where midnight is left out, and ends an hour into its repeated last one', {
    tags: ['API-DAY'],
  }, () => {
    expect(walls('2018-11-04', 'America/Sao_Paulo')).toEqual([['2018-11-04 01:00', '2018-11-04 23:59']]);
    expect(walls('2018-11-03', 'America/Sao_Paulo')).toEqual([['2018-11-03 00:00', '2018-11-03 23:59']]);
    expect(walls('2018-02-17', 'America/Sao_Paulo')).toEqual([['2018-02-17 00:00', '2018-02-17 23:59']]);
    expect(walls('2026-03-29', 'Asia/Beirut')).toEqual([['2026-03-29 01:00', '2026-03-29 23:59']]);
  });

  test('that the calendar left out is none; one that came in two pieces is two', { tags: ['API-DAY'] }, () => {
    expect(localDay('2011-12-30', zone('Pacific/Apia'))).toEqual([]);
    // A minute past midnight the clocks went back to a minute past eleven.
    expect(walls('2010-11-06', 'America/St_Johns')).toEqual([
      ['2010-11-06 00:00', '2010-11-06 23:59'],
      ['2010-11-06 23:01', '2010-11-06 23:59'],
    ]);
  });

  test('is the same in every zone that there is: what the wall clock calls it, each instant in one day', {
    tags: ['API-DAY'],
  }, () => {
    const zones = new Map([...Intl.supportedValuesOf('timeZone'), 'UTC'].map((name) => [name, zone(name)]));
    const property = fc.property(
      fc.constantFrom(...zones.values()),
      fc.integer({ min: Date.UTC(2015, 0, 1), max: Date.UTC(2038, 0, 1) }),
      (in_, at) => {
        const date = shown(in_.name, at).slice(0, 10);
        const within = (day: string) => localDay(day, in_).filter(({ from, to }) => from <= at && at < to).length;
        const next = (days: number) => new Date(Date.parse(date) + days * 24 * hourMs).toISOString().slice(0, 10);
        const edges = localDay(date, in_).flatMap(({ from, to }) => [from, to - 1]);
        return (
          within(date) === 1 &&
          within(next(-1)) === 0 &&
          within(next(1)) === 0 &&
          edges.every((edge) => shown(in_.name, edge).startsWith(date))
        );
      },
    );
    const details = fc.check(property, { numRuns: 400 });
    expect(details.failed ? fc.defaultReportMessage(details) : 'holds').toBe('holds');
    expect(zones.size).toBeGreaterThan(300);
  });

  test('follows the one before without a hole in a year of clock changes', { tags: ['API-DAY'] }, () => {
    for (const name of ['Europe/Berlin', 'Australia/Lord_Howe', 'Africa/Cairo', 'America/Santiago', 'Asia/Kathmandu']) {
      const days = Array.from({ length: 366 }, (_, i) => new Date(Date.UTC(2026, 0, 1 + i)).toISOString().slice(0, 10));
      const ends = days.flatMap((date) => localDay(date, zone(name)));
      const holes = ends.slice(1).filter(({ from }, i) => from !== ends[i]?.to);
      expect([name, ends.length, holes]).toEqual([name, 366, []]);
    }
  });
});

test('a zone that there is not is none', () => {
  expect(openZone('Europe/Nowhere')).toBeUndefined();
  expect(openZone('Europe/Berlin')?.name).toBe('Europe/Berlin');
});

test('a local time says how far it is from UTC, so that a repeated hour can be told from the first', {
  tags: ['API-DAY'],
}, () => {
  const berlin = zone('Europe/Berlin');
  const at = Date.UTC(2026, 9, 25, 0, 30);
  expect([at, at + hourMs].map((each) => localInstant(each, berlin.offsetAt(each)))).toEqual([
    '2026-10-25T02:30:00.000+02:00',
    '2026-10-25T02:30:00.000+01:00',
  ]);
  const property = fc.property(
    fc.integer({ min: Date.UTC(2015, 0, 1), max: Date.UTC(2038, 0, 1) }),
    fc.constantFrom('Asia/Kathmandu', 'America/St_Johns', 'Pacific/Marquesas', 'Australia/Lord_Howe', 'UTC'),
    (instant, name) => Date.parse(localInstant(instant, zone(name).offsetAt(instant))) === instant,
  );
  const details = fc.check(property, { numRuns: 300 });
  expect(details.failed ? fc.defaultReportMessage(details) : 'holds').toBe('holds');
});
