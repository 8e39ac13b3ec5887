// Units (CON-UNITS): inside Vigil each vital has one unit, and this is the one place that converts to it. A factor of 18
// stands between the two units of glucose, so a value without a known unit has no value at all.
import { VITALS, type Vital, type VitalFacts } from './vital.ts';

/** Value in the vital's canonical unit, or undefined if the unit is not one of the vital's. Not rounded. */
export function toCanonical(vital: Vital, value: number, unit: string): number | undefined {
  const facts: VitalFacts = VITALS[vital];
  if (unit === facts.unit) return value;
  const other = Object.hasOwn(facts.alsoAccepted, unit) ? facts.alsoAccepted[unit] : undefined;
  return other && (value + other.offset) * other.factor;
}

/** Code of a unit that was not kept. */
export const unitUnknown = 255;

/** Code of one of a vital's units in store rows: 0 the canonical one, then the others as `VITALS` lists them. */
export function unitCodeOf(vital: Vital, unit: string): number {
  const facts: VitalFacts = VITALS[vital];
  const at = [facts.unit, ...Object.keys(facts.alsoAccepted)].indexOf(unit);
  return at < 0 ? unitUnknown : at;
}

/** UCUM unit of a code, or undefined where it was not kept. */
export function unitOfCode(vital: Vital, code: number): string | undefined {
  const facts: VitalFacts = VITALS[vital];
  return [facts.unit, ...Object.keys(facts.alsoAccepted)][code];
}

/** Half away from zero to the vital's resolution: what is shown, and therefore what limits are compared with. */
export function toResolution(vital: Vital, value: number): number {
  return roundTo(value, VITALS[vital].resolution);
}

/** Half away from zero to a multiple of `step`. */
export function roundTo(value: number, step: number): number {
  // Through the inverse where it is an integer, so that 0.1 steps give 36.6 and not 36.6000000000000005.
  const perUnit = 1 / step;
  const scaled = (Math.abs(value) * (Number.isInteger(perUnit) ? perUnit : 1)) / (Number.isInteger(perUnit) ? 1 : step);
  const rounded = Math.floor(scaled + 0.5 + 1e-9);
  const back = Number.isInteger(perUnit) ? rounded / perUnit : rounded * step;
  return value < 0 ? -back : back;
}

/** True if the value, in the canonical unit, can come from a body at all. */
export function isPossible(vital: Vital, value: number): boolean {
  const [low, high] = VITALS[vital].possible;
  return value >= low && value <= high;
}
