// Rules that look at a patient's signals together: composites in three-valued logic (`alerting.md` 2.10) and NEWS2 (2.11).
// Judged at readings alone, after the rules of the reading's own stream; what they need is asked of the streams anew each
// time, so nothing of it can be out of date. They add alerts and take none away from their operands.
import type { Condition, EvidenceReading, Vital } from '../../contract/index.ts';
import type { CompiledRules } from './compile.ts';
import type { Source } from './episode.ts';
import { emptyTrail, extend, type Trail } from './evidence.ts';
import { news2Vitals, type Observed, parameterOf, sameBand, scoreOf } from './news2.ts';
import { isGood } from './reading-code.ts';
import { isOfPatient, isViolating, type RuleRow, type Verdict } from './rows.ts';
import { idleRun, type Judged, type Run, type Step, step } from './run.ts';
import type { Change, Stream } from './stream.ts';

/** True, false or unknown. */
export type Truth = boolean | null;

export function all(truths: readonly Truth[]): Truth {
  if (truths.includes(false)) return false;
  return truths.includes(null) ? null : true;
}
export function any(truths: readonly Truth[]): Truth {
  if (truths.includes(true)) return true;
  return truths.includes(null) ? null : false;
}
export function not(truth: Truth): Truth {
  return truth === null ? null : !truth;
}

export interface TogetherState {
  readonly runs: readonly { readonly rule: string; readonly run: Run }[];
}

/** Observations by hand come from devices of this name (`interfaces.md` 4). */
const byHand = 'manual-';

export class Together implements Source {
  readonly key = 'patient';
  rows: readonly RuleRow[] = [];
  #runs: Run[] = [];
  #vitals = new Set<string>();
  /** The newest truth of each composite, for those that stand on it. */
  readonly #truths = new Map<string, Truth>();

  runOf(row: number): Run | null {
    return this.#runs[row] ?? null;
  }
  evidenceSince(onsetAt: number): Trail {
    const trail = emptyTrail();
    for (const { decided } of this.#runs) if (decided && decided.takenAt >= onsetAt) extend(trail, decided);
    return trail;
  }
  get #isBusy(): boolean {
    return this.#runs.some(({ phase }) => phase !== 'idle');
  }

