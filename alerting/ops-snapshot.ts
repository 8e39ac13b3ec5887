// What the main thread feeds the watchdog thread each second. Crosses by structured clone; no patient data.
import type { RoleStatus } from '../contract/index.ts';

/** How the patients who ought to be watched are, as `/monitoringz` says it (`alerting.md` 6). */
export interface MonitoringSummary {
  readonly patients: { readonly monitored: number; readonly degraded: number; readonly notMonitored: number };
  /** Why somebody is not monitored or not well. */
  readonly causes: readonly string[];
  /** A cause of the system, not of a loose probe. */
  readonly system: boolean;
  /** UTC since when the state is what it is. */
  readonly since: number;
  /** Age of the newest sign of life by stage, such as `ingest`, `engine`, `store`. */
  readonly stagesAgeMs: Readonly<Record<string, number>>;
  readonly stationsAbleToSound: number;
  /** Absent as long as no canary runs. */
  readonly canary?: { readonly lastAlertAgeMs: number; readonly p99Ms: number };
}

export interface OpsSnapshot {
  readonly roles: readonly RoleStatus[];
  readonly monitoring: MonitoringSummary;
}
