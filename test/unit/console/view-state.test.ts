import { describe, expect, test } from 'vitest';
import { emptyWard, fold } from '../../../api/console/fold.ts';
import { holdOf } from '../../../api/console/held.ts';
import type { LinkState } from '../../../api/console/link.ts';
import {
  alertText,
  bandOf,
  bannerOf,
  behind,
  causeWords,
  cellOf,
  clockTime,
  columnsFor,
  duration,
  inOrder,
  systemDown,
  viewTile,
} from '../../../api/console/view-state.ts';
import type { AlertView, Measurement } from '../../../api/console/wire.ts';
import { absent, alert, live, never, now, reed, since, snapshot, stale, system, technical, tile } from './views.ts';

const DASHES = '- - -';
const VERY_LOW = 'SpO2 84 ≤\u00a088\u00a0%';
const acknowledged = alert({ state: 'acknowledged', acknowledged: reed });
const medium = alert({ id: 'a-3', priority: 'medium', signalPriority: 'medium', onsetAt: '2026-03-01T13:00:00.000Z' });
const low = alert({ id: 'a-4', priority: 'low', signalPriority: 'low' });

describe('a cell', () => {
  const past = `was 95 at ${clockTime('2026-03-01T14:01:11.000Z').slice(0, 5)}`;
  test.for<[string, Measurement, number, Partial<ReturnType<typeof cellOf>>]>([
    ['live', live(), 0, { value: '95', current: true, note: '1 s' }],
    ['ages by our own clock', live(), 10_500, { value: '95', current: true, note: '11 s' }],
    ['older than it may be, though none said so', live(), 29_001, { value: DASHES, current: false }],
    ['minutes old and still fresh', live({ freshForMs: 900_000, ageMs: 125_000 }), 0, { value: '95', note: '2 min' }],
    ['degraded', live({ state: 'degraded' }), 0, { value: '95', note: 'degraded 1 s' }],
    ['clock unsure', live({ clock: 'unsure' }), 0, { value: '95', note: '1 s · clock unsure' }],
    ['LOW', live({ value: 40, bound: 'below' }), 0, { value: 'LOW', current: true }],
    ['HIGH', live({ value: undefined, bound: 'above' }), 0, { value: 'HIGH', current: true }],
    ['stale', stale(), 0, { value: DASHES, current: false, note: past }],
    ['stale without a last', stale({ last: null }), 0, { value: DASHES, current: false, note: 'no value yet' }],
    ['absent', absent(), 0, { value: DASHES, current: false, note: `no contact · ${past}` }],
    ['never', never(), 0, { value: DASHES, current: false, note: 'waiting for first reading' }],
  ])('%s', { tags: ['API-AGE'] }, ([, measurement, sinceMs, expected]) => {
    expect(cellOf(measurement, [], sinceMs, true)).toMatchObject(expected);
  });

  test('no number of any kind is current on a screen that is not live', { tags: ['API-AGE', 'API-BEAT'] }, () => {
    const all = [live(), live({ state: 'degraded' }), live({ bound: 'below' }), stale(), absent(), never()];
    for (const measurement of all)
      expect(cellOf(measurement, [alert()], 0, false)).toMatchObject({ value: DASHES, current: false, fill: 'none' });
  });

  test.for<[string, AlertView, Measurement, string]>([
    ['active high', alert(), live(), 'high'],
    ['active medium', medium, live(), 'medium'],
    ['active low', low, live(), 'none'],
    ['acknowledged', acknowledged, live(), 'none'],
    ['latched: over, so the number is not wrong', alert({ state: 'latched' }), live(), 'none'],
    ['another vital', alert(), live({ vital: 'pulse' }), 'none'],
    ['not current', alert(), stale(), 'none'],
  ])('its fill under an alert: %s', ([, one, measurement, fill]) => {
    expect(cellOf(measurement, [one], 0, true).fill).toBe(fill);
  });
});

