// The early warning score of the Royal College of Physicians, NEWS2, 2017 (`alerting.md` 2.11), reproduced with
// acknowledgement. Pure tables: a displayed value to its points, and the band of values that score the same.
import { VITALS, type Vital } from '../../contract/index.ts';

/** Parameters of the score; the rate is hr or pulse, whichever is newer. */
export const parameters = ['resp', 'spo2', 'oxygen', 'sbp', 'pulse', 'consciousness', 'temp'] as const;
export type Parameter = (typeof parameters)[number];

/** Vitals whose readings are looked at. */
export const news2Vitals: readonly Vital[] = [...parameters, 'hr'];

export function parameterOf(vital: Vital): Parameter {
  return (vital === 'hr' ? 'pulse' : vital) as Parameter;
}

/** Up to and including the first number the second is scored. */
type Steps = readonly (readonly [number, number])[];
const rest = Number.POSITIVE_INFINITY;

const steps: Readonly<Record<Exclude<Parameter, 'spo2'>, Steps>> = {
  resp: [
    [8, 3],
    [11, 1],
    [20, 0],
    [24, 2],
    [rest, 3],
  ],
  oxygen: [
    [0, 0],
    [rest, 2],
  ],
  sbp: [
    [90, 3],
    [100, 2],
    [110, 1],
    [219, 0],
    [rest, 3],
  ],
  pulse: [
    [40, 3],
    [50, 1],
    [90, 0],
    [110, 1],
    [130, 2],
    [rest, 3],
  ],
  consciousness: [
    [0, 0],
    [rest, 3],
  ],
  temp: [
    [35.0, 3],
    [36.0, 1],
    [38.0, 0],
    [39.0, 1],
    [rest, 2],
  ],
};
const scale1: Steps = [
  [91, 3],
  [93, 2],
  [95, 1],
  [rest, 0],
];
const scale2OnAir: Steps = [
  [83, 3],
  [85, 2],
  [87, 1],
  [rest, 0],
];
const scale2OnOxygen: Steps = [
  [83, 3],
  [85, 2],
  [87, 1],
  [92, 0],
  [94, 1],
  [96, 2],
  [rest, 3],
];

/** Scale 2 scores 93 and more by the oxygen given: unknown there without it. */
const targetMost = 92;

function stepsOf(parameter: Parameter, scale: 1 | 2, onOxygen: boolean | null): Steps {
  if (parameter !== 'spo2') return steps[parameter];
  if (scale === 1) return scale1;
  return onOxygen ? scale2OnOxygen : scale2OnAir;
}

/** Points of a displayed value; null where they cannot be told. */
export function pointsOf(parameter: Parameter, value: number, scale: 1 | 2, onOxygen: boolean | null): number | null {
  if (parameter === 'spo2' && scale === 2 && value > targetMost && onOxygen === null) return null;
  const found = stepsOf(parameter, scale, onOxygen).find(([most]) => value <= most);
  return found ? found[1] : null;
}

/** Displayed values that score as this one does whatever the oxygen, both ends included. */
export function sameBand(vital: Vital, value: number): { readonly low: number; readonly high: number } {
  const parameter = parameterOf(vital);
  const { resolution } = VITALS[vital];
  const edges = [...stepsOf(parameter, 1, null), ...(parameter === 'spo2' ? scale2OnOxygen : [])].map(([most]) => most);
  const low = Math.max(Number.NEGATIVE_INFINITY, ...edges.filter((most) => most < value));
  return { low: low + resolution, high: Math.min(...edges.filter((most) => most >= value)) };
}

/** What a parameter contributes. */
export interface Observed {
  readonly parameter: Parameter;
  readonly value: number;
}

export interface Score {
  /** Sum of what is known: a lower bound where something is missing. */
  readonly sum: number;
  readonly highest: number;
  readonly missing: readonly Parameter[];
}

export function scoreOf(observed: readonly Observed[], scale: 1 | 2): Score {
  const byParameter = new Map(observed.map((each) => [each.parameter, each.value]));
  const oxygen = byParameter.get('oxygen');
  const onOxygen = oxygen === undefined ? null : oxygen > 0;
  const missing: Parameter[] = [];
  let sum = 0;
  let highest = 0;
  for (const parameter of parameters) {
    const value = byParameter.get(parameter);
    const points = value === undefined ? null : pointsOf(parameter, value, scale, onOxygen);
    if (points === null) {
      missing.push(parameter);
      continue;
    }
    sum += points;
    highest = Math.max(highest, points);
  }
  return { sum, highest, missing };
}
