// From the border to the log: one append in flight, all that arrives meanwhile joins the next (BRK-HANDOVER, BRK-ORDER).
// Class C. A message's callback is called exactly once: without an error after all its records are durable, in the order in
// which the messages came; with one if that did not happen within its deadline. What is given up may still land: its
// sender sends it again, and identity tells the copy. No promise is made per message.
import {
  type AppendRecord,
  type Clock,
  LogUnavailableError,
  type Position,
  type StreamLog,
} from '../contract/index.ts';
import type { Announcer } from './announcer.ts';
import type { Counters } from './counters.ts';
import { IngestError } from './errors.ts';
import {
  acknowledgeWithinMs,
  appendBytesMax,
  appendRecordsMax,
  appendRetryMs,
  batcherSweepEveryMs,
  closeWindowsAt,
  logDownForMs,
  openWindowsAt,
  queueBytesMax,
  queueMessagesMax,
} from './limits.ts';

/** A message for `refused`, and the record of `inputs` that points to it, once its place is known. */
export interface RefusedDraft {
  readonly refused: AppendRecord;
  readonly refusal: ((position: Position) => AppendRecord) | undefined;
}

export type Done = (error?: Error) => void;

/** One message: what it becomes in the log, and whom to tell. No records at all: it is told in its turn. */
export interface Entry {
  readonly records: readonly AppendRecord[];
  readonly refused: readonly RefusedDraft[];
  readonly done: Done;
}

export interface BatcherPorts {
  readonly log: StreamLog;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly announcer: Announcer;
}

export interface Batcher extends AsyncDisposable {
  /** Takes a message; what is thrown or called back never depends on what other messages do. */
  add(entry: Entry): void;
  readonly queued: number;
  readonly queuedBytes: number;
  /** True while nothing can be appended, as far as we know. */
  readonly isLogDown: boolean;
  /** True while senders have to wait. */
  readonly isPressed: boolean;
  /** Called when `isPressed` changes. */
  onPressure: ((isPressed: boolean) => void) | undefined;
  /** Resolves when every sender was told, or after `withinMs`. */
  drain(withinMs: number): Promise<void>;
}

/** Starts the loop that writes. Disposing of it fails what still waits. */
export function openBatcher(ports: BatcherPorts): Batcher {
  return new SingleFlight(ports);
}

interface Queued {
  readonly entry: Entry;
  readonly bytes: number;
  readonly deadline: number;
  /** Undefined once it was called. */
  done: Done | undefined;
}

class SingleFlight implements Batcher {
  onPressure: ((isPressed: boolean) => void) | undefined;
  readonly #ports: BatcherPorts;
  readonly #stopping = new AbortController();
  readonly #loops: Promise<unknown>;
  #queue: Queued[] = [];
  #head = 0;
  #bytes = 0;
  #inFlight: readonly Queued[] = [];
  #wake: (() => void) | undefined;
  #isPressed = false;
  /** The batch in flight was given up, and its append has not answered yet. */
  #isStuck = false;
  /** Messages whose sender has not been told yet. */
  #untold = 0;
  #failedAt = Number.NEGATIVE_INFINITY;
  #idle: (() => void)[] = [];

  constructor(ports: BatcherPorts) {
    this.#ports = ports;
    this.#loops = Promise.all([this.#write(), this.#sweep()]);
  }

  get queued(): number {
    return this.#queue.length - this.#head + this.#inFlight.length;
  }

  get queuedBytes(): number {
    return this.#bytes;
  }

  get isLogDown(): boolean {
    const { log, clock } = this.#ports;
    return this.#isStuck || log.health().state !== 'ok' || clock.mono() - this.#failedAt < logDownForMs;
  }

  get isPressed(): boolean {
    return this.#isPressed;
  }

