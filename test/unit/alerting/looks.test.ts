import { describe, expect, test } from 'vitest';
import { looksAlone, looksTogether } from '../../../alerting/limits.ts';
import { Looks, type Verdict } from '../../../alerting/looks.ts';

/** Looks every 50 ms at a counter that stands still; gives the number of the look at which each verdict first came. */
function standstill(looks: Looks, count: number, everyMs = 50): Partial<Record<Verdict, number>> {
  const first: Partial<Record<Verdict, number>> = {};
  looks.look(7, 0);
  for (let n = 1; n <= count; n++) first[looks.look(7, n * everyMs)] ??= n;
  return first;
}

describe('looks at the counter', () => {
  test.each([
    { limits: looksTogether, declaredMs: 1_000, endedMs: 5_000 },
    { limits: looksAlone, declaredMs: 250, endedMs: 1_000 },
  ])(
    'declared after $declaredMs ms, ended after $endedMs ms',
    { tags: ['ALR-WATCHDOG'] },
    ({ limits, declaredMs, endedMs }) => {
      const first = standstill(new Looks(limits), 200);
      expect(first).toEqual({ running: 1, stuck: declaredMs / 50, end: endedMs / 50 });
    },
  );

  test('a counter that moves is a running engine, however slowly', { tags: ['ALR-WATCHDOG'] }, () => {
    const looks = new Looks(looksTogether);
    const verdicts = Array.from({ length: 1_000 }, (_, n) => looks.look(Math.floor(n / 19), n * 50));
    expect(new Set(verdicts)).toEqual(new Set(['running']));
  });

  test('looks that come late do not count: the machine stood still, not the engine', { tags: ['ALR-WATCHDOG'] }, () => {
    expect(standstill(new Looks(looksTogether), 1_000, 101)).toEqual({ running: 1 });
    // A suspended process: one look an hour late among those on time costs one look.
    const looks = new Looks(looksTogether);
    looks.look(1, 0);
    const verdicts = Array.from({ length: 20 }, (_, n) => looks.look(1, n < 10 ? (n + 1) * 50 : 3_600_000 + n * 50));
    expect(verdicts.at(-1)).toBe('running');
    expect(looks.look(1, 3_600_000 + 20 * 50)).toBe('stuck');
  });

  test('one change takes a declaration back', { tags: ['ALR-WATCHDOG'] }, () => {
    const looks = new Looks(looksTogether);
    standstill(looks, 50);
    expect([looks.look(7, 51 * 50), looks.look(8, 52 * 50), looks.look(8, 53 * 50)]).toEqual([
      'stuck',
      'running',
      'running',
    ]);
  });
});
