// Ids that Vigil gives: opaque, by chance, so that they tell nothing and meet nothing.
import type { Random } from '../contract/index.ts';

const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';

/** `p-`, `d-`, `as-`, `r-` and 50 bits; asked again while it is taken. */
export function newId(prefix: 'p' | 'd' | 'as' | 'r', random: Random, isTaken: (id: string) => boolean): string {
  for (;;) {
    const id = `${prefix}-${[...random.bytes(10)].map((byte) => alphabet[byte & 31]).join('')}`;
    if (!isTaken(id)) return id;
  }
}
