// Whether a signal is watched at an instant of log time, and if not why (SYS-SAFE). A pure function of what its watch and
// its gateway's link know: asked at each instant that can change the answer, it gives the ledger without a hole.
import { gatewayFreshness, type MonitoringState, type TechnicalCause } from '../../contract/index.ts';
import type { Link } from './link.ts';
import type { Watch } from './watch.ts';

/** State and cause; `since` is UTC where it is another instant than that of the change. */
export interface Assessment {
  readonly state: MonitoringState;
  readonly cause: TechnicalCause | null;
  readonly since?: number;
}

/** What concerns all signals of a patient. */
export interface Surroundings {
  readonly link: Link;
  /** No rules are known at all. */
  readonly noRules: boolean;
  /** Evaluating this patient failed three times in a row. */
  readonly failing: boolean;
  /** A vital that no rule looks at: its values come and nobody judges them. */
  readonly unruled: boolean;
  /** Cause of the signal's open technical alert, null where none is open. */
  readonly alerting: TechnicalCause | null;
}

const monitored: Assessment = { state: 'monitored', cause: null };

export function assess(watch: Watch, around: Surroundings, log: number): Assessment {
  return nobodyJudges(around) ?? notWatched(watch, around, log) ?? lessThanWell(watch, around, log) ?? monitored;
}

function nobodyJudges({ noRules, failing }: Surroundings): Assessment | undefined {
  if (failing) return { state: 'not-monitored', cause: 'rule-error' };
  return noRules ? { state: 'not-monitored', cause: 'no-rules' } : undefined;
}

function notWatched(watch: Watch, { link }: Surroundings, log: number): Assessment | undefined {
  const since = watch.silentSince;
  const lost = link.isLostAt(log);
  const silent = !watch.heard || log >= watch.deadline;
  const specific = watch.cause !== 'stale' && watch.cause !== 'never-received';
  if (log >= watch.faultAt && (watch.bad || silent)) {
    return { state: 'not-monitored', cause: watch.cause, since: (watch.fault ?? watch.bad)?.utc ?? since };
  }
  if (watch.bad?.cause === 'warm-up') return { state: 'not-monitored', cause: 'warm-up', since };
  if (log >= watch.poorAt) return { state: 'not-monitored', cause: watch.cause, since };
  if (silent && specific && log >= watch.deadline) return { state: 'not-monitored', cause: watch.cause, since };
  if (lost && log >= watch.provenUntil(gatewayFreshness.freshForMs)) {
    // Values that came after the last beat were still judged.
    return { state: 'not-monitored', cause: 'gateway-lost', since: Math.max(link.sinceUtc, since) };
  }
  if (silent) return { state: 'not-monitored', cause: watch.heard ? 'stale' : 'never-received', since };
  return undefined;
}

/** Values come, but late, from an unsure clock, poor, or less redundant. */
function lessThanWell(watch: Watch, around: Surroundings, log: number): Assessment | undefined {
  const cause = degradation(watch, around, log);
  return cause && { state: 'degraded', cause };
}

function degradation(watch: Watch, around: Surroundings, log: number): TechnicalCause | undefined {
  if (around.link.isLostAt(log)) return 'gateway-lost';
  if (around.alerting !== null) return around.alerting;
  if (log >= watch.faultAt) return watch.cause;
  // One bad sample of a fast signal is nothing; that no good one follows is.
  const settled = !watch.fast || log >= watch.goodLog + watch.degradedAfterMs;
  if (settled && (watch.bad || watch.doubtful)) return 'poor-signal';
  if (log >= watch.lateAt || log >= around.link.lateAt) return 'late';
  if (watch.unsure) return 'clock-unsure';
  if (watch.unsequenced) return 'unsequenced';
  return around.unruled ? 'no-rules' : undefined;
}

/** The next instant of log time after `log` at which the assessment can change by itself. */
export function nextInstant(watch: Watch, link: Link, log: number): number {
  let next = Number.POSITIVE_INFINITY;
  const consider = (instant: number) => {
    if (instant > log && instant < next) next = instant;
  };
  consider(watch.lateAt);
  consider(watch.deadline);
  consider(watch.faultAt);
  consider(watch.poorAt);
  consider(link.lateAt);
  consider(link.lostAt);
  consider(watch.provenUntil(gatewayFreshness.freshForMs));
  if (watch.bad || watch.doubtful) consider(watch.goodLog + watch.degradedAfterMs);
  return next;
}
