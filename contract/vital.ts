// Tables only, no zod: the console imports this too.

/** Facts of a vital sign (`interfaces.md` 2). Values are in the canonical unit. */
export interface VitalFacts {
  /** Code in store rows and records without strings; never changes. */
  readonly code: number;
  /** Canonical UCUM unit. */
  readonly unit: string;
  /** Step to which a value is rounded before it is compared or shown. */
  readonly resolution: number;
  /** Physically possible range, both ends included; outside is refused as `implausible`. */
  readonly possible: readonly [number, number];
  /**
   * Other UCUM units that senders may use, with the way to the canonical one: (value + offset) * factor. Their order
   * gives their codes in store rows: new ones go last, none ever goes.
   */
  readonly alsoAccepted: Readonly<Record<string, { readonly factor: number; readonly offset: number }>>;
  /** ISO/IEEE 11073-10101 code; absent where the nomenclature has none. Glucose depends on the specimen. */
  readonly mdc?: number;
  readonly loinc: readonly string[];
  /** Oldest age at which the newest reading still speaks for now, and is judged live (`alerting.md` 2.7). */
  readonly freshForMs: number;
  /** Age from which a value that still comes is `degraded`. */
  readonly degradedAfterMs: number;
}

const minute = 60_000;
const slow = { freshForMs: 60 * minute, degradedAfterMs: 45 * minute };

export const VITALS = {
  glucose: {
    code: 1,
    unit: 'mg/dL',
    resolution: 1,
    possible: [10, 1500],
    alsoAccepted: { 'mmol/L': { factor: 18.0156, offset: 0 } },
    loinc: [],
    freshForMs: 15 * minute,
    degradedAfterMs: 10 * minute,
  },
  spo2: {
    code: 2,
    unit: '%',
    resolution: 1,
    possible: [1, 100],
    alsoAccepted: {},
    mdc: 150456,
    loinc: ['2708-6', '59408-5'],
    freshForMs: 30_000,
    degradedAfterMs: 5_000,
  },
  pulse: {
    code: 3,
    unit: '/min',
    resolution: 1,
    possible: [10, 350],
    alsoAccepted: {},
    mdc: 149530,
    loinc: ['8867-4', '8889-8'],
    freshForMs: 30_000,
    degradedAfterMs: 5_000,
  },
  hr: {
    code: 4,
    unit: '/min',
    resolution: 1,
    possible: [10, 350],
    alsoAccepted: {},
    mdc: 147842,
    loinc: ['8867-4'],
    freshForMs: 30_000,
    degradedAfterMs: 3_000,
  },
  resp: {
    code: 5,
    unit: '/min',
    resolution: 1,
    possible: [0, 150],
    alsoAccepted: {},
    mdc: 151562,
    loinc: ['9279-1'],
    ...slow,
  },
  temp: {
    code: 6,
    unit: 'Cel',
    resolution: 0.1,
    possible: [20, 46],
    alsoAccepted: { '[degF]': { factor: 1 / 1.8, offset: -32 } },
    mdc: 150364,
    loinc: ['8310-5'],
    ...slow,
  },
  sbp: {
    code: 7,
    unit: 'mm[Hg]',
    resolution: 1,
    possible: [20, 300],
    alsoAccepted: { kPa: { factor: 7.50062, offset: 0 } },
    mdc: 150021,
    loinc: ['8480-6'],
    ...slow,
  },
  dbp: {
    code: 8,
    unit: 'mm[Hg]',
    resolution: 1,
    possible: [10, 250],
    alsoAccepted: { kPa: { factor: 7.50062, offset: 0 } },
    mdc: 150022,
    loinc: ['8462-4'],
    ...slow,
  },
  perfusion: {
    code: 9,
    unit: '%',
    resolution: 0.1,
    possible: [0, 30],
    alsoAccepted: {},
    mdc: 150448,
    loinc: ['61006-3'],
    ...slow,
  },
  rr: {
    code: 10,
    unit: 'ms',
    resolution: 1,
    possible: [150, 5000],
    alsoAccepted: {},
    mdc: 147240,
    loinc: ['8637-1'],
    ...slow,
  },
  oxygen: { code: 11, unit: 'L/min', resolution: 0.5, possible: [0, 60], alsoAccepted: {}, loinc: ['3151-8'], ...slow },
  consciousness: {
    code: 12,
    unit: '{acvpu}',
    resolution: 1,
    possible: [0, 4],
    alsoAccepted: {},
    loinc: ['80288-4'],
    ...slow,
  },
} as const satisfies Record<string, VitalFacts>;

export type Vital = keyof typeof VITALS;

export const vitalNames = Object.keys(VITALS) as readonly Vital[];

/** The vital of a code, or undefined. */
export function vitalOfCode(code: number): Vital | undefined {
  return vitalNames[code - 1];
}
