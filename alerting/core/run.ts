// One rule on one stream (`alerting.md` 2.1): from the first violating reading over the hold to true, and from the first
// recovered one over the recovery to false. In effective time, moved by readings alone: silence fabricates no duration.
import type { EvidenceReading } from '../../contract/index.ts';
import type { RuleRow, Sample, Verdict } from './rows.ts';

export type Phase = 'idle' | 'pending' | 'raised';

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
  /** The reading that made it true. */
  decided: EvidenceReading | null;
  /** Effective time of the first recovered reading; null while not recovering. */
  recoverAt: number | null;
  /** Recovered readings without any other usable one between. */
  recovered: number;
}

export function idleRun(): Run {
  return {
    phase: 'idle',
    onsetAt: 0,
    first: '',
    streak: 0,
    violations: 0,
    marked: false,
    decided: null,
    recoverAt: null,
    recovered: 0,
  };
}

/** What a reading did to a run. `altered`: still true, but no longer marked or unconfirmed. */
export type Step = 'none' | 'raised' | 'cleared' | 'altered';

/** How a stream runs its rules: a spot measurement stands for itself. */
export interface Pace {
  readonly spot: boolean;
  /** Before this reading the stream was silent for longer than a run bears. */
  readonly gap: boolean;
}

/** Takes a usable reading; `evidence` is made only where it is kept. */
export function step(
  run: Run,
  row: RuleRow,
  verdict: Verdict,
  sample: Sample,
  pace: Pace,
  first: string,
  evidence: () => EvidenceReading,
): Step {
  if (run.phase === 'raised') return hold(run, row, verdict, sample, pace);
  const violating = verdict === 'violating' || verdict === 'undecided';
  if (pace.gap || verdict === 'beyond') end(run);
  if (!violating) {
    run.streak = 0;
    return 'none';
  }
  if (run.phase === 'idle') begin(run, sample.at, first);
  count(run, verdict, sample);
  if (!fulfilled(run, row, sample, pace)) return 'none';
  run.phase = 'raised';
  run.decided = evidence();
  return 'raised';
}

function begin(run: Run, at: number, first: string): void {
  Object.assign(run, idleRun());
  run.phase = 'pending';
  run.onsetAt = at;
  run.first = first;
  run.marked = true;
}

function end(run: Run): void {
  if (run.phase !== 'idle') Object.assign(run, idleRun());
}

function count(run: Run, verdict: Verdict, sample: Sample): void {
  run.streak++;
  run.violations++;
  if (verdict === 'violating' && sample.good) run.marked = false;
}

function fulfilled(run: Run, row: RuleRow, sample: Sample, pace: Pace): boolean {
  if (pace.spot) return true;
  return run.streak >= row.readings && sample.at >= run.onsetAt + row.holdMs;
}

/** A reading while the rule is true. */
function hold(run: Run, row: RuleRow, verdict: Verdict, sample: Sample, pace: Pace): Step {
  if (verdict === 'violating' || verdict === 'undecided') {
    const { marked } = run;
    const unconfirmed = isUnconfirmed(run, row);
    run.recoverAt = null;
    run.recovered = 0;
    count(run, verdict, sample);
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
  end(run);
  return 'cleared';
}

/** Raised by one reading and not yet borne out by a second one. */
export function isUnconfirmed(run: Run, row: RuleRow): boolean {
  return row.confirm && run.violations < 2;
}
