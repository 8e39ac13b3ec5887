// The work of the rules bench, the same for every engine: patients with three vitals at 1 Hz, limits with deadband and on-delay,
// silence. All of it from a seed, a second at a time, in an order that does no cache a favour.
import { createHash } from 'node:crypto';
import { RuleSet, type ThresholdRule, VITALS } from '../../../contract/index.ts';

/** In the order of their names, which is the order in which timers of one instant fire. */
export const vitals = ['hr', 'pulse', 'spo2'] as const;
export type BenchVital = (typeof vitals)[number];

/** A rule set of thresholds alone: what every peer can do. */
export type ThresholdSet = RuleSet & { readonly rules: readonly ThresholdRule[] };

export interface Workload {
  readonly patients: number;
  readonly rulesAStream: 3 | 30;
  /** Nothing breaches and nobody falls silent. */
  readonly quiet: boolean;
}

/** Readings of one instant: the same for every stream that is not silent. */
export interface Second {
  readonly at: number;
  readonly count: number;
  /** Patient times 3, plus the place of the vital. */
  readonly streams: Uint32Array;
  readonly values: Float64Array;
}

export const startAt = Date.UTC(2026, 2, 1, 2);
export const freshForMs = VITALS.hr.freshForMs;
/** A run is broken by a silence longer than this; a lost signal is back after readings of this long. */
export const gapMs = 5_000;
export const settledMs = 5_000;

export const patientOf = (stream: number): string => `p-${String(Math.floor(stream / 3)).padStart(6, '0')}`;
export const vitalOf = (stream: number): BenchVital => vitals[stream % 3] as BenchVital;
export const streamOf = (patient: string, vital: string): number =>
  Number(patient.slice(2)) * 3 + vitals.indexOf(vital as BenchVital);

type Limit = { readonly below: number } | { readonly atOrBelow: number } | { readonly above: number };
const few: Readonly<Record<BenchVital, readonly Limit[]>> = {
  hr: [{ below: 40 }, { above: 130 }, { above: 150 }],
  pulse: [{ below: 40 }, { above: 130 }, { above: 150 }],
  spo2: [{ atOrBelow: 88 }, { below: 85 }, { atOrBelow: 80 }],
};
const heart = [...counted(15, (i) => ({ below: 40 - i })), ...counted(15, (i) => ({ above: 130 + i }))];
const many: typeof few = { hr: heart, pulse: heart, spo2: counted(30, (i) => ({ atOrBelow: 88 - i })) };
const holdsMs = [10_000, 15_000, 12_000] as const;

/** The rules as a file has them: nothing of them is known to any engine beforehand. Each is a family of its own. */
export function ruleSetOf({ rulesAStream }: Workload): ThresholdSet {
  const limits = rulesAStream === 3 ? few : many;
  const rules = vitals.flatMap((vital) =>
    limits[vital].map((limit, i) => ({
      id: `${vital}-${i}`,
      version: 1,
      family: `${vital}-${i}`,
      rank: 1,
      priority: 'medium',
      kind: 'threshold',
      vitals: [vital],
      ...Object.fromEntries(Object.entries(limit).map(([word, value]) => [word, `${value} ${VITALS[vital].unit}`])),
      deadband: 2,
      holdMs: holdsMs[i % 3],
      recoverMs: 10_000,
      source: 'bench',
    })),
  );
  return RuleSet.parse({ id: 'bench', version: 1, title: 'Rules of the bench', rules }) as ThresholdSet;
}

function counted(count: number, limit: (i: number) => Limit): Limit[] {
  return Array.from({ length: count }, (_, i) => limit(i));
}

/** Usual value, a value beyond the first limit, one beyond two, and one inside the deadband of the first. */
const bodies: Readonly<
  Record<BenchVital, { readonly usual: number; readonly beyond: readonly [number, number]; readonly between: number }>
> = {
  hr: { usual: 72, beyond: [35, 155], between: 41 },
  pulse: { usual: 71, beyond: [34, 154], between: 40 },
  spo2: { usual: 95, beyond: [87, 83], between: 89 },
};

