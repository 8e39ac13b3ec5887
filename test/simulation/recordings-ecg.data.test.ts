// Four records of the MIT-BIH database through the whole system in virtual time: what ends, what falls silent inside, and
// every sample as it stands in the store, judged by the oracle's own reading of the same files.
import { describe, expect, test } from 'vitest';
import { blocksWatched } from '../oracle/watched.ts';
import { type Hole, readWfdb, type WfdbRecord, withHole } from '../oracle/wfdb.ts';
import { bytesOf, recordIn, textOf } from '../support/recording-files.ts';
import { alertsDiffer, type Coded, played, samplesDiffer } from '../support/recordings.ts';

const from = '2026-03-01T02:00:00Z';
/** So long is watched after the last sample: past the 2 min after which silence is of medium priority. */
const tail = '150s';

/** Record, leads as we call them, and the hole in each of them: seconds. */
const records: readonly (readonly [string, readonly Coded[], readonly Hole[]])[] = [
  ['101', ['II', 'V1'], [null, null]],
  ['104', ['V5', 'V2'], [[300, 309], null]],
  ['114', ['V5', 'II'], [null, [600, 745]]],
  [
    '208',
    ['II', 'V1'],
    [
      [900, 940],
      [905, 1_100],
    ],
  ],
];

describe.for(records)('record %s', ([name, leads, holes]) => {
  test('the alerts are the oracle’s and the store’s samples the file’s', {
    tags: ['ALR-STALE', 'ALR-QUALITY', 'ING-ECG', 'CON-ABSENT'],
    timeout: 300_000,
  }, async () => {
    const { header, bytes } = withHole(textOf(`ecg/mitdb/${name}.hea`), bytesOf(`ecg/mitdb/${name}.dat.gz`), holes);
    const outcome = await played({ path: recordIn(name, header, bytes), asked: { from, tail } });
    const record = readWfdb(header, bytes);
    expect(alertsDiffer(outcome, blocksWatched(record, outcome.startsAt, leads))).toBeUndefined();
    expect(outcome.told.events.length).toBeGreaterThan(0);
    for (const [index, lead] of leads.entries()) {
      const signal = record.signals[index] as WfdbRecord['signals'][number];
      expect(samplesDiffer(outcome, lead, signal, record.rateHz)).toBeUndefined();
    }
  });
});
