// What is shown is what is true: silence of the engine, spans that nobody watched, values, restarts, a store in trouble.
import { describe, expect, test } from 'vitest';
import { VITALS } from '../../contract/index.ts';
import {
  admit,
  appendReading,
  DoubleStore,
  raisedEvent,
  spo2Alert,
  startTestApi,
  TestClock,
  until,
} from '../support/api.ts';

describe('with an engine that falls silent', () => {
  test.for([
    ['engine-down', undefined],
    ['log-down', () => 'lost' as const],
  ] as const)('every patient is not monitored, %s', { tags: ['SYS-SAFE', 'API-STATE'] }, async ([cause, refuse]) => {
    await using test = await startTestApi();
    const session = await test.signIn();
    const { patient, device } = await admit(session);
    const state = async () => (await session.get(`/patients/${patient}`)).body.monitoring;
    const engine = test.engine.run();
    for (const signal of ['spo2', 'II'])
      await test.engine.monitoring({ patient, signal, source: device, state: 'monitored', cause: null });
    await until(async () => (await state()).state === 'monitored');
    await until(() => test.api.monitoring().patients.monitored === 1 && !test.api.monitoring().system);
    await using stream = await session.stream();
    await stream.find(({ event }) => event === 'snapshot');
    const lastTick = stream.events[0]?.data.serverTs;
    await engine[Symbol.asyncDispose]();
    test.memory.refuse = refuse;
    // 4.9 s later by our own monotonic clock, without a look at anybody else's.
    test.clock.advance(4_900);
    const told = await stream.find(({ event, data }) => event === 'system' && data.system);
    expect(told.data).toMatchObject({
      state: 'not-monitored',
      system: true,
      causes: [cause],
      patients: { notMonitored: 1 },
    });
    expect(Math.abs(Date.parse(told.data.since) - Date.parse(lastTick))).toBeLessThan(4_000);
    const tile = await stream.find(({ event, data }) => event === 'tile' && data.monitoring.cause === cause);
    expect(tile.data.monitoring.signals.map((each: { state: string }) => each.state)).toEqual([
      'not-monitored',
      'not-monitored',
    ]);
    expect(test.api.monitoring()).toMatchObject({ system: true, causes: [cause] });
    // It comes back by itself, and what the engine said before counts again.
    test.memory.refuse = undefined;
    await using _back = test.engine.run();
    await until(async () => (await state()).state === 'monitored');
    await stream.find(({ event, data }) => event === 'system' && !data.system);
  });

  test('nobody is watched from the start on until the first tick is heard', { tags: ['SYS-SAFE'] }, async () => {
    const before = await startTestApi();
    await before.engine.tick();
    await before[Symbol.asyncDispose]();
    await using test = await startTestApi({ memory: before.memory, seed: 2 });
    expect(test.api.monitoring()).toMatchObject({ system: true, causes: ['engine-down'] });
    await test.engine.tick();
    await until(() => !test.api.monitoring().system);
  });
});

describe('a span that nobody watched', () => {
  test('is shown from and to, on the tile and for the whole', { tags: ['SYS-COVERAGE', 'API-STATE'] }, async () => {
    await using test = await startTestApi();
    const session = await test.signIn();
    await admit(session);
    await using stream = await session.stream();
    const to = test.clock.wall();
    await test.engine.tick();
    await test.engine.blind(to - 60_000, to);
    const tile = await stream.find(({ event, data }) => event === 'tile' && data.unwatched.length > 0);
    const span = { from: new Date(to - 60_000).toISOString(), to: new Date(to).toISOString(), cause: 'restart' };
    expect(tile.data.unwatched).toEqual([span]);
    expect((await session.get('/monitoring')).body.unwatched).toEqual([span]);
  });

  test('is known after a restart from what the engine said of the signals', { tags: ['SYS-COVERAGE'] }, async () => {
    const store = new DoubleStore();
    const first = await startTestApi({ store });
    const { patient, device } = await admit(await first.signIn());
    const to = first.clock.wall();
    const signal = { patient, signal: 'spo2', source: device };
    await first.engine.monitoring({ ...signal, state: 'not-monitored', cause: 'blind', at: to - 60_000 });
    await first.engine.monitoring({ ...signal, state: 'monitored', cause: null, at: to });
    // The store holds all of `inputs`: what stood there is not read again.
    store.held = [(await first.memory.bounds('inputs', 0)).high];
    await first[Symbol.asyncDispose]();
    await using second = await startTestApi({ memory: first.memory, store, seed: 2 });
    const { unwatched } = (await (await second.signIn()).get('/monitoring')).body;
    expect(unwatched.map((span: { from: string; to: string }) => Date.parse(span.to) - Date.parse(span.from))).toEqual([
      60_000,
    ]);
  });
});