describe('the band', () => {
  test.for<[string, readonly AlertView[], object]>([
    ['none', [], { look: 'none', glyph: null, text: 'No alert', flash: null }],
    ['active high', [alert()], { look: 'high', glyph: 'high', text: VERY_LOW, flash: 'high' }],
    ['active medium', [medium], { look: 'medium', glyph: 'medium', flash: 'medium' }],
    ['active low', [low], { look: 'low', glyph: 'low', flash: null }],
    ['acknowledged', [acknowledged], { look: 'acknowledged', glyph: 'check', text: `${VERY_LOW} · K. Reed` }],
    ['latched', [alert({ state: 'latched' })], { look: 'high', text: `${VERY_LOW} · over, not acknowledged` }],
    ['technical', [technical()], { look: 'technical', glyph: 'cross', text: 'SpO2 no reading', flash: 'high' }],
    ['technical low', [technical({ signalPriority: 'low' })], { look: 'technical', flash: null }],
    ['more than one', [medium, alert(), low], { look: 'high', text: `${VERY_LOW} +2` }],
  ])('%s', ([, alerts, expected]) => {
    expect(bandOf(alerts, 'live')).toMatchObject(expected);
  });

  test('on a screen that is not live: as of then, and never "No alert"', { tags: ['API-BEAT'] }, () => {
    expect(bandOf([], 'not-live')).toMatchObject({ look: 'as-of', text: 'Not known', flash: null });
    expect(bandOf([alert()], 'not-live')).toMatchObject({ look: 'as-of', text: VERY_LOW, flash: null });
  });
});

describe('the words of an alert', () => {
  test('a reading that has gone stale keeps the number that decided', () => {
    const [rule] = alert().rules;
    const old = alert({ rules: [{ ...rule, reading: stale({ last: { value: 84, takenAt: since } }) }] });
    expect(alertText(old)).toBe(VERY_LOW);
  });

  test.for([
    [technical(), 'SpO2 no reading'],
    [technical({ cause: { code: 'gateway-lost', id: 'c' }, scope: 'gateway:g-1' }), 'kit lost'],
    [technical({ cause: null, scope: 'system', family: 'store-down' }), 'store down'],
    [alert({ rules: [] }), 'spo2 low'],
  ] as const)('%o', ([one, words]) => {
    expect(alertText(one)).toBe(words);
  });

  test('a cause without words of its own is said as it is', () => {
    expect(causeWords('identity-conflict')).toBe('identity conflict');
    expect(causeWords(null)).toBe('');
  });
});

test('an alert of a kit names those who are behind it, each once', { tags: ['ALR-GROUP', 'API-PATIENT'] }, () => {
  const lost = { code: 'gateway-lost', id: 'gateway-lost:g-1' };
  const kit = technical({ id: 'a-7', patient: null, scope: 'gateway:g-1', cause: lost });
  const signals = ['spo2', 'pulse'].map((signal) =>
    technical({ id: signal, scope: `source:d-1:${signal}`, cause: lost }),
  );
  expect(behind(kit, [kit, ...signals, technical(), alert()])).toBe('Bed 1 ALDER, Mary');
  expect(behind(signals[0] as AlertView, [kit, ...signals])).toBe('');
});

test.for([
  [0, 1],
  [1, 1],
  [2, 2],
  [4, 2],
  [8, 4],
  [16, 4],
  [32, 6],
] as const)('%i patients stand in %i columns', ([patients, columns]) => {
  expect(columnsFor(patients)).toBe(columns);
});

test('order: unacknowledged, priority, physiology before technique, oldest', { tags: ['ALR-GROUP'] }, () => {
  const older = alert({ id: 'a-0', onsetAt: '2026-03-01T12:00:00.000Z' });
  const sorted = inOrder([acknowledged, low, technical(), medium, alert({ id: 'a-9' }), older]);
  expect(sorted.map(({ id }) => id)).toEqual(['a-0', 'a-9', 'a-2', 'a-3', 'a-4', 'a-1']);
});

