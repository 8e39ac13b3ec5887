import { describe, expect, test } from 'vitest';
import { EngineWatch } from '../../../api/engine-watch.ts';
import type { Blind, Clock, Tick } from '../../../contract/index.ts';

const utc = Date.UTC(2026, 2, 1);

/** A clock that stands still until it is told. */
function stillClock(): Clock & { now: number } {
  const clock = { now: 0, wall: () => utc + clock.now, mono: () => 5_000 + clock.now, sleep: () => Promise.resolve() };
  return clock;
}

const tick = (n: number, epoch = 7): Tick => ({ n, epoch, log: utc, mono: n, utc: utc + n * 500 });
const blind = (epoch: number) => ({ epoch }) as Blind;

describe('the engine', () => {
  test('is silent until a tick is heard as it is written', { tags: ['SYS-SAFE', 'API-STATE'] }, () => {
    const clock = stillClock();
    const engine = new EngineWatch(clock, [100]);
    expect(engine.ticked(0, 99, tick(1))).toBe(false);
    expect(engine.isSilent(0)).toBe(true);
    expect(engine.ticked(0, 100, tick(2))).toBe(true);
    expect(engine.isSilent(0)).toBe(false);
  });

  test('is silent within 5 s of its last tick, looks included', { tags: ['SYS-SAFE'] }, () => {
    const clock = stillClock();
    const engine = new EngineWatch(clock, [0]);
    engine.ticked(0, 1, tick(4));
    clock.now = 4_700;
    expect(engine.isSilent(0)).toBe(false);
    // A look each 200 ms finds it by 4.9 s.
    clock.now = 4_701;
    expect(engine.isSilent(0)).toBe(true);
    expect(engine.silentSince(0)).toBe(utc + 2_000);
  });

  test('of an older epoch counts no more', { tags: ['ALR-FENCE'] }, () => {
    const clock = stillClock();
    const engine = new EngineWatch(clock, [0]);
    engine.ticked(0, 1, tick(1, 7));
    engine.claimed(0, { id: 'c-1', instance: 'vigil-2', bootId: 'b', after: 7 });
    clock.now = 6_000;
    expect(engine.ticked(0, 2, tick(2, 7))).toBe(false);
    expect(engine.isSilent(0)).toBe(true);
    expect(engine.isCurrent(0, blind(7))).toBe(false);
    expect(engine.ticked(0, 3, tick(3, 8))).toBe(true);
  });

  test('has one silence a partition', { tags: ['SYS-SAFE'] }, () => {
    const clock = stillClock();
    const engine = new EngineWatch(clock, [0, 0]);
    engine.ticked(1, 1, tick(1));
    expect(engine.silent).toEqual([0]);
    expect(engine.ageMs).toBeUndefined();
    engine.ticked(0, 2, tick(9));
    clock.now = 250;
    expect(engine.silent).toEqual([]);
    expect(engine.ageMs).toBe(250);
    expect(engine.newestUtc).toBe(utc + 4_500);
  });

  test('that claims out of turn changes nothing', { tags: ['ALR-FENCE'] }, () => {
    const engine = new EngineWatch(stillClock(), [0]);
    engine.ticked(0, 1, tick(1, 7));
    engine.claimed(0, { id: 'c-2', instance: 'vigil-3', bootId: 'b', after: 9 });
    expect(engine.ticked(0, 2, tick(2, 7))).toBe(true);
  });
});
