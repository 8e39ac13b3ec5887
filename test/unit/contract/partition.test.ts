import { expect, test } from 'vitest';
import { murmur2, partitionOf } from '../../../contract/index.ts';

// Vectors of Apache Kafka's own tests of its default partitioner.
test.for([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
] as const)('murmur2 of %s is what Kafka computes', ([text, hash]) => {
  expect(murmur2(new TextEncoder().encode(text))).toBe(hash);
});

test('a key has one partition, inside the count', () => {
  const partitions = Array.from({ length: 1000 }, (_, i) => partitionOf(`p-${i}`, 4));
  expect(new Set(partitions)).toEqual(new Set([0, 1, 2, 3]));
  expect(partitions).toEqual(Array.from({ length: 1000 }, (_, i) => partitionOf(`p-${i}`, 4)));
});
