// Ten people's continuous glucose, as their sensors gave it, through the whole system in virtual time: judged by an oracle
// that reads the same files itself and has nothing of ours in it.
import { describe, expect, test } from 'vitest';
import { readGlucose } from '../oracle/csv.ts';
import { readingsWatched } from '../oracle/watched.ts';
import { rowsBetween, textOf, written } from '../support/recording-files.ts';
import { alertsDiffer, played, readingsDiffer } from '../support/recordings.ts';

const minute = 60_000;

/** Who, and which hours: lows and highs, pauses of more than 20 min, times that come twice, 40 and 400 of the sensor's limits. */
const traces = [
  ['AZT1D/Subject_16', '2024-02-04T15:07', '2024-02-04T21:07'],
  ['AZT1D/Subject_5', '2024-01-22T00:04', '2024-01-22T06:04'],
  ['AZT1D/Subject_8', '2024-01-24T22:02', '2024-01-25T04:02'],
  ['AZT1D/Subject_9', '2024-01-12T21:00', '2024-01-13T03:00'],
  ['AZT1D/Subject_11', '2024-01-12T21:02', '2024-01-13T03:02'],
  ['AZT1D/Subject_15', '2024-02-08T18:05', '2024-02-09T00:05'],
  ['PhysioCGM/c1s05', '2022-05-14T07:03', '2022-05-14T13:03'],
  ['PhysioCGM/c2s01', '2022-07-05T01:02', '2022-07-05T07:02'],
  ['PhysioCGM/c2s03', '2022-08-23T17:34', '2022-08-23T23:34'],
  ['BIGIDEAs/008', '2020-03-14T22:09', '2020-03-15T04:09'],
] as const;

describe.for(traces)('%s from %s', ([name, from, to]) => {
  test('the alerts are the oracle’s and the store’s numbers the file’s', {
    tags: ['ALR-LIMIT', 'ALR-CLEAR', 'ALR-STALE', 'ALR-EPISODE', 'ALR-LATCH', 'CON-ABSENT'],
    timeout: 300_000,
  }, async () => {
    const csv = rowsBetween(textOf(`glucose/${name}.csv.gz`), from, to);
    const outcome = await played({ path: written('glucose.csv', csv), asked: { unit: ['glucose=mg/dL'] } });
    const rows = readGlucose(csv);
    expect(alertsDiffer(outcome, [readingsWatched('glucose', 5 * minute, rows)])).toBeUndefined();
    expect(readingsDiffer(outcome, 'glucose', rows)).toBeUndefined();
    expect(outcome.told.truths.length).toBeGreaterThan(0);
  });
});

test('between them they have what makes a recording real', { tags: ['ALR-STALE'] }, () => {
  const parts = traces.map(([name, from, to]) => readGlucose(rowsBetween(textOf(`glucose/${name}.csv.gz`), from, to)));
  const pairs = parts.flatMap((rows) => rows.slice(1).map((row, at) => row.at - (rows[at]?.at ?? row.at)));
  const values = parts.flat().map(({ value }) => value ?? 0);
  const found = {
    pauses: pairs.filter((pause) => pause > 20 * minute).length,
    twice: pairs.filter((pause) => pause === 0).length,
    low: values.filter((value) => value < 54).length,
    high: values.filter((value) => value > 250).length,
    least: values.filter((value) => value === 40).length,
    most: values.filter((value) => value === 400).length,
  };
  expect(Object.entries(found).filter(([, count]) => count === 0)).toEqual([]);
});
