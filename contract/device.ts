import { z } from 'zod';
import { type Lead, leadNames, waveformFreshness } from './lead.ts';
import { Boot, DurationMs, EpochMs, Id, Seq } from './scalar.ts';
import { VITALS, type Vital, vitalNames } from './vital.ts';

const Text = z.string().max(64);

/** What a device is registered to send, and therefore what an assignment arms (`records.md` 2). */
const signalTiming = {
  mode: z.enum(['continuous', 'spot']).default('continuous'),
  /** Expected interval between readings. */
  everyMs: DurationMs.min(1).default(1_000),
  /** Time from the assignment in which the first reading has to come. */
  firstWithinMs: DurationMs.min(1).default(120_000),
};
export const Signal = z.union([
  z.strictObject({ vital: z.enum(vitalNames as readonly [Vital, ...Vital[]]), ...signalTiming }),
  z.strictObject({ lead: z.enum(leadNames as readonly [Lead, ...Lead[]]), ...signalTiming }),
]);
export type Signal = z.infer<typeof Signal>;

/** Name of a signal within a patient: the vital or the lead. */
export function signalName(signal: Signal): Vital | Lead {
  return 'vital' in signal ? signal.vital : signal.lead;
}

/** Freshness and lateness limits of a signal by its name (`alerting.md` 2.7). */
export function freshnessOf(name: Vital | Lead): { readonly freshForMs: number; readonly degradedAfterMs: number } {
  return name in VITALS ? VITALS[name as Vital] : waveformFreshness;
}

/** A device or gateway as it stands in `registry`. The token itself is shown once and never kept. */
export const Device = z.strictObject({
  id: Id,
  name: Text.min(1),
  model: Text,
  serial: Text,
  kind: z.enum(['device', 'gateway']),
  sequence: z.enum(['required', 'time', 'arrival']),
  signals: z.array(Signal).max(32),
  /** SHA-256 of the token, lower-case hex. */
  tokenSha256: z.string().regex(/^[0-9a-f]{64}$/),
  revoked: z.boolean(),
});
export type Device = z.infer<typeof Device>;

/** Complete state of a device, at each change and every 5 minutes (`interfaces.md` 3.4). */
export const DeviceState = z.strictObject({
  v: z.literal(1),
  boot: Boot,
  seq: Seq,
  at: EpochMs,
  link: z.enum(['up', 'down', 'connecting', 'unknown']),
  why: Text.nullable(),
  contact: z.enum(['yes', 'no', 'unknown']),
  faults: z.array(Text).max(16),
  battery: z.number().min(0).max(100).nullable().optional(),
  model: Text.optional(),
  serial: Text.optional(),
  firmware: Text.optional(),
  signals: z
    .array(
      z.strictObject({
        vital: z.enum(vitalNames as readonly [Vital, ...Vital[]]).optional(),
        lead: z.enum(leadNames as readonly [Lead, ...Lead[]]).optional(),
        unit: Text.optional(),
        mode: z.enum(['continuous', 'spot']),
        everyMs: DurationMs,
      }),
    )
    .max(32)
    .optional(),
});
export type DeviceState = z.infer<typeof DeviceState>;

export const DeviceEvent = z.strictObject({
  v: z.literal(1),
  boot: Boot,
  seq: Seq,
  at: EpochMs,
  event: z.enum([
    'button',
    'session-start',
    'session-end',
    'records-lost',
    'decode-error',
    'wrong-device',
    'clock-set',
  ]),
  detail: z.record(z.string().max(32), z.union([z.string().max(256), z.number(), z.boolean(), z.null()])),
});
export type DeviceEvent = z.infer<typeof DeviceEvent>;

/** What a sender says of itself on its status topic; `lost` is the only last will, and a hint only. */
export const Status = z.union([
  z.strictObject({ v: z.literal(1), state: z.literal('ready'), boot: Boot, at: EpochMs, version: Text }),
  z.strictObject({ v: z.literal(1), state: z.literal('sleeping'), boot: Boot, at: EpochMs, until: EpochMs }),
  z.strictObject({ v: z.literal(1), state: z.literal('stopped'), boot: Boot, at: EpochMs, why: Text }),
  z.strictObject({ v: z.literal(1), state: z.literal('lost'), boot: Boot }),
]);
export type Status = z.infer<typeof Status>;

/** Heartbeat of a gateway or direct device, each 10 s (`interfaces.md` 3.4). */
export const Heartbeat = z.strictObject({
  v: z.literal(1),
  boot: Boot,
  beat: Seq,
  at: EpochMs,
  nextBy: EpochMs,
  config: Text,
  desired: z.int().nonnegative().nullable().optional(),
  previous: z.strictObject({ beat: Seq, rttMs: DurationMs }).nullable(),
  radio: z.strictObject({ state: z.enum(['up', 'down', 'none']), lastHeardAt: EpochMs.nullable() }).optional(),
  devices: z
    .array(
      z.strictObject({ id: Id, link: z.enum(['up', 'down', 'connecting', 'unknown']), lastDataAt: EpochMs.nullable() }),
    )
    .max(64),
  spool: z.strictObject({
    records: z.int().nonnegative(),
    bytes: z.int().nonnegative(),
    oldestAt: EpochMs.nullable(),
    thinned: z.int().nonnegative(),
    freeBytes: z.int().nonnegative().nullable(),
  }),
  clock: z.strictObject({
    state: z.enum(['synced', 'estimated', 'unsure']),
    offsetMs: z.number(),
    errorMs: z.number(),
  }),
});
export type Heartbeat = z.infer<typeof Heartbeat>;

/** A gateway's beats come each 10 s; three missed and it is lost (`alerting.md` 2.7). */
export const beatEveryMs = 10_000;
export const gatewayFreshness = { freshForMs: 30_000, degradedAfterMs: 20_000 } as const;
