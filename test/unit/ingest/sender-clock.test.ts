import { describe, expect, test } from 'vitest';
import { effectiveTime } from '../../../contract/index.ts';
import { afterBeat, afterReading, correctionOf, type SenderClock, unknownClock } from '../../../ingest/sender-clock.ts';
import { beat, now } from './fixtures.ts';

const freshForMs = 30_000;
const live = (takenAt: number) => ({ takenAt, freshForMs, lane: 'live' as const });

/** Effective times, relative to acceptance, of messages taken `ages` ago, one after another, a second apart. */
function ages(clock: SenderClock, ...takenAges: number[]): number[] {
  let known = clock;
  return takenAges.map((age, i) => {
    const acceptedAt = now + i * 1_000;
    const message = live(acceptedAt - age);
    const { skew } = correctionOf(known, message, acceptedAt);
    known = afterReading(known, message, acceptedAt);
    return acceptedAt - effectiveTime({ takenAt: message.takenAt, acceptedAt, skew });
  });
}

describe('a sender without beats', { tags: ['ALR-STALE', 'ALR-LIMIT'] }, () => {
  test('is believed while its newest reading is fresh', () => {
    expect(ages(unknownClock, 100, 29_999, 30_000)).toEqual([100, 29_999, 30_000]);
  });

  test('is taken to measure now once its newest reading is older than fresh', () => {
    const correction = correctionOf(unknownClock, live(now - 30_001), now);
    expect(correction).toEqual({ skew: 30_001, clock: 'unsure' });
  });

  test('does not flap between two time axes at the edge', () => {
    expect(ages(unknownClock, 30_001, 29_999, 30_002)).toEqual([0, 0, 0]);
  });

  test('is believed again once it is near our time', () => {
    expect(ages(unknownClock, 3_600_000, 6_000, 5_000, 29_000)).toEqual([0, 0, 5_000, 29_000]);
  });

  test('a straggler keeps its place behind the newest', () => {
    const known = afterReading(unknownClock, live(now - 60_000), now);
    const straggler = correctionOf(known, live(now - 62_000), now);
    expect(effectiveTime({ takenAt: now - 62_000, acceptedAt: now, skew: straggler.skew })).toBe(now - 2_000);
  });

  test('its late lane is history, whatever its age', () => {
    expect(correctionOf(unknownClock, { ...live(now - 3_600_000), lane: 'late' }, now)).toEqual({ skew: 0 });
  });
});

describe('a sender with beats', { tags: ['ALR-STALE', 'GW-BEAT'] }, () => {
  /** Its clock is `offMs` ahead; each beat takes 200 ms there and back. */
  const beating = (offMs: number) => {
    const first = afterBeat(unknownClock, beat({ at: now - 10_100 + offMs }), now - 10_000);
    return afterBeat(first, beat({ beat: 2, at: now - 100 + offMs, previous: { beat: 1, rttMs: 200 } }), now);
  };

  test.for([
    ['right', 0, 0],
    ['5 s behind: within tolerance', -5_000, 0],
    ['6 s behind', -6_000, 6_000],
    ['an hour ahead', 3_600_000, -3_600_000],
  ] as const)('its clock is %s', ([, offMs, skew]) => {
    expect(correctionOf(beating(offMs), live(now + offMs), now + 1)).toEqual({ skew });
  });

  test('what it sends late stays late: its clock is known to be right', () => {
    expect(correctionOf(beating(0), live(now - 40_000), now)).toEqual({ skew: 0 });
  });

  test('its late lane was dated by the same clock', () => {
    expect(correctionOf(beating(-60_000), { ...live(now - 3_600_000), lane: 'late' }, now)).toEqual({ skew: 60_000 });
  });

  test('without a beat for 30 s it is one without', () => {
    const clock = beating(0);
    const aged = (acceptedAt: number) => correctionOf(clock, live(acceptedAt - 40_000), acceptedAt).skew;
    expect([aged(now + 30_000), aged(now + 30_001)]).toEqual([0, 40_000]);
  });

  test('an older beat, or a copy, changes nothing', () => {
    const clock = beating(0);
    const older = [beat({ beat: 1, at: 0 }), beat({ beat: 2, at: 0 }), beat({ boot: 11, beat: 99, at: 0 })];
    expect(older.map((each) => afterBeat(clock, each, now + 5) === clock)).toEqual([true, true, true]);
  });

  test('a new boot begins anew', () => {
    const clock = afterBeat(
      beating(0),
      beat({ boot: 13, beat: 1, at: now - 60_000, previous: { beat: 2, rttMs: 10 } }),
      now,
    );
    expect(clock.offsetMs).toBe(60_000);
  });
});
