// Bodies and answers of single routes (`interfaces.md` 4.2): what may be sent, and what comes back.
import { z } from 'zod';
import { Device, Signal } from './device.ts';
import { AlertView, MonitoringView, PatientView, SystemState } from './http.ts';
import { verdicts } from './input.ts';
import { Patient } from './patient.ts';
import { AbsentReason, Bound, ClockQuality, Quality } from './reading.ts';
import { Id, Instant, Realm } from './scalar.ts';
import { type Vital, vitalNames } from './vital.ts';

const count = z.int().nonnegative();
const Revision = z.int().min(1);
const VitalName = z.enum(vitalNames as readonly [Vital, ...Vital[]]);

/** Admits a patient; the id is given by Vigil. */
export const NewPatient = Patient.omit({ id: true, state: true }).extend({
  bed: Patient.shape.bed.default(''),
  zone: Patient.shape.zone.default('UTC'),
  highRisk: Patient.shape.highRisk.default(false),
});
/** What may change of a patient; needs `If-Match`. */
export const PatientChange = Patient.omit({ id: true, state: true }).partial();

/** A patient with what staff may know of them. */
export const PatientDetail = PatientView.extend({
  unit: Id,
  zone: z.string(),
  highRisk: z.boolean(),
  state: z.enum(['admitted', 'discharged']),
  revision: Revision,
  monitoring: MonitoringView,
});
export type PatientDetail = z.infer<typeof PatientDetail>;
/** What those see of a patient who may not know whom they look at. */
export const PatientRef = z.strictObject({ id: Id });

export const DischargeRequest = z.strictObject({ reason: z.string().min(1).max(200) });

/** Registers a device: its signals are what an assignment arms. */
export const NewDevice = z.strictObject({
  name: Device.shape.name,
  model: Device.shape.model.default(''),
  serial: Device.shape.serial.default(''),
  kind: Device.shape.kind.default('device'),
  sequence: Device.shape.sequence.default('required'),
  signals: z.array(Signal).min(1).max(32),
});

/** A device without anything of its token; `patient` is who wears it now. */
export const DeviceView = Device.omit({ tokenSha256: true }).extend({ revision: Revision, patient: Id.nullable() });
export type DeviceView = z.infer<typeof DeviceView>;

/** The token is shown here once; only its hash is kept. */
export const DeviceToken = z.strictObject({ device: DeviceView, token: z.string() });
export const RevokeRequest = z.strictObject({ force: z.boolean().optional(), reason: z.string().min(1).max(200) });

/** Binds a device to a patient, from now if `from` is not given. */
export const NewAssignment = z.strictObject({ patient: Id, device: Id, from: Instant.optional() });
export const EndAssignment = z.strictObject({ at: Instant.optional(), reason: z.string().min(1).max(200) });
export const AssignmentView = z.strictObject({
  id: Id,
  revision: Revision,
  patient: Id,
  device: Id,
  gateway: Id,
  from: Instant,
  to: Instant.nullable(),
  signals: z.array(Signal),
});
export type AssignmentView = z.infer<typeof AssignmentView>;

/** A clinician takes one alert at the revision that was on the screen; `patient` null for an alert of none. */
export const AcknowledgeRequest = z.strictObject({
  revision: Revision,
  patient: Id.nullable(),
  verdict: z.enum(verdicts).optional(),
});
/** The request stands in the log; the engine has not answered yet. */
export const Pending = z.strictObject({ pending: z.literal(true), requestId: Id });

/** One reading as it was taken, whatever its age. */
export const ReadingView = z.strictObject({
  vital: VitalName,
  value: z.number().optional(),
  bound: Bound.optional(),
  absent: AbsentReason.optional(),
  unit: z.string(),
  takenAt: Instant,
  receivedAt: Instant,
  acceptedAt: Instant,
  quality: Quality,
  clock: ClockQuality,
  reading: z.string(),
  device: Id,
  boundFrom: Instant.nullable(),
  boundTo: Instant.nullable(),
});
export type ReadingView = z.infer<typeof ReadingView>;

const SeriesLimit = z.strictObject({ rule: Id, priority: z.string(), limit: z.string() });

/** Buckets as rows of `columns`; `t` is ms since `from`; an empty bucket has no row; `gaps` are holes, never lines. */
export const SeriesView = z.strictObject({
  from: Instant,
  unit: z.string(),
  columns: z.tuple([z.literal('t'), z.literal('min'), z.literal('max'), z.literal('mean'), z.literal('n')]),
  rows: z.array(z.tuple([z.int(), z.number(), z.number(), z.number(), z.int()])),
  /** In force now; `from`: since when, where that is known. */
  limits: z.array(SeriesLimit.extend({ from: Instant.optional() })),
  /** Not in force any more, oldest first, where they are known. */
  limitsBefore: z.array(SeriesLimit.extend({ from: Instant, to: Instant })).optional(),
  gaps: z.array(z.strictObject({ from: Instant, to: Instant, cause: z.string().nullable() })),
});
export type SeriesView = z.infer<typeof SeriesView>;

/** A waveform block with its samples as base64 of little-endian int16; -32768 is invalid. */
export const WaveformView = z.strictObject({
  lead: z.string(),
  device: Id,
  takenAt: Instant,
  rateMhz: z.int(),
  index: count,
  /** What came before it is missing. */
  gap: z.boolean(),
  scale: z.number(),
  unit: z.string(),
  samples: z.string(),
});
export type WaveformView = z.infer<typeof WaveformView>;

/** What an alert rests on. */
export const EvidenceView = z.strictObject({
  alert: AlertView,
  ruleSet: z.string().nullable(),
  readings: z.array(ReadingView),
  omitted: count,
});

/** GET /monitoring. */
export const MonitoringOverview = SystemState.extend({
  items: z.array(z.strictObject({ patient: Id, monitoring: MonitoringView })),
});

/** GET /system. */
export const SystemView = z.strictObject({
  realm: Realm,
  version: z.string(),
  config: z.string(),
  serverTs: Instant,
  log: z.strictObject({ state: z.enum(['ok', 'full', 'down']), detail: z.string() }),
  roles: z.array(
    z.strictObject({
      role: z.string(),
      state: z.string(),
      causes: z.array(z.string()),
      counters: z.record(z.string(), z.number()),
      gauges: z.record(z.string(), z.number()),
    }),
  ),
  rules: z.strictObject({ id: Id, version: z.int(), title: z.string() }).nullable(),
  monitoring: SystemState,
});
