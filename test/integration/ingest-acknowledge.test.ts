// A PUBACK leaves only after the durable append (issue item 3): a trace of the disk and of the wire in one process, the
// outcomes while the log fails, and the stop.
import { TLSSocket } from 'node:tls';
import { describe, expect, test, vi } from 'vitest';
import type { Disk, DiskFile } from '../../contract/index.ts';
import { realDisk } from '../../durable/index.ts';
import { VirtualClock } from '../../virtual/clock.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { FrameReader, publishFrame } from '../support/mqtt.ts';
import { reading } from '../unit/ingest/fixtures.ts';
import { openBorder } from './ingest-border.ts';

const topic = 'vigil/1/test/d-1/d-1/readings';
const json = (seq: number, over: Record<string, unknown> = {}) =>
  JSON.stringify(reading({ seq, takenAt: Date.now(), receivedAt: Date.now(), ...over }));

/** The real disk; each completed durable write goes into the trace, and a test may hold writes back. */
function tracedDisk(trace: TraceEvent[]): { readonly disk: Disk; hold: Promise<void> } {
  const real = realDisk();
  const traced = {
    hold: Promise.resolve(),
    disk: {
      ...real,
      async open(path, options): Promise<DiskFile> {
        const file = await real.open(path, options);
        return {
          path: file.path,
          read: (length, position) => file.read(length, position),
          async write(bytes, position) {
            // The caller may use its buffer again as soon as this has resolved.
            const text = options.durable ? Buffer.from(bytes).toString('latin1') : undefined;
            await traced.hold;
            await file.write(bytes, position);
            if (text !== undefined) trace.push({ what: 'durable', text });
          },
          sync: () => file.sync(),
          truncate: (size) => file.truncate(size),
          size: () => file.size(),
          close: () => file.close(),
        };
      },
    } satisfies Disk,
  };
  return traced;
}

type TraceEvent =
  | { readonly what: 'durable'; readonly text: string }
  | { readonly what: 'puback'; readonly id: number };

/** Puts every PUBACK into the trace at the moment its bytes are handed to the TLS socket. */
function traceWire(trace: TraceEvent[]): Disposable {
  const reader = new FrameReader();
  const write = TLSSocket.prototype.write;
  const spy = vi.spyOn(TLSSocket.prototype, 'write').mockImplementation(function (this: TLSSocket, ...args: unknown[]) {
    const [bytes] = args;
    // Both ends are in this process; only the broker writes PUBACKs, always in whole frames.
    if (bytes instanceof Uint8Array && bytes[0] === 0x40)
      for (const { first, body } of reader.take(bytes))
        if (first === 0x40) trace.push({ what: 'puback', id: body.readUInt16BE(0) });
    return Reflect.apply(write, this, args) as boolean;
  });
  return { [Symbol.dispose]: () => spy.mockRestore() };
}

describe('a PUBACK leaves after the durable write', { tags: ['BRK-HANDOVER', 'ING-DURABLE'] }, () => {
  test('of its own record, whichever it is', async () => {
    const trace: TraceEvent[] = [];
    await using border = await openBorder({ disk: tracedDisk(trace).disk, limits: { framesPerSecondMax: 1_000_000 } });
    const { client } = await border.connect('d-1');
    await using _ = client;
    using _wire = traceWire(trace);
    const count = 2_000;
    trace.length = 0;
    // Every tenth is refused: its bytes in `refused` and the word to the engine have to be durable too.
    const isRefused = (seq: number) => seq % 10 === 0;
    for (let seq = 1; seq <= count; seq += 50) {
      const frames = Array.from({ length: 50 }, (_each, i) =>
        publishFrame(topic, json(seq + i, isRefused(seq + i) ? { value: 0 } : {}), { id: seq + i }),
      );
      client.send(Buffer.concat(frames));
      await client.until(() => client.acknowledged.length >= seq - 1 || client.isClosed, 'PUBACKs');
    }
    await client.until(() => client.acknowledged.length === count || client.isClosed, 'every PUBACK');
    const durable = new Set<string>();
    const early: number[] = [];
    let pubacks = 0;
    for (const event of trace) {
      if (event.what === 'durable')
        for (const [found] of event.text.matchAll(/"seq":\d+,"vital":"spo2",("value"|"reason")/g)) durable.add(found);
      else {
        pubacks += 1;
        const wanted = isRefused(event.id) ? ['"value"', '"reason"'] : ['"value"'];
        if (!wanted.every((key) => durable.has(`"seq":${event.id},"vital":"spo2",${key}`))) early.push(event.id);
      }
    }
    expect({ pubacks, early }).toEqual({ pubacks: count, early: [] });
  });

  test('and not while that write has not come back', async () => {
    const trace: TraceEvent[] = [];
    const traced = tracedDisk(trace);
    await using border = await openBorder({ disk: traced.disk });
    const { client } = await border.connect('d-1');
    await using _ = client;
    using _wire = traceWire(trace);
    const { promise, resolve } = Promise.withResolvers<void>();
    traced.hold = promise;
    trace.length = 0;
    client.send(Buffer.concat([1, 2, 3].map((seq) => publishFrame(topic, json(seq), { id: seq }))));
    // The broker has them all, and still nothing leaves.
    await vi.waitUntil(() => border.counter('readings') === 3, { timeout: 20_000 });
    await new Promise((turn) => setTimeout(turn, 50));
    const before = [...trace];
    resolve();
    await client.until(() => client.acknowledged.length === 3, 'PUBACKs');
    expect([before, client.acknowledged]).toEqual([[], [1, 2, 3]]);
  });
});

