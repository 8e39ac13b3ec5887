// One life of a partition in this process, from the newest generation of its state to the end of ownership:
// read the state, read what is written, read `inputs` to the end, claim, own. Invariants (`records.md` 5, 6): a claim goes
// out only at the end of the log; only an owner that has read its own valid claim writes and ticks; a batch's events are
// durable before the next batch is judged, and before the state that knows them is written; a newer claim ends all of it at
// its place. On failure: what the log refuses is tried again, in order; nothing that was judged is lost, because what
// is missing in `alerts` is judged again by the next owner.
import { setImmediate } from 'node:timers/promises';
import { BadRecordError, type LogBatch, LogUnavailableError, type Position } from '../contract/index.ts';
import { type Appender, patientAppender } from './append.ts';
import { type Beginning, type BeginningParts, begin } from './beginning.ts';
import type { PartitionEngine } from './core/index.ts';
import { eventRecord, identityOf, type UnwrittenEvent } from './events.ts';
import { Judge } from './judge.ts';
import { recordsPerTurn, retryLongestMs, snapshotEveryMs, snapshotEveryRecords } from './limits.ts';
import type { Claimant } from './owner.ts';
import { SnapshotWriter, type TakenSnapshot } from './snapshot-writer.ts';
import { Ticks, type TicksStatus } from './ticks.ts';
import { WrittenEvents } from './written.ts';

export type SessionPhase = 'catching-up' | 'claiming' | 'owner' | 'fenced' | 'stopped';

export interface SessionParts extends BeginningParts {
  readonly claimant: Claimant;
}

/** What the partition's status is made of. */
export interface SessionStatus {
  readonly phase: SessionPhase;
  readonly lag: number;
  readonly progressedAt: number;
  readonly unwritten: number;
  readonly inputsLost: boolean;
  readonly ticks: TicksStatus | undefined;
  readonly snapshotAt: number;
  readonly core: Readonly<Record<string, number>>;
}

export class Session {
  readonly #parts: SessionParts;
  readonly #beginning: Beginning;
  readonly #engine: PartitionEngine;
  readonly #judge: Judge;
  readonly #written: WrittenEvents;
  readonly #appender: Appender;
  readonly #ending = new AbortController();
  #phase: SessionPhase = 'catching-up';
  #position: Position;
  #end: Position;
  #claimedAt: Position | undefined;
  /** Decided and not yet known to be in `alerts`; before we own, what the former owner may have left. */
  #unwritten: UnwrittenEvent[];
  #ticks: Ticks | undefined;
  #ticking: Promise<void> = Promise.resolve();
  #writer: SnapshotWriter | undefined;
  #snapshotAt: number;
  #snapshotDueAt: number;
  #appliedAtSnapshot = 0;
  /** Where the newest complete generation reads on; needed until the one after the next is complete. */
  #keptFrom: Position;
  #writing: Promise<void> | undefined;
  #progressedAt: number;

  private constructor(parts: SessionParts, beginning: Beginning) {
    const { options, ports, signal } = parts;
    const { partition } = options;
    const { announce } = ports;
    this.#parts = parts;
    this.#beginning = beginning;
    this.#engine = beginning.engine;
    this.#unwritten = beginning.events;
    this.#position = beginning.from;
    this.#end = beginning.end;
    const instance = beginning.base?.commit.instance ?? null;
    this.#judge = new Judge({ partition, engine: this.#engine, announce, instance });
    this.#written = new WrittenEvents(ports.log, partition, beginning.alertsFrom);
    const ending = AbortSignal.any([signal, this.#ending.signal]);
    this.#appender = patientAppender({
      log: ports.log,
      clock: ports.clock,
      signal: ending,
      onRefused: ports.onRefused,
    });
    this.#keptFrom = beginning.from;
    this.#snapshotAt = ports.clock.mono();
    this.#snapshotDueAt = this.#snapshotAt + snapshotEveryMs;
    this.#progressedAt = this.#snapshotAt;
  }

  /** Reads the newest state; rejects with `LogUnavailableError` if the log cannot be read. */
  static async open(parts: SessionParts): Promise<Session> {
    const session = new Session(parts, await begin(parts));
    await session.#written.catchUp(parts.signal);
    session.#need(session.#keptFrom);
    return session;
  }

