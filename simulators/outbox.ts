import type { DataKind } from '../contract/index.ts';

/** A message that was numbered and dated once; whatever happens to it later, its bytes stay. */
export interface Message {
  readonly kind: DataKind;
  readonly bytes: Uint8Array;
  /** When its content was measured, UTC ms of the device. */
  readonly at: number;
  /** Until this age it is worth sending before live data; older, it goes by the late lane. */
  readonly freshForMs: number;
  /** First and last sequence number in it; a block has none of the device's counter. */
  readonly seqs: readonly [number, number] | undefined;
}

export type Lane = 'live' | 'late';

interface Entry {
  readonly message: Message;
  sent: Lane | undefined;
}

/**
 * What a device has not been rid of yet: messages wait in the order of their making until each is acknowledged. In memory
 * and bounded: when it is full the oldest block goes first, then the oldest message.
 */
export class Outbox {
  readonly #max: number;
  readonly #lateMax: number;
  #entries: Entry[] = [];
  #bytes = 0;
  #late = 0;

  constructor(limits: { readonly messagesMax: number; readonly lateInFlightMax: number }) {
    this.#max = limits.messagesMax;
    this.#lateMax = limits.lateInFlightMax;
  }

  get size(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** When the oldest waiting message was made; null if none waits. */
  get oldestAt(): number | null {
    return this.#entries[0]?.message.at ?? null;
  }

  /** Takes a message in; gives the one that had to go for it, if any. */
  add(message: Message): Message | undefined {
    this.#entries.push({ message, sent: undefined });
    this.#bytes += message.bytes.length;
    if (this.#entries.length <= this.#max) return undefined;
    const victim = this.#entries.find(({ message: { kind } }) => kind === 'waveform') ?? (this.#entries[0] as Entry);
    this.#remove(victim);
    return victim.message;
  }

  /**
   * The next message to send and its lane, marked as sent; undefined if none may go now. What is fresh goes first, in
   * order; what is older takes what that leaves (`records.md` 3).
   */
  next(now: number): { readonly message: Message; readonly lane: Lane } | undefined {
    let older: Entry | undefined;
    for (const entry of this.#entries) {
      if (entry.sent) continue;
      if (now - entry.message.at <= entry.message.freshForMs) return this.#mark(entry, 'live');
      older ??= entry;
    }
    return older && this.#late < this.#lateMax ? this.#mark(older, 'late') : undefined;
  }

  /** The receiver has it: forget it. */
  acknowledge(message: Message): void {
    const entry = this.#entries.find((candidate) => candidate.message === message);
    if (entry) this.#remove(entry);
  }

  /** The link is gone: what was sent and not acknowledged waits again. */
  forgetSent(): void {
    for (const entry of this.#entries) entry.sent = undefined;
    this.#late = 0;
  }

  #mark(entry: Entry, lane: Lane): { readonly message: Message; readonly lane: Lane } {
    entry.sent = lane;
    if (lane === 'late') this.#late++;
    return { message: entry.message, lane };
  }

  #remove(entry: Entry): void {
    this.#entries.splice(this.#entries.indexOf(entry), 1);
    this.#bytes -= entry.message.bytes.length;
    if (entry.sent === 'late') this.#late--;
  }
}
