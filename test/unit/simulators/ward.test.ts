import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Clock, decodeWaveform, readingsOf, type WaveformBlock } from '../../../contract/index.ts';
import { askKits, command, startControl } from '../../../simulators/control.ts';
import { AlreadyRunningError, LocalRefusedError, NotRunningError } from '../../../simulators/errors.ts';
import { noFaults } from '../../../simulators/kit.ts';
import type { ScenarioEvent } from '../../../simulators/scenario.ts';
import { systemClock } from '../../../simulators/system-clock.ts';
import { openTruth, readTruth, type TruthLine } from '../../../simulators/truth.ts';
import { startWard, type Ward } from '../../../simulators/ward.ts';
import { startTestBroker, type TestBroker, until } from './test-broker.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vigil-ward-'));
  return () => rm(folder, { recursive: true, force: true });
});

const identity = (n: number) => ({ name: `kit-${n}`, device: `d-${n}`, token: `t-${n}`, patient: `p-${n}` });
const truthFile = () => join(folder, 'truth.jsonl');
const told = (what: TruthLine['what']) => readTruth(truthFile()).filter((line) => line.what === what);

async function withWard(
  broker: TestBroker,
  scenario: readonly ScenarioEvent[],
  act: (ward: Ward) => Promise<void>,
  clock: Clock = systemClock,
): Promise<void> {
  using truth = openTruth(truthFile());
  await using ward = await startWard({
    identities: [identity(1), identity(2)],
    seed: 1,
    scenario,
    realm: 'test',
    version: '0.1.0',
    broker: () => Promise.resolve(broker.address),
    folder,
    clock,
    faults: noFaults,
    jitterMs: 0,
    truth,
    report: () => {},
  });
  await act(ward);
}

const spo2Of = (broker: TestBroker, device: string) =>
  broker.seen
    .filter(({ topic }) => topic === `vigil/1/test/${device}/${device}/readings`)
    .flatMap(({ bytes }) => readingsOf(bytes))
    .filter(({ vital }) => vital === 'spo2');

const blocksOf = (broker: TestBroker, device: string) =>
  broker.seen
    .filter(({ topic }) => topic.endsWith(`/${device}/waveform`))
    .map(({ bytes }) => decodeWaveform(bytes) as WaveformBlock);

