import { type Duplex, duplexPair } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameGate, type GateFault } from '../../../../ingest/broker/frame-gate.ts';
import { connectFrame, FIRST, frame, lengthBytes, pingFrame, publishFrame } from '../../../support/mqtt.ts';

const limits = { windowMax: 64, framesPerSecondMax: 500, bytesPerSecondMax: 1_000_000 };
const connack = (code = 0) => frame(FIRST.connack, Uint8Array.of(0, code));
const puback = (id: number) => frame(FIRST.puback, Uint8Array.of(id >> 8, id & 255));
const connect = connectFrame({ clientId: 'd-1', password: 'x' });

/** A gate with its two ends in the test's hands: what the sender writes, and what the broker reads. */
class Bench {
  now = 1_000;
  isOpen = true;
  readonly faults: GateFault[] = [];
  throttles = 0;
  authenticated = 0;
  helds = 0;
  readonly sender: Duplex;
  readonly gate: FrameGate;
  readonly toSender: Buffer[] = [];
  readonly #passed: Buffer[] = [];

  constructor(over: Partial<typeof limits> = {}) {
    const [near, far] = duplexPair();
    this.sender = far;
    far.on('data', (chunk: Buffer) => this.toSender.push(chunk));
    far.on('error', () => {});
    const bench = this;
    this.gate = new FrameGate(near, {
      limits: { ...limits, ...over },
      connectBy: this.now + 5_000,
      host: {
        now: () => this.now,
        get isOpen() {
          return bench.isOpen;
        },
        throttled: () => {
          this.throttles += 1;
        },
        authenticated: () => {
          this.authenticated += 1;
        },
        closed: (_gate, fault) => void this.faults.push(fault),
        held: () => {
          this.helds += 1;
        },
      },
    });
    this.gate.on('error', () => {});
    // Like Aedes: takes all there is whenever there is something.
    this.gate.on('readable', () => {
      for (let chunk = this.gate.read(); chunk; chunk = this.gate.read()) this.#passed.push(chunk as Buffer);
    });
  }

  get passed(): Buffer {
    return Buffer.concat(this.#passed);
  }

  /** What passed since `from`, as packet ids of publishes. */
  ids(): number[] {
    const ids: number[] = [];
    const bytes = this.passed;
    for (let at = 0; at < bytes.length; ) {
      const length = bytes[at + 1] as number;
      if ((bytes[at] as number) >> 4 === 3) ids.push(bytes.readUInt16BE(at + 2 + 2 + bytes.readUInt16BE(at + 2)));
      at += 2 + length;
    }
    return ids;
  }

  /** Time passes, and the listener looks at its connections. */
  passTime(ms: number): void {
    this.now += ms;
    this.gate.check(this.now);
  }

  async send(...chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) this.sender.write(chunk);
    await settle();
  }

  async answer(bytes: Uint8Array): Promise<void> {
    this.gate.write(bytes);
    await settle();
  }

  /** CONNECT and CONNACK 0 behind it. */
  async opened(): Promise<this> {
    await this.send(connect);
    await this.answer(connack());
    this.#passed.length = 0;
    return this;
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 6; i++) await turn();
}

describe('size', { tags: ['BRK-LIMIT'] }, () => {
  test.for<[string, number, GateFault | undefined]>([
    ['2 KB', 2_048 - 3, undefined],
    ['2 KB and a byte', 2_048 - 3 + 1, 'too-large'],
    ['256 MB', 268_435_455, 'too-large'],
  ])('a CONNECT of %s is judged by its fixed header alone', async ([, length, fault]) => {
    const bench = new Bench();
    await bench.send(Uint8Array.of(0x10, ...lengthBytes(length)));
    expect([bench.faults, bench.gate.destroyed]).toEqual([fault ? [fault] : [], fault !== undefined]);
  });

  test.for<[string, number, GateFault | undefined]>([
    ['64 KB', 65_536 - 4, undefined],
    ['64 KB and a byte', 65_536 - 3, 'too-large'],
    ['50 MiB', 50 * 1024 * 1024, 'too-large'],
  ])('after CONNACK 0 a frame of %s', async ([, length, fault]) => {
    const bench = await new Bench().opened();
    await bench.send(Uint8Array.of(0x32, ...lengthBytes(length)));
    expect(bench.faults).toEqual(fault ? [fault] : []);
  });

  test('a length that does not end', async () => {
    const bench = new Bench();
    await bench.send(Uint8Array.of(0x10, 0x80, 0x80), Uint8Array.of(0x80, 0x80));
    expect(bench.faults).toEqual(['bad-length']);
  });

  test('what comes behind CONNECT is neither passed nor buffered frame by frame before its answer', async () => {
    const bench = new Bench();
    const huge = Uint8Array.of(0x32, ...lengthBytes(50_000_000), 1, 2, 3);
    await bench.send(Buffer.concat([connect, huge]));
    const before = [bench.passed.equals(connect), bench.faults.length];
    await bench.answer(connack());
    expect([before, bench.faults]).toEqual([[true, 0], ['too-large']]);
  });
});

