import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../contract/index.ts';
import { steadyClock } from '../../../steady-clock.ts';

/** A clock whose wall can be set apart from its monotonic time. */
function movable() {
  let mono = 5_000;
  let ahead = 1_772_331_000_000;
  const clock: Clock = { wall: () => mono + ahead, mono: () => mono, sleep: () => Promise.resolve() };
  return {
    clock,
    pass: (ms: number) => {
      mono += ms;
    },
    step: (ms: number) => {
      ahead += ms;
    },
  };
}

/** Asks each 100 ms for a while, as arriving readings do; gives what was told. */
function ask(steady: Clock, pass: (ms: number) => void, forMs: number): number[] {
  return Array.from({ length: forMs / 100 }, () => {
    pass(100);
    return steady.wall();
  });
}

describe('UTC for what comes in', () => {
  test('is the wall clock as long as that runs', { tags: ['ALR-CLOCK'] }, () => {
    const { clock, pass } = movable();
    const steady = steadyClock(clock, () => {});
    expect(ask(steady, pass, 10_000).at(-1)).toBe(clock.wall());
  });

  test.for([-3_600_000, 3_600_000])(
    'goes on evenly over a step of %i ms, which is announced once',
    { tags: ['ALR-CLOCK'] },
    (ms) => {
      const { clock, pass, step } = movable();
      const said: string[] = [];
      const steady = steadyClock(clock, (_, message) => void said.push(message));
      const before = ask(steady, pass, 1_000).at(-1) as number;
      step(ms);
      const after = ask(steady, pass, 30_000).at(-1) as number;
      expect(Math.abs(after - before - 30_000)).toBeLessThanOrEqual(301);
      expect(said).toHaveLength(1);
    },
  );

  test('follows a step forward that has held for a minute', { tags: ['ALR-CLOCK'] }, () => {
    const { clock, pass, step } = movable();
    const steady = steadyClock(clock, () => {});
    step(3_600_000);
    ask(steady, pass, 61_000);
    expect(steady.wall()).toBe(clock.wall());
  });

  test('comes back by at most 1 % where the wall was set back', { tags: ['ALR-CLOCK'] }, () => {
    const { clock, pass, step } = movable();
    const steady = steadyClock(clock, () => {});
    step(-10_000);
    ask(steady, pass, 100_000);
    expect(steady.wall() - clock.wall()).toBeCloseTo(9_000, -2);
  });

  test('never goes back, whatever the wall does', { tags: ['ALR-CLOCK'] }, () => {
    const acts = fc.array(fc.tuple(fc.nat(5_000), fc.integer({ min: -10_000_000, max: 10_000_000 })), {
      maxLength: 50,
    });
    fc.assert(
      fc.property(acts, (steps) => {
        const { clock, pass, step } = movable();
        const steady = steadyClock(clock, () => {});
        let last = steady.wall();
        return steps.every(([ms, by]) => {
          pass(ms);
          step(by);
          const now = steady.wall();
          const ok = now >= last;
          last = now;
          return ok;
        });
      }),
    );
    expect(steadyClock(movable().clock, () => {}).wall()).toBeGreaterThan(0);
  });
});
