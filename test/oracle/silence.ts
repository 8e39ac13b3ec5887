// One signal whose silence somebody has to notice (`alerting.md` 2.7, 2.9, 6). What is due is asked for at each instant anew.
import { type ExpectedEvent, higher, isHigher } from './expected.ts';
import { degradedToldMs, factsOf, poorMs, settleMs } from './facts.ts';
import { type Arrived, type GivenSignal, type Ticks, tickBefore } from './given.ts';
import type { Priority } from './rule-file.ts';

export interface SilenceFacts {
  readonly patient: string;
  readonly signal: GivenSignal;
  readonly ticks: Ticks;
  readonly assignedAt: number;
  /** No rule looks at it: its values come and nobody judges them. */
  readonly isUnruled: boolean;
}

interface Open {
  readonly family: string;
  priority: Priority;
  peak: Priority;
}

export class Silence {
  readonly #facts: SilenceFacts;
  readonly #ages;
  /** Log time at which the newest usable reading was new. */
  #newest: number | null = null;
  /** Messages without a usable reading since: log times. */
  #bad: number[] = [];
  isLost = true;
  /** Since when it is less than well, log time. */
  #lessSince: number | null = null;
  #less: Open | null = null;
  #open: Open | null = null;
  /** Effective time of the first usable reading since it was lost. */
  #backSince: number | null = null;
  readonly events: ExpectedEvent[] = [];

  constructor(facts: SilenceFacts) {
    this.#facts = facts;
    this.#ages = factsOf(facts.signal.name);
  }

  get name(): string {
    return this.#facts.signal.name;
  }

  /** Log time from which silence is a loss. */
  get #lowAt(): number {
    const { ticks, assignedAt, signal } = this.#facts;
    if (this.#newest === null) return tickBefore(ticks, assignedAt) + signal.firstWithinMs;
    return this.#newest + this.#ages.lowMs;
  }
  get #poorAt(): number {
    const [first, second] = this.#bad;
    if (first === undefined) return Number.POSITIVE_INFINITY;
    if (this.#isFast) return (this.#newest ?? first) + poorMs;
    return second ?? Number.POSITIVE_INFINITY;
  }
  get #lostAt(): number {
    return Math.min(this.#lowAt, this.#poorAt);
  }
  get #mediumAt(): number {
    return this.#lowAt + this.#ages.mediumMs - this.#ages.lowMs;
  }
  get #isFast(): boolean {
    return settleMs(this.#facts.signal.everyMs) > 0;
  }
  get #lateAt(): number {
    return this.#newest === null ? Number.POSITIVE_INFINITY : this.#newest + this.#ages.degradedMs;
  }

  /** The next log time at which something is due; infinite if only a reading can change anything. */
  get dueAt(): number {
    const due: number[] = [];
    if (!this.isLost) due.push(this.#lostAt);
    else if (this.#open === null) due.push(this.#lostAt);
    if (!this.isLost && this.#lessSince === null) due.push(this.#lateAt);
    if (this.#lessSince !== null && this.#less === null && this.#open === null) {
      due.push(this.#lessSince + degradedToldMs);
    }
    if (this.isLost && this.#open?.priority === 'low') due.push(this.#mediumAt);
    return Math.min(Number.POSITIVE_INFINITY, ...due);
  }

  /** What is due at `at` happens. `isRisk`: silence here may hide harm. */
  due(at: number, isRisk: boolean): void {
    if (this.#lessSince !== null && this.#less === null && at === this.#lessSince + degradedToldMs) {
      this.#less = { family: 'degraded', priority: 'low', peak: 'low' };
      this.#tell('raised', at, this.#less);
    }
    if (at === this.#lateAt && !this.isLost) this.#lessSince ??= at;
    if (at === this.#lostAt && (!this.isLost || this.#open === null)) this.#lose(at, isRisk);
    if (at === this.#mediumAt && this.#open?.priority === 'low') this.#worsen(at, 'medium');
  }

  #lose(at: number, isRisk: boolean): void {
    this.isLost = true;
    this.#backSince = null;
    this.#well(at);
    const priority = isRisk ? 'high' : at >= this.#mediumAt ? 'medium' : 'low';
    if (this.#open === null) {
      this.#open = { family: this.#bad.length > 0 ? 'poor-signal' : 'stale', priority, peak: priority };
      this.#tell('raised', at, this.#open);
    } else if (isHigher(priority, this.#open.priority)) this.#worsen(at, priority);
  }

  #worsen(at: number, priority: Priority): void {
    if (!this.#open) return;
    this.#open.priority = priority;
    this.#open.peak = higher(this.#open.peak, priority);
    this.#tell('worsened', at, this.#open);
  }

  /** Less than well no more. */
  #well(at: number): void {
    this.#lessSince = null;
    if (this.#less) this.#tell('closed', at, this.#less);
    this.#less = null;
  }

  /** A live message came. */
  hear({ at, acceptedAt, usable }: Arrived): void {
    const log = tickBefore(this.#facts.ticks, acceptedAt);
    if (!usable) {
      this.#bad.push(log);
      this.#backSince = null;
      return;
    }
    this.#newest = log - Math.max(0, acceptedAt - at);
    this.#bad = [];
    this.isLost = false;
    if (this.#open) {
      this.#backSince ??= at;
      if (at >= this.#backSince + settleMs(this.#facts.signal.everyMs)) {
        this.#tell('closed', at, this.#open);
        this.#open = null;
      }
    }
    if (this.#facts.isUnruled) this.#lessSince ??= log;
    else if (this.#open === null) this.#well(at);
  }

  /** Nobody has to notice any more. */
  end(at: number): void {
    this.#well(at);
    if (this.#open) this.#tell('closed', at, this.#open);
    this.#open = null;
  }

  #tell(type: ExpectedEvent['type'], at: number, { family, priority, peak }: Open): void {
    const { patient } = this.#facts;
    const none = { onsetAt: null, value: null, limit: null };
    this.events.push({
      at,
      type,
      patient,
      kind: 'technical',
      family,
      signal: this.name,
      rule: family,
      priority,
      peak,
      ...none,
    });
  }
}
