// Technical alerts of a source (`alerting.md` 2.7, 2.9): one open alert for each signal of each source, named by its most
// specific cause. Never merged with physiology (ALR-TECH), never latched, never lowered before data.
import type { Priority, TechnicalCause } from '../../contract/index.ts';
import { type AlertState, higher, isHigher, type TrueRule } from './alert.ts';
import type { Book } from './book.ts';
import { type Context, isRuled } from './context.ts';
import { acknowledgeMs, clockUnsureToldMs, degradedToldMs, settleMs } from './limits.ts';
import type { Link } from './link.ts';
import { assess, nextInstant } from './monitoring.ts';
import type { Stream } from './stream.ts';
import type { Timer } from './timer.ts';
import type { Watch } from './watch.ts';

/** Glucose below this and falling: silence may hide an emergency. */
const riskGlucose = 80;

/** Family of a signal whose values come, but not well enough: ends where the loss of it begins. */
const degradedFamily = 'degraded';

/** A rule that is true by silence or by a person's word: no limit, no reading. */
export function technicalRule(
  family: string,
  priority: Priority,
  floor: boolean,
  onsetAt: number,
  stream = '',
): TrueRule {
  return {
    id: family,
    version: 1,
    rank: 0,
    priority,
    latching: false,
    floor,
    onsetAt,
    limit: null,
    reading: null,
    stream,
    acknowledgeMs: acknowledgeMs[priority],
  };
}

/** What the watching of one patient's signals needs to know of the patient. */
export interface Watched {
  readonly id: string;
  readonly context: Context;
  readonly book: Book;
  readonly failing: boolean;
  linkOf(gateway: string): Link;
  /** A stream was lost or came back: alerts that rest on it say so. */
  followData(stream: string, at: number): void;
}

/** One signal of a source under watch: its state as told to the outside, and its technical alert. */
export class Sentry {
  readonly #patient: Watched;
  readonly #stream: Stream;
  readonly #watch: Watch;

  constructor(patient: Watched, stream: Stream, watch: Watch) {
    this.#patient = patient;
    this.#stream = stream;
    this.#watch = watch;
  }

