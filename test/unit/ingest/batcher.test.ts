import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type AppendRecord, decodeRecord, type Lane, type Position, type TopicName } from '../../../contract/index.ts';
import { Announcer } from '../../../ingest/announcer.ts';
import { type Batcher, type Entry, openBatcher } from '../../../ingest/batcher.ts';
import { Counters } from '../../../ingest/counters.ts';
import type { IngestError } from '../../../ingest/errors.ts';
import { VirtualClock } from '../../../virtual/clock.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { bytesOf, textOf } from './fixtures.ts';

/** A log whose appends a test lets through one by one. */
class SteppedLog extends MemoryLog {
  isStepped = false;
  readonly calls: { readonly topic: TopicName; readonly count: number; readonly pass: () => void }[] = [];

  override async append(
    topic: TopicName,
    records: readonly AppendRecord[],
    options: { readonly lane: Lane },
  ): Promise<readonly Position[]> {
    const { promise, resolve: pass } = Promise.withResolvers<void>();
    this.calls.push({ topic, count: records.length, pass });
    if (this.isStepped) await promise;
    return super.append(topic, records, options);
  }
}

function setUp() {
  const log = new SteppedLog();
  const clock = new VirtualClock();
  const counters = new Counters();
  const announcer = new Announcer(() => {}, clock);
  const batcher = openBatcher({ log, clock, counters, announcer });
  const told: string[] = [];
  const entry = (name: string, over: Partial<Entry> = {}): Entry => ({
    records: [{ key: 'p-1', value: bytesOf(`{"v":1}\n${name}`) }],
    refused: [],
    done: (error) => void told.push(error ? `${name} ${(error as IngestError).code}` : name),
    ...over,
  });
  const inputs = () => log.records('inputs').map(({ value }) => textOf(decodeRecord(value).body));
  return { log, clock, counters, batcher, told, entry, inputs };
}

const refused = (name: string): Entry['refused'][number] => ({
  refused: { key: 'd-1', value: bytesOf(`{"v":1}\nbytes of ${name}`) },
  refusal: (position) => ({ key: 'p-1', value: bytesOf(`{"v":1}\nrefusal of ${name} at ${position}`) }),
});

async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await turn();
}

const addAll = (batcher: Batcher, entries: readonly Entry[]) => {
  for (const each of entries) batcher.add(each);
};

describe('order', { tags: ['BRK-ORDER', 'BRK-HANDOVER'] }, () => {
  test('nobody is told before the append has answered, and then in the order of arrival', async () => {
    const { log, batcher, told, entry, inputs } = setUp();
    log.isStepped = true;
    addAll(
      batcher,
      ['a', 'b', 'c'].map((name) => entry(name)),
    );
    await settle();
    const before = [...told];
    log.calls[0]?.pass();
    await settle();
    expect([before, told, inputs()]).toEqual([[], ['a', 'b', 'c'], ['a', 'b', 'c']]);
  });

  test('one append in flight; what arrives meanwhile is the next', async () => {
    const { log, batcher, told, entry } = setUp();
    log.isStepped = true;
    batcher.add(entry('a'));
    await settle();
    addAll(
      batcher,
      Array.from({ length: 40 }, (_, i) => entry(`b${i}`)),
    );
    await settle();
    const inFlight = log.calls.length;
    log.calls[0]?.pass();
    await settle();
    log.calls[1]?.pass();
    await settle();
    expect([inFlight, log.calls.map(({ count }) => count), told.length]).toEqual([1, [1, 40], 41]);
  });

  test('a message without records is told in its turn, and costs no append', async () => {
    const { log, batcher, told, entry } = setUp();
    log.isStepped = true;
    addAll(batcher, [entry('a'), entry('status', { records: [] }), entry('b')]);
    await settle();
    log.calls[0]?.pass();
    await settle();
    batcher.add(entry('status', { records: [] }));
    await settle();
    expect([told, log.calls.length]).toEqual([['a', 'status', 'b', 'status'], 1]);
  });

  test('500 records and 1 MiB an append, but never none', async () => {
    const { log, batcher, entry } = setUp();
    log.isStepped = true;
    batcher.add(entry('first'));
    await settle();
    addAll(
      batcher,
      Array.from({ length: 501 }, (_, i) => entry(`s${i}`)),
    );
    const large = { records: [{ key: 'p-1', value: new Uint8Array(60_000) }] };
    addAll(
      batcher,
      Array.from({ length: 20 }, () => entry('large', large)),
    );
    for (let i = 0; i < 8; i++) {
      log.calls.at(-1)?.pass();
      await settle();
    }
    expect(log.calls.map(({ count }) => count)).toEqual([1, 500, 18, 3]);
  });

  test('a receiver that throws harms nobody behind it', async () => {
    const { batcher, told, entry, counters } = setUp();
    const bad = entry('bad', {
      done: () => {
        throw new Error('a receiver');
      },
    });
    addAll(batcher, [entry('a'), bad, entry('b')]);
    await settle();
    expect([told, counters.get('callback-threw')]).toEqual([['a', 'b'], 1]);
  });
});

