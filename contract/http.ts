// What the HTTP API says and takes (`interfaces.md` 4). One schema is type, check, serialiser and OpenAPI. Times are RFC
// 3339 with three decimals and Z (API-TIME); ids are opaque; names of patients come from here alone. The console imports
// the types only; tables that it needs at run time stand in `http-tables.ts`.
import { z } from 'zod';
import { alertFlags, alertStates, MonitoringState, TechnicalCause } from './alert.ts';
import { type ProblemCode, problemStatus } from './http-tables.ts';
import { AbsentReason, Bound, ClockQuality, Quality } from './reading.ts';
import { UserRole } from './registry.ts';
import { DurationMs, Id, Instant, Priority } from './scalar.ts';
import { type Vital, vitalNames } from './vital.ts';

const count = z.int().nonnegative();
const VitalName = z.enum(vitalNames as readonly [Vital, ...Vital[]]);

/** A patient as every alert, value and tile names one: two identifiers at least (API-PATIENT). */
export const PatientView = z.strictObject({
  id: Id,
  mrn: z.string(),
  name: z.string(),
  birthDate: z.string(),
  bed: z.string(),
});
export type PatientView = z.infer<typeof PatientView>;

const measured = {
  vital: VitalName,
  /** Canonical UCUM unit; values are rounded to the vital's resolution. */
  unit: z.string(),
  takenAt: Instant,
  receivedAt: Instant,
  acceptedAt: Instant,
  /** Age by effective time when this was sent; the client adds its own monotonic time since. */
  ageMs: DurationMs,
  /** Older than this and it no longer speaks for now. */
  freshForMs: DurationMs,
  quality: Quality,
  clock: ClockQuality,
  flags: z.array(z.string()),
  /** `device/boot/seq`. */
  reading: z.string(),
  device: Id,
  /** From when to when the device was bound to this patient (API-PATIENT). */
  boundFrom: Instant.nullable(),
  boundTo: Instant.nullable(),
};

/** A number that was true once: the last usable one. `bound` alone: beyond everything the device can tell. */
export const PastValue = z.strictObject({
  value: z.number().optional(),
  bound: Bound.optional(),
  takenAt: Instant,
});
export type PastValue = z.infer<typeof PastValue>;

const present = { ...measured, value: z.number().optional(), bound: Bound.optional() };

/** The newest measurement of a vital, the only place of a clinical number. A stale one has no `value` (API-AGE). */
export const Measurement = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('live'), ...present }),
  z.strictObject({ state: z.literal('degraded'), ...present }),
  z.strictObject({ state: z.literal('stale'), ...measured, last: PastValue.nullable() }),
  z.strictObject({ state: z.literal('absent'), ...measured, absent: AbsentReason, last: PastValue.nullable() }),
  z.strictObject({ state: z.literal('never'), vital: VitalName, unit: z.string(), freshForMs: DurationMs }),
]);
export type Measurement = z.infer<typeof Measurement>;

/** Whether one signal of one source is watched. `cause` null while not monitored: waiting for its first reading. */
export const SignalView = z.strictObject({
  signal: z.string(),
  source: Id,
  state: MonitoringState,
  since: Instant,
  cause: TechnicalCause.nullable(),
});
export type SignalView = z.infer<typeof SignalView>;

/** Whether a patient is watched (API-STATE): not monitored if no signal is, monitored if all are. */
export const MonitoringView = z.strictObject({
  state: MonitoringState,
  since: Instant,
  /** The most telling cause of a state that is not `monitored`; null: waiting for the first reading. */
  cause: TechnicalCause.nullable(),
  signals: z.array(SignalView),
});
export type MonitoringView = z.infer<typeof MonitoringView>;

/** A span in which nobody judged: "not watched from .. to". */
export const Unwatched = z.strictObject({ from: Instant, to: Instant, cause: z.string() });
export type Unwatched = z.infer<typeof Unwatched>;

/** All of a patient that a wall shows but the alerts. */
export const TileView = z.strictObject({
  patient: PatientView,
  unit: Id,
  asOf: Instant,
  monitoring: MonitoringView,
  measurements: z.array(Measurement),
  /** Leads with a waveform that is due or came, to ask the stream for. */
  leads: z.array(z.string()),
  /** Newest first, of the last 24 hours. */
  unwatched: z.array(Unwatched),
  alteredLimits: z.array(z.string()),
  pauses: z.array(z.never()),
  standby: z.null(),
});
export type TileView = z.infer<typeof TileView>;

