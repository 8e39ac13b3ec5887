import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReplayArguments } from '../../../simulators/index.ts';
import { cellsOf } from '../../../simulators/replay/csv-rows.ts';
import { zoneRule } from '../../../simulators/replay/zone.ts';
import { openTable, refusalOf } from '../../support/replay.ts';

/** Readings as `[second, vital, what]`, what being a value, a bound or an absence. */
async function readings(text: string, asked: ReplayArguments = {}, name?: string) {
  const { items } = await openTable(text, asked, name);
  return items.flatMap((item) =>
    item.kind === 'readings'
      ? item.readings.map(({ vital, unit, ...what }) => [item.atMs / 1_000, vital, { ...what, unit }])
      : [],
  );
}

const values = async (text: string, asked?: ReplayArguments) =>
  (await readings(text, asked)).map(([, , what]) => (what as { value?: number }).value);

const refused = async (text: string, asked: ReplayArguments = {}) => {
  const { name, message } = await refusalOf(() => openTable(text, asked));
  return { name, message: message.replace(/^.*t\.csv/, '') };
};

describe('a table', () => {
  test('names its columns and units as devices do', async () => {
    const bidmc = 'Time [s], HR, PULSE, RESP, SpO2\n-0,94,93,25,97\n1,94,NaN,25,\n';
    expect(await readings(bidmc)).toEqual([
      [0, 'hr', { value: 94, unit: '/min' }],
      [0, 'pulse', { value: 93, unit: '/min' }],
      [0, 'resp', { value: 25, unit: '/min' }],
      [0, 'spo2', { value: 97, unit: '%' }],
      [1, 'hr', { value: 94, unit: '/min' }],
      [1, 'pulse', { absent: 'not-a-number', unit: '/min' }],
      [1, 'resp', { value: 25, unit: '/min' }],
      [1, 'spo2', { absent: 'unavailable', unit: '%' }],
    ]);
  });

  const glucose: readonly [string, string][] = [
    ['timestamp,glucose_mg_dl\n2022-04-02T00:03:05,111', 'mg/dL'],
    ['Timestamp;Glucose Value (mmol/L)\n2022-04-02 00:03:05;6,1', 'mmol/L'],
    ['time\tbg_mmol_l\n1648857785\t6.1', 'mmol/L'],
    ['Date,Time,Glucose [mg/dL],Note\n2022-04-02,00:03,111,"a, ""b"""', 'mg/dL'],
    ['\ufefftime,glucose,unit\r\n2022-04-02T00:03:05Z,6.1,mmol/l\r\n', 'mmol/L'],
    ['time|sgv|sgv_unit\n1648857785000|111 mg/dL|mg/dl', 'mg/dL'],
  ];
  test.for(glucose)('recognises %j', { tags: ['CON-UNITS'] }, async ([text, unit]) => {
    const [[, vital, what] = []] = await readings(text);
    expect([vital, what]).toEqual(['glucose', { value: unit === 'mg/dL' ? 111 : 6.1, unit }]);
  });

  test('may be packed, and have another ending', async () => {
    const { recording } = await openTable(gzipSync('time,spo2\n1648857785,97\n'), {}, 'x.tsv.gz');
    expect([recording.name, recording.facts.readings]).toEqual(['x', 1]);
  });

  const times: readonly [string, ReplayArguments, string][] = [
    ['2022-04-02T00:03:05', {}, '2022-04-02T00:03:05.000Z'],
    ['2022-04-02T00:03:05.25Z', {}, '2022-04-02T00:03:05.250Z'],
    ['2022-04-02 00:03:05+02:00', {}, '2022-04-01T22:03:05.000Z'],
    ['2022-04-02T00:03:05', { zone: 'America/New_York' }, '2022-04-02T04:03:05.000Z'],
    ['1648857785', {}, '2022-04-02T00:03:05.000Z'],
    ['1648857785.5', {}, '2022-04-02T00:03:05.500Z'],
    ['1648857785123', {}, '2022-04-02T00:03:05.123Z'],
    ['1648857785123456', {}, '2022-04-02T00:03:05.123Z'],
    ['16/04/2022 12:30', {}, '2022-04-16T12:30:00.000Z'],
    ['04/16/2022 12:30 PM', {}, '2022-04-16T12:30:00.000Z'],
    ['04.05.2022 12:30', { timeUnit: 'dmy' }, '2022-05-04T12:30:00.000Z'],
    ['17', { timeUnit: 's', from: '2022-04-02T00:00:00Z' }, '2022-04-02T00:00:00.000Z'],
  ];
  test.for(times)('reads the time %s (%j)', async ([time, asked, begins]) => {
    const { recording } = await openTable(`when,spo2\n${time},97\n`, { timeColumn: 'when', ...asked });
    expect(new Date(recording.startsAt).toISOString()).toBe(begins);
  });

  test('keeps the time as its device wrote it', async () => {
    const { items } = await openTable('time,spo2\n2022-04-02 00:03:05,97\n');
    expect(items).toMatchObject([{ deviceTime: '2022-04-02 00:03:05' }]);
  });

  test('is in order over the night in which clocks go back, and over that in which they go forward', async () => {
    const rows = (...hours: string[]) => `time,spo2\n${hours.map((hour) => `${hour},97`).join('\n')}\n`;
    const back = rows('2023-10-29 01:30:00', '2023-10-29 02:30:00', '2023-10-29 02:00:00', '2023-10-29 03:00:00');
    const forward = rows('2023-03-26 01:30:00', '2023-03-26 03:30:00');
    const secondsOf = async (text: string) =>
      (await readings(text, { zone: 'Europe/Berlin' })).map(([second]) => (second as number) / 60);
    expect([await secondsOf(back), await secondsOf(forward)]).toEqual([
      [0, 60, 90, 150],
      [0, 60],
    ]);
  });

  test('an absence is never a number, whatever it is written as', { tags: ['CON-ABSENT'] }, async () => {
    const cells = [
      '',
      'NaN',
      'nan',
      'NA',
      'N/A',
      '--',
      '---',
      '?',
      'null',
      '-1',
      '-9999',
      '8388607',
      'Low',
      'HIGH',
      '<40',
    ];
    const rows = cells.map((cell, i) => `${i},${cell}`).join('\n');
    const what = (await readings(`seconds,glucose mg/dl\n${rows}\n`)).map(([, , each]) => each);
    const unit = 'mg/dL';
    const nothing = { absent: 'unavailable', unit };
    const notANumber = { absent: 'not-a-number', unit };
    expect(what).toEqual([
      ...[nothing, notANumber, notANumber, nothing, nothing, nothing, nothing, nothing, nothing],
      ...[notANumber, notANumber, notANumber],
      { bound: 'below', unit },
      { bound: 'above', unit },
      { value: 40, bound: 'below', unit },
    ]);
  });

  test('keeps a zero unless a person says that it means nothing, and tells of what no body gives', async () => {
    const text = 'seconds,resp,spo2\n0,0,0\n1,12,97\n';
    const plain = await openTable(text);
    expect([await values(text), plain.recording.notes.some((note) => note.startsWith('1 values are outside'))]).toEqual(
      [[0, 0, 12, 97], true],
    );
    expect(await values(text, { absent: '0' })).toEqual([undefined, undefined, 12, 97]);
  });

  test('an empty cell is no reading at all if a person says so', async () => {
    expect(await values('seconds,resp,spo2\n0,12,\n1,,97\n', { empty: 'skip' })).toEqual([12, 97]);
  });

  test('keeps duplicates and gaps as they are', async () => {
    const { recording, items } = await openTable('seconds,spo2\n0,97\n1,97\n1,96\n2,97\n3,97\n30,95\n');
    expect([
      items.map(({ atMs }) => atMs),
      recording.facts.gaps,
      recording.notes.some((note) => note.startsWith('1 rows have the time')),
    ]).toEqual([[0, 1_000, 1_000, 2_000, 3_000, 30_000], 1, true]);
  });

  test('usual intervals are those of each column', async () => {
    const rows = Array.from({ length: 61 }, (_, i) => `${i * 5},${i % 12 === 0 ? 100 : ''},97`).join('\n');
    const { recording } = await openTable(`seconds,glucose_mg_dl,spo2\n${rows}\n`, { empty: 'skip' });
    expect(recording.signals.map(({ name, everyMs }) => [name, everyMs])).toEqual([
      ['glucose', 60_000],
      ['spo2', 5_000],
    ]);
  });

  test('decimal commas are told from points by their numbers, or by a person', async () => {
    const glucose = (cell: string) => `time;glucose mmol/l\n1648857785;${cell}\n`;
    expect([
      await values(glucose('5,6')),
      await values(glucose('5.6')),
      await values('time,glucose mmol/l\n1648857785,"5,6"\n'),
      await values('time;glucose mg/dl\n1648857785;1,234\n', { decimal: 'comma' }),
    ]).toEqual([[5.6], [5.6], [5.6], [1.234]]);
  });

  test('cells come back as they were written, quotes, delimiters, line ends and all', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', ';', '\n', ' b') }).map((text) => text.trim());
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1 }), (cells) => {
        const text = cells.map((each) => `"${each.replaceAll('"', '""')}"`).join(';');
        expect(cellsOf(text, ';')).toEqual(cells);
      }),
    );
  });
});

