// From runs to alerts: a family of rules is true while true for any source (`alerting.md` 4). Compares the rules true now
// with the alert that is open and makes the one transition that the difference is.
import type { AlertState, Flag, TrueRule } from './alert.ts';
import { isHigher, setFlag, setRules } from './alert.ts';
import type { Book } from './book.ts';
import type { Context } from './context.ts';
import type { Trail } from './evidence.ts';
import type { RuleRow } from './rows.ts';
import { isUnconfirmed, type Run } from './run.ts';
import { compare } from './timer.ts';

/** What rules are true for: a stream, or the patient's signals together. */
export interface Source {
  readonly key: string;
  readonly rows: readonly RuleRow[];
  runOf(row: number): Run | null;
  evidenceSince(onsetAt: number): Trail;
}

/** A rule true now, with the run and the source it is true for. */
interface Truth {
  readonly row: RuleRow;
  readonly run: Run;
  readonly source: Source;
}

/** When and why the rules of a family changed. */
export interface Moment {
  readonly at: number;
  readonly acceptedAt: number;
  /** `unassigned`, `discharge`: the source is gone; `rules`: the rules are; undefined: a reading decided. */
  readonly gone?: 'unassigned' | 'discharge' | 'rules';
}

/** Sources whose families may have changed; `book` is the patient's. */
export interface Ward {
  readonly context: Context;
  readonly book: Book;
  readonly sources: readonly Source[];
}

const scope = 'patient';

/** Makes the transition of one family, if there is one. */
export function follow(ward: Ward, family: string, moment: Moment): void {
  const truths = truthsOf(ward.sources, family);
  const alert = ward.book.find(family, scope);
  if (!alert) {
    if (truths.length > 0) raise(ward, family, truths, moment);
  } else if (truths.length === 0) over(ward, alert, moment);
  else goOn(ward, alert, truths, moment);
}

/** Rules true now, the worst first, then by source. */
function truthsOf(sources: readonly Source[], family: string): Truth[] {
  const truths = sources.flatMap((source) =>
    source.rows.flatMap((row, i) => {
      const run = row.family === family ? source.runOf(i) : null;
      return run?.phase === 'raised' ? [{ row, run, source }] : [];
    }),
  );
  return truths.sort((a, b) => b.row.rank - a.row.rank || compare(a.source.key, b.source.key));
}

function raise({ context, book }: Ward, family: string, truths: readonly Truth[], moment: Moment): void {
  const top = truths[0] as Truth;
  book.raise(
    {
      kind: 'physiological',
      family,
      scope,
      rule: top.row.id,
      version: top.row.version,
      first: top.run.first,
      onsetAt: top.run.onsetAt,
      raisedAt: moment.acceptedAt,
      rules: truths.map(trueRule),
      flags: flagsOf(truths),
      cause: null,
      ruleSet: context.rules?.name ?? null,
      trail: top.source.evidenceSince(top.run.onsetAt),
    },
    moment.at,
  );
}

function trueRule({ row, run, source }: Truth): TrueRule {
  return {
    id: row.id,
    version: row.version,
    rank: row.rank,
    priority: row.priority,
    latching: row.latching,
    floor: row.floor,
    onsetAt: run.onsetAt,
    limit: row.limitText,
    reading: run.decided,
    stream: source.key,
    predictive: row.predictive,
    acknowledgeMs: row.acknowledgeMs,
  };
}

function flagsOf(truths: readonly Truth[]): Flag[] {
  const top = truths[0] as Truth;
  const flags: Flag[] = [];
  if (isUnconfirmed(top.run, top.row)) flags.push('unconfirmed');
  if (truths.every(({ run }) => run.marked)) flags.push('doubtful');
  return flags;
}

/** None is true any more: only a reading, a lost source or a person ends it, and each in its own way. */
function over({ book }: Ward, alert: AlertState, moment: Moment): void {
  if (alert.state === 'latched' || alert.state === 'needs-review') return;
  const taken = alert.state === 'acknowledged';
  if (moment.gone === 'rules') {
    alert.state = 'needs-review';
    alert.acknowledged = null;
    alert.calledRevision = alert.revision + 1;
    book.tell(alert, { type: 'needs-review', at: moment.at });
  } else if (moment.gone) {
    book.end(alert, moment.at, moment.gone, !taken && (alert.priority === 'high' || alert.latch === 'high'));
  } else {
    book.end(alert, moment.at, 'cleared', !taken && alert.latch !== null);
  }
}

/** It goes on: worse, milder, or with other rules of the same priority. */
function goOn({ book }: Ward, alert: AlertState, truths: readonly Truth[], { at }: Moment): void {
  const { priority } = alert;
  const wasExpected = alert.rules.every(({ predictive }) => predictive === true);
  const before = `${names(alert.rules)}${alert.flags}`;
  const returned = alert.state === 'latched' || alert.state === 'needs-review';
  const rules = truths.map(trueRule);
  setRules(alert, rules);
  for (const flag of ['unconfirmed', 'doubtful'] as const) setFlag(alert, flag, flagsOf(truths).includes(flag));
  if (returned) book.reassert(alert, at, rules);
  else if (isHigher(alert.priority, priority)) book.worsen(alert, at);
  // What was expected has come: of the same priority, and still worse.
  else if (alert.priority === priority && wasExpected && rules.some(({ predictive }) => !predictive))
    book.worsen(alert, at);
  else if (isHigher(priority, alert.priority)) book.tell(alert, { type: 'eased', at });
  else if (before !== `${names(alert.rules)}${alert.flags}`) book.tell(alert, { type: 'updated', at });
}

function names(rules: readonly TrueRule[]): string {
  return rules.map((rule) => `${rule.id}@${rule.version}@${rule.stream}@${rule.onsetAt};`).join('');
}
