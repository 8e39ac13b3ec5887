import { expect, test } from 'vitest';
import { LatestReadings } from '../../../../ingest/store/latest.ts';
import { latestPatientsMax } from '../../../../ingest/store/limits.ts';
import { numericRow } from '../../../contracts/time-series-store-rows.ts';

test('a write that is committed while the database is asked is not lost to its older answer', () => {
  const latest = new LatestReadings();
  const [older, newer] = [numericRow({ seq: 1 }), numericRow({ seq: 2 })];
  latest.begin(1);
  latest.note(1, () => newer);
  expect(latest.fill(1, [older])).toEqual([newer]);
  expect(latest.of(1)).toEqual([newer]);
});

test('of several with one effective time the last by device, boot and seq counts, in any order', () => {
  const rows = [
    numericRow({ seq: 9, effectiveAt: 5 }),
    numericRow({ seq: 1, boot: 2, effectiveAt: 5 }),
    numericRow({ seq: 1, device: 'd-2', effectiveAt: 5 }),
  ];
  for (const order of [rows, [...rows].reverse()]) {
    const latest = new LatestReadings();
    latest.begin(1);
    expect(latest.fill(1, order)).toEqual(rows.slice(-1));
  }
});

test('a patient that nobody asked for costs nothing, and the oldest asked for goes first', () => {
  const latest = new LatestReadings();
  latest.note(1, () => {
    throw new Error('no point is built for a patient that is not held');
  });
  for (let patient = 0; patient <= latestPatientsMax; patient++) {
    latest.begin(patient);
    latest.fill(patient, [numericRow({ seq: 1 })]);
  }
  expect([latest.of(0), latest.of(1)?.length]).toEqual([undefined, 1]);
});
