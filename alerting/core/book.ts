// The alerts of one subject: a patient, a gateway, or the system. Gives ids from content, tells events, answers every
// acknowledgement exactly once, and holds what is needed to do so. At most one open alert per (family, scope).
import type { Alert, InputBodies } from '../../contract/index.ts';
import {
  type AlertState,
  acknowledge,
  call,
  close,
  openAlert,
  type Raise,
  reassertAt,
  setFlag,
  type Told,
  type TrueRule,
  tell,
} from './alert.ts';
import type { Context } from './context.ts';
import { contentId } from './ids.ts';
import { closedKept, requestsKept } from './limits.ts';
import { afterGap, type Gap } from './log-clock.ts';
import type { Timer } from './timer.ts';

export interface BookState {
  readonly open: AlertState[];
  readonly closed: AlertState[];
  /** By scope and rule: the first reading of the newest alert and how many alerts it has given. */
  readonly ordinals: [string, { first: string; count: number }][];
  readonly requests: string[];
  readonly unknown: number;
}

/** What a new alert is about, and what its id is made of. */
export type New = Omit<Raise, 'id' | 'patient'> & {
  readonly rule: string;
  readonly version: number;
  readonly first: string;
};

/** An acknowledgement as its record has it. */
export interface Request {
  readonly by: string;
  readonly at: number;
  readonly body: InputBodies['acknowledge'];
}

export class Book {
  readonly #context: Context;
  /** Null for gateway and system. */
  readonly patient: string | null;
  open: AlertState[] = [];
  #closed: AlertState[] = [];
  readonly #ordinals = new Map<string, { first: string; count: number }>();
  #requests: string[] = [];
  /** Refusals of alerts that nobody knows. */
  #unknown = 0;

  constructor(context: Context, patient: string | null) {
    this.#context = context;
    this.patient = patient;
  }

  find(family: string, scope: string): AlertState | undefined {
    return this.open.find((alert) => alert.family === family && alert.scope === scope);
  }
  /** True if the alert is one of this subject's, open or lately closed. */
  knows(id: string): boolean {
    return this.open.some((alert) => alert.id === id) || this.#closed.some((alert) => alert.id === id);
  }