/** An excursion begins once in 2,300 s, each second that a stream is well; on average 25 s beyond the limit: 1 %. */
const excursionEach = 1 / 2_300;
/** A signal falls silent once in six hours, for 20 to 60 s. */
const silenceEach = 1 / 21_600;

/** Gives the readings of one second after another. */
export class Readings {
  readonly #workload: Workload;
  readonly #order: Uint32Array;
  readonly #beyondUntil: Int32Array;
  readonly #betweenUntil: Int32Array;
  readonly #silentUntil: Int32Array;
  readonly #second: { at: number; count: number; readonly streams: Uint32Array; readonly values: Float64Array };
  #now = 0;
  #state = 1;

  constructor(workload: Workload) {
    this.#workload = workload;
    const count = workload.patients * vitals.length;
    this.#order = Uint32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = Math.floor(this.#chance() * (i + 1));
      const kept = this.#order[i] as number;
      this.#order[i] = this.#order[j] as number;
      this.#order[j] = kept;
    }
    this.#beyondUntil = new Int32Array(count).fill(-1);
    this.#betweenUntil = new Int32Array(count).fill(-1);
    this.#silentUntil = new Int32Array(count).fill(-1);
    this.#second = { at: 0, count: 0, streams: new Uint32Array(count), values: new Float64Array(count) };
  }

  /** The same arrays each time. */
  next(): Second {
    const now = this.#now++;
    const { streams, values } = this.#second;
    let count = 0;
    for (const stream of this.#order) {
      if (!this.#workload.quiet) this.#change(stream, now);
      if ((this.#silentUntil[stream] as number) > now) continue;
      streams[count] = stream;
      values[count++] = this.#value(stream, now);
    }
    this.#second.at = startAt + now * 1_000;
    this.#second.count = count;
    return this.#second;
  }

  #change(stream: number, now: number): void {
    if ((this.#betweenUntil[stream] as number) >= now) return;
    // In the first second one in a hundred is beyond already, so that a short prefix of the work has alerts too.
    if (this.#chance() < (now === 0 ? 0.01 : excursionEach)) {
      const until = now + 5 + Math.floor(this.#chance() * 40);
      this.#beyondUntil[stream] = until;
      this.#betweenUntil[stream] = until + Math.floor(this.#chance() * 6);
    } else if (now > 5 && this.#chance() < silenceEach) {
      this.#silentUntil[stream] = now + 20 + Math.floor(this.#chance() * 40);
    }
  }

  #value(stream: number, now: number): number {
    const { usual, beyond, between } = bodies[vitalOf(stream)];
    if ((this.#beyondUntil[stream] as number) > now) return beyond[(stream >> 3) & 1] as number;
    if ((this.#betweenUntil[stream] as number) > now) return between;
    return usual + Math.floor(this.#chance() * 3);
  }

  #chance(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) / 2 ** 32;
  }
}

const kinds = { raised: 1, cleared: 2, silent: 3, back: 4 } as const;

/** What an engine said, in order: every alert that began or ended, and when. */
export class Said {
  #count = 0;
  #raised = 0;
  #words = new Int32Array(4 * 1_024);
  #used = 0;
  readonly #hash = createHash('sha256');

  /** `rule`: its place among the rules of the vital; 0 for silence. */
  tell(kind: keyof typeof kinds, stream: number, rule: number, at: number): void {
    if (this.#used === this.#words.length) this.#flush();
    this.#words[this.#used++] = kinds[kind];
    this.#words[this.#used++] = stream;
    this.#words[this.#used++] = rule;
    this.#words[this.#used++] = at - startAt;
    this.#count++;
    if (kind === 'raised' || kind === 'silent') this.#raised++;
  }

  get alerts(): number {
    return this.#raised;
  }

  /** Of all that was said until now, in its order. */
  get digest(): string {
    this.#flush();
    return `${this.#count}:${this.#hash.copy().digest('hex').slice(0, 16)}`;
  }

  #flush(): void {
    this.#hash.update(new Uint8Array(this.#words.buffer, 0, this.#used * 4));
    this.#used = 0;
  }
}
