// What became of a played recording, out of the topic `alerts`.
import type { Alert, AlertEvent, Monitoring, MonitoringState } from '../../contract/index.ts';

/** What stands in `alerts` of the recording's patient, in order. */
export interface ToldOutcome {
  readonly alerts: readonly AlertEvent[];
  readonly monitoring: readonly Monitoring[];
}

/** One alert, as a line of a table shows it. */
export interface AlertRow {
  readonly alert: string;
  readonly family: string;
  readonly rule: string;
  readonly priority: string;
  readonly kind: 'physiological' | 'technical';
  /** UTC ms; of the deciding reading, or of the deadline that passed. */
  readonly at: number;
  /** What decided: `86 %`; of a technical alert its cause. */
  readonly value: string;
  readonly limit: string;
  /** UTC ms from when it no longer held, whether it was closed by that or waits for a person; null while it holds. */
  readonly clearedAt: number | null;
  /** UTC ms when it was closed; null while it is open. */
  readonly closedAt: number | null;
  readonly state: Alert['state'];
}

/** Alerts in the order in which they were raised. */
export function alertRows(events: readonly AlertEvent[]): readonly AlertRow[] {
  const rows = new Map<string, AlertRow>();
  for (const { at, alert } of events) {
    const { closedAt, state, peak: priority } = alert;
    const { clearedAt: before, ...row } = rows.get(alert.id) ?? rowOf(at, alert);
    const isTrue = alert.state !== 'latched' && closedAt === null;
    rows.set(alert.id, { ...row, closedAt, state, priority, clearedAt: isTrue ? null : (before ?? closedAt ?? at) });
  }
  return [...rows.values()];
}

function rowOf(at: number, alert: Alert): AlertRow {
  const { id, family, kind, peak, closedAt, state, cause, scope } = alert;
  const rule = alert.rules.find(({ priority }) => priority === alert.priority) ?? alert.rules[0];
  const reading = rule?.reading;
  const beyond = reading?.bound === undefined ? '' : reading.bound === 'below' ? '< ' : '> ';
  const source = scope.startsWith('source:') ? ` (${scope.split(':').at(-1)})` : '';
  return {
    alert: id,
    family,
    kind,
    priority: peak,
    rule: rule?.id ?? family,
    at,
    clearedAt: null,
    value: reading ? `${beyond}${shown(reading.value)} ${reading.unit}`.trim() : `${cause?.code ?? ''}${source}`,
    limit: rule?.limit ?? '',
    closedAt,
    state,
  };
}

function shown(value: number | undefined): string {
  return value === undefined ? '' : String(Math.round(value * 10) / 10);
}

/** Ms in which a patient was watched, partly, or not. */
export type WatchedMs = Readonly<Record<MonitoringState, number>>;

/** A patient is monitored if every due signal is, not monitored if none is, else degraded. */
export function watchedMs(changes: readonly Monitoring[], from: number, to: number): WatchedMs {
  const total = { monitored: 0, degraded: 0, 'not-monitored': 0 };
  const signals = new Map<string, MonitoringState>();
  let since = from;
  for (const { at, signal, source, state } of changes) {
    const until = Math.min(to, Math.max(since, at));
    total[stateOf(signals)] += until - since;
    since = until;
    if (state === 'ended') signals.delete(`${source} ${signal}`);
    else signals.set(`${source} ${signal}`, state);
  }
  total[stateOf(signals)] += Math.max(0, to - since);
  return total;
}

function stateOf(signals: ReadonlyMap<string, MonitoringState>): MonitoringState {
  const states = [...signals.values()];
  if (states.length > 0 && states.every((state) => state === 'monitored')) return 'monitored';
  return states.every((state) => state === 'not-monitored') ? 'not-monitored' : 'degraded';
}
