// Writes generations of a partition's state into `snapshots`, alternating between two slots. The state is taken while
// nothing is applied; writing goes on beside the judging. A generation that could not be written whole is given up: the
// other slot still holds the one before, and the next attempt goes into the same slot again under a higher number.
import { setImmediate } from 'node:timers/promises';
import type { AppendRecord, StreamLog } from '../contract/index.ts';
import { cut } from './append.ts';
import type { SnapshotEntry } from './core/index.ts';
import { snapshotEntriesPerTurn } from './limits.ts';
import type { FoundSnapshots, LoadedGeneration } from './snapshot-reader.ts';
import {
  type Commit,
  commitRecord,
  contentsHash,
  entryBytes,
  entryRecords,
  type Slot,
  sha256,
  tombstone,
} from './snapshot-records.ts';

export interface SnapshotWriterOptions {
  readonly log: StreamLog;
  readonly partition: number;
  readonly epoch: number;
  readonly instance: string;
  readonly found: FoundSnapshots;
  /** The generation that this state grew from: its slot is not touched before the other holds a complete one. */
  readonly base: LoadedGeneration | undefined;
}

/** A generation ready to be written. */
export interface TakenSnapshot {
  readonly records: readonly AppendRecord[];
  readonly slot: Slot;
  /** Entries that were too large and were left out. */
  readonly leftOut: number;
}

const nothing = new Uint8Array(0);
const tooLarge = sha256('an entry that was too large');

export class SnapshotWriter {
  readonly #options: SnapshotWriterOptions;
  readonly #keys: readonly [Set<string>, Set<string>];
  #slot: Slot;
  #n: number;

  constructor(options: SnapshotWriterOptions) {
    this.#options = options;
    const [first, second] = options.found.keys;
    this.#keys = [new Set(first), new Set(second)];
    this.#slot = options.base?.slot === 0 ? 1 : 0;
    this.#n = (options.base?.n ?? 0) + 1;
  }

  /** Serialises the state, in turns; nothing may be applied meanwhile. */
  async take(state: Iterable<SnapshotEntry>, positions: Pick<Commit, 'inputs' | 'alerts'>): Promise<TakenSnapshot> {
    const { partition, epoch, instance } = this.#options;
    const slot = this.#slot;
    const place = { partition, slot, epoch, n: this.#n };
    this.#n += 1;
    const records: AppendRecord[] = [];
    const hashes: (readonly [string, string])[] = [];
    let leftOut = 0;
    for (const entry of state) {
      const taken = entryBytes(entry);
      if (taken === undefined) leftOut += 1;
      // A name without its bytes: the restore finds the entry unreadable and says so of this patient.
      const { bytes, hash } = taken ?? { bytes: nothing, hash: tooLarge };
      hashes.push([entry.key, hash]);
      for (const record of entryRecords(entry.key, bytes, hash, place)) records.push(record);
      if (hashes.length % snapshotEntriesPerTurn === 0) await setImmediate();
    }
    const commit: Commit = { count: hashes.length, hash: contentsHash(hashes), ...positions, instance };
    records.push(commitRecord(commit, place));
    return { records, slot, leftOut };
  }

  /** Writes it; rejects with the log's error if it could not be written whole. */
  async write({ records, slot }: TakenSnapshot): Promise<void> {
    const { log, partition } = this.#options;
    const held = this.#keys[slot];
    for (const record of records) held.add(record.key);
    for (const part of cut(records)) await log.append('snapshots', part, { lane: 'data' });
    this.#slot = slot === 0 ? 1 : 0;
    const now = new Set(records.map((record) => record.key));
    const gone = [...held].filter((key) => !now.has(key));
    for (const part of cut(gone.map((key) => tombstone(key, partition)))) {
      await log.append('snapshots', part, { lane: 'data' });
      for (const { key } of part) held.delete(key);
    }
  }
}
