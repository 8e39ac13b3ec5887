import { describe, expect, test } from 'vitest';
import { encodeInput } from '../../../contract/index.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { TestClock } from './test-clock.ts';
import { alerts, inputs, kinds, reading, startTestHost } from './test-host.ts';

describe('ownership', () => {
  test('a claim goes out only at the end of the log, and nothing is ticked before it is read', {
    tags: ['ALR-FENCE'],
  }, async () => {
    const log = new MemoryLog();
    const before = Array.from({ length: 2_500 }, (_, n) => reading('p-1', n + 1));
    await log.append('inputs', before, { lane: 'data' });
    await using _host = startTestHost({ log, clock: new TestClock() }).running;
    await new TestClock().quiet();
    expect(kinds(log).slice(2_500)).toEqual(['owner', 'tick']);
    expect(inputs(log, 'owner')).toMatchObject([{ after: 0, instance: 'vigil-1', bootId: 'b-1' }]);
    // Each second reading raises in the fake; all were written after the claim, under its epoch.
    expect(alerts(log).length).toBe(1_250);
    expect(new Set(alerts(log).map(({ epoch }) => epoch))).toEqual(new Set([1]));
  });

  test('of two simultaneous candidates one owns; the other stands by and is quiet', {
    tags: ['ALR-FENCE'],
  }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    const one = startTestHost({ log: log.connect(), clock, instance: 'one' });
    const other = startTestHost({ log: log.connect(), clock, instance: 'other' });
    await using _one = one.running;
    await using _other = other.running;
    await log.append('inputs', [reading('p-1', 1), reading('p-1', 2)], { lane: 'data' });
    await clock.advance(20_000);
    const owners = inputs(log, 'owner');
    const ticks = inputs(log, 'tick');
    expect(owners.map(({ instance, after }) => ({ instance, after }))).toEqual([
      { instance: 'one', after: 0 },
      { instance: 'other', after: 0 },
    ]);
    expect({
      epochs: new Set(ticks.map(({ epoch }) => epoch)),
      numbers: new Set(ticks.map(({ n }) => n)).size,
      ticks: ticks.length,
      alerts: alerts(log).map(({ id }) => id),
      states: [one.running.status().causes, other.running.status().causes],
    }).toEqual({ epochs: new Set([1]), numbers: 41, ticks: 41, alerts: ['e-p-1-2'], states: [[], ['fenced']] });
  });

  test('a thawed former owner stops at the newer claim and writes nothing more', { tags: ['ALR-FENCE'] }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    const connection = log.connect();
    const former = startTestHost({ log: connection, clock, instance: 'former' });
    await clock.advance(2_000);
    connection.freeze();
    const next = startTestHost({ log: log.connect(), clock, instance: 'next' });
    await clock.advance(2_000);
    await log.append('inputs', [reading('p-1', 1), reading('p-1', 2)], { lane: 'data' });
    await clock.advance(2_000);
    connection.thaw();
    await clock.advance(10_000);
    const ticks = inputs(log, 'tick');
    const claimedAt = inputs(log, 'owner').length;
    const lateTicks = ticks.filter(({ epoch, mono }) => epoch === 1 && mono > 1_003_000);
    expect({
      owners: claimedAt,
      // The one that was in flight when it froze may land; none is made after.
      formerTicksAfter: lateTicks.length,
      written: alerts(log).map(({ id, epoch }) => ({ id, epoch })),
      former: former.running.status().causes,
      next: next.running.status().causes,
      fenced: former.running.status().counters['times-fenced'],
    }).toEqual({
      owners: 2,
      formerTicksAfter: 0,
      written: [{ id: 'e-p-1-2', epoch: 2 }],
      former: ['fenced'],
      next: [],
      fenced: 1,
    });
    await former.running[Symbol.asyncDispose]();
    await next.running[Symbol.asyncDispose]();
  });

  test('a fenced candidate claims again only when the owner falls silent', {
    tags: ['ALR-FENCE', 'SYS-SAFE'],
  }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    const one = startTestHost({ log: log.connect(), clock, instance: 'one' });
    const other = startTestHost({ log: log.connect(), clock, instance: 'other' });
    await clock.advance(60_000);
    expect(inputs(log, 'owner')).toHaveLength(2);
    await one.running[Symbol.asyncDispose]();
    const stoppedAt = clock.mono();
    await clock.advance(20_000);
    const ticks = inputs(log, 'tick').filter(({ mono }) => mono > stoppedAt);
    expect(inputs(log, 'owner').at(-1)).toMatchObject({ instance: 'other', after: 1 });
    expect(new Set(ticks.map(({ epoch }) => epoch))).toEqual(new Set([2]));
    expect((ticks[0]?.mono ?? Number.POSITIVE_INFINITY) - stoppedAt).toBeLessThan(15_000);
    expect(inputs(log, 'blind').map(({ cause, epoch }) => ({ cause, epoch }))).toEqual([
      { cause: 'takeover', epoch: 2 },
    ]);
    expect(other.running.status().state).toBe('ok');
    await other.running[Symbol.asyncDispose]();
  });

  test('a claim that was refused and landed later is still ours', { tags: ['ALR-FENCE'] }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    log.refuse = () => 'late';
    const { running } = startTestHost({ log, clock });
    await using _host = running;
    await clock.advance(150);
    log.refuse = undefined;
    log.landLate();
    await clock.advance(5_000);
    expect(inputs(log, 'owner').length).toBeGreaterThan(1);
    expect(new Set(inputs(log, 'tick').map(({ epoch }) => epoch))).toEqual(new Set([1]));
    expect(running.status().causes).toEqual([]);
  });

  test('what the former owner wrote while a claim was on its way is not written again', {
    tags: ['ALR-FENCE', 'ALR-EPISODE'],
  }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    const former = startTestHost({ log, clock, instance: 'former' });
    await clock.advance(1_000);
    let isRefused = false;
    log.refuse = (topic, [first]) => {
      const text = new TextDecoder().decode(first?.value);
      const isClaim = topic === 'inputs' && text.includes('"instance":"next"');
      if (isRefused || !isClaim) return undefined;
      isRefused = true;
      return 'lost';
    };
    const next = startTestHost({ log, clock, instance: 'next' });
    await clock.advance(50);
    await log.append('inputs', [reading('p-1', 1), reading('p-1', 2)], { lane: 'data' });
    await clock.advance(2_000);
    expect(inputs(log, 'owner').at(-1)).toMatchObject({ instance: 'next', after: 1 });
    expect(alerts(log).map(({ id, epoch }) => ({ id, epoch }))).toEqual([{ id: 'e-p-1-2', epoch: 1 }]);
    await former.running[Symbol.asyncDispose]();
    await next.running[Symbol.asyncDispose]();
  });

  test('a late or foreign claim that names an old epoch changes nothing', { tags: ['ALR-FENCE'] }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    const { running } = startTestHost({ log, clock });
    await using _host = running;
    await clock.advance(1_000);
    const stale = { id: 'c-old', instance: 'ghost', bootId: 'b-0', after: 0 };
    const value = encodeInput({ v: 1, kind: 'owner' }, stale);
    await log.append('inputs', [{ key: 'system', value }], { lane: 'control' });
    await clock.advance(2_000);
    expect(inputs(log, 'tick').at(-1)).toMatchObject({ epoch: 1, n: 6 });
    expect(running.status().state).toBe('ok');
  });
});

