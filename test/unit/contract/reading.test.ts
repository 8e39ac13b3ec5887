import { describe, expect, test } from 'vitest';
import { absentReasons, Reading, vitalNames } from '../../../contract/index.ts';

const good = {
  v: 1,
  boot: 12,
  seq: 48211,
  vital: 'spo2',
  value: 86,
  unit: '%',
  quality: 'good',
  takenAt: 1772331054120,
  receivedAt: 1772331054164,
  clock: 'synced',
};
const { value: _, ...without } = good;

describe('a reading', () => {
  test.for([
    ['a value', good],
    ['a value beyond the device', { ...good, vital: 'glucose', unit: 'mg/dL', value: 40, bound: 'below' }],
    ['a bound alone', { ...without, bound: 'above' }],
    ['an absence', { ...without, absent: 'sensor-fault', quality: 'bad' }],
    [
      'all that is optional',
      {
        ...good,
        mode: 'spot',
        origin: 'memory',
        flags: ['motion'],
        specimen: 'capillary-plasma',
        site: 'finger',
        deviceTime: '2026-03-01T03:06:00',
        offsetMs: -3660000,
        offsetErrorMs: 2000,
      },
    ],
  ] as const)('with %s is one', { tags: ['CON-SCHEMA'] }, ([, reading]) => {
    expect(Reading.safeParse(reading).success).toBe(true);
  });

  test.for([
    ['NaN', { ...good, value: Number.NaN }],
    ['infinity', { ...good, value: Number.POSITIVE_INFINITY }],
    ['a value and an absence', { ...good, absent: 'no-contact', quality: 'bad' }],
    ['an absence of good quality', { ...without, absent: 'no-contact' }],
    ['nothing measured', without],
    ['a text for a value', { ...good, value: '86' }],
    ['an unknown key', { ...good, patient: 'p-5' }],
    ['another version', { ...good, v: 2 }],
    ['boot 0', { ...good, boot: 0 }],
    ['a fractional time', { ...good, takenAt: 1.5 }],
    ['no unit', { ...good, unit: '' }],
    ['an unknown vital', { ...good, vital: 'mood' }],
  ] as const)('with %s is none', { tags: ['CON-SCHEMA', 'CON-ABSENT'] }, ([, reading]) => {
    expect(Reading.safeParse(reading).success).toBe(false);
  });

  test('has a vital and an absence for every code', () => {
    expect([vitalNames.length, absentReasons.length]).toEqual([12, 10]);
  });
});
