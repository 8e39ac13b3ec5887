// One device as one patient wears it: which of its messages have been judged, and its streams. Readings, states and events
// share one sequence; waveform blocks count per lead (`records.md` 3).

import type { CompiledRules } from './compile.ts';
import { Identity } from './identity.ts';
import { Stream, type StreamState } from './stream.ts';

type SavedIdentity = ReturnType<Identity['toJSON']>;

export interface DeviceSaved {
  readonly id: string;
  readonly messages: SavedIdentity;
  readonly blocks: readonly [string, SavedIdentity][];
  readonly stateBoot: number;
  readonly stateSeq: number;
  readonly refused: number;
  readonly streams: readonly StreamState[];
}

export class Device {
  readonly id: string;
  readonly streams = new Map<string, Stream>();
  #messages = new Identity();
  readonly #blocks = new Map<string, Identity>();
  /** Identity of the newest state it reported. */
  #stateBoot = 0;
  #stateSeq = 0;
  /** Place in `refused` of its newest refused message. */
  #refused = -1;

  constructor(id: string) {
    this.id = id;
  }

  /** Notes a reading, state, event or refusal; false for a copy. Without a sequence (boot 0) time alone tells. */
  isNew(boot: number, seq: number): boolean {
    return boot === 0 || this.#messages.add(boot, seq);
  }

  /** Notes a waveform block; false for a copy. */
  isNewBlock(lead: string, boot: number, seq: number): boolean {
    let identity = this.#blocks.get(lead);
    if (!identity) {
      identity = new Identity();
      this.#blocks.set(lead, identity);
    }
    return identity.add(boot, seq);
  }

  /** True for a state newer than the newest one: each is complete, so an older one says nothing. */
  isNewestState(boot: number, seq: number): boolean {
    if (boot < this.#stateBoot || (boot === this.#stateBoot && seq <= this.#stateSeq)) return false;
    this.#stateBoot = boot;
    this.#stateSeq = seq;
    return true;
  }

  /** Notes a message refused before its identity was known; false for a copy. */
  isNewRefusal(refused: number): boolean {
    if (refused <= this.#refused) return false;
    this.#refused = refused;
    return true;
  }

  toJSON(): DeviceSaved {
    return {
      id: this.id,
      messages: this.#messages.toJSON(),
      blocks: [...this.#blocks].map(([lead, identity]) => [lead, identity.toJSON()]),
      stateBoot: this.#stateBoot,
      stateSeq: this.#stateSeq,
      refused: this.#refused,
      streams: [...this.streams.values()].map((stream) => stream.toJSON()),
    };
  }

  static restore(saved: DeviceSaved, rules: CompiledRules | null): Device {
    const device = new Device(saved.id);
    device.#messages = Identity.restore(saved.messages);
    for (const [lead, identity] of saved.blocks) device.#blocks.set(lead, Identity.restore(identity));
    device.#stateBoot = saved.stateBoot;
    device.#stateSeq = saved.stateSeq;
    device.#refused = saved.refused;
    for (const stream of saved.streams) device.streams.set(stream.signal, Stream.restore(stream, rules));
    return device;
  }
}