describe('a table that can be read in two ways is asked for, with the flag that settles it', () => {
  const asked: readonly [string, string, RegExp][] = [
    ['no time', 'a,spo2\n1,97', /which column is the time: "a", "spo2"\? Say --time-column/],
    ['two times', 'time,timestamp,spo2\n1,2,97', /which column is the time: "time", "timestamp"\?/],
    ['no vital', 'time,a\n1648857785,97', /which column is which vital: "time", "a"\? Say --column VITAL=NAME/],
    [
      'two of a vital',
      'time,SpO2,saturation\n1648857785,97,97',
      /which column is spo2: "SpO2", "saturation"\? Say --column spo2=NAME/,
    ],
    [
      'glucose without unit',
      'time,glucose\n1648857785,97',
      /in which unit is column "glucose"\? Say --unit glucose=UNIT, with one of mg\/dL, mmol\/L/,
    ],
    [
      'a unit that is none of it',
      'time,spo2 (kPa)\n1648857785,97',
      /column "spo2 \(kPa\)": unit "kpa" is none of spo2; say --unit/,
    ],
    ['what a number counts', 'time,spo2\n17,97', /what does "17" count\? Say --time-unit/],
    [
      'day or month',
      'time,spo2\n04/05/2022 12:30,97',
      /is "04\/05\/2022 12:30" day first or month first\? Say --time-unit dmy or mdy/,
    ],
    ['what is no time', 'time,spo2\nnoon,97', /how is "noon" a time\?/],
    [
      'comma or thousand',
      'time;glucose mg/dl\n1648857785;1,234',
      /is "1,234" one number with a decimal comma, or thousands\? Say --decimal/,
    ],
    ['one column', 'spo2\n97', /what stands between the columns of "spo2"\? Say --delimiter/],
    ['two delimiters', 'time;a,spo2;b\n1;2,97;3', /is "," or ";" what stands between the columns/],
  ];
  test.for(asked)('%s', async ([, text, says]) => {
    const { name, message } = await refused(`${text}\n`);
    expect([name, message]).toEqual(['UsageError', expect.stringMatching(says)]);
  });

  test('and the flag settles it', async () => {
    const settled = [
      await values('a,spo2\n1,97\n', { timeColumn: 'a', timeUnit: 's' }),
      await values('time,a\n1648857785,97\n', { column: ['spo2=a'] }),
      await values('time,glucose\n1648857785,97\n', { unit: ['glucose=mg/dl'] }),
      await values('time,SpO2,saturation\n1648857785,97,96\n', { column: ['spo2=saturation'] }),
      await values('time;a,spo2;b\n1;2,97;3\n', {
        delimiter: ',',
        timeColumn: 'time;a',
        timeUnit: 's',
        column: ['spo2=spo2;b'],
        decimal: 'comma',
      }).catch((error: Error) => error.message.replace(/.*line/, 'line')),
    ];
    expect(settled).toEqual([[97], [97], [97], [96], 'line 2: time "1;2", expected a number (s)']);
  });

  test('a flag that names what there is not is refused', async () => {
    const text = 'time,spo2\n1648857785,97\n';
    expect([
      (await refused(text, { column: ['hr=HF'] })).message,
      (await refused(text, { timeColumn: 'when' })).message,
      (await refused(text, { only: 'hr' })).message,
    ]).toEqual([
      expect.stringMatching(/--column hr: which column is "HF"\? It has "time", "spo2"/),
      expect.stringMatching(/--time-column: which column is "when"\?/),
      expect.stringMatching(/--only hr: there is no such column|which column is which vital/),
    ]);
  });
});

