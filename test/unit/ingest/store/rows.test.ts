import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { type AppendRecord, absentReasons } from '../../../../contract/index.ts';
import { hashOf, rowsOf } from '../../../../ingest/store/rows.ts';
import { reading, readingsRecord, sentRecord, start, tickRecord, waveformRecord } from './inputs.ts';

const rows = ({ key, value }: AppendRecord) => rowsOf({ position: 7, key, value }, 3);
const row = (record: AppendRecord) => rows(record).numerics[0];

test('a value comes in the canonical unit, unrounded', { tags: ['CON-UNITS'] }, () => {
  const glucose = reading(1, { vital: 'glucose', value: 5.6, unit: 'mmol/L' });
  expect(row(readingsRecord(glucose))).toMatchObject({ vital: 1, value: 5.6 * 18.0156, partition: 3, position: 7 });
});

test('what was sent stays beside it: the unit, and the number where it is another', { tags: ['CON-UNITS'] }, () => {
  const of = (facts: Parameters<typeof reading>[1]) => row(readingsRecord(reading(1, facts)));
  expect(of({ vital: 'glucose', value: 5.6, unit: 'mmol/L' })).toMatchObject({ unit: 1, reported: 5.6 });
  expect(of({ vital: 'glucose', value: 101, unit: 'mg/dL' })).toMatchObject({ unit: 0, reported: null, value: 101 });
  const { value: _, ...without } = reading(1, { vital: 'temp', unit: '[degF]' }) as { value: number };
  const absent = { ...without, absent: 'no-contact', quality: 'bad' } as never;
  expect(row(readingsRecord(absent))).toMatchObject({ unit: 1, reported: null, value: null });
});

test('an absence, a bound and a quality become their codes', () => {
  const { value: _, ...without } = reading(1) as { value: number };
  const absent = { ...without, absent: 'no-contact', quality: 'bad' } as never;
  const code = absentReasons.indexOf('no-contact');
  expect(row(readingsRecord(absent))).toMatchObject({ value: null, absent: code, bound: 0, quality: 2 });
  const below = { ...without, bound: 'below', quality: 'doubtful' } as never;
  expect(row(readingsRecord(below))).toMatchObject({ value: null, absent: -1, bound: 1, quality: 1 });
  expect(row(readingsRecord(reading(1, { bound: 'above' })))).toMatchObject({ value: 96, bound: 2 });
});

test('effective time follows the skew of the header, and the clock is then unsure', () => {
  const acceptedAt = start + 10_000;
  const skewed = row(readingsRecord(reading(1), { acceptedAt, skew: 2_000 }));
  expect(skewed).toMatchObject({ takenAt: start + 1_000, effectiveAt: start + 3_000, clock: 2 });
  const future = row(readingsRecord(reading(60), { acceptedAt }));
  expect(future).toMatchObject({ takenAt: start + 60_000, effectiveAt: acceptedAt, clock: 2 });
  expect(row(readingsRecord(reading(1), { acceptedAt, clock: 'unsure' }))).toMatchObject({ clock: 2 });
  expect(row(readingsRecord(reading(1, { clock: 'estimated' }), { acceptedAt }))).toMatchObject({ clock: 1 });
});

test('the hash is of the element as it was sent, spaces and all', { tags: ['ING-DEDUP'] }, () => {
  const one = `{ "v":1, ${JSON.stringify(reading(1)).slice(7)}`;
  const two = JSON.stringify(reading(2));
  const body = new TextEncoder().encode(`[ ${one} ,\n ${two}]`);
  const { numerics } = rows(sentRecord('readings', body));
  const first64 = (text: string) => createHash('sha256').update(text).digest().readBigInt64BE(0);
  expect(numerics.map(({ seq, hash }) => [seq, hash])).toEqual([
    [1, first64(one)],
    [2, first64(two)],
  ]);
  expect(hashOf(new TextEncoder().encode('abc'))).toBe(BigInt.asIntN(64, 0xba7816bf8f01cfean));
});

test('a block keeps its bytes', { tags: ['ING-ECG'] }, () => {
  const record = waveformRecord(4, { patient: 'p-9' });
  const [block] = rows(record).waveforms;
  expect(block).toMatchObject({
    patient: 'p-9',
    device: 'd-1',
    boot: 1,
    seq: 4,
    lead: 131_330,
    samples: 250,
    rateMhz: 250_000,
  });
  const body = record.value.subarray(record.value.indexOf(10) + 1);
  expect(Buffer.from(block?.block ?? [])).toEqual(Buffer.from(body));
  expect(block?.hash).toBe(hashOf(body));
});

test('a corrupt block is a bad record, a tick is no row', { tags: ['ING-POISON'] }, () => {
  const bytes = waveformRecord(1).value.slice();
  bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
  expect(() => rows({ key: 'p-1', value: bytes })).toThrow(expect.objectContaining({ code: 'BAD_RECORD' }));
  expect(rows(tickRecord(1))).toEqual({ numerics: [], waveforms: [] });
});
