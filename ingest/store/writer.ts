// The store writer (ING-STORE, ING-COMMIT): reads every partition of `inputs` from the store's positions and writes rows and
// positions together.
//
// Invariants: a batch that fails is written again, the same, for ever; nothing is dropped, and nothing waits but the writer
// itself. A position is the store's only together with the rows before it. A record that cannot be read is counted, told
// and passed by (ING-POISON). A conflict is in `refused` before the next batch is written. The event loop is given back
// after every few hundred records. When it falls behind or the store fails, `system` records say so.
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type Announce,
  type Clock,
  type LogBatch,
  PositionOutsideLogError,
  type RoleStatus,
  type RunningRole,
  type StorePositions,
  type StreamLog,
  type TimeSeriesStore,
  type WriteResult,
} from '../../contract/index.ts';
import { Bell } from './bell.ts';
import { ConflictReporter } from './conflicts.ts';
import { LagMeter } from './lag.ts';
import {
  batchAgeMsMax,
  downAfterMs,
  lagAfterMs,
  lagEndsBelowMs,
  poisonAnnounceEveryMs,
  positionsOnlyAgeMsMax,
  recordsPerTurnMax,
  retryMsFirst,
  retryMsLast,
  watchEveryMs,
} from './limits.ts';
import { PendingBatch } from './pending.ts';
import { rowsOf } from './rows.ts';
import { SystemFact } from './system-fact.ts';

export interface StoreWriterOptions {
  /** Longest that a row waits for others, default `batchAgeMsMax`. */
  readonly batchAgeMs?: number;
}

export interface StoreWriterPorts {
  readonly log: StreamLog;
  readonly store: TimeSeriesStore;
  readonly clock: Clock;
  readonly announce: Announce;
}

export interface StoreWriter extends RunningRole {
  /** Resolves when the store holds all of the partition before the position; until then batches do not wait to fill. */
  settled(partition: number, position: number): Promise<void>;
}

/** Starts at once, whatever state the store is in; the writer waits for it and says so. */
export function startStoreWriter(options: StoreWriterOptions, ports: StoreWriterPorts): Promise<StoreWriter> {
  return Promise.resolve(new Writer(options, ports));
}

class Writer implements StoreWriter {
  readonly #ports: StoreWriterPorts;
  readonly #batchAgeMs: number;
  readonly #stopping = new AbortController();
  readonly #conflicts: ConflictReporter;
  readonly #lag = new LagMeter();
  readonly #down: SystemFact;
  readonly #late: SystemFact;
  /** Something to write came, or is wanted at once. */
  readonly #toWrite = new Bell();
  /** A batch was taken: there is room. */
  readonly #room = new Bell();
  readonly #stored = new Bell();
  readonly #running: Promise<void>;
  readonly #counters = { written: 0, copies: 0, conflicts: 0, poisoned: 0, batches: 0, 'failed-writes': 0, skipped: 0 };
  /** Partitions whose reader cannot go on. */
  readonly #outside = new Set<number>();
  #pending: PendingBatch | undefined;
  #positions: StorePositions | undefined;
  #ends: StorePositions = [];
  #urgent = 0;
  /** Monotonic time since which the store owes an answer; undefined while nothing is asked. */
  #askedSince: number | undefined;
  #writtenAt: number | undefined;
  #poisonToldAt = Number.NEGATIVE_INFINITY;
  #isDown = false;
  #isLate = false;
  #lagMs = 0;

  constructor({ batchAgeMs = batchAgeMsMax }: StoreWriterOptions, ports: StoreWriterPorts) {
    this.#ports = ports;
    this.#batchAgeMs = batchAgeMs;
    this.#conflicts = new ConflictReporter(ports, this.#stopping.signal);
    this.#down = new SystemFact('store-down', ports);
    this.#late = new SystemFact('store-lag', ports);
    this.#running = this.#run();
  }

