// The live stream: one truth at the start, each event once, a beat each second, and an end that is said.
import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { encodeRecord, encodeWaveform, senderHeader, streamData } from '../../contract/index.ts';
import {
  admit,
  appendReading,
  type EventStream,
  raisedEvent,
  sessionAs,
  spo2Alert,
  startTestApi,
  type TestApi,
  until,
} from '../support/api.ts';

const alertsOf = ({ events }: EventStream) => events.filter(({ event }) => event === 'alert');
const idsOf = (stream: EventStream) => alertsOf(stream).map(({ data }) => data.event.id);

/** Raises alerts `a-<n>`, one event each. */
async function raise(test: TestApi, patient: string, ...numbers: number[]) {
  for (const n of numbers) await test.engine.event(raisedEvent(spo2Alert(patient, { id: `a-${n}` })));
}

describe('a stream', () => {
  test('begins with all that is true, and beats each second', { tags: ['API-BEAT', 'API-STATE'] }, async () => {
    await using test = await startTestApi();
    const session = await test.signIn();
    await using _engine = test.engine.run();
    const { patient, device } = await admit(session);
    await raise(test, patient, 1);
    await until(async () => (await session.get('/alerts')).body.items.length === 1);
    await using stream = await session.stream();
    const third = await stream.find(({ event, data }) => event === 'hb' && data.seq >= 3);
    const [snapshot] = stream.events;
    expect(snapshot).toMatchObject({
      event: 'snapshot',
      data: {
        realm: 'test',
        tiles: [{ patient: { id: patient, mrn: 'M-1' }, leads: ['II'] }],
        alerts: [{ id: 'a-1' }],
      },
    });
    expect(snapshot?.data.tiles[0].monitoring.signals.map(({ source }: { source: string }) => source)).toEqual([
      device,
      device,
    ]);
    // It counts what was sent on this connection, itself included.
    expect(third.data.seq).toBe(stream.events.indexOf(third) + 1);
    expect(Date.parse(third.data.nextBy) - Date.parse(third.data.serverTs)).toBe(3_000);
    expect(third.data.engineTs).not.toBeNull();
  });

  test('says what the contract says, event by event', { tags: ['CON-SCHEMA', 'API-TIME'] }, async () => {
    await using test = await startTestApi();
    const session = await test.signIn();
    const { patient, device } = await admit(session);
    await using stream = await session.stream(`?waveform=${patient}:II`);
    await appendReading(test.memory, { patient, device, value: 91, takenAt: test.clock.wall(), seq: 1 });
    await raise(test, patient, 1);
    await sendWave(test, patient, device, 1, 0);
    await using _engine = test.engine.run();
    await stream.find(({ event }) => event === 'w');
    await stream.find(({ event }) => event === 'system');
    await stream.find(({ event, data }) => event === 'tile' && data.measurements[0].value === 91);
    await session.send('DELETE', '/session');
    await stream.closed;
    const kinds = new Set(stream.events.map(({ event }) => event));
    expect([...kinds].sort()).toEqual(['alert', 'end', 'hb', 'snapshot', 'system', 'tile', 'w']);
    const faults = stream.events.flatMap(({ event, data }) => {
      const checked = streamData[event as keyof typeof streamData].safeParse(data);
      return checked.success ? [] : [`${event}: ${checked.error.message}`];
    });
    expect(faults).toEqual([]);
  });

  test('resumed gives each event once, in order', { tags: ['ALR-EPISODE', 'ALR-FENCE'] }, async () => {
    await using test = await startTestApi();
    const session = await test.signIn();
    const { patient } = await admit(session);
    const first = await session.stream();
    await raise(test, patient, 1, 2, 3);
    await until(() => idsOf(first).length === 3);
    const lastId = alertsOf(first)[1]?.id ?? '';
    await first[Symbol.asyncDispose]();
    // While nobody looked: a new event, copies of old ones, and what a former owner still writes.
    await raise(test, patient, 4, 1, 3, 4);
    test.engine.epoch = 2;
    await raise(test, patient, 5);
    test.engine.epoch = 1;
    await raise(test, patient, 6);
    test.engine.epoch = 2;
    await until(async () => (await session.get('/alerts')).body.items.length === 5);
    await using second = await session.stream('', { 'last-event-id': lastId });
    await raise(test, patient, 7);
    await until(() => idsOf(second).includes('e-a-7-1'));
    expect(idsOf(second)).toEqual(['e-a-3-1', 'e-a-4-1', 'e-a-5-1', 'e-a-7-1']);
    expect(alertsOf(second).map(({ data }) => data.replay)).toEqual([true, true, true, false]);
    expect(second.events[0]?.data.alerts.length).toBe(5);
  });

  test.for([
    ['is none', 'garbage', 'cursor'],
    ['is ahead of the log', Buffer.from('0:999').toString('base64url'), 'cursor'],
    ['is older than the log', Buffer.from('0:0').toString('base64url'), 'too-old'],
  ] as const)('resumed by a cursor that %s begins again', ([, lastEventId, reason]) =>
    startTestApi().then(async (test) => {
      await using _test = test;
      const session = await test.signIn();
      const { patient } = await admit(session);
      await raise(test, patient, 1, 2, 3);
      await until(async () => (await session.get('/alerts')).body.items.length === 3);
      test.memory.trim('alerts', 0, 2);
      await using stream = await session.stream('', { 'last-event-id': lastEventId });
      const reset = await stream.find(({ event }) => event === 'reset');
      expect([reset.data, stream.events[0]?.event]).toEqual([{ reason }, 'snapshot']);
    }),
  );

  test('is about those whom it was asked for', { tags: ['API-PATIENT'] }, async () => {
    await using test = await startTestApi();
    const session = await test.signIn();
    const one = await admit(session, 'M-1');
    const two = await admit(session, 'M-2');
    await using stream = await session.stream(`?scope=patient:${one.patient}`);
    await raise(test, two.patient, 2);
    await test.engine.event(raisedEvent(spo2Alert(null, { id: 'a-system', scope: 'system', kind: 'technical' })));
    await raise(test, one.patient, 1);
    await until(() => idsOf(stream).length === 2);
    expect(idsOf(stream)).toEqual(['e-a-system-1', 'e-a-1-1']);
    expect(stream.events[0]?.data.tiles.length).toBe(1);
    expect((await session.get('/stream?scope=patient:p-none')).status).toBe(404);
  });

  test('whose patient leaves begins again without them', async () => {
    await using test = await startTestApi();
    const session = await test.signIn();
    const { patient } = await admit(session);
    await using stream = await session.stream();
    await session.send('POST', `/patients/${patient}/discharge`, { reason: 'home' });
    expect((await stream.find(({ event }) => event === 'reset')).data).toEqual({ reason: 'patients' });
    await using next = await session.stream();
    expect((await next.find(({ event }) => event === 'snapshot')).data.tiles).toEqual([]);
  });

  test('carries the leads asked for, and says where a block is missing', { tags: ['ING-ECG'] }, async () => {
    await using test = await startTestApi();
    const session = await test.signIn();
    const { patient, device } = await admit(session);
    await using stream = await session.stream(`?waveform=${patient}:II`);
    await using other = await session.stream();
    await sendWave(test, patient, device, 1, 0);
    await sendWave(test, patient, device, 2, 4);
    await sendWave(test, patient, device, 4, 12);
    await until(() => stream.events.filter(({ event }) => event === 'w').length === 3);
    const waves = stream.events.filter(({ event }) => event === 'w').map(({ data }) => data);
    expect(waves.map(({ index, gap }) => [index, gap])).toEqual([
      [0, false],
      [4, false],
      [12, true],
    ]);
    const samples = Buffer.from(waves[0].samples, 'base64');
    expect([0, 2, 4, 6].map((at) => samples.readInt16LE(at))).toEqual([12, -5, 880, -32768]);
    expect(waves[0]).toMatchObject({ patient, lead: 'II', device, rateMhz: 250_000, scale: 5, unit: 'uV' });
    expect(other.events.filter(({ event }) => event === 'w')).toEqual([]);
  });

  test('ends at once when its session does', async () => {
    await using test = await startTestApi();
    const session = await test.signIn();
    await using stream = await session.stream();
    await stream.find(({ event }) => event === 'hb');
    await session.send('DELETE', '/session');
    await stream.closed;
    expect(stream.events.at(-1)).toMatchObject({ event: 'end', data: { reason: 'signed-out' } });
  });

  test('ends when its session is ended elsewhere', async () => {
    await using test = await startTestApi();
    const session = await sessionAs(test, 'u-1', ['clinician']);
    await using stream = await session.stream();
    await stream.find(({ event }) => event === 'hb');
    const [sent] = test.memory.records('sessions').filter(({ key }) => key.startsWith('session/'));
    await test.memory.append('sessions', [{ key: sent?.key ?? '', value: new Uint8Array() }], { lane: 'control' });
    await stream.closed;
    expect(stream.events.at(-1)).toMatchObject({ event: 'end', data: { reason: 'signed-out' } });
    expect((await session.get('/alerts')).status).toBe(401);
  });

  test('ends when its user may no longer look', { tags: ['SEC-RBAC'] }, async () => {
    await using test = await startTestApi();
    const session = await sessionAs(test, 'u-1', ['clinician']);
    await using stream = await session.stream();
    await stream.find(({ event }) => event === 'hb');
    const header = { v: 1, kind: 'user', id: 'u-1', revision: 2, by: 'test', at: test.clock.wall() };
    const value = encodeRecord(header, { id: 'u-1', name: 'u-1', roles: ['technician'] });
    await test.memory.append('registry', [{ key: 'user/u-1', value }], { lane: 'control' });
    test.clock.advance(15_000);
    await stream.closed;
    expect(stream.events.at(-1)).toMatchObject({ event: 'end', data: { reason: 'rights' } });
  });

  test('ends with a word when the api stops, and does not hold it up', async () => {
    const test = await startTestApi();
    const session = await test.signIn();
    await using stream = await session.stream();
    await stream.find(({ event }) => event === 'hb');
    await test.api[Symbol.asyncDispose]();
    await stream.closed;
    expect(stream.events.at(-1)).toMatchObject({ event: 'end', data: { reason: 'shutdown' } });
  });

  test('is one of five of a session', async () => {
    await using test = await startTestApi();
    const session = await test.signIn();
    await using stack = new AsyncDisposableStack();
    for (let i = 0; i < 5; i++) expect(stack.use(await session.stream()).status).toBe(200);
    const sixth = await session.get('/stream');
    expect([sixth.status, sixth.headers['retry-after']]).toEqual([429, '5']);
  });
});

