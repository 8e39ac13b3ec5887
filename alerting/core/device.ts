// One device as one patient wears it: which of its messages have been judged, and its streams. Readings, states and events
// share one sequence; waveform blocks count per lead (`records.md` 3).

import type { CompiledRules } from './compile.ts';
import { Identity } from './identity.ts';
import type { Lines } from './lines.ts';
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
  readonly #lines: Lines;
  readonly #patient: number;
  /** Where the number in order stands, which live readings move by themselves. */
  readonly #counter: number;
  #messages = new Identity();
  readonly #blocks = new Map<string, Identity>();
  /** Identity of the newest state it reported. */
  #stateBoot = 0;
  #stateSeq = 0;
  /** Place in `refused` of its newest refused message. */
  #refused = -1;

  constructor(id: string, lines: Lines, patient: number) {
    this.id = id;
    this.#lines = lines;
    this.#patient = patient;
    this.#counter = lines.openCounter();
  }

  /** What a line of it belongs to. */
  get owner(): { readonly patient: number; readonly counter: number } {
    return { patient: this.#patient, counter: this.#counter };
  }

  /** Takes over what has come in order beside it. */
  #follow(): void {
    const { boots, nexts } = this.#lines;
    if (boots[this.#counter] !== 0) {
      this.#messages.stretch(boots[this.#counter] as number, nexts[this.#counter] as number);
    }
  }
  #lead(): void {
    const { boot, next } = this.#messages.inOrder ?? { boot: 0, next: 0 };
    this.#lines.boots[this.#counter] = boot;
    this.#lines.nexts[this.#counter] = next;
  }

  /** Notes a reading, state, event or refusal; false for a copy. Without a sequence (boot 0) time alone tells. */
  isNew(boot: number, seq: number): boolean {
    if (boot === 0) return true;
    this.#follow();
    const isNew = this.#messages.add(boot, seq);
    this.#lead();
    return isNew;
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
    this.#follow();
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

  static restore(saved: DeviceSaved, rules: CompiledRules | null, lines: Lines, patient: number): Device {
    const device = new Device(saved.id, lines, patient);
    device.#messages = Identity.restore(saved.messages);
    device.#lead();
    for (const [lead, identity] of saved.blocks) device.#blocks.set(lead, Identity.restore(identity));
    device.#stateBoot = saved.stateBoot;
    device.#stateSeq = saved.stateSeq;
    device.#refused = saved.refused;
    for (const stream of saved.streams) {
      device.streams.set(stream.signal, Stream.restore(lines, device.owner, stream, rules));
    }
    return device;
  }
}
