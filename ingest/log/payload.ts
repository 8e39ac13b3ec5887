// A log record as a journal's payload: u16 partition, u16 length of the key, the key, the value; little-endian.
import type { Payload } from '../../durable/index.ts';
import { keyBytesMax, keysCachedMax } from './limits.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A record on its way to the file; `body` is its value. */
export interface LogPayload extends Payload {
  readonly partition: number;
  readonly key: string;
}

/** Head bytes by partition and key: the same few keys come again and again. */
export class Heads {
  readonly #known: Map<string, Uint8Array>[];
  #count = 0;

  constructor(partitions: number) {
    this.#known = Array.from({ length: partitions }, () => new Map<string, Uint8Array>());
  }

  /** Throws a `RangeError` for a key that is too long. */
  of(partition: number, key: string): Uint8Array {
    const known = this.#known[partition]?.get(key);
    return known ?? this.#make(partition, key);
  }

  #make(partition: number, key: string): Uint8Array {
    const bytes = encoder.encode(key);
    if (bytes.length > keyBytesMax)
      throw new RangeError(`a key of ${bytes.length} bytes, at most ${keyBytesMax} are allowed`);
    const head = new Uint8Array(4 + bytes.length);
    const view = new DataView(head.buffer);
    view.setUint16(0, partition, true);
    view.setUint16(2, bytes.length, true);
    head.set(bytes, 4);
    if (++this.#count > keysCachedMax) {
      for (const keys of this.#known) keys.clear();
      this.#count = 1;
    }
    this.#known[partition]?.set(key, head);
    return head;
  }
}

/** A payload taken apart. */
export interface Decoded {
  readonly partition: number;
  readonly key: string;
  readonly value: Uint8Array;
}

/** Partition of a payload, without reading more. */
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