  add(entry: Entry): void {
    if (this.#stopping.signal.aborted) {
      entry.done(stopping());
      return;
    }
    if (this.queued >= queueMessagesMax || this.#bytes >= queueBytesMax) {
      this.#ports.counters.add('overloaded');
      entry.done(new IngestError('too much waits for the log', { code: 'INGEST_OVERLOADED' }));
      return;
    }
    const bytes = bytesOf(entry);
    const deadline = this.#ports.clock.mono() + acknowledgeWithinMs;
    this.#queue.push({ entry, bytes, deadline, done: entry.done });
    this.#bytes += bytes;
    this.#untold += 1;
    if (!this.#isPressed && this.#fill >= closeWindowsAt) this.#press();
    this.#wake?.();
  }

  async drain(withinMs: number): Promise<void> {
    if (this.#untold === 0) return;
    const late = new AbortController();
    const idle = new Promise<void>((resolve) => this.#idle.push(resolve));
    await Promise.race([idle, this.#ports.clock.sleep(withinMs, late.signal).catch(() => {})]);
    late.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.#wake?.();
    this.#fail(this.#inFlight, stopping());
    this.#fail(this.#queue.slice(this.#head), stopping());
    // An append that never answers must not hold up the stop: what it carried is failed already.
    const late = new AbortController();
    await Promise.race([this.#loops, this.#ports.clock.sleep(batcherSweepEveryMs, late.signal).catch(() => {})]);
    late.abort();
  }

  get #fill(): number {
    return Math.max(this.queued / queueMessagesMax, this.#bytes / queueBytesMax);
  }

  async #write(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      if (this.#head === this.#queue.length) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
        continue;
      }
      const batch = this.#cut();
      this.#inFlight = batch;
      await this.#append(batch);
      for (const { bytes } of batch) this.#bytes -= bytes;
      this.#inFlight = [];
      this.#isStuck = false;
    }
  }

  /** The oldest messages, as many as one append takes, at least one. */
  #cut(): readonly Queued[] {
    let records = 0;
    let bytes = 0;
    let end = this.#head;
    for (; end < this.#queue.length; end++) {
      const { entry, bytes: size } = this.#queue[end] as Queued;
      records += entry.records.length + entry.refused.length;
      bytes += size;
      if (end > this.#head && (records > appendRecordsMax || bytes > appendBytesMax)) break;
    }
    const batch = this.#queue.slice(this.#head, end);
    this.#head = end;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head > queueMessagesMax / 4) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    // What was given up while it waited has no one left to tell.
    const waiting = batch.filter(({ done }) => done !== undefined);
    for (const { done, bytes: size } of batch) if (done === undefined) this.#bytes -= size;
    return waiting;
  }

  /** The same batch until it is durable, or given up. */
  async #append(batch: readonly Queued[]): Promise<void> {
    const { clock, counters, announcer } = this.#ports;
    const attempt = new Attempt(batch, this.#ports.log);
    for (let waitMs: number = appendRetryMs.first; ; waitMs = Math.min(2 * waitMs, appendRetryMs.longest)) {
      try {
        await attempt.run();
        this.#failedAt = Number.NEGATIVE_INFINITY;
        return this.#succeed(batch);
      } catch (cause) {
        this.#failedAt = clock.mono();
        counters.add('append-failed');
        if (!(cause instanceof LogUnavailableError)) {
          announcer.say('error', 'append', `an append failed and is not tried again (${(cause as Error).name})`);
          return this.#fail(batch, deadline(cause));
        }
        announcer.say('error', 'log', `the log takes no appends (${cause.code}); nothing is acknowledged`);
        if (cause.code === 'LOG_CLOSED') return this.#fail(batch, deadline(cause));
      }
      await clock.sleep(waitMs, this.#stopping.signal).catch(() => {});
      if (batch.every(({ done }) => done === undefined)) return;
    }
  }

  #succeed(batch: readonly Queued[]): void {
    const { counters } = this.#ports;
    let late = 0;
    for (const each of batch) {
      const { done } = each;
      each.done = undefined;
      if (done) this.#call(done);
      else late += 1;
    }
    counters.add('appends');
    counters.add('acknowledged', batch.length - late);
    if (late > 0) counters.add('late-success-dropped', late);
  }

  #fail(batch: readonly Queued[], error: Error): void {
    for (const each of batch) {
      const { done } = each;
      each.done = undefined;
      if (!done) continue;
      this.#ports.counters.add('given-up');
      this.#call(done, error);
    }
  }

  /** One receiver's mistake is its own. */
  #call(done: Done, error?: Error): void {
    this.#untold -= 1;
    if (this.#untold === 0) this.#toldIdle();
    try {
      done(error);
    } catch {
      this.#ports.counters.add('callback-threw');
    }
  }

  async #sweep(): Promise<void> {
    const { clock } = this.#ports;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await clock.sleep(batcherSweepEveryMs, signal).catch(() => {});
      this.#expire(clock.mono());
      this.#press();
    }
  }

  /** Messages are in the order of their deadlines; a batch is given up whole, at its first. */
  #expire(now: number): void {
    const [first] = this.#inFlight;
    if (first && first.deadline <= now) {
      this.#isStuck = true;
      this.#fail(this.#inFlight, deadline());
    }
    const expired: Queued[] = [];
    for (let i = this.#head; i < this.#queue.length && (this.#queue[i] as Queued).deadline <= now; i++)
      expired.push(this.#queue[i] as Queued);
    if (expired.length > 0) this.#fail(expired, deadline());
  }

  #press(): void {
    const limit = this.#isPressed ? openWindowsAt : closeWindowsAt;
    const isPressed = this.isLogDown || this.#fill >= limit;
    if (isPressed === this.#isPressed) return;
    this.#isPressed = isPressed;
    this.#ports.counters.add(isPressed ? 'windows-closed' : 'windows-opened');
    this.onPressure?.(isPressed);
  }

  #toldIdle(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}

/** One batch's way into the log; what a try has got done, the next does not do again. */
class Attempt {
  readonly #log: StreamLog;
  readonly #drafts: readonly RefusedDraft[];
  readonly #batch: readonly Queued[];
  #inputs: readonly AppendRecord[] | undefined;

  constructor(batch: readonly Queued[], log: StreamLog) {
    this.#log = log;
    this.#batch = batch;
    this.#drafts = batch.flatMap(({ entry }) => entry.refused);
    if (this.#drafts.length === 0) this.#inputs = batch.flatMap(({ entry }) => entry.records);
  }

  async run(): Promise<void> {
    this.#inputs ??= this.#withRefusals(
      await this.#log.append(
        'refused',
        this.#drafts.map(({ refused }) => refused),
        { lane: 'data' },
      ),
    );
    if (this.#inputs.length > 0) await this.#log.append('inputs', this.#inputs, { lane: 'data' });
  }

  /** Every message's records in the order of the messages, each refusal with its place in `refused`. */
  #withRefusals(positions: readonly Position[]): AppendRecord[] {
    let next = 0;
    return this.#batch.flatMap(({ entry }) => [
      ...entry.records,
      ...entry.refused.flatMap(({ refusal }) => {
        const position = positions[next++] as Position;
        return refusal ? [refusal(position)] : [];
      }),
    ]);
  }
}

function bytesOf({ records, refused }: Entry): number {
  let bytes = 0;
  for (const { value } of records) bytes += value.length;
  for (const { refused: record } of refused) bytes += record.value.length;
  return bytes;
}

function deadline(cause?: unknown): IngestError {
  return new IngestError('not durable in time', { code: 'INGEST_DEADLINE', cause });
}

function stopping(): IngestError {
  return new IngestError('ingest stops', { code: 'INGEST_STOPPING' });
}
