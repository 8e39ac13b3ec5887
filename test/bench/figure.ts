/** One figure of a benchmark; the runner adds node, commit and seed. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Who did the same work in the same run, and how. */
  readonly peer?: string;
  readonly peerValue?: number;
  /** value / peerValue. */
  readonly ratio?: number;
  /** What the ratio has to reach, as a person reads it; without one it is for information. */
  readonly bar?: string;
  readonly held?: boolean;
}

/** Three significant digits: the noise of shared machines is larger. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

/** The middle of several measurements; one slow round of a shared machine does not move it. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
