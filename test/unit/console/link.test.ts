import { describe, expect, test } from 'vitest';
import { type LinkState, LinkWatch } from '../../../api/console/link.ts';

/** A watch whose clocks a test moves; `wall` may run away from `mono`. */
function started() {
  let mono = 1_000_000;
  let wall = 1_772_331_000_000;
  const now = () => ({ mono, wall });
  const watch = new LinkWatch(now());
  return {
    watch,
    snapshot: () => watch.snapshot(now()),
    beat: () => watch.beat(now()),
    judge: () => watch.judge(now()),
    pass(ms: number): LinkState {
      // As the worker does it: looked at each 200 ms.
      let state = watch.judge(now());
      for (let passed = 0; passed < ms; passed += 200) {
        mono += 200;
        wall += 200;
        state = watch.judge(now());
      }
      return state;
    },
    step(ms: number) {
      wall += ms;
    },
  };
}

describe('whether this screen is live', () => {
  test('not before a whole snapshot', { tags: ['API-BEAT'] }, () => {
    const { judge, snapshot, beat } = started();
    expect(judge()).toBe('connecting');
    beat();
    expect(judge()).toBe('connecting');
    snapshot();
    expect(judge()).toBe('live');
  });

  test('a server that never answers is not live', { tags: ['API-BEAT'] }, () => {
    expect(started().pass(4_800)).toBe('not-live');
  });

  test.for([
    [0, 'live'],
    [2_800, 'live'],
    [3_000, 'slow'],
    [4_600, 'slow'],
    [4_800, 'not-live'],
    [60_000, 'not-live'],
  ] as const)('after %i ms of silence: %s', { tags: ['API-BEAT'] }, ([ms, state]) => {
    const { snapshot, pass } = started();
    snapshot();
    expect(pass(ms)).toBe(state);
  });

  test('silence is judged within 5 s however it falls between two looks', { tags: ['API-BEAT'] }, () => {
    const { snapshot, pass } = started();
    snapshot();
    // One look before 5 s has to see it: the limit and a whole step of looking stay below.
    expect(pass(4_600)).not.toBe('not-live');
    expect(pass(200)).toBe('not-live');
  });

  test('beats keep it live', () => {
    const { snapshot, beat, pass } = started();
    snapshot();
    for (let i = 0; i < 20; i++) {
      expect(pass(1_000)).toBe('live');
      beat();
    }
  });

  test('once not live, a beat is not enough: a snapshot is needed', { tags: ['API-BEAT'] }, () => {
    const { watch, snapshot, beat, judge, pass } = started();
    snapshot();
    pass(4_800);
    watch.lost();
    beat();
    expect(judge()).toBe('not-live');
    snapshot();
    expect(judge()).toBe('live');
  });

  test('a connection that ends is slow at once, and not live if none follows', { tags: ['API-BEAT'] }, () => {
    const { watch, snapshot, pass } = started();
    snapshot();
    expect(pass(400)).toBe('live');
    watch.lost();
    expect(pass(200)).toBe('slow');
    expect(pass(4_400)).toBe('not-live');
  });

  test('a machine that slept shows what was: not live until a snapshot', { tags: ['API-BEAT'] }, () => {
    const { watch, snapshot, beat, step, judge } = started();
    snapshot();
    judge();
    step(2_500);
    expect(judge()).toBe('not-live');
    expect(watch.needsSnapshot).toBe(true);
    beat();
    expect(judge()).toBe('not-live');
    snapshot();
    expect(judge()).toBe('live');
  });

  test('a wall clock that is set back or slewed says nothing', () => {
    const { snapshot, step, judge } = started();
    snapshot();
    step(-3_600_000);
    expect(judge()).toBe('live');
    step(1_500);
    expect(judge()).toBe('live');
  });
});
