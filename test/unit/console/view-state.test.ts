// Each row of the table of states (console.md 2): tile, banner, head, title.
import { describe, expect, test } from 'vitest';
import { emptyWard, fold } from '../../../api/console/fold.ts';
import { holdOf } from '../../../api/console/held.ts';
import type { LinkState } from '../../../api/console/link.ts';
import { age, clockTime, duration, shortTime, spokenDuration } from '../../../api/console/times.ts';
import {
  asOf,
  bannerOf,
  bedOf,
  coverageOf,
  type Ended,
  isLive,
  systemDown,
  type TileInput,
  titleOf,
  viewTile,
} from '../../../api/console/view-state.ts';
import type { AlertView } from '../../../api/console/wire.ts';
import { technicalCauses } from '../../../contract/index.ts';
import { alert, live, never, now, reed, since, snapshot, stale, system, technical, tile } from './views.ts';

const DASHES = '- - -';
const serverNow = Date.parse(now);
const acknowledged = alert({ state: 'acknowledged', acknowledged: reed });
const medium = alert({ id: 'a-3', priority: 'medium', signalPriority: 'medium' });
const low = alert({ id: 'a-4', priority: 'low', signalPriority: 'low' });
const wardOf = (data: object) => fold(emptyWard(), { event: 'snapshot', data: snapshot(data), arrivedMono: 0 }).ward;

interface Given extends Partial<Omit<TileInput, 'tile' | 'entries'>> {
  readonly alerts?: readonly AlertView[];
}

function view(changes: Parameters<typeof tile>[0], { alerts = [], ...given }: Given = {}) {
  const entries = alerts.map((one) => ({ n: 1, alert: one, said: null }));
  return viewTile({ tile: tile(changes), entries, link: 'live', sinceMs: 0, serverNow, down: null, ...given });
}

