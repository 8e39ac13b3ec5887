import { describe, expect, test } from 'vitest';
import { MemoryLog } from '../../support/memory-log.ts';
import { TestClock } from './test-clock.ts';
import { inputs, kinds, startTestHost } from './test-host.ts';

describe('time in the log', () => {
  test('a tick every 500 ms, numbered, log time equal to UTC at the very first start', {
    tags: ['ALR-TICK'],
  }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    await using _host = startTestHost({ log, clock }).running;
    await clock.advance(2_000);
    const wall = 1_772_331_069_000;
    const expected = [0, 500, 1000, 1500, 2000].map((after, n) => {
      return { n, epoch: 1, log: wall + after, mono: 1_000_000 + after, utc: wall + after };
    });
    expect(inputs(log, 'tick')).toEqual(expected);
    expect(kinds(log)).not.toContain('blind');
  });

  test('a late tick is announced; the slots that passed are told by one', { tags: ['ALR-TICK'] }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    const { running, announced } = startTestHost({ log, clock });
    await using _host = running;
    await clock.advance(600);
    await clock.leap(1_700);
    await clock.advance(200);
    // Slots at 0 and 500; those of 1000, 1500 and 2000 came as one at 2300; then 2500.
    const monos = inputs(log, 'tick').map(({ mono }) => mono - 1_000_000);
    expect(monos).toEqual([0, 500, 2300, 2500]);
    expect(running.status().counters['ticks-late']).toBe(1);
    expect(announced.filter((line) => line.includes('1300 ms late'))).toHaveLength(1);
    expect(running.status()).toMatchObject({ state: 'degraded', causes: ['ticks-late'] });
  });

  test('lateness within 450 ms is none', { tags: ['ALR-TICK'] }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    const { running } = startTestHost({ log, clock });
    await using _host = running;
    await clock.advance(600);
    await clock.leap(840);
    expect(inputs(log, 'tick').at(-1)?.mono).toBe(1_001_440);
    expect(running.status().counters['ticks-late']).toBe(0);
  });

  test('a refused tick is sent again unchanged, and log time stands still meanwhile', {
    tags: ['ALR-TICK'],
  }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    const { running } = startTestHost({ log, clock });
    await using _host = running;
    await clock.advance(600);
    log.refuse = (topic) => (topic === 'inputs' ? 'kept' : undefined);
    await clock.advance(3_000);
    expect(running.status()).toMatchObject({ state: 'down', causes: ['log-down'] });
    log.refuse = undefined;
    await clock.advance(1_500);
    const ticks = inputs(log, 'tick');
    const third = ticks.filter(({ n }) => n === 2);
    expect(third.length).toBeGreaterThan(3);
    expect(new Set(third.map((tick) => JSON.stringify(tick))).size).toBe(1);
    // At most one waited: after the copies of the third tick, the next number.
    expect(new Set(ticks.map(({ n }) => n))).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(inputs(log, 'blind')).toEqual([]);
  });

  test('five seconds without a tick are a blind period: the log was down', {
    tags: ['ALR-TICK', 'SYS-SAFE'],
  }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    await using _host = startTestHost({ log, clock }).running;
    await clock.advance(600);
    log.refuse = () => 'lost';
    await clock.advance(20_000);
    log.refuse = undefined;
    await clock.advance(2_000);
    const [blind, ...others] = inputs(log, 'blind');
    const ticks = inputs(log, 'tick');
    const before = ticks[2]; // the one that waited, with its old time
    const after = ticks[3];
    expect(others).toEqual([]);
    expect(blind).toEqual({
      epoch: 1,
      fromLog: before?.log,
      toLog: after?.log,
      fromUtc: before?.utc,
      toUtc: after?.utc,
      cause: 'log-down',
    });
    expect((blind?.toLog ?? 0) - (blind?.fromLog ?? 0)).toBeGreaterThan(19_000);
  });

  test.each([
    { busy: 9_000, cause: 'stuck' },
    { busy: 10, cause: 'suspended' },
  ])('a process that stood still for 9 s is $cause', { tags: ['ALR-CLOCK', 'SYS-SAFE'] }, async ({ busy, cause }) => {
    const log = new MemoryLog();
    const clock = new TestClock();
    let used = 0;
    await using _host = startTestHost({ log, clock, ports: { busyMs: () => used } }).running;
    await clock.advance(600);
    used = busy;
    await clock.leap(9_000);
    const [blind] = inputs(log, 'blind');
    expect(blind).toMatchObject({ cause, toLog: (blind?.fromLog ?? 0) + 9_100 });
    expect(kinds(log).slice(-2)).toEqual(['blind', 'tick']);
  });

  test('what the watchdog declared is a blind period, however short', { tags: ['ALR-WATCHDOG'] }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    let timesStuck = 0;
    await using _host = startTestHost({ log, clock, ports: { timesStuck: () => timesStuck } }).running;
    await clock.advance(600);
    timesStuck = 1;
    await clock.leap(1_500);
    await clock.advance(3_000);
    expect(inputs(log, 'blind').map(({ cause }) => cause)).toEqual(['stuck']);
  });
});