describe('a ward', () => {
  test('plays its scenario, and its truth file holds what was sent', async () => {
    await using broker = await startTestBroker();
    const fall = { what: 'desaturate', to: 80, rampSeconds: 2, holdSeconds: 2, recoverSeconds: 1 } as const;
    await withWard(broker, [{ at: 1, kit: 'kit-2', ...fall }], async () => {
      await until('the fall and its end', () => told('episode-end').length === 2);
      await until('all of it sent', () => spo2Of(broker, 'd-2').some(({ takenAt }) => takenAt >= lastEnd()));
    });
    const lastEnd2 = lastEnd();
    const [deep] = told('episode-start').filter((line) => 'limit' in line && line.limit === '<= 88 %');
    if (deep?.what !== 'episode-start') throw new Error('no episode in the truth file');
    const violating = spo2Of(broker, 'd-2').filter((reading) => 'value' in reading && reading.value <= 88);
    expect({
      first: [deep.first, deep.start],
      patient: deep.patient,
      others: spo2Of(broker, 'd-1').length > 0,
    }).toEqual({
      first: [{ boot: violating[0]?.boot, seq: violating[0]?.seq }, violating[0]?.takenAt],
      patient: 'p-2',
      others: true,
    });
    expect(violating.every(({ takenAt }) => takenAt >= deep.start && takenAt < lastEnd2)).toBe(true);
  });

  function lastEnd(): number {
    return Math.max(...told('episode-end').map((line) => (line.what === 'episode-end' ? line.end : 0)));
  }

  test('dates seconds exactly one second apart', { tags: ['ING-ECG'] }, async () => {
    await using broker = await startTestBroker();
    await withWard(broker, [], async () => await until('four seconds', () => spo2Of(broker, 'd-1').length >= 4));
    const times = spo2Of(broker, 'd-1').map(({ takenAt }) => takenAt);
    expect(times.slice(1).map((at, i) => at - (times[i] as number))).toEqual(Array(times.length - 1).fill(1_000));
  });

  test('follows a wall clock that was set, and the next block says that it does not join', {
    tags: ['ING-ECG'],
  }, async () => {
    await using broker = await startTestBroker();
    let ahead = 0;
    const clock = { ...systemClock, wall: () => Date.now() + ahead };
    const act = async () => {
      await until('two seconds', () => blocksOf(broker, 'd-1').length >= 2);
      ahead = 3_600_000;
      await until('one after', () => blocksOf(broker, 'd-1').some(({ discontinuous }) => discontinuous));
    };
    await withWard(broker, [], act, clock);
    const blocks = blocksOf(broker, 'd-1');
    const at = blocks.findIndex(({ discontinuous }) => discontinuous);
    const [before, after] = [blocks[at - 1] as WaveformBlock, blocks[at] as WaveformBlock];
    expect(Math.round((after.takenAtUs - before.takenAtUs) / 60e6)).toBe(60);
  });

  test('after a long pause of the process measures nothing for it, and the index shows the gap', {
    tags: ['ING-GAPS'],
  }, async () => {
    await using broker = await startTestBroker();
    let ahead = 0;
    const clock = { ...systemClock, mono: () => systemClock.mono() + ahead, wall: () => Date.now() + ahead };
    const act = async () => {
      await until('two seconds', () => blocksOf(broker, 'd-1').length >= 2);
      ahead = 600_000;
      await until('one after', () => blocksOf(broker, 'd-1').some(({ discontinuous }) => discontinuous));
    };
    await withWard(broker, [], act, clock);
    const blocks = blocksOf(broker, 'd-1');
    const at = blocks.findIndex(({ discontinuous }) => discontinuous);
    const [before, after] = [blocks[at - 1] as WaveformBlock, blocks[at] as WaveformBlock];
    const missedMs = (after.takenAtUs - before.takenAtUs) / 1_000;
    expect([missedMs > 500_000, after.index - before.index, after.seq - before.seq]).toEqual([true, missedMs / 4, 1]);
  });

  test('a kit silenced by the scenario stops, the other goes on, and both are in the truth file', async () => {
    await using broker = await startTestBroker();
    await withWard(broker, [{ at: 2, kit: 'kit-1', what: 'silent' }], async (ward) => {
      await until('silence', () => ward.find('kit-1')?.state === 'off');
      await until('the will', () => broker.wills.length === 1);
      const count = spo2Of(broker, 'd-1').length;
      const others = spo2Of(broker, 'd-2').length;
      await until('the other goes on', () => spo2Of(broker, 'd-2').length > others + 1);
      expect(spo2Of(broker, 'd-1')).toHaveLength(count);
    });
    const [off] = told('off');
    expect(off).toMatchObject({ kit: 'kit-1', patient: 'p-1', boot: 1, how: 'silent' });
  });

  test('is switched by hand over its control socket, by kit, device or patient', async () => {
    await using broker = await startTestBroker();
    await withWard(broker, [], async (ward) => {
      await using _control = await startControl(folder, () => ward);
      await until('connected', () => ward.kits().every(({ connected }) => connected));
      const off = await command(folder, { act: 'stop', name: 'p-2', how: 'stopped' });
      const on = await command(folder, { act: 'start', name: 'd-2' });
      const kits = await askKits(folder);
      expect([off, on, kits.map(({ kit, boot }) => [kit, boot])]).toMatchObject([
        { kit: 'kit-2', state: 'off', boot: null },
        { kit: 'kit-2', state: 'on', boot: 2 },
        [
          ['kit-1', 1],
          ['kit-2', 2],
        ],
      ]);
      await command(folder, { act: 'desaturate', name: 'kit-1', to: 70 });
      await until('it falls', () => spo2Of(broker, 'd-1').some((reading) => 'value' in reading && reading.value < 93));
    });
  });

  test('says who is unknown, who is there already, and that nobody is', async () => {
    await using broker = await startTestBroker();
    const nobody = await askKits(folder).catch((error: unknown) => error);
    await withWard(broker, [], async (ward) => {
      await using _control = await startControl(folder, () => ward);
      const unknown = await command(folder, { act: 'start', name: 'kit-9' }).catch((error: unknown) => error);
      const twice = await startControl(folder, () => ward).catch((error: unknown) => error);
      expect([nobody, unknown, twice]).toEqual([
        expect.any(NotRunningError),
        expect.any(LocalRefusedError),
        expect.any(AlreadyRunningError),
      ]);
    });
  });
});
