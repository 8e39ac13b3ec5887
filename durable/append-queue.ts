// What waits to be written: two lanes, control before data. A write takes as many records as fit, of as many appends as
// there are; an append that does not fit goes on in the next write, and is confirmed when its last record is durable.
import type { Lane } from '../contract/index.ts';
import { JournalBusyError } from './errors.ts';
import { frameHeaderBytes, writeFrame } from './frame.ts';
import { waitingBytesMax } from './limits.ts';

/** What is written, behind a head that is given apart, so that nothing has to be joined or made for each record. */
export interface Body {
  readonly value: Uint8Array;
}

/** Records that one write made durable: `records[from + i]`, with its head, has position `first + i`, up to `to`. */
export interface DurableRun<B extends Body> {
  readonly first: number;
  readonly records: readonly B[];
  readonly heads: readonly Uint8Array[];
  readonly from: number;
  readonly to: number;
}

interface Pending<B extends Body> {
  readonly records: readonly B[];
  readonly heads: readonly Uint8Array[];
  readonly bytes: number;
  /** Of those that are durable. */
  readonly positions: number[];
  readonly resolve: (positions: readonly number[]) => void;
  readonly reject: (error: Error) => void;
}

interface Waiting<B extends Body> {
  readonly queue: Pending<B>[];
  bytes: number;
}

/** A part of an append that was encoded into the write under way. */
interface Taken<B extends Body> {
  readonly pending: Pending<B>;
  readonly lane: Waiting<B>;
  readonly run: DurableRun<B>;
}

export class AppendQueue<B extends Body> {
  readonly #lanes: { readonly control: Waiting<B>; readonly data: Waiting<B> } = {
    control: { queue: [], bytes: 0 },
    data: { queue: [], bytes: 0 },
  };
  /** What is under way; what arrives meanwhile, control too, comes after it. */
  #taken: Taken<B>[] = [];

  isWaiting(lane: Lane): boolean {
    return this.#lanes[lane].queue.length > 0;
  }

  /** Positions once all records are durable; rejects with `JournalBusyError` when too much waits already. */
  add(records: readonly B[], heads: readonly Uint8Array[], bytes: number, lane: Lane): Promise<readonly number[]> {
    const waiting = this.#lanes[lane];
    if (waiting.bytes + bytes > waitingBytesMax)
      return Promise.reject(new JournalBusyError(`${waiting.bytes} bytes wait, ${waitingBytesMax} may`));
    waiting.bytes += bytes;
    return new Promise((resolve, reject) => {
      waiting.queue.push({ records, heads, bytes, positions: [], resolve, reject });
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
        const { records, heads, positions } = pending;
        const from = positions.length;
        const first = position;
        let to = from;
        for (; to < records.length; to++) {
          const head = heads[to] as Uint8Array;
          const { value } = records[to] as B;
          if (at + frameHeaderBytes + head.length + value.length > room) break;
          at = writeFrame(buffer, view, at, segment, position++, head, value);
        }
        if (to > from) this.#taken.push({ pending, lane, run: { first, records, heads, from, to } });
        if (to < records.length) return { bytes: at, records: position - high };
      }
    }
    return { bytes: at, records: position - high };
  }

  /** What was encoded last is durable: it has its positions, and the appends that are complete are confirmed. */
  settle(onDurable: (runs: readonly DurableRun<B>[]) => void): void {
    const taken = this.#taken;
    this.#taken = [];
    for (const { pending, lane, run } of taken) {
      for (let i = run.from; i < run.to; i++) pending.positions.push(run.first + i - run.from);
      if (run.to < run.records.length) continue;
      // Lanes are first in, first out: what is complete stands at the front.
      lane.queue.shift();
      lane.bytes -= pending.bytes;
    }
    onDurable(taken.map(({ run }) => run));
    for (const { pending, run } of taken) if (run.to === run.records.length) pending.resolve(pending.positions);
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
