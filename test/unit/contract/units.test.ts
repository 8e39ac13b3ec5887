import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPossible, toCanonical, toResolution, VITALS, vitalNames, vitalOfCode } from '../../../contract/index.ts';

describe('units', () => {
  test.for([
    ['glucose', 3.9, 'mmol/L', 70],
    ['glucose', 3, 'mmol/L', 54],
    ['glucose', 10, 'mmol/L', 180],
    ['glucose', 13.9, 'mmol/L', 250],
    ['glucose', 16.7, 'mmol/L', 301],
    ['glucose', 70, 'mg/dL', 70],
    ['temp', 98.6, '[degF]', 37],
    ['sbp', 16, 'kPa', 120],
    ['spo2', 88.5, '%', 89],
    ['temp', 36.65, 'Cel', 36.7],
  ] as const)('%s %d %s shows as %d', { tags: ['CON-UNITS'] }, ([vital, value, unit, shown]) => {
    expect(toResolution(vital, toCanonical(vital, value, unit) as number)).toBe(shown);
  });

  test('of another vital, unknown or inherited give no value', { tags: ['CON-UNITS'] }, () => {
    const wrong = [
      toCanonical('glucose', 5, 'mmol'),
      toCanonical('spo2', 97, 'mmol/L'),
      toCanonical('temp', 37, 'C'),
      toCanonical('glucose', 5, 'constructor'),
      toCanonical('glucose', 5, ''),
    ];
    expect(wrong).toEqual(wrong.map(() => undefined));
  });

  test('mmol/L and mg/dL agree there and back to the last digit shown', { tags: ['CON-UNITS'] }, () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 1500 }), (mgdl) => {
        const back = toCanonical('glucose', mgdl / 18.0156, 'mmol/L') as number;
        return toResolution('glucose', back) === mgdl;
      }),
    );
    expect(toResolution('glucose', 70.5)).toBe(71);
  });

  test('rounding is half away from zero at every tenth', () => {
    const rounded = Array.from({ length: 261 }, (_, i) => toResolution('temp', 20 + i / 10));
    expect(rounded).toEqual(Array.from({ length: 261 }, (_, i) => (200 + i) / 10));
  });

  test('possible ranges hold their ends and nothing beyond', { tags: ['ING-VALIDATE'] }, () => {
    const ends = vitalNames.flatMap((vital) => {
      const { possible, resolution } = VITALS[vital];
      const [low, high] = possible;
      return [
        isPossible(vital, low),
        isPossible(vital, high),
        !isPossible(vital, low - resolution),
        !isPossible(vital, high + resolution),
      ];
    });
    expect(ends).toEqual(ends.map(() => true));
  });

  test('codes never change', () => {
    expect(vitalNames.map((vital) => [vital, VITALS[vital].code])).toEqual([
      ['glucose', 1],
      ['spo2', 2],
      ['pulse', 3],
      ['hr', 4],
      ['resp', 5],
      ['temp', 6],
      ['sbp', 7],
      ['dbp', 8],
      ['perfusion', 9],
      ['rr', 10],
      ['oxygen', 11],
      ['consciousness', 12],
    ]);
    expect([vitalOfCode(2), vitalOfCode(0), vitalOfCode(13)]).toEqual(['spo2', undefined, undefined]);
  });
});
