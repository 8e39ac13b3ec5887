// Who judges the judges: an error planted in a file, in a rule and in a decoder, each of which has to be seen where it is.
// Without one there is no difference.
import { describe, expect, test } from 'vitest';
import type { RuleSet } from '../../contract/index.ts';
import type { Recording } from '../../simulators/index.ts';
import { readNumerics } from '../oracle/csv.ts';
import { overlaid } from '../oracle/overlay.ts';
import { blocksWatched, readingsWatched } from '../oracle/watched.ts';
import { decode212, firstSeconds, readWfdb, rightHeader, type WfdbRecord } from '../oracle/wfdb.ts';
import { bytesOf, recordIn, textOf, written } from '../support/recording-files.ts';
import { alertsDiffer, played, readingsDiffer, rulesText, samplesDiffer } from '../support/recordings.ts';

const from = '2026-03-01T02:00:00Z';
const columns = ['hr', 'pulse', 'resp', 'spo2'] as const;

describe('of an oximeter', () => {
  /** 14 s below 90, one short of what raises, and nothing else. */
  const { csv, truth } = overlaid(textOf('spo2/bidmc/bidmc_01_Numerics.csv'), ['short'], 3);
  const rows = csv.split('\n').slice(0, 61);
  const table = readNumerics(rows.join('\n'));
  const onset = truth[0]?.onset ?? 0;

  /** Differences of what is told and of what is stored, by the oracle that read the original. */
  async function differences(planted: readonly string[], rules?: RuleSet): Promise<(string | undefined)[]> {
    const path = written('planted.csv', planted.join('\n'));
    const outcome = await played({ path, asked: { from, tail: '20s' }, ...(rules && { rules }) });
    const { startsAt } = outcome;
    const signals = columns.map((name) => readingsWatched(name, 1_000, table[name] ?? [], startsAt));
    return [alertsDiffer(outcome, signals), readingsDiffer(outcome, 'spo2', table['spo2'] ?? [], startsAt)];
  }

  function withRule(id: string, changed: object): RuleSet {
    const set = JSON.parse(rulesText) as RuleSet;
    return { ...set, rules: set.rules.map((rule) => (rule.id === id ? { ...rule, ...changed } : rule)) };
  }

  test('without an error', { tags: ['ALR-LIMIT'] }, async () => {
    expect(await differences(rows)).toEqual([undefined, undefined]);
  });

  test('one value in the file that makes the fall a second longer', { tags: ['ALR-LIMIT'] }, async () => {
    const at = onset + 15 + 1;
    expect(rows[at]).toMatch(/,93$/);
    const [told, stored] = await differences(rows.with(at, (rows[at] as string).replace(/,93$/, ',89')));
    expect(told).toContain(`event 0 of`);
    expect(told).toContain('told     2026-03-01T02:00:');
    expect(told).toContain('raised spo2-low: spo2-low medium');
    expect(stored).toContain(`reading of spo2 ${onset + 15} of 60`);
    expect(stored).toMatch(/: 89\n.*: 93$/);
  });

  test('one value in the file that no rule looks at', { tags: ['ALR-LIMIT'] }, async () => {
    const [told, stored] = await differences(rows.with(3, (rows[3] as string).replace(/,\d+$/, ',96')));
    expect([told, stored]).toEqual([undefined, expect.stringContaining('reading of spo2 2 of 60')]);
  });

  test.for([
    ['a hold a second shorter', { holdMs: 14_000 }],
    ['a limit of 94 instead of 90', { below: '94 %' }],
  ] as const)('a rule with %s', { tags: ['ALR-LIMIT'] }, async ([, changed]) => {
    const [told, stored] = await differences(rows, withRule('spo2-low', changed));
    expect([told, stored]).toEqual([expect.stringContaining('raised spo2-low: spo2-low medium'), undefined]);
  });
});

describe('of an ECG', () => {
  const { header, bytes } = firstSeconds(textOf('ecg/mitdb/101.hea'), bytesOf('ecg/mitdb/101.dat.gz'), 20);
  const record = readWfdb(header, bytes);
  const leads = ['II', 'V1'] as const;

  interface Planted {
    readonly header?: string;
    readonly bytes?: Uint8Array;
    readonly through?: (recording: Recording) => Recording;
  }

  async function differences(planted: Planted): Promise<(string | undefined)[]> {
    const path = recordIn('101', planted.header ?? header, planted.bytes ?? bytes);
    const { through } = planted;
    const outcome = await played({ path, asked: { from, tail: '12s' }, ...(through && { through }) });
    const samples = leads.map((lead, index) => {
      return samplesDiffer(outcome, lead, record.signals[index] as WfdbRecord['signals'][number], record.rateHz);
    });
    return [alertsDiffer(outcome, blocksWatched(record, outcome.startsAt, leads)), ...samples];
  }

  test('without an error', { tags: ['ING-ECG'] }, async () => {
    expect(await differences({})).toEqual([undefined, undefined, undefined]);
  });

  const changed = Uint8Array.from(bytes).fill((bytes[3_000] ?? 0) ^ 0x01, 3_000, 3_001);

  test('one byte of the file: refused by its checksum', { tags: ['ING-ECG'] }, async () => {
    await expect(differences({ bytes: changed })).rejects.toThrow('checksum');
  });

  test('one byte of the file, with a checksum that hides it', { tags: ['ING-ECG'] }, async () => {
    const hidden = rightHeader(header, decode212(changed), leads.length);
    const found = await differences({ header: hidden, bytes: changed });
    expect(found).toEqual([undefined, expect.stringContaining('sample of II 1000 of 7200'), undefined]);
  });

  /** Puts other samples into the blocks of a recording, as a reader with an error would. */
  function decodedWrongly(samplesOf: (lead: number) => readonly number[]): (recording: Recording) => Recording {
    return (recording) => ({
      ...recording,
      async *items() {
        for await (const item of recording.items()) {
          if (item.kind !== 'block') continue;
          const own = samplesOf(leads.indexOf(item.lead as (typeof leads)[number]));
          yield { ...item, samples: Int16Array.from(own.slice(item.index, item.index + item.samples.length)) };
        }
      },
    });
  }

  const ofLead = (all: readonly number[], lead: number) => {
    return all.filter((_, at) => at % leads.length === lead).map((sample) => sample - 1_024);
  };

  test('a decoder that is a sample late', { tags: ['ING-ECG'] }, async () => {
    const through = decodedWrongly((lead) => {
      const own = ofLead(decode212(bytes), lead);
      return [own[0] as number, ...own];
    });
    const [told, two, v1] = await differences({ through });
    expect(told).toBeUndefined();
    expect(two).toMatch(/^sample of II \d+ of 7200/);
    expect(v1).toMatch(/^sample of V1 \d+ of 7200/);
  });

  test('a decoder that swaps the nibbles of format 212', { tags: ['ING-ECG'] }, async () => {
    const swapped = bytes.map((byte, at) => (at % 3 === 1 ? ((byte & 0x0f) << 4) | (byte >> 4) : byte));
    const [, two] = await differences({ through: decodedWrongly((lead) => ofLead(decode212(swapped), lead)) });
    expect(two).toMatch(/^sample of II \d+ of 7200/);
  });
});
