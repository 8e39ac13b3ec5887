// Small recordings for tests of the oracle, written as one writes them on paper.

import type { Arrived, GivenSignal } from '../../oracle/given.ts';
import { foretell } from '../../oracle/oracle.ts';
import { type OracleRule, readRules } from '../../oracle/rule-file.ts';

export const minute = 60_000;

/** A number; `LOW` or `HIGH`; NaN for a reading without a value; `87?` for a doubtful one. */
export type Says = number | 'LOW' | 'HIGH' | `${number}?`;

export function arrived(at: number, says: Says): Arrived {
  const none = { at, acceptedAt: at, good: true, usable: true, bound: null };
  if (says === 'LOW') return { ...none, value: 40, bound: 'below' };
  if (says === 'HIGH') return { ...none, value: 400, bound: 'above' };
  if (typeof says === 'string') return { ...none, value: Number(says.slice(0, -1)), good: false };
  return Number.isNaN(says) ? { ...none, value: null, usable: false } : { ...none, value: says };
}

/** A signal whose readings come in equal steps from one step on; null: silence. */
export function signal(name: string, everyMs: number, readings: readonly (Says | null)[]): GivenSignal {
  const arrivals = readings.flatMap((says, index) => (says === null ? [] : [arrived((index + 1) * everyMs, says)]));
  return { name, everyMs, firstWithinMs: name === 'glucose' ? 120 * minute : 2 * minute, arrivals };
}

export const cgm = (...readings: (Says | null)[]): GivenSignal => signal('glucose', 5 * minute, readings);
export const oximeter = (...readings: (Says | null)[]): GivenSignal => signal('spo2', 1_000, readings);

/** So many times the same. */
export function times<T>(count: number, says: T): T[] {
  return Array.from({ length: count }, () => says);
}

/** A rule set in the form of the file, with one rule or several. */
export function rules(...each: Record<string, unknown>[]): readonly OracleRule[] {
  const common = {
    kind: 'threshold',
    version: 1,
    family: 'f',
    priority: 'medium',
    deadband: 0,
    holdMs: 0,
    recoverMs: 0,
  };
  return readRules(JSON.stringify({ rules: each.map((rule, rank) => ({ id: `r${rank}`, rank, ...common, ...rule })) }));
}

/** What has to be told, one line each: `300s raised f r0 medium`. */
export function story(given: {
  signals: readonly GivenSignal[];
  rules: readonly OracleRule[];
  until: number;
  to?: number;
}): string[] {
  const { signals, until, to = Number.MAX_SAFE_INTEGER } = given;
  const ticks = { from: 0, everyMs: 500 };
  const { events } = foretell({ patient: 'p-1', signals, rules: given.rules, ticks, assigned: { from: 0, to }, until });
  return events.map(({ at, type, family, rule, priority, peak }) => {
    const words = [`${at / 1_000}s`, type, family, ...(rule === family ? [] : [rule]), priority];
    return [...words, ...(peak === priority ? [] : [`peak ${peak}`])].join(' ');
  });
}
