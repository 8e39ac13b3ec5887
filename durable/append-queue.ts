// What waits to be written: two lanes, control before data. A write takes as many payloads as fit, of as many appends as
// there are; an append that does not fit goes on in the next write, and is confirmed when its last payload is durable.
import type { Lane } from '../contract/index.ts';
import { JournalBusyError } from './errors.ts';
import { frameHeaderBytes, writeFrame } from './frame.ts';
import { waitingBytesMax } from './limits.ts';

/** What one append writes: a payload of two parts, so that a caller need not join them. */
export interface Payload {
  readonly head: Uint8Array;
  readonly body: Uint8Array;
}

/** Payloads that one write made durable: `payloads[from + i]` has position `first + i`, up to `to`. */
export interface DurableRun<P extends Payload> {
  readonly first: number;
  readonly payloads: readonly P[];
  readonly from: number;
  readonly to: number;
}

interface Pending<P extends Payload> {
  readonly payloads: readonly P[];
  readonly bytes: number;
  /** Of those that are durable. */
  readonly positions: number[];
  readonly resolve: (positions: readonly number[]) => void;
  readonly reject: (error: Error) => void;
}

interface Waiting<P extends Payload> {
  readonly queue: Pending<P>[];
  bytes: number;
}

/** A part of an append that was encoded into the write under way. */
interface Taken<P extends Payload> {
  readonly pending: Pending<P>;
  readonly lane: Waiting<P>;
  readonly run: DurableRun<P>;
}

export class AppendQueue<P extends Payload> {
  readonly #lanes: { readonly control: Waiting<P>; readonly data: Waiting<P> } = {
    control: { queue: [], bytes: 0 },
    data: { queue: [], bytes: 0 },
  };
  /** What is under way; what arrives meanwhile, control too, comes after it. */
  #taken: Taken<P>[] = [];

  isWaiting(lane: Lane): boolean {
    return this.#lanes[lane].queue.length > 0;
  }

  /** Positions once all payloads are durable; rejects with `JournalBusyError` when too much waits already. */
  add(payloads: readonly P[], bytes: number, lane: Lane): Promise<readonly number[]> {
    const waiting = this.#lanes[lane];
    if (waiting.bytes + bytes > waitingBytesMax)
      return Promise.reject(new JournalBusyError(`${waiting.bytes} bytes wait, ${waitingBytesMax} may`));
    waiting.bytes += bytes;
    return new Promise((resolve, reject) => {
      waiting.queue.push({ payloads, bytes, positions: [], resolve, reject });
    });
  }

  /** Writes frames into the buffer, control first, up to `room` bytes, positions from `high` on; gives how far it came. */
  encode(
    target: { readonly buffer: Uint8Array; readonly view: DataView; readonly room: number },
    segment: number,
    high: number,
  ): { readonly bytes: number; readonly records: number } {
    const { buffer, view, room } = target;
    this.#taken = [];
    let at = 0;
    let position = high;
    for (const lane of [this.#lanes.control, this.#lanes.data]) {
      for (const pending of lane.queue) {
        const { payloads, positions } = pending;
        const from = positions.length;
        const first = position;
        let to = from;
        for (; to < payloads.length; to++) {
          const { head, body } = payloads[to] as P;
          if (at + frameHeaderBytes + head.length + body.length > room) break;
          at = writeFrame(buffer, view, at, segment, position++, head, body);
        }
        if (to > from) this.#taken.push({ pending, lane, run: { first, payloads, from, to } });
        if (to < payloads.length) return { bytes: at, records: position - high };
      }
    }
    return { bytes: at, records: position - high };
  }

  /** What was encoded last is durable: it has its positions, and the appends that are complete are confirmed. */
  settle(onDurable: (runs: readonly DurableRun<P>[]) => void): void {
    const taken = this.#taken;
    this.#taken = [];
    for (const { pending, lane, run } of taken) {
      for (let i = run.from; i < run.to; i++) pending.positions.push(run.first + i - run.from);
      if (run.to < run.payloads.length) continue;
      // Lanes are first in, first out: what is complete stands at the front.
      lane.queue.shift();
      lane.bytes -= pending.bytes;
    }
    onDurable(taken.map(({ run }) => run));
    for (const { pending, run } of taken) if (run.to === run.payloads.length) pending.resolve(pending.positions);
  }

  reject(lane: Lane, error: Error): void {
    const waiting = this.#lanes[lane];
    waiting.bytes = 0;
    for (const pending of waiting.queue.splice(0)) pending.reject(error);
  }

  rejectAll(error: Error): void {
    this.reject('control', error);
    this.reject('data', error);
  }
}
