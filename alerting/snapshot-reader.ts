// The newest complete generation of a partition's state. Complete: its commit is there, and with it every entry, by count
// and, where all headers can be read, by hash. A torn one is passed over for the one before; an entry of a complete one
// that cannot be read costs that patient and nobody else.
import { decodeBody, decodeRecord, type LogRecord, type StreamLog } from '../contract/index.ts';
import type { SnapshotEntry } from './core/index.ts';
import { readUpTo } from './read-up-to.ts';
import {
  Commit,
  CommitHeader,
  contentsHash,
  EntryHeader,
  type GenerationId,
  parseKey,
  type Slot,
  sha256,
} from './snapshot-records.ts';

/** A generation as it was found. */
export interface LoadedGeneration extends GenerationId {
  readonly slot: Slot;
  readonly commit: Commit;
  readonly entries: readonly SnapshotEntry[];
  /** Names of entries that could not be read. */
  readonly corrupt: readonly string[];
}

export interface FoundSnapshots {
  /** Complete generations, newest first. */
  readonly complete: readonly LoadedGeneration[];
  /** Generations that were begun and are not complete. */
  readonly torn: number;
  /** Keys that a slot holds, tombstones left out. */
  readonly keys: readonly [Set<string>, Set<string>];
}

interface Entry {
  hash: string;
  parts: (Uint8Array | undefined)[];
}

/** What one slot holds while it is read. */
interface SlotContents extends GenerationId {
  readonly entries: Map<string, Entry>;
  readonly unreadable: Set<string>;
  commit: Commit | undefined;
}

/** Reads all of `snapshots` of a partition. */
export async function readSnapshots(log: StreamLog, partition: number, signal: AbortSignal): Promise<FoundSnapshots> {
  const { low, high } = await log.bounds('snapshots', partition);
  const slots = [new SlotReader(), new SlotReader()] as const;
  const stretch = { topic: 'snapshots', partition, from: low, to: high } as const;
  for await (const batch of readUpTo(log, stretch, signal)) {
    for (const record of batch.records) {
      const place = parseKey(record.key);
      if (place) slots[place.slot].take(record, place.name);
    }
  }
  const found = slots.map((slot, index) => slot.result(index as Slot));
  const complete = found.filter((one) => one !== 'torn' && one !== 'none');
  complete.sort((a, b) => (isNewer(a, b) ? -1 : 1));
  const torn = found.filter((one) => one === 'torn').length;
  return { complete, torn, keys: [slots[0].keys, slots[1].keys] };
}

function isNewer(a: GenerationId, b: GenerationId): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.n > b.n);
}

/** Follows one slot: the newest generation begun in it, whatever older ones or late copies of them stand between. */
class SlotReader {
  readonly keys = new Set<string>();
  #now: SlotContents | undefined;
  /** Names of records whose header cannot be read; they belong to the generation of the next that can. */
  #unreadable = new Set<string>();

  take(record: LogRecord, name: string | undefined): void {
    if (record.value.length === 0) {
      this.keys.delete(record.key);
      return;
    }
    this.keys.add(record.key);
    try {
      this.#takeValue(record.value);
    } catch {
      // Whatever is wrong with the bytes, the key still says whose they were.
      if (name !== undefined) this.#unreadable.add(name);
    }
  }

  #takeValue(value: Uint8Array): void {
    const { header, body } = decodeRecord(value);
    if (header.kind === 'snapshot-commit') {
      const commit = Commit.parse(decodeBody(body));
      const contents = this.#generation(CommitHeader.parse(header));
      if (contents) contents.commit = commit;
      return;
    }
    const entry = EntryHeader.parse(header);
    const contents = this.#generation(entry);
    if (!contents) return;
    const held = contents.entries.get(entry.entry);
    const parts = held?.hash === entry.hash ? held.parts : new Array<Uint8Array | undefined>(entry.parts);
    parts[entry.part] = body;
    contents.entries.set(entry.entry, { hash: entry.hash, parts });
  }

  /** The contents to put this generation's record into; undefined if it is older than what the slot holds. */
  #generation(id: GenerationId): SlotContents | undefined {
    if (this.#now && isNewer(this.#now, id)) return undefined;
    if (!this.#now || isNewer(id, this.#now))
      this.#now = { epoch: id.epoch, n: id.n, entries: new Map(), unreadable: new Set(), commit: undefined };
    for (const name of this.#unreadable) this.#now.unreadable.add(name);
    this.#unreadable.clear();
    return this.#now;
  }

  result(slot: Slot): LoadedGeneration | 'torn' | 'none' {
    const contents = this.#now;
    if (!contents) return this.#unreadable.size > 0 ? 'torn' : 'none';
    const { commit, epoch, n } = contents;
    if (!commit) return 'torn';
    const names = new Set([...contents.entries.keys(), ...contents.unreadable]);
    if (names.size !== commit.count) return 'torn';
    const hashes = [...contents.entries].map(([name, { hash }]) => [name, hash] as const);
    if (hashes.length === names.size && contentsHash(hashes) !== commit.hash) return 'torn';
    return { slot, epoch, n, commit, ...readEntries(names, contents.entries) };
  }
}

function readEntries(names: Set<string>, held: ReadonlyMap<string, Entry>) {
  const entries: SnapshotEntry[] = [];
  const corrupt: string[] = [];
  for (const key of names) {
    const state = stateOf(held.get(key));
    if (state === undefined) corrupt.push(key);
    else entries.push({ key, state });
  }
  return { entries, corrupt };
}

/** The state of an entry; undefined if bytes are missing or are not those that were written. */
function stateOf(entry: Entry | undefined): unknown {
  if (!entry) return undefined;
  const parts: Uint8Array[] = [];
  for (const part of entry.parts) {
    if (!part) return undefined;
    parts.push(part);
  }
  const bytes = Buffer.concat(parts);
  return sha256(bytes) === entry.hash ? (JSON.parse(bytes.toString()) as unknown) : undefined;
}