describe('CONNECT', { tags: ['BRK-LIMIT', 'BRK-AUTH'] }, () => {
  test('anything before it closes', async () => {
    const bench = new Bench();
    await bench.send(pingFrame);
    expect([bench.faults, bench.passed.length]).toEqual([['no-connect'], 0]);
  });

  test('another protocol closes', async () => {
    const bench = new Bench();
    await bench.send(frame(0x10, Buffer.from('GET / HTTP/1.1\r\n')));
    expect(bench.faults).toEqual(['connect-malformed']);
  });

  test.for([
    ['level 5', { level: 5 }, 1, 'level-refused'],
    ['no keepalive', { keepalive: 0 }, 2, 'identifier-refused'],
    ['an id that is none', { clientId: 'a b' }, 2, 'identifier-refused'],
  ] as const)('%s is answered by the gate itself', async ([, fields, code, fault]) => {
    const bench = new Bench();
    await bench.send(connectFrame({ clientId: 'd-1', ...fields }));
    expect([bench.faults, Buffer.concat(bench.toSender), bench.passed.length]).toEqual([[fault], connack(code), 0]);
  });

  test('it has to be whole within 5 s of the connection', async () => {
    const bench = new Bench();
    await bench.send(connect.subarray(0, -1));
    bench.passTime(4_999);
    const before = bench.gate.destroyed;
    bench.passTime(1);
    expect([before, bench.faults]).toEqual([false, ['connect-late']]);
  });

  test('so has its answer: until CONNACK 0 a connection is nobody’s', async () => {
    const bench = new Bench();
    await bench.send(connect);
    await bench.answer(connack(5));
    bench.passTime(5_000);
    expect([bench.authenticated, bench.faults]).toEqual([0, ['connect-late']]);
  });
});

describe('frames', { tags: ['BRK-LIMIT'] }, () => {
  const sent = [
    publishFrame('a', 'x'.repeat(300), { id: 1 }),
    pingFrame,
    publishFrame('b', '', { id: 2 }),
    publishFrame('c', 'y'.repeat(20_000), { id: 3 }),
  ];
  const whole = Buffer.concat(sent);

  test('come out as they went in, however they were cut', async () => {
    const wrong: unknown[] = [];
    for (const cuts of fc.sample(fc.array(fc.nat(whole.length), { maxLength: 12 }), { numRuns: 60, seed: 7 })) {
      const bench = await new Bench().opened();
      let from = 0;
      for (const to of [...new Set([...cuts, whole.length])].sort((a, b) => a - b)) {
        await bench.send(whole.subarray(from, to));
        from = to;
      }
      if (!bench.passed.equals(whole)) wrong.push(cuts);
    }
    expect(wrong).toEqual([]);
  });

  test('byte by byte', async () => {
    const bench = await new Bench().opened();
    const small = Buffer.concat(sent.slice(0, 3));
    await bench.send(...Array.from(small, (byte) => Uint8Array.of(byte)));
    expect(bench.passed.equals(small)).toBe(true);
  });

  test('one that does not end within 10 s closes, one that does may follow it for ever', async () => {
    const bench = await new Bench().opened();
    const publish = publishFrame('a', 'x');
    for (let i = 0; i < 3; i++) {
      await bench.send(publish.subarray(0, 3));
      bench.passTime(9_000);
      await bench.send(publish.subarray(3));
      bench.passTime(60_000);
    }
    const before = bench.faults.length;
    await bench.send(publish.subarray(0, 3));
    bench.passTime(10_001);
    expect([before, bench.faults]).toEqual([0, ['frame-late']]);
  });

  test('so does a length that does not end within 10 s', async () => {
    const bench = await new Bench().opened();
    await bench.send(Uint8Array.of(0x32, 0x80));
    bench.passTime(10_001);
    expect(bench.faults).toEqual(['frame-late']);
  });
});

