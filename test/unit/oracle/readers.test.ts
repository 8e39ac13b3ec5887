// The oracle's readers and its calendar against bytes and figures worked out by hand, and against `shared/data/README.md`.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readGlucose, readNumerics } from '../../oracle/csv.ts';
import { instantOf, wordsOf } from '../../oracle/time.ts';
import { decode16, decode212, readWfdb } from '../../oracle/wfdb.ts';

test('the oracle imports nothing of ours', () => {
  const folder = fileURLToPath(new URL('../../oracle/', import.meta.url));
  const foreign = readdirSync(folder).flatMap((file) => {
    const text = readFileSync(`${folder}${file}`, 'utf8');
    const from = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, name]) => name ?? '');
    return from.filter((name) => !name.startsWith('./') && !name.startsWith('node:'));
  });
  expect(foreign).toEqual([]);
});

describe('time', () => {
  test.for([
    ['1970-01-01T00:00:00', 0],
    ['2000-02-29T12:00:00', 951_825_600_000],
    ['2024-03-01T00:00:00', 1_709_251_200_000],
    ['2023-12-08T00:04:00', 1_701_993_840_000],
    ['2020-02-13 17:23:32.5', 1_581_614_612_500],
  ] as const)('%s', ([text, instant]) => {
    expect([instantOf(text), instantOf(wordsOf(instant))]).toEqual([instant, instant]);
  });
});

describe('tables', () => {
  test('of glucose', () => {
    expect(readGlucose('timestamp,glucose_mg_dl\n1970-01-01T00:00:05,46.4\n1970-01-01T00:00:10,LOW\n')).toEqual([
      { at: 5_000, value: 46.4, bound: null },
      { at: 10_000, value: 40, bound: 'below' },
    ]);
  });

  test('of an oximeter, NaN and a time of -0 included', () => {
    const { hr, spo2 } = readNumerics('Time [s], HR, PULSE, RESP, SpO2\n-0,94,93,25,NaN\n1,95,NaN,25,97\n');
    expect(hr?.map(({ at, value }) => [at, value])).toEqual([
      [0, 94],
      [1_000, 95],
    ]);
    expect(spo2?.map(({ at, value }) => [at, value])).toEqual([
      [0, null],
      [1_000, 97],
    ]);
  });
});

describe('samples', () => {
  test('of format 212: two of twelve bits in three bytes', () => {
    // 0x3bb = 955 and 0x3e0 = 992; 0xfff = -1 and 0x800 = -2048.
    expect(decode212(Uint8Array.of(0xbb, 0x33, 0xe0, 0xff, 0x8f, 0x00))).toEqual([955, 992, -1, -2048]);
  });

  test('of format 16: low byte first', () => {
    expect(decode16(Uint8Array.of(0x01, 0x00, 0xff, 0xff, 0x00, 0x80))).toEqual([1, -1, -32_768]);
  });

  const header = '9 2 360 2\n9.dat 212 200 11 1024 955 954 0 MLII\n9.dat 212 200(-7)/uV 11 0 992 -1056 0 V1\n';
  const bytes = Uint8Array.of(0xbb, 0x33, 0xe0, 0xff, 0x8f, 0x00);

  test('of a record, signal by signal, the lowest number for none', () => {
    const { rateHz, signals } = readWfdb(header, bytes);
    expect(rateHz).toBe(360);
    expect(signals.map(({ name, gain, baseline, unit, adc }) => [name, gain, baseline, unit, adc])).toEqual([
      ['MLII', 200, 1024, 'mV', [955, -1]],
      ['V1', 200, -7, 'uV', [992, null]],
    ]);
  });

  test('are refused where they are not those of the header', () => {
    expect(() => readWfdb(header.replace('955', '956'), bytes)).toThrow('first sample');
    expect(() => readWfdb(header.replace(' 954', ' 953'), bytes)).toThrow('checksum');
  });
});
