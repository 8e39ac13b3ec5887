// Alert events and monitoring states (`records.md` 2, `alerting.md` 4), as the topic `alerts` holds them. Ids of patients
// only: the api adds names. Times are epoch milliseconds.
import { z } from 'zod';
import { bounds, ClockQuality, Quality } from './reading.ts';
import { EpochMs, Id, Priority } from './scalar.ts';

export const alertEventTypes = [
  'raised',
  'worsened',
  'eased',
  'acknowledged',
  'ack-refused',
  'reasserted',
  'paused',
  'resumed',
  'handed-over',
  'declined',
  'escalated',
  'latched',
  'closed',
  'needs-review',
  'retrospective',
  'data-lost',
  'data-back',
  'revised',
  'updated',
  'noted',
  'inhibited',
  'released',
] as const;
export type AlertEventType = (typeof alertEventTypes)[number];

export const alertStates = [
  'active',
  'acknowledged',
  'paused',
  'latched',
  'needs-review',
  'retrospective',
  'closed',
] as const;
export const alertFlags = ['data-lost', 'unconfirmed', 'doubtful', 'late'] as const;

/** A reading as evidence: what it said, when, and how it came. `value` is canonical and unrounded. */
export const EvidenceReading = z.strictObject({
  device: Id,
  boot: z.int(),
  seq: z.int(),
  vital: z.string(),
  value: z.number().optional(),
  bound: z.enum(bounds).optional(),
  unit: z.string(),
  quality: Quality,
  /** Effective time. */
  takenAt: EpochMs,
  receivedAt: EpochMs,
  acceptedAt: EpochMs,
  clock: ClockQuality,
});
export type EvidenceReading = z.infer<typeof EvidenceReading>;

/** A rule that is true now, with the text in force and the reading that decided. Technical alerts have no limit or reading. */
export const TrueRule = z.strictObject({
  id: Id,
  version: z.int(),
  priority: Priority,
  onsetAt: EpochMs,
  limit: z.string().nullable(),
  layer: z.enum(['product', 'facility', 'unit', 'patient']),
  reading: EvidenceReading.nullable(),
});
export type TrueRule = z.infer<typeof TrueRule>;

/** Why a signal or a patient is not watched, or not well. */
export const technicalCauses = [
  'stale',
  'never-received',
  'late',
  'poor-signal',
  'sensor-fault',
  'lead-off',
  'warm-up',
  'clock-unsure',
  'unsequenced',
  'gateway-lost',
  'blind',
  'engine-stuck',
  'engine-down',
  'log-down',
  'standby',
  'no-rules',
  'rule-error',
  'state-lost',
  'store-down',
  'store-lag',
  'disk-low',
  'clock-jump',
  'identity-conflict',
  'time-unit',
  'unassigned',
  'canary-lost',
  'cert-ending',
  'undelivered',
  'no-station',
] as const;
export const TechnicalCause = z.enum(technicalCauses);
export type TechnicalCause = z.infer<typeof TechnicalCause>;

export const Alert = z.strictObject({
  id: Id,
  /** Counts every event of the life-cycle but `updated` and `ack-refused`. */
  revision: z.int().min(1),
  /** Null for scopes gateway and system. */
  patient: Id.nullable(),
  kind: z.enum(['physiological', 'technical']),
  family: Id,
  /** `patient`, or `source:<device>:<signal>`, `gateway:<id>`, `system`. */
  scope: z.string().max(160),
  state: z.enum(alertStates),
  /** Highest rule true now; what is annunciated; highest ever. */
  priority: Priority,
  signalPriority: Priority,
  peak: Priority,
  floor: z.boolean(),
  flags: z.array(z.enum(alertFlags)),
  onsetAt: EpochMs,
  /** Acceptance of the deciding reading; for silence its deadline. */
  raisedAt: EpochMs,
  rules: z.array(TrueRule),
  acknowledged: z.strictObject({ by: Id, at: EpochMs, verdict: z.string().nullable(), until: EpochMs }).nullable(),
  paused: z.null(),
  responsible: Id.nullable(),
  escalation: z.null(),
  /** Technical alerts: why; equal ids of one cause group over patients (`alerting.md` 2.13). */
  cause: z.strictObject({ code: TechnicalCause, id: z.string() }).nullable(),
  closedAt: EpochMs.nullable(),
  closedWhy: z.enum(['cleared', 'acknowledged', 'discharge', 'unassigned', 'data-back']).nullable(),
  /** At most 64 readings, then the first 32 and the newest 32. */
  evidence: z.strictObject({
    ruleSet: z.string().nullable(),
    readings: z.array(EvidenceReading).max(64),
    omitted: z.int(),
  }),
});
export type Alert = z.infer<typeof Alert>;

/** Body of a record of kind `alert`: a function of the log alone. */
export const AlertEvent = z.strictObject({
  event: Id,
  n: z.int().min(1),
  type: z.enum(alertEventTypes),
  at: EpochMs,
  /** The request that this event answers (acknowledged, ack-refused). */
  requestId: Id.nullable(),
  /** Who acted, where a person did. */
  by: Id.nullable(),
  /** Why a request was refused. */
  refused: z.enum(['unknown-alert', 'revision', 'closed', 'not-active']).nullable(),
  alert: Alert,
});
export type AlertEvent = z.infer<typeof AlertEvent>;

export const monitoringStates = ['monitored', 'degraded', 'not-monitored'] as const;
export const MonitoringState = z.enum(monitoringStates);
export type MonitoringState = z.infer<typeof MonitoringState>;

/** Body of a record of kind `monitoring`: a signal of a source changed its state. */
export const Monitoring = z.strictObject({
  at: EpochMs,
  patient: Id,
  signal: z.string(),
  source: Id,
  /** `ended`: no longer due (unbound, discharged). */
  state: z.enum([...monitoringStates, 'ended']),
  cause: TechnicalCause.nullable(),
  since: EpochMs,
});
export type Monitoring = z.infer<typeof Monitoring>;

/** Header of records in `alerts`: the envelope, which may differ between runs. */
export const AlertEnvelope = z.strictObject({
  v: z.literal(1),
  kind: z.enum(['alert', 'monitoring']),
  partition: z.int().nonnegative(),
  epoch: z.int().nonnegative(),
  /** Position in `inputs` of the record that caused it. */
  input: z.int().nonnegative(),
  build: z.string(),
  config: z.string(),
  writtenAt: EpochMs,
});
export type AlertEnvelope = z.infer<typeof AlertEnvelope>;
