// A gateway, judged in the partition of its own key alone, so that its loss is one alert however many patients it serves
// (ALR-GROUP). Their signals are marked where the patients are judged, with the same cause id.
import { Book, type BookState } from './book.ts';
import type { Context } from './context.ts';
import { Link, type LinkState } from './link.ts';
import type { Arrival, Gap } from './log-clock.ts';
import { remember } from './revisions.ts';
import { technicalRule } from './technical.ts';
import type { Timer } from './timer.ts';

export interface GatewaySaved {
  readonly id: string;
  readonly link: LinkState;
  readonly assignments: readonly [string, number][];
  readonly ended: readonly [string, number][];
  readonly book: BookState;
}

const family = 'gateway-lost';

export class Gateway {
  readonly id: string;
  readonly #context: Context;
  book: Book;
  #link: Link;
  /** Assignments that rely on it, and those that did, by revision. */
  readonly #assignments = new Map<string, number>();
  readonly #ended = new Map<string, number>();

  constructor(id: string, context: Context, armed: Arrival) {
    this.id = id;
    this.#context = context;
    this.book = new Book(context, null);
    this.#link = new Link(id, armed);
  }

  get #scope(): string {
    return `gateway:${this.id}`;
  }

  /** Somebody relies on it: the assignments say who. Before any is known, what has been heard is missed too. */
  get #armed(): boolean {
    return this.#assignments.size > 0 || (this.#ended.size === 0 && this.#link.heard !== null);
  }

  /** An assignment through it begins, goes on or is over. */
  assign(id: string, revision: number, on: boolean, arrival: Arrival): void {
    if (revision <= Math.max(this.#assignments.get(id) ?? 0, this.#ended.get(id) ?? 0)) return;
    const idle = this.#assignments.size === 0;
    this.#assignments.delete(id);
    this.#ended.delete(id);
    if (on) this.#assignments.set(id, revision);
    else remember(this.#ended, id, revision);
    if (on && idle && this.#link.heard === null) this.#link.armed = { ...arrival };
    const alert = this.book.find(family, this.#scope);
    if (alert && !this.#armed) this.book.close(alert, Math.max(arrival.utc, alert.raisedAt), 'unassigned');
  }

  beat(beat: { boot: number; beat: number }, acceptedAt: number): void {
    if (!this.#link.hear(beat, this.#context.clock.arrival(acceptedAt))) {
      this.#context.count('beats-copied');
      return;
    }
    const alert = this.book.find(family, this.#scope);
    if (alert) this.book.close(alert, Math.max(acceptedAt, alert.raisedAt), 'data-back');
  }

  timers(log: number, into: Timer[]): void {
    this.book.timers(log, into, this.id);
    const at = this.#link.lostAt;
    if (at > log || !this.#armed || this.book.find(family, this.#scope)) return;
    into.push({ at, patient: this.id, family, scope: this.#scope, rule: '', fire: () => this.#raise(at) });
  }

  #raise(lostAt: number): void {
    const at = this.#context.clock.toUtc(lostAt);
    const onsetAt = this.#link.sinceUtc;
    this.book.raise(
      {
        kind: 'technical',
        family,
        scope: this.#scope,
        rule: family,
        version: 1,
        first: this.#link.newest,
        onsetAt,
        raisedAt: at,
        rules: [technicalRule(family, 'medium', true, onsetAt)],
        flags: [],
        cause: { code: 'gateway-lost', id: this.#link.causeId },
        ruleSet: null,
        trail: { readings: [], omitted: 0 },
      },
      at,
    );
  }

  rebase(gap: Gap, distrust: boolean): void {
    this.#link.rebase(gap, distrust);
    this.book.rebase(gap);
  }

  toJSON(): GatewaySaved {
    return {
      id: this.id,
      link: this.#link.toJSON(),
      assignments: [...this.#assignments],
      ended: [...this.#ended],
      book: this.book.toJSON(),
    };
  }
  static restore(saved: GatewaySaved, context: Context): Gateway {
    const gateway = new Gateway(saved.id, context, saved.link.armed);
    gateway.#link = Link.restore(saved.link);
    for (const [id, revision] of saved.assignments) gateway.#assignments.set(id, revision);
    for (const [id, revision] of saved.ended) gateway.#ended.set(id, revision);
    gateway.book = new Book(context, null).restore(saved.book);
    return gateway;
  }
}
