import { describe, expect, test } from 'vitest';
import { afterGap, LogClock } from '../../../../alerting/core/log-clock.ts';
import { judge, newEngine, owner, start, tick } from '../../../support/core.ts';

const claim = (after: number, id = 'c') => ({ id, instance: 'i', bootId: 'b', after });
const at = (n: number, log: number, epoch = 1, utc = log) => ({ n, epoch, log, mono: log, utc });

describe('a claim', () => {
  test('is valid only after the current epoch: late and simultaneous ones are not', { tags: ['ALR-FENCE'] }, () => {
    const clock = new LogClock();
    expect([
      clock.claim(claim(0, 'a')),
      clock.claim(claim(0, 'b')),
      clock.claim(claim(1, 'b')),
      clock.claim(claim(0, 'a')),
    ]).toEqual([true, false, true, false]);
    expect([clock.epoch, clock.owner]).toEqual([2, 'b']);
  });
});

describe('a tick', () => {
  test('of no owner, of a former one, or once more moves nothing', { tags: ['ALR-FENCE', 'ALR-TICK'] }, () => {
    const clock = new LogClock();
    expect(clock.advance(at(0, 10, 0))).toBe(false);
    clock.claim(claim(0));
    expect([clock.advance(at(0, 10)), clock.advance(at(0, 10)), clock.advance(at(1, 20))]).toEqual([true, false, true]);
    clock.claim(claim(1));
    expect([clock.advance(at(2, 30)), clock.advance(at(0, 40, 2)), clock.log]).toEqual([false, true, 40]);
  });

  test('that goes back does not take log time back', { tags: ['ALR-TICK'] }, () => {
    const clock = new LogClock();
    clock.claim(claim(0));
    clock.advance(at(0, 500));
    clock.advance(at(1, 300));
    expect(clock.log).toBe(500);
  });

  test('says what UTC is; a step that has held does too, and moves no timer', { tags: ['ALR-CLOCK'] }, () => {
    const clock = new LogClock();
    clock.claim(claim(0));
    clock.advance(at(0, 1_000, 1, 1_200));
    expect(clock.toUtc(900)).toBe(1_100);
    expect(clock.step({ epoch: 1, log: 1_000, utcBefore: 1_200, utcAfter: 5_200 })).toBe(true);
    expect(clock.step({ epoch: 1, log: 1_000, utcBefore: 1_200, utcAfter: 9_999 })).toBe(false);
    expect([clock.toUtc(900), clock.log]).toEqual([5_100, 1_000]);
  });
});

test('the engine names its owner and the newest tick', { tags: ['ALR-FENCE'] }, () => {
  const engine = newEngine();
  judge([owner(0), tick(4, start + 500), tick(3, start + 900)], engine);
  expect([engine.owner, engine.logTime, engine.counters]).toEqual([
    { epoch: 1, id: 'c-0', bootId: 'b-1' },
    { n: 4, epoch: 1, log: start + 500, mono: 500, utc: start + 500 },
    { 'ticks-ignored': 1 },
  ]);
});

describe('after a gap', () => {
  const gap = { fromLog: 100, toLog: 160, fromUtc: 1_000 };

  test.for([
    ['what came before it stays', 90, 990, 90],
    ['what came in it counts from when it came', 100, 1_030, 130],
    ['what came at its beginning', 100, 1_000, 100],
    ['what a clock behind ours accepted', 100, 500, 100],
    ['what a clock ahead of ours accepted', 100, 9_000, 160],
  ] as const)('%s', { tags: ['ALR-STATE', 'ALR-CLOCK'] }, ([, log, utc, expected]) => {
    expect(afterGap(log, utc, gap)).toBe(expected);
  });
});
