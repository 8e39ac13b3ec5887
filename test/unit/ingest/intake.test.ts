import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  decodeInput,
  decodeRecord,
  type Position,
  partitionOf,
  RefusedHeader,
  type TopicName,
} from '../../../contract/index.ts';
import { Announcer } from '../../../ingest/announcer.ts';
import { openBatcher } from '../../../ingest/batcher.ts';
import { Counters } from '../../../ingest/counters.ts';
import type { IngestError } from '../../../ingest/errors.ts';
import { Intake, newSender, type Sender } from '../../../ingest/intake.ts';
import { openRegistryView } from '../../../ingest/registry-view.ts';
import { VirtualClock } from '../../../virtual/clock.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { assignment, beat, bytesOf, device, now, reading, register, textOf } from './fixtures.ts';

/** A log of which a test can hold the registry back. */
class HeldLog extends MemoryLog {
  held: Promise<void> = Promise.resolve();

  override async bounds(
    topic: TopicName,
    partition: number,
  ): Promise<{ readonly low: Position; readonly high: Position }> {
    await this.held;
    return super.bounds(topic, partition);
  }
}

async function setUp(partitions = 1) {
  const log = new HeldLog({ partitions });
  const clock = new VirtualClock({ wall: now });
  const counters = new Counters();
  const lines: string[] = [];
  const announcer = new Announcer((_level, line) => lines.push(line), clock);
  await register(log, 'device', device('gw-1', { kind: 'gateway' }));
  await register(log, 'assignment', assignment({ gateway: 'gw-1' }));
  const registry = await openRegistryView({ log, clock, counters, announcer });
  const batcher = openBatcher({ log, clock, counters, announcer });
  const intake = new Intake('test', { log, clock, counters, announcer, registry, batcher });
  const sender = newSender('gw-1');
  const told: string[] = [];
  const publish = (name: string, topic: string, payload: unknown, from: Sender = sender) =>
    intake.publish(
      from,
      `vigil/1/test/gw-1/${topic}`,
      payload instanceof Uint8Array ? payload : bytesOf(payload),
      (error) => told.push(error ? `${name} ${(error as IngestError).code}` : name),
    );
  const inputs = (partition = 0) =>
    log.records('inputs', partition).map(({ key, value }) => ({ key, ...decodeInput(value) }));
  const refused = () => log.records('refused').map(({ key, value }) => ({ key, ...decodeRecord(value) }));
  return { log, clock, counters, lines, intake, registry, sender, told, publish, inputs, refused };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await turn();
}

