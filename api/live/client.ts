// One connected screen: what waits for it, and when it is cut. Class C. Invariants: events go out in the order in which they
// were sent; what has to arrive (`send`) is never skipped, a client that does not take it is cut; what the next second makes
// again (`offer`) is left out while the client is blocked. On failure: a slow or frozen client costs 256 events, 1 MB or
// 30 s, never another client.
import type { EndReason, StreamEventName } from '../../contract/index.ts';
import { socketBytesMax, streamBlockedMaxMs, streamBytesMax, streamEventsMax } from '../limits.ts';

/** The part of a response that a stream needs. */
export interface Sink {
  /** False: the socket is behind; `drained` is called once it is not. */
  write(text: string): boolean;
  /** What waits in the socket. */
  waitingBytes(): number;
  end(text: string): void;
  destroy(): void;
  onDrain(drained: () => void): void;
}

export interface StreamClientEvents {
  /** It was ended. */
  cut(reason: EndReason): void;
  /** It was blocked and takes events again. */
  ready(): void;
}

export class StreamClient {
  readonly #sink: Sink;
  readonly #mono: () => number;
  readonly #on: StreamClientEvents;
  #queue: string[] = [];
  #bytes = 0;
  #sent = 0;
  #blockedAt: number | undefined;
  #isEnded = false;

  constructor(sink: Sink, mono: () => number, on: StreamClientEvents) {
    this.#sink = sink;
    this.#mono = mono;
    this.#on = on;
    sink.onDrain(() => this.#drained());
  }

  /** Events sent on this connection, those that wait included. */
  get sent(): number {
    return this.#sent;
  }
  get isBlocked(): boolean {
    return this.#blockedAt !== undefined;
  }
  get isEnded(): boolean {
    return this.#isEnded;
  }
  /** Bytes that wait here. */
  get waitingBytes(): number {
    return this.#bytes;
  }

  /** Sends what has to arrive. */
  send(event: StreamEventName, data: string, id?: string): void {
    if (this.#isEnded) return;
    this.#sent++;
    this.#write(frame(event, data, id));
  }

  /** Sends what is only true now; false if the client is not ready for it. */
  offer(event: StreamEventName, data: string): boolean {
    if (this.#isEnded || this.isBlocked) return false;
    this.send(event, data);
    return true;
  }

  #write(text: string): void {
    if (!this.isBlocked) {
      // A full buffer of one turn is no slow client: the socket has had no chance yet.
      const isFull = !this.#sink.write(text) && this.#sink.waitingBytes() > socketBytesMax;
      if (isFull) this.#blockedAt = this.#mono();
      return;
    }
    this.#queue.push(text);
    this.#bytes += Buffer.byteLength(text);
    if (this.#queue.length > streamEventsMax || this.#bytes > streamBytesMax) this.end('slow');
  }

  #drained(): void {
    if (this.#isEnded || !this.isBlocked) return;
    this.#blockedAt = undefined;
    const queue = this.#queue;
    this.#queue = [];
    this.#bytes = 0;
    for (const text of queue) this.#write(text);
    if (!this.isBlocked) this.#on.ready();
  }

  /** Cuts a client that has been blocked too long. */
  look(): void {
    if (this.#blockedAt !== undefined && this.#mono() - this.#blockedAt > streamBlockedMaxMs) this.end('slow');
  }

  /** The last event; what waits is dropped. */
  end(reason: EndReason): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#queue = [];
    this.#bytes = 0;
    this.#sink.end(frame('end', JSON.stringify({ reason })));
    this.#on.cut(reason);
  }

  /** Closes the connection whether the client took the last event or not. */
  destroy(): void {
    this.#isEnded = true;
    this.#sink.destroy();
  }
}

function frame(event: StreamEventName, data: string, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`;
}
