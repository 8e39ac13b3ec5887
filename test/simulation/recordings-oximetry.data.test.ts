// Six recordings of a pulse oximeter with seeded desaturations laid over them, through the whole system in virtual time:
// judged by the oracle, and both by the truth that the desaturations were made from.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readNumerics } from '../oracle/csv.ts';
import type { Expected } from '../oracle/expected.ts';
import { type Desaturation, overlaid, type ShapeName } from '../oracle/overlay.ts';
import { readingsWatched } from '../oracle/watched.ts';
import { textOf, written } from '../support/recording-files.ts';
import { alertsDiffer, played, readingsDiffer } from '../support/recordings.ts';

const from = '2026-03-01T02:00:00Z';
const columns = ['hr', 'pulse', 'resp', 'spo2'] as const;

/** Of each the number, a seed, and the desaturations in their order. */
const records: readonly (readonly [string, number, readonly ShapeName[]])[] = [
  ['01', 11, ['short', 'exact', 'speckled', 'broken', 'deep', 'long']],
  ['19', 12, ['exact', 'short', 'deep', 'short', 'broken']],
  ['53', 13, ['broken', 'exact', 'short', 'speckled', 'exact']],
  ['41', 14, ['deep', 'deep', 'short', 'long']],
  ['39', 15, ['speckled', 'speckled', 'exact', 'short', 'exact', 'exact']],
  ['45', 16, ['long', 'broken', 'short', 'exact', 'speckled', 'deep']],
];

/** Which rule of SpO2 became true in which second. */
function saturationOf({ truths }: Expected, startsAt: number): string[] {
  const low = truths.filter(({ family }) => family === 'spo2-low');
  return low.map(({ rule, trueAt }) => `${(trueAt - startsAt) / 1_000} ${rule}`).sort();
}

function madeFrom(truth: readonly Desaturation[]): string[] {
  const rows = truth.flatMap((each) => Object.entries(each.truth));
  return rows.flatMap(([rule, second]) => (second === null ? [] : [`${second} ${rule}`])).sort();
}

describe.for(records)('record %s, seed %i', ([name, seed, shapes]) => {
  const { csv, truth } = overlaid(textOf(`spo2/bidmc/bidmc_${name}_Numerics.csv`), shapes, seed);

  test('the alerts are the oracle’s and those of the truth, and the store’s numbers the file’s', {
    tags: ['ALR-LIMIT', 'ALR-CLEAR', 'ALR-HYSTERESIS', 'ALR-QUALITY', 'ALR-EPISODE', 'ALR-LATCH', 'CON-ABSENT'],
    timeout: 300_000,
  }, async () => {
    const truthPath = written('truth.json', JSON.stringify(truth));
    const outcome = await played({ path: written('overlaid.csv', csv), asked: { from, tail: '5s' } });
    const { startsAt, told } = outcome;
    const table = readNumerics(csv);
    const signals = columns.map((name) => readingsWatched(name, 1_000, table[name] ?? [], startsAt));
    expect(alertsDiffer(outcome, signals)).toBeUndefined();
    const laid = madeFrom(JSON.parse(readFileSync(truthPath, 'utf8')) as Desaturation[]);
    expect(saturationOf(told, startsAt)).toEqual(laid);
    expect(laid.length).toBeGreaterThan(0);
    for (const name of columns) expect(readingsDiffer(outcome, name, table[name] ?? [], startsAt)).toBeUndefined();
  });
});
