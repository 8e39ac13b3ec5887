// Samples of one signal file, decoded as they come: no more of it is in memory than a chunk and a block.
import type { WfdbFormat } from './wfdb-header.ts';

/** What a file of each format holds where a sample could not be measured. */
export const invalidOf: Readonly<Record<WfdbFormat, number>> = { 16: -32_768, 80: -128, 212: -2_048 };

/** Bytes that always hold a whole number of samples. */
const unitBytes: Readonly<Record<WfdbFormat, number>> = { 16: 2, 80: 1, 212: 3 };

const decoders: Readonly<Record<WfdbFormat, (bytes: Uint8Array) => Int16Array>> = {
  16: (bytes) =>
    Int16Array.from({ length: bytes.length >> 1 }, (_, i) => at(bytes, 2 * i) | (at(bytes, 2 * i + 1) << 8)),
  80: (bytes) => Int16Array.from(bytes, (byte) => byte - 128),
  212: decode212,
};

/** Three bytes are two samples of 12 bits; two bytes at the end of a file are one. */
function decode212(bytes: Uint8Array): Int16Array {
  const samples = new Int16Array(Math.floor(bytes.length / 3) * 2 + (bytes.length % 3 === 2 ? 1 : 0));
  for (let i = 0; i < samples.length; i++) {
    const from = 3 * (i >> 1);
    const middle = at(bytes, from + 1);
    const value = i % 2 === 0 ? at(bytes, from) | ((middle & 0x0f) << 8) : at(bytes, from + 2) | ((middle & 0xf0) << 4);
    samples[i] = value > 2_047 ? value - 4_096 : value;
  }
  return samples;
}

function at(bytes: Uint8Array, i: number): number {
  return bytes[i] as number;
}

/** Reads samples from a stream of bytes, as many as are asked for. */
export class SampleReader {
  readonly #format: WfdbFormat;
  readonly #bytes: AsyncGenerator<Uint8Array, void, undefined>;
  #skip: number;
  #rest: Uint8Array = new Uint8Array(0);
  #ready: Int16Array = new Int16Array(0);
  #ended = false;

  constructor(bytes: AsyncGenerator<Uint8Array, void, undefined>, format: WfdbFormat, offset: number) {
    this.#bytes = bytes;
    this.#format = format;
    this.#skip = offset;
  }

  /** The next `count` samples; fewer only at the end of the file. */
  async take(count: number): Promise<Int16Array> {
    while (this.#ready.length < count && !this.#ended) await this.#more();
    const taken = this.#ready.slice(0, count);
    this.#ready = this.#ready.subarray(taken.length);
    return taken;
  }

  async close(): Promise<void> {
    await this.#bytes.return();
  }

  async #more(): Promise<void> {
    const next = await this.#bytes.next();
    const decode = decoders[this.#format];
    if (next.done) {
      this.#ended = true;
      this.#ready = joined(this.#ready, decode(this.#rest));
      return;
    }
    const skipped = Math.min(this.#skip, next.value.length);
    this.#skip -= skipped;
    const bytes = Buffer.concat([this.#rest, next.value.subarray(skipped)]);
    const whole = bytes.length - (bytes.length % unitBytes[this.#format]);
    this.#rest = bytes.subarray(whole);
    this.#ready = joined(this.#ready, decode(bytes.subarray(0, whole)));
  }
}

function joined(first: Int16Array, second: Int16Array): Int16Array {
  const all = new Int16Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
