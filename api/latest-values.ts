// The newest reading of each patient and vital. Class C: what stands big on a screen. Invariants: only a reading that was
// taken later replaces another, whatever came in later; an absence or a bad reading never passes for a value, and does not
// erase the last usable one. Values come from `inputs`; the store only fills in what is older than the log that was read.
import {
  absentReasons,
  type Bound,
  bounds,
  canonicalValue,
  clockQualities,
  effectiveTime,
  isClockUnsure,
  type NumericPoint,
  qualities,
  type Reading,
  type Vital,
  vitalOfCode,
} from '../contract/index.ts';

export interface HeldReading {
  readonly vital: Vital;
  readonly device: string;
  readonly boot: number;
  readonly seq: number;
  /** Canonical, unrounded. */
  readonly value?: number;
  readonly bound?: Bound;
  readonly absent?: (typeof absentReasons)[number];
  readonly quality: (typeof qualities)[number];
  readonly clock: (typeof clockQualities)[number];
  readonly flags: readonly string[];
  readonly effectiveAt: number;
  readonly receivedAt: number;
  readonly acceptedAt: number;
}

/** What ingest says of a readings record, as its header has it. */
export interface ReadingsFacts {
  readonly device: string;
  readonly acceptedAt: number;
  readonly skew?: number;
  readonly clock?: string;
}

export interface Newest {
  readonly newest: HeldReading;
  /** The newest with a usable number; may be `newest` itself. */
  readonly usable: HeldReading | undefined;
}

export class LatestValues {
  readonly #patients = new Map<string, Map<Vital, Newest>>();

  /** True if something is newer now than it was. */
  put(patient: string, reading: HeldReading): boolean {
    const vitals = this.#patients.get(patient) ?? new Map<Vital, Newest>();
    this.#patients.set(patient, vitals);
    const known = vitals.get(reading.vital);
    const newest = isNewer(reading, known?.newest) ? reading : known?.newest;
    const usable = isUsable(reading) && isNewer(reading, known?.usable) ? reading : known?.usable;
    if (newest === undefined || (newest === known?.newest && usable === known?.usable)) return false;
    vitals.set(reading.vital, { newest, usable });
    return true;
  }

  get(patient: string, vital: Vital): Newest | undefined {
    return this.#patients.get(patient)?.get(vital);
  }

  /** The patient left. */
  forget(patient: string): void {
    this.#patients.delete(patient);
  }
}

function isNewer(reading: HeldReading, than: HeldReading | undefined): boolean {
  return than === undefined || reading.effectiveAt > than.effectiveAt;
}

/** A number or a bound that may be shown as one. */
export function isUsable({ value, bound, quality }: HeldReading): boolean {
  return quality !== 'bad' && (value !== undefined || bound !== undefined);
}

/** A reading of `inputs` with the time that counts. */
export function heldReading(reading: Reading, { device, acceptedAt, skew, clock }: ReadingsFacts): HeldReading {
  const timed = { takenAt: reading.takenAt, acceptedAt, skew };
  const value = canonicalValue(reading);
  const unsure = clock === 'unsure' || isClockUnsure(timed);
  return {
    vital: reading.vital,
    device,
    boot: reading.boot,
    seq: reading.seq,
    ...(value !== undefined && { value }),
    ...('bound' in reading && reading.bound !== undefined && { bound: reading.bound }),
    ...('absent' in reading && { absent: reading.absent }),
    quality: reading.quality,
    clock: unsure ? 'unsure' : reading.clock,
    flags: reading.flags ?? [],
    effectiveAt: effectiveTime(timed),
    receivedAt: reading.receivedAt,
    acceptedAt,
  };
}

/** A reading of the store; undefined where its codes are of a later version. */
export function heldPoint(point: NumericPoint): HeldReading | undefined {
  const vital = vitalOfCode(point.vital);
  const quality = qualities[point.quality];
  const clock = clockQualities[point.clock];
  if (!vital || !quality || !clock) return undefined;
  const bound = bounds[point.bound - 1];
  const absent = absentReasons[point.absent];
  return {
    vital,
    device: point.device,
    boot: point.boot,
    seq: point.seq,
    ...(point.value !== null && { value: point.value }),
    ...(bound && { bound }),
    ...(absent && { absent }),
    quality,
    clock,
    flags: [],
    effectiveAt: point.effectiveAt,
    receivedAt: point.receivedAt,
    acceptedAt: point.acceptedAt,
  };
}
