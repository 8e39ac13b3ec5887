// Passing time into the log (ALR-TICK): every 500 ms of the monotonic clock one tick for a partition that is owned.
// Invariants: ticks of an owner are numbered without a gap and their log time never goes back; at most one waits; one that
// the log refused is sent again unchanged, so while nothing can be appended log time stands still; a span without ticks
// becomes a `blind` record in front of the next tick, in the same append. On failure: lateness is counted and announced;
// a mistake of ours ends the loop with its error.
import {
  type Announce,
  type AppendRecord,
  type Blind,
  type Clock,
  encodeInput,
  type System,
  type Tick,
} from '../contract/index.ts';
import type { Appender } from './append.ts';
import { announceEveryMs, blindAfterMs, tickEveryMs, tickLateMs } from './limits.ts';
import { type FormerTime, type Instant, LogTimeKeeper, type WallNews } from './log-time.ts';
import { partitionKey } from './owner.ts';

export interface TicksOptions {
  readonly partition: number;
  readonly epoch: number;
  readonly instance: string;
  /** Only the owner of the key `system` tells what concerns the whole system, so that it is told once. */
  readonly tellsSystem: boolean;
  /** Newest tick of the log; undefined: there was none. */
  readonly former: (FormerTime & { readonly n: number; readonly cause: 'restart' | 'takeover' }) | undefined;
}

export interface TicksPorts {
  readonly appender: Appender;
  readonly clock: Clock;
  readonly announce: Announce;
  readonly timesStuck: () => number;
  readonly busyMs: () => number;
}

/** Milliseconds by cause of lateness and how often, for the role's status. */
export interface TicksStatus {
  readonly late: number;
  /** Monotonic time of the newest late tick and of the newest durable one. */
  readonly lateAt: number | undefined;
  readonly durableAt: number;
  readonly wallJumped: boolean;
}

export class Ticks {
  readonly #options: TicksOptions;
  readonly #ports: TicksPorts;
  readonly #keeper: LogTimeKeeper;
  #n: number;
  /** The newest tick told; none before the first. */
  #told: Instant | undefined;
  #stuck: number;
  #busy: number;
  #appendedAt: number;
  #slowestAppendMs = 0;
  #late = 0;
  #lateAt: number | undefined;
  #announcedAt = Number.NEGATIVE_INFINITY;

  constructor(options: TicksOptions, ports: TicksPorts) {
    this.#options = options;
    this.#ports = ports;
    const { former } = options;
    const mono = ports.clock.mono();
    this.#keeper = new LogTimeKeeper(former, mono, ports.clock.wall());
    this.#n = (former?.n ?? -1) + 1;
    this.#told = former && { log: former.log, utc: former.utc, mono: former.mono };
    this.#stuck = ports.timesStuck();
    this.#busy = ports.busyMs();
    this.#appendedAt = mono;
  }

  get status(): TicksStatus {
    const { jumped: wallJumped } = this.#keeper;
    return { late: this.#late, lateAt: this.#lateAt, durableAt: this.#appendedAt, wallJumped };
  }

  /** Ticks until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, appender } = this.#ports;
    let due = clock.mono();
    let isFirst = true;
    try {
      while (!signal.aborted) {
        if (due > clock.mono()) await clock.sleep(due - clock.mono(), signal);
        const started = clock.mono();
        const lateMs = started - due;
        if (lateMs > tickLateMs) this.#noteLate(lateMs, started);
        await appender.append('inputs', this.#next(isFirst), 'control');
        isFirst = false;
        this.#appendedAt = clock.mono();
        this.#slowestAppendMs = this.#appendedAt - started;
        // Slots that passed meanwhile are skipped: one tick tells them all.
        due += tickEveryMs * (1 + Math.max(0, Math.floor(lateMs / tickEveryMs)));
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** The records of one slot, in order: what was not watched, what the wall clock did, the tick. */
  #next(isFirst: boolean): readonly AppendRecord[] {
    const { clock } = this.#ports;
    const { epoch } = this.#options;
    const mono = clock.mono();
    const news = this.#keeper.advance(mono, clock.wall());
    const now = this.#keeper.now(mono);
    const records: AppendRecord[] = [];
    const cause = this.#blindCause(now, isFirst);
    if (cause !== undefined) records.push(this.#blind(cause, this.#told as Instant, now));
    if (news !== undefined) records.push(...this.#wallRecords(news, now));
    const tick: Tick = { n: this.#n, epoch, log: now.log, mono: Math.round(mono * 1000) / 1000, utc: now.utc };
    records.push(this.#own(encodeInput({ v: 1, kind: 'tick' }, tick)));
    this.#n += 1;
    this.#told = now;
    this.#stuck = this.#ports.timesStuck();
    this.#busy = this.#ports.busyMs();
    return records;
  }

  #blindCause(now: Instant, isFirst: boolean): Blind['cause'] | undefined {
    if (this.#told === undefined) return undefined;
    if (isFirst) return this.#options.former?.cause;
    if (this.#ports.timesStuck() !== this.#stuck) return 'stuck';
    const gapMs = now.mono - this.#told.mono;
    if (gapMs <= blindAfterMs) return undefined;
    if (this.#slowestAppendMs > gapMs / 2) return 'log-down';
    // A process that stood still used no processor.
    return this.#ports.busyMs() - this.#busy > gapMs / 2 ? 'stuck' : 'suspended';
  }

  #blind(cause: Blind['cause'], from: Instant, to: Instant): AppendRecord {
    const { epoch } = this.#options;
    const blind: Blind = { epoch, fromLog: from.log, toLog: to.log, fromUtc: from.utc, toUtc: to.utc, cause };
    this.#ports.announce(
      'warning',
      `partition ${this.#options.partition}: nobody watched ${span(from, to)} (${cause})`,
    );
    return this.#own(encodeInput({ v: 1, kind: 'blind' }, blind));
  }

  #wallRecords(news: WallNews, now: Instant): AppendRecord[] {
    const { partition, epoch, instance: by, tellsSystem } = this.#options;
    this.#ports.announce('warning', `partition ${partition}: the wall clock ${news.kind}${sizeOf(news)}`);
    const records: AppendRecord[] = [];
    if (news.kind === 'stepped') {
      const { utcBefore, utcAfter } = news;
      const value = encodeInput({ v: 1, kind: 'clock-step' }, { epoch, log: now.log, utcBefore, utcAfter });
      records.push(this.#own(value));
    }
    if (tellsSystem) {
      const on = news.kind === 'jumped';
      const detail: System['detail'] = news.kind === 'jumped' ? { stepMs: news.stepMs } : { why: news.kind };
      const body: System = { fact: 'clock-jump', on, since: news.since, detail };
      records.push(this.#own(encodeInput({ v: 1, kind: 'system', by, at: now.utc }, body)));
    }
    return records;
  }

  #own(value: Uint8Array): AppendRecord {
    return { key: partitionKey, partition: this.#options.partition, value };
  }

  #noteLate(lateMs: number, mono: number): void {
    this.#late += 1;
    this.#lateAt = mono;
    if (mono - this.#announcedAt < announceEveryMs) return;
    this.#announcedAt = mono;
    const { partition } = this.#options;
    this.#ports.announce(
      'warning',
      `partition ${partition}: a tick was ${Math.round(lateMs)} ms late (${this.#late} so far)`,
    );
  }
}

function span(from: Instant, to: Instant): string {
  return `from ${new Date(from.utc).toISOString()} to ${new Date(to.utc).toISOString()}`;
}

function sizeOf(news: WallNews): string {
  return news.kind === 'jumped' ? ` by ${news.stepMs} ms` : '';
}
