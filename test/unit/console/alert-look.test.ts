// Each state of an alert as a band: look, sign, words, flash (console.md 2, per alert).
import { describe, expect, test } from 'vitest';
import {
  alertText,
  bandOf,
  causeWords,
  inListOrder,
  inOrder,
  priorityWords,
  signalName,
  subjectOf,
  tileBand,
  wasText,
} from '../../../api/console/alert-look.ts';
import type { OpenAlert } from '../../../api/console/fold.ts';
import { shortTime } from '../../../api/console/times.ts';
import type { AlertView } from '../../../api/console/wire.ts';
import { alertFlags, alertStates } from '../../../contract/index.ts';
import { alert, live, now, reed, since, stale, technical } from './views.ts';

const serverNow = Date.parse(now);
const look = { live: true, serverNow };
const open = (one: AlertView, said: string | null = null): OpenAlert => ({ n: 1, alert: one, said });
const NUMBER = '84 ≤\u00a088';

const acknowledged = alert({ state: 'acknowledged', acknowledged: reed });
const medium = alert({ id: 'a-3', priority: 'medium', signalPriority: 'medium', onsetAt: '2026-03-01T13:00:00.000Z' });
const low = alert({ id: 'a-4', priority: 'low', signalPriority: 'low' });
const latched = alert({ state: 'latched' });
const paused = alert({ state: 'paused' });
const review = alert({ state: 'needs-review', peak: 'medium' });
const later = alert({ state: 'retrospective' });

describe('an alert as a band', () => {
  test.for<[string, AlertView, object]>([
    ['active high', alert(), { look: 'high', glyph: 'high', what: 'SpO2', number: NUMBER, unit: '%', flash: 'high' }],
    ['active medium', medium, { look: 'medium', glyph: 'medium', number: NUMBER, flash: 'medium' }],
    ['active low', low, { look: 'low', glyph: 'low', flash: null }],
    ['acknowledged', acknowledged, { look: 'acknowledged', glyph: 'check', time: 'K. Reed', flash: null }],
    ['acknowledged by nobody known', alert({ state: 'acknowledged' }), { look: 'acknowledged', time: '' }],
    ['latched, unknown now', latched, { look: 'high', glyph: 'high', number: 'was 84, over, not acknowledged' }],
    ['paused', paused, { look: 'paused', glyph: 'pause', what: 'SpO2 low paused', number: '', time: '', flash: null }],
    ['needs review', review, { look: 'review', glyph: 'question', what: 'Limit changed: review', priority: 'medium' }],
    ['found later', later, { look: 'later', glyph: 'clock-back', what: 'SpO2', flash: null }],
    ['technical, a signal', technical(), { look: 'technical', glyph: 'ring', what: 'SpO2 no reading', flash: 'high' }],
    [
      'technical, the patient',
      technical({ scope: 'patient' }),
      { look: 'technical', glyph: 'cross', what: 'no reading' },
    ],
    ['technical low', technical({ signalPriority: 'low' }), { look: 'technical', priority: 'low', flash: null }],
    ['technical, acknowledged', technical({ state: 'acknowledged', acknowledged: reed }), { look: 'acknowledged' }],
  ])('%s', { tags: ['API-STATE', 'API-READABLE'] }, ([, one, expected]) => {
    expect(bandOf(open(one), look)).toMatchObject(expected);
  });

  test("every state of the contract has a sign, words for the ear, and no fill that is another's", () => {
    for (const state of alertStates.filter((one) => one !== 'closed')) {
      const band = bandOf(open(alert({ state, acknowledged: state === 'acknowledged' ? reed : null })), look);
      expect(band.glyph).not.toBeNull();
      expect(band.spoken.length).toBeGreaterThan(8);
      expect(['high', 'medium', 'low'].includes(band.look)).toBe(state === 'active' || state === 'latched');
    }
  });

  test('every flag of the contract has its word', () => {
    for (const flag of alertFlags) {
      const [mark] = bandOf(open(alert({ flags: [flag] })), look).marks;
      expect(mark?.text).toMatch(/^[a-z ]+$/);
      expect(mark?.glyph).toBe(flag === 'data-lost' ? 'ring' : null);
    }
  });

  test('data lost: the band keeps its fill and says so', { tags: ['ALR-CLEAR'] }, () => {
    const lost = bandOf(open(alert({ flags: ['data-lost'] })), look);
    expect(lost).toMatchObject({ look: 'high', flash: 'high', marks: [{ glyph: 'ring', text: 'data lost' }] });
  });

  test.for([
    ['escalated', 'told the next people', 'up'],
    ['reasserted', 'again', null],
    ['worsened', 'worse', null],
    ['eased', 'eased', null],
  ] as const)('%s is said beside it', ([said, text, glyph]) => {
    expect(bandOf(open(alert(), said), look).marks).toEqual([{ glyph, text }]);
    expect(bandOf(open(acknowledged, said), look).marks).toEqual([]);
    expect(bandOf(open(alert(), 'raised'), look).marks).toEqual([]);
  });

  test('latched: what it was and what the number is now', { tags: ['ALR-LATCH'] }, () => {
    const of = (value: object) => bandOf(open(latched), { ...look, measurements: [live(value)] }).number;
    expect(of({})).toBe('was 84, now 95');
    expect(of({ state: 'degraded' })).toBe('was 84, now 95');
    expect(of({ vital: 'hr' })).toBe('was 84, over, not acknowledged');
    const bare = bandOf(open(alert({ state: 'latched', rules: [] })), look);
    expect(bare.number).toBe('was - - -, over, not acknowledged');
  });

  test('a pause that says until when counts down', () => {
    const until = '2026-03-01T14:14:42.000Z';
    expect(bandOf(open(alert({ state: 'paused', paused: { until } })), look).time).toBe('12:30');
  });

  test('on a screen that is not live it is as of then: no fill, no flash, no time', { tags: ['API-BEAT'] }, () => {
    for (const one of [alert(), medium, acknowledged, latched, technical()])
      expect(bandOf(open(one), { live: false, serverNow: Number.NaN })).toMatchObject({
        ...{ look: 'as-of', flash: null, time: '' },
      });
  });

  test('for the ear: priority, what, how much, against which limit', { tags: ['API-READABLE'] }, () => {
    expect(bandOf(open(alert()), look).spoken).toBe('high alert, SpO2 84 %, at or below 88');
    expect(bandOf(open(acknowledged), look).spoken).toBe('acknowledged, K. Reed, SpO2 84 %, at or below 88');
    expect(bandOf(open(technical()), look).spoken).toBe('technical alert, high, SpO2 no reading');
  });
});

