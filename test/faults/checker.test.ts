// The checker of the kill test can fail: each fault that it is there for, put into sound evidence, is found and named.
import { expect, test } from 'vitest';
import { fleetPayload, type SentRecord } from '../../simulators/index.ts';
import { check, type Evidence, type Faults, noFaults, storeHash } from './checker.ts';

const plan = { seed: 3, episodes: { everyReadings: 20, lengthReadings: 3, gapReadings: 2 } };
const sent: readonly SentRecord[] = ['f-1', 'f-2'].flatMap((device) =>
  Array.from({ length: 40 }, (_, i) => ({ device, boot: 1, seq: i + 1, takenAt: 1_772_331_000_000 + i, crc: 0 })),
);
const made = (record: SentRecord) => fleetPayload({ ...plan, ...record });
const patientOf = (device: string) => `p-${device}`;
const logged = sent.map((record, position) => ({
  ...record,
  patient: patientOf(record.device),
  partition: 0,
  position,
  bytes: made(record),
}));
const stored = logged.map(({ bytes, ...row }) => ({ ...row, hash: storeHash(bytes) }));
const acked = sent.map(({ device, boot, seq }) => ({ device, boot, seq, connection: 1, order: seq }));
const episodes = [
  { patient: 'p-f-1', device: 'f-1', boot: 1, seq: 5 },
  { patient: 'p-f-2', device: 'f-2', boot: 1, seq: 9 },
];
const sound: Evidence = { sent, acked, made, patientOf, logged, stored, episodes, raised: episodes };

type Seventh<T> = (all: readonly T[]) => readonly T[];
const without: Seventh<never> = (all) => all.toSpliced(6, 1);
/** The seventh, changed. */
const changed = <T>(all: readonly T[], change: Partial<T>): T[] => all.toSpliced(6, 1, { ...(all[6] as T), ...change });
const foreign = { device: 'f-9', seq: 1 };
const eighth = logged[7]?.bytes ?? new Uint8Array();

const cases: readonly [string, keyof Faults, Partial<Evidence>][] = [
  ['a reading lost in the log', 'lost', { logged: without(logged as never[]), stored: without(stored as never[]) }],
  ['a reading lost in the store', 'lost', { stored: without(stored as never[]) }],
  ['a reading twice in the store', 'doubled', { stored: [...stored, ...stored.slice(6, 7)] }],
  ['other bytes in the log', 'corrupt', { logged: changed(logged, { bytes: eighth }) }],
  ['another hash in the store', 'corrupt', { stored: changed(stored, { hash: 1n }) }],
  ['a row that points elsewhere', 'corrupt', { stored: changed(stored, { position: 7 }) }],
  ['a row of another patient', 'corrupt', { stored: changed(stored, { patient: 'p-f-2' }) }],
  [
    'a reading in the log that nobody sent',
    'unexpected',
    { logged: [...logged, ...changed(logged, foreign).slice(6, 7)] },
  ],
  ['a row that nobody sent', 'unexpected', { stored: [...stored, ...changed(stored, foreign).slice(6, 7)] }],
  ['two PUBACKs swapped', 'disordered', { acked: changed(acked, { order: 9.5 }) }],
  ['a missed alert', 'missed', { raised: episodes.slice(1) }],
  ['a doubled alert', 'raisedTwice', { raised: [...episodes, ...episodes.slice(1)] }],
  [
    'an alert without an episode',
    'extra',
    { raised: [...episodes, { patient: 'p-f-1', device: 'f-1', boot: 1, seq: 6 }] },
  ],
  ['an alert of another patient', 'missed', { raised: episodes.map((told) => ({ ...told, patient: 'p-f-1' })) }],
];

test('sound evidence holds, and says how much it was', () => {
  const { faults, counts } = check(sound);
  expect(faults).toEqual(noFaults);
  expect(counts).toEqual({ sent: 80, acknowledged: 80, copies: 0, unacknowledgedButKept: 0, episodes: 2 });
});

test('a copy in the log, and a reading kept that was never acknowledged, are no faults', () => {
  const { faults, counts } = check({ ...sound, logged: [...logged, ...logged.slice(0, 3)], acked: acked.slice(2) });
  expect(faults).toEqual(noFaults);
  expect([counts.copies, counts.unacknowledgedButKept]).toEqual([3, 2]);
});

test.for(cases)('%s is found', ([_, fault, change]) => {
  const { faults } = check({ ...sound, ...change });
  expect(faults[fault]).not.toEqual([]);
});