describe('what a publish becomes', { tags: ['CON-SCHEMA', 'BRK-AUTH'] }, () => {
  test('a reading: one record under its patient, in the name of device, assignment, sender and lane', async () => {
    const { publish, inputs, told } = await setUp();
    publish('live', 'd-1/readings', reading());
    publish('late', 'd-1/late/readings', reading({ seq: 2, takenAt: now - 3_600_000 }));
    await settle();
    expect(inputs().map(({ key, header }) => [key, header])).toEqual([
      [
        'p-1',
        {
          v: 1,
          kind: 'readings',
          patient: 'p-1',
          device: 'd-1',
          assignment: 'as-1',
          sender: 'gw-1',
          lane: 'live',
          acceptedAt: now,
        },
      ],
      [
        'p-1',
        {
          v: 1,
          kind: 'readings',
          patient: 'p-1',
          device: 'd-1',
          assignment: 'as-1',
          sender: 'gw-1',
          lane: 'late',
          acceptedAt: now,
        },
      ],
    ]);
    expect([told, inputs().map(({ body }) => textOf(body as Uint8Array))]).toEqual([
      ['live', 'late'],
      [JSON.stringify(reading()), JSON.stringify(reading({ seq: 2, takenAt: now - 3_600_000 }))],
    ]);
  });

  test('a state and an event have no lane', async () => {
    const { publish, inputs } = await setUp();
    publish('state', 'd-1/late/state', {
      v: 1,
      boot: 1,
      seq: 1,
      at: now,
      link: 'up',
      why: null,
      contact: 'no',
      faults: [],
    });
    publish('event', 'd-1/events', { v: 1, boot: 1, seq: 2, at: now, event: 'button', detail: {} });
    await settle();
    expect(inputs().map(({ kind, header }) => [kind, 'lane' in header])).toEqual([
      ['device-state', false],
      ['device-event', false],
    ]);
  });

  test('a status is counted, and nothing else', async () => {
    const { publish, inputs, counters, told } = await setUp();
    publish('status', 'status', { v: 1, state: 'ready', boot: 1, at: now, version: '1' });
    await settle();
    expect([inputs(), counters.get('status'), told]).toEqual([[], 1, ['status']]);
  });

  test('a refused one: its bytes in `refused`, a word to the engine, an acknowledgement, one line', async () => {
    const { publish, inputs, refused, counters, told, lines } = await setUp();
    for (const seq of [7, 8]) publish(`bad ${seq}`, 'd-1/readings', reading({ seq, value: 101 }));
    await settle();
    const [first] = refused();
    expect([told, RefusedHeader.parse(first?.header), textOf(first?.body as Uint8Array), first?.key]).toEqual([
      ['bad 7', 'bad 8'],
      {
        v: 1,
        kind: 'refused',
        sender: 'gw-1',
        device: 'd-1',
        topic: 'vigil/1/test/gw-1/d-1/readings',
        reason: 'implausible',
        detail: 'value: spo2 is 1 to 100 %',
        bytes: bytesOf(reading({ seq: 7, value: 101 })).length,
        acceptedAt: now,
      },
      JSON.stringify(reading({ seq: 7, value: 101 })),
      'gw-1',
    ]);
    expect(inputs().map(({ kind, body }) => [kind, body])).toEqual([
      ['refusal', { boot: 12, seq: 7, vital: 'spo2', reason: 'implausible', refused: 0 }],
      ['refusal', { boot: 12, seq: 8, vital: 'spo2', reason: 'implausible', refused: 1 }],
    ]);
    expect([counters.get('refused-implausible'), lines]).toEqual([
      2,
      ['ingest: a message of gw-1 was refused: implausible'],
    ]);
  });

  test('one that does not fit a record is cut, and its size told', async () => {
    const { publish, refused, told } = await setUp();
    publish('huge', 'd-1/readings', new Uint8Array(65_500).fill(65));
    await settle();
    const [kept] = refused();
    const body = kept?.body as Uint8Array;
    expect([
      told,
      kept?.header['bytes'],
      body.length < 65_500,
      body.length > 65_000,
      body.every((byte) => byte === 65),
    ]).toEqual([['huge'], 65_500, true, true, true]);
  });

  test('a device that is not bound: kept and acknowledged, nobody’s', async () => {
    const { publish, inputs, refused, told } = await setUp();
    publish('unbound', 'd-9/readings', reading());
    await settle();
    expect([told, inputs(), refused().map(({ header }) => header['reason'])]).toEqual([['unbound'], [], ['unbound']]);
  });

  test('outside every assignment: refused, and told in the name of whoever wears it now', async () => {
    const { publish, inputs, refused, told } = await setUp();
    publish('early', 'd-1/late/readings', reading({ takenAt: now - 90_000_000 }));
    await settle();
    expect([
      told,
      refused().map(({ header }) => header['reason']),
      inputs().map(({ key, kind }) => [key, kind]),
    ]).toEqual([['early'], ['unassigned'], [['p-1', 'refusal']]]);
  });

  test('a topic of somebody else closes, and is announced', async () => {
    const { publish, log, told, counters, lines } = await setUp();
    publish('foreign', '../gw-2/d-1/readings', reading());
    await settle();
    expect([told, counters.get('forbidden-topic'), lines, log.records('refused').length]).toEqual([
      ['foreign INGEST_FORBIDDEN'],
      1,
      ['ingest: gw-1 published to a topic that is not its own; closed'],
      0,
    ]);
  });
});

describe('heartbeats', { tags: ['GW-BEAT', 'ALR-STALE'] }, () => {
  test('stand once under the gateway’s key and once in each other partition that has a patient of it', async () => {
    const { log, registry, publish, inputs } = await setUp(4);
    for (const [i, patient] of ['p-1', 'p-2', 'p-3', 'p-4', 'p-5', 'p-6'].entries())
      await register(
        log,
        'assignment',
        assignment({ id: `as-${i + 10}`, gateway: 'gw-1', device: `d-${i + 10}`, patient }),
      );
    await register(log, 'assignment', assignment({ id: 'as-99', gateway: 'gw-2', device: 'd-99', patient: 'p-99' }));
    await registry.catchUp();
    publish('beat', 'heartbeat', beat());
    await settle();
    const wanted = new Set(['gw-1', 'p-1', 'p-2', 'p-3', 'p-4', 'p-5', 'p-6'].map((key) => partitionOf(key, 4)));
    const held = [0, 1, 2, 3].map((partition) => inputs(partition).length);
    expect([
      held,
      new Set([0, 1, 2, 3].flatMap((partition) => inputs(partition).map(({ key, kind }) => `${key} ${kind}`))),
    ]).toEqual([[0, 1, 2, 3].map((partition) => (wanted.has(partition) ? 1 : 0)), new Set(['gw-1 gateway-beat'])]);
  });

  test('tell how far the sender’s clock is off, for all its devices', async () => {
    const { publish, inputs } = await setUp();
    publish('beat', 'heartbeat', beat({ at: now - 60_000 }));
    publish('reading', 'd-1/readings', reading({ takenAt: now - 60_000 }));
    await settle();
    expect(inputs()[1]?.header).toMatchObject({ kind: 'readings', skew: 60_000 });
  });
});

