// The judgement: its host and its watchdog.
import { type RunningAlerting, startHosts } from './alerting.ts';
import { createEngine } from './core/index.ts';
import type { AlertingOptions, AlertingPorts } from './options.ts';

export type { RunningAlerting } from './alerting.ts';
export { compileRules } from './core/index.ts';
export { NoSuchPartitionError, OpsPortError, WatchdogLostError } from './errors.ts';
export type { MonitoringSummary, OpsSnapshot } from './ops-snapshot.ts';
export type { AlertingOptions, AlertingPorts, WatchdogOptions } from './options.ts';
export { startWatchdog, type Watchdog } from './watchdog.ts';

/** Starts judging: reads state and log, claims its partitions, and from then on writes alerts and time. */
export function startAlerting(options: AlertingOptions, ports: AlertingPorts): Promise<RunningAlerting> {
  return Promise.try(startHosts, options, ports, createEngine);
}
