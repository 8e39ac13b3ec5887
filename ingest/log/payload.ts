// A log record as a journal's payload: u16 partition, u16 length of the key, the key, the value; little-endian.
import { partitionOf } from '../../contract/index.ts';
import { keyBytesMax, keysCachedMax } from './limits.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Head bytes by key: the same few keys come again and again, and neither hash nor encoding is done twice. */
export class Heads {
  readonly #partitions: number;
  readonly #byHash = new Map<string, Uint8Array>();
  /** Of records that name their partition. */
  readonly #placed: readonly Map<string, Uint8Array>[];
  #count = 0;

  constructor(partitions: number) {
    this.#partitions = partitions;
    this.#placed = Array.from({ length: partitions }, () => new Map<string, Uint8Array>());
  }

  /** Throws a `RangeError` for a key that is too long, or a partition that is not there. */
  of(key: string, partition?: number): Uint8Array {
    const known = partition === undefined ? this.#byHash : this.#placed[partition];
    if (!known) throw new RangeError(`there is no partition ${partition}: there are ${this.#partitions}`);
    return known.get(key) ?? this.#make(known, key, partition ?? partitionOf(key, this.#partitions));
  }

  #make(known: Map<string, Uint8Array>, key: string, partition: number): Uint8Array {
    const keyBytes = encoder.encode(key);
    if (keyBytes.length > keyBytesMax)
      throw new RangeError(`a key of ${keyBytes.length} bytes, at most ${keyBytesMax} are allowed`);
    const head = new Uint8Array(4 + keyBytes.length);
    const view = new DataView(head.buffer);
    view.setUint16(0, partition, true);
    view.setUint16(2, keyBytes.length, true);
    head.set(keyBytes, 4);
    if (++this.#count > keysCachedMax) {
      for (const keys of [this.#byHash, ...this.#placed]) keys.clear();
      this.#count = 1;
    }
    known.set(key, head);
    return head;
  }
}

/** A payload taken apart. */
export interface Decoded {
  readonly partition: number;
  readonly key: string;
  readonly value: Uint8Array;
}

/** Partition of a payload, or of a head, without reading more. */
export function partitionOfPayload(payload: Uint8Array): number {
  return (payload[0] as number) | ((payload[1] as number) << 8);
}

/** Takes a payload apart; the value shares its memory. */
export function decodePayload(payload: Uint8Array): Decoded {
  const length = (payload[2] as number) | ((payload[3] as number) << 8);
  return {
    partition: partitionOfPayload(payload),
    key: decoder.decode(payload.subarray(4, 4 + length)),
    value: payload.subarray(4 + length),
  };
}
