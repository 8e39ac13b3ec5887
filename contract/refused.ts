// What stands in `refused`: a message that was authentic but can never be accepted, with its reason and its bytes.
import { z } from 'zod';
import { RefusalReason } from './input.ts';
import { EpochMs, Id } from './scalar.ts';

export const RefusedHeader = z.strictObject({
  v: z.literal(1),
  kind: z.literal('refused'),
  sender: Id,
  device: Id,
  topic: z.string().max(512),
  reason: RefusalReason,
  /** What was expected and found, for a technician; never a value. */
  detail: z.string().max(400),
  /** Size of the message; the body holds its first bytes if it does not fit a record. */
  bytes: z.int().nonnegative(),
  acceptedAt: EpochMs,
});
export type RefusedHeader = z.infer<typeof RefusedHeader>;
