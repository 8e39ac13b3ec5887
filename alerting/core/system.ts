// What others know about the system itself and tell by a record: one alert for each fact, in the partition of the key
// `system` alone (`records.md` 2).
import type { InputBodies, Priority, TechnicalCause } from '../../contract/index.ts';
import { Book, type BookState } from './book.ts';
import type { Context } from './context.ts';
import type { Gap } from './log-clock.ts';
import { technicalRule } from './technical.ts';
import type { Timer } from './timer.ts';

type Fact = InputBodies['system'];

/** Key of the records, and of the timers. */
export const systemKey = 'system';
const scope = 'system';

/** `alerting.md` 3.1, technical families. */
const weights: Readonly<Record<Fact['fact'], { readonly priority: Priority; readonly floor: boolean }>> = {
  'store-down': { priority: 'low', floor: false },
  'store-lag': { priority: 'low', floor: false },
  'disk-low': { priority: 'low', floor: false },
  'cert-ending': { priority: 'low', floor: false },
  'no-station': { priority: 'high', floor: true },
  undelivered: { priority: 'high', floor: true },
  'canary-lost': { priority: 'high', floor: true },
  'identity-conflict': { priority: 'medium', floor: false },
  'log-down': { priority: 'high', floor: true },
  'clock-jump': { priority: 'high', floor: true },
};

export interface SystemSaved {
  readonly book: BookState;
  /** Newest record of each fact, to tell a copy that lands later. */
  readonly newest: readonly [string, { readonly at: number; readonly on: boolean }][];
}

export class SystemScope {
  readonly #context: Context;
  book: Book;
  #newest = new Map<string, { readonly at: number; readonly on: boolean }>();

  constructor(context: Context) {
    this.#context = context;
    this.book = new Book(context, null);
  }

  take({ fact, on, since }: Fact, at: number): void {
    const newest = this.#newest.get(fact);
    if (newest && (at < newest.at || (at === newest.at && on === newest.on))) {
      this.#context.count('copies');
      return;
    }
    this.#newest.set(fact, { at, on });
    const { priority, floor } = weights[fact];
    if (on) this.raise(fact, fact, priority, floor, since, at);
    else this.clear(fact, at);
  }

  raise(family: string, code: TechnicalCause, priority: Priority, floor: boolean, since: number, at: number): void {
    if (this.book.find(family, scope)) return;
    this.book.raise(
      {
        kind: 'technical',
        family,
        scope,
        rule: family,
        version: 1,
        first: `${family}@${since}`,
        onsetAt: since,
        raisedAt: at,
        rules: [technicalRule(family, priority, floor, since)],
        flags: [],
        cause: { code, id: family },
        ruleSet: null,
        trail: { readings: [], omitted: 0 },
      },
      at,
    );
  }

  clear(family: string, at: number): void {
    const alert = this.book.find(family, scope);
    if (alert) this.book.close(alert, at, 'cleared');
  }

  timers(log: number, into: Timer[]): void {
    this.book.timers(log, into, systemKey);
  }
  rebase(gap: Gap): void {
    this.book.rebase(gap);
  }

  toJSON(): SystemSaved {
    return { book: this.book.toJSON(), newest: [...this.#newest] };
  }
  static restore(saved: SystemSaved, context: Context): SystemScope {
    const system = new SystemScope(context);
    system.book = new Book(context, null).restore(saved.book);
    system.#newest = new Map(saved.newest);
    return system;
  }
}
