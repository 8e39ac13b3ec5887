import { describe, expect, test } from 'vitest';
import { decodeBody, decodeRecord } from '../../../contract/index.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { fakeEngine } from './fake-engine.ts';
import { TestClock } from './test-clock.ts';
import { alerts, inputs, kinds, reading, startTestHost, type TestHost } from './test-host.ts';

async function stop(host: TestHost): Promise<void> {
  await host.running[Symbol.asyncDispose]();
  expect(host.failures).toEqual([]);
}

async function put(log: MemoryLog, patient: string, ...seqs: number[]): Promise<void> {
  await log.append(
    'inputs',
    seqs.map((seq) => reading(patient, seq)),
    { lane: 'data' },
  );
}

describe('restart', () => {
  test("the first position it reads of inputs is the newest generation's", { tags: ['ALR-STATE'] }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    const host = startTestHost({ log, clock });
    await clock.advance(1_000);
    await put(log, 'p-1', 1, 2, 3);
    await clock.advance(1_000);
    await stop(host);
    const { high } = await log.bounds('inputs', 0);
    const connection = log.connect();
    const next = startTestHost({ log: connection, clock });
    await clock.advance(1_000);
    await put(log, 'p-1', 4);
    await clock.advance(1_000);
    const first = connection.reads.find(({ topic }) => topic === 'inputs');
    expect(first).toEqual({ topic: 'inputs', partition: 0, from: high });
    // The state went on: reading 4 is the second after the alert of 2.
    expect(alerts(log).map(({ id }) => id)).toEqual(['e-p-1-2', 'e-p-1-4']);
    await stop(next);
  });

  test('events that are written are not written again, those that are missing are', {
    tags: ['ALR-STATE', 'ALR-EPISODE'],
  }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    const connection = log.connect();
    startTestHost({ log: connection, clock });
    await clock.advance(1_000);
    await put(log, 'p-1', 1, 2);
    await clock.advance(200);
    // Killed: what the next batch decides is judged and never written.
    connection.killAfter(0);
    await put(log, 'p-1', 3, 4);
    await put(log, 'p-2', 1, 2);
    await clock.advance(5_000);
    expect(alerts(log).map(({ id }) => id)).toEqual(['e-p-1-2']);
    const next = startTestHost({ log, clock });
    await clock.advance(1_000);
    expect(alerts(log).map(({ id, epoch }) => [id, epoch])).toEqual([
      ['e-p-1-2', 1],
      ['e-p-1-4', 2],
      ['e-p-2-2', 2],
    ]);
    await stop(next);
  });

  test('killed after any append, it ends with the same events, each once', {
    tags: ['ALR-STATE', 'ALR-EPISODE'],
  }, async () => {
    const play = async (killAfter: number) => {
      const log = new MemoryLog();
      const clock = new TestClock();
      const connection = log.connect();
      connection.killAfter(killAfter);
      const hosts = [startTestHost({ log: connection, clock })];
      for (let turn = 0; turn < 14; turn++) {
        if (turn < 12) await put(log, `p-${turn % 3}`, turn + 1, turn + 2);
        await clock.advance(3_000);
        if (connection.isKilled && hosts.length === 1) hosts.push(startTestHost({ log, clock }));
      }
      const failures = hosts.flatMap((host) => host.failures);
      // Not waited for: a killed one never ends.
      for (const { running } of hosts) void running[Symbol.asyncDispose]();
      return { ids: alerts(log).map(({ id }) => id), failures, isReplaced: hosts.length > 1 };
    };
    const undisturbed = await play(Number.POSITIVE_INFINITY);
    const different: unknown[] = [];
    let replaced = 0;
    for (let point = 0; point < 90; point++) {
      const { ids, failures, isReplaced } = await play(point);
      if (isReplaced) replaced += 1;
      const isSame = JSON.stringify([...ids].sort()) === JSON.stringify([...undisturbed.ids].sort());
      if (!isSame || failures.length > 0) different.push({ point, ids, failures });
    }
    expect(undisturbed.ids.length).toBeGreaterThan(10);
    expect({ different, replaced }).toEqual({ different: [], replaced: 90 });
  });

  test.each([
    {
      what: 'the same boot: the monotonic clock',
      bootId: 'b-1',
      wallBehindMs: 7_200_000,
      cause: 'restart',
      passed: 60_000,
    },
    { what: 'another boot: the wall clock', bootId: 'b-2', wallBehindMs: 0, cause: 'restart', passed: 60_000 },
    {
      what: 'a wall clock that is behind: longer than the core trusts',
      bootId: 'b-2',
      wallBehindMs: 7_200_000,
      cause: 'restart',
      passed: 86_401_000,
    },
    { what: 'another process', bootId: 'b-1', wallBehindMs: 0, cause: 'takeover', passed: 60_000, instance: 'vigil-2' },
  ])(
    'log time goes on by $what',
    { tags: ['ALR-TICK', 'ALR-STATE'] },
    async ({ bootId, wallBehindMs, cause, passed, instance }) => {
      const log = new MemoryLog();
      const clock = new TestClock();
      const host = startTestHost({ log, clock });
      await clock.advance(2_000);
      await stop(host);
      await clock.advance(60_000);
      clock.stepWall(-wallBehindMs);
      const next = startTestHost({ log, clock, bootId, ...(instance && { instance }) });
      await clock.advance(200);
      const last = inputs(log, 'tick').findLast(({ epoch }) => epoch === 1);
      const [first] = inputs(log, 'tick').filter(({ epoch }) => epoch === 2);
      expect(inputs(log, 'blind')).toEqual([
        {
          epoch: 2,
          fromLog: last?.log,
          toLog: first?.log,
          fromUtc: last?.utc,
          toUtc: first?.utc,
          cause,
        },
      ]);
      expect((first?.log ?? 0) - (last?.log ?? 0)).toBe(passed);
      expect(kinds(log).slice(-3)).toEqual(['owner', 'blind', 'tick']);
      await stop(next);
    },
  );
});

