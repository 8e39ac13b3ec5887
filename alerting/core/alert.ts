// The life of one alert (`alerting.md` 4): its state as plain data, the transitions, and the event each of them is. Who
// decides that a transition is due stands elsewhere; here is what it does. Nothing here ends an alert by time.
import {
  type Alert,
  type AlertEvent,
  type AlertEventType,
  alertFlags,
  type EvidenceReading,
  type Priority,
  priorities,
} from '../../contract/index.ts';
import { extend, type Trail } from './evidence.ts';
import { contentId, type Sha256 } from './ids.ts';
import type { Arrival } from './log-clock.ts';

export type Flag = (typeof alertFlags)[number];

/** A rule that is true now, for one source. Of a latched or closed alert: that was true last. */
export interface TrueRule {
  readonly id: string;
  readonly version: number;
  readonly rank: number;
  readonly priority: Priority;
  readonly latching: boolean;
  readonly floor: boolean;
  readonly onsetAt: number;
  readonly limit: string | null;
  readonly reading: EvidenceReading | null;
  /** It says what is expected, not what is. */
  readonly predictive?: boolean;
  /** Stream, `device:signal`; empty for technical alerts. */
  readonly stream: string;
  /** How long an acknowledgement of it holds. */
  readonly acknowledgeMs: number;
}

/** An acknowledgement in force, with the log time at which it came in: it ends by log time. */
interface Acknowledged {
  readonly by: string;
  readonly at: number;
  readonly verdict: string | null;
  readonly until: number;
  readonly forMs: number;
  readonly arrival: Arrival;
}

/** State of an alert: plain data, as a snapshot holds it. */
export interface AlertState {
  readonly id: string;
  readonly patient: string | null;
  readonly kind: Alert['kind'];
  readonly family: string;
  readonly scope: string;
  /** Events told so far. */
  n: number;
  revision: number;
  /** Revision of the newest event that calls for a person: an acknowledgement of an older one took another alert. */
  calledRevision: number;
  state: Alert['state'];
  priority: Priority;
  peak: Priority;
  /** Highest priority of a latching rule true since the last acknowledgement. */
  latch: Priority | null;
  floor: boolean;
  flags: Flag[];
  readonly onsetAt: number;
  readonly raisedAt: number;
  rules: TrueRule[];
  acknowledged: Acknowledged | null;
  responsible: string | null;
  cause: Alert['cause'];
  closedAt: number | null;
  closedWhy: Alert['closedWhy'];
  readonly ruleSet: string | null;
  trail: Trail;
}

/** What a new alert is about. */
export interface Raise {
  readonly id: string;
  readonly patient: string | null;
  readonly kind: Alert['kind'];
  readonly family: string;
  readonly scope: string;
  readonly onsetAt: number;
  readonly raisedAt: number;
  readonly rules: readonly TrueRule[];
  readonly flags: readonly Flag[];
  readonly cause: Alert['cause'];
  readonly ruleSet: string | null;
  readonly trail: Trail;
}

/** The higher of two priorities. */
export function higher(a: Priority, b: Priority): Priority {
  return priorities.indexOf(a) >= priorities.indexOf(b) ? a : b;
}
/** True if `a` is of higher priority than `b`. */
export function isHigher(a: Priority, b: Priority): boolean {
  return priorities.indexOf(a) > priorities.indexOf(b);
}
function highest(rules: readonly TrueRule[]): Priority {
  return rules.reduce<Priority>((most, rule) => higher(most, rule.priority), 'low');
}

export function isOpen(alert: AlertState): boolean {
  return alert.state !== 'closed';
}

/** What is annunciated: a latching rule's priority until somebody has taken it, even when a milder rule is left. */
export function signalPriority(alert: AlertState): Priority {
  return alert.latch === null || alert.state === 'acknowledged' ? alert.priority : higher(alert.priority, alert.latch);
}

/** A new alert, active, not yet told. */
export function openAlert(raise: Raise): AlertState {
  const rules = [...raise.rules];
  const priority = highest(rules);
  return {
    id: raise.id,
    patient: raise.patient,
    kind: raise.kind,
    family: raise.family,
    scope: raise.scope,
    n: 0,
    revision: 0,
    calledRevision: 1,
    state: 'active',
    priority,
    peak: priority,
    latch: latchOf(rules),
    floor: rules.some((rule) => rule.floor),
    flags: [...raise.flags],
    onsetAt: raise.onsetAt,
    raisedAt: raise.raisedAt,
    rules,
    acknowledged: null,
    responsible: null,
    cause: raise.cause,
    closedAt: null,
    closedWhy: null,
    ruleSet: raise.ruleSet,
    trail: { readings: [...raise.trail.readings], omitted: raise.trail.omitted },
  };
}

function latchOf(rules: readonly TrueRule[]): Priority | null {
  const latching = rules.filter((rule) => rule.latching);
  return latching.length === 0 ? null : highest(latching);
}

