import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReplayArguments } from '../../../simulators/index.ts';
import { parseHeader } from '../../../simulators/replay/wfdb-header.ts';
import { openAsAsked, ownFolder, refusalOf } from '../../support/replay.ts';
import { type WrittenRecord, type WrittenSignal, writeWfdb } from '../../support/wfdb-writer.ts';

const ramp = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + (i % 100));
const one = (signal: Partial<WrittenSignal> = {}, changed: Partial<WrittenRecord> = {}): WrittenRecord => ({
  record: 'r1',
  files: [{ file: 'r1.dat', format: 16, signals: [{ samples: ramp(250), ...signal }] }],
  ...changed,
});

/** Writes a record and plays it: samples and blocks of each lead. */
async function played(record: WrittenRecord, asked: ReplayArguments = {}) {
  using folder = ownFolder();
  const recording = await openAsAsked(writeWfdb(folder.path, record), asked);
  const blocks = (await Array.fromAsync(recording.items())).flatMap((item) => (item.kind === 'block' ? [item] : []));
  const leads = Map.groupBy(blocks, ({ lead }) => lead);
  const samples = Object.fromEntries([...leads].map(([lead, its]) => [lead, its.flatMap((each) => [...each.samples])]));
  return { recording, blocks, samples };
}

async function refused(record: WrittenRecord, asked: ReplayArguments = {}) {
  return await refusalOf(() => played(record, asked));
}

const ranges = { 16: [-32_768, 32_767], 80: [-128, 127], 212: [-2_048, 2_047] } as const;
const invalid = { 16: -32_768, 80: -128, 212: -2_048 } as const;

