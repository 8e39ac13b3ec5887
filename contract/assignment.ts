import { z } from 'zod';
import { Signal } from './device.ts';
import { EpochMs, Id } from './scalar.ts';

/** Who wears a device, from when to when (`records.md` 2). Its signals come from the device's registration and are armed. */
export const Assignment = z.strictObject({
  id: Id,
  revision: z.int().min(1),
  patient: Id,
  device: Id,
  /** Whose beats stand for the link; for a device that connects by itself, the device. */
  gateway: Id,
  from: EpochMs,
  /** Exclusive end; null while it lasts. */
  to: EpochMs.nullable(),
  signals: z.array(Signal).max(32),
});
export type Assignment = z.infer<typeof Assignment>;