  get status(): SessionStatus {
    return {
      phase: this.#phase,
      lag: Math.max(0, this.#end - this.#position),
      progressedAt: this.#progressedAt,
      unwritten: this.#unwritten.length,
      inputsLost: this.#beginning.inputsLost,
      ticks: this.#ticks?.status,
      snapshotAt: this.#snapshotAt,
      core: this.#engine.counters,
    };
  }

  get position(): Position {
    return this.#position;
  }

  get epoch(): number {
    return this.#engine.owner.epoch;
  }

  get isOwner(): boolean {
    return this.#phase === 'owner';
  }

  /** True if everything judged so far is written. */
  get isWritten(): boolean {
    return this.#unwritten.length === 0;
  }

  get counts(): { readonly applied: number; readonly poisoned: number } {
    return { applied: this.#judge.applied, poisoned: this.#judge.poisoned };
  }

  /** Follows the log until the partition is another's or the role stops. */
  async follow(): Promise<void> {
    const { ports, signal } = this.#parts;
    while (!signal.aborted && !this.#isFenced()) {
      try {
        // What a failing log interrupted is done first: no further record may come before we own.
        await this.#settle();
        await this.#read();
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof LogUnavailableError)) throw error;
        ports.onRefused(error);
      }
      if (!signal.aborted && !this.#isFenced()) await ports.clock.sleep(retryLongestMs, signal);
    }
  }

  async #read(): Promise<void> {
    const { options, ports, signal } = this.#parts;
    const from = this.#position;
    const batches = ports.log.read('inputs', options.partition, from, { signal, maxRecords: recordsPerTurn });
    for await (const batch of batches) {
      await this.#take(batch);
      ports.onTurn();
      if (this.#isFenced()) return;
      await setImmediate();
    }
  }

  /** Ends ticking; an owner writes its state once more. Rejects if that could not be written. */
  async close(): Promise<void> {
    this.#ending.abort();
    const wasOwner = this.#phase === 'owner';
    if (this.#phase !== 'fenced') this.#phase = 'stopped';
    await this.#ticking;
    await this.#writing;
    if (!wasOwner || this.#unwritten.length > 0) return;
    await this.#snapshot();
    await this.#writing;
  }

  async #take(batch: LogBatch): Promise<void> {
    for (const record of batch.records) {
      // A read that was begun anew may bring again what was applied.
      if (record.position < this.#position || record.value.length === 0) continue;
      const before = this.#engine.owner.epoch;
      this.#judge.take(record, this.#unwritten);
      this.#position = record.position + 1;
      if (this.#engine.owner.epoch !== before && this.#claimed()) return;
    }
    this.#position = Math.max(this.#position, batch.next);
    this.#end = Math.max(batch.high, this.#position);
    this.#progressedAt = this.#parts.ports.clock.mono();
    await this.#settle();
  }

  /** A valid claim was read; another's ends whatever we had or wanted. True if judging ends here. */
  #claimed(): boolean {
    if (this.#phase === 'catching-up' || this.#parts.claimant.owns(this.#engine.owner)) return false;
    this.#fence();
    return true;
  }

  #isFenced(): boolean {
    return this.#phase === 'fenced';
  }

  #fence(): void {
    const { options, ports } = this.#parts;
    ports.announce('warning', `partition ${options.partition}: owned by another since epoch ${this.epoch}`);
    this.#phase = 'fenced';
    this.#unwritten = [];
    this.#ending.abort();
  }

  /** After a batch: own what is ours, write what was decided, keep the state. */
  async #settle(): Promise<void> {
    const { claimant, ports } = this.#parts;
    if (this.#phase === 'catching-up') {
      this.#unwritten = this.#unwritten.filter((one) => !this.#written.has(identityOf(one)));
      return this.#claimAtEnd();
    }
    if (this.#phase === 'claiming') {
      if (claimant.owns(this.#engine.owner)) await this.#own();
      else if (this.#position > (this.#claimedAt ?? Number.POSITIVE_INFINITY)) this.#fence();
      return;
    }
    if (this.#unwritten.length > 0) await this.#write();
    const appliedSince = this.#judge.applied - this.#appliedAtSnapshot;
    if (ports.clock.mono() >= this.#snapshotDueAt || appliedSince >= snapshotEveryRecords) await this.#snapshot();
  }

  /** Claims once the end of the log is reached; more may have come in since it was asked for. */
  async #claimAtEnd(): Promise<void> {
    const { options, ports, claimant } = this.#parts;
    if (this.#position < this.#end) return;
    const { high } = await ports.log.bounds('inputs', options.partition);
    if (high > this.#position + recordsPerTurn) {
      this.#end = high;
      return;
    }
    this.#phase = 'claiming';
    // A claim of ours that was refused earlier and landed all the same.
    if (claimant.owns(this.#engine.owner)) return this.#own();
    const { record } = claimant.claim(options.partition, this.#engine.owner.epoch);
    [this.#claimedAt] = await this.#appender.append('inputs', [record], 'control');
  }

  /** The partition is ours: first what the former owner decided and did not write, then time. */
  async #own(): Promise<void> {
    const { options, ports, signal } = this.#parts;
    await this.#written.catchUp(signal);
    this.#unwritten = this.#unwritten.filter((one) => !this.#written.has(identityOf(one)));
    await this.#write();
    this.#phase = 'owner';
    const { epoch } = this.#engine.owner;
    const { partition, instance } = options;
    const { found, base } = this.#beginning;
    this.#writer = new SnapshotWriter({ log: ports.log, partition, epoch, instance, found, base });
    this.#ticks = new Ticks(
      { partition, epoch, instance, tellsSystem: options.tellsSystem, former: this.#former() },
      { ...ports, appender: this.#appender },
    );
    ports.announce('info', `partition ${partition}: owned, epoch ${epoch}`);
    this.#ticking = this.#ticks.run(AbortSignal.any([signal, this.#ending.signal])).catch(ports.fatal);
  }

  #former() {
    const { logTime } = this.#engine;
    if (logTime === undefined) return undefined;
    const { bootId, instance } = this.#parts.options;
    const { tickOwner } = this.#judge;
    const cause = tickOwner.instance === null || tickOwner.instance === instance ? 'restart' : 'takeover';
    const { n, log, utc, mono } = logTime;
    return { n, log, utc, mono, sameBoot: tickOwner.bootId === bootId, cause } as const;
  }

  async #write(): Promise<void> {
    const { options, ports } = this.#parts;
    const { partition, build, config } = options;
    const origin = { partition, epoch: this.epoch, build, config, writtenAt: Math.floor(ports.clock.wall()) };
    const records = this.#unwritten.flatMap((event) => {
      try {
        return [eventRecord(event, origin)];
      } catch (error) {
        if (!(error instanceof BadRecordError)) throw error;
        ports.onUnwritable(event.input);
        return [];
      }
    });
    await this.#appender.append('alerts', records, 'control');
    ports.onWritten(records.length);
    this.#unwritten = [];
  }

  #need(position: Position): void {
    const { ports, options } = this.#parts;
    ports.needs(`alerting-${options.partition}`, position);
  }

  /** Takes the state and writes it beside the judging; a write that is still going on is left to end first. */
  async #snapshot(): Promise<void> {
    const { ports, options } = this.#parts;
    const writer = this.#writer;
    if (!writer || this.#writing !== undefined) return;
    this.#snapshotDueAt = ports.clock.mono() + snapshotEveryMs;
    this.#appliedAtSnapshot = this.#judge.applied;
    const { high: alerts } = await ports.log.bounds('alerts', 0);
    const inputs = this.#position;
    const taken = await writer.take(this.#engine.snapshot(), { inputs, alerts });
    if (taken.leftOut > 0)
      ports.announce(
        'error',
        `snapshots/${options.partition}: ${taken.leftOut} entries are too large and were left out`,
      );
    this.#writing = this.#writeSnapshot(writer, taken, inputs);
  }

  async #writeSnapshot(writer: SnapshotWriter, taken: TakenSnapshot, inputs: Position): Promise<void> {
    const { ports, options } = this.#parts;
    const takenAt = ports.clock.mono();
    try {
      await writer.write(taken);
      this.#snapshotAt = takenAt;
      // A restart may find this generation unusable and take the one before.
      this.#need(this.#keptFrom);
      this.#keptFrom = inputs;
      ports.onSnapshot();
    } catch (error) {
      if (!(error instanceof LogUnavailableError)) return ports.fatal(error);
      ports.announce('warning', `snapshots/${options.partition}: a generation was not written: ${error.code}`);
    } finally {
      this.#writing = undefined;
    }
  }
}
