import { z } from 'zod';
import { Boot, EpochMs, Seq } from './scalar.ts';
import { type Vital, vitalNames } from './vital.ts';

export const qualities = ['good', 'doubtful', 'bad'] as const;
export const Quality = z.enum(qualities);
export type Quality = z.infer<typeof Quality>;

export const clockQualities = ['synced', 'estimated', 'unsure'] as const;
export const ClockQuality = z.enum(clockQualities);
export type ClockQuality = z.infer<typeof ClockQuality>;

export const bounds = ['below', 'above'] as const;
/** The true value lies beyond `value`, or beyond everything the device can tell where `value` is missing. */
export const Bound = z.enum(bounds);
export type Bound = z.infer<typeof Bound>;

/** Why a measurement that was attempted has no number (`interfaces.md` 2). */
export const absentReasons = [
  'not-a-number',
  'no-contact',
  'lead-off',
  'warm-up',
  'unavailable',
  'sensor-fault',
  'invalid',
  'not-at-resolution',
  'no-reading-code',
  'demo',
] as const;
export const AbsentReason = z.enum(absentReasons);
export type AbsentReason = z.infer<typeof AbsentReason>;

export const specimens = [
  'interstitial-fluid',
  'capillary-whole-blood',
  'capillary-plasma',
  'venous-whole-blood',
  'venous-plasma',
  'arterial-whole-blood',
  'arterial-plasma',
  'undetermined-whole-blood',
  'undetermined-plasma',
] as const;

/** Longest text a sender may put into any field of a reading. */
const textMax = 64;

const common = {
  /** Schema version. */
  v: z.literal(1),
  /** With the topic's device the identity, given once at the edge. */
  boot: Boot,
  seq: Seq,
  vital: z.enum(vitalNames as readonly [Vital, ...Vital[]]),
};

const after = {
  /** UCUM, stated even when the value is absent. */
  unit: z.string().min(1).max(textMax),
  quality: Quality,
  /** When it was measured: device time corrected at the gateway, or receipt. */
  takenAt: EpochMs,
  /** The gateway's clock at receipt. */
  receivedAt: EpochMs,
  clock: ClockQuality,
  mode: z.enum(['continuous', 'spot']).optional(),
  origin: z.enum(['live', 'memory', 'manual']).optional(),
  flags: z.array(z.string().min(1).max(textMax)).max(8).optional(),
  specimen: z.enum(specimens).optional(),
  site: z.string().max(textMax).optional(),
  deviceTime: z.string().max(textMax).optional(),
  offsetMs: z.int().optional(),
  offsetErrorMs: z.int().nonnegative().optional(),
};

/** One reading as a sender publishes it: a value, a bound, or an absence with its reason (`interfaces.md` 3.2). */
export const Reading = z.union([
  z.strictObject({ ...common, value: z.number(), bound: Bound.optional(), ...after }),
  z.strictObject({ ...common, bound: Bound, ...after }),
  z.strictObject({ ...common, absent: AbsentReason, ...after, quality: z.literal('bad') }),
]);
export type Reading = z.infer<typeof Reading>;

/** Most readings in one payload. */
export const readingsPerPayloadMax = 64;

/** First instant that a reading can name; before it the sender counts in another unit (`records.md` 4): 2015-01-01. */
export const earliestTakenAt = Date.UTC(2015, 0, 1);