describe('a log that refuses', () => {
  test('events are tried again, the same bytes, in order, and nothing overtakes them', {
    tags: ['ALR-EPISODE'],
  }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    const { running } = startTestHost({ log, clock });
    await using _host = running;
    await clock.advance(1_000);
    let refusals = 0;
    log.refuse = (topic) => (topic === 'alerts' && refusals++ < 3 ? 'lost' : undefined);
    await log.append('inputs', [reading('p-1', 1), reading('p-1', 2)], { lane: 'data' });
    await clock.advance(200);
    await log.append('inputs', [reading('p-2', 1), reading('p-2', 2)], { lane: 'data' });
    await clock.advance(5_000);
    expect(refusals).toBeGreaterThan(3);
    expect(alerts(log).map(({ id }) => id)).toEqual(['e-p-1-2', 'e-p-2-2']);
    expect(running.status().counters).toMatchObject({ 'events-written': 2, 'appends-refused': 3 });
  });

  test('a log that cannot be read at the start is waited for', { tags: ['SYS-SAFE'] }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    log.unreadable = true;
    const { running } = startTestHost({ log, clock });
    await using _host = running;
    await clock.advance(3_000);
    expect(running.status()).toMatchObject({ state: 'down', causes: ['catching-up', 'log-down'] });
    log.unreadable = false;
    await clock.advance(10_000);
    expect(running.status().state).toBe('ok');
  });
});

describe('a record that cannot be read', () => {
  test('is counted, announced by its position, and blocks nobody', { tags: ['ALR-ISOLATE'] }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    const { running, announced } = startTestHost({ log, clock });
    await using _host = running;
    await clock.advance(1_000);
    const poison = { key: 'p-1', value: new TextEncoder().encode('{"v":1,"kind":"readings"}\n{') };
    const [position] = await log.append('inputs', [poison, reading('p-2', 1), reading('p-2', 2)], { lane: 'data' });
    await clock.advance(100);
    expect(alerts(log).map(({ id }) => id)).toEqual(['e-p-2-2']);
    expect(running.status().counters['records-set-aside']).toBe(1);
    expect(announced.filter((line) => line.includes(`record at ${position} is set aside`))).toHaveLength(1);
    expect(announced.join('\n')).not.toContain('p-1');
  });
});
