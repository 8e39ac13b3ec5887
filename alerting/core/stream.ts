// One signal of one device of one patient: a view of its guard line, and the runs of its rules while one of them is not idle.
// Everything here is the way of a reading that is more than "as before"; the others end in `lines.ts`.
import {
  type EvidenceReading,
  freshnessOf,
  type Lead,
  toResolution,
  VITALS,
  type Vital,
} from '../../contract/index.ts';
import type { CompiledRules } from './compile.ts';
import { emptyTrail, extend, nameOf, type Trail } from './evidence.ts';
import { type Bucket, History, noteBucket } from './history.ts';
import { maxGapIntervals, maxGapLeastMs } from './limits.ts';
import { type Lines, line, lineShift } from './lines.ts';
import { displayedOf, emptyPlan, type Plan, planOf, readingsWindowMs } from './plan.ts';
import { boundOf, code, codeBound, codeClock, evidenceOf, isGood, type Taken } from './reading-code.ts';
import { isViolating, type RuleRow, type Sample } from './rows.ts';
import { idleRun, type Judged, type Run, type Step, step } from './run.ts';
import { judge, type Sight } from './verdict.ts';
import { Watch, type WatchState } from './watch.ts';

/** Slow vitals whose readings come no faster than this, whatever a registration says. */
const typicalEveryMs: Partial<Record<string, number>> = { glucose: 5 * 60_000 };
/** A slope towards the worse is one over this window. */
const confirmWindowMs = 15 * 60_000;

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
  readonly assignment: string;
  readonly badAt: number | null;
  /** The newest usable reading; without a value where a bound names none. */
  readonly newest: (Omit<Taken, 'value'> & { readonly value: number | null }) | null;
  readonly previous: number | null;
  readonly log: number;
  /** Runs that are not idle, by the rule's id: the rules themselves stand in the partition's entry. */
  readonly runs: readonly { readonly rule: string; readonly run: Run }[];
  readonly trail: Trail;
  readonly ring: readonly (readonly [number, number | null, number])[];
  readonly buckets: readonly (readonly [string, readonly Bucket[]])[];
  readonly closedUntil: number;
  readonly watch: WatchState | null;
}

const noChanges: readonly Change[] = [];

export class Stream implements Judged, Sight {
  readonly device: string;
  readonly signal: Vital | Lead;
  readonly index: number;
  readonly lines: Lines;
  readonly history: History;
  everyMs = 0;
  spot = false;
  readonly freshForMs: number;
  maxGapMs = 0;
  /** The assignment under which its readings come; empty where the next one has to be looked at. */
  assignment = '';
  /** Whether anyone has to notice its silence; null for what no assignment arms. */
  watch: Watch | null = null;
  /** Rules of the patient as a whole look at each reading; or only at those outside a band of their own. */
  pinned = false;
  band: { readonly low: number; readonly high: number } | null = null;
  /** Evaluating the patient failed last time. */
  suspended = false;

  /** Effective time of the newest message without a usable reading. */
  #badAt = Number.NEGATIVE_INFINITY;
  #plan: Plan = emptyPlan;
  /** By row; null while all are idle. */
  #runs: Run[] | null = null;
  #trail: Trail = emptyTrail();
  readonly #buckets = new Map<string, Bucket[]>();
  #closedUntil = Number.NEGATIVE_INFINITY;
  #busy = false;

  constructor(
    lines: Lines,
    owner: { readonly patient: number; readonly counter: number },
    facts: { readonly device: string; readonly signal: Vital | Lead; readonly everyMs: number; readonly spot: boolean },
  ) {
    this.lines = lines;
    this.index = lines.open(owner.patient, owner.counter);
    this.history = new History(lines, this.index);
    this.device = facts.device;
    this.signal = facts.signal;
    this.freshForMs = freshnessOf(facts.signal).freshForMs;
    this.pace(facts);
  }