describe('a value', () => {
  test('that comes late does not replace a newer one', { tags: ['ING-ORDER', 'API-AGE'] }, async () => {
    await using test = await startTestApi();
    const session = await test.signIn();
    const { patient, device } = await admit(session);
    const now = test.clock.wall();
    await appendReading(test.memory, { patient, device, value: 95, takenAt: now, seq: 3 });
    await appendReading(test.memory, { patient, device, value: 70, takenAt: now - 10_000, seq: 1, lane: 'late' });
    const latest = async () => (await session.get(`/patients/${patient}/latest`)).body.measurements[0];
    await until(async () => (await latest()).value === 95);
    await appendReading(test.memory, { patient, device, value: 80, takenAt: now - 5_000, seq: 2, lane: 'late' });
    await until(() => test.api.status().counters['records'] !== undefined && test.memory.records('inputs').length > 0);
    expect((await latest()).reading).toBe(`${device}/1/3`);
  });

  test('grows old and is stale, whatever the wall clock does', { tags: ['API-AGE', 'ALR-CLOCK'] }, async () => {
    await using test = await startTestApi();
    const session = await test.signIn();
    const { patient, device } = await admit(session);
    await appendReading(test.memory, { patient, device, value: 86, takenAt: test.clock.wall(), seq: 1 });
    const latest = async () => (await session.get(`/patients/${patient}/latest`)).body.measurements[0];
    await until(async () => (await latest()).state === 'live');
    test.clock.wallOffsetMs = -3_600_000;
    test.clock.advance(31_000);
    const stale = await latest();
    expect(stale).toMatchObject({ state: 'stale', last: { value: 86 } });
    expect(stale).not.toHaveProperty('value');
    expect(stale.ageMs).toBeGreaterThan(31_000);
  });

  test('of a patient names the period in which the device was theirs', { tags: ['API-PATIENT'] }, async () => {
    await using test = await startTestApi();
    const session = await test.signIn();
    const { patient, device, assignment } = await admit(session);
    await appendReading(test.memory, { patient, device, value: 86, takenAt: test.clock.wall(), seq: 1 });
    const again = await session.send('POST', `/assignments/${assignment}/end`, { reason: 'moved' });
    await until(() => again.status === 200);
    const alert = spo2Alert(patient, {}, test.clock.wall());
    const [rule] = alert.rules;
    const reading = rule?.reading && { ...rule.reading, device, takenAt: Date.parse(again.body.from) };
    await test.engine.event(raisedEvent({ ...alert, rules: rule && reading ? [{ ...rule, reading }] : [] }));
    const shown = await until(async () => (await session.get('/alerts')).body.items[0]);
    expect(shown.patient).toMatchObject({ id: patient, mrn: 'M-1', name: 'DOE, Jane' });
    expect(shown.rules[0].reading).toMatchObject({ boundFrom: again.body.from, boundTo: again.body.to });
  });

  test('comes from the store where the log was not read', { tags: ['API-AGE'] }, async () => {
    const first = await startTestApi();
    const { patient, device } = await admit(await first.signIn());
    const at = first.clock.wall();
    await first[Symbol.asyncDispose]();
    const store = new DoubleStore();
    const codes = { vital: VITALS.spo2.code, bound: 0, absent: -1, quality: 0, clock: 0 };
    const times = { takenAt: at, receivedAt: at, acceptedAt: at, effectiveAt: at };
    store.points.set(patient, [
      {
        device,
        boot: 1,
        seq: 1,
        value: 93,
        unit: 0,
        reported: null,
        ...codes,
        ...times,
        partition: 0,
        position: 0,
        hash: 0n,
      },
    ]);
    await using second = await startTestApi({ memory: first.memory, store, seed: 2 });
    const session = await second.signIn();
    expect((await session.get(`/patients/${patient}/latest`)).body.measurements[0].value).toBe(93);
    const [from, to] = [at - 1_000, at + 1_000].map((ms) => new Date(ms).toISOString());
    const { items } = (await session.get(`/patients/${patient}/readings?vital=spo2&from=${from}&to=${to}`)).body;
    expect(items).toMatchObject([{ value: 93, unit: '%', reading: `${device}/1/1` }]);
  });
});

