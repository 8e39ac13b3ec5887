// Tables only, no zod: the console imports this too.

/** ECG leads and the plethysmogram by their ISO/IEEE 11073-10101 code (`interfaces.md` 2). */
export const LEADS = {
  ecg: 131328,
  I: 131329,
  II: 131330,
  III: 131389,
  aVR: 131390,
  aVL: 131391,
  aVF: 131392,
  V1: 131331,
  V2: 131332,
  V3: 131333,
  V4: 131334,
  V5: 131335,
  V6: 131336,
  pleth: 150452,
} as const satisfies Record<string, number>;

export type Lead = keyof typeof LEADS;

export const leadNames = Object.keys(LEADS) as readonly Lead[];

const byCode = new Map<number, Lead>(leadNames.map((name) => [LEADS[name], name]));

/** The lead of a code, or undefined. */
export function leadOfCode(code: number): Lead | undefined {
  return byCode.get(code);
}

/** MDC unit of the physical value: microvolt for ECG, none for the plethysmogram. */
export const MICROVOLT = 266419;

/** Oldest age at which the newest samples still speak for now; from `degradedAfterMs` on they are late (`alerting.md` 2.7). */
export const waveformFreshness = { freshForMs: 10_000, degradedAfterMs: 3_000 } as const;