  async settled(partition: number, position: number): Promise<void> {
    this.#urgent++;
    try {
      while ((this.#positions?.[partition] ?? -1) < position) {
        this.#stopping.signal.throwIfAborted();
        this.#toWrite.ring();
        await this.#stored.rung();
      }
    } finally {
      this.#urgent--;
    }
  }

  status(): RoleStatus {
    const now = this.#ports.clock.mono();
    const causes = [
      ...(this.#isDown ? ['store-down'] : []),
      ...(this.#isLate ? ['store-lag'] : []),
      ...(this.#outside.size > 0 ? ['position-outside-log'] : []),
    ];
    const behind = this.#ends.reduce((sum, end, i) => sum + Math.max(0, end - (this.#positions?.[i] ?? 0)), 0);
    return {
      role: 'store-writer',
      state: this.#state(causes),
      causes,
      counters: { ...this.#counters },
      gauges: {
        'lag-positions': behind,
        'lag-ms': this.#lagMs,
        'pending-rows': this.#pending?.rows ?? 0,
        'last-write-age-ms': this.#writtenAt === undefined ? -1 : now - this.#writtenAt,
      },
    };
  }

  /** Ends without a last write: the log has what the store has not. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('the store writer is stopping'));
    for (const bell of [this.#toWrite, this.#room, this.#stored]) bell.ring();
    await this.#running;
  }

  #state(causes: readonly string[]): RoleStatus['state'] {
    if (this.#stopping.signal.aborted) return 'stopping';
    if (this.#isDown || this.#outside.size > 0) return 'down';
    if (causes.length > 0) return 'degraded';
    return this.#positions ? 'ok' : 'starting';
  }

  async #run(): Promise<void> {
    const loops = [this.#watch(), this.#work()];
    try {
      await Promise.all(loops);
    } catch (error) {
      // Every loop ends by the signal alone; anything else is our own mistake and ends the process.
      if (!this.#stopping.signal.aborted) throw error;
      await Promise.allSettled(loops);
    }
  }

  async #work(): Promise<void> {
    const positions = await this.#ask(() => this.#ports.store.positions());
    this.#positions = positions;
    this.#pending = new PendingBatch(positions);
    const loops = [...positions.map((_, partition) => this.#read(partition)), this.#write()];
    await Promise.all(loops).catch(async (error: unknown) => {
      if (this.#stopping.signal.aborted) await Promise.allSettled(loops);
      throw error;
    });
  }

  /** Follows one partition; starts again where it was when the log could not be read. */
  async #read(partition: number): Promise<void> {
    const { log, announce, clock } = this.#ports;
    const { signal } = this.#stopping;
    let from = this.#positions?.[partition] ?? 0;
    let waitMs = retryMsFirst;
    while (!signal.aborted) {
      try {
        for await (const batch of log.read('inputs', partition, from, { signal, maxRecords: 1_000 })) {
          this.#outside.delete(partition);
          waitMs = retryMsFirst;
          await this.#take(partition, batch);
          from = batch.next;
        }
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof PositionOutsideLogError && from < error.low) {
          announce(
            from === 0 ? 'info' : 'error',
            `store: inputs/${partition} begins at ${error.low}, the store ends at ${from}`,
          );
          this.#counters.skipped += error.low - from;
          from = error.low;
          continue;
        }
        // Beyond the log's end the store belongs to another log, or the log has lost its end: no jump, a person must look.
        if (error instanceof PositionOutsideLogError) this.#outside.add(partition);
        if (waitMs === retryMsFirst)
          announce('error', `store: inputs/${partition} cannot be read: ${messageOf(error)}`);
        await clock.sleep(waitMs, signal);
        waitMs = Math.min(2 * waitMs, retryMsLast);
        from = Math.max(from, this.#pending?.positions[partition] ?? 0);
      }
    }
  }

  /** Rows of a batch into the pending one, a few hundred records at a time. */
  async #take(partition: number, { records, next }: LogBatch): Promise<void> {
    for (const [i, record] of records.entries()) {
      if (i > 0 && i % recordsPerTurnMax === 0) await nextTurn();
      while (this.#batch.isFull) {
        this.#stopping.signal.throwIfAborted();
        this.#toWrite.ring();
        await this.#room.rung();
      }
      const now = this.#ports.clock.mono();
      const wasEmpty = this.#batch.rowsSince === undefined;
      try {
        this.#batch.add(rowsOf(record, partition), now);
      } catch (error) {
        this.#poisoned(partition, record.position, error);
      }
      this.#batch.moveTo(partition, record.position + 1, now);
      if (wasEmpty || this.#urgent > 0) this.#toWrite.ring();
    }
    this.#batch.moveTo(partition, next, this.#ports.clock.mono());
    this.#toWrite.ring();
    await nextTurn();
  }

  get #batch(): PendingBatch {
    if (!this.#pending) throw new Error('records are read only once the positions are known');
    return this.#pending;
  }

  #poisoned(partition: number, position: number, error: unknown): void {
    this.#counters.poisoned++;
    const now = this.#ports.clock.mono();
    if (now - this.#poisonToldAt < poisonAnnounceEveryMs) return;
    this.#poisonToldAt = now;
    const count = this.#counters.poisoned;
    this.#ports.announce(
      'error',
      `store: inputs/${partition}@${position} cannot be read, ${count} so far: ${messageOf(error)}`,
    );
  }

  async #write(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#due();
      const batch = this.#batch;
      this.#pending = new PendingBatch(batch.positions);
      this.#room.ring();
      const result = await this.#ask(() => this.#ports.store.write(batch));
      this.#account(batch, result);
      await this.#conflicts.report(result.conflicts);
      this.#positions = batch.positions;
      this.#stored.ring();
    }
  }

  #account({ rows }: PendingBatch, { written, copies, conflicts }: WriteResult): void {
    this.#writtenAt = this.#ports.clock.mono();
    this.#counters.batches++;
    this.#counters.written += written;
    this.#counters.copies += copies;
    this.#counters.conflicts += conflicts.length;
    if (written + copies + conflicts.length !== rows)
      this.#ports.announce(
        'error',
        `store: of ${rows} rows ${written} written, ${copies} copies, ${conflicts.length} conflicts`,
      );
  }

  /** Until the pending batch is to be written: full, wanted, or old enough. */
  async #due(): Promise<void> {
    const { clock } = this.#ports;
    const { signal } = this.#stopping;
    for (;;) {
      signal.throwIfAborted();
      const { isFull, rowsSince, movedSince } = this.#batch;
      if (isFull || (this.#urgent > 0 && movedSince !== undefined)) return;
      const since = Math.min(
        (rowsSince ?? Number.POSITIVE_INFINITY) + this.#batchAgeMs,
        (movedSince ?? Number.POSITIVE_INFINITY) + positionsOnlyAgeMsMax,
      );
      const waitMs = since - clock.mono();
      if (waitMs <= 0) return;
      const woken = new AbortController();
      const waits = [this.#toWrite.rung()];
      if (Number.isFinite(waitMs)) waits.push(clock.sleep(waitMs, woken.signal).catch(() => undefined));
      await Promise.race(waits);
      woken.abort();
    }
  }

  /** The same question until the store answers. */
  async #ask<T>(question: () => Promise<T>): Promise<T> {
    const { clock, announce } = this.#ports;
    const { signal } = this.#stopping;
    this.#askedSince = clock.mono();
    for (let waitMs = retryMsFirst; ; waitMs = Math.min(2 * waitMs, retryMsLast)) {
      signal.throwIfAborted();
      try {
        const answer = await unlessAborted(question(), signal);
        this.#askedSince = undefined;
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        this.#counters['failed-writes']++;
        if (waitMs === retryMsFirst) announce('warning', `store: ${messageOf(error)}; trying again until it answers`);
        await clock.sleep(waitMs, signal);
      }
    }
  }

  /** Once a second: how far behind, and what must be told about it. */
  async #watch(): Promise<void> {
    const { clock, log } = this.#ports;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await clock.sleep(watchEveryMs, signal);
      const now = clock.mono();
      this.#isDown = this.#askedSince !== undefined && now - this.#askedSince >= downAfterMs;
      try {
        this.#ends = await this.#logEnds(log);
        this.#lag.mark(now, this.#ends);
      } catch {
        // The log is down: nothing comes in, and whoever appends says so. The lag counts on from the older marks.
      }
      this.#lagMs = this.#lag.lagMs(now, this.#positions ?? []);
      this.#isLate = this.#lagMs >= (this.#isLate ? lagEndsBelowMs : lagAfterMs);
      await this.#tell().catch(() => undefined);
    }
  }

  async #logEnds(log: StreamLog): Promise<StorePositions> {
    const partitions = Array.from({ length: log.partitions('inputs') }, (_, partition) => partition);
    const bounds = await Promise.all(partitions.map((partition) => log.bounds('inputs', partition)));
    return bounds.map(({ high }) => high);
  }

  /** Tried again a second later if the log does not take it. */
  async #tell(): Promise<void> {
    await this.#down.set(this.#isDown, {});
    await this.#late.set(this.#isLate, { lagMs: Math.round(this.#lagMs) });
  }
}

/** The answer, or the signal's reason: a store that hangs must not hold up the stop; its write is whole or not at all. */
async function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([answer, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
