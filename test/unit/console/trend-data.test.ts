import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { extremesOf, laneOf, laneVitals, ranges, rowsOf, spanOf, ticksOf } from '../../../api/console/trend-data.ts';
import type { SeriesView } from '../../../contract/index.ts';

const from = '2026-03-01T08:00:00.000Z';
const fromMs = Date.parse(from);
const minute = 60_000;
const span = { fromMs, toMs: fromMs + 360 * minute };
const at = (minutes: number) => new Date(fromMs + minutes * minute).toISOString();

function series(changes: Partial<SeriesView> = {}): SeriesView {
  return {
    from,
    unit: '%',
    columns: ['t', 'min', 'max', 'mean', 'n'],
    rows: [],
    limits: [{ rule: 'spo2-low', priority: 'medium', limit: '< 88 %' }],
    gaps: [],
    ...changes,
  };
}

const rows = (minutes: readonly number[]): SeriesView['rows'] => minutes.map((t) => [t * minute, 94, 97, 95.5, 60]);

describe('a lane', () => {
  test('breaks wherever a bucket is missing, and has every bucket that came at its middle', {
    tags: ['ING-GAPS'],
  }, () => {
    const minutes = fc
      .uniqueArray(fc.integer({ min: 0, max: 359 }), { minLength: 1 })
      .map((all) => all.sort((a, b) => a - b));
    fc.assert(
      fc.property(minutes, (all) => {
        const lane = laneOf('spo2', series({ rows: rows(all) }), minute, span);
        const shown = lane.at.flatMap((seconds, i) => (lane.mean[i] === null ? [] : [seconds]));
        expect(shown).toEqual(all.map((t) => fromMs / 1_000 + t * 60 + 30));
        for (let i = 1; i < lane.at.length; i++) {
          if (lane.mean[i] === null || lane.mean[i - 1] === null) continue;
          expect((lane.at[i] as number) - (lane.at[i - 1] as number)).toBe(60);
        }
        for (const column of [lane.min, lane.max, lane.mean]) {
          expect(column.length).toBe(lane.at.length);
          expect(column.map((value) => value === null)).toEqual(lane.mean.map((value) => value === null));
        }
      }),
    );
  });

  test('a limit stands from when it came into force, and the one before it up to then', { tags: ['API-TIME'] }, () => {
    const lane = laneOf(
      'spo2',
      series({
        limits: [{ rule: 'spo2-low', priority: 'medium', limit: '< 88 %', from: at(90) }],
        limitsBefore: [
          { rule: 'spo2-low', priority: 'medium', limit: '< 90 %', from: at(-600), to: at(90) },
          { rule: 'spo2-low', priority: 'medium', limit: '< 92 %', from: at(-900), to: at(-600) },
        ],
      }),
      minute,
      span,
    );
    expect(lane.limits.map(({ value, fromMs: start, toMs: end }) => [value, start, end])).toEqual([
      [90, fromMs, fromMs + 90 * minute],
      [88, fromMs + 90 * minute, span.toMs],
    ]);
    expect(ticksOf(lane, 3)).toEqual([80, 88, 100]);
    expect(ticksOf(lane, 9)).toEqual([80, 100]);
  });

  test('grows for what is outside of the usual, never cuts it', () => {
    const lane = laneOf('spo2', series({ rows: [[0, 61, 97, 90, 60]] }), minute, span);
    expect([lane.bottom, lane.top]).toEqual([60, 100]);
    expect(extremesOf(lane)).toEqual({ min: 61, max: 97 });
    expect(extremesOf(laneOf('spo2', series(), minute, span))).toBeNull();
  });

  test('a hole counts as far as the span reaches', () => {
    const gaps = [
      { from: at(-60), to: at(10), cause: null },
      { from: at(100), to: at(130), cause: 'gateway-lost' },
      { from: at(400), to: at(500), cause: null },
    ];
    expect(laneOf('spo2', series({ gaps }), minute, span).gaps).toEqual([
      { fromMs, toMs: fromMs + 10 * minute, cause: null },
      { fromMs: fromMs + 100 * minute, toMs: fromMs + 130 * minute, cause: 'gateway-lost' },
    ]);
  });
});

test('the table holds the numbers of the chart, all of them, and the holes', { tags: ['API-READABLE'] }, () => {
  const gaps = [{ from: at(3), to: at(8), cause: null }];
  const spo2 = laneOf('spo2', series({ rows: rows([0, 1, 2, 8]), gaps }), minute, span);
  const pulse = laneOf('pulse', series({ unit: '/min', rows: [[60_000, 70, 74, 72, 60]], gaps }), minute, span);
  const table = rowsOf([spo2, pulse]);
  expect(table.map(({ fromMs: start, gap }) => [(start - fromMs) / minute, gap])).toEqual([
    [8, null],
    [3, { spo2: null, pulse: null }],
    [2, null],
    [1, null],
    [0, null],
  ]);
  const drawn = [spo2, pulse].flatMap((lane) =>
    lane.at.flatMap((seconds, i) =>
      lane.mean[i] === null ? [] : [`${lane.vital} ${seconds} ${lane.min[i]} ${lane.max[i]} ${lane.mean[i]}`],
    ),
  );
  const written = table.flatMap(({ fromMs: start, values }) =>
    Object.entries(values).map(([vital, one]) => `${vital} ${start / 1_000 + 30} ${one?.min} ${one?.max} ${one?.mean}`),
  );
  expect(written.sort()).toEqual(drawn.sort());
});

test('lanes are saturation, one rate and glucose, as far as the patient has them', () => {
  expect(laneVitals(['pulse', 'glucose', 'spo2'])).toEqual(['spo2', 'pulse', 'glucose']);
  expect(laneVitals(['pulse', 'hr'])).toEqual(['hr']);
  expect(laneVitals(['temp'])).toEqual([]);
});

test('a span is whole buckets, at most as many as one answer may have', () => {
  for (const range of ranges) {
    const { fromMs: start, toMs } = spanOf(range, fromMs + 12_345);
    expect(toMs % range.bucketMs).toBe(0);
    expect(toMs - start).toBe(range.hours * 3_600_000);
    expect((toMs - start) / range.bucketMs).toBeLessThanOrEqual(5_000);
    expect(toMs).toBeGreaterThanOrEqual(fromMs + 12_345);
  }
});
