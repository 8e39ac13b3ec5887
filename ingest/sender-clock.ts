// How far a sender's clock is off, decided once at the border and written into the record's header (`records.md` 4). Pure.
// Class C: a slow clock makes every reading look old, and an old reading raises no alert. So a sender that we cannot see by
// its beats, and whose newest live reading is older than it may be, is taken to have measured now.
import type { Heartbeat } from '../contract/index.ts';
import { gatewayFreshness } from '../contract/index.ts';
import { clockToleranceMs } from './limits.ts';

/** What we know of one sender's clock; begins as `unknownClock`. */
export interface SenderClock {
  /** The newest beat and when it was accepted. */
  readonly beat: {
    readonly boot: number;
    readonly beat: number;
    readonly at: number;
    readonly acceptedAt: number;
  } | null;
  /** Our time minus its time, milliseconds, by the beats; null before the first. */
  readonly offsetMs: number | null;
  /**
   * It has no beats and its newest live reading was too old by this much: then it is believed again only once it is near
   * our time, or readings would flap between two time axes. Null: it is believed.
   */
  readonly slowByMs: number | null;
  /** takenAt of the newest live reading. */
  readonly newestTakenAt: number;
}

export const unknownClock: SenderClock = {
  beat: null,
  offsetMs: null,
  slowByMs: null,
  newestTakenAt: Number.NEGATIVE_INFINITY,
};

/** What goes into the header. */
export interface Correction {
  readonly skew: number;
  readonly clock?: 'unsure';
}

const none: Correction = { skew: 0 };

/** The clock after a beat. The round trip of a beat is known with the next one; until then it counts as none. */
export function afterBeat(clock: SenderClock, beat: Heartbeat, acceptedAt: number): SenderClock {
  const { beat: last } = clock;
  if (last && (beat.boot < last.boot || (beat.boot === last.boot && beat.beat <= last.beat))) return clock;
  const known = beat.previous && last && last.boot === beat.boot && last.beat === beat.previous.beat;
  const offsetMs =
    known && beat.previous
      ? Math.round(last.acceptedAt - (last.at + beat.previous.rttMs / 2))
      : Math.round(acceptedAt - beat.at);
  return {
    ...clock,
    beat: { boot: beat.boot, beat: beat.beat, at: beat.at, acceptedAt },
    offsetMs,
    slowByMs: null,
  };
}

/** How a message whose newest reading was taken at `takenAt` is corrected. */
export function correctionOf(
  clock: SenderClock,
  message: { readonly takenAt: number; readonly freshForMs: number; readonly lane: 'live' | 'late' },
  acceptedAt: number,
): Correction {
  if (clock.beat && clock.offsetMs !== null && acceptedAt - clock.beat.acceptedAt <= gatewayFreshness.freshForMs) {
    return Math.abs(clock.offsetMs) > clockToleranceMs ? { skew: clock.offsetMs } : none;
  }
  if (message.lane === 'late') return none;
  const slowByMs = slownessAfter(clock, message, acceptedAt);
  return slowByMs === null ? none : { skew: slowByMs, clock: 'unsure' };
}

/** The clock after a live message was accepted. */
export function afterReading(
  clock: SenderClock,
  message: { readonly takenAt: number; readonly freshForMs: number },
  acceptedAt: number,
): SenderClock {
  if (message.takenAt <= clock.newestTakenAt) return clock;
  return { ...clock, newestTakenAt: message.takenAt, slowByMs: slownessAfter(clock, message, acceptedAt) };
}

/** A copy or a straggler says nothing about the clock, but it was measured with the same one. */
function slownessAfter(
  clock: SenderClock,
  message: { readonly takenAt: number; readonly freshForMs: number },
  acceptedAt: number,
): number | null {
  if (message.takenAt <= clock.newestTakenAt) return clock.slowByMs;
  const ageMs = acceptedAt - message.takenAt;
  return ageMs > (clock.slowByMs === null ? message.freshForMs : clockToleranceMs) ? ageMs : null;
}
