// What we rely on in Aedes, and the anomalies that we have remedies for: a new version that changes either must show here.
import { readFileSync } from 'node:fs';
import { duplexPair } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { Aedes, type AedesOptions } from 'aedes';
import { describe, expect, test } from 'vitest';
import {
  connectFrame,
  FIRST,
  FrameReader,
  frame,
  pingFrame,
  publishFrame,
  type Received,
  subscribeFrame,
} from '../../support/mqtt.ts';

const connect = connectFrame({ clientId: 'd-1', password: 'x' });
const connack = (code: number): Received => ({ first: FIRST.connack, body: Buffer.of(0, code) });
const puback = (id: number): Received => ({ first: FIRST.puback, body: Buffer.of(0, id) });

type Publish = Parameters<NonNullable<AedesOptions['authorizePublish']>>[1];

/** An Aedes on a pipe: what is sent to it, and what it answers. */
async function onPipe(options: AedesOptions, Broker: typeof Aedes = Aedes) {
  const aedes = new Broker({ concurrency: 0, ...options });
  await aedes.listen();
  const [near, far] = duplexPair();
  const reader = new FrameReader();
  const received: Received[] = [];
  let isClosed = false;
  far.on('data', (chunk: Buffer) => received.push(...reader.take(chunk)));
  far.on('error', () => {});
  near.on('close', () => {
    isClosed = true;
  });
  aedes.on('clientError', () => {});
  aedes.on('connectionError', () => {});
  aedes.handle(near);
  return {
    aedes,
    received,
    get isClosed() {
      return isClosed;
    },
    async send(...frames: readonly Uint8Array[]) {
      far.write(Buffer.concat(frames));
      for (let i = 0; i < 30; i++) await turn();
    },
    async [Symbol.asyncDispose]() {
      far.destroy();
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
    },
  };
}

describe('we rely on', { tags: ['OPS-SOUP', 'BRK-HANDOVER'] }, () => {
  test('the version that was reviewed', () => {
    const { version } = JSON.parse(readFileSync('node_modules/aedes/package.json', 'utf8')) as { version: string };
    const reviewed = readFileSync('safety/soup.md', 'utf8')
      .split('\n### ')
      .find((item) => item.startsWith('SOUP-AEDES'));
    expect(reviewed).toContain(`Version: ${version} `);
  });

  test('the PUBACK leaves only after `authorizePublish` has called back, and before anything is published', async () => {
    const steps: string[] = [];
    let callBack: (error?: Error | null) => void = () => {};
    await using pipe = await onPipe({
      authorizePublish: (_client, _packet, done) => {
        steps.push('authorize');
        callBack = done;
      },
      published: (packet, _client, done) => {
        if (!packet.topic.startsWith('$SYS')) steps.push('published');
        done();
      },
    });
    await pipe.send(connect, publishFrame('t', 'x', { id: 7 }));
    const before = [...pipe.received];
    callBack();
    await pipe.send();
    expect([before, pipe.received, steps]).toEqual([[connack(0)], [connack(0), puback(7)], ['authorize', 'published']]);
  });

  test('an error from it closes the connection, unacknowledged', async () => {
    await using pipe = await onPipe({ authorizePublish: (_client, _packet, done) => done(new Error('no')) });
    await pipe.send(connect, publishFrame('t', 'x', { id: 7 }));
    expect([pipe.isClosed, pipe.received]).toEqual([true, [connack(0)]]);
  });

  test('every publish reaches it, with its topic, QoS, retain and bytes', async () => {
    const seen: unknown[] = [];
    await using pipe = await onPipe({
      authorizePublish: (_client, { cmd, topic, qos, retain, payload }, done) => {
        seen.push([cmd, topic, qos, retain, payload.toString()]);
        done();
      },
    });
    await pipe.send(
      connect,
      publishFrame('a', 'x', { id: 1 }),
      publishFrame('b', 'y', { qos: 0, retain: true }),
      publishFrame('c', '', { id: 2, qos: 2 }),
    );
    expect(seen).toEqual([
      ['publish', 'a', 1, false, 'x'],
      ['publish', 'b', 0, true, 'y'],
      ['publish', 'c', 2, false, ''],
    ]);
  });

  test('`publish` is the only way to subscribers, so that a broker without it delivers nothing', async () => {
    class Silent extends Aedes {
      override publish(_packet: unknown, ...rest: unknown[]): void {
        (rest.at(-1) as () => void)();
      }
    }
    await using pipe = await onPipe({}, Silent);
    await pipe.send(connect, subscribeFrame('#', 3), publishFrame('t', 'x', { id: 7 }));
    await pipe.send(publishFrame('t', 'y', { id: 8 }));
    expect(pipe.received.map(({ first }) => first).sort((a, b) => a - b)).toEqual([
      FIRST.connack,
      FIRST.puback,
      FIRST.puback,
      FIRST.suback,
    ]);
  });

  test('null from `authorizeSubscribe` is SUBACK 0x80, and the connection stays', async () => {
    await using pipe = await onPipe({ authorizeSubscribe: (_client, _filter, done) => done(null, null) });
    await pipe.send(connect, subscribeFrame('t', 3), pingFrame);
    expect(pipe.received.slice(1).map(({ first, body }) => [first, ...body])).toEqual([
      [FIRST.suback, 0, 3, 0x80],
      [FIRST.pingresp],
    ]);
  });

  test.for([3, 5])('`authenticate` answers CONNACK %i', async (code) => {
    await using pipe = await onPipe({
      authenticate: (_client, _user, _password, done) =>
        done(Object.assign(new Error('no'), { returnCode: code }), null),
    });
    await pipe.send(connect);
    expect([pipe.received, pipe.isClosed]).toEqual([[connack(code)], true]);
  });
});

