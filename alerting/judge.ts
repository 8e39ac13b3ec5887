// Feeds the core from the log, record by record. A record that cannot be read, or that the core fails on, is counted,
// announced by its position and passed over: it stays in `inputs`, and it never blocks those behind it (ING-POISON).
import { type Announce, BadRecordError, decodeInput, type InputRecord, type LogRecord } from '../contract/index.ts';
import type { CoreEvent, PartitionEngine } from './core/index.ts';
import type { UnwrittenEvent } from './events.ts';
import { poisonAnnouncedMax } from './limits.ts';

/** Who told the newest tick, as far as it is known. */
export interface TickOwner {
  readonly bootId: string | null;
  readonly instance: string | null;
}

/** The newest valid claim as the reader of the log knows it. */
export interface JudgeOptions {
  readonly partition: number;
  readonly engine: PartitionEngine;
  readonly announce: Announce;
  /** Who owned the partition when the restored generation was written. */
  readonly instance: string | null;
}

export class Judge {
  readonly #options: JudgeOptions;
  #instance: string | null;
  #tickOwner: TickOwner;
  /** Used again for each record: most decide nothing. */
  readonly #events: CoreEvent[] = [];
  #poisoned = 0;
  #applied = 0;

  constructor(options: JudgeOptions) {
    this.#options = options;
    this.#instance = options.instance;
    const { owner, logTime } = options.engine;
    const isOwners = logTime !== undefined && logTime.epoch === owner.epoch;
    this.#tickOwner = { bootId: isOwners ? owner.bootId : null, instance: options.instance };
  }

  get applied(): number {
    return this.#applied;
  }

  get poisoned(): number {
    return this.#poisoned;
  }

  get tickOwner(): TickOwner {
    return this.#tickOwner;
  }

  /** Judges one record; what it decides is pushed to `out`. */
  take(record: LogRecord, out: UnwrittenEvent[]): void {
    this.#applied += 1;
    const input = this.#read(record);
    if (input === undefined) return;
    this.#apply(input, record.position);
    for (const event of this.#events) out.push({ event, input: record.position });
    this.#events.length = 0;
    if (input.kind === 'tick' || input.kind === 'owner') this.#followOwner(input);
  }

  #read(record: LogRecord): InputRecord | undefined {
    try {
      return decodeInput(record.value);
    } catch (error) {
      if (!(error instanceof BadRecordError)) throw error;
      this.#setAside(record.position, error.message);
      return undefined;
    }
  }

  #apply(input: InputRecord, position: number): void {
    try {
      this.#options.engine.apply(input, position, this.#events);
    } catch (error) {
      // The core keeps one patient's error to that patient; what comes out here is its own mistake. Ending the process
      // would bring the same record again at every start, and nobody would be watched.
      this.#setAside(position, error instanceof Error ? error.name : 'an error');
    }
  }

  #setAside(position: number, why: string): void {
    this.#poisoned += 1;
    if (this.#poisoned > poisonAnnouncedMax) return;
    const { partition, announce } = this.#options;
    announce('error', `inputs/${partition}: the record at ${position} is set aside: ${why}`);
  }

  #followOwner(input: Extract<InputRecord, { kind: 'tick' | 'owner' }>): void {
    const { owner, logTime } = this.#options.engine;
    if (input.kind === 'owner') {
      if (owner.id === input.body.id) this.#instance = input.body.instance;
    } else if (logTime?.epoch === input.body.epoch) {
      this.#tickOwner = { bootId: owner.bootId, instance: this.#instance };
    }
  }
}
