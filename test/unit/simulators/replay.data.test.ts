// The readers against real recordings (`VIGIL_DATA`, default ../shared/data).
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ReplayArguments } from '../../../simulators/index.ts';
import { rootFolder } from '../../support/program.ts';
import { openAsAsked } from '../../support/replay.ts';

const data = resolve(process.env['VIGIL_DATA'] ?? join(rootFolder, '..', 'shared', 'data'));

interface Folder {
  readonly path: string;
  readonly ending: RegExp;
  readonly asked?: ReplayArguments;
  readonly files: number;
}

const folders: readonly Folder[] = [
  { path: 'ecg/mitdb', ending: /\.hea$/, files: 24 },
  { path: 'ecg/nstdb', ending: /\.hea$/, asked: { map: ['noise1=II', 'noise2=V1'] }, files: 3 },
  { path: 'spo2/bidmc', ending: /\.csv$/, files: 27 },
  { path: 'glucose/AZT1D', ending: /^Subject.*\.csv\.gz$/, files: 25 },
  { path: 'glucose/BIGIDEAs', ending: /^\d+\.csv\.gz$/, files: 16 },
  { path: 'glucose/PhysioCGM', ending: /^c.*\.csv\.gz$/, files: 9 },
];

const namesIn = (path: string, ending: RegExp) => readdirSync(join(data, path)).filter((name) => ending.test(name));

describe('real recordings are read whole and found good', () => {
  test.for(folders)('all of $path', { timeout: 180_000 }, async ({ path, ending, asked, files }) => {
    const names = namesIn(path, ending);
    const counts = { opened: 0, items: 0, notes: new Set<string>() };
    for (const name of names) {
      const { facts } = await openAsAsked(join(data, path, name), asked);
      counts.opened++;
      counts.items += facts.readings + facts.blocks;
    }
    expect([counts.opened, counts.items > 0]).toEqual([files, true]);
  });

  test('all of ecg/challenge2015, with the flags that the questions ask for', { timeout: 180_000 }, async () => {
    const asked = (question: string): ReplayArguments => {
      const only = /or leave it out: --only (\S+)$/.exec(question)?.[1];
      if (only === undefined) throw new Error(`no flag in: ${question}`);
      return { only };
    };
    const outcomes = { plain: 0, asked: 0 };
    for (const path of ['ecg/challenge2015/win60', 'ecg/challenge2015/full'])
      for (const name of namesIn(path, /\.hea$/)) {
        const file = join(data, path, name);
        const question = await openAsAsked(file).then(
          () => undefined,
          (error: Error) => error.message,
        );
        if (question === undefined) outcomes.plain++;
        else if ((await openAsAsked(file, asked(question))).facts.blocks > 0) outcomes.asked++;
      }
    expect(outcomes).toEqual({ plain: 11, asked: 372 });
  });

  test('a header names its gains, whatever their form', async () => {
    const { signals, notes } = await openAsAsked(join(data, 'ecg/challenge2015/full/a142s'), { only: 'II,PLETH' });
    expect([signals.map(({ name, unit }) => [name, unit]), notes.at(-1)]).toEqual([
      [
        ['II', 'uV'],
        ['pleth', ''],
      ],
      'left out: V, ABP',
    ]);
  });

  test('what a real table says is kept: NaN as absence, doubled times, gaps', async () => {
    const oximeter = await openAsAsked(join(data, 'spo2/bidmc/bidmc_01_Numerics.csv'));
    const glucose = await openAsAsked(join(data, 'glucose/AZT1D/Subject_1.csv.gz'));
    expect([oximeter.facts.readings, oximeter.facts.absences, glucose.facts.readings]).toEqual([1_924, 26, 10_449]);
    expect(glucose.notes.some((note) => note.startsWith('102 rows have the time of the row before them'))).toBe(true);
  });
});