describe('the wall clock', () => {
  test('a drift within 2 s is slewed by at most 1 %, log time does not move', { tags: ['ALR-CLOCK'] }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    await using _host = startTestHost({ log, clock }).running;
    await clock.advance(600);
    clock.stepWall(1_500);
    await clock.advance(200_000);
    const ticks = inputs(log, 'tick');
    const steps = ticks.slice(1).map((tick, index) => {
      const before = ticks[index] as typeof tick;
      return { log: tick.log - before.log, slew: tick.utc - tick.log - (before.utc - before.log) };
    });
    const last = ticks.at(-1);
    expect({
      logSteps: new Set(steps.map((step) => step.log)),
      fastest: Math.max(...steps.map(({ slew }) => slew)),
      offset: (last?.utc ?? 0) - (last?.log ?? 0),
      kinds: new Set(kinds(log)),
    }).toEqual({ logSteps: new Set([500]), fastest: 5, offset: 1_500, kinds: new Set(['owner', 'tick']) });
  });

  test('a step over 2 s is announced, not followed; once it has held 60 s it is a record', {
    tags: ['ALR-CLOCK'],
  }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    const { running } = startTestHost({ log, clock });
    await using _host = running;
    await clock.advance(600);
    clock.stepWall(3_600_000);
    await clock.advance(59_000);
    const offsets = inputs(log, 'tick').map((tick) => tick.utc - tick.log);
    expect(new Set(offsets)).toEqual(new Set([0]));
    expect(running.status().causes).toEqual(['clock-jump']);
    expect(inputs(log, 'system')).toMatchObject([{ fact: 'clock-jump', on: true, detail: { stepMs: 3_600_000 } }]);
    await clock.advance(4_000);
    const [step, ...others] = inputs(log, 'clock-step');
    expect(others).toEqual([]);
    expect(step).toMatchObject({ epoch: 1, utcAfter: (step?.utcBefore ?? 0) + 3_600_000, utcBefore: step?.log });
    expect(inputs(log, 'system').map(({ on }) => on)).toEqual([true, false]);
    const ticks = inputs(log, 'tick');
    expect((ticks.at(-1)?.utc ?? 0) - (ticks.at(-1)?.log ?? 0)).toBe(3_600_000);
    const spacing = ticks.slice(1).map((tick, index) => tick.log - (ticks[index]?.log ?? 0));
    expect(new Set(spacing)).toEqual(new Set([500]));
    expect(running.status().causes).toEqual([]);
  });

  test('a step that goes back by itself is closed without a record of it', { tags: ['ALR-CLOCK'] }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    await using _host = startTestHost({ log, clock }).running;
    await clock.advance(600);
    clock.stepWall(-10_000);
    await clock.advance(30_000);
    clock.stepWall(10_000);
    await clock.advance(70_000);
    expect(inputs(log, 'system').map(({ on }) => on)).toEqual([true, false]);
    expect(inputs(log, 'clock-step')).toEqual([]);
  });

  test('with several partitions the jump is told once, the step in each', { tags: ['ALR-CLOCK'] }, async () => {
    const log = new MemoryLog({ partitions: 3 });
    const clock = new TestClock();
    await using _host = startTestHost({ log, clock }).running;
    await clock.advance(600);
    clock.stepWall(5_000);
    await clock.advance(70_000);
    const told = [0, 1, 2].map((partition) => inputs(log, 'system', partition).length);
    const stepped = [0, 1, 2].map((partition) => inputs(log, 'clock-step', partition).length);
    expect({ told: told.sort(), stepped }).toEqual({ told: [0, 0, 2], stepped: [1, 1, 1] });
  });
});
