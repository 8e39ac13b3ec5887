// Everything that may stand in `inputs` (`records.md` 2). A record is a header line and a body; here are the schemas of
// both, by kind. What can change an alert is in this union, or replay would differ.
import { z } from 'zod';
import { Assignment } from './assignment.ts';
import { RuleSet } from './rule.ts';
import { EpochMs, Id } from './scalar.ts';

const v = z.literal(1);
const count = z.int().nonnegative();

/** Header of what came from a sender. The order of keys is the record's canonical order, here and below. */
function fromSender<const K extends string>(kind: K) {
  return { v, kind: z.literal(kind), patient: Id, device: Id, assignment: Id, sender: Id };
}
const lane = z.enum(['live', 'late']);
const accepted = {
  acceptedAt: EpochMs,
  /** Milliseconds that ingest adds to the sender's times. */
  skew: z.int().optional(),
  clock: z.literal('unsure').optional(),
};

export const ReadingsHeader = z.strictObject({ ...fromSender('readings'), lane, ...accepted });
export const WaveformHeader = z.strictObject({ ...fromSender('waveform'), lane, ...accepted });
export const DeviceStateHeader = z.strictObject({ ...fromSender('device-state'), ...accepted });
export const DeviceEventHeader = z.strictObject({ ...fromSender('device-event'), ...accepted });
export const RefusalHeader = z.strictObject({ ...fromSender('refusal'), ...accepted });
export const GatewayBeatHeader = z.strictObject({
  v,
  kind: z.literal('gateway-beat'),
  gateway: Id,
  acceptedAt: EpochMs,
});

/** Header of what a person did through the api. */
function byPerson<const K extends string>(kind: K) {
  return { v, kind: z.literal(kind), patient: Id, by: Id, at: EpochMs };
}
export const AssignmentHeader = z.strictObject(byPerson('assignment'));
export const DischargeHeader = z.strictObject(byPerson('discharge'));
export const AcknowledgeHeader = z.strictObject(byPerson('acknowledge'));
export const RulesHeader = z.strictObject({ v, kind: z.literal('rules'), by: Id, at: EpochMs });

export const OwnerHeader = z.strictObject({ v, kind: z.literal('owner') });
export const TickHeader = z.strictObject({ v, kind: z.literal('tick') });
export const BlindHeader = z.strictObject({ v, kind: z.literal('blind') });
export const ClockStepHeader = z.strictObject({ v, kind: z.literal('clock-step') });
export const SystemHeader = z.strictObject({ v, kind: z.literal('system'), by: Id, at: EpochMs });

export const InputHeader = z.discriminatedUnion('kind', [
  ReadingsHeader,
  WaveformHeader,
  DeviceStateHeader,
  DeviceEventHeader,
  RefusalHeader,
  GatewayBeatHeader,
  AssignmentHeader,
  DischargeHeader,
  AcknowledgeHeader,
  RulesHeader,
  OwnerHeader,
  TickHeader,
  BlindHeader,
  ClockStepHeader,
  SystemHeader,
]);
export type InputHeader = z.infer<typeof InputHeader>;
export type InputKind = InputHeader['kind'];

/** Why a message was authentic but can never be accepted (`interfaces.md` 3.5). */
export const refusalReasons = [
  'not-json',
  'schema',
  'version',
  'unit',
  'time-unit',
  'unknown-key',
  'implausible',
  'crc',
  'unbound',
  'unassigned',
  'identity-conflict',
] as const;
export const RefusalReason = z.enum(refusalReasons);
export type RefusalReason = z.infer<typeof RefusalReason>;

/** Tells the engine that a source sends only rubbish; the bytes are in `refused` at the position given. */
export const Refusal = z.strictObject({
  boot: count.nullable(),
  seq: count.nullable(),
  vital: z.string().max(32).nullable(),
  reason: RefusalReason,
  refused: count,
});
export type Refusal = z.infer<typeof Refusal>;

export const verdicts = ['true-alert', 'false-alert', 'no-action', 'unknown'] as const;

/** A clinician takes one alert, at the revision that was on the screen. */
export const Acknowledge = z.strictObject({
  requestId: Id,
  alert: Id,
  revision: z.int().min(1),
  verdict: z.enum(verdicts).optional(),
});
export type Acknowledge = z.infer<typeof Acknowledge>;

export const Discharge = z.strictObject({ id: Id, revision: z.int().min(1), reason: z.string().max(200) });

/** Claim of a partition (`records.md` 5): valid only if `after` is the current epoch at its place in the log. */
export const Owner = z.strictObject({ id: Id, instance: Id, bootId: z.string().min(1).max(64), after: count });
export type Owner = z.infer<typeof Owner>;

/** The passing of time: `log` in log milliseconds, `mono` the host's monotonic clock, `utc` its slewed wall clock. */
export const Tick = z.strictObject({
  n: count,
  epoch: count,
  log: EpochMs,
  mono: z.number().nonnegative(),
  utc: EpochMs,
});
export type Tick = z.infer<typeof Tick>;

export const blindCauses = ['restart', 'takeover', 'log-down', 'stuck', 'suspended'] as const;

/** A span that nobody judged, in log time and in UTC. */
export const Blind = z.strictObject({
  epoch: count,
  fromLog: EpochMs,
  toLog: EpochMs,
  fromUtc: EpochMs,
  toUtc: EpochMs,
  cause: z.enum(blindCauses),
});
export type Blind = z.infer<typeof Blind>;

export const ClockStep = z.strictObject({ epoch: count, log: EpochMs, utcBefore: EpochMs, utcAfter: EpochMs });
export type ClockStep = z.infer<typeof ClockStep>;

export const systemFacts = [
  'store-down',
  'store-lag',
  'disk-low',
  'cert-ending',
  'no-station',
  'undelivered',
  'canary-lost',
  'identity-conflict',
  'log-down',
  'clock-jump',
] as const;

/** What somebody knows outside the core and can raise an alert; key `system`. */
export const System = z.strictObject({
  fact: z.enum(systemFacts),
  on: z.boolean(),
  since: EpochMs,
  detail: z.record(z.string().max(32), z.union([z.string().max(200), z.number(), z.boolean(), z.null()])),
});
export type System = z.infer<typeof System>;

/** Body schemas of the kinds whose body is our own JSON; the senders' bodies stay their bytes. */
export const inputBodies = {
  refusal: Refusal,
  assignment: Assignment,
  discharge: Discharge,
  acknowledge: Acknowledge,
  rules: RuleSet,
  owner: Owner,
  tick: Tick,
  blind: Blind,
  'clock-step': ClockStep,
  system: System,
} as const;
