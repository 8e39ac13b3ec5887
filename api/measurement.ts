// A reading as people may see it now (API-AGE, API-PATIENT). Class C. Invariant: a number stands under `value` only while
// it is fresh and usable; otherwise under `last`, with its time. Pure.
import {
  type Assignment,
  type Measurement,
  type PastValue,
  type ReadingView,
  toInstant,
  toResolution,
  VITALS,
  type Vital,
} from '../contract/index.ts';
import { type HeldReading, isUsable, type Newest } from './latest-values.ts';

export interface MeasurementContext {
  readonly now: number;
  /** The assignment under which the reading was taken, if the registry knows it. */
  readonly binding: Assignment | undefined;
  /** Expected interval between readings; undefined: not known. */
  readonly everyMs: number | undefined;
}

/** The newest measurement of a vital that is due, or `never`. */
export function measurementOf(
  vital: Vital,
  held: Newest | undefined,
  contextOf: (reading: HeldReading) => MeasurementContext,
): Measurement {
  const { unit, freshForMs } = VITALS[vital];
  if (!held) return { state: 'never', vital, unit, freshForMs };
  const { newest, usable } = held;
  const context = contextOf(newest);
  const measured = { vital, unit, freshForMs, ...factsOf(newest, context) };
  const last = usable ? pastValue(usable) : null;
  if (measured.ageMs > freshForMs) return { state: 'stale', ...measured, last };
  // A bad reading has a number that must not be read as one.
  if (!isUsable(newest)) return { state: 'absent', ...measured, absent: newest.absent ?? 'invalid', last };
  return { state: isDegraded(newest, measured.ageMs, context) ? 'degraded' : 'live', ...measured, ...numberOf(newest) };
}

function factsOf(reading: HeldReading, { now, binding }: MeasurementContext) {
  return {
    takenAt: toInstant(reading.effectiveAt),
    receivedAt: toInstant(reading.receivedAt),
    acceptedAt: toInstant(reading.acceptedAt),
    ageMs: Math.max(0, now - reading.effectiveAt),
    quality: reading.quality,
    clock: reading.clock,
    flags: [...reading.flags],
    reading: `${reading.device}/${reading.boot}/${reading.seq}`,
    device: reading.device,
    boundFrom: binding ? toInstant(binding.from) : null,
    boundTo: binding && binding.to !== null ? toInstant(binding.to) : null,
  };
}

function isDegraded(
  { vital, quality, clock }: HeldReading,
  ageMs: number,
  { everyMs = 0 }: MeasurementContext,
): boolean {
  const { degradedAfterMs, freshForMs } = VITALS[vital];
  const lateAfterMs = Math.min(freshForMs, Math.max(degradedAfterMs, 2 * everyMs));
  return ageMs > lateAfterMs || quality === 'doubtful' || clock === 'unsure';
}

/** The number as it is shown and compared: rounded to the vital's resolution. */
export function numberOf({ vital, value, bound }: Pick<HeldReading, 'vital' | 'value' | 'bound'>) {
  return { ...(value !== undefined && { value: toResolution(vital, value) }), ...(bound !== undefined && { bound }) };
}

function pastValue(reading: HeldReading): PastValue {
  return { ...numberOf(reading), takenAt: toInstant(reading.effectiveAt) };
}

/** A reading as it was taken, for history and evidence. */
export function readingView(reading: HeldReading, binding: Assignment | undefined): ReadingView {
  const { ageMs: _, flags: __, ...facts } = factsOf(reading, { now: 0, binding, everyMs: undefined });
  const { vital, absent } = reading;
  return { vital, ...numberOf(reading), ...(absent && { absent }), unit: VITALS[vital].unit, ...facts };
}
