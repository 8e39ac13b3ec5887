// What a usable reading says beside its number, in the bits of one small integer, and back.
import { canonicalValue, type EvidenceReading, type Reading, VITALS, type Vital } from '../../contract/index.ts';

/** Bits; 0 is a good value by a synced clock. */
export const code = {
  doubtful: 1,
  estimated: 4,
  /** The reading's own clock is not sure. */
  unsure: 8,
  below: 16,
  above: 32,
  /** The header or the date itself say that the sender's clock is not to be believed. */
  disbelieved: 64,
} as const;
export const codeBound = code.below | code.above;
export const codeClock = code.unsure | code.disbelieved;

/** The code of a usable reading. */
export function codeOf(reading: Reading, disbelieved: boolean): number {
  const bound = 'bound' in reading ? reading.bound : undefined;
  return (
    (reading.quality === 'good' ? 0 : code.doubtful) |
    (reading.clock === 'estimated' ? code.estimated : 0) |
    (reading.clock === 'unsure' ? code.unsure : 0) |
    (bound === 'below' ? code.below : 0) |
    (bound === 'above' ? code.above : 0) |
    (disbelieved ? code.disbelieved : 0)
  );
}

/** Its canonical value, not rounded; NaN of a bound that names none. */
export function numberOf(reading: Reading): number {
  return canonicalValue(reading) ?? Number.NaN;
}

export function isGood(codes: number): boolean {
  return (codes & code.doubtful) === 0;
}
export function boundOf(codes: number): 'below' | 'above' | null {
  if ((codes & code.below) !== 0) return 'below';
  return (codes & code.above) !== 0 ? 'above' : null;
}

/** A usable reading in numbers, as the engine's entrance takes it. */
export interface Taken {
  readonly value: number;
  /** Effective time. */
  readonly at: number;
  readonly acceptedAt: number;
  readonly receivedAt: number;
  readonly boot: number;
  readonly seq: number;
  readonly codes: number;
}

/** The reading as evidence: its value in the canonical unit, not rounded. */
export function evidenceOf(device: string, vital: Vital, taken: Taken): EvidenceReading {
  const { value, codes } = taken;
  const bound = boundOf(codes);
  return {
    device,
    boot: taken.boot,
    seq: taken.seq,
    vital,
    ...(!Number.isNaN(value) && { value }),
    ...(bound !== null && { bound }),
    unit: VITALS[vital].unit,
    quality: isGood(codes) ? 'good' : 'doubtful',
    takenAt: taken.at,
    receivedAt: taken.receivedAt,
    acceptedAt: taken.acceptedAt,
    clock: clockOf(codes),
  };
}

function clockOf(codes: number): EvidenceReading['clock'] {
  if ((codes & code.unsure) !== 0) return 'unsure';
  return (codes & code.estimated) !== 0 ? 'estimated' : 'synced';
}
