// One signal of one device of one patient: its newest reading, the runs of its rules, and a guard line. A reading inside
// the guard band while nothing is pending touches the line and nothing else.
import {
  type EvidenceReading,
  freshnessOf,
  type Lead,
  type Reading,
  toCanonical,
  toResolution,
  VITALS,
  type Vital,
} from '../../contract/index.ts';
import type { CompiledRules } from './compile.ts';
import { emptyTrail, evidenceOf, extend, nameOf, type Trail } from './evidence.ts';
import { maxGapIntervals, maxGapLeastMs } from './limits.ts';
import { guardOf, type RuleRow, type Sample, verdictOf } from './rows.ts';
import { idleRun, type Run, type Step, step } from './run.ts';
import { Watch, type WatchState } from './watch.ts';

/** Slow vitals whose readings come no faster than this, whatever a registration says. */
const typicalEveryMs: Partial<Record<string, number>> = { glucose: 5 * 60_000 };

/** What a reading did to one rule. */
export interface Change {
  readonly row: RuleRow;
  readonly step: Exclude<Step, 'none'>;
}

/** A stream as a snapshot holds it. */
export interface StreamState {
  readonly device: string;
  readonly signal: Vital | Lead;
  readonly everyMs: number;
  readonly spot: boolean;
  readonly newestAt: number;
  readonly usableAt: number;
  readonly usable: Reading | null;
  readonly usableAcceptedAt: number;
  readonly value: number | null;
  readonly previous: number | null;
  /** Runs that are not idle, by the rule's id: the rules themselves stand in the partition's entry. */
  readonly runs: readonly { readonly rule: string; readonly run: Run }[];
  readonly trail: Trail;
  readonly watch: WatchState | null;
}

const noChanges: readonly Change[] = [];

export class Stream {
  readonly device: string;
  readonly signal: Vital | Lead;
  everyMs = 0;
  spot = false;
  readonly freshForMs: number;
  maxGapMs = 0;
  /** Whether anyone has to notice its silence; null for what no assignment arms. */
  watch: Watch | null = null;

  /** Effective time of the newest reading of any quality; what is not newer is late. */
  newestAt = Number.NEGATIVE_INFINITY;
  /** The newest usable reading and its effective time. */
  usableAt = Number.NEGATIVE_INFINITY;
  usable: Reading | null = null;
  usableAcceptedAt = 0;
  /** Its value as displayed and the one before it; null for a bound. */
  value: number | null = null;
  previous: number | null = null;

  rows: readonly RuleRow[] = [];
  runs: Run[] = [];
  #trail: Trail = emptyTrail();
  /** Runs that are not idle. */
  #busy = 0;
  #guardLow = Number.NEGATIVE_INFINITY;
  #guardHigh = Number.POSITIVE_INFINITY;

  constructor(facts: { device: string; signal: Vital | Lead; everyMs: number; spot: boolean }) {
    this.device = facts.device;
    this.signal = facts.signal;
    this.freshForMs = freshnessOf(facts.signal).freshForMs;
    this.pace(facts);
  }

  /** How it is measured, as the assignment says; runs go on. */
  pace({ everyMs, spot }: { everyMs: number; spot: boolean }): void {
    this.everyMs = everyMs;
    this.spot = spot;
    const expectedMs = Math.max(everyMs, typicalEveryMs[this.signal] ?? 0);
    this.maxGapMs = spot ? Number.POSITIVE_INFINITY : Math.max(maxGapLeastMs, maxGapIntervals * expectedMs);
  }

  get key(): string {
    return `${this.device}:${this.signal}`;
  }

  /** A rule is true, or on its way to being so. */
  get isBusy(): boolean {
    return this.#busy > 0;
  }
  get isVital(): boolean {
    return this.signal in VITALS;
  }

  /** The newest usable value was lower than the one before it. */
  get falling(): boolean {
    return this.value !== null && this.previous !== null && this.value < this.previous;
  }

  /** Judges a usable reading that is newer than all before it; the caller has noted `newestAt`. */
  judge(reading: Reading, at: number, acceptedAt: number): readonly Change[] {
    const value = displayed(reading);
    const gap = at - this.usableAt > this.maxGapMs;
    const bound = 'bound' in reading && reading.bound !== undefined ? reading.bound : null;
    this.previous = gap ? null : this.value;
    this.value = bound === null ? value : null;
    this.usableAt = at;
    this.usable = reading;
    this.usableAcceptedAt = acceptedAt;
    const quiet = bound === null && this.#busy === 0 && value !== null;
    if (quiet && value >= this.#guardLow && value <= this.#guardHigh) return noChanges;
    return this.#rows({ value, bound, good: reading.quality === 'good', at }, gap);
  }

  #rows(sample: Sample, gap: boolean): readonly Change[] {
    const changes: Change[] = [];
    const first = nameOf({ device: this.device, ...(this.usable as Reading) });
    const evidence = () => this.evidence();
    for (const [i, row] of this.rows.entries()) {
      const done = step(
        this.runs[i] as Run,
        row,
        verdictOf(row, sample),
        sample,
        { spot: this.spot, gap },
        first,
        evidence,
      );
      if (done !== 'none') changes.push({ row, step: done });
    }
    this.#note();
    return changes;
  }