/** Takes the rules that are true now, at least one. What it means is in the difference the caller tells. */
export function setRules(alert: AlertState, rules: readonly TrueRule[]): void {
  const known = new Set(alert.rules.map(ruleKey));
  const latch = latchOf(rules.filter((rule) => !known.has(ruleKey(rule))));
  if (latch !== null) alert.latch = alert.latch === null ? latch : higher(alert.latch, latch);
  alert.rules = [...rules];
  alert.priority = highest(rules);
  alert.peak = higher(alert.peak, alert.priority);
  alert.floor = rules.some((rule) => rule.floor);
}

function ruleKey(rule: TrueRule): string {
  return `${rule.id}@${rule.version}@${rule.stream}@${rule.onsetAt}`;
}

/** Calls for a person once more: what was acknowledged is so no longer. */
export function call(alert: AlertState): void {
  alert.state = 'active';
  alert.acknowledged = null;
  alert.responsible = null;
  const latch = latchOf(alert.rules);
  if (latch !== null) alert.latch = alert.latch === null ? latch : higher(alert.latch, latch);
  alert.calledRevision = alert.revision + 1;
}

/** A person has taken it. */
export function acknowledge(alert: AlertState, by: string, at: number, verdict: string | null, arrival: Arrival): void {
  const top = alert.rules.filter((rule) => rule.priority === alert.priority);
  const forMs = Math.min(...top.map((rule) => rule.acknowledgeMs));
  alert.acknowledged = { by, at, verdict, until: at + forMs, forMs, arrival };
  alert.responsible = by;
  alert.latch = null;
  alert.state = 'acknowledged';
}

/** Log time at which an acknowledgement ends while the condition goes on. */
export function reassertAt(alert: AlertState): number {
  if (alert.state !== 'acknowledged' || !alert.acknowledged) return Number.POSITIVE_INFINITY;
  return alert.acknowledged.arrival.log + alert.acknowledged.forMs;
}

export function close(alert: AlertState, at: number, why: NonNullable<Alert['closedWhy']>): void {
  alert.state = 'closed';
  alert.closedAt = at;
  alert.closedWhy = why;
}

/** Sets or takes away a flag; false if nothing changed. Flags stand in the order of the contract. */
export function setFlag(alert: AlertState, flag: Flag, on: boolean): boolean {
  if (alert.flags.includes(flag) === on) return false;
  alert.flags = alertFlags.filter((each) => (each === flag ? on : alert.flags.includes(each)));
  return true;
}

export function addEvidence(alert: AlertState, reading: EvidenceReading): void {
  extend(alert.trail, reading);
}

/** What an event says beside the alert. */
export interface Told {
  readonly type: AlertEventType;
  readonly at: number;
  readonly requestId?: string;
  readonly by?: string;
  readonly refused?: NonNullable<AlertEvent['refused']>;
}

/** Events that are no step of the life-cycle: they raise no revision. */
const quiet = new Set<AlertEventType>(['updated', 'ack-refused']);

/** The event of a transition just made, with the whole alert after it. `same`: an answer given once more. */
export function tell(alert: AlertState, told: Told, sha256: Sha256, same = false): AlertEvent {
  alert.n++;
  if (!quiet.has(told.type) && !same) alert.revision++;
  return {
    event: contentId('e', ['event', alert.id, alert.n], sha256),
    n: alert.n,
    type: told.type,
    at: told.at,
    requestId: told.requestId ?? null,
    by: told.by ?? null,
    refused: told.refused ?? null,
    alert: bodyOf(alert),
  };
}

/** The alert as events carry it; the order of keys is part of the record (`records.md` 6). */
function bodyOf(alert: AlertState): Alert {
  const { acknowledged } = alert;
  return {
    id: alert.id,
    revision: alert.revision,
    patient: alert.patient,
    kind: alert.kind,
    family: alert.family,
    scope: alert.scope,
    state: alert.state,
    priority: alert.priority,
    signalPriority: signalPriority(alert),
    peak: alert.peak,
    floor: alert.floor,
    flags: [...alert.flags],
    onsetAt: alert.onsetAt,
    raisedAt: alert.raisedAt,
    rules: alert.rules.map(({ id, version, priority, onsetAt, limit, reading }) => {
      return { id, version, priority, onsetAt, limit, layer: 'product' as const, reading };
    }),
    acknowledged: acknowledged && {
      by: acknowledged.by,
      at: acknowledged.at,
      verdict: acknowledged.verdict,
      until: acknowledged.until,
    },
    paused: null,
    responsible: alert.responsible,
    escalation: null,
    cause: alert.cause && { code: alert.cause.code, id: alert.cause.id },
    closedAt: alert.closedAt,
    closedWhy: alert.closedWhy,
    evidence: { ruleSet: alert.ruleSet, readings: [...alert.trail.readings], omitted: alert.trail.omitted },
  };
}
