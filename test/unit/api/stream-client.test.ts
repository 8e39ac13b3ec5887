import { describe, expect, test } from 'vitest';
import { socketBytesMax, streamBlockedMaxMs, streamBytesMax, streamEventsMax } from '../../../api/limits.ts';
import { type Sink, StreamClient } from '../../../api/live/client.ts';

/** A connection that takes everything, or nothing. */
class FakeSink implements Sink {
  readonly written: string[] = [];
  readonly ended: string[] = [];
  isTaking = true;
  bytes = socketBytesMax + 1;
  isDestroyed = false;
  #drained: () => void = () => {};

  write(text: string): boolean {
    this.written.push(text);
    return this.isTaking;
  }
  waitingBytes(): number {
    return this.isTaking ? 0 : this.bytes;
  }
  end(text: string): void {
    this.ended.push(text);
  }
  destroy(): void {
    this.isDestroyed = true;
  }
  onDrain(drained: () => void): void {
    this.#drained = drained;
  }
  drain(): void {
    this.isTaking = true;
    this.#drained();
  }
}

function connected() {
  const sink = new FakeSink();
  const cuts: string[] = [];
  const ready: number[] = [];
  const time = { now: 0 };
  const client = new StreamClient(sink, () => time.now, {
    cut: (reason) => cuts.push(reason),
    ready: () => ready.push(time.now),
  });
  return { sink, cuts, ready, time, client };
}

describe('a slow client', () => {
  test('gets what waited, in order, once it takes again', { tags: ['API-BEAT'] }, () => {
    const { sink, client } = connected();
    sink.isTaking = false;
    for (const n of [1, 2, 3]) client.send('alert', `${n}`, `c${n}`);
    expect(sink.written).toEqual(['id: c1\nevent: alert\ndata: 1\n\n']);
    sink.drain();
    expect(sink.written.map((text) => text.at(-3))).toEqual(['1', '2', '3']);
    expect(client.sent).toBe(3);
  });

  test('is not one whose socket is full for a turn', { tags: ['API-BEAT'] }, () => {
    const { sink, client } = connected();
    sink.isTaking = false;
    sink.bytes = socketBytesMax;
    expect([client.offer('tile', '1'), client.offer('hb', '2')]).toEqual([true, true]);
    expect(sink.written.length).toBe(2);
  });

  test('tells when it takes again', () => {
    const { sink, ready, client } = connected();
    sink.drain();
    expect(ready).toEqual([]);
    sink.isTaking = false;
    client.send('alert', '1');
    sink.drain();
    expect(ready).toEqual([0]);
  });

  test('is not offered what the next second makes again', { tags: ['API-BEAT'] }, () => {
    const { sink, client } = connected();
    sink.isTaking = false;
    expect([client.offer('tile', '1'), client.offer('hb', '2')]).toEqual([true, false]);
    expect(client.sent).toBe(1);
  });

  test('is cut after as many events as may wait', () => {
    const { sink, cuts, client } = connected();
    sink.isTaking = false;
    for (let n = 0; n <= streamEventsMax; n++) client.send('alert', `${n}`);
    expect(cuts).toEqual([]);
    client.send('alert', 'one too many');
    expect(cuts).toEqual(['slow']);
    expect(sink.ended).toEqual(['event: end\ndata: {"reason":"slow"}\n\n']);
    expect(client.waitingBytes).toBe(0);
  });

  test('is cut after as many bytes as may wait', () => {
    const { sink, cuts, client } = connected();
    sink.isTaking = false;
    client.send('alert', 'first');
    client.send('alert', 'x'.repeat(streamBytesMax / 2));
    expect(cuts).toEqual([]);
    client.send('alert', 'x'.repeat(streamBytesMax / 2));
    expect(cuts).toEqual(['slow']);
  });

  test('is cut when it takes nothing for too long', () => {
    const { sink, cuts, time, client } = connected();
    sink.isTaking = false;
    client.send('alert', '1');
    time.now = streamBlockedMaxMs;
    client.look();
    expect(cuts).toEqual([]);
    time.now += 1;
    client.look();
    expect(cuts).toEqual(['slow']);
  });

  test('that was cut gets nothing more', () => {
    const { sink, cuts, client } = connected();
    client.end('signed-out');
    client.send('alert', '1');
    client.end('slow');
    expect([sink.written, cuts]).toEqual([[], ['signed-out']]);
  });
});