  /** Keeps the readings since the first run began, as later evidence. */
  #note(): void {
    this.#busy = this.runs.filter((run) => run.phase !== 'idle').length;
    if (this.#busy > 0) extend(this.#trail, this.evidence());
    else if (this.#trail.readings.length > 0) this.#trail = emptyTrail();
  }

  /** The newest usable reading as evidence. */
  evidence(): EvidenceReading {
    return evidenceOf(this.device, this.usable as Reading, this.usableAt, this.usableAcceptedAt);
  }

  /** Readings kept since a run's onset. */
  evidenceSince(onsetAt: number): Trail {
    return {
      readings: this.#trail.readings.filter((reading) => reading.takenAt >= onsetAt),
      omitted: this.#trail.omitted,
    };
  }

  /**
   * Takes new rules. A run of an unchanged rule goes on. One of a changed rule goes on while the newest reading still
   * violates it; otherwise it ends. Then the newest reading, if `fresh`, is judged by the rules that are new to it.
   */
  adopt(rules: CompiledRules | null, fresh: boolean): void {
    const before = new Map(this.rows.map((row, i) => [row.id, { row, run: this.runs[i] as Run }]));
    this.rows = this.#rowsOf(rules);
    const sample = this.#newestSample();
    this.runs = this.rows.map((row) => {
      const old = before.get(row.id);
      if (old?.row.text === row.text) return old.run;
      const verdict = sample ? verdictOf(row, sample) : 'between';
      const violating = verdict === 'violating' || verdict === 'undecided';
      if (old && old.run.phase !== 'idle' && violating) return old.run;
      const run = idleRun();
      if (!sample || !fresh) return run;
      const first = nameOf({ device: this.device, ...(this.usable as Reading) });
      step(run, row, verdict, sample, { spot: this.spot, gap: false }, first, () => this.evidence());
      return run;
    });
    this.#arm();
    if (this.#busy > 0 && this.#trail.readings.length === 0) extend(this.#trail, this.evidence());
  }

  /** Rows of this vital. A spot measurement has no hold, so a mild rule that relies on one is not for it. */
  #rowsOf(rules: CompiledRules | null): readonly RuleRow[] {
    const rows = this.isVital ? (rules?.byVital.get(this.signal as Vital) ?? []) : [];
    return this.spot ? rows.filter((row) => row.priority !== 'low' || row.holdMs === 0) : rows;
  }

  #newestSample(): Sample | null {
    if (!this.usable) return null;
    const bound = 'bound' in this.usable && this.usable.bound !== undefined ? this.usable.bound : null;
    return { value: displayed(this.usable), bound, good: this.usable.quality === 'good', at: this.usableAt };
  }

  #arm(): void {
    this.#busy = this.runs.filter((run) => run.phase !== 'idle').length;
    if (!this.isVital) return;
    const vital = this.signal as Vital;
    const guard = guardOf(this.rows, VITALS[vital].resolution, vital);
    this.#guardLow = guard.low;
    this.#guardHigh = guard.high;
  }

  toJSON(): StreamState {
    return {
      device: this.device,
      signal: this.signal,
      everyMs: this.everyMs,
      spot: this.spot,
      newestAt: finite(this.newestAt),
      usableAt: finite(this.usableAt),
      usable: this.usable,
      usableAcceptedAt: this.usableAcceptedAt,
      value: this.value,
      previous: this.previous,
      runs: this.rows.flatMap((row, i) =>
        this.runs[i]?.phase === 'idle' ? [] : [{ rule: row.id, run: this.runs[i] as Run }],
      ),
      trail: this.#trail,
      watch: this.watch?.toJSON() ?? null,
    };
  }

  static restore(saved: StreamState, rules: CompiledRules | null): Stream {
    const stream = new Stream(saved);
    stream.newestAt = saved.newestAt < 0 ? Number.NEGATIVE_INFINITY : saved.newestAt;
    stream.usableAt = saved.usableAt < 0 ? Number.NEGATIVE_INFINITY : saved.usableAt;
    stream.usable = saved.usable;
    stream.usableAcceptedAt = saved.usableAcceptedAt;
    stream.value = saved.value;
    stream.previous = saved.previous;
    stream.#trail = saved.trail;
    stream.watch = saved.watch && Watch.restore(saved.watch);
    const runs = new Map(saved.runs.map(({ rule, run }) => [rule, run]));
    stream.rows = stream.#rowsOf(rules);
    stream.runs = stream.rows.map((row) => runs.get(row.id) ?? idleRun());
    stream.#arm();
    return stream;
  }
}

/** Times before any reading are minus infinity, which JSON does not know. */
function finite(time: number): number {
  return Number.isFinite(time) ? time : -1;
}

/** The value as displayed and compared; null for an absence or a bound of unknown place. */
function displayed(reading: Reading): number | null {
  if (!('value' in reading)) return null;
  const canonical = toCanonical(reading.vital, reading.value, reading.unit);
  return canonical === undefined ? null : toResolution(reading.vital, canonical);
}