describe('a restart', () => {
  test('finds the same open alerts', { tags: ['ALR-STATE'] }, async () => {
    const first = await startTestApi();
    const session = await first.signIn();
    const { patient } = await admit(session);
    for (const n of [1, 2, 3]) await first.engine.event(raisedEvent(spo2Alert(patient, { id: `a-${n}` })));
    await first.engine.event(
      raisedEvent(spo2Alert(patient, { id: 'a-2', revision: 2, state: 'closed' }), { type: 'closed' }),
    );
    await until(async () => (await session.get('/alerts?state=closed')).body.items.length === 1);
    const before = (await session.get('/alerts')).body.items.map(({ id }: { id: string }) => id);
    await first[Symbol.asyncDispose]();
    await using second = await startTestApi({ memory: first.memory, seed: 2 });
    const again = await second.signIn();
    expect((await again.get('/alerts')).body.items.map(({ id }: { id: string }) => id)).toEqual(before);
    expect(
      (await again.get('/alerts/a-2/events')).body.items.map((each: { event: { type: string } }) => each.event.type),
    ).toEqual(['raised', 'closed']);
  });
});

describe('a store in trouble', () => {
  test.for(['failing', 'silent'] as const)(
    'that is %s holds up neither start nor values nor alerts',
    { tags: ['ING-STORE'] },
    async (mode) => {
      const store = new DoubleStore();
      store.mode = mode;
      await using test = await startTestApi({ store, clock: new TestClock(20) });
      const session = await test.signIn();
      const { patient, device } = await admit(session);
      await appendReading(test.memory, { patient, device, value: 90, takenAt: test.clock.wall(), seq: 1 });
      await test.engine.event(raisedEvent(spo2Alert(patient)));
      await until(async () => (await session.get('/alerts')).body.items.length === 1);
      expect(test.announced.join()).toContain('the store gives no positions');
      if (mode === 'failing') return;
      const asked = await session.get(
        `/patients/${patient}/readings?vital=spo2&from=2026-01-01T00:00:00.000Z&to=2026-01-02T00:00:00.000Z`,
      );
      expect([asked.status, asked.body.code]).toEqual([503, 'store-down']);
    },
  );
});

test('a record that cannot be read is passed by', { tags: ['ING-POISON'] }, async () => {
  await using test = await startTestApi();
  const session = await test.signIn();
  const { patient } = await admit(session);
  const broken = new TextEncoder().encode('{"v":1,"kind":"readings"\n');
  for (const topic of ['inputs', 'alerts', 'registry', 'sessions'] as const)
    await test.memory.append(
      topic,
      [
        { key: patient, value: broken },
        { key: patient, value: new TextEncoder().encode('x') },
      ],
      { lane: 'data' },
    );
  await test.engine.event(raisedEvent(spo2Alert(patient)));
  await until(async () => (await session.get('/alerts')).body.items.length === 1);
  expect(test.api.status().counters['poisoned']).toBe(6);
  expect(test.announced.filter((line) => line.startsWith('FATAL'))).toEqual([]);
});