describe('refused messages', { tags: ['CON-SCHEMA', 'ING-POISON'] }, () => {
  test('are kept first, then the engine is told where, then the sender', async () => {
    const { log, batcher, told, entry, inputs } = setUp();
    log.isStepped = true;
    addAll(batcher, [entry('a'), entry('bad', { records: [], refused: [refused('x'), refused('y')] }), entry('b')]);
    await settle();
    const first = log.calls.map(({ topic }) => topic);
    log.calls[0]?.pass();
    await settle();
    const before = [...told];
    log.calls[1]?.pass();
    await settle();
    expect([first, before, told]).toEqual([['refused'], [], ['a', 'bad', 'b']]);
    expect(inputs()).toEqual(['a', 'refusal of x at 0', 'refusal of y at 1', 'b']);
  });

  test('are kept once, however often what follows has to be tried', async () => {
    const { log, clock, batcher, told, entry, inputs } = setUp();
    let failures = 3;
    log.refuse = (topic) => (topic === 'inputs' && failures-- > 0 ? 'lost' : undefined);
    batcher.add(entry('bad', { records: [], refused: [refused('x')] }));
    await clock.advance(1_000);
    expect([told, log.records('refused').length, inputs()]).toEqual([['bad'], 1, ['refusal of x at 0']]);
  });
});

describe('a log that fails', { tags: ['BRK-HANDOVER'] }, () => {
  test('is tried again with the same batch, and its order holds', async () => {
    const { log, clock, batcher, told, entry, inputs } = setUp();
    let failures = 4;
    log.refuse = () => (failures-- > 0 ? 'lost' : undefined);
    addAll(batcher, [entry('a'), entry('b')]);
    await settle();
    batcher.add(entry('c'));
    await clock.advance(1_000);
    expect([told, inputs()]).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ]);
  });

  test('for 5 s: everybody is told so, and nobody of success', async () => {
    const { log, clock, batcher, told, entry } = setUp();
    log.refuse = () => 'lost';
    batcher.add(entry('a'));
    await clock.advance(2_000);
    batcher.add(entry('b'));
    await clock.advance(2_999);
    const early = [...told];
    await clock.advance(300);
    const first = [...told];
    await clock.advance(2_000);
    expect([early, first, told]).toEqual([[], ['a INGEST_DEADLINE'], ['a INGEST_DEADLINE', 'b INGEST_DEADLINE']]);
  });

  test('an append that answers after its deadline tells nobody', async () => {
    const { log, clock, batcher, told, entry, counters } = setUp();
    log.isStepped = true;
    batcher.add(entry('a'));
    await clock.advance(5_250);
    log.calls[0]?.pass();
    await settle();
    expect([told, counters.get('late-success-dropped')]).toEqual([['a INGEST_DEADLINE'], 1]);
  });

  test('an append that never answers fails those behind it too, each at its own deadline', async () => {
    const { log, clock, batcher, told, entry } = setUp();
    log.isStepped = true;
    batcher.add(entry('a'));
    await settle();
    await clock.advance(1_000);
    batcher.add(entry('b'));
    await clock.advance(4_250);
    const first = [...told];
    await clock.advance(1_000);
    expect([first, told, batcher.isLogDown]).toEqual([
      ['a INGEST_DEADLINE'],
      ['a INGEST_DEADLINE', 'b INGEST_DEADLINE'],
      true,
    ]);
  });

  test('what is not the log’s fault is not tried again, and holds up nobody', async () => {
    const { clock, batcher, told, entry } = setUp();
    batcher.add(entry('huge', { records: [{ key: 'p-1', value: new Uint8Array(70_000) }] }));
    await settle();
    batcher.add(entry('a'));
    await clock.advance(100);
    expect(told).toEqual(['huge INGEST_DEADLINE', 'a']);
  });

  test('when it comes back, so do the windows', async () => {
    const { log, clock, batcher, told, entry } = setUp();
    const pressure: boolean[] = [];
    batcher.onPressure = (isPressed) => pressure.push(isPressed);
    log.refuse = () => 'lost';
    batcher.add(entry('a'));
    await clock.advance(5_500);
    const down = [batcher.isLogDown, ...pressure];
    log.refuse = undefined;
    await clock.advance(2_000);
    batcher.add(entry('b'));
    await settle();
    expect([down, batcher.isLogDown, pressure, told]).toEqual([
      [true, true],
      false,
      [true, false],
      ['a INGEST_DEADLINE', 'b'],
    ]);
  });
});