describe('a tile', () => {
  test('monitored: digits, their age, no plate, no frame', () => {
    expect(view({})).toMatchObject({ plate: null, frame: 'none', bed: '1', mrn: '4471', name: 'ALDER, Mary' });
    expect(view({}).state).toEqual({ glyph: 'dot', text: '1 s', flash: null });
    expect(view({ measurements: [] }).state.text).toBe('monitored');
  });

  test.for<[string, AlertView, string]>([
    ['active high', alert(), 'high'],
    ['active medium', medium, 'medium'],
    ['active low', low, 'none'],
    ['acknowledged', acknowledged, 'acknowledged'],
    ['latched', alert({ state: 'latched' }), 'high'],
    ['paused', alert({ state: 'paused' }), 'none'],
    ['needs review', alert({ state: 'needs-review' }), 'none'],
    ['technical', technical(), 'none'],
  ])('its frame: %s', ([, one, frame]) => {
    expect(view({}, { alerts: [one] }).frame).toBe(frame);
  });

  test('degraded: a ring and its cause; the digits stay', { tags: ['API-STATE'] }, () => {
    const look = view({ monitoring: { state: 'degraded', cause: 'late' } });
    expect(look).toMatchObject({ plate: null, state: { glyph: 'ring', text: 'late' }, cells: [{ value: '95' }] });
    expect(view({ monitoring: { state: 'degraded', cause: null } }).state.text).toBe('degraded');
  });

  test('not monitored: a plate with cause, since and what was last', { tags: ['API-STATE'] }, () => {
    const lost = view({ monitoring: { state: 'not-monitored', cause: 'gateway-lost' }, measurements: [stale()] });
    expect(lost.frame).toBe('not-monitored');
    const last = 'last SpO2 95';
    expect(lost.plate).toEqual({ cause: 'kit lost', time: '3:13', since: `since ${clockTime(since)}`, last });
    expect(lost.spoken).toBe('Bed 1, ALDER, Mary, No alert, not monitored, kit lost');
  });

  test('the plate hides no band', { tags: ['API-STATE', 'ALR-CLEAR'] }, () => {
    const lost = view({ monitoring: { state: 'not-monitored', cause: 'stale' } }, { alerts: [alert()] });
    expect(lost.band).toMatchObject({ look: 'high', flash: 'high' });
  });

  test.for([
    ['high', 'high'],
    ['medium', 'medium'],
    ['low', null],
  ] as const)('the cross of a plate flashes as its technical alert: %s', ([signalPriority, flash]) => {
    const lost = { monitoring: { state: 'not-monitored', cause: 'stale' } };
    expect(view(lost, { alerts: [technical({ signalPriority }), alert()] }).state.flash).toBe(flash);
    const taken = technical({ signalPriority, state: 'acknowledged', acknowledged: reed });
    expect(view(lost, { alerts: [taken] }).state.flash).toBeNull();
  });

  test('every cause of the contract has words', { tags: ['API-READABLE'] }, () => {
    for (const cause of technicalCauses)
      expect(view({ monitoring: { state: 'not-monitored', cause } }).plate?.cause).toMatch(/^[a-z-]+( [a-z]+)*$/);
  });

  test('waiting for the first reading is said as such', { tags: ['ALR-ARMED'] }, () => {
    const waiting = view({ monitoring: { state: 'not-monitored', cause: null }, measurements: [never()] });
    expect(waiting.plate).toMatchObject({ cause: 'waiting for first reading', last: '' });
  });

  test('the engine is gone: each patient is not monitored, since it went', { tags: ['API-STATE', 'SYS-SAFE'] }, () => {
    const look = view({}, { alerts: [alert()], down: { cause: 'engine-down', since: now } });
    expect(look).toMatchObject({ frame: 'not-monitored', plate: { cause: 'engine down', time: '0:00' } });
    expect(look.cells.every((cell) => !cell.current && cell.value === DASHES)).toBe(true);
  });

  test.for(['not-live', 'connecting'] as const)('%s: nothing is known', { tags: ['API-BEAT', 'API-STATE'] }, (link) => {
    const lost = { monitoring: { state: 'not-monitored', cause: 'stale' } };
    const look = view(lost, { alerts: [alert()], link, over: [alert({ closedAt: now })] });
    expect(look.state).toEqual({ glyph: 'cross', text: 'not known', flash: null });
    expect(look).toMatchObject({ plate: null, frame: 'none', band: { look: 'as-of', flash: null }, was: null });
    expect(look.cells.every((cell) => !cell.current && cell.value === DASHES)).toBe(true);
    expect(view({}, { link }).band.what).toBe('Not known');
  });

  test('link slow changes no number', () => {
    expect(view({}, { link: 'slow' }).cells).toMatchObject([{ value: '95', current: true }]);
  });

  test('for the ear: bed, name, alert, how long, altered limits', { tags: ['API-READABLE'] }, () => {
    expect(view({}, { alerts: [alert()] }).spoken).toBe(
      'Bed 1, ALDER, Mary, high alert, SpO2 84 %, at or below 88, 42 seconds, 1 s',
    );
    expect(view({}, { alerts: [alert({ flags: ['data-lost'] }), medium] }).spoken).toContain('data lost, and 1 more');
    expect(view({ alteredLimits: ['spo2-low'] }).spoken).toContain('SpO2 altered');
  });

  test('an altered limit marks its cell alone', { tags: ['ALR-DEFAULT'] }, () => {
    const measurements = [live(), live({ vital: 'hr' })];
    const limits = { spo2: ['< 88 %'], hr: [] };
    const { cells } = view({ measurements, alteredLimits: ['spo2-low'] }, { limits });
    expect(cells).toMatchObject([
      { signal: 'hr', altered: false, limit: '' },
      { signal: 'spo2', altered: true, limit: '≥ 88' },
    ]);
  });

  test('only glucose has an arrow', () => {
    const measurements = [live(), live({ vital: 'glucose', unit: 'mg/dL' })];
    const [spo2, glucose] = view({ measurements }, { slope: -2.2 }).cells;
    expect([spo2?.trend, glucose?.trend?.word]).toEqual([null, 'falling']);
  });

  test('the time that nobody watched is named, with its length', { tags: ['SYS-COVERAGE'] }, () => {
    const to = '2026-03-01T14:00:09.000Z';
    const gap = { from: since, to, cause: 'restart' };
    expect(view({ unwatched: [gap] }).unwatched).toBe(`not watched ${clockTime(since)} to ${clockTime(to)} (1:10)`);
  });

  test('a medium alert that ended stays as a line for 15 minutes', () => {
    const over = [alert({ closedAt: '2026-03-01T13:58:00.000Z' })];
    const at = (ms: number) => view({}, { over, serverNow: serverNow + ms }).was;
    expect(at(0)).toContain('was SpO2 84');
    expect(at(15 * 60_000)).toBeNull();
    expect(view({}, { over: [alert()] }).was).toBeNull();
  });

  test('vitals keep their places, whatever order they come in', () => {
    const measurements = [live({ vital: 'glucose' }), live({ vital: 'spo2' }), live({ vital: 'pulse' })];
    expect(view({ measurements }).cells.map(({ signal }) => signal)).toEqual(['pulse', 'spo2', 'glucose']);
  });

  test.for([
    ['Bed 1', '1'],
    ['Bett 12', '12'],
    ['West 3', 'West 3'],
    ['', '?'],
  ] as const)('bed "%s" stands large as "%s"', ([bed, text]) => {
    expect(bedOf(bed)).toBe(text);
  });

  test('a long record number stands by its end', () => {
    expect(view({ patient: { ...tile().patient, mrn: 'SIM-0001' } }).mrn).toBe('0001');
  });
});

