// What the projection is made of: alerts, states of signals, spans that nobody watched.
import { describe, expect, test } from 'vitest';
import { AlertBoard } from '../../../api/alert-board.ts';
import { closedAlertsMax } from '../../../api/limits.ts';
import { MonitoringBoard, patientState, withoutEngine } from '../../../api/monitoring-board.ts';
import { UnwatchedSpans } from '../../../api/unwatched.ts';
import type { AlertEnvelope, Assignment, Monitoring } from '../../../contract/index.ts';
import { raisedEvent, spo2Alert } from '../../support/api.ts';

const at = Date.UTC(2026, 2, 1);
const envelope = (epoch: number, partition = 0) => ({ epoch, partition }) as AlertEnvelope;

describe('alerts', () => {
  test('count an event once, however often it stands in the log', { tags: ['ALR-EPISODE'] }, () => {
    const board = new AlertBoard();
    const raised = raisedEvent(spo2Alert('p-1'));
    const acked = raisedEvent(spo2Alert('p-1', { revision: 2, state: 'acknowledged' }), { type: 'acknowledged' });
    expect([board.take(1, raised), board.take(2, raised), board.take(3, acked), board.take(4, raised)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(board.open.map(({ state }) => state)).toEqual(['acknowledged']);
    expect([1, 2, 3, 4].filter((position) => board.isIgnored(position))).toEqual([2, 4]);
  });

  test('of a former owner are dropped, partition by partition', { tags: ['ALR-FENCE'] }, () => {
    const board = new AlertBoard();
    expect([envelope(7), envelope(6), envelope(3, 1), envelope(7)].map((each, i) => board.isCurrent(i, each))).toEqual([
      true,
      false,
      true,
      true,
    ]);
    expect(board.isIgnored(1)).toBe(true);
  });

  test('that are open stay, whatever the limits; a closed one does not come back', { tags: ['ALR-CLEAR'] }, () => {
    const board = new AlertBoard();
    const open = raisedEvent(spo2Alert('p-1', { id: 'a-open' }));
    board.take(0, open);
    const first = spo2Alert('p-1', { id: 'a-0' });
    for (let i = 0; i <= closedAlertsMax; i++) {
      const alert = spo2Alert('p-1', { id: `a-${i}` });
      board.take(2 * i + 1, raisedEvent(alert));
      board.take(2 * i + 2, raisedEvent({ ...alert, revision: 2, state: 'closed' }, { type: 'closed' }));
    }
    expect(board.closed.length).toBe(closedAlertsMax);
    expect(board.find('a-0')).toBeUndefined();
    expect(board.take(99_999, raisedEvent(first))).toBe(false);
    expect(board.open.map(({ id }) => id)).toEqual(['a-open']);
  });

  test('that the engine does not know are no alerts', { tags: ['API-ACK'] }, () => {
    const board = new AlertBoard();
    const closed = spo2Alert('p-1', { id: 'a-none', state: 'closed' });
    const answer = raisedEvent(closed, { type: 'ack-refused', refused: 'unknown-alert', requestId: 'r-1', by: 'demo' });
    expect(board.take(1, answer)).toBe(false);
    expect(board.find('a-none')).toBeUndefined();
    expect(board.answerTo('r-1')?.refused).toBe('unknown-alert');
  });
});

function change(state: Monitoring['state'], later = 0, rest: Partial<Monitoring> = {}): Monitoring {
  return {
    at: at + later,
    patient: 'p-1',
    signal: 'spo2',
    source: 'd-1',
    state,
    cause: null,
    since: at + later,
    ...rest,
  };
}

const worn: Assignment = {
  id: 'as-1',
  revision: 1,
  patient: 'p-1',
  device: 'd-1',
  gateway: 'd-1',
  from: at - 60_000,
  to: null,
  signals: [
    { vital: 'spo2', mode: 'continuous', everyMs: 1_000, firstWithinMs: 120_000 },
    { vital: 'glucose', mode: 'spot', everyMs: 1_000, firstWithinMs: 120_000 },
  ],
};

describe('the state of a signal', () => {
  test('that the engine has not told of is not monitored', { tags: ['API-STATE', 'ALR-ARMED'] }, () => {
    const signals = new MonitoringBoard().signalsOf('p-1', [worn]);
    expect(signals).toEqual([
      { signal: 'spo2', source: 'd-1', state: 'not-monitored', cause: null, since: at - 60_000 },
    ]);
  });

  test('told at an earlier instant does not replace a later one', { tags: ['API-STATE'] }, () => {
    const board = new MonitoringBoard();
    board.take(change('not-monitored', 10, { cause: 'stale' }));
    expect(board.take(change('monitored', 5))).toBeUndefined();
    expect(board.signalsOf('p-1', []).map(({ state }) => state)).toEqual(['not-monitored']);
  });

  test('that has ended stays away, also when an old copy lands', { tags: ['API-STATE'] }, () => {
    const board = new MonitoringBoard();
    board.take(change('monitored', 5));
    board.take(change('ended', 10));
    board.take(change('monitored', 5));
    expect(board.signalsOf('p-1', [])).toEqual([]);
  });
});

describe('the state of a patient', () => {
  const signal = (state: 'monitored' | 'degraded' | 'not-monitored', since: number) => ({
    signal: 'spo2',
    source: 'd-1',
    state,
    cause: state === 'monitored' ? null : ('stale' as const),
    since,
  });

  test.for([
    ['monitored', ['monitored', 'monitored'], 20],
    ['degraded', ['monitored', 'not-monitored'], 20],
    ['degraded', ['degraded', 'degraded'], 10],
    ['degraded', ['degraded', 'not-monitored'], 10],
    ['not-monitored', ['not-monitored', 'not-monitored'], 20],
  ] as const)('is %s of %j', { tags: ['API-STATE', 'SYS-SAFE'] }, ([state, states, since]) => {
    const made = patientState(
      states.map((each, i) => signal(each, (i + 1) * 10)),
      0,
    );
    expect(made).toMatchObject({ state, since });
  });

  test('without a signal is that nobody watches', { tags: ['API-STATE'] }, () => {
    expect(patientState([], 5)).toEqual({ state: 'not-monitored', cause: 'unassigned', since: 5, signals: [] });
  });

  test('is not monitored while the engine is silent, whatever it said', { tags: ['SYS-SAFE', 'API-STATE'] }, () => {
    const before = patientState([signal('monitored', 1), signal('not-monitored', 2)], 0);
    const silent = withoutEngine(before, 'engine-down', 99);
    expect(silent).toMatchObject({ state: 'not-monitored', cause: 'engine-down', since: 99 });
    expect(silent.signals.map(({ state, cause, since }) => [state, cause, since])).toEqual([
      ['not-monitored', 'engine-down', 99],
      ['not-monitored', 'stale', 2],
    ]);
  });
});

describe('spans that nobody watched', () => {
  test('count once, under the more telling cause', { tags: ['SYS-COVERAGE'] }, () => {
    const spans = new UnwatchedSpans();
    spans.add(0, { from: at, to: at + 60_000, cause: 'blind' });
    spans.add(0, { from: at, to: at + 60_000, cause: 'restart' });
    spans.add(0, { from: at, to: at + 60_000, cause: 'blind' });
    expect(spans.of(0, at + 70_000)).toEqual([
      { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T00:01:00.000Z', cause: 'restart' },
    ]);
  });

  test('of several partitions are one where they overlap', { tags: ['SYS-COVERAGE'] }, () => {
    const spans = new UnwatchedSpans();
    spans.add(0, { from: at, to: at + 2_000, cause: 'restart' });
    spans.add(1, { from: at + 1_000, to: at + 3_000, cause: 'restart' });
    spans.add(1, { from: at + 9_000, to: at + 9_500, cause: 'stuck' });
    expect(spans.all(at + 10_000).map(({ from, to }) => Date.parse(to) - Date.parse(from))).toEqual([500, 3_000]);
  });

  test('are told for a day', { tags: ['SYS-COVERAGE'] }, () => {
    const spans = new UnwatchedSpans();
    spans.add(0, { from: at, to: at + 1_000, cause: 'restart' });
    expect([spans.all(at + 86_400_999).length, spans.all(at + 86_401_000).length]).toEqual([1, 0]);
  });
});
