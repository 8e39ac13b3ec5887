import { expect, test } from 'vitest';
import { Identities, noLead } from '../../../../ingest/store/identities.ts';
import { rangesMax } from '../../../../ingest/store/limits.ts';

test('what is staged and not committed leaves no trace', { tags: ['ING-COMMIT'] }, () => {
  const identities = new Identities();
  const failed = identities.stage();
  expect([5, 5, 6, 6].map((seq) => failed.claim(1, 1, noLead, seq))).toEqual([true, false, true, false]);
  const again = identities.stage();
  expect([5, 6].map((seq) => again.claim(1, 1, noLead, seq))).toEqual([true, true]);
  again.commit();
  expect(identities.stage().claim(1, 1, noLead, 5)).toBe(false);
});

test('device, boot and lead are each a sequence of their own', { tags: ['ING-DEDUP'] }, () => {
  const staged = new Identities().stage();
  const claims = [
    [1, 1, noLead],
    [2, 1, noLead],
    [1, 2, noLead],
    [1, 1, 131_330],
    [11, 1, noLead],
    [1, 11, noLead],
  ] as const;
  expect(claims.map(([device, boot, lead]) => staged.claim(device, boot, lead, 1))).toEqual(claims.map(() => true));
});

test('spans name what was added, and loading them gives the same sets', { tags: ['ING-DEDUP'] }, () => {
  const identities = new Identities();
  const staged = identities.stage();
  for (const seq of [1, 2, 3, 7]) staged.claim(4, 2, noLead, seq);
  const spans = [...staged.spans()];
  expect(spans).toEqual([
    { device: 4, boot: 2, lead: noLead, low: 1, high: 3 },
    { device: 4, boot: 2, lead: noLead, low: 7, high: 7 },
  ]);
  staged.commit();
  const loaded = new Identities();
  for (const span of spans) loaded.load(span);
  expect([...loaded.spans()]).toEqual([...identities.spans()]);
});

test('the ranges of a device are bounded, and what is certain to be new stays so', { tags: ['ING-DEDUP'] }, () => {
  const identities = new Identities();
  const staged = identities.stage();
  for (let seq = 1; seq <= 3 * rangesMax; seq++) staged.claim(1, 1, noLead, 2 * seq);
  staged.commit();
  expect(identities.size).toBe(rangesMax);
  const next = identities.stage();
  expect([next.claim(1, 1, noLead, 6 * rangesMax - 1), next.claim(1, 1, noLead, 6 * rangesMax)]).toEqual([true, false]);
});