  /** It is gone: nothing may use its line any more. */
  release(): void {
    this.lines.close(this.index);
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
  get vital(): Vital {
    return this.signal as Vital;
  }
  get isVital(): boolean {
    return this.signal in VITALS;
  }
  get rows(): readonly RuleRow[] {
    return this.#plan.rows;
  }
  /** A rule is true, on its way to being so, or resting. */
  get isBusy(): boolean {
    return this.#busy;
  }
  /** The run of a row; null while it is idle. */
  runOf(row: number): Run | null {
    return this.#runs?.[row] ?? null;
  }

  // ---- the newest reading ----

  #get(field: number): number {
    return this.lines.data[(this.index << lineShift) + field] as number;
  }
  #set(field: number, value: number): void {
    this.lines.data[(this.index << lineShift) + field] = value;
  }
  get usableAt(): number {
    return this.#get(line.at);
  }
  /** Effective time of the newest reading of any quality; what is not newer is late. */
  get newestAt(): number {
    return Math.max(this.usableAt, this.#badAt);
  }
  /** The newest usable value as displayed; null for a bound, or where none came. */
  get value(): number | null {
    const isBound = (this.#get(line.code) & codeBound) !== 0;
    return isBound ? null : displayedOf(this.vital, this.#get(line.value));
  }
  /** Its code, quality and all. */
  get codes(): number {
    return this.#get(line.code);
  }
  /** The newest usable value was lower than the one before it. */
  get falling(): boolean {
    const previous = this.#get(line.previous);
    const { value } = this;
    return value !== null && !Number.isNaN(previous) && value < toResolution(this.vital, previous);
  }
  get #newest(): Taken {
    return {
      value: this.#get(line.value),
      at: this.usableAt,
      acceptedAt: this.#get(line.accepted),
      receivedAt: this.#get(line.received),
      boot: this.#get(line.boot),
      seq: this.#get(line.seq),
      codes: this.#get(line.code),
    };
  }
  name(): string {
    return nameOf({ device: this.device, boot: this.#get(line.boot), seq: this.#get(line.seq) });
  }
  /** The newest usable reading as evidence. */
  evidence(): EvidenceReading {
    return evidenceOf(this.device, this.vital, this.#newest);
  }
  /** Readings kept since a run's onset. */
  evidenceSince(onsetAt: number): Trail {
    return {
      readings: this.#trail.readings.filter((reading) => reading.takenAt >= onsetAt),
      omitted: this.#trail.omitted,
    };
  }

  // ---- judging ----

  /** A message without a usable reading: the next one is looked at. */
  missed(at: number): void {
    this.#badAt = at;
    this.settle();
  }

  /** Judges a usable reading that is newer than all before it. */
  judge(taken: Taken): readonly Change[] {
    const before = this.#newest;
    const gap = taken.at - before.at > this.maxGapMs;
    const wasBound = (before.codes & codeBound) !== 0;
    this.#set(line.previous, gap || wasBound ? Number.NaN : before.value);
    this.#note(taken);
    if (!gap && Number.isFinite(before.at)) this.#fill(before, taken.at - before.at);
    this.history.insert(taken.at, taken.value, taken.codes);
    if (this.#plan.rows.length === 0) return noChanges;
    if (this.#isOutside(taken, before)) this.#closedUntil = taken.at + this.#plan.closedMs;
    return this.#step(this.#sampleOf(taken), gap, before);
  }

  #note(taken: Taken): void {
    this.#set(line.at, taken.at);
    this.#set(line.value, taken.value);
    this.#set(line.accepted, taken.acceptedAt);
    this.#set(line.received, taken.receivedAt);
    this.#set(line.boot, taken.boot);
    this.#set(line.seq, taken.seq);
    this.#set(line.code, taken.codes);
  }

  /** Long windows: the value before held until now. */
  #fill(before: Taken, ms: number): void {
    for (const row of this.#plan.rows) {
      if (row.kind !== 'window' || row.windowMs <= readingsWindowMs) continue;
      const buckets = this.#buckets.get(row.id) ?? [];
      noteBucket(buckets, row.windowMs, before, ms);
      this.#buckets.set(row.id, buckets);
    }
  }

  #isOutside(taken: Taken, before: Taken): boolean {
    const { low, high, step: most } = this.#plan;
    const inside = taken.value >= low && taken.value <= high && (taken.codes & codeBound) === 0;
    return !inside || Math.abs(taken.value - before.value) > most * (taken.at - before.at);
  }

  #sampleOf(taken: Taken): Sample {
    return {
      value: displayedOf(this.vital, taken.value),
      bound: boundOf(taken.codes),
      good: isGood(taken.codes),
      at: taken.at,
    };
  }

  buckets(rule: string): readonly Bucket[] {
    return this.#buckets.get(rule) ?? [];
  }

  #step(sample: Sample, gap: boolean, before: Taken): readonly Change[] {
    const changes: Change[] = [];
    const { rows } = this.#plan;
    const plain = { spot: this.spot, gap };
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as RuleRow;
      const verdict = judge(row, sample, this);
      const run = this.#runs?.[i];
      if (!run && !isViolating(verdict)) continue;
      const isPlain = row.kind !== 'integral' && !row.confirm;
      const pace = isPlain ? plain : { ...plain, ...this.#paceOf(row, sample, before) };
      const done = step(run ?? this.#runAt(i), row, verdict, sample, pace, this);
      if (done !== 'none') changes.push({ row, step: done });
    }
    this.#keep();
    return changes;
  }

  /** What only some rows ask: how deep and how long, and whether it gets worse. */
  #paceOf(row: RuleRow, sample: Sample, before: Taken): { depthSeconds?: number; towards?: boolean } {
    if (row.kind === 'integral') {
      const away = row.direction === 'low' ? row.limit - before.value : before.value - row.limit;
      return { depthSeconds: Number.isNaN(away) ? 0 : (Math.max(0, away) * (sample.at - before.at)) / 1_000 };
    }
    if (!row.confirm) return {};
    const slope = this.history.slope(confirmWindowMs, this.maxGapMs) ?? 0;
    return { towards: row.direction === 'low' ? slope < 0 : slope > 0 };
  }

  #runAt(row: number): Run {
    this.#runs ??= this.#plan.rows.map(idleRun);
    return this.#runs[row] as Run;
  }

  /** Keeps the readings since the first run began, as later evidence; runs only while one is not idle. */
  #keep(): void {
    this.#busy = this.#runs?.some(({ phase }) => phase !== 'idle') ?? false;
    if (!this.#busy) this.#runs = null;
    if (this.#busy) extend(this.#trail, this.evidence());
    else if (this.#trail.readings.length > 0) this.#trail = emptyTrail();
  }

  /** Opens the guard line, or closes it while the next reading may be more than "as before". */
  settle(): void {
    const { watch, spot } = this;
    const { low, high, step: most, always } = this.#plan;
    const open =
      this.isVital &&
      !spot &&
      !always &&
      !this.#busy &&
      !this.pinned &&
      !this.suspended &&
      this.usableAt > this.#badAt &&
      this.usableAt >= this.#closedUntil &&
      (this.codes & (codeBound | codeClock | code.doubtful)) === 0 &&
      (watch === null || watch.isOpen);
    this.#set(line.low, open ? Math.max(low, this.band?.low ?? low) : Number.POSITIVE_INFINITY);
    this.#set(line.high, open ? Math.min(high, this.band?.high ?? high) : Number.NEGATIVE_INFINITY);
    this.#set(line.step, most);
    this.#set(line.gap, this.maxGapMs);
    this.#set(line.age, watch === null ? this.freshForMs : watch.degradedAfterMs - 1);
  }

  /**
   * Takes new rules. A run of an unchanged rule goes on. One of a changed rule goes on while the newest reading still
   * violates it; otherwise it ends. Then the newest reading, if `fresh`, is judged by the rules that are new to it.
   */
  adopt(rules: CompiledRules | null, fresh: boolean): void {
    const before = new Map(this.rows.map((row, i) => [row.id, { row, run: this.#runs?.[i] ?? idleRun() }]));
    this.#take(rules);
    const newest = this.#newest;
    const sample = Number.isFinite(newest.at) ? this.#sampleOf(newest) : null;
    const runs = this.rows.map((row) => {
      const old = before.get(row.id);
      if (old?.row.text === row.text) return old.run;
      const verdict = sample ? judge(row, sample, this) : 'between';
      if (old && old.run.phase !== 'idle' && isViolating(verdict)) return old.run;
      const run = idleRun();
      if (sample && fresh) step(run, row, verdict, sample, { spot: this.spot, gap: false }, this);
      return run;
    });
    this.#busy = runs.some(({ phase }) => phase !== 'idle');
    this.#runs = this.#busy ? runs : null;
    if (this.#busy && this.#trail.readings.length === 0) extend(this.#trail, this.evidence());
    this.settle();
  }

  #take(rules: CompiledRules | null): void {
    this.#plan = this.isVital ? planOf(rules, this.vital, this.spot) : emptyPlan;
    const { windowMs, readings, rows } = this.#plan;
    const back = Math.max(windowMs, rows.some(({ confirm }) => confirm) && !this.spot ? confirmWindowMs : 0);
    // Twice what comes at the registered pace: a sensor that is faster must not lose half of its window.
    const most = Math.max(readings, back === 0 ? 0 : Math.ceil((2 * back) / this.everyMs) + 8);
    this.lines.keep(this.index, most);
    if (back > 0 && this.history.size === 0 && Number.isFinite(this.usableAt)) {
      const { at, value, codes } = this.#newest;
      this.history.insert(at, value, codes);
    }
    for (const id of this.#buckets.keys()) if (!rows.some((row) => row.id === id)) this.#buckets.delete(id);
  }

  // ---- late readings ----

  /** A late reading enters the windows where its time belongs, judged with the next in order. */
  late(taken: Taken): void {
    this.history.insert(taken.at, taken.value, taken.codes);
    this.#closedUntil = Math.max(this.#closedUntil, this.usableAt + this.#plan.closedMs + 1);
    this.settle();
  }

  // ---- snapshots ----

  toJSON(): StreamState {
    const newest = this.#newest;
    const { value } = newest;
    return {
      device: this.device,
      signal: this.signal,
      everyMs: this.everyMs,
      spot: this.spot,
      assignment: this.assignment,
      badAt: finite(this.#badAt),
      newest: Number.isFinite(newest.at) ? { ...newest, value: finite(value) } : null,
      previous: finite(this.#get(line.previous)),
      log: this.#get(line.log),
      runs: this.rows.flatMap((row, i) => {
        const run = this.#runs?.[i];
        return run && run.phase !== 'idle' ? [{ rule: row.id, run }] : [];
      }),
      trail: this.#trail,
      ring: Array.from({ length: this.history.size }, (_, i) => {
        const back = this.history.size - 1 - i;
        return [this.history.at(back), finite(this.history.value(back)), this.history.code(back)] as const;
      }),
      buckets: [...this.#buckets],
      closedUntil: Number.isFinite(this.#closedUntil) ? this.#closedUntil : -1,
      watch: this.watch?.toJSON() ?? null,
    };
  }

  static restore(
    lines: Lines,
    owner: { readonly patient: number; readonly counter: number },
    saved: StreamState,
    rules: CompiledRules | null,
  ): Stream {
    const stream = new Stream(lines, owner, saved);
    stream.assignment = saved.assignment;
    stream.#badAt = saved.badAt ?? Number.NEGATIVE_INFINITY;
    if (saved.newest) stream.#note({ ...saved.newest, value: saved.newest.value ?? Number.NaN });
    stream.#set(line.previous, saved.previous ?? Number.NaN);
    stream.#set(line.log, saved.log);
    stream.#trail = saved.trail;
    stream.watch = saved.watch && Watch.restore(saved.watch, lines, stream.index);
    const runs = new Map(saved.runs.map(({ rule, run }) => [rule, run]));
    stream.#take(rules);
    stream.#refill(saved);
    stream.#runs = runs.size === 0 ? null : stream.rows.map((row) => runs.get(row.id) ?? idleRun());
    stream.#busy = runs.size > 0;
    stream.#closedUntil = saved.closedUntil;
    for (const [rule, buckets] of saved.buckets) stream.#buckets.set(rule, [...buckets]);
    stream.settle();
    return stream;
  }

  #refill(saved: StreamState): void {
    this.#set(line.count, 0);
    for (const [at, value, codes] of saved.ring) this.history.insert(at, value ?? Number.NaN, codes);
  }
}

/** Minus infinity and NaN, which JSON does not know, as null. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
