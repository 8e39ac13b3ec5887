// What stands in `snapshots` (`records.md` 6): a generation is one entry per patient, cut into records where it is larger
// than one, then a commit. Two generations are kept, in two slots: the slot is in the key, so compaction keeps the newest
// of each slot, and an attempt that tears spoils its own slot only.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type AppendRecord, encodeRecord, Id } from '../contract/index.ts';
import type { SnapshotEntry } from './core/index.ts';
import { snapshotEntryBytesMax, snapshotPartBytes } from './limits.ts';

const count = z.int().nonnegative();
export type Slot = 0 | 1;

/** Which generation: a later epoch is newer, then a later attempt. */
export interface GenerationId {
  readonly epoch: number;
  readonly n: number;
}

export const EntryHeader = z.strictObject({
  v: z.literal(1),
  kind: z.literal('snapshot-entry'),
  partition: count,
  epoch: count,
  n: count,
  /** Key of the core's entry: a patient, or the partition itself. */
  entry: z.string().min(1).max(200),
  part: count,
  parts: z.int().min(1),
  /** Of the whole entry's bytes. */
  hash: z.string().length(64),
});
export type EntryHeader = z.infer<typeof EntryHeader>;

export const CommitHeader = z.strictObject({
  v: z.literal(1),
  kind: z.literal('snapshot-commit'),
  partition: count,
  epoch: count,
  n: count,
});

export const Commit = z.strictObject({
  /** Entries of this generation, and the hash of their names and hashes in order. */
  count,
  hash: z.string().length(64),
  /** Where reading goes on: the first record of `inputs` not applied, the first of `alerts` not surely known. */
  inputs: count,
  alerts: count,
  /** Who owned the partition; tells a restart from a takeover. */
  instance: Id,
});
export type Commit = z.infer<typeof Commit>;

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Hash over what a generation holds, in order of name. */
export function contentsHash(entries: Iterable<readonly [name: string, hash: string]>): string {
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256(sorted.map(([name, hash]) => `${name} ${hash}\n`).join(''));
}

const commitName = 'commit';

/** `<partition>/<slot>/entry/<name>/<part>`; the name is a patient's id and holds no slash. */
export function entryKey(partition: number, slot: Slot, name: string, part: number): string {
  return `${partition}/${slot}/entry/${name}/${part}`;
}

export function commitKey(partition: number, slot: Slot): string {
  return `${partition}/${slot}/${commitName}`;
}

/** What a key says by itself, if the value cannot be read. */
export function parseKey(key: string): { readonly slot: Slot; readonly name: string | undefined } | undefined {
  const [, slot, what, ...rest] = key.split('/');
  if (slot !== '0' && slot !== '1') return undefined;
  const name = what === 'entry' && rest.length >= 2 ? rest.slice(0, -1).join('/') : undefined;
  return { slot: slot === '0' ? 0 : 1, name };
}

/** An entry as bytes; undefined if it is larger than an entry may be. */
export function entryBytes(entry: SnapshotEntry): { readonly bytes: Uint8Array; readonly hash: string } | undefined {
  const bytes = new TextEncoder().encode(JSON.stringify(entry.state));
  return bytes.length > snapshotEntryBytesMax ? undefined : { bytes, hash: sha256(bytes) };
}

export interface EntryPlace extends GenerationId {
  readonly partition: number;
  readonly slot: Slot;
}

/** The records of one entry. */
export function* entryRecords(
  name: string,
  bytes: Uint8Array,
  hash: string,
  place: EntryPlace,
): Generator<AppendRecord> {
  const { partition, slot, epoch, n } = place;
  const parts = Math.max(1, Math.ceil(bytes.length / snapshotPartBytes));
  for (let part = 0; part < parts; part++) {
    const header: EntryHeader = { v: 1, kind: 'snapshot-entry', partition, epoch, n, entry: name, part, parts, hash };
    const body = bytes.subarray(part * snapshotPartBytes, (part + 1) * snapshotPartBytes);
    yield { key: entryKey(partition, slot, name, part), partition, value: encodeRecord(header, body) };
  }
}

export function commitRecord(commit: Commit, { partition, slot, epoch, n }: EntryPlace): AppendRecord {
  const header = { v: 1, kind: 'snapshot-commit', partition, epoch, n };
  const { count: entries, hash, inputs, alerts, instance } = commit;
  const value = encodeRecord(header, { count: entries, hash, inputs, alerts, instance });
  return { key: commitKey(partition, slot), partition, value };
}

const empty = new Uint8Array(0);

/** Removes a key that a slot held and its new generation does not. */
export function tombstone(key: string, partition: number): AppendRecord {
  return { key, partition, value: empty };
}
