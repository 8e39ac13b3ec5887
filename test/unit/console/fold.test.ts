import { describe, expect, test } from 'vitest';
import { type Effect, emptyWard, fold, type Ward } from '../../../api/console/fold.ts';
import { alert, message, now, reed, snapshot, system, tile } from './views.ts';

/** The ward after these events, and what the last one meant. */
function folded(...events: readonly (readonly [string, unknown])[]): { ward: Ward; effect: Effect } {
  let last: { ward: Ward; effect: Effect } = { ward: emptyWard(), effect: 'none' };
  for (const [at, [event, data]] of events.entries()) last = fold(last.ward, { event, data, arrivedMono: at * 1_000 });
  return last;
}

const beat = (seq: number) => ['hb', { serverTs: now, engineTs: now, seq, nextBy: now }] as const;

describe('a screen folds what comes on the stream', () => {
  test('a snapshot replaces everything at once', { tags: ['API-STATE'] }, () => {
    const other = tile({ patient: { ...tile().patient, id: 'p-9' } });
    const { ward, effect } = folded(
      ['snapshot', snapshot({ alerts: [alert()] })],
      ['tile', tile()],
      ['snapshot', snapshot({ tiles: [other] })],
    );
    expect(effect).toBe('snapshot');
    expect([...ward.tiles.keys()]).toEqual(['p-9']);
    expect(ward.alerts.size).toBe(0);
    expect(ward.count).toBe(1);
  });

  test('a tile replaces its own and counts from when it came', () => {
    const { ward } = folded(['snapshot', snapshot()], ['tile', tile({ monitoring: { state: 'degraded' } })]);
    expect(ward.tiles.get('p-1')).toMatchObject({ arrivedMono: 1_000, value: { monitoring: { state: 'degraded' } } });
  });

  test('a beat whose count is ours is a beat; another means that something was lost', { tags: ['API-BEAT'] }, () => {
    expect(folded(['snapshot', snapshot()], beat(2)).effect).toBe('beat');
    expect(folded(['snapshot', snapshot()], ['tile', tile()], beat(3)).effect).toBe('beat');
    expect(folded(['snapshot', snapshot()], beat(3)).effect).toBe('reload');
    expect(folded(['snapshot', snapshot()], ['tile', tile()], beat(2)).effect).toBe('reload');
  });

  test('an event that this screen does not know is counted and changes nothing', () => {
    const { ward, effect } = folded(['snapshot', snapshot()], ['weather', { sunny: true }], beat(3));
    expect(effect).toBe('beat');
    expect([...ward.tiles.keys()]).toEqual(['p-1']);
  });

  test.for([
    ['reset', { reason: 'too-old' }, 'reload'],
    ['end', { reason: 'signed-out' }, 'signed-out'],
    ['end', { reason: 'slow' }, 'slow'],
    ['end', { reason: 'rights' }, 'rights'],
    ['end', { reason: 'shutdown' }, 'reload'],
  ] as const)('%s %o asks for: %s', ([event, data, effect]) => {
    expect(folded(['snapshot', snapshot()], [event, data]).effect).toBe(effect);
  });

  test('how the whole stands comes with its own event', { tags: ['API-STATE', 'SYS-SAFE'] }, () => {
    const { ward } = folded(['snapshot', snapshot()], ['system', system({ state: 'not-monitored', system: true })]);
    expect(ward.system).toMatchObject({ state: 'not-monitored', system: true });
  });
});

describe('alerts', () => {
  const acknowledged = alert({ revision: 2, state: 'acknowledged', acknowledged: reed });
  const closed = alert({ revision: 3, state: 'closed', closedAt: now, closedWhy: 'cleared' });
  const shown = (ward: Ward) => ward.alerts.get('a-1')?.alert.state ?? 'not shown';

  test.for([
    ['raised', [message(1, alert())], 'active'],
    ['acknowledged', [message(1, alert()), message(2, acknowledged)], 'acknowledged'],
    ['a copy of the first after the second', [message(2, acknowledged), message(1, alert())], 'acknowledged'],
    ['closed', [message(1, alert()), message(3, closed)], 'not shown'],
    ['an older event after the end', [message(1, alert()), message(3, closed), message(2, acknowledged)], 'not shown'],
    ['a newer event after the end', [message(3, closed), message(4, alert({ revision: 4 }))], 'active'],
  ] as const)('%s', { tags: ['ALR-EPISODE'] }, ([, messages, state]) => {
    const events = messages.map((one) => ['alert', one] as const);
    expect(shown(folded(['snapshot', snapshot()], ...events).ward)).toBe(state);
  });

  test('an event from before the snapshot does not undo it', { tags: ['ALR-EPISODE'] }, () => {
    const { ward } = folded(['snapshot', snapshot({ alerts: [acknowledged] })], ['alert', message(1, alert())]);
    expect(shown(ward)).toBe('acknowledged');
  });

  test('the browser ends none by itself: a tile without a value, a beat, time', { tags: ['ALR-CLEAR'] }, () => {
    const events = [['tile', tile({ measurements: [] })], beat(3), ['tile', tile()], beat(5)] as const;
    const { ward } = folded(['snapshot', snapshot({ alerts: [alert()] })], ...events);
    expect(shown(ward)).toBe('active');
  });

  test('what is kept of ended alerts stays small', () => {
    const many = Array.from({ length: 500 }, (_, i) => ['alert', message(2, { ...closed, id: `a-${i}` })] as const);
    expect(folded(['snapshot', snapshot()], ...many).ward.ended.size).toBeLessThanOrEqual(64);
  });

  test('what became of an alert is remembered until something else does', { tags: ['ALR-EPISODE'] }, () => {
    const said = (...types: readonly string[]) => {
      const events = types.map((type, i) => ['alert', message(i + 1, alert({ revision: i + 1 }), type)] as const);
      return folded(['snapshot', snapshot()], ...events).ward.alerts.get('a-1')?.said;
    };
    expect(said('raised', 'worsened')).toBe('worsened');
    expect(said('raised', 'reasserted', 'updated', 'data-lost')).toBe('reasserted');
    expect(said('raised', 'escalated', 'acknowledged')).toBe('acknowledged');
    expect(said('updated')).toBeNull();
    expect(folded(['snapshot', snapshot({ alerts: [alert()] })]).ward.alerts.get('a-1')?.said).toBeNull();
  });

  test('a medium alert that ended leaves a line; a high, a low and a technical one do not', () => {
    const over = (changes: object) =>
      folded(['snapshot', snapshot()], ['alert', message(3, { ...closed, ...changes })]).ward.over.length;
    expect(over({ peak: 'medium' })).toBe(1);
    expect(over({ peak: 'high' })).toBe(0);
    expect(over({ peak: 'low' })).toBe(0);
    expect(over({ peak: 'medium', kind: 'technical' })).toBe(0);
  });
});
