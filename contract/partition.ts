const encoder = new TextEncoder();

/** Partition of a key: Kafka's default partitioner, murmur2 of the key's UTF-8 bytes, for both log drivers. */
export function partitionOf(key: string, partitions: number): number {
  return partitions === 1 ? 0 : (murmur2(encoder.encode(key)) & 0x7fffffff) % partitions;
}

/** Murmur2 as Kafka computes it (seed 0x9747b28c, 32-bit wrap-around). */
export function murmur2(data: Uint8Array): number {
  const m = 0x5bd1e995;
  const length = data.length;
  let h = 0x9747b28c ^ length;
  const whole = length >> 2;
  for (let i = 0; i < whole; i++) {
    const at = i * 4;
    let k =
      (data[at] as number) |
      ((data[at + 1] as number) << 8) |
      ((data[at + 2] as number) << 16) |
      ((data[at + 3] as number) << 24);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    k = Math.imul(k, m);
    h = Math.imul(h, m) ^ k;
  }
  const rest = whole * 4;
  const left = length & 3;
  if (left > 2) h ^= (data[rest + 2] as number) << 16;
  if (left > 1) h ^= (data[rest + 1] as number) << 8;
  if (left > 0) h = Math.imul(h ^ (data[rest] as number), m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return h ^ (h >>> 15);
}