describe('a registry that is a moment behind', { tags: ['BRK-AUTH', 'BRK-ORDER', 'CON-SCHEMA'] }, () => {
  test('an assignment written just before its first reading is found', async () => {
    const { log, publish, inputs, told } = await setUp();
    const { promise, resolve } = Promise.withResolvers<void>();
    log.held = promise;
    // Put directly: the view has not been told yet.
    const putting = register(
      log,
      'assignment',
      assignment({ id: 'as-2', device: 'd-2', patient: 'p-2', gateway: 'gw-1' }),
    );
    publish('new', 'd-2/readings', reading());
    resolve();
    await putting;
    await settle();
    expect([told, inputs().map(({ key }) => key)]).toEqual([['new'], ['p-2']]);
  });

  test('those behind one that has to wait keep their order', async () => {
    const { log, publish, told, inputs } = await setUp();
    const { promise, resolve } = Promise.withResolvers<void>();
    log.held = promise;
    publish('unknown', 'd-9/readings', reading({ seq: 1 }));
    publish('known', 'd-1/readings', reading({ seq: 2 }));
    publish('status', 'status', { v: 1, state: 'lost', boot: 1 });
    await settle();
    const before = [...told];
    resolve();
    await settle();
    expect([before, told, inputs().length]).toEqual([[], ['unknown', 'known', 'status'], 1]);
  });

  test('another connection does not wait with it', async () => {
    const { log, publish, told } = await setUp();
    log.held = new Promise(() => {});
    publish('unknown', 'd-9/readings', reading());
    publish('known', 'd-1/readings', reading(), newSender('gw-1'));
    await settle();
    expect(told).toEqual(['known']);
  });

  test('one that cannot be read refuses nothing: the sender has to come again', async () => {
    const { log, clock, publish, told, refused } = await setUp();
    log.held = new Promise(() => {});
    publish('unknown', 'd-9/readings', reading());
    publish('known', 'd-1/readings', reading());
    await clock.advance(4_000);
    expect([told, refused()]).toEqual([
      ['unknown INGEST_REGISTRY_UNAVAILABLE', 'known INGEST_REGISTRY_UNAVAILABLE'],
      [],
    ]);
  });

  test('our own mistake with one of those that waited is that message’s alone', { tags: ['ING-POISON'] }, async () => {
    const { clock, publish, told, counters } = await setUp();
    const wall = clock.wall.bind(clock);
    let calls = 0;
    clock.wall = () => {
      calls += 1;
      if (calls === 1) throw new Error('a mistake of ours');
      return wall();
    };
    publish('unknown', 'd-9/readings', reading());
    publish('known', 'd-1/readings', reading());
    await settle();
    expect([told, counters.get('hook-threw')]).toEqual([['unknown undefined', 'known'], 1]);
  });

  test('a device that changes its patient is the other’s from that moment on', async () => {
    const { log, registry, publish, inputs } = await setUp();
    publish('a', 'd-1/readings', reading({ seq: 1 }));
    await register(log, 'assignment', assignment({ gateway: 'gw-1', to: now - 50 }), 2);
    await register(log, 'assignment', assignment({ id: 'as-2', gateway: 'gw-1', patient: 'p-2', from: now - 50 }));
    await registry.catchUp();
    publish('b', 'd-1/readings', reading({ seq: 2, takenAt: now - 51 }));
    publish('c', 'd-1/readings', reading({ seq: 3, takenAt: now - 50 }));
    await settle();
    expect(inputs().map(({ key }) => key)).toEqual(['p-1', 'p-1', 'p-2']);
  });
});

test('a last will may name the sender’s own status and nothing else', { tags: ['BRK-AUTH'] }, async () => {
  const { intake } = await setUp();
  const topics = ['gw-1/status', 'gw-2/status', 'gw-1/heartbeat', 'gw-1/status/'];
  expect(topics.map((topic) => intake.isStatusOf('gw-1', `vigil/1/test/${topic}`))).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