describe('the one band of a tile', () => {
  test('the worst, how long, and how many more', { tags: ['ALR-GROUP'] }, () => {
    const band = tileBand(
      [medium, alert(), low].map((one) => open(one)),
      look,
    );
    expect(band).toMatchObject({ look: 'high', time: '0:42', more: 2 });
  });

  test('none, or nobody knows', { tags: ['API-BEAT'] }, () => {
    expect(tileBand([], look)).toMatchObject({ look: 'none', what: 'No alert', glyph: null });
    expect(tileBand([], { ...look, live: false })).toMatchObject({ look: 'none', what: 'Not known' });
  });

  test('what was found late has none', () => {
    expect(tileBand([open(later)], look)).toMatchObject({ look: 'none', more: 0 });
  });
});

describe('the words of an alert', () => {
  test('a reading that has gone stale keeps the number that decided', () => {
    const [rule] = alert().rules;
    const of = (last: object | null) => alertText(alert({ rules: [{ ...rule, reading: stale({ last }) }] }));
    expect(of({ value: 84, takenAt: since })).toBe(`SpO2 ${NUMBER} %`);
    expect(of(null)).toBe('SpO2 - - - ≤\u00a088 %');
  });

  test.for([
    ['<= 88 %', '84 ≤\u00a088', 'at or below 88'],
    ['< 90 %', '84 <\u00a090', 'below 90'],
    ['> 99 %', '84 >\u00a099', 'above 99'],
    ['>= 99 %', '84 ≥\u00a099', 'at or above 99'],
  ] as const)('limit %s', ([limit, number, spoken]) => {
    const [rule] = alert().rules;
    expect(subjectOf(alert({ rules: [{ ...rule, limit }] }))).toMatchObject({ number, unit: '%' });
    expect(subjectOf(alert({ rules: [{ ...rule, limit }] })).spoken).toBe(`SpO2 84 %, ${spoken}`);
  });

  test('a limit of another form is said as it is, and none is none', () => {
    const [rule] = alert().rules;
    expect(subjectOf(alert({ rules: [{ ...rule, limit: 'falling' }] })).number).toBe('84 falling');
    expect(subjectOf(alert({ rules: [{ ...rule, limit: null }] }))).toMatchObject({ number: '84', unit: '%' });
  });

  test.for([
    [technical(), 'SpO2 no reading'],
    [technical({ cause: { code: 'gateway-lost', id: 'c' }, scope: 'gateway:g-1' }), 'kit lost'],
    [technical({ cause: null, scope: 'system', family: 'store-down' }), 'store down'],
    [alert({ rules: [] }), 'SpO2 low'],
  ] as const)('%o', ([one, words]) => {
    expect(alertText(one)).toBe(words);
  });

  test('what this build has no words for is said as it is', () => {
    expect(causeWords('a-new-cause')).toBe('a new cause');
    expect(causeWords(null)).toBe('');
    expect(signalName('II')).toBe('ECG II');
    expect(signalName('V9')).toBe('V9');
  });

  test('one that ended: what it was, and when it was over', () => {
    expect(wasText(alert({ closedAt: now }))).toBe(`was SpO2 ${NUMBER} %, over ${shortTime(now)}`);
    expect(wasText(alert())).toBe(`was SpO2 ${NUMBER} %, over `);
    expect(priorityWords('low')).toBe('low priority');
  });
});

describe('order', () => {
  const ids = (alerts: readonly AlertView[]) => alerts.map(({ id }) => id);
  const older = alert({ id: 'a-0', onsetAt: '2026-03-01T12:00:00.000Z' });
  const held = alert({ id: 'a-5', state: 'paused' });
  const changed = alert({ id: 'a-6', state: 'needs-review', onsetAt: '2026-03-01T15:00:00.000Z' });
  const all = [held, acknowledged, low, technical(), medium, alert({ id: 'a-9' }), older, changed];

  test('of a tile: who calls, the worst, physiology before technique, the oldest', { tags: ['ALR-GROUP'] }, () => {
    expect(ids(inOrder(all))).toEqual(['a-0', 'a-9', 'a-2', 'a-3', 'a-4', 'a-6', 'a-1', 'a-5']);
  });

  test('of a list: the worst, who calls, the oldest; nothing new enters above its class', {
    tags: ['ALR-GROUP'],
  }, () => {
    expect(ids(inListOrder(all))).toEqual(['a-0', 'a-2', 'a-9', 'a-1', 'a-5', 'a-3', 'a-4', 'a-6']);
  });
});
