// Numbers of `alerting.md` and `interfaces.md`, copied from the text by hand and not from the program.

const second = 1_000;
const minute = 60 * second;

export interface SignalFacts {
  readonly unit: string;
  /** What is compared is what is displayed (`alerting.md` 2.1). */
  readonly resolution: number;
  /** Table of `alerting.md` 2.7: ages of the newest usable reading. */
  readonly degradedMs: number;
  readonly lowMs: number;
  readonly mediumMs: number;
}

const facts: Readonly<Record<string, SignalFacts>> = {
  glucose: { unit: 'mg/dL', resolution: 1, degradedMs: 10 * minute, lowMs: 15 * minute, mediumMs: 20 * minute },
  spo2: { unit: '%', resolution: 1, degradedMs: 5 * second, lowMs: 30 * second, mediumMs: 10 * minute },
  pulse: { unit: '/min', resolution: 1, degradedMs: 5 * second, lowMs: 30 * second, mediumMs: 10 * minute },
  hr: { unit: '/min', resolution: 1, degradedMs: 3 * second, lowMs: 30 * second, mediumMs: 2 * minute },
  // No row of its own in 2.7: a value of a device counts for 60 min (2.11).
  resp: { unit: '/min', resolution: 1, degradedMs: 45 * minute, lowMs: 60 * minute, mediumMs: 120 * minute },
};

/** ECG samples. */
const samples: SignalFacts = {
  unit: 'uV',
  resolution: 1,
  degradedMs: 3 * second,
  lowMs: 10 * second,
  mediumMs: 2 * minute,
};

export function factsOf(signal: string): SignalFacts {
  return facts[signal] ?? samples;
}

/** Signals with rules: the others are samples of a lead. */
export function isNumeric(signal: string): boolean {
  return signal in facts;
}

/** `alerting.md` 2.1: 3 x expected interval, at least 5 s. */
export function maxGapMs(everyMs: number): number {
  return Math.max(3 * everyMs, 5 * second);
}

/** `alerting.md` 2.7: at 0.1 Hz and faster a loss ends after 5 s of readings. */
export function settleMs(everyMs: number): number {
  return everyMs <= 10 * second ? 5 * second : 0;
}

/** `alerting.md` 2.9: messages without a usable reading; a slow signal: two of them. */
export const poorMs = 30 * second;
/** `alerting.md` 6: degraded for so long is told. */
export const degradedToldMs = 30 * second;
/** `alerting.md` 2.7: last glucose below this and falling is a risk context. */
export const riskGlucose = 80;
/** `alerting.md` 2.1: mg/dL of one mmol/L. */
export const mgOfMmol = 18.0156;
