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

export class AppendQueue<P extends Payload> {
  readonly #lanes: { readonly control: Waiting<P>; readonly data: Waiting<P> } = {
    control: { queue: [], bytes: 0 },
    data: { queue: [], bytes: 0 },
  };

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

  /** Writes frames into the buffer, control first, up to `room` bytes; gives how far it came. */
  encode(
    target: { readonly buffer: Uint8Array; readonly view: DataView; readonly room: number },
    segment: number,
    high: number,
  ): { readonly bytes: number; readonly records: number } {
    const { buffer, view, room } = target;
    let at = 0;
    let position = high;
    for (const { queue } of [this.#lanes.control, this.#lanes.data]) {
      for (const { payloads, positions } of queue) {
        for (let i = positions.length; i < payloads.length; i++) {
          const { head, body } = payloads[i] as P;
          if (at + frameHeaderBytes + head.length + body.length > room) return { bytes: at, records: position - high };
          at = writeFrame(buffer, view, at, segment, position++, head, body);
        }
      }
    }
    return { bytes: at, records: position - high };
  }

  /** Gives the first `records` in the order of `encode` their positions from `high` on, confirms the appends that are complete. */
  settle(records: number, high: number, onDurable: (runs: readonly DurableRun<P>[]) => void): void {
    const runs: DurableRun<P>[] = [];
    const complete: Pending<P>[] = [];
    let left = records;
    for (const lane of [this.#lanes.control, this.#lanes.data]) {
      let done = 0;
      for (const pending of lane.queue) {
        const { payloads, positions } = pending;
        const from = positions.length;
        const to = Math.min(payloads.length, from + left);
        if (to === from) break;
        const first = high + records - left;
        for (let i = from; i < to; i++) positions.push(first + i - from);
        runs.push({ first, payloads, from, to });
        left -= to - from;
        if (to < payloads.length) break;
        lane.bytes -= pending.bytes;
        complete.push(pending);
        done++;
      }
      lane.queue.splice(0, done);
    }
    onDurable(runs);
    for (const { resolve, positions } of complete) resolve(positions);
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
