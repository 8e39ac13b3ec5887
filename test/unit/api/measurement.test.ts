import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { heldReading, LatestValues } from '../../../api/latest-values.ts';
import { measurementOf } from '../../../api/measurement.ts';
import { type Assignment, Measurement, type Reading } from '../../../contract/index.ts';

const now = Date.UTC(2026, 2, 1, 2, 11, 10);
const binding: Assignment = {
  id: 'as-1',
  revision: 1,
  patient: 'p-5',
  device: 'd-ox3',
  gateway: 'd-ox3',
  from: now - 3_600_000,
  to: null,
  signals: [],
};

function reading(change: object = {}, takenAt = now - 1_000): Reading {
  const base = { v: 1, boot: 12, seq: 7, vital: 'spo2', unit: '%', quality: 'good', clock: 'synced' };
  return { ...base, value: 86.4, takenAt, receivedAt: takenAt, ...change } as Reading;
}

function absence(takenAt: number): Reading {
  const { value: _, ...rest } = reading({ quality: 'bad', absent: 'no-contact' }, takenAt) as { value?: number };
  return rest as Reading;
}

function shown(readings: readonly Reading[], at = now): Measurement {
  const values = new LatestValues();
  for (const each of readings) values.put('p-5', heldReading(each, { device: 'd-ox3', acceptedAt: each.takenAt }));
  const made = measurementOf('spo2', values.get('p-5', 'spo2'), () => ({ now: at, binding, everyMs: 1_000 }));
  // What is sent is what the contract says: a stale one with a value would not pass.
  return Measurement.parse(made);
}

describe('a measurement', () => {
  test('names its value, its age, its reading and the binding', { tags: ['API-AGE', 'API-PATIENT'] }, () => {
    expect(shown([reading()])).toMatchObject({
      state: 'live',
      value: 86,
      unit: '%',
      ageMs: 1_000,
      freshForMs: 30_000,
      takenAt: '2026-03-01T02:11:09.000Z',
      reading: 'd-ox3/12/7',
      device: 'd-ox3',
      boundFrom: '2026-03-01T01:11:10.000Z',
      boundTo: null,
    });
  });

  test('that is stale has no value, only what was', { tags: ['API-AGE'] }, () => {
    const stale = shown([reading()], now + 30_000);
    expect(stale).toMatchObject({ state: 'stale', last: { value: 86, takenAt: '2026-03-01T02:11:09.000Z' } });
    expect(stale).not.toHaveProperty('value');
  });

  test('is live up to its limit of freshness and stale after it', { tags: ['API-AGE'] }, () => {
    const states = [29_000, 29_001].map((later) => shown([reading()], now + later).state);
    expect(states).toEqual(['degraded', 'stale']);
  });

  test.for([
    ['late', {}, 6_000],
    ['doubtful', { quality: 'doubtful' }, 0],
    ['of an unsure clock', { clock: 'unsure' }, 0],
  ] as const)('%s is degraded', ([, change, later]) => {
    expect(shown([reading(change)], now + later).state).toBe('degraded');
  });

  test('without a number keeps the last one apart', { tags: ['API-AGE', 'CON-ABSENT'] }, () => {
    const absent = shown([reading({}, now - 2_000), absence(now - 1_000)]);
    expect(absent).toMatchObject({ state: 'absent', absent: 'no-contact', last: { value: 86 } });
    expect(absent).not.toHaveProperty('value');
  });

  test('of bad quality shows no number', { tags: ['API-AGE', 'ALR-QUALITY'] }, () => {
    const bad = shown([reading({ quality: 'bad', value: 40 })]);
    expect(bad).toMatchObject({ state: 'absent', absent: 'invalid', last: null });
    expect(JSON.stringify(bad)).not.toContain('40');
  });

  test('that never came says so', () => {
    expect(shown([])).toEqual({ state: 'never', vital: 'spo2', unit: '%', freshForMs: 30_000 });
  });

  test('beyond what the device can tell is a bound', () => {
    const { value: _, ...bound } = reading({ bound: 'below' }) as { value?: number };
    const low = shown([bound as Reading]);
    expect(low).toMatchObject({ state: 'live', bound: 'below' });
    expect(low).not.toHaveProperty('value');
  });

  test('comes from the reading taken last, in whatever order they come in', { tags: ['ING-ORDER', 'API-AGE'] }, () => {
    const offsets = fc.uniqueArray(fc.integer({ min: 0, max: 25_000 }), { minLength: 1, maxLength: 12 });
    const shuffled = offsets.chain((all) => fc.shuffledSubarray(all, { minLength: all.length }));
    const summary = fc.check(
      fc.property(shuffled, (order) => {
        const readings = order.map((offset) => reading({ value: 70 + (offset % 30), seq: offset + 1 }, now - offset));
        const newest = Math.min(...order);
        const made = shown(readings);
        return 'reading' in made && made.reading === `d-ox3/12/${newest + 1}`;
      }),
    );
    expect(summary.counterexample).toBeNull();
  });
});
