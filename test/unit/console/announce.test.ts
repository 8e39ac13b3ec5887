// What is said to who listens: changes alone, many at once as one, never a value.
import { describe, expect, test } from 'vitest';
import { sayings } from '../../../api/console/announce.ts';
import { emptyWard, fold, type Ward } from '../../../api/console/fold.ts';
import type { LinkState } from '../../../api/console/link.ts';
import { shortTime } from '../../../api/console/times.ts';
import { alert, now, reed, since, snapshot, technical, tile } from './views.ts';

const wardOf = (data: object): Ward =>
  fold(emptyWard(), { event: 'snapshot', data: snapshot(data), arrivedMono: 0 }).ward;
const between = (before: object, after: object, links: readonly [LinkState, LinkState] = ['live', 'live']) =>
  sayings({ ward: wardOf(before), link: links[0] }, { ward: wardOf(after), link: links[1] });

describe('said', { tags: ['API-READABLE'] }, () => {
  const lost = (cause: string | null, changes: object = {}) =>
    tile({ monitoring: { state: 'not-monitored', cause }, ...changes });

  test.for<[string, object, object, string, string]>([
    ['a high alert', {}, { alerts: [alert()] }, 'assertive', 'high alert, SpO2: Bed 1'],
    ['a medium one', {}, { alerts: [alert({ signalPriority: 'medium' })] }, 'polite', 'medium alert, SpO2: Bed 1'],
    ['a technical one', {}, { alerts: [technical()] }, 'assertive', 'technical alert, high, SpO2 no reading: Bed 1'],
    ['a kit', {}, { alerts: [technical({ patient: null, scope: 'gateway:g' })] }, 'assertive', 'high, no reading'],
    ['worse', { alerts: [alert({ signalPriority: 'low' })] }, { alerts: [alert()] }, 'assertive', 'high alert'],
    [
      'again',
      { alerts: [alert({ state: 'acknowledged', acknowledged: reed })] },
      { alerts: [alert()] },
      'assertive',
      'high alert',
    ],
    [
      'taken',
      { alerts: [alert()] },
      { alerts: [alert({ state: 'acknowledged', acknowledged: reed })] },
      'polite',
      'K. Reed took SpO2, bed 1',
    ],
    [
      'taken by nobody known',
      { alerts: [alert()] },
      { alerts: [alert({ state: 'acknowledged' })] },
      'polite',
      'took SpO2',
    ],
    ['over', { alerts: [alert()] }, {}, 'polite', 'Over: SpO2, bed 1'],
    [
      'over, of a kit',
      { alerts: [technical({ patient: null, scope: 'gateway:g' })] },
      {},
      'polite',
      'Over: no reading',
    ],
    ['not monitored', {}, { tiles: [lost('gateway-lost')] }, 'assertive', 'Bed 1 not monitored: kit lost'],
    ['waiting', {}, { tiles: [lost(null)] }, 'assertive', 'Bed 1 not monitored: waiting for first reading'],
    ['watched again', { tiles: [lost('stale')] }, {}, 'polite', 'Bed 1 watched again.'],
    [
      'watched again, with the time that nobody watched',
      { tiles: [lost('stale')] },
      { tiles: [tile({ unwatched: [{ from: since, to: now, cause: 'x' }] })] },
      'polite',
      `Not watched ${shortTime(since)} to ${shortTime(now)}`,
    ],
  ])('%s', ([, before, after, how, text]) => {
    const [one, ...rest] = between(before, after);
    expect(rest).toEqual([]);
    expect(one?.how).toBe(how);
    expect(one?.text).toContain(text);
    expect(one?.text).not.toMatch(/84|95/);
  });

  test('many at once are one saying with their beds', { tags: ['ALR-GROUP'] }, () => {
    const patients = [1, 4, 9].map((bed) => ({ ...tile().patient, id: `p-${bed}`, bed: `Bed ${bed}` }));
    const alerts = patients.map((patient, i) =>
      alert({ id: `a-${i}`, patient, onsetAt: `2026-03-01T14:0${i}:00.000Z` }),
    );
    expect(between({}, { alerts })).toEqual([
      { how: 'assertive', text: '3 alerts, worst high alert: Bed 1, Bed 4, Bed 9' },
    ]);
  });

  test.for<[string, object, object]>([
    ['nothing changed', { alerts: [alert()] }, { alerts: [alert()] }],
    ['the value moved', { alerts: [alert()] }, { alerts: [alert({ revision: 2 })] }],
    ['found later, gone', { alerts: [alert({ state: 'retrospective' })] }, {}],
    ['paused', {}, { alerts: [alert({ state: 'paused' })] }],
    ['from degraded to monitored', { tiles: [tile({ monitoring: { state: 'degraded' } })] }, {}],
    ['a new patient', { tiles: [] }, {}],
  ])('nothing: %s', ([, before, after]) => {
    expect(between(before, after)).toEqual([]);
  });

  test('of the link: slow, and live again; what came meanwhile is looked at', { tags: ['API-BEAT'] }, () => {
    expect(between({}, { alerts: [alert()] }, ['not-live', 'live'])).toEqual([
      { how: 'polite', text: 'This screen is live again.' },
    ]);
    expect(between({}, {}, ['live', 'slow'])).toEqual([{ how: 'polite', text: 'Link slow' }]);
    expect(between({}, {}, ['slow', 'slow'])).toEqual([]);
    expect(between({}, { alerts: [alert()] }, ['live', 'not-live'])).toEqual([]);
  });
});
