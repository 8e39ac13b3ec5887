// What every peer needs beside its conditions, written as one would first: the state of a stream, the hold of a rule, a sweep
// for silence. The engines differ in how they come to a verdict.
import type { ThresholdRule } from '../../../contract/index.ts';
import {
  type BenchVital,
  freshForMs,
  gapMs,
  patientOf,
  type Said,
  type Second,
  settledMs,
  streamOf,
  vitalOf,
} from './rules-workload.ts';

export interface PlainReading {
  readonly patient: string;
  readonly vital: BenchVital;
  readonly value: number;
  readonly at: number;
}

export type Verdict = 'violating' | 'between' | 'beyond';

/** A rule's word and number, and where a recovery begins. */
export function limitOf(rule: ThresholdRule): {
  readonly word: 'below' | 'atOrBelow' | 'above' | 'atOrAbove';
  readonly limit: number;
  readonly edge: number;
} {
  for (const word of ['below', 'atOrBelow', 'above', 'atOrAbove'] as const) {
    const text = rule[word];
    if (text === undefined) continue;
    const limit = Number(text.split(' ')[0]);
    return { word, limit, edge: word.endsWith('elow') ? limit + rule.deadband : limit - rule.deadband };
  }
  throw new Error(`${rule.id} has no limit`);
}

/** Something made of each rule, in the order of the file, by the vital it looks at. */
export function byVital<T>(
  rules: readonly ThresholdRule[],
  make: (rule: ThresholdRule, i: number) => T,
): Readonly<Record<BenchVital, readonly T[]>> {
  const of = (vital: BenchVital) => rules.filter((rule) => rule.vitals[0] === vital).map(make);
  return { hr: of('hr'), pulse: of('pulse'), spo2: of('spo2') };
}

export function plainReadings({ at, count, streams, values }: Second): PlainReading[] {
  return Array.from({ length: count }, (_, i) => {
    const stream = streams[i] as number;
    return { patient: patientOf(stream), vital: vitalOf(stream), value: values[i] as number, at };
  });
}

interface Hold {
  raised: boolean;
  /** First violating reading; NaN: none. */
  onsetAt: number;
  recoverAt: number;
}

interface PlainStream {
  readonly index: number;
  heardAt: number;
  silent: boolean;
  backSince: number | undefined;
  readonly holds: readonly Hold[];
}

export class PlainStreams {
  readonly #streams = new Map<string, PlainStream>();
  readonly #rules: Readonly<Record<BenchVital, readonly ThresholdRule[]>>;
  readonly #said: Said;

  constructor(rules: readonly ThresholdRule[], said: Said) {
    this.#rules = byVital(rules, (rule) => rule);
    this.#said = said;
  }

  /** Takes a reading; `verdictOf` is asked for each rule of its vital. */
  take({ patient, vital, at }: PlainReading, verdictOf: (rule: number) => Verdict): void {
    const key = `${patient}/${vital}`;
    let stream = this.#streams.get(key);
    const rules = this.#rules[vital];
    if (!stream) {
      const holds = rules.map(() => ({ raised: false, onsetAt: Number.NaN, recoverAt: Number.NaN }));
      stream = { index: streamOf(patient, vital), heardAt: at, silent: false, backSince: undefined, holds };
      this.#streams.set(key, stream);
    }
    const gap = at - stream.heardAt > gapMs;
    stream.heardAt = at;
    if (stream.silent) this.#heard(stream, at);
    for (let i = 0; i < rules.length; i++) this.#step(stream, i, rules[i] as ThresholdRule, verdictOf(i), at, gap);
  }

  #heard(stream: PlainStream, at: number): void {
    stream.backSince ??= at;
    if (at < stream.backSince + settledMs) return;
    stream.silent = false;
    stream.backSince = undefined;
    this.#said.tell('back', stream.index, 0, at);
  }

  #step(stream: PlainStream, i: number, rule: ThresholdRule, verdict: Verdict, at: number, gap: boolean): void {
    const hold = stream.holds[i] as Hold;
    if (hold.raised) {
      if (verdict === 'violating' || gap) hold.recoverAt = Number.NaN;
      if (verdict !== 'beyond') return;
      if (Number.isNaN(hold.recoverAt)) hold.recoverAt = at;
      if (at < hold.recoverAt + rule.recoverMs) return;
      hold.raised = false;
      hold.onsetAt = Number.NaN;
      this.#said.tell('cleared', stream.index, i, at);
      return;
    }
    if (gap || verdict === 'beyond') hold.onsetAt = Number.NaN;
    if (verdict !== 'violating') return;
    if (Number.isNaN(hold.onsetAt)) hold.onsetAt = at;
    if (at < hold.onsetAt + rule.holdMs) return;
    hold.raised = true;
    hold.recoverAt = Number.NaN;
    this.#said.tell('raised', stream.index, i, at);
  }

  /** Who was not heard for too long, by the instant at which that was so. */
  sweep(now: number): void {
    const due: PlainStream[] = [];
    for (const stream of this.#streams.values()) {
      if (stream.heardAt + freshForMs > now) continue;
      stream.backSince = undefined;
      if (!stream.silent) due.push(stream);
    }
    due.sort((a, b) => a.heardAt - b.heardAt || a.index - b.index);
    for (const stream of due) {
      stream.silent = true;
      this.#said.tell('silent', stream.index, 0, stream.heardAt + freshForMs);
    }
  }
}
