// A row of the audit trail (`reliability.md` 3.5): who did or saw what. No names, no values, no free text.
import { z } from 'zod';
import { Instant } from './scalar.ts';

const Hash = z.string().regex(/^[0-9a-f]{64}$/);
/** A code, an id or an address; never what somebody wrote. */
const Word = z.string().min(1).max(128);

export const auditOutcomes = ['ok', 'pending', 'refused', 'denied', 'failed'] as const;

export const AuditRow = z.strictObject({
  v: z.literal(1),
  /** One chain for each writing process. */
  chain: Word,
  /** From 1, without a gap. */
  n: z.int().min(1),
  at: Instant,
  actor: z.strictObject({ kind: z.enum(['user', 'local', 'system', 'anonymous']), id: Word, mfa: z.boolean() }),
  act: Word,
  obj: z.strictObject({ kind: Word, id: Word.nullable(), patient: Word.nullable() }).nullable(),
  out: z.enum(auditOutcomes),
  why: Word.nullable(),
  from: Word,
  /** Configuration hash. */
  cfg: z.string(),
  /** SHA-256 over what was before and what is after, where something changed. */
  body: Hash.nullable(),
  /** Hash of the row before; of the first: SHA-256 of installation id and chain. */
  prev: Hash,
  /** SHA-256 over `prev` and the canonical row without this key. */
  hash: Hash,
});
export type AuditRow = z.infer<typeof AuditRow>;

/** Header of the records in `audit`; the body is the row as canonical JSON (RFC 8785). */
export const AuditHeader = z.strictObject({
  v: z.literal(1),
  kind: z.literal('audit'),
  chain: Word,
  n: z.int().min(1),
});