const anyFile = fc.constantFrom(16, 80, 212).chain((format) =>
  fc.record({
    format: fc.constant(format),
    gzip: fc.boolean(),
    lead: fc.uint8Array({ maxLength: 30 }),
    columns: fc.array(
      fc.array(fc.integer({ min: ranges[format][0], max: ranges[format][1] }), { minLength: 400, maxLength: 400 }),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
  }),
);
const leads = ['I', 'II', 'III', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'] as const;

describe('a WFDB record', () => {
  test('is played sample for sample as it was written, whatever its formats, files and lengths', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyFile, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 400 }),
        fc.boolean(),
        async (files, length, saysLength) => {
          let next = 0;
          const expected: Record<string, number[]> = {};
          const written = files.map(({ format, gzip, lead, columns }, i) => ({
            ...{ file: `s${i}.dat`, format, gzip, lead },
            signals: columns.map((column) => {
              const name = leads[next++] as string;
              const samples = column.slice(0, length);
              expected[name] = samples.map((sample) => (sample === invalid[format] ? -32_768 : sample));
              return { name, samples };
            }),
          }));
          // A file of a format that packs samples cannot say by itself whether its last is one.
          const { samples, recording } = await played({
            record: 'p1',
            hz: 60,
            files: written,
            ...(!saysLength && written.length === 1 && { count: '0' }),
          });
          expect([samples, recording.facts.samples]).toEqual([expected, length * next]);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('comes in blocks of at most a second, dated by their first sample, due after their last', {
    tags: ['ING-ECG'],
  }, async () => {
    const { blocks, recording } = await played(one({ samples: ramp(250) }, { hz: 100 }));
    expect(
      blocks.map(({ index, firstSampleUs, atMs, samples }) => [index, firstSampleUs, atMs, samples.length]),
    ).toEqual([
      [0, 0, 1_000, 100],
      [100, 1_000_000, 2_000, 100],
      [200, 2_000_000, 2_500, 50],
    ]);
    expect([recording.lengthMs, recording.signals[0]?.everyMs]).toEqual([2_500, 1_000]);
  });

  test('is stored less its baseline, with the scale that gives microvolts', async () => {
    const signals = [
      { name: 'MLII', samples: [1_024, 1_224], gain: '200', adcZero: 1_024 },
      { name: 'V1', samples: [30, 40], gain: '2(10)/uV' },
      { name: 'PLETH', samples: [5, 6], gain: '4000/NU' },
    ];
    const { blocks } = await played({ record: 'r1', files: [{ file: 'r1.dat', format: 16, signals }] });
    expect(blocks.map(({ lead, scale, unit, samples }) => [lead, scale, unit, [...samples]])).toEqual([
      ['II', 5, 266_419, [0, 200]],
      ['V1', 0.5, 266_419, [20, 30]],
      ['pleth', 1 / 4_000, 0, [5, 6]],
    ]);
  });

  test('begins as a person says, as its header says, or at a fixed time, and an odd date is told', async () => {
    const starts: unknown[] = [];
    const of = async (base: string, asked: ReplayArguments = {}) => {
      const { recording } = await played(one({}, { base }), asked);
      starts.push([new Date(recording.startsAt).toISOString(), recording.startSource, recording.notes.length]);
    };
    await of('12:30:00 01/03/2020');
    await of('12:30:00 01/07/2020', { zone: 'Europe/Berlin' });
    await of('12:30:00 01/03/2020', { from: '2021-02-03T04:05:06Z' });
    await of('');
    await of('12:30:00');
    await of('25:00:00 01/03/2020');
    await of('12:30:00 00/00/0000');
    await of('12:30:00 01/03/1989');
    await of('12:30 2020-03-01');
    const fixed = ['2026-01-01T00:00:00.000Z', 'fixed', 1];
    expect(starts).toEqual([
      ['2020-03-01T12:30:00.000Z', 'file', 1],
      ['2020-07-01T10:30:00.000Z', 'file', 0],
      ['2021-02-03T04:05:06.000Z', '--from', 0],
      ...[fixed, fixed, fixed, fixed, fixed, fixed],
    ]);
  });

  test('is the same recording whatever its name, and another with one bit changed', async () => {
    const first = await played(one());
    const again = await played(one());
    const other = await played(one({ samples: [1, ...ramp(249, 1)] }));
    expect([
      first.recording.sha256 === again.recording.sha256,
      first.recording.sha256 === other.recording.sha256,
    ]).toEqual([true, false]);
  });

  test('tells samples that its header does not count, and leaves them out', async () => {
    const { samples, recording } = await played(one({ samples: ramp(250), checksum: 3 }, { count: '3' }));
    expect([samples, recording.notes.some((note) => note.includes('247 samples more'))]).toEqual([
      { II: [0, 1, 2] },
      true,
    ]);
  });

  test('tells a signal without checksum and a gain of 0', () => {
    const { signals, notes } = parseHeader('r 2 250\nr.dat 16\nr.dat 16 0 12 7', 'r.hea');
    expect(signals.map(({ gain, baseline, units, name, checksum }) => [gain, baseline, units, name, checksum])).toEqual(
      [
        [200, 0, 'mV', 'signal-1', undefined],
        [200, 7, 'mV', 'signal-2', undefined],
      ],
    );
    expect(notes.filter((note) => note.includes('not calibrated'))).toHaveLength(2);
    expect(notes.filter((note) => note.includes('no checksum'))).toHaveLength(2);
  });
});

describe('a WFDB record is refused, with file, place, what was found and what was expected', () => {
  test('with a checksum or first sample that is not its own', async () => {
    const sum = await refused(one({ samples: [1, 2, 3], checksum: 7 }));
    const first = await refused(one({ samples: [1, 2, 3], initial: 9 }));
    expect([sum.name, sum.message.replace(/.*r1.hea/, ''), first.message.replace(/.*r1.hea/, '')]).toEqual([
      'RecordingError',
      ', signal II: checksum 7, but the samples of r1.dat give 6',
      ', signal II: initial value 9, but r1.dat begins with 1',
    ]);
  });

  test('when it ends before its time', async () => {
    const { message } = await refused(one({ samples: [1, 2, 3] }, { count: '5' }));
    expect(message).toMatch(/r1\.dat, sample 3: ends here, expected 5 samples a signal$/);
  });

  test('when a sample does not fit', async () => {
    const { message } = await refused(one({ samples: [0, 32_000], gain: '200(-2000)/mV' }));
    expect(message).toMatch(/signal II, sample 1: 32000 less its baseline -2000 is 34000, expected -32767 to 32767$/);
  });

  test('when files of unsaid length differ', async () => {
    const file = (name: string, count: number, lead: string) => ({
      file: name,
      format: 16 as const,
      signals: [{ name: lead, samples: ramp(count) }],
    });
    const { message } = await refused({
      record: 'r1',
      count: '0',
      files: [file('a.dat', 30, 'I'), file('b.dat', 20, 'II')],
    });
    expect(message).toContain('b.dat ends after 20 samples a signal');
  });

  test('when its file is not there, or is no gzip', async () => {
    using folder = ownFolder();
    const path = writeWfdb(folder.path, one());
    writeFileSync(path, 'r1 1 100 5\nr9.dat 16 200 12 0 0 0 0 II\n');
    const missing = await refusalOf(() => openAsAsked(path));
    writeFileSync(join(folder.path, 'r9.dat.gz'), 'no gzip');
    const broken = await refusalOf(() => openAsAsked(path));
    expect([missing.message, broken.message]).toEqual([
      expect.stringMatching(/line 2: there is no r9.dat beside it, and no r9.dat.gz$/),
      expect.stringMatching(/r9.dat.gz: cannot be read \(/),
    ]);
  });

  const headers: readonly [string, string, RegExp][] = [
    ['several segments', 'r/3 1 100 5\nr.dat 16', /line 1: record "r\/3", expected a record of one segment/],
    ['an unknown format', 'r 1 100 5\nr.dat 311 200', /line 2: format "311", expected one of 16, 80, 212/],
    ['several samples a frame', 'r 1 100 5\nr.dat 16x4 200', /line 2: format "16x4", expected one sample a frame/],
    ['skew', 'r 1 100 5\nr.dat 16:3 200', /line 2: format "16:3", expected no skew/],
    ['a format that is none', 'r 1 100 5\nr.dat i16 200', /line 2: format "i16", expected a number/],
    ['fewer signals than it says', 'r 2 100 5\nr.dat 16 200', /1 signal lines, expected 2/],
    ['more signals than it says', 'r 1 100 5\nr.dat 16\n#\nr.dat 16', /line 4: 2 signal lines, expected 1/],
    ['no signals', 'r 0 100 5', /number of signals "0", expected 1 to 64/],
    ['nothing', '# only a comment', /is empty/],
    ['a rate that is none', 'r 1 fast 5\nr.dat 16', /rate "fast"/],
    ['a number of samples that is none', 'r 1 100 5.5\nr.dat 16', /number of samples "5.5"/],
    ['a negative gain', 'r 1 100 5\nr.dat 16 -200', /gain "-200", expected a number above 0/],
    ['a gain that is none', 'r 1 100 5\nr.dat 16 200per', /gain "200per"/],
    ['a checksum that is none', 'r 1 100 5\nr.dat 16 200 12 0 0 x 0 II', /checksum "x", expected a whole number/],
    ['standard input as its file', 'r 1 100 5\n- 16 200', /signal file "-"/],
    ['a file elsewhere', 'r 1 100 5\n../r.dat 16 200', /signal file "..\/r.dat"/],
    ['formats mixed in a file', 'r 2 100 5\nr.dat 16 200\nr.dat 212 200', /line 3: format "212", expected 16/],
    ['offsets mixed in a file', 'r 2 100 5\nr.dat 16+4 200\nr.dat 16+8 200', /line 3: byte offset "8", expected 4/],
    ['a file named twice apart', 'r 3 100 5\na 16\nb 16\na 16', /line 4: signal file "a"/],
  ];
  test.for(headers)('with %s', ([, text, says]) => {
    expect(() => parseHeader(text, 'r.hea')).toThrow(says);
  });
});

describe('a signal of a WFDB record without a lead of ours', () => {
  const signals = [
    { name: 'II', samples: [1, 2] },
    { name: 'ABP', samples: [3, 4], gain: '70/mmHg' },
    { name: 'V', samples: [5, 6] },
  ];
  const record: WrittenRecord = { record: 'r1', files: [{ file: 'r1.dat', format: 16, signals }] };

  test('is asked for, with the flags that settle it', async () => {
    const { name, message } = await refused(record);
    expect([name, message]).toEqual([
      'UsageError',
      expect.stringMatching(
        /which lead is the signal ABP \(line 4\)\? Say --map ABP=LEAD, .*, or leave it out: --only II$/,
      ),
    ]);
  });

  test('is left out, or played as the lead that a person names', async () => {
    const left = await played(record, { only: 'II' });
    const mapped = await played(record, { only: 'II,V', map: ['V=V5'] });
    expect([left.samples, left.recording.notes, mapped.samples]).toEqual([
      { II: [1, 2] },
      expect.arrayContaining(['left out: ABP, V']),
      { II: [1, 2], V5: [5, 6] },
    ]);
  });

  test('is refused where its unit is none of a lead, where two are one lead, and where there is no such signal', async () => {
    const unit = await refused(record, { only: 'ABP', map: ['ABP=V1'] });
    const twice = await refused(record, { only: 'II,V', map: ['V=II'] });
    const unknown = await refused(record, { only: 'II,V9' });
    const unmapped = await refused(record, { map: ['X=V1'] });
    expect([unit.message, twice.message, unknown.message, unmapped.message]).toEqual([
      expect.stringMatching(/signal ABP: unit "mmHg", expected mV, uV or V/),
      expect.stringMatching(/two signals are lead II; say which with --only/),
      expect.stringMatching(/--only V9: there is no such signal; it has II, ABP, V/),
      expect.stringMatching(/--map X=V1: there is no signal X/),
    ]);
  });
});
