// Whether each signal of each patient is watched, as the engine said last (API-STATE). Class C. Invariants: what the engine
// said at an earlier instant never replaces what it said later; a signal that is due and of which it has said nothing counts
// as not monitored.
import {
  type Assignment,
  type Monitoring,
  type MonitoringState,
  type MonitoringView,
  type SignalView,
  signalName,
  type TechnicalCause,
  toInstant,
} from '../contract/index.ts';
import { endedSignalsMax } from './limits.ts';

/** One signal of one source; times in epoch milliseconds. */
export interface SignalState {
  readonly signal: string;
  readonly source: string;
  readonly state: MonitoringState;
  readonly cause: TechnicalCause | null;
  readonly since: number;
}

export interface PatientState {
  readonly state: MonitoringState;
  readonly cause: TechnicalCause | null;
  readonly since: number;
  readonly signals: readonly SignalState[];
}

export class MonitoringBoard {
  readonly #patients = new Map<string, Map<string, Monitoring>>();

  /** What stood before and stands now; undefined for a copy from an earlier instant. */
  take(change: Monitoring): { readonly before: Monitoring | undefined } | undefined {
    const signals = this.#patients.get(change.patient) ?? new Map<string, Monitoring>();
    this.#patients.set(change.patient, signals);
    const key = keyOf(change.source, change.signal);
    const before = signals.get(key);
    if (before && change.at < before.at) return undefined;
    signals.set(key, change);
    if (change.state === 'ended') this.#tidy(signals);
    return { before };
  }

  #tidy(signals: Map<string, Monitoring>): void {
    const ended = [...signals].filter(([, { state }]) => state === 'ended').sort(([, a], [, b]) => a.at - b.at);
    for (const [key] of ended.slice(0, Math.max(0, ended.length - endedSignalsMax))) signals.delete(key);
  }

  /** Signals that are due, by signal and source: those the engine told of, and those it has not come to yet. */
  signalsOf(patient: string, worn: readonly Assignment[]): SignalState[] {
    const told = this.#patients.get(patient) ?? new Map<string, Monitoring>();
    const found: SignalState[] = [];
    for (const { signal, source, state, cause, since } of told.values())
      if (state !== 'ended') found.push({ signal, source, state, cause, since });
    for (const { device, from, signals } of worn)
      for (const each of signals) {
        const signal = signalName(each);
        const known = told.get(keyOf(device, signal));
        if (each.mode === 'continuous' && (!known || (known.state === 'ended' && known.at < from)))
          found.push({ signal, source: device, state: 'not-monitored', cause: null, since: from });
      }
    return found.sort((a, b) => order(a.signal, b.signal) || order(a.source, b.source));
  }
}

/**
 * State of a patient from the signals that are due: monitored if all are, not monitored if none is watched at all, else
 * degraded. Without any signal nobody watches: `unassigned`, since the instant given.
 */
export function patientState(signals: readonly SignalState[], since: number): PatientState {
  if (signals.length === 0) return { state: 'not-monitored', cause: 'unassigned', since, signals };
  const lost = signals.filter(({ state }) => state === 'not-monitored');
  const unwell = signals.filter(({ state }) => state !== 'monitored');
  if (unwell.length === 0) return { state: 'monitored', cause: null, since: latest(signals), signals };
  const cause = (lost.length > 0 ? lost : unwell).find((each) => each.cause !== null)?.cause ?? null;
  // Nobody watches since the last signal went; less than all is watched since the first one did.
  if (lost.length === signals.length) return { state: 'not-monitored', cause, since: latest(lost), signals };
  return { state: 'degraded', cause, since: Math.min(...unwell.map((each) => each.since)), signals };
}

/** The same patient while the system itself judges nothing: what was watched is not any more. */
export function withoutEngine(patient: PatientState, cause: TechnicalCause, since: number): PatientState {
  const signals = patient.signals.map((each) =>
    each.state === 'not-monitored' ? each : { ...each, state: 'not-monitored' as const, cause, since },
  );
  if (patient.state === 'not-monitored' && patient.cause === 'unassigned') return patient;
  if (patient.state === 'not-monitored') return { ...patient, signals };
  return { state: 'not-monitored', cause, since, signals };
}

export function monitoringView({ state, cause, since, signals }: PatientState): MonitoringView {
  return { state, since: toInstant(since), cause, signals: signals.map(signalView) };
}

function signalView({ signal, source, state, since, cause }: SignalState): SignalView {
  return { signal, source, state, since: toInstant(since), cause };
}

function latest(signals: readonly SignalState[]): number {
  return Math.max(...signals.map(({ since }) => since));
}

function keyOf(source: string, signal: string): string {
  return `${source}/${signal}`;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
