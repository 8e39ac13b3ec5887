// A measurement as a cell: a number only while it speaks for now.
import { describe, expect, test } from 'vitest';
import { ageOf, type CellContext, cellOf, quickAge, rangeOf, trendOf } from '../../../api/console/cell-look.ts';
import { shortTime } from '../../../api/console/times.ts';
import type { AlertView, Measurement } from '../../../api/console/wire.ts';
import { maybe } from '../../../api/console/words.ts';
import { absentReasons } from '../../../contract/index.ts';
import { absent, alert, live, never, reed, stale } from './views.ts';

const DASHES = '- - -';
const context = (changes: Partial<CellContext> = {}): CellContext => ({
  alerts: [],
  sinceMs: 0,
  live: true,
  ...changes,
});
const slow = { freshForMs: 900_000, ageMs: 125_000 };

describe('a cell', () => {
  const past = `was 95 at ${shortTime('2026-03-01T14:01:11.000Z')}`;
  test.for<[string, Measurement, number, Partial<ReturnType<typeof cellOf>>]>([
    ['live', live(), 0, { value: '95', current: true, note: '1 s', noteShown: false }],
    ['ages by our own clock', live(), 10_500, { value: '95', current: true, note: '11 s' }],
    ['as old as it may be', live(), 29_000, { value: '95', current: true }],
    ['older than it may be, though none said so', live(), 29_001, { value: DASHES, current: false }],
    [
      'minutes old and still fresh: its own age is shown',
      live(slow),
      0,
      { value: '95', note: '2 min', noteShown: true },
    ],
    ['degraded: late', live({ state: 'degraded' }), 11_000, { value: '95', degraded: true, note: 'late 12 s' }],
    [
      'degraded: doubtful',
      live({ state: 'degraded', quality: 'doubtful' }),
      0,
      { note: 'poor signal', noteShown: true },
    ],
    ['clock unsure', live({ clock: 'unsure' }), 0, { value: '95', degraded: true, note: 'clock unsure' }],
    ['LOW', live({ value: 40, bound: 'below' }), 0, { value: 'LOW', current: true, trend: null }],
    ['HIGH', live({ value: undefined, bound: 'above' }), 0, { value: 'HIGH', current: true }],
    ['live without a number', live({ value: undefined }), 0, { value: DASHES }],
    ['stale', stale(), 0, { value: DASHES, current: false, note: past, noteShown: true }],
    ['stale without a last', stale({ last: null }), 0, { value: DASHES, current: false, note: 'no value yet' }],
    ['absent', absent(), 0, { value: DASHES, current: false, note: `no contact, ${past}` }],
    ['absent, for a reason without words', absent({ absent: 'a-new-one' }), 0, { note: `a new one, ${past}` }],
    ['never', never(), 0, { value: DASHES, current: false, note: 'waiting for first reading' }],
  ])('%s', { tags: ['API-AGE'] }, ([, measurement, sinceMs, expected]) => {
    expect(cellOf(measurement, context({ sinceMs }))).toMatchObject(expected);
  });

  test('every reason of the contract has words', () => {
    for (const reason of absentReasons) expect(maybe(`state.absent.${reason}`)).not.toBeNull();
  });

  test('no number of any kind is current on a screen that is not live', { tags: ['API-AGE', 'API-BEAT'] }, () => {
    const all = [live(), live({ state: 'degraded' }), live({ bound: 'below' }), stale(), absent(), never()];
    for (const measurement of all) {
      const cell = cellOf(measurement, context({ alerts: [alert()], live: false, slope: 2 }));
      expect(cell).toMatchObject({ value: DASHES, current: false, fill: 'none', outline: 'none', trend: null });
    }
  });

  const medium = alert({ priority: 'medium', signalPriority: 'medium' });
  test.for<[string, AlertView, Measurement, string, string]>([
    ['active high', alert(), live(), 'high', 'none'],
    ['active medium', medium, live(), 'medium', 'none'],
    ['active low', alert({ priority: 'low' }), live(), 'none', 'none'],
    ['acknowledged', alert({ state: 'acknowledged', acknowledged: reed }), live(), 'none', 'high'],
    ['latched: over, so the number is not wrong', alert({ state: 'latched' }), live(), 'none', 'none'],
    ['paused', alert({ state: 'paused' }), live(), 'none', 'none'],
    ['another vital', alert(), live({ vital: 'pulse' }), 'none', 'none'],
    ['not current', alert(), stale(), 'none', 'none'],
  ])('its colours under an alert: %s', ([, one, measurement, fill, outline]) => {
    expect(cellOf(measurement, context({ alerts: [one] }))).toMatchObject({ fill, outline });
  });

  test('a number that is not confirmed yet says so', { tags: ['API-READABLE'] }, () => {
    const unsure = alert({ flags: ['unconfirmed'] });
    expect(cellOf(live(), context({ alerts: [unsure] }))).toMatchObject({ note: 'unconfirmed', noteShown: true });
    expect(cellOf(live({ vital: 'hr' }), context({ alerts: [unsure] })).note).toBe('1 s');
  });

  test('names, long and short; limits; altered', () => {
    const cell = cellOf(live({ vital: 'glucose', unit: 'mg/dL' }), context({ limits: ['< 70 mg/dL'], altered: true }));
    expect(cell).toMatchObject({ label: 'Glucose', short: 'Glu', unit: 'mg/dL', limit: '≥ 70', altered: true });
    expect(cellOf(live(), context())).toMatchObject({ label: 'SpO2', short: 'SpO2', limit: '', altered: false });
  });
});

test('the age of a tile is that of its oldest quick value', { tags: ['API-AGE'] }, () => {
  const values = [live(), live({ ageMs: 4_000 }), live(slow), stale(), never()];
  expect(quickAge(values, 500)).toBe(4_500);
  expect(quickAge([live(slow), stale()], 0)).toBeNull();
  expect(ageOf(stale() as never, 1_000)).toBe(62_000);
});

test.for([
  [['< 70 mg/dL', '< 54 mg/dL', '> 180 mg/dL', '> 250 mg/dL'], '70–180'],
  [['< 90 %', '<= 88 %'], '≥ 90'],
  [['<= 88 %'], '> 88'],
  [['> 120 /min'], '≤ 120'],
  [['>= 130 /min', '>= 140 /min'], '< 130'],
  [[], ''],
  [['falling'], ''],
] as const)('limits %o stand as "%s"', { tags: ['CON-UNITS'] }, ([limits, text]) => {
  const unit = limits[0]?.split(' ')[2] ?? '%';
  expect(rangeOf(limits, unit)).toBe(text);
  expect(rangeOf(limits, 'mmol/L')).toBe('');
});

test.for([
  [3.2, -90, 'rising fast'],
  [3, -90, 'rising fast'],
  [2.5, -60, 'rising'],
  [1, -30, 'rising slowly'],
  [0.99, 0, 'steady'],
  [-0.99, 0, 'steady'],
  [-1, 30, 'falling slowly'],
  [-2, 60, 'falling'],
  [-2.99, 60, 'falling'],
  [-3, 90, 'falling fast'],
] as const)('a slope of %d points %d degrees: %s', ([slope, degrees, word]) => {
  expect(trendOf(slope)).toEqual({ degrees, word });
});

test('a slope that nobody knows has no arrow, and is not steady', () => {
  expect(trendOf(null)).toBeNull();
});
