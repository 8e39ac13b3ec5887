// The newest reading per vital of the patients that were asked for, held in memory. A patient's entry is made before the
// query that fills it begins and takes every write committed from then on; as taking the newer of two is the same in any
// order, the entry is right whichever comes first.
import type { NumericPoint } from '../../contract/index.ts';
import { latestPatientsMax } from './limits.ts';

type Newest = Map<number, NumericPoint>;

export class LatestReadings {
  readonly #patients = new Map<number, { readonly newest: Newest; filled: boolean }>();

  /** What is held of the patient, or undefined if the database must be asked: then call `begin`, ask, and `fill`. */
  of(patient: number): readonly NumericPoint[] | undefined {
    const entry = this.#patients.get(patient);
    if (!entry?.filled) return undefined;
    this.#patients.delete(patient);
    this.#patients.set(patient, entry);
    return [...entry.newest.values()];
  }

  begin(patient: number): void {
    if (this.#patients.has(patient)) return;
    if (this.#patients.size >= latestPatientsMax) this.#forgetOldest();
    this.#patients.set(patient, { newest: new Map(), filled: false });
  }

  fill(patient: number, points: readonly NumericPoint[]): readonly NumericPoint[] {
    // Forgotten meanwhile: the answer is as right as its query, and nothing is kept.
    const entry = this.#patients.get(patient) ?? { newest: new Map(), filled: false };
    for (const point of points) keepNewer(entry.newest, point);
    entry.filled = true;
    return [...entry.newest.values()];
  }

  /** A committed row. */
  note(patient: number, point: () => NumericPoint): void {
    const entry = this.#patients.get(patient);
    if (entry) keepNewer(entry.newest, point());
  }

  #forgetOldest(): void {
    const oldest = this.#patients.keys().next();
    if (!oldest.done) this.#patients.delete(oldest.value);
  }
}

function keepNewer(newest: Newest, point: NumericPoint): void {
  const held = newest.get(point.vital);
  if (!held || isNewer(point, held)) newest.set(point.vital, point);
}

/** The order of `range`: effective time, then device, boot, seq. */
export function isNewer(a: NumericPoint, b: NumericPoint): boolean {
  if (a.effectiveAt !== b.effectiveAt) return a.effectiveAt > b.effectiveAt;
  if (a.device !== b.device) return a.device > b.device;
  if (a.boot !== b.boot) return a.boot > b.boot;
  return a.seq > b.seq;
}
