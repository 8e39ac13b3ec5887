import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32c } from '../../../contract/index.ts';

test('gives the published check value', () => {
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
});

/** One bit at a time, from the definition of the polynomial. */
function slow(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

test('equals the bitwise definition, whole and in pieces', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, cut) => {
      const at = Math.min(cut, bytes.length);
      const inPieces = crc32c(bytes, at, bytes.length, crc32c(bytes, 0, at));
      return crc32c(bytes) === slow(bytes) && inPieces === slow(bytes);
    }),
  );
  expect(crc32c(new Uint8Array(0))).toBe(0);
});
