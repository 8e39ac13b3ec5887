// What senders do wrong, one row a case (issue item 5): its outcome, its counter, what stays in `refused`, and beside it a
// well-behaved neighbour, whose reading is acknowledged all the same.
import { connect as tcpConnect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { effectiveTime, encodeWaveform, ReadingsHeader, readingsOf } from '../../contract/index.ts';
import {
  connectFrame,
  disconnectFrame,
  FIRST,
  lengthBytes,
  publishFrame,
  type RawMqtt,
  subscribeFrame,
} from '../support/mqtt.ts';
import { bytesOf, device, reading as readingOf, register, textOf, token, without } from '../unit/ingest/fixtures.ts';
import { type Border, openBorder } from './ingest-border.ts';

let border: Border;
let neighbour: RawMqtt;
let seq = 0;

beforeAll(async () => {
  border = await openBorder();
  const { client, code } = await border.connect('d-2');
  expect(code).toBe(0);
  neighbour = client;
});

afterAll(async () => {
  await neighbour[Symbol.asyncDispose]();
  await border[Symbol.asyncDispose]();
});

const topic = 'vigil/1/test/d-1/d-1/readings';

/** A reading that is right today. */
function reading(over: Record<string, unknown> = {}): Record<string, unknown> {
  const at = Date.now();
  seq += 1;
  return readingOf({ seq, takenAt: at - 20, receivedAt: at - 10, ...over });
}

/** The neighbour publishes, and is answered while the other is not yet done with. */
function neighbourIsServed(): Promise<string> {
  return neighbour.publish('vigil/1/test/d-2/d-2/readings', JSON.stringify(reading()), { id: (seq % 60_000) + 1 });
}

/** What changed in the border while something was done. */
async function during(act: () => Promise<unknown>) {
  const [countersBefore, refusedBefore, inputsBefore] = [
    border.ingest.status().counters,
    (await border.refused()).length,
    (await border.inputs()).length,
  ];
  const outcome = await act();
  const neighbourOutcome = await neighbourIsServed();
  const after = border.ingest.status().counters;
  const counted = Object.keys(after).filter((name) => (after[name] ?? 0) > (countersBefore[name] ?? 0));
  const inputs = (await border.inputs()).slice(inputsBefore).filter(({ header }) => header['device'] !== 'd-2');
  return {
    outcome,
    neighbour: neighbourOutcome,
    counted,
    refused: (await border.refused()).slice(refusedBefore),
    inputs,
  };
}

/** Publishes as `d-1` on a connection of its own. */
async function publishAs(payload: string | Uint8Array, to = topic, options: Parameters<typeof publishFrame>[2] = {}) {
  const { client } = await border.connect('d-1');
  await using _ = client;
  const outcome = await client.publish(to, payload, options);
  client.send(disconnectFrame);
  return outcome;
}

const json = (over: Record<string, unknown> = {}) => JSON.stringify(reading(over));

describe('authentic, and never acceptable: kept with reason and bytes, acknowledged, and the engine is told', {
  tags: ['CON-SCHEMA', 'ING-VALIDATE', 'ING-POISON'],
}, () => {
  const block = () =>
    encodeWaveform({
      lead: 'II',
      boot: 12,
      seq: 1,
      discontinuous: false,
      saturated: false,
      pacing: false,
      rateMhz: 130_000,
      index: 0,
      takenAtUs: Date.now() * 1_000,
      receivedAt: Date.now(),
      scale: 5,
      unit: 266_419,
      clock: 'synced',
      contact: 'contact',
      samples: new Int16Array(130),
    });
  const waveform = 'vigil/1/test/d-1/d-1/waveform';
  test.for<[string, string, () => string | Uint8Array, string?]>([
    ['broken JSON', 'not-json', () => '{"v":1,"boot":'],
    ['NaN in the text', 'not-json', () => json().replace('96', 'NaN')],
    ['bytes that are no text', 'not-json', () => Uint8Array.of(0, 255, 254, 10)],
    ['no payload', 'not-json', () => ''],
    ['a missing key', 'schema', () => JSON.stringify(without(reading(), 'quality'))],
    ['the next version', 'version', () => json({ v: 2 })],
    ['an unknown key', 'unknown-key', () => json({ patient: 'p-2' })],
    ['wrong unit', 'unit', () => json({ vital: 'glucose', value: 90, unit: '%' })],
    ['implausible value', 'implausible', () => json({ value: 255 })],
    ['glucose by the factor 18 too low', 'implausible', () => json({ vital: 'glucose', value: 5.5, unit: 'mg/dL' })],
    ['seconds instead of milliseconds', 'time-unit', () => json({ takenAt: Math.floor(Date.now() / 1_000) })],
    [
      'before its assignment',
      'unassigned',
      () => json({ takenAt: Date.now() - 90_000_000 }),
      'vigil/1/test/d-1/d-1/late/readings',
    ],
    ['a corrupt ECG block', 'crc', () => block().with(70, 1), waveform],
    ['half an ECG block', 'schema', () => block().subarray(0, 100), waveform],
    ['a payload over 16 KB', 'schema', () => ' '.repeat(20_000)],
    ['a heartbeat that is none', 'schema', () => '{"v":1}', 'vigil/1/test/d-1/heartbeat'],
    ['an array that never ends', 'not-json', () => '['.repeat(16_000)],
    ['an array of too many', 'schema', () => JSON.stringify(Array.from({ length: 65 }, () => 1))],
  ])('%s: %s', async ([, reason, payload, to]) => {
    const sent = payload();
    const seen = await during(() => publishAs(sent, to));
    expect({
      outcome: seen.outcome,
      neighbour: seen.neighbour,
      isCounted: seen.counted.includes(`refused-${reason}`),
      refused: seen.refused.map(({ key, header, body }) => [key, header['reason'], header['topic'], textOf(body)]),
      told: seen.inputs.map(({ key, header, body }) => [
        key,
        header['kind'],
        (JSON.parse(textOf(body)) as { reason: string }).reason,
      ]),
    }).toEqual({
      outcome: 'puback',
      neighbour: 'puback',
      isCounted: true,
      refused: [['d-1', reason, to ?? topic, textOf(typeof sent === 'string' ? bytesOf(sent) : sent)]],
      told: [['p-1', 'refusal', reason]],
    });
  });

  test('an unknown device under one’s own name: unbound, and nobody’s', async () => {
    const sent = json();
    const seen = await during(() => publishAs(sent, 'vigil/1/test/d-1/d-77/readings'));
    expect([
      seen.outcome,
      seen.neighbour,
      seen.inputs,
      seen.refused.map(({ header, body }) => [header['reason'], header['device'], textOf(body)]),
    ]).toEqual(['puback', 'puback', [], [['unbound', 'd-77', sent]]]);
  });

  test('one bad reading in an array: cut out alone', async () => {
    const [a, b, c] = [json(), json({ value: 0 }), json()];
    const seen = await during(() => publishAs(`[${a},${b},${c}]`));
    expect([
      seen.outcome,
      seen.refused.map(({ body }) => textOf(body)),
      seen.inputs.map(({ header, body }) => [header['kind'], header['kind'] === 'readings' ? textOf(body) : '']),
    ]).toEqual([
      'puback',
      [b],
      [
        ['readings', a],
        ['readings', c],
        ['refusal', ''],
      ],
    ]);
  });

  test('swapped readings in one array: the one that falls back is cut out', async () => {
    const [a, b] = [json(), json()];
    const seen = await during(() => publishAs(`[${b},${a}]`));
    expect([
      seen.refused.map(({ header, body }) => [header['reason'], textOf(body)]),
      seen.inputs.map(({ header }) => header['kind']),
    ]).toEqual([[['schema', a]], ['readings', 'refusal']]);
  });
});

describe('strange, but true: a record', { tags: ['CON-ABSENT', 'ING-DEDUP', 'ING-ORDER'] }, () => {
  const accepted = async (payloads: readonly string[], to = topic) => {
    const seen = await during(async () => {
      const { client } = await border.connect('d-1');
      await using _ = client;
      const outcomes = [];
      for (const [i, payload] of payloads.entries()) outcomes.push(await client.publish(to, payload, { id: i + 1 }));
      return outcomes;
    });
    return { ...seen, bodies: seen.inputs.map(({ body }) => textOf(body)) };
  };

  test.for<[string, Record<string, unknown>]>([
    ["a CGM's LOW", { vital: 'glucose', value: 40, bound: 'below', unit: 'mg/dL' }],
    ['beyond what a device can tell', { vital: 'glucose', value: undefined, bound: 'above', unit: 'mg/dL' }],
    ['no contact', { value: undefined, absent: 'no-contact', quality: 'bad' }],
  ])('%s', async ([, over]) => {
    const sent = json(over);
    const seen = await accepted([sent]);
    expect([seen.outcome, seen.neighbour, seen.refused, seen.bodies]).toEqual([['puback'], 'puback', [], [sent]]);
  });

  test('duplicates are both acknowledged and both in the log, where identity tells them apart', async () => {
    const sent = json();
    const seen = await accepted([sent, sent]);
    expect([seen.outcome, seen.bodies]).toEqual([
      ['puback', 'puback'],
      [sent, sent],
    ]);
  });

  test('swapped readings are records in the order in which they came', async () => {
    const [first, second] = [json(), json()];
    const seen = await accepted([second, first]);
    expect([seen.outcome, seen.bodies]).toEqual([
      ['puback', 'puback'],
      [second, first],
    ]);
  });

  test('from the future: counts as now', async () => {
    const seen = await accepted([json({ takenAt: Date.now() + 3_600_000 })]);
    const header = ReadingsHeader.parse(seen.inputs[0]?.header);
    const [sent] = readingsOf(seen.inputs[0]?.body as Uint8Array);
    expect(effectiveTime({ ...header, takenAt: sent?.takenAt as number })).toBe(header.acceptedAt);
  });

  test('from an hour ago on the late lane: is what it says', async () => {
    const seen = await accepted([json({ takenAt: Date.now() - 3_600_000 })], 'vigil/1/test/d-1/d-1/late/readings');
    expect([seen.outcome, seen.inputs.map(({ header }) => [header['lane'], header['skew']])]).toEqual([
      ['puback'],
      [['late', undefined]],
    ]);
  });

  test('an hour ago, live, without beats: its clock is slow, and must silence no alert', async () => {
    // A sender of its own: the last rows have shown that the clock of d-1 is right.
    await using slow = await openBorder({ devices: ['d-5'] });
    const { client } = await slow.connect('d-5');
    await using _ = client;
    await client.publish('vigil/1/test/d-5/d-5/readings', json({ takenAt: Date.now() - 3_600_000 }));
    const header = ReadingsHeader.parse((await slow.inputs())[0]?.header);
    expect([header.clock, Math.round((header.skew ?? 0) / 60_000)]).toEqual(['unsure', 60]);
  });
});

describe('forbidden: closed unacknowledged, counted, announced', { tags: ['BRK-AUTH'] }, () => {
  test.for<[string, string, string, Parameters<typeof publishFrame>[2]]>([
    ["another device's topic", 'forbidden-topic', 'vigil/1/test/d-2/d-2/readings', {}],
    ['the other realm', 'forbidden-topic', 'vigil/1/clinical/d-1/d-1/readings', {}],
    ['the broker’s own topics', 'forbidden-topic', '$SYS/x/heartbeat', {}],
    ['QoS 0', 'forbidden-qos-0', topic, { qos: 0 }],
    ['QoS 2', 'forbidden-qos-2', topic, { qos: 2 }],
    ['retain', 'forbidden-retain', topic, { retain: true }],
    ['a wildcard', 'client-errors', 'vigil/1/test/d-1/+/readings', {}],
  ])('%s', async ([, counter, to, options]) => {
    const seen = await during(() => publishAs(json(), to, options));
    expect([seen.outcome, seen.neighbour, seen.counted.includes(counter), seen.refused, seen.inputs]).toEqual([
      'closed',
      'puback',
      true,
      [],
      [],
    ]);
  });

  test('SUBSCRIBE is answered 0x80, and the connection stays', async () => {
    const { client } = await border.connect('d-1');
    await using _ = client;
    client.send(subscribeFrame('#', 9));
    await client.until(() => client.received.length > 1, 'SUBACK');
    const suback = client.received[1];
    expect([suback?.first, [...(suback?.body ?? [])], await client.publish(topic, json(), { id: 10 })]).toEqual([
      FIRST.suback,
      [0, 9, 0x80],
      'puback',
    ]);
  });
});

describe('not let in', { tags: ['BRK-AUTH'] }, () => {
  test.for<[string, string, Parameters<Border['connect']>[1], number | undefined]>([
    ['an unknown device', 'd-77', {}, 5],
    ['a wrong token', 'd-1', { password: 'guess' }, 5],
    ['another user', 'd-1', { username: 'd-2' }, 5],
    ['a token as user', 'd-1', { username: token }, 5],
    ['a lasting session', 'd-1', { clean: false }, 5],
    ["another's will", 'd-1', { will: { topic: 'vigil/1/test/d-2/status', payload: '{}' } }, 5],
    ['a retained will', 'd-1', { will: { topic: 'vigil/1/test/d-1/status', payload: '{}', retain: true } }, 5],
    ['a will of QoS 2', 'd-1', { will: { topic: 'vigil/1/test/d-1/status', payload: '{}', qos: 2 } }, 5],
    ['a will of over 1 KB', 'd-1', { will: { topic: 'vigil/1/test/d-1/status', payload: 'x'.repeat(1_025) } }, 5],
    ['MQTT 5', 'd-1', { level: 5 }, 1],
    ['no keepalive', 'd-1', { keepalive: 0 }, 2],
    ['no id', '', {}, 2],
  ])('%s', async ([, id, fields, code]) => {
    const seen = await during(async () => {
      const { client, code: answered } = await border.connect(id, fields);
      await using _ = client;
      await client.until(() => client.isClosed, 'the end of the connection');
      return answered;
    });
    expect([seen.outcome, seen.neighbour]).toEqual([code, 'puback']);
  });
});

describe('too much', { tags: ['BRK-LIMIT'] }, () => {
  /** Largest growth of buffers while something was done. */
  async function growth(act: () => Promise<unknown>): Promise<number> {
    const held = () => process.memoryUsage().arrayBuffers;
    const before = held();
    let most = before;
    const watch = setInterval(() => {
      most = Math.max(most, held());
    }, 5);
    try {
      await act();
    } finally {
      clearInterval(watch);
    }
    return Math.max(most, held()) - before;
  }

  /** Writes 50 MiB behind a fixed header that promises them, for as long as the other end takes it. */
  async function flood(client: RawMqtt, header: Uint8Array): Promise<number> {
    const chunk = Buffer.alloc(65_536, 65);
    client.send(header);
    let sent = 0;
    while (!client.isClosed && sent < 50 * 1024 * 1024) {
      sent += chunk.length;
      if (!client.socket.write(chunk))
        await Promise.race([
          new Promise((resolve) => client.socket.once('drain', resolve)),
          client.until(() => client.isClosed, 'the end'),
        ]);
    }
    await client.until(() => client.isClosed, 'the end of the connection');
    return sent;
  }

  test('a packet of 50 MiB is cut off by its header, and buffered nowhere', async () => {
    const { client } = await border.connect('d-1');
    await using _ = client;
    const seen = await during(async () => ({
      grown: await growth(() => flood(client, Uint8Array.of(0x32, ...lengthBytes(50 * 1024 * 1024)))),
    }));
    expect([
      seen.counted.includes('closed-too-large'),
      seen.neighbour,
      (seen.outcome as { grown: number }).grown < 16 * 1024 * 1024,
    ]).toEqual([true, 'puback', true]);
  });

  test('so is a CONNECT of 50 MiB from nobody', async () => {
    const client = await border.open();
    await using _ = client;
    const seen = await during(async () => ({
      grown: await growth(() => flood(client, Uint8Array.of(0x10, ...lengthBytes(50 * 1024 * 1024)))),
    }));
    expect([
      seen.counted.includes('closed-too-large'),
      seen.neighbour,
      (seen.outcome as { grown: number }).grown < 16 * 1024 * 1024,
    ]).toEqual([true, 'puback', true]);
  });

  test('a CONNECT that never comes: closed after 5 s', async () => {
    const client = await border.open();
    await using _ = client;
    const since = performance.now();
    const seen = await during(() => client.until(() => client.isClosed, 'the end of the connection'));
    // Not sooner than it may; how much later is the machine's matter.
    expect([seen.counted.includes('closed-connect-late'), seen.neighbour, performance.now() - since > 4_000]).toEqual([
      true,
      'puback',
      true,
    ]);
  });

  test('a handshake that never comes is closed too, and counts as a newcomer meanwhile', async () => {
    const socket = tcpConnect({ port: border.ingest.port, host: '127.0.0.1' });
    const closed = new Promise((resolve) => socket.resume().once('close', resolve));
    const seen = await during(async () => {
      await new Promise((resolve) => socket.once('connect', resolve));
      await neighbourIsServed();
      const meanwhile = border.ingest.status().gauges['connections-unauthenticated'];
      await closed;
      return meanwhile;
    });
    expect([seen.outcome, border.counter('closed-handshake-late'), seen.neighbour]).toEqual([1, 1, 'puback']);
  });

  test('more newcomers than may wait: the newest are closed, the neighbour is not', async () => {
    await using small = await openBorder({ limits: { unauthenticatedMax: 3 } });
    const { client: settled } = await small.connect('d-2');
    const clients = await Promise.all(Array.from({ length: 5 }, () => small.open()));
    const open = clients.filter(({ isClosed }) => !isClosed).length;
    const outcome = await settled.publish('vigil/1/test/d-2/d-2/readings', json());
    expect([open, small.counter('closed-too-many'), outcome]).toEqual([3, 2, 'puback']);
    for (const client of [...clients, settled]) await client[Symbol.asyncDispose]();
  });

  test('ten thousand publishes at once: 64 in flight, all acknowledged, in order', async () => {
    await using busy = await openBorder({ limits: { framesPerSecondMax: 1_000_000, bytesPerSecondMax: 1e9 } });
    const { client } = await busy.connect('d-1');
    await using _ = client;
    const count = 10_000;
    const frames = Array.from({ length: count }, (_each, i) => publishFrame(topic, json(), { id: i + 1 }));
    client.send(Buffer.concat(frames));
    await client.until(() => client.acknowledged.length === count || client.isClosed, 'every PUBACK');
    const isInOrder = client.acknowledged.every((id, i) => id === i + 1);
    const inputs = await busy.inputs();
    expect([client.acknowledged.length, isInOrder, inputs.length, busy.counter('window-held') > 0]).toEqual([
      count,
      true,
      count,
      true,
    ]);
  });
});

test('a connection that is taken over ends, and taken over again and again is announced', {
  tags: ['BRK-AUTH'],
}, async () => {
  await using own = await openBorder();
  const clients: RawMqtt[] = [];
  for (let i = 0; i < 5; i++) clients.push((await own.connect('d-1')).client);
  await clients[3]?.until(() => clients.slice(0, 4).every(({ isClosed }) => isClosed), 'the end of those before');
  expect([
    own.counter('takeovers'),
    own.counter('security-takeovers'),
    own.announced.some((line) => line.includes('share its identity')),
  ]).toEqual([4, 1, true]);
  for (const client of clients) await client[Symbol.asyncDispose]();
});

test('a device that is revoked is closed at once, and comes in no more', { tags: ['BRK-AUTH'] }, async () => {
  await using own = await openBorder();
  const { client } = await own.connect('d-1');
  await register(own.log, 'device', device('d-1', { revoked: true }), 2);
  await client.until(() => client.isClosed, 'the end of the connection');
  const again = await own.connect('d-1');
  expect(again.code).toBe(5);
  await again.client[Symbol.asyncDispose]();
});

test('CONNECT cut into single bytes is a CONNECT', { tags: ['BRK-LIMIT'] }, async () => {
  const client = await border.open();
  await using _ = client;
  for (const byte of connectFrame({ clientId: 'd-1', password: token })) client.send(Uint8Array.of(byte));
  await client.until(() => client.received.length > 0, 'CONNACK');
  expect(client.received[0]?.body[1]).toBe(0);
});
