// What the oracle is given: who was watched from when to when, what came and when it was accepted, the rules, the ticks.
import type { OracleRule } from './rule-file.ts';

/** One message of one signal. */
export interface Arrived {
  /** Effective time; of a block the end of its last sample. */
  readonly at: number;
  readonly acceptedAt: number;
  /** Canonical; null for a block and for an absence. */
  readonly value: number | null;
  readonly bound: 'below' | 'above' | null;
  readonly good: boolean;
  readonly usable: boolean;
}

export interface GivenSignal {
  readonly name: string;
  readonly everyMs: number;
  readonly firstWithinMs: number;
  readonly arrivals: readonly Arrived[];
}

/** Log time moves at these instants alone, and at one of them before what is accepted at it. */
export interface Ticks {
  readonly from: number;
  readonly everyMs: number;
}

export interface Given {
  readonly patient: string;
  /** In the order in which those of one instant come. */
  readonly signals: readonly GivenSignal[];
  readonly rules: readonly OracleRule[];
  readonly ticks: Ticks;
  /** `to`: when a person takes the devices off. */
  readonly assigned: { readonly from: number; readonly to: number };
  /** Nothing is looked at after this instant. */
  readonly until: number;
}

/** Log time of a record accepted at `at`. */
export function tickBefore({ from, everyMs }: Ticks, at: number): number {
  return from + Math.floor((at - from) / everyMs) * everyMs;
}

/** The tick that finds what is due at `at`. */
export function tickAfter({ from, everyMs }: Ticks, at: number): number {
  return from + Math.ceil((at - from) / everyMs) * everyMs;
}