describe('too much', { tags: ['BRK-LIMIT'] }, () => {
  test('windows close at 80 % and open at 50 %; beyond all of it a message is turned away', async () => {
    const { log, clock, batcher, told, entry } = setUp();
    const pressure: string[] = [];
    batcher.onPressure = (isPressed) => pressure.push(`${isPressed} at ${batcher.queued}`);
    log.isStepped = true;
    addAll(
      batcher,
      Array.from({ length: 20_001 }, (_, i) => entry(`${i}`)),
    );
    await settle();
    const turnedAway = [...told];
    log.isStepped = false;
    log.calls[0]?.pass();
    await clock.advance(1_000);
    expect([turnedAway, pressure[0], pressure.length, told.length]).toEqual([
      ['20000 INGEST_OVERLOADED'],
      'true at 16000',
      2,
      20_001,
    ]);
  });

  test('64 MiB count like 20,000 messages', () => {
    const { log, batcher, told, entry } = setUp();
    log.isStepped = true;
    const large = { records: [{ key: 'p-1', value: new Uint8Array(16_384) }] };
    addAll(
      batcher,
      Array.from({ length: 4_100 }, (_, i) => entry(`${i}`, large)),
    );
    expect(told.length).toBe(4_100 - 4_096);
  });
});

test('stopping tells everybody who waits that it did not happen', { tags: ['BRK-HANDOVER'] }, async () => {
  const { log, clock, batcher, told, entry } = setUp();
  log.isStepped = true;
  batcher.add(entry('a'));
  await settle();
  batcher.add(entry('b'));
  const stopped = batcher[Symbol.asyncDispose]();
  await clock.advance(500);
  await stopped;
  batcher.add(entry('c'));
  log.calls[0]?.pass();
  await settle();
  expect(told).toEqual(['a INGEST_STOPPING', 'b INGEST_STOPPING', 'c INGEST_STOPPING']);
});

test('draining waits for what is under way, not longer than it may', { tags: ['BRK-HANDOVER'] }, async () => {
  const { log, clock, batcher, entry } = setUp();
  log.isStepped = true;
  batcher.add(entry('a'));
  await settle();
  const order: string[] = [];
  const short = batcher.drain(300).then(() => order.push('gave up'));
  const long = batcher.drain(5_000).then(() => order.push('drained'));
  await clock.advance(300);
  await short;
  log.calls[0]?.pass();
  await settle();
  await long;
  expect(order).toEqual(['gave up', 'drained']);
});
