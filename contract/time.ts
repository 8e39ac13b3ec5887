// Effective time (`records.md` 4): when a reading counts as measured. Pure, so that every reader of the log agrees.

/** What decides it, from the record's header and the reading. */
export interface Timed {
  readonly takenAt: number;
  readonly acceptedAt: number;
  /** Correction that ingest decided once, in milliseconds. */
  readonly skew?: number | undefined;
}

/** A time further than this after acceptance cannot be: the sender's clock is ahead. */
export const futureToleranceMs = 5_000;

/** UTC milliseconds. `takenAt` plus skew; if that is over 5 s after acceptance, acceptance. */
export function effectiveTime({ takenAt, acceptedAt, skew = 0 }: Timed): number {
  const corrected = takenAt + skew;
  return corrected > acceptedAt + futureToleranceMs ? acceptedAt : corrected;
}

/** True if the sender's clock was not believed: a skew was applied, or the time lay in the future. */
export function isClockUnsure({ takenAt, acceptedAt, skew = 0 }: Timed): boolean {
  return skew !== 0 || takenAt > acceptedAt + futureToleranceMs;
}

/** How old it was when it came in, never negative. */
export function ageAtArrivalMs(timed: Timed): number {
  return Math.max(0, timed.acceptedAt - effectiveTime(timed));
}

/** `2026-03-01T02:11:09.120Z`, as every interface for people writes an instant. */
export function toInstant(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
