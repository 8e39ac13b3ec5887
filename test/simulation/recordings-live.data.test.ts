// One recording at 1x into the running program, over MQTT like any device, and as fast as it goes through a system of its
// own: by the two forms of the same command. What is told has to be the same, and the oracle's.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toldBy } from '../../replay.ts';
import { differenceOf } from '../oracle/compare.ts';
import { readNumerics } from '../oracle/csv.ts';
import type { Expected } from '../oracle/expected.ts';
import { overlaid } from '../oracle/overlay.ts';
import { readingsWatched } from '../oracle/watched.ts';
import { runVigil, startProgram } from '../support/program.ts';
import { testFolder, textOf, written } from '../support/recording-files.ts';
import { foretold, inWordsOfTheOracle } from '../support/recordings.ts';

const lengthMs = 84_001;

/** A fall to 74 %, and 40 s without a value: a minute and a half of a real recording otherwise. */
function recording(): string {
  const { csv } = overlaid(textOf('spo2/bidmc/bidmc_03_Numerics.csv'), ['deep'], 5);
  const rows = csv.split('\n').slice(0, 86);
  return rows.map((row, at) => (at > 34 && at <= 74 ? row.replace(/,\d+$/, ',NaN') : row)).join('\n');
}

interface Replayed {
  readonly patient: string;
  readonly startedAt: string;
  readonly acknowledged: number;
  readonly unacknowledged: number;
}

async function replayed(args: readonly string[], folder: string): Promise<{ summary: Replayed; told: Expected }> {
  const { code, stdout, stderr } = await runVigil(['--json', 'replay', ...args], 300_000);
  if (code !== 0) throw new Error(`vigil replay ended with ${code}: ${stderr}`);
  const summary = JSON.parse(stdout) as Replayed;
  const { alerts } = await toldBy(folder, summary.patient, Date.parse(summary.startedAt));
  return { summary, told: inWordsOfTheOracle(alerts) };
}

/** As told of one patient from the instant zero on: what is about silence to the tick, which differs. */
function comparable({ events, truths }: Expected, startedAt: number): object {
  const since = (at: number | null) => (at === null ? null : at - startedAt);
  return {
    events: events.map(({ at, patient: _, onsetAt, ...rest }) => {
      return { ...rest, at: rest.kind === 'technical' ? null : since(at), onsetAt: since(onsetAt) };
    }),
    truths: truths.map(({ onsetAt, trueAt, ...rest }) => ({ ...rest, onsetAt: since(onsetAt), trueAt: since(trueAt) })),
  };
}

test('at 1x over MQTT the same alerts as in virtual time', {
  tags: ['ALR-LIMIT', 'ALR-QUALITY', 'ALR-LATCH'],
  timeout: 400_000,
}, async () => {
  const csv = recording();
  const path = written('recording.csv', csv);
  const keep = join(testFolder(), 'kept');
  const virtual = await replayed([path, '--speed', 'max', '--only', 'spo2', '--keep', keep], keep);
  await using program = await startProgram();
  const { dataFolder } = program;
  const live = await replayed([path, '--only', 'spo2', '--set', `data=${dataFolder}`], dataFolder);
  const [startsAt, startedAt] = [virtual, live].map(({ summary }) => Date.parse(summary.startedAt)) as [number, number];
  const signals = [readingsWatched('spo2', 1_000, readNumerics(csv)['spo2'] ?? [], startsAt)];
  const expected = foretold({ patient: virtual.summary.patient, startsAt, endsAt: startsAt + lengthMs }, signals);
  expect(differenceOf(virtual.told, expected)).toBeUndefined();
  expect(expected.events.map(({ type, family }) => `${type} ${family}`)).toEqual([
    'raised spo2-low',
    'latched spo2-low',
    'raised poor-signal',
    'closed poor-signal',
  ]);
  expect(comparable(live.told, startedAt)).toEqual(comparable(virtual.told, startsAt));
  expect(live.summary.unacknowledged).toBe(0);
});
