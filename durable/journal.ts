// A journal: a folder of segments, appended to by one writer. Class C: what it confirms survives a power cut.
// Invariants: one write in flight, and what arrives meanwhile joins the next; positions are given in the order of the file;
// nothing is confirmed before the disk has it; readers see only what is durable.
// On failure: a failed write seals its segment at the last durable frame, and a new segment takes what waits; a second
// failure within a minute rejects everything and is fatal. A full disk rejects data, while control goes on from a reserve
// that was claimed before, until there is room again.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Announce, Clock, Disk, DiskFile, Lane } from '../contract/index.ts';
import { DiskFailedError, DiskFullError, isDiskFull } from './errors.ts';
import { frameHeaderBytes, writeFrame } from './frame.ts';
import { fullRetryEveryMs, payloadBytesMax, secondFailureWithinMs, writeBytesMax } from './limits.ts';
import { type Entry, JournalReader } from './reader.ts';
import { recover } from './recovery.ts';
import { encodeHeader, preallocate, type SegmentHeader, segmentHeaderBytes, segmentName } from './segment.ts';
import type { Segment } from './segments.ts';

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

/** What one append writes: a payload of two parts, so that a caller need not join them. */
export interface Payload {
  readonly head: Uint8Array;
  readonly body: Uint8Array;
}

interface Pending {
  readonly payloads: readonly Payload[];
  readonly lane: Lane;
  readonly positions: number[];
  readonly resolve: (positions: readonly number[]) => void;
  readonly reject: (error: Error) => void;
}

/** Payloads of one append that stand in the write at hand. */
interface Part {
  readonly pending: Pending;
  readonly count: number;
}

/** Opens the journal of a folder, or makes an empty one; torn ends are cut, corruption is announced and set aside. */
export async function openJournal(options: JournalOptions, ports: JournalPorts): Promise<Journal> {
  const { segmentBytes, reserveBytes } = options;
  const smallest = segmentHeaderBytes + frameHeaderBytes + payloadBytesMax;
  assert(
    segmentBytes >= smallest && (reserveBytes === 0 || reserveBytes >= smallest),
    `a segment has at least ${smallest} bytes`,
  );
  await ports.disk.makeFolder(options.folder);
  const found = await recover(options.folder, ports);
  const journal = new Journal(options, ports, found);
  await journal.claimReserve();
  return journal;
}

export class Journal implements AsyncDisposable {
  readonly #options: JournalOptions;
  readonly #ports: JournalPorts;
  /** In order of position; the last is the active one unless `#mustRoll`. */
  readonly #segments: Segment[];
  readonly #reader: JournalReader;
  readonly #control: Pending[] = [];
  readonly #data: Pending[] = [];
  readonly #stopping = new AbortController();
  readonly #buffer = new Uint8Array(writeBytesMax + payloadBytesMax + frameHeaderBytes);
  readonly #view = new DataView(this.#buffer.buffer);
  #active: { readonly segment: Segment; readonly file: DiskFile } | undefined;
  #high: number;
  #lastId: number;
  #pumping: Promise<void> | undefined;
  #state: 'ok' | 'full' | 'down' = 'ok';
  #failedAt = Number.NEGATIVE_INFINITY;
  #hasReserve = false;
  #spare: Promise<void> | undefined;
  #onDurable: (() => void) | undefined;