describe('the banner', () => {
  const lost = tile({ monitoring: { state: 'not-monitored', cause: 'stale' } });
  const down = system({ state: 'not-monitored', system: true, causes: ['engine-stuck'], since: now });
  const bannerFor = (data: object, link: LinkState, lostSince: string | null = null, ended: Ended | null = null) =>
    bannerOf({ ward: wardOf(data), link, lostSince, silentMs: 19_000, ended, serverNow });

  test.for<[string, object, LinkState, string | undefined]>([
    ['all watched', {}, 'live', undefined],
    ['one not monitored', { tiles: [lost] }, 'live', '1 PATIENT NOT MONITORED'],
    ['nobody watches', { system: down }, 'live', '1 PATIENT NOT MONITORED: engine stuck'],
    ['system degraded', { system: { ...down, state: 'degraded' } }, 'live', undefined],
    ['not live', { tiles: [lost], system: down }, 'not-live', 'THIS SCREEN IS NOT LIVE since 14:01:52'],
    ['connecting', {}, 'connecting', 'THIS SCREEN IS NOT LIVE YET'],
    ['slow', {}, 'slow', undefined],
    ['a single signal lost', { alerts: [technical({ signalPriority: 'medium' })] }, 'live', undefined],
    ['a high technical alert', { alerts: [technical()] }, 'live', '1 HIGH TECHNICAL ALERT'],
    ['one that somebody has', { alerts: [technical({ state: 'acknowledged' })] }, 'live', undefined],
    ['a high alert of a patient', { alerts: [alert()] }, 'live', undefined],
  ])('%s', { tags: ['API-STATE', 'API-BEAT'] }, ([, data, link, title]) => {
    expect(bannerFor(data, link, link === 'not-live' ? '14:01:52' : null)?.title).toBe(title);
  });

  test('says how long nothing was heard, and never "since" a time that it does not know', {
    tags: ['API-BEAT'],
  }, () => {
    expect(bannerFor({}, 'not-live')?.text).toContain('No word from the server for 0:19');
    expect(bannerFor({}, 'not-live')?.title).toBe('THIS SCREEN IS NOT LIVE since the start');
  });

  test('signed out is as loud as not live', { tags: ['SYS-SAFE'] }, () => {
    const ended = bannerFor({}, 'not-live', '14:01:52', 'signed-out');
    expect(ended).toMatchObject({ kind: 'ended', title: 'MONITORING ENDED ON THIS SCREEN since 14:01:52' });
    expect(bannerFor({}, 'not-live', null, 'rights')?.text).toContain('may no longer');
  });

  test('names beds, causes and times, the longest first, and says how many more', { tags: ['API-PATIENT'] }, () => {
    const at = (bed: number, minute: number, cause: string | null) =>
      tile({
        patient: { ...tile().patient, id: `p-${bed}`, bed: `Bed ${bed}`, name: `N${bed}` },
        monitoring: { state: 'not-monitored', cause, since: `2026-03-01T13:${minute}:12.000Z` },
      });
    const tiles = [at(1, 58, 'stale'), at(2, 51, null), at(3, 57, 'stale'), at(4, 56, 'stale'), at(5, 55, 'stale')];
    const banner = bannerFor({ tiles }, 'live');
    expect(banner?.show).toEqual({ id: 'p-2', bed: '2' });
    expect(banner?.text).toBe(
      '2 N2 waiting for first reading 11:00; 5 N5 no reading 7:00; 4 N4 no reading 6:00; 3 N3 no reading 5:00; and 1 more',
    );
    const kit = technical({ patient: null, scope: 'gateway:g-1', cause: { code: 'gateway-lost', id: 'c' } });
    expect(bannerFor({ alerts: [kit] }, 'live')).toMatchObject({ text: 'kit lost', show: null });
    expect(bannerFor({ alerts: [technical({ cause: null })] }, 'live')).toMatchObject({ show: { id: 'p-1' } });
  });

  test('a system that is down without a cause is an engine that is', () => {
    expect(systemDown(wardOf({ system: { ...down, causes: [] } }))).toEqual({ cause: 'engine-down', since: now });
    expect(systemDown(wardOf({}))).toBeNull();
    expect(systemDown(emptyWard())).toBeNull();
  });

  test('how many are watched; nobody, when the engine is gone; unknown, when the link is', {
    tags: ['API-STATE'],
  }, () => {
    const degraded = tile({ patient: { ...tile().patient, id: 'p-2' }, monitoring: { state: 'degraded' } });
    const tiles = [tile(), degraded, { ...lost, patient: { ...lost.patient, id: 'p-3' } }];
    expect(coverageOf(wardOf({ tiles }), 'live')).toEqual({ monitored: 1, degraded: 1, notMonitored: 1 });
    expect(coverageOf(wardOf({ tiles, system: down }), 'slow')).toEqual({ monitored: 0, degraded: 0, notMonitored: 3 });
    expect(coverageOf(wardOf({ tiles }), 'not-live')).toBeNull();
  });

  test('the title counts, and says no name and no value', { tags: ['SEC-LOG'] }, () => {
    expect(titleOf(wardOf({}), 'live')).toBe('Vigil');
    expect(titleOf(wardOf({ tiles: [lost], alerts: [alert(), acknowledged, medium] }), 'live')).toBe('X 1 · Vigil');
    const two = [alert(), alert({ id: 'a-7', state: 'latched' }), medium];
    expect(titleOf(wardOf({ tiles: [lost], alerts: two }), 'live')).toBe('!!! 2 · X 1 · Vigil');
    expect(titleOf(wardOf({ alerts: two }), 'not-live')).toBe('X NOT LIVE · Vigil');
  });
});