/** A rule that is true, the limit in force, and the reading that decided; none of both for technical alerts. */
export const RuleView = z.strictObject({
  id: Id,
  version: z.int(),
  priority: Priority,
  onsetAt: Instant,
  limit: z.string().nullable(),
  layer: z.enum(['product', 'facility', 'unit', 'patient']),
  /** As old as it is: once stale its number stands in `last`. */
  reading: Measurement.nullable(),
});

/** An alert as people see it; `patient` is null for one of a gateway or of the system itself. */
export const AlertView = z.strictObject({
  id: Id,
  revision: z.int().min(1),
  patient: PatientView.nullable(),
  kind: z.enum(['physiological', 'technical']),
  family: Id,
  /** `patient`, or `source:<device>:<signal>`, `gateway:<id>`, `system`. */
  scope: z.string(),
  state: z.enum(alertStates),
  priority: Priority,
  signalPriority: Priority,
  peak: Priority,
  floor: z.boolean(),
  flags: z.array(z.enum(alertFlags)),
  onsetAt: Instant,
  raisedAt: Instant,
  rules: z.array(RuleView),
  acknowledged: z
    .strictObject({ by: Id, name: z.string(), at: Instant, verdict: z.string().nullable(), until: Instant })
    .nullable(),
  paused: z.null(),
  responsible: Id.nullable(),
  escalation: z.null(),
  /** Technical alerts: why; equal ids of one cause group over patients. */
  cause: z.strictObject({ code: TechnicalCause, id: z.string() }).nullable(),
  closedAt: Instant.nullable(),
  closedWhy: z.string().nullable(),
});
export type AlertView = z.infer<typeof AlertView>;

/** One event in an alert's life. `n` counts them; with the alert's id it tells copies. */
export const AlertEventView = z.strictObject({
  id: Id,
  n: z.int().min(1),
  type: z.string(),
  at: Instant,
  /** Who acted, and the request that this event answers, where a person did. */
  by: Id.nullable(),
  requestId: Id.nullable(),
  refused: z.string().nullable(),
});
export type AlertEventView = z.infer<typeof AlertEventView>;

/** How the whole stands. `system`: the cause is Vigil itself, so nobody is watched by it, or not well. */
export const SystemState = z.strictObject({
  state: MonitoringState,
  system: z.boolean(),
  since: Instant,
  causes: z.array(TechnicalCause),
  /** Admitted patients with something that ought to be watched. */
  patients: z.strictObject({ monitored: count, degraded: count, notMonitored: count }),
  /** Spans in which nobody judged, newest first, of the last 24 hours. */
  unwatched: z.array(Unwatched),
});
export type SystemState = z.infer<typeof SystemState>;

/** The signed-in person, and the token that changing calls have to carry in the header `Vigil-CSRF`. */
export const Session = z.strictObject({
  user: Id,
  name: z.string(),
  roles: z.array(UserRole),
  teams: z.array(Id),
  csrf: z.string(),
  /** Null: the session does not end by idling (realm test). */
  idleMs: DurationMs.nullable(),
  expiresAt: Instant,
});
export type Session = z.infer<typeof Session>;

export const SignIn = z.strictObject({ link: z.string().min(1).max(128) });
export const SignedIn = z.strictObject({ next: z.null() });
export const NewLink = z.strictObject({ user: Id.optional() });
export const LinkView = z.strictObject({ link: z.string(), expiresAt: Instant });

/** `application/problem+json`; never with a value of a patient in it. */
export const Problem = z.strictObject({
  type: z.string(),
  status: z.int(),
  code: z.enum(Object.keys(problemStatus) as [ProblemCode, ...ProblemCode[]]),
  detail: z.string(),
  request: z.string(),
  errors: z.array(z.strictObject({ path: z.string(), code: z.string(), message: z.string() })).optional(),
  current: z.record(z.string(), z.unknown()).optional(),
});
export type Problem = z.infer<typeof Problem>;

/** A page of a list, newest first; `next` goes into `?cursor=`. */
export function pageOf<const T extends z.ZodType>(item: T) {
  return z.strictObject({ items: z.array(item), next: z.string().nullable() });
}