  constructor(options: JournalOptions, ports: JournalPorts, found: Awaited<ReturnType<typeof recover>>) {
    this.#options = options;
    this.#ports = ports;
    this.#segments = found.segments;
    this.#active = found.active;
    this.#high = found.high;
    this.#lastId = found.lastId;
    this.#hasReserve = found.hasReserve;
    this.#reader = new JournalReader(options.folder, ports, this.#segments);
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

  /** Called after each durable write. */
  onDurable(callback: () => void): void {
    this.#onDurable = callback;
  }

  /** Segments that will not change any more, oldest first, with the base of the one after each. */
  get sealed(): readonly Segment[] {
    return this.#segments.filter((segment) => segment !== this.#active?.segment);
  }

  /** Position after the last record of the sealed segments. */
  get sealedEnd(): number {
    const count = this.sealed.length;
    return count === 0 ? this.low : this.#endOf(count - 1);
  }

  /** Bytes of all segment files. */
  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.fileBytes, 0);
  }

  /** Positions once all payloads are durable, in order; rejects with `DiskFullError` or `DiskFailedError`. */
  append(payloads: readonly Payload[], lane: Lane): Promise<readonly number[]> {
    return new Promise((resolve, reject) => {
      if (this.#stopping.signal.aborted || this.#state === 'down') reject(new DiskFailedError('the journal is closed'));
      else if (this.#state === 'full' && lane === 'data') reject(this.#fullError());
      else if (payloads.length === 0) resolve([]);
      else if (
        payloads.some(
          ({ head, body }) => head.length + body.length > payloadBytesMax || head.length + body.length === 0,
        )
      )
        reject(new RangeError(`a payload has 1 to ${payloadBytesMax} bytes`));
      else {
        (lane === 'control' ? this.#control : this.#data).push({ payloads, lane, positions: [], resolve, reject });
        this.#pumping ??= this.#pump();
      }
    });
  }

  /** Durable entries from `from` on, at least one unless `from` is the end; `next` is where to go on. */
  read(from: number): Promise<{ readonly entries: readonly Entry[]; readonly next: number }> {
    return this.#reader.read(from, this.#high);
  }

  /** Position before which everything is older than `before` (epoch ms) or over `bytesMax`, in whole sealed segments. */
  droppableBefore(before: number, bytesMax: number): number {
    let bytes = this.bytes;
    for (let i = 0; i < this.#segments.length - 1; i++) {
      const segment = this.#segments[i] as Segment;
      const youngest = (this.#segments[i + 1] as Segment).header.createdAt;
      if (youngest >= before && bytes <= bytesMax) return segment.header.base;
      bytes -= segment.fileBytes;
    }
    return this.#segments.at(-1)?.header.base ?? this.#high;
  }

  /** Removes whole sealed segments whose records all lie before `position`. */
  async dropBefore(position: number): Promise<void> {
    const kept = this.#segments.findIndex((_, i) => this.#endOf(i) > position || i === this.#segments.length - 1);
    const dropped = this.#segments.splice(0, Math.max(0, kept));
    for (const segment of dropped) await this.#reader.forget(segment);
    for (const segment of dropped)
      await this.#ports.disk.remove(join(this.#options.folder, segmentName(segment.header.base)));
    if (dropped.length > 0) await this.#ports.disk.syncFolder(this.#options.folder);
  }

  /**
   * Puts one segment, written whole, in the place of the sealed segments `old` (the oldest ones, in order): the entries
   * keep their positions. A power cut leaves the old ones or the new one, never a mixture.
   */
  async replace(
    old: readonly Segment[],
    entries: readonly { readonly position: number; readonly payload: Uint8Array }[],
  ): Promise<void> {
    const first = old[0];
    if (!first || old.some((segment, i) => this.#segments[i] !== segment)) return;
    const { disk, clock } = this.#ports;
    const { folder } = this.#options;
    const covers = this.#endOf(old.length - 1);
    const bytes = entries.reduce((sum, { payload }) => sum + frameHeaderBytes + payload.length, segmentHeaderBytes);
    const header = {
      id: ++this.#lastId,
      base: first.header.base,
      previousEnd: first.header.previousEnd,
      ownEnd: bytes,
      covers,
      createdAt: clock.wall(),
    };
    await preallocate(disk, folder, 'compact', bytes);
    const file = await disk.open(join(folder, 'compact'), { create: false, durable: false });
    await this.#writeWhole(file, header, entries);
    await disk.rename(join(folder, 'compact'), join(folder, segmentName(header.base)));
    await disk.syncFolder(folder);
    for (const segment of old) await this.#reader.forget(segment);
    this.#segments.splice(0, old.length, { header, end: bytes, fileBytes: bytes, marks: [] });
    for (const segment of old.slice(1)) await disk.remove(join(folder, segmentName(segment.header.base)));
    await disk.syncFolder(folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#pumping;
    await this.#spare?.catch(() => {});
    for (const pending of [...this.#control.splice(0), ...this.#data.splice(0)])
      pending.reject(new DiskFailedError('the journal is closed'));
    await this.#active?.file.close();
    await this.#reader.close();
  }

  /** Makes the reserve if it is wanted and missing; without room for it the journal starts as full. */
  async claimReserve(): Promise<void> {
    if (this.#hasReserve || this.#options.reserveBytes === 0) return;
    try {
      await preallocate(this.#ports.disk, this.#options.folder, 'reserve', this.#options.reserveBytes);
      await this.#ports.disk.syncFolder(this.#options.folder);
      this.#hasReserve = true;
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      this.#becomeFull();
    }
  }

  async #pump(): Promise<void> {
    while (this.#control.length > 0 || this.#data.length > 0) {
      try {
        await this.#writeGroup();
      } catch (error) {
        this.#failed(error as Error);
      }
    }
    // In the same turn in which the queues were seen empty: an append that comes later starts the next pump.
    this.#pumping = undefined;
  }

  /** One write: as many waiting payloads as fit, control first. */
  async #writeGroup(): Promise<void> {
    const active = this.#active;
    const room = active ? Math.min(writeBytesMax, active.segment.fileBytes - active.segment.end) : 0;
    const group = active && this.#encode(active.segment.header.id, room);
    if (!active || !group || group.parts.length === 0) return this.#roll();
    try {
      await active.file.write(this.#buffer.subarray(0, group.bytes), active.segment.end);
    } catch (error) {
      this.#failed(error as Error);
      return this.#state === 'down' ? undefined : this.#roll();
    }
    active.segment.end += group.bytes;
    this.#settle(group.parts);
    this.#prepareSpare(active.segment);
  }

  /** Encodes into the buffer; the parts say whose payloads are in it, since more may arrive while it is written. */
  #encode(segment: number, room: number): { readonly bytes: number; readonly parts: readonly Part[] } {
    const parts: Part[] = [];
    let at = 0;
    let position = this.#high;
    for (const pending of this.#waiting()) {
      const first = pending.positions.length;
      let i = first;
      for (; i < pending.payloads.length; i++) {
        const { head, body } = pending.payloads[i] as Payload;
        if (at + frameHeaderBytes + head.length + body.length > room) break;
        at = writeFrame(this.#buffer, this.#view, at, { segment, position: position++, head, body });
      }
      if (i > first) parts.push({ pending, count: i - first });
      if (i < pending.payloads.length) break;
    }
    return { bytes: at, parts };
  }

  *#waiting(): Generator<Pending> {
    yield* this.#control;
    if (this.#state !== 'full') yield* this.#data;
  }

  /** Gives the written records their positions, in the order in which they were encoded. */
  #settle(parts: readonly Part[]): void {
    for (const { pending, count } of parts) for (let i = 0; i < count; i++) pending.positions.push(this.#high++);
    for (const { pending } of parts) {
      if (pending.positions.length < pending.payloads.length) continue;
      // Each queue is written from its head, so a whole one is the first of its own.
      (pending.lane === 'control' ? this.#control : this.#data).shift();
      pending.resolve(pending.positions);
    }
    this.#onDurable?.();
  }

  /** The next segment: the spare one, or one made now; on a full disk the reserve, for control alone. */
  async #roll(): Promise<void> {
    await this.#spare?.catch(() => {});
    try {
      if (this.#state === 'full') throw this.#fullError();
      if (this.#spare === undefined)
        await preallocate(this.#ports.disk, this.#options.folder, 'spare', this.#options.segmentBytes);
      this.#spare = undefined;
      await this.#activate('spare', this.#options.segmentBytes);
    } catch (error) {
      this.#spare = undefined;
      if (!isDiskFull(error)) throw error;
      this.#becomeFull();
      if (this.#control.length === 0) return;
      if (!this.#hasReserve) return this.#rejectControl(this.#fullError(error));
      this.#hasReserve = false;
      await this.#activate('reserve', this.#options.reserveBytes);
    }
  }

  /** Turns a file of zeros into the active segment. */
  async #activate(name: string, size: number): Promise<void> {
    const { disk, clock } = this.#ports;
    const { folder } = this.#options;
    const before = this.#active?.segment ?? this.#segments.at(-1);
    // A segment that never held a record gives its place to the new one.
    const empty = before !== undefined && before.header.base === this.#high;
    const header: SegmentHeader = {
      id: ++this.#lastId,
      base: this.#high,
      previousEnd: (empty ? before.header.previousEnd : before?.end) ?? 0,
      ownEnd: 0,
      covers: 0,
      createdAt: clock.wall(),
    };
    const file = await disk.open(join(folder, name), { create: false, durable: true });
    try {
      await file.write(encodeHeader(header), 0);
      await disk.rename(join(folder, name), join(folder, segmentName(header.base)));
      await disk.syncFolder(folder);
    } catch (error) {
      await file.close().catch(() => {});
      throw error;
    }
    await this.#active?.file.close().catch(() => {});
    if (empty) {
      this.#segments.pop();
      await this.#reader.forget(before);
    }
    const segment: Segment = { header, end: segmentHeaderBytes, fileBytes: size, marks: [] };
    this.#segments.push(segment);
    this.#active = { segment, file };
  }

  /** Half full: the next segment is made meanwhile, so that a roll does not wait for its zeros. */
  #prepareSpare(active: Segment): void {
    if (this.#spare !== undefined || this.#state !== 'ok' || active.end * 2 < active.fileBytes) return;
    this.#spare = preallocate(this.#ports.disk, this.#options.folder, 'spare', this.#options.segmentBytes);
    this.#spare.catch(() => {
      // The roll meets it again and says so.
      this.#spare = undefined;
    });
  }

  /** Once: the segment is given up and the next one goes on. Again within a minute: nothing goes on. */
  #failed(error: Error): void {
    const now = this.#ports.clock.mono();
    const isSecond = now - this.#failedAt < secondFailureWithinMs;
    this.#failedAt = now;
    if (isSecond) {
      this.#fatal(error);
      return;
    }
    this.#ports.announce(
      'error',
      `${this.#options.folder}: a write failed (${error.message}); its segment is sealed, a new one goes on`,
    );
  }

  #fatal(cause: Error): void {
    if (this.#state === 'down') return;
    this.#state = 'down';
    const error = new DiskFailedError(`${this.#options.folder}: ${cause.message}`, { cause });
    for (const pending of [...this.#control.splice(0), ...this.#data.splice(0)]) pending.reject(error);
    this.#ports.announce('error', `${this.#options.folder}: nothing more can be made durable (${cause.message})`);
    this.#ports.onFatal(error);
  }

  #fullError(cause?: unknown): DiskFullError {
    return new DiskFullError(
      `${this.#options.folder}: the disk is full; readings are not acknowledged until there is room`,
      { cause },
    );
  }

  #rejectControl(error: Error): void {
    for (const pending of this.#control.splice(0)) pending.reject(error);
  }

  #becomeFull(): void {
    for (const pending of this.#data.splice(0)) pending.reject(this.#fullError());
    if (this.#state === 'full') return;
    this.#state = 'full';
    this.#ports.announce('error', this.#fullError().message);
    void this.#waitForRoom();
  }

  /** Tries each second; the reserve is claimed again before data may flow. */
  async #waitForRoom(): Promise<void> {
    const { disk, clock, announce } = this.#ports;
    const { folder, segmentBytes } = this.#options;
    while (this.#state === 'full') {
      await clock.sleep(fullRetryEveryMs, this.#stopping.signal).catch(() => {});
      if (this.#stopping.signal.aborted || this.#state !== 'full') return;
      try {
        if (!this.#hasReserve && this.#options.reserveBytes > 0) {
          await preallocate(disk, folder, 'reserve', this.#options.reserveBytes);
          this.#hasReserve = true;
        }
        await preallocate(disk, folder, 'spare', segmentBytes);
        this.#spare = Promise.resolve();
        this.#state = 'ok';
        announce('info', `${folder}: there is room again`);
      } catch (error) {
        if (!isDiskFull(error)) this.#fatal(error as Error);
      }
    }
  }

  async #writeWhole(
    file: DiskFile,
    header: SegmentHeader,
    entries: readonly { readonly position: number; readonly payload: Uint8Array }[],
  ): Promise<void> {
    const none = new Uint8Array(0);
    const bytes = new Uint8Array(header.ownEnd);
    const view = new DataView(bytes.buffer);
    bytes.set(encodeHeader(header));
    let at = segmentHeaderBytes;
    for (const { position, payload } of entries)
      at = writeFrame(bytes, view, at, { segment: header.id, position, head: payload, body: none });
    try {
      await file.write(bytes, 0);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** Base of the segment after the i-th. */
  #endOf(i: number): number {
    const segment = this.#segments[i] as Segment;
    return segment.header.covers || (this.#segments[i + 1]?.header.base ?? this.#high);
  }
}