test('a client that takes nothing is cut; its neighbour gets every event', { tags: ['API-BEAT'] }, async () => {
  await using test = await startTestApi();
  const session = await test.signIn();
  const { patient } = await admit(session);
  const frozen = request(new URL('/api/v1/stream', test.api.url), {
    headers: { cookie: session.cookie },
    agent: false,
  });
  frozen.on('response', (response) => response.pause());
  frozen.on('error', () => {});
  frozen.end();
  await using neighbour = await session.stream();
  await neighbour.find(({ event }) => event === 'snapshot');
  // Events of 20 kB, until the frozen one's sockets and queue hold no more.
  const [rule] = spo2Alert(patient).rules;
  if (!rule) throw new Error('the alert has no rule');
  const rules = Array.from({ length: 40 }, () => rule);
  const isCut = () => test.api.status().counters['streams-cut'] === 1;
  let count = 0;
  while (!isCut() && count < 4_000) {
    for (let i = 0; i < 20; i++)
      await test.engine.event(raisedEvent(spo2Alert(patient, { id: `a-big-${++count}`, rules })));
    await until(() => alertsOf(neighbour).length >= count - 20);
  }
  await until(() => alertsOf(neighbour).length === count);
  expect(isCut()).toBe(true);
  expect(new Set(idsOf(neighbour)).size).toBe(count);
  expect(test.api.status().gauges['streams']).toBe(1);
  frozen.destroy();
});

async function sendWave(test: TestApi, patient: string, device: string, seq: number, index: number): Promise<void> {
  const at = test.clock.wall();
  const block = encodeWaveform({
    lead: 'II',
    boot: 1,
    seq,
    discontinuous: false,
    saturated: false,
    pacing: false,
    rateMhz: 250_000,
    index,
    takenAtUs: at * 1_000 + index * 4_000,
    receivedAt: at,
    scale: 5,
    unit: 266419,
    clock: 'synced',
    contact: 'contact',
    samples: Int16Array.from([12, -5, 880, -32768]),
  });
  const facts = { patient, device, assignment: 'as-1', sender: device, lane: 'live' as const, acceptedAt: at };
  const value = encodeRecord(senderHeader('waveform', facts), block);
  await test.memory.append('inputs', [{ key: patient, value }], { lane: 'data' });
  // Blocks that land in one batch would be seen as one: the newest.
  await new Promise((resolve) => setTimeout(resolve, 20));
}
