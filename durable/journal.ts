// A journal: a folder of segments, appended to by one writer. Class C: what it confirms survives a power cut.
// Invariants: one write in flight, and what arrives meanwhile joins the next; positions are given in the order of the file;
// nothing is confirmed before the disk has it; readers see only what is durable.
// On failure: a failed write is final for its segment, which is sealed at the last durable frame, and a new segment takes
// what waits; a second failure within a minute rejects everything and is fatal. A full disk is met when a segment is made:
// it rejects data, while control goes on from a reserve that was claimed before, until there is room again.
import { join } from 'node:path';
import type { Announce, Clock, Disk, DiskFile, Lane } from '../contract/index.ts';
import { AppendQueue, type Body, type DurableRun } from './append-queue.ts';
import { DiskFailedError, DiskFullError, isDiskFull, JournalClosedError } from './errors.ts';
import { frameHeaderBytes } from './frame.ts';
import { Gate } from './gate.ts';
import { fullRetryEveryMs, payloadBytesMax, secondFailureWithinMs, writeBytesMax } from './limits.ts';
import { type Entries, JournalReader } from './reader.ts';
import { type Recovered, recover, unfinished } from './recovery.ts';
import {
  encodeHeader,
  type KeptEntry,
  preallocate,
  type SegmentHeader,
  segmentHeaderBytes,
  segmentName,
  wholeBytes,
  writeWhole,
} from './segment.ts';
import { emptySegment, type Segment } from './segments.ts';

export interface JournalOptions {
  readonly folder: string;
  /** Size of a new segment file. */
  readonly segmentBytes: number;
  /** Size of the reserve for the control lane; 0: none. */
  readonly reserveBytes: number;
}

export interface JournalPorts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly announce: Announce;
  /** Called once, when nothing more can be made durable: the process has to end. */
  readonly onFatal: (error: Error) => void;
}

/** Opens the journal of a folder, or makes an empty one; torn ends are cut, corruption is announced and set aside. */
export async function openJournal<B extends Body = Body>(
  options: JournalOptions,
  ports: JournalPorts,
): Promise<Journal<B>> {
  const found = await recover(options.folder, ports);
  const journal = new Journal<B>(options, ports, found);
  await journal.claimReserve();
  return journal;
}

export class Journal<B extends Body = Body> implements AsyncDisposable {
  readonly #options: JournalOptions;
  readonly #ports: JournalPorts;
  /** In order of position; the last is the active one, if any is. Changed through the gate, but for new ones at the end. */
  readonly #segments: Segment[];
  readonly #gate = new Gate();
  readonly #reader: JournalReader;
  readonly #queue = new AppendQueue<B>();
  readonly #stopping = new AbortController();
  readonly #buffer = new Uint8Array(writeBytesMax);
  readonly #view = new DataView(this.#buffer.buffer);
  readonly #payloadBytesMax: number;
  #active: { readonly segment: Segment; readonly file: DiskFile } | undefined;
  #high: number;
  #lastId: number;
  #pumping: Promise<void> | undefined;
  #state: 'ok' | 'full' | 'down' = 'ok';
  #failedAt = Number.NEGATIVE_INFINITY;
  #hasReserve: boolean;
  #hasSpare = false;
  #makingSpare: Promise<void> | undefined;
  /** The segment for whose successor room was looked for. */
  #lookedFor: Segment | undefined;
  #waitingForRoom: Promise<void> | undefined;
  #onDurable: (runs: readonly DurableRun<B>[]) => void = () => {};

  constructor(options: JournalOptions, ports: JournalPorts, found: Recovered) {
    this.#options = options;
    this.#ports = ports;
    this.#segments = found.segments;
    this.#active = found.active;
    this.#high = found.high;
    this.#lastId = found.lastId;
    this.#hasReserve = found.hasReserve;
    this.#reader = new JournalReader(options.folder, ports, this.#segments);
    const smallest = Math.min(options.segmentBytes, options.reserveBytes || options.segmentBytes);
    this.#payloadBytesMax = Math.min(payloadBytesMax, smallest - segmentHeaderBytes - frameHeaderBytes);
  }

