// The chain of audit rows (`reliability.md` 3.5): each names the hash of the one before. Pure but for the hash itself.
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { AuditRow } from '../../contract/index.ts';

/** A row before it has its place. */
export type AuditEntry = Omit<AuditRow, 'v' | 'chain' | 'n' | 'cfg' | 'prev' | 'hash'>;

/** Where a chain stands: the number and hash of its newest row. */
export interface ChainEnd {
  readonly n: number;
  readonly hash: string;
}

export function sha256(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What the first row of a chain is hung on. */
export function chainRoot(installation: string, chain: string): ChainEnd {
  return { n: 0, hash: sha256(`${installation}${chain}`) };
}

/** Canonical JSON (RFC 8785). */
export function canonical(value: object): string {
  const text = canonicalize(value);
  if (text === undefined) throw new Error('nothing that JSON can hold');
  return text;
}

/** Hash of a row: over the hash before it and the row without its own. */
export function rowHash(row: Omit<AuditRow, 'hash'>): string {
  return sha256(row.prev + canonical(row));
}

/** The entry as the next row of its chain. */
export function chained(
  entry: AuditEntry,
  end: ChainEnd,
  place: { readonly chain: string; readonly cfg: string },
): AuditRow {
  const row = { v: 1 as const, ...entry, ...place, n: end.n + 1, prev: end.hash };
  return { ...row, hash: rowHash(row) };
}
