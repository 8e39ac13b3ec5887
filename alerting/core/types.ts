// What the core takes and gives: the seam between the pure judgement and its host.
import type { AlertEvent, InputRecord, Monitoring } from '../../contract/index.ts';

/** Something the core decided. The body is a function of the log alone; keys stand in canonical order. */
export type CoreEvent =
  | { readonly kind: 'alert'; readonly body: AlertEvent }
  | { readonly kind: 'monitoring'; readonly body: Monitoring };

/** State of one patient (or of the partition itself: key `partition`), JSON that `restore` understands. */
export interface SnapshotEntry {
  readonly key: string;
  readonly state: unknown;
}

export interface EngineOptions {
  /** SHA-256 of a text, lower-case hex. Handed in by the host: the core has no dependency. */
  readonly sha256: (text: string) => string;
  readonly partition: number;
  /** How many partitions `inputs` has: with it the core knows which keys are judged here. */
  readonly partitions: number;
}

/** Log time as the newest valid tick told it; undefined before the first. */
export interface LogTime {
  readonly n: number;
  readonly epoch: number;
  readonly log: number;
  readonly mono: number;
  readonly utc: number;
}

/** The judgement of one partition of `inputs`: the same records give the same event bodies, whatever happens outside. */
export interface PartitionEngine {
  /** Applies one record at its position; what it decides is pushed to `out`. Never throws for a patient's data. */
  apply(record: InputRecord, position: number, out: CoreEvent[]): void;
  /** Epoch of the newest valid claim, 0 before the first; the claim's id and boot tell the host whether it is its own. */
  readonly owner: { readonly epoch: number; readonly id: string | null; readonly bootId: string | null };
  readonly logTime: LogTime | undefined;
  /** Counters by kebab-case name: late readings, copies, errors and so on. */
  readonly counters: Readonly<Record<string, number>>;
  snapshot(): Iterable<SnapshotEntry>;
  /** Takes entries of one generation; a patient whose entry is unusable is announced as not monitored by a `CoreEvent`. */
  restore(entries: Iterable<SnapshotEntry>, out: CoreEvent[]): void;
}

/** The same engine with the entrance that records of kind `readings` come to, for whoever has numbers already. */
export interface NumbersEngine extends PartitionEngine {
  /** Bytes of guard lines, deadlines, rings and run rows that all streams have now. */
  readonly lineBytes: number;
  /**
   * Index of a stream for `reading`, or -1. It holds until the next record that is not a sender's: an assignment may end
   * the stream.
   */
  streamOf(patient: string, device: string, signal: string): number;
  /**
   * Takes one usable reading in numbers: what `apply` comes to for a record of kind `readings` once that is parsed. `value`
   * is canonical, not rounded; `at` the effective time; `codes` the bits of `reading-code.ts`, 0 for good and synced.
   */
  reading(
    stream: number,
    value: number,
    at: number,
    acceptedAt: number,
    receivedAt: number,
    boot: number,
    seq: number,
    codes: number,
    out: CoreEvent[],
  ): void;
}