describe('a tile', () => {
  const view = (changes: Parameters<typeof tile>[0], alerts: readonly AlertView[] = [], link: LinkState = 'live') =>
    viewTile(tile(changes), alerts, link, 0, null);

  test('monitored: digits, no plate, no frame', () => {
    expect(view({})).toMatchObject({ plate: null, frame: 'none', state: { text: 'monitored' }, bed: 'Bed 1' });
  });

  test.for<[string, AlertView, string]>([
    ['active high', alert(), 'high'],
    ['active medium', medium, 'medium'],
    ['active low', low, 'none'],
    ['acknowledged', acknowledged, 'acknowledged'],
    ['technical', technical(), 'none'],
  ])('its frame: %s', ([, one, frame]) => {
    expect(view({}, [one]).frame).toBe(frame);
  });

  test('not monitored: a plate with cause and since, and no cell is asked for', { tags: ['API-STATE'] }, () => {
    const lost = view({ monitoring: { state: 'not-monitored', cause: 'gateway-lost' }, measurements: [stale()] });
    expect(lost).toMatchObject({ frame: 'not-monitored', plate: { cause: 'kit lost', since, last: 'last SpO2 95' } });
    expect(lost.spoken).toBe('Bed 1, ALDER, Mary, No alert, not monitored, kit lost');
  });

  test('the plate hides no band', { tags: ['API-STATE', 'ALR-CLEAR'] }, () => {
    const lost = view({ monitoring: { state: 'not-monitored', cause: 'stale' } }, [alert()]);
    expect(lost.band).toMatchObject({ look: 'high', flash: 'high' });
  });

  test('waiting for the first reading is said as such', { tags: ['ALR-ARMED'] }, () => {
    const waiting = view({ monitoring: { state: 'not-monitored', cause: null }, measurements: [never()] });
    expect(waiting.plate).toMatchObject({ cause: 'waiting for first reading', last: '' });
  });

  test('the engine is gone: each patient is not monitored, since it went', { tags: ['API-STATE', 'SYS-SAFE'] }, () => {
    const down = { cause: 'engine-down', since: now };
    const look = viewTile(tile(), [alert()], 'live', 0, down);
    expect(look).toMatchObject({ frame: 'not-monitored', plate: { cause: 'engine down', since: now } });
    expect(look.cells.every((cell) => !cell.current && cell.value === DASHES)).toBe(true);
  });

  test.for(['not-live', 'connecting'] as const)('%s: nothing is known', { tags: ['API-BEAT', 'API-STATE'] }, (link) => {
    const look = view({}, [], link);
    expect(look.state.text).toBe('not known');
    expect(look.plate).toBeNull();
    expect(look.cells.every((cell) => !cell.current && cell.value === DASHES)).toBe(true);
  });

  test('link slow changes no number', () => {
    expect(view({}, [], 'slow').cells).toMatchObject([{ value: '95', current: true }]);
  });

  test('the time that nobody watched is named, with its length', { tags: ['SYS-COVERAGE'] }, () => {
    const to = '2026-03-01T14:00:09.000Z';
    const gap = { from: since, to, cause: 'restart' };
    expect(view({ unwatched: [gap] }).unwatched).toBe(`not watched ${clockTime(since)} to ${clockTime(to)} (1:10)`);
  });

  test('vitals keep their places, whatever order they come in', () => {
    const measurements = [live({ vital: 'glucose' }), live({ vital: 'spo2' }), live({ vital: 'pulse' })];
    expect(view({ measurements }).cells.map(({ signal }) => signal)).toEqual(['pulse', 'spo2', 'glucose']);
  });
});

describe('the banner', () => {
  const wardOf = (data: object) => fold(emptyWard(), { event: 'snapshot', data: snapshot(data), arrivedMono: 0 }).ward;
  const lost = tile({ monitoring: { state: 'not-monitored', cause: 'stale' } });
  const down = system({ state: 'not-monitored', system: true, causes: ['engine-stuck'], since: now });

  test.for<[string, object, LinkState, string | undefined]>([
    ['all watched', {}, 'live', undefined],
    ['one not monitored', { tiles: [lost] }, 'live', '1 PATIENT NOT MONITORED'],
    ['nobody watches', { system: down }, 'live', '1 PATIENT NOT MONITORED: engine stuck'],
    ['system degraded', { system: { ...down, state: 'degraded' } }, 'live', undefined],
    ['not live', { tiles: [lost], system: down }, 'not-live', 'THIS SCREEN IS NOT LIVE since 14:01:52'],
    ['connecting', {}, 'connecting', 'THIS SCREEN IS NOT LIVE YET'],
    ['slow', {}, 'slow', undefined],
  ])('%s', { tags: ['API-STATE', 'API-BEAT'] }, ([, data, link, title]) => {
    expect(bannerOf(wardOf(data), link, link === 'not-live' ? '14:01:52' : null)?.title).toBe(title);
  });

  test('names the patients who are not watched', { tags: ['API-PATIENT'] }, () => {
    expect(bannerOf(wardOf({ tiles: [lost] }), 'live', null)?.text).toBe('Bed 1 ALDER, Mary');
  });

  test('a system that is down without a cause is an engine that is', () => {
    expect(systemDown(wardOf({ system: { ...down, causes: [] } }))).toEqual({ cause: 'engine-down', since: now });
    expect(systemDown(wardOf({}))).toBeNull();
  });
});

test('a press holds alert, revision and patient as they were', { tags: ['API-ACK'] }, () => {
  expect(holdOf(alert({ revision: 4 }))).toMatchObject({ id: 'a-1', revision: 4, patient: 'p-1' });
  expect(holdOf(alert()).who).toBe('Bed 1 ALDER, Mary, 4471');
  expect(holdOf(technical({ patient: null })).patient).toBeNull();
});

test.for([
  [-5, '0:00'],
  [42_999, '0:42'],
  [725_000, '12:05'],
  [3_725_000, '1:02:05'],
] as const)('%i ms is %s', ([ms, text]) => {
  expect(duration(ms)).toBe(text);
});