  /** Takes new rules; runs of unchanged ones go on. */
  adopt(rules: CompiledRules | null): void {
    const before = new Map(this.rows.map((row, i) => [row.text, this.#runs[i] as Run]));
    this.rows = rules?.rows.filter(isOfPatient) ?? [];
    this.#runs = this.rows.map((row) => before.get(row.text) ?? idleRun());
    this.#vitals = new Set(this.rows.flatMap((row) => [...row.vitals]));
  }

  looksAt(stream: Stream): boolean {
    return this.#vitals.has(stream.signal);
  }

  /** Judges at a reading of one of the streams; `isFresh` tells whether a stream's newest value speaks for now. */
  judge(streams: readonly Stream[], decided: Stream, at: number, isFresh: (stream: Stream) => boolean): Change[] {
    const changes: Change[] = [];
    const judged: Judged = { name: () => decided.name(), evidence: (): EvidenceReading => decided.evidence() };
    for (const [i, row] of this.rows.entries()) {
      const verdict = this.#verdictOf(row, streams, at, isFresh);
      const run = this.#runs[i] as Run;
      if (run.phase === 'idle' && !isViolating(verdict)) continue;
      const sample = { value: null, bound: null, good: isGood(decided.codes), at };
      const done: Step = step(run, row, verdict, sample, { spot: false, gap: false }, judged);
      if (done !== 'none') changes.push({ row, step: done });
    }
    this.pin(streams);
    return changes;
  }

  /** Streams whose readings it has to see: all of its own while a run goes on, else those that would score otherwise. */
  pin(streams: readonly Stream[]): void {
    const scores = this.rows.some(({ kind }) => kind === 'news2');
    for (const stream of streams) {
      const mine = this.looksAt(stream);
      const { value } = stream;
      const pinned = mine && (this.#isBusy || (scores && value === null));
      const scored = mine && scores && value !== null && news2Vitals.includes(stream.vital);
      const band = scored ? sameBand(stream.vital, value) : null;
      if (stream.pinned === pinned && stream.band?.low === band?.low && stream.band?.high === band?.high) continue;
      stream.pinned = pinned;
      stream.band = band;
      stream.settle();
    }
  }

  #verdictOf(row: RuleRow, streams: readonly Stream[], at: number, isFresh: (stream: Stream) => boolean): Verdict {
    if (row.detail.kind === 'news2') return ofScore(row.detail, streams, at);
    if (row.detail.kind !== 'composite') return 'between';
    const truth = this.#evaluate(row.detail.condition, streams, isFresh);
    this.#truths.set(row.id, truth);
    if (truth === null) return 'between';
    return truth ? 'violating' : 'beyond';
  }

  #evaluate(condition: Condition, streams: readonly Stream[], isFresh: (stream: Stream) => boolean): Truth {
    if ('all' in condition) return all(condition.all.map((each) => this.#evaluate(each, streams, isFresh)));
    if ('any' in condition) return any(condition.any.map((each) => this.#evaluate(each, streams, isFresh)));
    if ('not' in condition) return not(this.#evaluate(condition.not, streams, isFresh));
    const own = this.rows.findIndex(({ id }) => id === condition.rule);
    if (own >= 0) return this.#ofOwn(own);
    return any(streams.flatMap((stream) => truthOf(condition.rule, stream, isFresh)));
  }

  /** Another of its own rules: true while raised, else what it came to at this reading. */
  #ofOwn(row: number): Truth {
    if (this.#runs[row]?.phase === 'raised') return true;
    const { id, kind } = this.rows[row] as RuleRow;
    return kind === 'composite' && this.#truths.get(id) === null ? null : false;
  }

  toJSON(): TogetherState {
    return {
      runs: this.rows.flatMap((row, i) => {
        const run = this.#runs[i];
        return run && run.phase !== 'idle' ? [{ rule: row.id, run }] : [];
      }),
    };
  }
  restore(saved: TogetherState, rules: CompiledRules | null): this {
    this.adopt(rules);
    const runs = new Map(saved.runs.map(({ rule, run }) => [rule, run]));
    this.#runs = this.rows.map((row) => runs.get(row.id) ?? idleRun());
    return this;
  }
}

/** A rule on one stream: unknown where its signal is silent, bad or never came; nothing where the stream has no such rule. */
function truthOf(rule: string, stream: Stream, isFresh: (stream: Stream) => boolean): Truth[] {
  const row = stream.rows.findIndex(({ id }) => id === rule);
  if (row < 0) return [];
  if (!isFresh(stream)) return [null];
  return [stream.runOf(row)?.phase === 'raised'];
}

function ofScore(
  { atLeast, single, scale, validForMs, byHandValidForMs }: Extract<RuleRow['detail'], { kind: 'news2' }>,
  streams: readonly Stream[],
  at: number,
): Verdict {
  const newest = new Map<string, { at: number; observed: Observed }>();
  for (const stream of streams) {
    if (!news2Vitals.includes(stream.signal as Vital)) continue;
    const { value, usableAt } = stream;
    const validMs = stream.device.startsWith(byHand) ? byHandValidForMs : validForMs;
    if (value === null || at - usableAt >= validMs) continue;
    const parameter = parameterOf(stream.vital);
    const before = newest.get(parameter);
    if (!before || before.at < usableAt) newest.set(parameter, { at: usableAt, observed: { parameter, value } });
  }
  const { sum, highest, missing } = scoreOf(
    [...newest.values()].map(({ observed }) => observed),
    scale,
  );
  const violating = atLeast === null ? highest >= (single ?? 3) : sum >= atLeast;
  if (violating) return 'violating';
  // What is known is a lower bound: it may raise, only a full score clears.
  return missing.length === 0 ? 'beyond' : 'between';
}