describe('while the log takes nothing', { tags: ['BRK-HANDOVER', 'BRK-ORDER'] }, () => {
  /** A border on virtual time over a log that a test can break. */
  async function onMemory() {
    const log = new MemoryLog();
    const clock = new VirtualClock({ wall: Date.now() });
    const border = await openBorder({ log, clock });
    return { log, clock, border };
  }

  /** Lets time pass until something is true; what sockets do takes no virtual time. */
  async function passUntil(clock: VirtualClock, condition: () => boolean): Promise<number> {
    const since = clock.mono();
    const late = performance.now() + 20_000;
    while (!condition() && performance.now() < late) await clock.advance(50);
    return clock.mono() - since;
  }

  test('a publish is given up after 5 s: closed, unacknowledged, and nobody new is let in', async () => {
    const { log, clock, border } = await onMemory();
    await using _border = border;
    const { client } = await border.connect('d-1');
    log.refuse = () => 'lost';
    client.send(publishFrame(topic, json(1), { id: 1 }));
    await vi.waitUntil(() => border.counter('readings') === 1, { timeout: 20_000 });
    const passed = await passUntil(clock, () => client.isClosed);
    const refused = await border.connect('d-2');
    expect([client.acknowledged, passed >= 5_000, refused.code, border.ingest.status().state]).toEqual([
      [],
      true,
      3,
      'down',
    ]);
    for (const each of [client, refused.client]) await each[Symbol.asyncDispose]();
  });

  test('open connections wait at window 0, and go on when it is back', async () => {
    const { log, clock, border } = await onMemory();
    await using _border = border;
    const [one, two] = [(await border.connect('d-1')).client, (await border.connect('d-2')).client];
    log.refuse = () => 'lost';
    one.send(publishFrame(topic, json(1), { id: 1 }));
    await vi.waitUntil(() => border.counter('append-failed') > 0, { timeout: 20_000 });
    await passUntil(clock, () => border.counter('windows-closed') === 1);
    two.send(publishFrame('vigil/1/test/d-2/d-2/readings', json(2), { id: 2 }));
    await vi.waitUntil(() => border.counter('window-held') === 1, { timeout: 20_000 });
    await passUntil(clock, () => one.isClosed);
    const held = [border.counter('readings'), two.isClosed];
    log.refuse = undefined;
    await passUntil(clock, () => two.acknowledged.length === 1);
    expect([held, two.acknowledged, border.ingest.status().state]).toEqual([[1, false], [2], 'ok']);
    for (const each of [one, two]) await each[Symbol.asyncDispose]();
  });

  test('what fails and is tried again within the time is acknowledged once, in order', async () => {
    const { log, clock, border } = await onMemory();
    await using _border = border;
    const { client } = await border.connect('d-1');
    await using _ = client;
    let failures = 5;
    log.refuse = () => (failures-- > 0 ? 'partly' : undefined);
    client.send(Buffer.concat([1, 2, 3, 4].map((seq) => publishFrame(topic, json(seq), { id: seq }))));
    await passUntil(clock, () => client.acknowledged.length === 4);
    expect(client.acknowledged).toEqual([1, 2, 3, 4]);
  });
});

test('stopping: what is under way is acknowledged, what comes then is not, and it ends', {
  tags: ['BRK-HANDOVER'],
}, async () => {
  const trace: TraceEvent[] = [];
  const traced = tracedDisk(trace);
  await using border = await openBorder({ disk: traced.disk });
  const { client } = await border.connect('d-1');
  await using _ = client;
  const { promise, resolve } = Promise.withResolvers<void>();
  traced.hold = promise;
  client.send(publishFrame(topic, json(1), { id: 1 }));
  await vi.waitUntil(() => border.counter('readings') === 1, { timeout: 20_000 });
  const stopped = border.ingest[Symbol.asyncDispose]();
  client.send(publishFrame(topic, json(2), { id: 2 }));
  await vi.waitUntil(() => border.counter('window-held') === 1, { timeout: 20_000 });
  resolve();
  await stopped;
  await client.until(() => client.isClosed, 'the end of the connection');
  await expect(border.open()).resolves.toMatchObject({ isClosed: true });
  expect([client.acknowledged, (await border.inputs()).length]).toEqual([[1], 1]);
});
