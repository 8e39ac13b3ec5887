// What stands in `sessions`: sign-in links and sessions by the hash of their secret, and writes of the api that are on
// their way. A tombstone ends each. No secret is in it.
import { z } from 'zod';
import { RegistryHeader, registryBodies } from './registry.ts';
import { EpochMs, Id } from './scalar.ts';

const v = z.literal(1);

/** Key `link/<SHA-256 of the token>`: good for one sign-in until it expires. */
export const SignInLink = z.strictObject({ user: Id, expiresAt: EpochMs });
export type SignInLink = z.infer<typeof SignInLink>;

/** Key `session/<SHA-256 of the id>`. */
export const SessionState = z.strictObject({ user: Id, createdAt: EpochMs, expiresAt: EpochMs });
export type SessionState = z.infer<typeof SessionState>;

const objectOf = <const K extends keyof typeof registryBodies>(kind: K) =>
  z.strictObject({ header: RegistryHeader.extend({ kind: z.literal(kind) }), body: registryBodies[kind] });

/**
 * Key `write/<id>`: a change that goes to `inputs` first and to `registry` second (`records.md` 7). It stands here before
 * the first step and is buried after the second, so that a process that died between them is made good by the next.
 */
export const PendingWrite = z.strictObject({
  /** The record of the first step: where it can stand, from which position, and what tells it. */
  first: z.strictObject({
    partition: z.int().nonnegative(),
    from: z.int().nonnegative(),
    kind: z.enum(['assignment', 'discharge']),
    id: Id,
    revision: z.int().min(1),
  }),
  /** What the second step writes. */
  objects: z.array(z.union([objectOf('assignment'), objectOf('patient')])).min(1),
});
export type PendingWrite = z.infer<typeof PendingWrite>;

export const SessionsHeader = z.strictObject({ v, kind: z.enum(['link', 'session', 'write']), at: EpochMs });