describe('a table is refused, with line, what was found and what was expected', () => {
  const head = 'time,spo2,note\n1648857785,97,\n';
  const wrong: readonly [string, string | Uint8Array, RegExp][] = [
    ['nothing', '', /is empty/],
    ['no names', '0,97\n1,96\n', /line 1: "0,97", expected the names of its columns/],
    ['names alone', 'time,spo2\n', /has column names and no rows/],
    ['a word for a number', `${head}1648857786,x9,\n`, /line 3, column "spo2": "x9", expected a number/],
    [
      'a unit that is another',
      `${head}1648857786,97 mg/dL,\n`,
      /line 3, column "spo2": "97 mg\/dL", expected the unit %/,
    ],
    ['a missing cell', `${head}1648857786,97\n`, /line 3: 2 cells, expected 3/],
    ['a cell too many', `${head}1648857786,97,,x\n`, /line 3: 4 cells, expected 3/],
    [
      'time that goes back',
      `${head}1648857784,97,\n`,
      /line 3: time "1648857784" is before that of line 2; rows have to be in the order of their time/,
    ],
    ['a time that is none', `${head}later,97,\n`, /line 3: time "later", expected a number \(epoch-s\)/],
    [
      'a time of another unit',
      `${head}1648857786000,97,\n`,
      /line 3: time "1648857786000", expected epoch-s between 1970 and 2100/,
    ],
    ['a day that there is not', 'time,spo2\n2022-02-30T00:00:00,97\n', /line 2: time "2022-02-30T00:00:00" is none/],
    [
      'a quote that does not end',
      `${head}1648857786,"97,\n${'x'.repeat(70_000)}`,
      /line 3: longer than 65536 bytes, or a quote that does not end/,
    ],
    ['other bytes than UTF-8', Buffer.from([...Buffer.from(head), 0xff, 0xfe, 0x0a]), /from byte 0: not UTF-8/],
    ['UTF-16', Buffer.from(head, 'utf16le'), /byte 1: a zero byte, expected UTF-8/],
    [
      'a unit in a row that is none',
      'time,glucose,unit\n1648857785,97,stone\n',
      /line 2, column "glucose": unit "stone", expected one of mg\/dL, mmol\/L/,
    ],
  ];
  test.for(wrong)('%s', async ([, text, says]) => {
    const { name, message } = await refusalOf(() => openTable(text));
    expect([name, message]).toEqual(['RecordingError', expect.stringMatching(says)]);
  });
});

describe('local time', () => {
  const local = (hour: number, minute = 0, day = 1, month = 7) => ({ year: 2023, month, day, hour, minute, second: 0 });
  test('is what the zone says it is, on an ordinary day as in the nights of change', () => {
    const berlin = zoneRule('Europe/Berlin');
    const utc = (instants: readonly number[]) =>
      instants.map((instant) => new Date(instant).toISOString().slice(11, 16));
    expect([
      utc(berlin(local(12))),
      utc(berlin(local(12, 0, 1, 1))),
      utc(berlin(local(2, 30, 29, 10))),
      utc(berlin(local(2, 30, 26, 3))),
      utc(zoneRule('Asia/Kathmandu')(local(12))),
      utc(zoneRule('UTC')(local(12))),
    ]).toEqual([['10:00'], ['11:00'], ['00:30', '01:30'], ['01:30'], ['06:15'], ['12:00']]);
  });

  test('of a zone that there is not is refused by name', () => {
    expect(() => zoneRule('Mars/Olympus')).toThrow(/--zone Mars\/Olympus: expected a zone such as/);
  });
});
