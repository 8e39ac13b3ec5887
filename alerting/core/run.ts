// One rule on one stream (`alerting.md` 2.1): from the first violating reading over the hold to true, and from the first
// recovered one over the recovery to false. In effective time, moved by readings alone: silence fabricates no duration.
import type { EvidenceReading } from '../../contract/index.ts';
import { burstMs, burstViolations } from './limits.ts';
import { isViolating, type RuleRow, type Sample, type Verdict } from './rows.ts';

/** `resting`: over, and something of it counts for a while yet. */
export type Phase = 'idle' | 'pending' | 'raised' | 'resting';

/** State of a run; plain data. */
export interface Run {
  phase: Phase;
  /** Effective time of the first violating reading. */
  onsetAt: number;
  /** Identity of that reading: the alert's id hangs on it. */
  first: string;
  /** Violating readings without any other usable one between. */
  streak: number;
  /** Violating readings of the run. */
  violations: number;
  /** All of them doubtful or undecided so far. */
  marked: boolean;
  /** The value was on its way further when it was raised by one reading. */
  borneOut: boolean;
  /** The reading that made it true, and when. */
  decided: EvidenceReading | null;
  raisedAt: number;
  /** Effective time of the first recovered reading; null while not recovering. */
  recoverAt: number | null;
  /** Recovered readings without any other usable one between. */
  recovered: number;
  /** Depth times seconds so far; whether the newest reading violated, and when the newest excursions began. */
  sum: number;
  inside: boolean;
  excursions: number[];
  /** Effective time up to which it rests. */
  restUntil: number;
}

export function idleRun(): Run {
  return {
    phase: 'idle',
    onsetAt: 0,
    first: '',
    streak: 0,
    violations: 0,
    marked: false,
    borneOut: false,
    decided: null,
    raisedAt: 0,
    recoverAt: null,
    recovered: 0,
    sum: 0,
    inside: false,
    excursions: [],
    restUntil: 0,
  };
}

/** What a reading did to a run. `altered`: still true, but no longer marked or unconfirmed. */
export type Step = 'none' | 'raised' | 'cleared' | 'altered';

/** How a stream runs its rules: a spot measurement stands for itself. */
export interface Pace {
  readonly spot: boolean;
  /** Before this reading the stream was silent for longer than a run bears. */
  readonly gap: boolean;
  /** How far beyond the limit the reading before was, times the seconds since. */
  readonly depthSeconds?: number;
  /** The value is on its way further beyond the limit. */
  readonly towards?: boolean;
}

/** The reading that is judged: asked for what is kept of it only where it is kept. */
export interface Judged {
  name(): string;
  evidence(): EvidenceReading;
}

/** Takes a usable reading. */
export function step(run: Run, row: RuleRow, verdict: Verdict, sample: Sample, pace: Pace, judged: Judged): Step {
  if (run.phase === 'raised') return hold(run, row, verdict, sample, pace);
  if (run.phase === 'resting' && sample.at >= run.restUntil) end(run);
  if (row.detail.kind === 'integral') return gather(run, row, verdict, sample, pace, judged);
  if (run.phase === 'resting') return 'none';
  if (pace.gap || verdict === 'beyond') end(run);
  if (!isViolating(verdict)) {
    run.streak = 0;
    return 'none';
  }
  if (run.phase === 'idle') begin(run, sample.at, judged.name());
  count(run, verdict, sample, pace);
  if (!fulfilled(run, row, sample, pace)) return 'none';
  return raise(run, sample.at, judged);
}

function raise(run: Run, at: number, judged: Judged): Step {
  run.phase = 'raised';
  run.raisedAt = at;
  run.decided = judged.evidence();
  return 'raised';
}

function begin(run: Run, at: number, first: string): void {
  const { excursions } = run;
  Object.assign(run, idleRun());
  run.phase = 'pending';
  run.onsetAt = at;
  run.first = first;
  run.marked = true;
  run.excursions = excursions;
}

function end(run: Run): void {
  if (run.phase !== 'idle') Object.assign(run, idleRun());
}

/** Over, but the past counts up to `until`. */
function rest(run: Run, until: number): void {
  const { excursions } = run;
  Object.assign(run, idleRun());
  run.phase = 'resting';
  run.restUntil = until;
  run.excursions = excursions;
}

function count(run: Run, verdict: Verdict, sample: Sample, { towards }: Pace): void {
  run.streak++;
  run.violations++;
  if (towards) run.borneOut = true;
  if (verdict === 'violating' && sample.good) run.marked = false;
}

function fulfilled(run: Run, row: RuleRow, sample: Sample, pace: Pace): boolean {
  if (pace.spot) return true;
  return run.streak >= row.readings && sample.at >= run.onsetAt + row.holdMs;
}

/** Sums depth over time (`alerting.md` 2.6): raised by a violating reading once the sum, or the third excursion, is enough. */
function gather(run: Run, row: RuleRow, verdict: Verdict, sample: Sample, pace: Pace, judged: Judged): Step {
  const { budget, resetAfterMs } = row.detail as Extract<RuleRow['detail'], { kind: 'integral' }>;
  if (pace.gap) end(run);
  if (run.phase === 'pending') {
    run.sum += pace.depthSeconds ?? 0;
    recoverOrGoOn(run, verdict, sample.at, resetAfterMs);
  }
  if (!isViolating(verdict)) {
    run.inside = false;
    return 'none';
  }
  if (run.phase !== 'pending') begin(run, sample.at, judged.name());
  if (!run.inside) run.excursions = [...run.excursions, sample.at].slice(-burstViolations);
  run.inside = true;
  count(run, verdict, sample, pace);
  const [oldest = 0] = run.excursions;
  const burst = run.excursions.length === burstViolations && sample.at - oldest <= burstMs;
  return run.sum >= budget || burst ? raise(run, sample.at, judged) : 'none';
}

/** Long enough beyond limit and deadband the sum is nothing; excursions count for a minute. */
function recoverOrGoOn(run: Run, verdict: Verdict, at: number, resetAfterMs: number): void {
  if (verdict !== 'beyond') {
    run.recoverAt = null;
    return;
  }
  run.recoverAt ??= at;
  if (at >= run.recoverAt + resetAfterMs) rest(run, (run.excursions.at(-1) ?? 0) + burstMs);
}

/** A reading while the rule is true. */
function hold(run: Run, row: RuleRow, verdict: Verdict, sample: Sample, pace: Pace): Step {
  if (isViolating(verdict)) {
    const { marked } = run;
    const unconfirmed = isUnconfirmed(run, row);
    run.recoverAt = null;
    run.recovered = 0;
    count(run, verdict, sample, pace);
    return marked !== run.marked || unconfirmed !== isUnconfirmed(run, row) ? 'altered' : 'none';
  }
  if (pace.gap) run.recoverAt = null;
  if (verdict === 'between') {
    run.recovered = 0;
    return 'none';
  }
  if (run.recoverAt === null) {
    run.recoverAt = sample.at;
    run.recovered = 0;
  }
  run.recovered++;
  const over = pace.spot || (run.recovered >= row.readings && sample.at >= run.recoverAt + row.recoverMs);
  if (!over) return 'none';
  const until = row.detail.kind === 'predict' ? run.raisedAt + row.detail.refractoryMs : 0;
  if (until > sample.at) rest(run, until);
  else end(run);
  return 'cleared';
}

/** Raised by one reading and not yet borne out: by a second one, or by a slope towards the worse. */
export function isUnconfirmed(run: Run, row: RuleRow): boolean {
  return row.confirm && run.violations < 2 && !run.borneOut;
}