  get #scope(): string {
    return `source:${this.#stream.key}`;
  }
  get #link(): Link {
    return this.#patient.linkOf(this.#watch.facts.gateway);
  }
  get #alert(): AlertState | undefined {
    const alert = this.#technical;
    return alert?.family === degradedFamily ? undefined : alert;
  }
  /** The signal's one open technical alert. */
  get #technical(): AlertState | undefined {
    return this.#patient.book.open.find((alert) => alert.kind === 'technical' && alert.scope === this.#scope);
  }

  /** After a live usable reading: an open alert ends once enough of them have come. */
  heard(at: number, log: number): void {
    const alert = this.#alert;
    if (alert && !this.#watch.fault) {
      this.#watch.recoverFrom ??= at;
      const settled = !this.#watch.fast || at >= this.#watch.recoverFrom + settleMs;
      if (settled) this.#close(alert, at);
    }
    this.reassess(log, at);
  }

  /** The device says that all is well again: with fresh data nothing is left to wait for. */
  cleared(at: number, log: number): void {
    const alert = this.#alert;
    const fresh = this.#watch.heard && !this.#watch.bad && log < this.#watch.deadline;
    if (alert && fresh && !this.#watch.fast) this.#close(alert, at);
    this.reassess(log, at);
  }

  #close(alert: AlertState, at: number): void {
    this.#watch.recoverFrom = null;
    this.#patient.book.close(alert, Math.max(at, this.#watch.shown.at), 'data-back');
  }

  /** Looks again at an instant of log time, which is `at` in UTC, and tells what has changed. */
  reassess(log: number, at: number): void {
    const watch = this.#watch;
    const { state, cause, since } = this.#assess(log);
    watch.assessedLog = Math.max(watch.assessedLog, log);
    const { shown } = watch;
    if (shown.state !== state || shown.cause !== cause) {
      const monotonic = Math.max(at, shown.at);
      watch.shown = { at: monotonic, state, cause, since: since ?? monotonic };
      this.#show();
      if (state === 'not-monitored') watch.recoverFrom = null;
    }
    this.#lost(watch.shown.at);
    this.#degraded(log, watch.shown.at);
    this.#follow(log, Math.max(at, shown.at));
    watch.calm = state === 'monitored' && !this.#alert;
  }

  #assess(log: number) {
    const { context, failing } = this.#patient;
    return assess(
      this.#watch,
      {
        link: this.#link,
        noRules: context.rules === null,
        failing,
        unruled: this.#stream.isVital && !isRuled(context.rules, this.#stream.signal),
        alerting: this.#alert?.cause?.code ?? null,
      },
      log,
    );
  }

  #show(): void {
    const { at, state, cause, since } = this.#watch.shown;
    const { device: source, signal } = this.#stream;
    const body = { at, patient: this.#patient.id, signal, source, state, cause, since };
    this.#patient.context.emit({ kind: 'monitoring', body });
  }

  /**
   * Nobody judged between the two instants: told as a range, then what the signal is after it. Records that came in
   * meanwhile stand before it in the log and may have told states inside the range: the range counts.
   */
  blind(fromUtc: number, toUtc: number, toLog: number): void {
    const watch = this.#watch;
    const before = watch.shown;
    watch.shown = { at: fromUtc, state: 'not-monitored', cause: 'blind', since: fromUtc };
    this.#show();
    const { state, cause, since } = this.#assess(toLog);
    const goesOn = state !== 'monitored' && before.state === state && before.cause === cause;
    const at = Math.max(toUtc, before.at);
    watch.shown = { at, state, cause, since: goesOn ? before.since : (since ?? at) };
    watch.assessedLog = Math.max(watch.assessedLog, toLog);
    this.#show();
    this.#lost(at);
    this.#degraded(toLog, at);
    watch.calm = state === 'monitored' && !this.#alert;
  }

  /** No longer due: its alert ends with it. */
  end(at: number, why: 'unassigned' | 'discharge'): void {
    const alert = this.#technical;
    const time = Math.max(at, this.#watch.shown.at);
    if (alert) this.#patient.book.close(alert, time, why);
    this.#watch.shown = { at: time, state: 'ended', cause: null, since: time };
    this.#show();
  }

  /** Marks physiological alerts whose every source is lost; they stay, with their priority (ALR-CLEAR). */
  #lost(at: number): void {
    this.#patient.followData(this.#stream.key, at);
  }

  /** Brings an open alert up to what is known now: worse, or of a more specific cause. */
  #follow(log: number, at: number): void {
    const alert = this.#alert;
    const { state } = this.#watch.shown;
    if (!alert || state !== 'not-monitored') return;
    const cause = this.#cause(log);
    const known = alert.cause?.code === cause.code;
    alert.cause = cause;
    const priority = this.#priority(log);
    if (isHigher(priority, alert.priority)) this.#worsen(alert, priority, at);
    else if (!known) this.#patient.book.tell(alert, { type: 'updated', at });
  }

  #worsen(alert: AlertState, priority: Priority, at: number): void {
    const [rule] = alert.rules;
    alert.priority = priority;
    alert.peak = higher(alert.peak, priority);
    alert.floor = alert.floor || this.#atRisk;
    if (rule) alert.rules = [{ ...rule, priority, floor: alert.floor, acknowledgeMs: acknowledgeMs[priority] }];
    this.#patient.book.worsen(alert, at);
  }

  /** Since when it is less than well; an alert that said so ends with it, also where the signal is lost altogether. */
  #degraded(log: number, at: number): void {
    const { state, cause } = this.#watch.shown;
    const alert = this.#technical;
    const told = alert?.family === degradedFamily ? alert : undefined;
    if (state !== 'degraded') {
      this.#watch.degradedLog = null;
      if (told) this.#patient.book.close(told, at, state === 'monitored' ? 'data-back' : 'cleared');
      return;
    }
    this.#watch.degradedLog ??= log;
    if (!told || cause === null || told.cause?.code === cause) return;
    told.cause = { code: cause, id: `${cause}:${this.#stream.device}` };
    this.#patient.book.tell(told, { type: 'updated', at });
  }

  /** Log time at which that has lasted long enough to be told; a lost gateway's own alert speaks for its signals. */
  get #degradedAt(): number {
    const { degradedLog, shown } = this.#watch;
    if (degradedLog === null || shown.cause === 'gateway-lost' || this.#technical) return Number.POSITIVE_INFINITY;
    return degradedLog + (shown.cause === 'clock-unsure' ? clockUnsureToldMs : degradedToldMs);
  }

  #raiseDegraded(due: number, log: number): void {
    const { cause } = this.#watch.shown;
    if (this.#degradedAt > log || cause === null) return;
    this.#open(degradedFamily, this.#watch.shown.since, due, { code: cause, id: `${cause}:${this.#stream.device}` }, [
      technicalRule(degradedFamily, 'low', false, this.#watch.shown.since, this.#stream.key),
    ]);
  }

  #cause(log: number): { code: TechnicalCause; id: string } {
    const { cause } = this.#watch;
    const link = this.#link;
    const unspecific = cause === 'stale' || cause === 'never-received';
    if (unspecific && link.heard && link.isLostAt(log)) return { code: 'gateway-lost', id: link.causeId };
    return { code: cause, id: `${cause}:${this.#stream.device}` };
  }

  #priority(log: number): Priority {
    if (this.#atRisk) return 'high';
    const lost = this.#link.heard !== null && this.#link.isLostAt(log);
    return lost || log >= this.#watch.mediumAt ? 'medium' : 'low';
  }

  /** Silence here may hide harm: an open alert rests on this signal, or glucose was low and falling. */
  get #atRisk(): boolean {
    const { signal, value, falling, key } = this.#stream;
    if (signal === 'glucose' && value !== null && value < riskGlucose && falling) return true;
    return this.#patient.book.open.some(
      (alert) =>
        alert.kind === 'physiological' && alert.priority !== 'low' && alert.rules.some((rule) => rule.stream === key),
    );
  }

  /** Log time at which its alert is due; infinite while one is open, or while its gateway's alert speaks for it. */
  #raiseAt(log: number): number {
    const { deadline, faultAt, poorAt } = this.#watch;
    const due = Math.min(deadline, faultAt, poorAt);
    if (due > log || this.#alert) return due > log ? due : Number.POSITIVE_INFINITY;
    const link = this.#link;
    if (link.heard && link.isLostAt(log) && !this.#atRisk) return Number.POSITIVE_INFINITY;
    // Data come seconds after the first beat of a gateway that is back: until then its signals stay marked as they were.
    return due < link.restoredLog ? link.restoredLog + settleMs : due;
  }

  #raise(due: number, log: number): void {
    if (this.#raiseAt(log) > log) return;
    const family = familyOf(this.#watch.cause);
    const onsetAt = this.#watch.silentSince;
    this.#open(family, onsetAt, due, this.#cause(due), [
      technicalRule(family, this.#priority(due), this.#atRisk, onsetAt, this.#stream.key),
    ]);
    this.#watch.calm = false;
  }

  #open(family: string, onsetAt: number, due: number, cause: NonNullable<AlertState['cause']>, rules: TrueRule[]) {
    const { context, book } = this.#patient;
    const at = Math.max(context.clock.toUtc(due), 0);
    const { heard, facts } = this.#watch;
    book.raise(
      {
        kind: 'technical',
        family,
        scope: this.#scope,
        rule: family,
        version: 1,
        first: heard ? `${this.#stream.device}/${heard.boot}/${heard.seq}` : facts.assignment,
        onsetAt,
        raisedAt: at,
        rules,
        flags: [],
        cause,
        ruleSet: null,
        trail: { readings: [], omitted: 0 },
      },
      at,
    );
  }

  /** Log time at which an open low alert turns medium. */
  get #mediumAt(): number {
    const silent = this.#watch.shown.state === 'not-monitored' && this.#alert?.priority === 'low';
    return silent ? Math.max(this.#watch.mediumAt, 0) : Number.POSITIVE_INFINITY;
  }

  /** All that log time has made due. */
  timers(log: number, into: Timer[]): void {
    const { toUtc } = this;
    const add = (at: number, family: string, fire: () => void) => {
      if (at <= log) into.push({ at, patient: this.#patient.id, family, scope: this.#scope, rule: '', fire });
    };
    const instant = nextInstant(this.#watch, this.#link, this.#watch.assessedLog);
    add(instant, '', () => this.reassess(instant, toUtc(instant)));
    const due = this.#raiseAt(log);
    add(due, familyOf(this.#watch.cause), () => this.#raise(due, log));
    const degraded = this.#degradedAt;
    add(degraded, degradedFamily, () => this.#raiseDegraded(degraded, log));
    const medium = this.#mediumAt;
    add(medium, familyOf(this.#watch.cause), () => this.#follow(log, toUtc(medium)));
  }

  readonly toUtc = (log: number): number => this.#patient.context.clock.toUtc(log);

  /** The earliest log time after `log` at which it has something to say; a lower bound. */
  nextAt(log: number): number {
    const instant = nextInstant(this.#watch, this.#link, this.#watch.assessedLog);
    return Math.min(instant, this.#raiseAt(log), this.#mediumAt, this.#degradedAt);
  }
}

/** Families of technical alerts; a signal never received is silent too. */
function familyOf(cause: TechnicalCause): string {
  return cause === 'poor-signal' || cause === 'sensor-fault' || cause === 'lead-off' ? cause : 'stale';
}
