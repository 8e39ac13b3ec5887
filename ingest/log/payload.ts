// A log record as a journal's payload: u16 partition, u16 length of the key, the key, the value; little-endian.
import { keysCachedMax } from './limits.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Head bytes by partition and key: the same few keys come again and again. */
export class Heads {
  readonly #known = new Map<string, Uint8Array>();

  of(partition: number, key: string): Uint8Array {
    const name = `${partition}/${key}`;
    const known = this.#known.get(name);
    if (known) return known;
    if (this.#known.size >= keysCachedMax) this.#known.clear();
    const bytes = encoder.encode(key);
    const head = new Uint8Array(4 + bytes.length);
    const view = new DataView(head.buffer);
    view.setUint16(0, partition, true);
    view.setUint16(2, bytes.length, true);
    head.set(bytes, 4);
    this.#known.set(name, head);
    return head;
  }
}

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