describe('window', { tags: ['BRK-LIMIT', 'BRK-ORDER'] }, () => {
  const publishes = (from: number, to: number) =>
    Buffer.concat(Array.from({ length: to - from + 1 }, (_, i) => publishFrame('t', 'x', { id: from + i })));
  const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

  test('64 unacknowledged pass; each PUBACK lets the next one through, in order', async () => {
    const bench = await new Bench().opened();
    await bench.send(publishes(1, 70));
    const first = bench.ids();
    await bench.answer(Buffer.concat([puback(1), puback(2)]));
    expect([first, bench.ids(), bench.helds]).toEqual([upTo(64), upTo(66), 2]);
  });

  test('what waits keeps its place: nothing overtakes', async () => {
    const bench = await new Bench({ windowMax: 1 }).opened();
    await bench.send(publishes(1, 2), pingFrame, publishes(3, 3));
    const sizes = [bench.passed.length];
    await bench.answer(puback(1));
    sizes.push(bench.passed.length);
    await bench.answer(puback(2));
    const one = publishFrame('t', 'x').length;
    expect([...sizes, bench.passed.length]).toEqual([one, one * 2 + 2, one * 3 + 2]);
  });

  test('the socket is paused meanwhile, so that what waits stays with the sender', async () => {
    const bench = await new Bench({ windowMax: 1 }).opened();
    await bench.send(publishes(1, 2));
    let written = 0;
    // Far more than one chunk: the stream between them refuses to take it.
    while (written < 10_000_000 && bench.sender.write(Buffer.alloc(65_536))) written += 65_536;
    expect(written).toBeLessThan(1_000_000);
  });

  test('closed for all, nothing that wants an acknowledgement passes; opened, it does', async () => {
    const bench = await new Bench().opened();
    bench.isOpen = false;
    await bench.send(pingFrame, publishes(1, 3));
    const closed = bench.passed.length;
    bench.isOpen = true;
    bench.gate.proceed();
    await settle();
    expect([closed, bench.ids()]).toEqual([2, [1, 2, 3]]);
  });

  test('a partial frame of a sender that has to wait is not late', async () => {
    const bench = await new Bench({ windowMax: 1 }).opened();
    await bench.send(Buffer.concat([publishes(1, 2), publishes(3, 3).subarray(0, 4)]));
    bench.passTime(60_000);
    await bench.answer(puback(1));
    await bench.answer(puback(2));
    bench.passTime(9_000);
    expect([bench.faults, bench.ids()]).toEqual([[], [1, 2]]);
  });
});

describe('rate', { tags: ['BRK-LIMIT'] }, () => {
  test('500 frames at once, then 500 a second', async () => {
    const bench = await new Bench().opened();
    await bench.send(Buffer.concat(Array.from({ length: 700 }, () => pingFrame)));
    const counts = [bench.passed.length / 2];
    for (const ms of [100, 100]) {
      bench.now += ms;
      bench.gate.proceed();
      await settle();
      counts.push(bench.passed.length / 2);
    }
    expect([counts, bench.throttles > 0, bench.gate.isThrottled]).toEqual([[500, 550, 600], true, true]);
  });

  test('1 MB at once, then 1 MB a second', async () => {
    const bench = await new Bench({ windowMax: 65_535, bytesPerSecondMax: 10_000 }).opened();
    const large = publishFrame('t', 'x'.repeat(6_000));
    await bench.send(large, large, large);
    const counts = [bench.passed.length / large.length];
    for (const ms of [100, 500, 1_000]) {
      bench.now += ms;
      bench.gate.proceed();
      await settle();
      counts.push(bench.passed.length / large.length);
    }
    // The second makes a debt of 2,000 bytes, paid off after 200 ms.
    expect(counts).toEqual([2, 2, 3, 3]);
  });
});

describe('a sender that goes', { tags: ['BRK-LIMIT'] }, () => {
  test('is gone for the broker too', async () => {
    const bench = await new Bench().opened();
    let hasEnded = false;
    bench.gate.on('end', () => {
      hasEnded = true;
    });
    await bench.send(publishFrame('t', 'x', { id: 1 }));
    bench.sender.end();
    await settle();
    expect([hasEnded, bench.ids()]).toEqual([true, [1]]);
  });

  test('while something of it waits, has that passed on first', async () => {
    const bench = await new Bench({ windowMax: 1 }).opened();
    await bench.send(publishFrame('t', 'x', { id: 1 }), publishFrame('t', 'x', { id: 2 }));
    bench.sender.end();
    await bench.answer(puback(1));
    await bench.answer(puback(2));
    expect([bench.ids(), bench.gate.destroyed || bench.gate.readableEnded]).toEqual([[1, 2], true]);
  });
});
