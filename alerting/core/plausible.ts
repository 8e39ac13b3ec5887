// Purpose: ALR-RULES, CON-UNITS. Where a limit of each vital can lie; what lies outside is refused when rules are compiled.
import type { Vital } from '../../contract/index.ts';

/** Where a limit can lie at all, canonical units, both ends included: outside it is a slip of unit or digit. */
export const plausibleLimits: Readonly<Record<Vital, readonly [number, number]>> = {
  glucose: [36, 600],
  spo2: [50, 100],
  pulse: [20, 300],
  hr: [20, 300],
  resp: [3, 100],
  temp: [28, 43],
  sbp: [40, 260],
  dbp: [20, 180],
  perfusion: [0, 20],
  rr: [180, 5000],
  oxygen: [0, 60],
  consciousness: [0, 4],
};
