import { z } from 'zod';

/** Opaque id of anything Vigil names. */
export const Id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected 1 to 64 letters, digits, _ or -');

/** Last instant that a JavaScript date, and so every interface for people, can show: the year 275760. */
export const latestEpochMs = 8_640_000_000_000_000;

/** UTC in integer milliseconds since 1970; past and future are judged elsewhere. */
export const EpochMs = z.int().nonnegative().max(latestEpochMs);

/** A length of time in integer milliseconds. */
export const DurationMs = z.int().nonnegative();

/** Boot counter of a device: 1 to 2^31 - 1; 0 is for senders without a sequence (`interfaces.md` 3.6). */
export const Boot = z.int().min(1).max(2_147_483_647);

/** Sequence number: 1 to 2^53 - 1. */
export const Seq = z.int().min(1).max(Number.MAX_SAFE_INTEGER);

/** A UTC instant as people and foreign programs read it: RFC 3339, three decimals, Z. */
export const Instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/, 'expected YYYY-MM-DDThh:mm:ss.sssZ');

export const realms = ['clinical', 'test'] as const;
export const Realm = z.enum(realms);
export type Realm = z.infer<typeof Realm>;

export const priorities = ['low', 'medium', 'high'] as const;
export const Priority = z.enum(priorities);
export type Priority = z.infer<typeof Priority>;