describe('we have a remedy for', { tags: ['OPS-SOUP', 'BRK-ORDER', 'BRK-LIMIT'] }, () => {
  test('PUBACKs follow the order in which the hooks end: the batcher ends them in order', async () => {
    const callBacks: ((error?: Error | null) => void)[] = [];
    await using pipe = await onPipe({ authorizePublish: (_client, _packet, done) => void callBacks.push(done) });
    await pipe.send(connect, publishFrame('t', 'x', { id: 1 }), publishFrame('t', 'x', { id: 2 }));
    for (const callBack of callBacks.reverse()) callBack();
    await pipe.send();
    expect(pipe.received.slice(1)).toEqual([puback(2), puback(1)]);
  });

  test('QoS 1 in flight has no bound: the gate has a window', async () => {
    let inFlight = 0;
    await using pipe = await onPipe({
      authorizePublish: () => {
        inFlight += 1;
      },
    });
    await pipe.send(connect);
    await pipe.send(...Array.from({ length: 500 }, (_each, i) => publishFrame('t', 'x', { id: i + 1 })));
    expect(inFlight).toBe(500);
  });

  test('a hook that never answers holds PINGREQ behind it: the batcher has a deadline', async () => {
    await using pipe = await onPipe({ authorizePublish: () => {} });
    await pipe.send(connect);
    await pipe.send(...[1, 2, 3].map((id) => publishFrame('t', 'x', { id })));
    await pipe.send(pingFrame);
    expect(pipe.received).toEqual([connack(0)]);
  });

  test('a refusal before CONNECT has no CONNACK: the gate answers', async () => {
    await using pipe = await onPipe({ preConnect: (_client, _packet, done) => done(null, false) });
    await pipe.send(connect);
    expect(pipe.received).toEqual([]);
  });

  test('a keepalive too long gets a code that MQTT 3.1.1 does not have: the gate answers', async () => {
    await using pipe = await onPipe({ keepaliveLimit: 120 });
    await pipe.send(connectFrame({ clientId: 'd-1', keepalive: 121 }));
    expect(pipe.received).toEqual([connack(6)]);
  });

  test('no largest packet: the gate has one', async () => {
    const sizes: number[] = [];
    await using pipe = await onPipe({
      authorizePublish: (_client, { payload }, done) => {
        sizes.push(payload.length);
        done();
      },
    });
    await pipe.send(connect);
    await pipe.send(publishFrame('t', 'x'.repeat(3_000_000), { id: 1 }));
    expect(sizes).toEqual([3_000_000]);
  });

  test('a last will comes to the same hook, under another name: it is told apart by `cmd`', async () => {
    const seen: Pick<Publish, 'cmd' | 'topic'>[] = [];
    const pipe = await onPipe({
      authorizePublish: (_client, { cmd, topic }, done) => {
        seen.push({ cmd, topic });
        done();
      },
    });
    await pipe.send(connectFrame({ clientId: 'd-1', will: { topic: 'my/status', payload: 'lost' } }));
    await pipe.send(frame(0xf0));
    await pipe[Symbol.asyncDispose]();
    expect([seen.map(({ topic }) => topic), seen.some(({ cmd }) => cmd === 'publish')]).toEqual([['my/status'], false]);
  });
});
