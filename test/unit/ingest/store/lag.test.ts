import { expect, test } from 'vitest';
import { LagMeter } from '../../../../ingest/store/lag.ts';
import { lagMarksMax } from '../../../../ingest/store/limits.ts';

test('the lag is the age of the oldest end that the store has not reached, in any partition', () => {
  const lag = new LagMeter();
  lag.mark(0, [10, 10]);
  lag.mark(1_000, [20, 10]);
  expect(lag.lagMs(5_000, [9, 10])).toBe(5_000);
  expect(lag.lagMs(5_000, [10, 9])).toBe(5_000);
  expect(lag.lagMs(5_000, [10, 10])).toBe(4_000);
  expect(lag.lagMs(5_000, [20, 10])).toBe(0);
});

test('however long it lasts the lag goes on counting', () => {
  const lag = new LagMeter();
  for (let second = 0; second < 3 * lagMarksMax; second++) lag.mark(second * 1_000, [second + 1]);
  expect(lag.lagMs(1_000_000, [0])).toBe(1_000_000);
});
