import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Identity } from '../../../../alerting/core/identity.ts';
import { base32, contentId } from '../../../../alerting/core/ids.ts';
import { bootsMax, rangesMax } from '../../../../alerting/core/limits.ts';
import { sha256 } from '../../../support/core.ts';

const key = (boot: number, seq: number) => `${boot}/${seq}`;

test('tells copies from new ones in any order, like a set of all seen', { tags: ['ALR-EPISODE'] }, () => {
  const sequence = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 40 })), {
    size: 'max',
    maxLength: 120,
  });
  const property = fc.property(sequence, (list) => {
    const seen = new Set<string>();
    let identity = new Identity();
    return list.every(([boot, seq], i) => {
      if (i % 5 === 4) identity = Identity.restore(JSON.parse(JSON.stringify(identity)));
      const isNew = !seen.has(key(boot, seq));
      seen.add(key(boot, seq));
      return identity.add(boot, seq) === isNew;
    });
  });
  expect(fc.check(property, { seed: 2, numRuns: 1_000 }).counterexample).toBeNull();
});

test('live in order and one backlog are two ranges', { tags: ['ALR-BOUNDED'] }, () => {
  const identity = new Identity();
  for (let seq = 1_000; seq < 2_000; seq++) identity.add(1, seq);
  for (let seq = 1; seq < 500; seq++) identity.add(1, seq);
  expect(identity.toJSON()).toEqual([[1, [1, 499, 1_000, 1_999]]]);
});

test('keeps so many ranges and boots, the newest', { tags: ['ALR-BOUNDED'] }, () => {
  const identity = new Identity();
  for (let seq = 1; seq <= 2 * rangesMax + 20; seq += 2) identity.add(1, seq);
  for (let boot = 2; boot < 2 + bootsMax; boot++) identity.add(boot, 1);
  const full = new Identity();
  for (let seq = 1; seq <= 2 * rangesMax + 20; seq += 2) full.add(1, seq);
  const ranges = full.toJSON()[0]?.[1] ?? [];
  expect([ranges.length, identity.toJSON().length, identity.add(1, 7_777), full.add(1, 2 * rangesMax + 18)]).toEqual([
    2 * rangesMax,
    bootsMax,
    false,
    true,
  ]);
});

test('base32 is that of RFC 4648 in small letters', { tags: ['ALR-REPLAY'] }, () => {
  // "foobar" and "fo" of RFC 4648, section 10.
  expect([base32('666f6f626172'), base32('666f')]).toEqual(['mzxw6ytboi', 'mzxq']);
});

test('an id is 128 bits of content', { tags: ['ALR-REPLAY'] }, () => {
  const id = contentId('a', ['alert', 'p-1', 'patient', 'spo2-low', 1, 'd-1/1/1', 0], sha256);
  expect(id).toMatch(/^a-[a-z2-7]{26}$/);
  expect(contentId('a', ['alert', 'p-1', 'patient', 'spo2-low', 1, 'd-1/1/1', 1], sha256)).not.toBe(id);
});