  /** First position kept. */
  get low(): number {
    return this.#segments[0]?.header.base ?? this.#high;
  }

  /** Position after the last durable record. */
  get high(): number {
    return this.#high;
  }

  get state(): 'ok' | 'full' | 'down' {
    return this.#state;
  }

  /** Called after each durable write, before its appends are confirmed, with what it made durable, in order. */
  onDurable(callback: (runs: readonly DurableRun<B>[]) => void): void {
    this.#onDurable = callback;
  }

  /** Segments that will not change any more and have another behind them, oldest first. */
  get sealed(): readonly Segment[] {
    return this.#segments.slice(0, -1);
  }

  /** Position after the last record of the sealed segments. */
  get sealedEnd(): number {
    return this.#segments.length < 2 ? this.low : (this.#segments.at(-1) as Segment).header.base;
  }

  /**
   * Positions once all records are durable, in order; `heads[i]` is written before the value of `records[i]`, and the two
   * are a payload. Neither array may be changed any more. Rejects with `DiskFullError`, `DiskFailedError`,
   * `JournalBusyError` or `JournalClosedError`, and a payload that no segment can hold with a `RangeError`.
   */
  append(records: readonly B[], heads: readonly Uint8Array[], lane: Lane): Promise<readonly number[]> {
    const refusal = this.#refusal(lane);
    if (refusal) return Promise.reject(refusal);
    let bytes = 0;
    for (let i = 0; i < records.length; i++) {
      const payloadBytes = (heads[i] as Uint8Array).length + (records[i] as B).value.length;
      if (payloadBytes > this.#payloadBytesMax || payloadBytes === 0)
        return Promise.reject(
          new RangeError(`a payload of ${payloadBytes} bytes, 1 to ${this.#payloadBytesMax} are allowed`),
        );
      bytes += frameHeaderBytes + payloadBytes;
    }
    if (bytes === 0) return Promise.resolve([]);
    const confirmed = this.#queue.add(records, heads, bytes, lane);
    this.#pumping ??= this.#pump();
    return confirmed;
  }

  /** Durable entries from `from` on, at least one unless `next` is the end. */
  read(from: number): Promise<Entries> {
    return this.#gate.read(() => this.#reader.read(from, this.#high));
  }

  /** Position before which everything is older than `before` (epoch ms) or over `bytesMax`, in whole sealed segments. */
  droppableBefore(before: number, bytesMax: number): number {
    let bytes = this.#segments.reduce((sum, segment) => sum + segment.fileBytes, 0);
    for (let i = 0; i < this.#segments.length - 1; i++) {
      const segment = this.#segments[i] as Segment;
      const youngest = (this.#segments[i + 1] as Segment).header.createdAt;
      if (youngest >= before && bytes <= bytesMax) return segment.header.base;
      bytes -= segment.fileBytes;
    }
    return this.#segments.at(-1)?.header.base ?? this.#high;
  }

  /** Removes whole sealed segments whose records all lie before `position`; one after the other, so that no cut leaves a hole. */
  async dropBefore(position: number): Promise<void> {
    const { folder } = this.#options;
    for (let next = this.#segments[1]; next && next.header.base <= position; next = this.#segments[1]) {
      await this.#gate.change(async () => {
        const oldest = this.#segments.shift() as Segment;
        await this.#ports.disk.remove(join(folder, segmentName(oldest.header.base)));
      });
      await this.#ports.disk.syncFolder(folder);
    }
  }

  /**
   * Puts one segment, written whole, in the place of the sealed segments `old` (the oldest ones, in order): the entries
   * keep their positions. A power cut leaves the old ones or the new one, never a mixture.
   */
  async replace(old: readonly Segment[], entries: readonly KeptEntry[]): Promise<void> {
    const { disk, clock } = this.#ports;
    const { folder } = this.#options;
    const [first] = old;
    const next = this.#segments[old.length];
    if (!first || !next || old.some((segment, i) => this.#segments[i] !== segment)) return;
    const bytes = wholeBytes(entries);
    const { base, previousId, previousEnd } = first.header;
    const header: SegmentHeader = {
      id: ++this.#lastId,
      base,
      previousId,
      previousEnd,
      ownEnd: bytes,
      covers: next.header.base,
      createdAt: clock.wall(),
    };
    const path = join(folder, unfinished.compacted);
    await preallocate(disk, folder, unfinished.compacted, bytes);
    await writeWhole(disk, path, header, entries);
    await this.#gate.change(async () => {
      await disk.rename(path, join(folder, segmentName(base)));
      this.#segments.splice(0, old.length, emptySegment(header, bytes, bytes));
    });
    await disk.syncFolder(folder);
    for (const segment of old.slice(1)) await disk.remove(join(folder, segmentName(segment.header.base)));
    await disk.syncFolder(folder);
  }