  /** Opens an alert and tells it. */
  raise(alert: New, at: number): AlertState {
    const { rule, version, first, ...rest } = alert;
    const ordinal = this.#ordinalOf(`${alert.scope}|${rule}`, first);
    const parts = ['alert', this.patient, alert.scope, rule, version, first, ordinal];
    const opened = openAlert({ ...rest, id: contentId('a', parts, this.#context.sha256), patient: this.patient });
    this.open.push(opened);
    this.#context.count('alerts-raised');
    this.tell(opened, { type: 'raised', at });
    return opened;
  }

  /** Alerts of one rule that began with the same reading: numbered, or the later would pass for a copy of the earlier. */
  #ordinalOf(key: string, first: string): number {
    const last = this.#ordinals.get(key);
    if (last?.first === first) return last.count++;
    this.#ordinals.set(key, { first, count: 1 });
    return 0;
  }

  /** Tells the event of a transition just made. */
  tell(alert: AlertState, told: Told, same = false): void {
    this.#context.emit({ kind: 'alert', body: tell(alert, told, this.#context.sha256, same) });
  }

  close(alert: AlertState, at: number, why: NonNullable<Alert['closedWhy']>): void {
    close(alert, at, why);
    this.#putAway(alert);
    this.tell(alert, { type: 'closed', at });
  }

  #putAway(alert: AlertState): void {
    this.open = this.open.filter((each) => each !== alert);
    this.#closed = [...this.#closed, alert].slice(-closedKept);
  }

  /** Nobody is needed for it any more: an alert whose condition is over. */
  end(alert: AlertState, at: number, why: NonNullable<Alert['closedWhy']>, latched: boolean): void {
    setFlag(alert, 'data-lost', false);
    if (!latched) {
      this.close(alert, at, why);
      return;
    }
    if (alert.state === 'latched') return;
    alert.state = 'latched';
    alert.latch ??= alert.priority;
    this.tell(alert, { type: 'latched', at });
  }

  /** Takes an acknowledgement. Each request gets exactly one event; a copy of a request gets none. */
  acknowledge(request: Request): void {
    const { requestId } = request.body;
    if (this.#requests.includes(requestId)) {
      this.#context.count('requests-copied');
      return;
    }
    this.#requests = [...this.#requests, requestId].slice(-requestsKept);
    const alert = [...this.open, ...this.#closed].find((each) => each.id === request.body.alert);
    if (!alert) this.#refuseUnknown(request);
    else this.#answer(alert, request);
  }

  #answer(alert: AlertState, request: Request): void {
    const { by, at, body } = request;
    const told = { at, requestId: body.requestId, by };
    const refused = refusalOf(alert, body.revision);
    if (alert.acknowledged?.by === by && (refused === 'not-active' || refused === 'closed')) {
      this.tell(alert, { ...told, type: 'acknowledged' }, true);
    } else if (refused) {
      this.tell(alert, { ...told, type: 'ack-refused', refused });
    } else {
      this.#take(alert, request);
      this.tell(alert, { ...told, type: 'acknowledged' });
    }
  }

  /** What only waited for a person is over with it. */
  #take(alert: AlertState, { by, at, body }: Request): void {
    const waited = alert.state === 'latched' || alert.state === 'needs-review';
    acknowledge(alert, by, at, body.verdict ?? null, this.#context.clock.arrival(at));
    if (!waited) return;
    close(alert, at, 'acknowledged');
    this.#putAway(alert);
  }

  /** Nothing is known of the alert: the answer names it and says no more. Its event ids cannot meet those of an alert. */
  #refuseUnknown({ by, at, body }: Request): void {
    this.#unknown++;
    const alert = openAlert({
      id: body.alert,
      patient: this.patient,
      kind: 'technical',
      family: 'unknown',
      scope: 'unknown',
      onsetAt: at,
      raisedAt: at,
      rules: [],
      flags: [],
      cause: null,
      ruleSet: null,
      trail: { readings: [], omitted: 0 },
    });
    close(alert, at, 'cleared');
    alert.revision = body.revision;
    const told = { type: 'ack-refused', at, requestId: body.requestId, by, refused: 'unknown-alert' } as const;
    const event = tell(alert, told, this.#context.sha256);
    const id = contentId('e', ['event', body.alert, this.#unknown, body.requestId], this.#context.sha256);
    this.#context.emit({ kind: 'alert', body: { ...event, event: id, n: this.#unknown } });
  }

  /** Calls for a person once more. */
  reassert(alert: AlertState, at: number, rules: readonly TrueRule[] = alert.rules): void {
    alert.rules = [...rules];
    call(alert);
    this.tell(alert, { type: 'reasserted', at });
  }

  /** Of higher priority than before: an acknowledgement was of something milder. */
  worsen(alert: AlertState, at: number): void {
    call(alert);
    this.tell(alert, { type: 'worsened', at });
  }

  /** Acknowledgements that have run out by log time. */
  timers(log: number, into: Timer[], key: string): void {
    for (const alert of this.open) {
      const at = reassertAt(alert);
      if (at > log) continue;
      into.push({
        at,
        patient: key,
        family: alert.family,
        scope: alert.scope,
        rule: '',
        fire: () => {
          if (reassertAt(alert) <= log) this.reassert(alert, this.#context.clock.toUtc(at));
        },
      });
    }
  }

  /** The earliest log time at which this book has something to say. */
  get nextAt(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.open.map(reassertAt));
  }

  rebase(gap: Gap): void {
    for (const { acknowledged } of this.open) {
      if (acknowledged) acknowledged.arrival.log = afterGap(acknowledged.arrival.log, acknowledged.arrival.utc, gap);
    }
  }

  toJSON(): BookState {
    return {
      open: this.open,
      closed: this.#closed,
      ordinals: [...this.#ordinals],
      requests: this.#requests,
      unknown: this.#unknown,
    };
  }
  restore(saved: BookState): this {
    this.open = saved.open;
    this.#closed = saved.closed;
    for (const [key, ordinal] of saved.ordinals) this.#ordinals.set(key, ordinal);
    this.#requests = saved.requests;
    this.#unknown = saved.unknown;
    return this;
  }
}

/** Why an acknowledgement cannot be taken; undefined if it can (`alerting.md` 4). */
function refusalOf(alert: AlertState, revision: number): 'revision' | 'closed' | 'not-active' | undefined {
  if (alert.state === 'closed') return 'closed';
  if (alert.state === 'acknowledged') return 'not-active';
  return revision < alert.calledRevision || revision > alert.revision ? 'revision' : undefined;
}
