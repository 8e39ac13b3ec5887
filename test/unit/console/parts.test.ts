// Small pure parts: density, addresses, slope.
import { describe, expect, test } from 'vitest';
import { layoutOf } from '../../../api/console/density.ts';
import { pathOf, routeOf } from '../../../api/console/route.ts';
import { slopeOf, withReading } from '../../../api/console/slope.ts';
import { live, stale } from './views.ts';

describe('a wall', () => {
  test.for([
    [0, 1_540, 960, 16, 'strips', 1],
    [1, 1_540, 960, 16, 'strips', 1],
    [4, 1_540, 960, 16, 'strips', 2],
    [8, 1_540, 960, 16, 'strips', 4],
    [12, 1_540, 960, 16, 'roomy', 4],
    [16, 1_540, 960, 16, 'roomy', 4],
    [17, 1_540, 960, 16, 'numbers', 6],
    [32, 1_540, 960, 16, 'numbers', 8],
    // Smaller, or with larger text, there is no room for a strip or a label beside each number.
    [8, 1_030, 650, 16, 'strips', 4],
    [16, 1_030, 640, 16, 'numbers', 6],
    [8, 1_030, 650, 32, 'numbers', 4],
  ] as const)(
    '%i patients on %i x %i with text of %i px: %s in %i columns',
    ([n, width, height, rem, density, columns]) => {
      expect(layoutOf(n, width, height, rem)).toEqual({ density, columns });
    },
  );

  test('no other number of columns has larger digits', () => {
    const size = (n: number, columns: number) =>
      Math.min((1_540 / columns) * 0.25, (960 / Math.ceil(n / columns)) * 0.2);
    for (let n = 17; n <= 32; n++) {
      const best = layoutOf(n, 1_540, 960, 16).columns;
      for (let columns = 1; columns <= n; columns++) expect(size(n, columns)).toBeLessThanOrEqual(size(n, best));
    }
  });
});

test.for([
  ['/', { screen: 'wall' }],
  ['/p/p-7k3q', { screen: 'patient', id: 'p-7k3q' }],
  ['/p/', { screen: 'wall' }],
  ['/p/<img>', { screen: 'wall' }],
  ['/elsewhere', { screen: 'wall' }],
] as const)('the address %s', ([path, route]) => {
  expect(routeOf(path)).toEqual(route);
  expect(routeOf(pathOf(route))).toEqual(route);
});

describe('the slope of glucose', () => {
  const minute = 60_000;
  const points = (...values: readonly (readonly [number, number])[]) =>
    values.map(([at, value]) => ({ at: at * minute, value }));

  test.for([
    ['rising two a minute', points([0, 100], [5, 110], [10, 120], [15, 130]), 2],
    ['steady', points([0, 100], [5, 100], [10, 100]), 0],
    ['falling, rounded', points([0, 100], [5, 99], [10, 95]), -0.5],
    ['by what is newer than 15 minutes alone', points([-30, 300], [0, 100], [5, 100], [10, 100]), 0],
    ['too few', points([0, 100], [10, 100]), null],
    ['too short', points([0, 100], [2, 100], [4, 100]), null],
    ['none', [], null],
  ] as const)('%s', ([, given, slope]) => {
    expect(slopeOf(given, (given.at(-1)?.at ?? 0) + minute)).toBe(slope);
  });

  test('of old readings is unknown, not steady', () => {
    const given = points([0, 100], [5, 100], [10, 100]);
    expect(slopeOf(given, 26 * minute)).toBeNull();
    expect(slopeOf(points([0, 100], [0, 101], [0, 102]), 0)).toBeNull();
  });

  test('takes in a reading that is newer by more than its bucket', () => {
    const before = points([0, 100]);
    const at = (ms: number, changes: object = {}) =>
      withReading(before, live({ takenAt: new Date(ms).toISOString(), value: 120, ...changes }));
    expect(at(2 * minute)).toEqual([...before, { at: 2 * minute, value: 120 }]);
    expect(at(30_000)).toBe(before);
    expect(at(2 * minute, { bound: 'above' })).toBe(before);
    expect(at(2 * minute, { value: undefined })).toBe(before);
    expect(withReading(before, stale())).toBe(before);
    expect(withReading(before, undefined)).toBe(before);
    expect(at(200 * minute)).toHaveLength(1);
  });
});
