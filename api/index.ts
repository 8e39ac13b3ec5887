// What people and programs see: the HTTP API, the live stream, the audit trail.
import { type RunningApi, startServing } from './api.ts';
import type { ApiOptions, ApiPorts } from './options.ts';

export type { ApiMonitoring, RunningApi } from './api.ts';
export { type AuditVerdict, type BrokenRow, ChainVerifier, verifyAudit } from './audit/verify.ts';
export { type DeskPorts, type RunningDesk, startDesk } from './desk.ts';
export { HttpPortError, ProblemError, UndeclaredRouteError } from './errors.ts';
export type { PatientState, SignalState } from './monitoring-board.ts';
export type { ApiOptions, ApiPorts } from './options.ts';

/** Starts serving: reads the log, listens, and shows from then on what is true. */
export function startApi(options: ApiOptions, ports: ApiPorts): Promise<RunningApi> {
  return Promise.try(startServing, options, ports);
}
