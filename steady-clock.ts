// UTC for those who date what comes in: it runs with the monotonic clock, so that a step of the wall clock does not put
// readings behind those that came before (ALR-CLOCK). Invariant: it never goes back. A difference up to 2 s is slewed by at
// most 1 %; a step forward is followed once it has held for a minute; a step back is only ever slewed, and announced.
import type { Announce, Clock } from './contract/index.ts';

const slewShareMax = 0.01;
const stepMs = 2_000;
const holdsForMs = 60_000;

/** The same clock, with a wall that neither jumps nor goes back. */
export function steadyClock(clock: Clock, announce: Announce): Clock {
  let offset = clock.wall() - clock.mono();
  let askedAt = clock.mono();
  let steppedAt: number | undefined;

  const follow = (mono: number): number => {
    const passed = mono - askedAt;
    askedAt = mono;
    const difference = clock.wall() - (mono + offset);
    if (Math.abs(difference) <= stepMs) steppedAt = undefined;
    else if (steppedAt === undefined) {
      steppedAt = mono;
      announce('warning', `the wall clock stepped by ${Math.round(difference)} ms; readings keep their order`);
    }
    const held = steppedAt !== undefined && mono - steppedAt >= holdsForMs;
    if (difference > stepMs) return held ? difference : 0;
    return Math.min(passed * slewShareMax, Math.max(-passed * slewShareMax, difference));
  };

  return {
    wall() {
      const mono = clock.mono();
      offset += follow(mono);
      return Math.round(mono + offset);
    },
    mono: () => clock.mono(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
  };
}
