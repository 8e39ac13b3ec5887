import { createHash } from 'node:crypto';
import type { Random } from '../contract/index.ts';

/** What a stream of chance is named by: the same name, the same numbers. */
export type SeedPart = string | number;

function wordsOf(parts: readonly SeedPart[]): readonly [number, number, number, number] {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4), digest.readUInt32LE(8), digest.readUInt32LE(12)];
}

/** Repeatable chance (generator sfc32). Streams of different names do not touch: one more draw in one moves no other. */
export function seededRandom(...parts: readonly SeedPart[]): Random {
  let [a, b, c, counter] = wordsOf(parts);
  const word = () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  return {
    next: () => word() / 2 ** 32,
    bytes: (n) => Uint8Array.from({ length: n }, () => word() & 0xff),
  };
}

/** One 32-bit number that the parts alone decide; it needs no state, so a checker can ask for any of them again. */
export function pseudoRandom(...parts: readonly SeedPart[]): number {
  return wordsOf(parts)[0];
}

/** Normally distributed, mean 0, deviation 1 (Box-Muller). */
export function gaussian(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return radius * Math.cos(2 * Math.PI * random.next());
}

/** Uniform in [low, high). */
export function between(random: Random, low: number, high: number): number {
  return low + random.next() * (high - low);
}

/** Noise that remembers itself for `memorySeconds`, deviation 1: one step a second. */
export function wandering(random: Random, memorySeconds: number): () => number {
  const kept = Math.exp(-1 / memorySeconds);
  const added = Math.sqrt(1 - kept * kept);
  let value = gaussian(random);
  return () => {
    value = kept * value + added * gaussian(random);
    return value;
  };
}
