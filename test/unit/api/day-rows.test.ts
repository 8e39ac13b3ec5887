import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textCell } from '../../../api/day/csv.ts';
import { dayHeading, dayRows } from '../../../api/day/day-rows.ts';
import { absentReasons, type NumericRow, VITALS, vitalNames } from '../../../contract/index.ts';
import { pointColumns } from '../../../ingest/store/columns.ts';
import { numericRow } from '../../contracts/time-series-store-rows.ts';
import { parseCsv } from '../../support/csv.ts';

const [names = []] = parseCsv(dayHeading);

/** Lines as objects by the heading. */
function linesOf(rows: readonly NumericRow[], { zone = 'Europe/Berlin', mrn = '00123456' } = {}) {
  const text = dayRows({ patient: { id: 'p-5', mrn }, zone, columns: pointColumns(rows) });
  return parseCsv(text).map((cells) => {
    expect(cells.length).toBe(names.length);
    return Object.fromEntries(cells.map((cell, i) => [names[i] as string, cell]));
  });
}

describe('a line of a day', () => {
  test('has the number with its unit in words, both times, and what was sent', {
    tags: ['API-DAY', 'CON-UNITS'],
  }, () => {
    const at = Date.UTC(2026, 2, 29, 1, 0, 0, 120);
    const value = 5.6 * 18.0156;
    const sent = { vital: VITALS.glucose.code, value, unit: 1, reported: 5.6 };
    expect(linesOf([numericRow({ seq: 7, effectiveAt: at, ...sent })])).toEqual([
      {
        Patient: 'p-5',
        'Record number': '00123456',
        'Local time': '2026-03-29T03:00:00.120+02:00',
        'Time (UTC)': '2026-03-29T01:00:00.120Z',
        Measurement: 'Glucose',
        Value: '101',
        Unit: 'mg/dL',
        Relation: '',
        'No value because': '',
        Quality: 'good',
        Clock: 'synced',
        'Reported value': '5.6',
        'Reported unit': 'mmol/L',
        'Unit (UCUM)': 'mg/dL',
        'Received (UTC)': '2026-03-29T01:00:00.160Z',
        'Accepted (UTC)': '2026-03-29T01:00:00.210Z',
        Device: 'd-1',
        Reading: 'd-1/1/7',
      },
    ]);
  });

  test('without a value says why, and is never a 0', { tags: ['API-DAY', 'ING-GAPS'] }, () => {
    const reasons = absentReasons.map((_, absent) =>
      numericRow({ seq: absent + 1, value: null, absent, quality: 2, unit: 0 }),
    );
    const bad = numericRow({ seq: 20, value: 41, quality: 2 });
    const low = numericRow({ seq: 21, value: null, bound: 1 });
    for (const line of linesOf([...reasons, bad, low])) {
      expect(line['Value']).toBe('');
      expect(line['No value because']).not.toBe('');
    }
    const [badLine, lowLine] = linesOf([bad, low]);
    expect(badLine).toMatchObject({ 'No value because': 'bad quality', 'Reported value': '41', Quality: 'bad' });
    expect(lowLine).toMatchObject({ Relation: 'below the measuring range', 'Reported value': '' });
    const [above] = linesOf([numericRow({ seq: 1, vital: 1, value: 400, bound: 2 })]);
    expect(above).toMatchObject({ Value: '400', Relation: 'above this value', 'No value because': '' });
  });

  test('keeps a 0 that was measured', () => {
    const alert = numericRow({ seq: 1, vital: VITALS.consciousness.code, value: 0 });
    expect(linesOf([alert])[0]).toMatchObject({ Value: '0', 'Reported value': '0', Unit: 'score' });
  });

  test('of a unit that was not kept says so and guesses nothing', { tags: ['CON-UNITS'] }, () => {
    const old = numericRow({ seq: 1, vital: 1, value: 101, unit: 255 });
    expect(linesOf([old])[0]).toMatchObject({ Value: '101', 'Reported value': '', 'Reported unit': 'not recorded' });
  });

  test('of every vital has a name and a unit', () => {
    const lines = linesOf(vitalNames.map((name, i) => numericRow({ seq: i + 1, vital: VITALS[name].code, value: 50 })));
    expect(new Set(lines.map(({ Measurement }) => Measurement)).size).toBe(vitalNames.length);
    expect(lines.filter(({ Unit }) => !Unit)).toEqual([]);
    expect(linesOf([numericRow({ seq: 1, vital: 200, value: 1 })])[0]).toMatchObject({ Value: '' });
  });

  test('comes back as it was from a plain reader, whatever its texts hold', { tags: ['API-DAY'] }, () => {
    const property = fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
      const [line] = linesOf([numericRow({ seq: 1 })], { mrn: text });
      const back = line?.['Record number'] ?? '';
      return back === text || back === `'${text}`;
    });
    const details = fc.check(property, { numRuns: 500 });
    expect(details.failed ? fc.defaultReportMessage(details) : 'holds').toBe('holds');
  });
});

test.for(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '=HYPERLINK("http://x","y")'])(
  'a text that a spreadsheet would run is marked as text: %j',
  (text) => {
    const [[cell = ''] = []] = parseCsv(textCell(text));
    expect(cell).toBe(`'${text}`);
  },
);