  /** Writes what waits, as far as the disk takes it, and closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#pumping;
    await this.#makingSpare;
    await this.#waitingForRoom;
    await this.#active?.file.close().catch(() => {});
    this.#active = undefined;
  }

  /** Makes the reserve if it is wanted and missing; without room for it the journal starts as full. */
  async claimReserve(): Promise<void> {
    if (this.#hasReserve || this.#options.reserveBytes === 0) return;
    try {
      await this.#makeReserve();
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      this.#becomeFull();
    }
  }

  #refusal(lane: Lane): Error | undefined {
    const { folder } = this.#options;
    if (this.#state === 'down') return new DiskFailedError(`${folder}: nothing more can be made durable`);
    if (this.#stopping.signal.aborted) return new JournalClosedError(`${folder}: the journal is closed`);
    return this.#state === 'full' && lane === 'data' ? this.#fullError() : undefined;
  }

  async #pump(): Promise<void> {
    while (this.#queue.isWaiting('control') || this.#queue.isWaiting('data')) {
      try {
        await this.#writeGroup();
      } catch (error) {
        this.#failed(error as Error);
      }
    }
    // In the same turn in which the queue was seen empty: an append that comes later starts the next pump.
    this.#pumping = undefined;
  }

  /** One write: as many waiting records as fit, control first. */
  async #writeGroup(): Promise<void> {
    const active = this.#active;
    if (!active) return this.#roll();
    const room = Math.min(writeBytesMax, active.segment.fileBytes - active.segment.end);
    const target = { buffer: this.#buffer, view: this.#view, room };
    const { bytes, records } = this.#queue.encode(target, active.segment.header.id, this.#high);
    if (records === 0) return this.#roll();
    try {
      await active.file.write(this.#buffer.subarray(0, bytes), active.segment.end);
    } catch (error) {
      this.#active = undefined;
      await active.file.close().catch(() => {});
      throw error;
    }
    active.segment.end += bytes;
    this.#high += records;
    this.#queue.settle(this.#onDurable);
    this.#prepareSpare(active.segment);
  }

  /** The next segment: the spare one, or one made now; on a full disk the reserve, for control alone. */
  async #roll(): Promise<void> {
    await this.#makingSpare;
    const { disk, announce } = this.#ports;
    const { folder, segmentBytes, reserveBytes } = this.#options;
    let full: unknown;
    try {
      if (this.#state === 'ok' && !this.#hasSpare) await preallocate(disk, folder, unfinished.spare, segmentBytes);
      else if (!this.#hasSpare) throw this.#fullError();
      this.#hasSpare = false;
      return await this.#activate(unfinished.spare);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      full = error;
      this.#becomeFull();
    }
    if (!this.#queue.isWaiting('control')) return;
    if (!this.#hasReserve) return this.#queue.reject('control', this.#fullError(full));
    this.#hasReserve = false;
    announce('warning', `${folder}: control goes on from the reserve of ${reserveBytes} bytes`);
    try {
      await this.#activate('reserve');
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      this.#queue.reject('control', this.#fullError(error));
    }
  }

  /** Turns a file of zeros into the active segment. */
  async #activate(name: string): Promise<void> {
    const { disk, clock } = this.#ports;
    const { folder } = this.#options;
    const before = this.#segments.at(-1);
    // A segment that never held a record gives its name, and its place, to the new one.
    const empty = before !== undefined && before.header.base === this.#high;
    const header: SegmentHeader = {
      id: ++this.#lastId,
      base: this.#high,
      previousId: (empty ? before.header.previousId : before?.header.id) ?? 0,
      previousEnd: (empty ? before.header.previousEnd : before?.end) ?? 0,
      ownEnd: 0,
      covers: 0,
      createdAt: clock.wall(),
    };
    const file = await disk.open(join(folder, name), { create: false, durable: true });
    let segment: Segment;
    try {
      segment = emptySegment(header, await file.size(), segmentHeaderBytes);
      await file.write(encodeHeader(header), 0);
      await disk.rename(join(folder, name), join(folder, segmentName(header.base)));
      await disk.syncFolder(folder);
    } catch (error) {
      await file.close().catch(() => {});
      throw error;
    }
    await this.#active?.file.close().catch(() => {});
    if (empty) this.#segments.pop();
    this.#segments.push(segment);
    this.#active = { segment, file };
  }

  /** Half full: the next segment is made meanwhile, so that a roll does not wait for its zeros. */
  #prepareSpare(active: Segment): void {
    if (this.#hasSpare || this.#lookedFor === active || this.#state !== 'ok' || active.end * 2 < active.fileBytes)
      return;
    this.#lookedFor = active;
    const { disk, announce } = this.#ports;
    const { folder, segmentBytes } = this.#options;
    this.#makingSpare = preallocate(disk, folder, unfinished.spare, segmentBytes).then(
      () => {
        this.#hasSpare = true;
      },
      // The roll tries again and decides; until then what is active takes everything.
      (error: Error) => announce('warning', `${folder}: the next segment could not be made yet (${error.message})`),
    );
  }

  /** A write, or the making of a segment, failed for another reason than a full disk. */
  #failed(cause: Error): void {
    if (this.#state === 'down') return;
    const { clock, announce, onFatal } = this.#ports;
    const { folder } = this.#options;
    const now = clock.mono();
    if (now - this.#failedAt >= secondFailureWithinMs) {
      this.#failedAt = now;
      announce('error', `${folder}: a write failed (${cause.message}); its segment is sealed, a new one goes on`);
      return;
    }
    this.#state = 'down';
    const error = new DiskFailedError(`${folder}: ${cause.message}`, { cause });
    this.#queue.rejectAll(error);
    announce('error', `${folder}: nothing more can be made durable (${cause.message})`);
    onFatal(error);
  }

  #fullError(cause?: unknown): DiskFullError {
    return new DiskFullError(`${this.#options.folder}: the disk is full; no more data until there is room`, { cause });
  }

  #becomeFull(): void {
    this.#queue.reject('data', this.#fullError());
    if (this.#state !== 'ok') return;
    this.#state = 'full';
    this.#ports.announce('error', this.#fullError().message);
    this.#waitingForRoom = this.#waitForRoom();
  }

  /** Tries each second; data flows again when there is a reserve and a segment. */
  async #waitForRoom(): Promise<void> {
    const { clock, announce, disk } = this.#ports;
    const { folder, segmentBytes, reserveBytes } = this.#options;
    while (this.#state === 'full') {
      await clock.sleep(fullRetryEveryMs, this.#stopping.signal).catch(() => {});
      if (this.#stopping.signal.aborted) return;
      try {
        if (!this.#hasReserve && reserveBytes > 0) await this.#makeReserve();
        if (!this.#hasSpare) await preallocate(disk, folder, unfinished.spare, segmentBytes);
        this.#hasSpare = true;
      } catch (error) {
        if (!isDiskFull(error)) this.#failed(error as Error);
        continue;
      }
      // Control may have taken the reserve meanwhile.
      if (this.#state !== 'full' || !(this.#hasReserve || reserveBytes === 0)) continue;
      this.#state = 'ok';
      announce('info', `${folder}: there is room again`);
    }
  }

  async #makeReserve(): Promise<void> {
    const { disk } = this.#ports;
    const { folder, reserveBytes } = this.#options;
    await preallocate(disk, folder, unfinished.reserve, reserveBytes);
    await disk.rename(join(folder, unfinished.reserve), join(folder, 'reserve'));
    await disk.syncFolder(folder);
    this.#hasReserve = true;
  }
}