test('a press holds alert, revision and patient as they were', { tags: ['API-ACK'] }, () => {
  expect(holdOf(alert({ revision: 4 }))).toMatchObject({ id: 'a-1', revision: 4, patient: 'p-1', others: 0 });
  expect(holdOf(alert()).who).toEqual({ bed: '1', name: 'ALDER, Mary', born: '1950-02-11', mrn: '4471' });
  expect(holdOf(technical({ patient: null }), 2)).toMatchObject({ patient: null, who: null, others: 2 });
});

test.for([
  [-5, '0:00', '0 seconds'],
  [42_999, '0:42', '42 seconds'],
  [61_000, '1:01', '1 minute'],
  [725_000, '12:05', '12 minutes'],
  [3_725_000, '1:02:05', '1 hour 2 minutes'],
] as const)('%i ms is %s, and for the ear %s', ([ms, text, spoken]) => {
  expect(duration(ms)).toBe(text);
  expect(spokenDuration(ms)).toBe(spoken);
});

test('ages and instants as people read them', () => {
  expect([age(900), age(59_999), age(125_000)]).toEqual(['0 s', '59 s', '2 min']);
  expect(shortTime(now)).toBe(clockTime(now).slice(0, 5));
  expect(asOf('14:01:52')).toBe('as of 14:01:52');
  expect(asOf(null)).toBe('as of the start');
  expect((['live', 'slow', 'connecting', 'not-live'] as const).map(isLive)).toEqual([true, true, false, false]);
});