describe('generations', () => {
  /** Runs until three generations were written, and gives the log with two of them. */
  async function withGenerations() {
    const log = new MemoryLog();
    const clock = new TestClock();
    const host = startTestHost({ log, clock });
    await clock.advance(500);
    await put(log, 'p-1', 1, 2, 3);
    await put(log, 'p-2', 1, 2, 3);
    await clock.advance(31_000);
    await put(log, 'p-1', 4);
    await clock.advance(30_000);
    await put(log, 'p-1', 5);
    await clock.advance(500);
    return { log, clock, host };
  }
  const isOfSlot = (slot: number) => (key: string) => key.startsWith(`0/${slot}/`);

  test('one each 30 s and one at the end, in two slots', { tags: ['ALR-STATE'] }, async () => {
    const { log, host } = await withGenerations();
    expect(host.running.status().counters['snapshots-written']).toBe(2);
    await stop(host);
    const commits = log.records('snapshots').filter(({ key }) => key.endsWith('/commit'));
    expect(commits.map(({ key }) => key)).toEqual(['0/0/commit', '0/1/commit', '0/0/commit']);
    log.compact('snapshots');
    expect(
      log
        .records('snapshots')
        .map(({ key }) => key)
        .sort(),
    ).toEqual([
      '0/0/commit',
      '0/0/entry/p-1/0',
      '0/0/entry/p-2/0',
      '0/0/entry/partition/0',
      '0/1/commit',
      '0/1/entry/p-1/0',
      '0/1/entry/p-2/0',
      '0/1/entry/partition/0',
    ]);
  });

  test('a torn one is passed over for the one before, and nothing is told twice', { tags: ['ALR-STATE'] }, async () => {
    const { log, clock, host } = await withGenerations();
    await stop(host);
    log.compact('snapshots');
    // The newest stands in slot 0; its commit did not make it.
    log.tamper('snapshots', 0, (record) => (record.key === '0/0/commit' ? undefined : record));
    const connection = log.connect();
    const next = startTestHost({ log: connection, clock });
    await clock.advance(1_000);
    await put(log, 'p-1', 6);
    await clock.advance(500);
    const from = connection.reads.find(({ topic }) => topic === 'inputs')?.from ?? 0;
    const older = log.records('inputs').findIndex(({ position }) => position >= from);
    expect(older).toBeGreaterThan(0);
    expect(next.announced.some((line) => line.includes('1 incomplete'))).toBe(true);
    const told = alerts(log).map(({ id }) => id);
    expect(told.filter((id) => id.startsWith('e-'))).toEqual(['e-p-1-2', 'e-p-2-2', 'e-p-1-4', 'e-p-1-6']);
    expect(new Set(told).size).toBe(told.length);
    // The next generation goes into the torn slot: the complete one is never overwritten first.
    await stop(next);
    expect(log.records('snapshots').at(-1)?.key).toBe('0/0/commit');
  });

  test.each([
    { what: 'its body is not what was written', change: (value: Uint8Array) => value.with(value.length - 2, 33) },
    { what: 'its header cannot be read', change: (value: Uint8Array) => value.with(0, 33) },
  ])(
    'a corrupt entry costs one patient, announced: $what',
    { tags: ['ALR-STATE', 'ALR-ISOLATE'] },
    async ({ change }) => {
      const { log, clock, host } = await withGenerations();
      await stop(host);
      log.compact('snapshots');
      log.tamper('snapshots', 0, (record) =>
        record.key === '0/0/entry/p-2/0' ? { ...record, value: change(record.value) } : record,
      );
      const { high } = await log.bounds('inputs', 0);
      const connection = log.connect();
      const next = startTestHost({ log: connection, clock });
      await clock.advance(1_000);
      await put(log, 'p-1', 6);
      await clock.advance(500);
      expect(connection.reads.find(({ topic }) => topic === 'inputs')?.from).toBe(high);
      expect(next.announced.filter((line) => line.includes('1 entries cannot be read'))).toHaveLength(1);
      expect(next.announced.join('\n')).not.toContain('p-2');
      const told = alerts(log).map(({ id }) => id);
      expect(told.filter((id) => id.startsWith('{"at":0,') && id.includes('"p-2"'))).toHaveLength(1);
      expect(told.at(-1)).toBe('e-p-1-6');
      await stop(next);
    },
  );

  test('the log is told what a restart from the older generation would read', { tags: ['ALR-STATE'] }, async () => {
    const { log, clock, host } = await withGenerations();
    await stop(host);
    const before = await log.bounds('inputs', 0);
    const needed: [string, number][] = [];
    const next = startTestHost({ log, clock, ports: { needs: (...need) => void needed.push(need) } });
    await clock.advance(61_500);
    await stop(next);
    const kept = log
      .records('snapshots')
      .filter(({ key }) => key.endsWith('/commit'))
      .map(({ value }) => (decodeBody(decodeRecord(value).body) as { inputs: number }).inputs);
    // At the start, then with each of the three generations: always the one before the newest.
    expect(needed).toEqual([before.high, before.high, ...kept.slice(-3, -1)].map((at) => ['alerting-0', at]));
  });

  test('late copies of an older generation change nothing', { tags: ['ALR-STATE'] }, async () => {
    const { log, clock, host } = await withGenerations();
    await stop(host);
    const [oldest] = log.records('snapshots').filter(({ key }) => key === '0/0/entry/p-1/0');
    await log.append('snapshots', [oldest as { key: string; value: Uint8Array }], { lane: 'data' });
    const { high } = await log.bounds('inputs', 0);
    const connection = log.connect();
    const next = startTestHost({ log: connection, clock });
    await clock.advance(1_000);
    expect(connection.reads.find(({ topic }) => topic === 'inputs')?.from).toBe(high);
    await stop(next);
  });

  test('an unreadable entry does not stand for one that is missing', { tags: ['ALR-STATE'] }, async () => {
    const { log, clock, host } = await withGenerations();
    await stop(host);
    log.compact('snapshots');
    log.tamper('snapshots', 0, (record) => {
      if (record.key === '0/0/entry/p-1/0') return undefined;
      return record.key === '0/0/entry/p-2/0' ? { ...record, value: record.value.with(0, 33) } : record;
    });
    const next = startTestHost({ log, clock });
    await clock.advance(1_000);
    expect(next.announced.filter((line) => line.includes('1 incomplete'))).toHaveLength(1);
    await stop(next);
  });

  test('a generation that the log does not take whole is given up; the next goes into the same slot', {
    tags: ['ALR-STATE'],
  }, async () => {
    const { log, clock, host } = await withGenerations();
    log.refuse = (topic) => (topic === 'snapshots' ? 'partly' : undefined);
    await clock.advance(30_000);
    log.refuse = undefined;
    expect(host.announced.filter((line) => line.includes('was not written'))).not.toEqual([]);
    // Killed here: the torn attempt spoiled its own slot only.
    log.compact('snapshots');
    const connection = log.connect();
    const next = startTestHost({ log: connection, clock, instance: 'next' });
    await clock.advance(1_000);
    const [reads] = connection.reads.filter(({ topic }) => topic === 'inputs');
    expect(reads?.from).toBeGreaterThan(0);
    await clock.advance(30_000);
    expect(log.records('snapshots').at(-1)?.key).toBe('0/0/commit');
    await stop(next);
    await stop(host);
  });

  test('the keys of a patient who is gone are removed', { tags: ['ALR-STATE'] }, async () => {
    const { log, clock, host } = await withGenerations();
    await stop(host);
    const without = (options: Parameters<typeof fakeEngine>[0]) => {
      const engine = fakeEngine(options);
      const whole = engine.snapshot;
      const snapshot = () => [...whole()].filter(({ key }) => key !== 'p-2');
      return Object.defineProperty(engine, 'snapshot', { value: snapshot });
    };
    const next = startTestHost({ log, clock, createEngine: without });
    await clock.advance(61_000);
    await stop(next);
    log.compact('snapshots');
    const keys = log.records('snapshots').map(({ key }) => key);
    expect(keys.filter(isOfSlot(0))).toHaveLength(3);
    expect(keys.filter((key) => key.includes('p-2'))).toEqual([]);
  });

  test('a state larger than a record is cut, and comes back whole', { tags: ['ALR-STATE'] }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    const long = 'x'.repeat(200_000);
    let restored: unknown;
    const large = (options: Parameters<typeof fakeEngine>[0]) => {
      const engine = fakeEngine(options);
      const whole = engine.snapshot;
      const snapshot = () => [...whole(), { key: 'p-9', state: { long } }];
      const restoreAll = engine.restore;
      const restore: typeof engine.restore = (entries, out) => {
        const all = [...entries];
        restored = structuredClone(all.find(({ key }) => key === 'p-9')?.state);
        restoreAll(all, out);
      };
      return Object.defineProperties(engine, { snapshot: { value: snapshot }, restore: { value: restore } });
    };
    const host = startTestHost({ log, clock, createEngine: large });
    await clock.advance(1_000);
    await stop(host);
    expect(log.records('snapshots').filter(({ key }) => key.includes('p-9'))).toHaveLength(4);
    const next = startTestHost({ log, clock, createEngine: large });
    await clock.advance(1_000);
    expect(restored).toEqual({ long });
    await stop(next);
  });

  test('an entry that is too large costs its patient, not the generation', {
    tags: ['ALR-STATE', 'ALR-ISOLATE'],
  }, async () => {
    const log = new MemoryLog();
    const clock = new TestClock();
    const large = (options: Parameters<typeof fakeEngine>[0]) => {
      const engine = fakeEngine(options);
      const whole = engine.snapshot;
      const snapshot = () => [...whole(), { key: 'p-9', state: 'x'.repeat(1_100_000) }];
      return Object.defineProperty(engine, 'snapshot', { value: snapshot });
    };
    const host = startTestHost({ log, clock, createEngine: large });
    await clock.advance(1_000);
    await put(log, 'p-1', 1, 2);
    await clock.advance(500);
    await stop(host);
    expect(host.announced.filter((line) => line.includes('1 entries are too large'))).toHaveLength(1);
    const next = startTestHost({ log, clock });
    await clock.advance(500);
    expect(
      alerts(log)
        .map(({ id }) => id)
        .filter((id) => id.includes('"p-9"')),
    ).toHaveLength(1);
    await stop(next);
  });

  test('records lost to retention are announced, and its patients are watched on', { tags: ['SYS-SAFE'] }, async () => {
    const { log, clock, host } = await withGenerations();
    await stop(host);
    const { high } = await log.bounds('inputs', 0);
    await put(log, 'p-1', 6, 7, 8);
    log.trim('inputs', 0, high + 2);
    const next = startTestHost({ log, clock });
    await clock.advance(1_000);
    expect(next.running.status()).toMatchObject({ state: 'degraded', causes: ['inputs-lost'] });
    expect(next.announced.filter((line) => line.startsWith('error records that nobody judged are gone'))).toHaveLength(
      1,
    );
    expect(alerts(log).at(-1)?.id).toBe('e-p-1-8');
    await stop(next);
  });

  test('a state from beyond the end of the log is not used', { tags: ['ALR-STATE'] }, async () => {
    const { log, clock, host } = await withGenerations();
    await stop(host);
    const restoredLog = new MemoryLog();
    for (const { key, value } of log.records('snapshots'))
      await restoredLog.append('snapshots', [{ key, value }], { lane: 'data' });
    await put(restoredLog, 'p-1', 1, 2);
    const next = startTestHost({ log: restoredLog, clock });
    await clock.advance(1_000);
    expect(next.announced.filter((line) => line.includes('the log ends before its newest state'))).toHaveLength(1);
    expect(alerts(restoredLog).map(({ id }) => id)).toEqual(['e-p-1-2']);
    await stop(next);
  });
});
