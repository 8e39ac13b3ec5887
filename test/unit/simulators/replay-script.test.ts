import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type Alert,
  type AlertEvent,
  DeviceState,
  decodeWaveform,
  type Monitoring,
  type MonitoringState,
  Reading,
  readingsOf,
  type WaveformBlock,
} from '../../../contract/index.ts';
import {
  alertRows,
  devicesOf,
  identityOf,
  type Recording,
  type ReplayArguments,
  replayOptions,
  scriptOf,
  signalsOf,
  watchedMs,
} from '../../../simulators/index.ts';
import { openAsAsked, openTable, ownFolder, refusalOf } from '../../support/replay.ts';
import { writeWfdb } from '../../support/wfdb-writer.ts';

const startAt = Date.UTC(2026, 2, 1);

/** Two leads of `seconds` seconds at 100 Hz. The folder is the caller's. */
function ecg(folder: string, seconds: number): Promise<Recording> {
  const samples = Array.from({ length: seconds * 100 }, (_, i) => i % 50);
  const signals = [
    { name: 'MLII', samples },
    { name: 'V1', samples },
  ];
  return openAsAsked(writeWfdb(folder, { record: 'e', files: [{ file: 'e.dat', format: 212, signals }] }));
}

interface Spoken {
  readonly dueMs: number;
  readonly device: number;
  readonly kind: string;
  readonly bytes: Uint8Array;
}

async function spoken(
  recording: Recording,
  named: ReadonlyMap<string, string> = new Map(),
  rounds = 1,
): Promise<Spoken[]> {
  const devices = devicesOf(recording, identityOf(recording, 1), named);
  const boots = devices.map((_, i) => i + 4);
  const steps = await Array.fromAsync(scriptOf({ recording, devices, boots, startAt, rounds }));
  return steps.map(({ dueMs, device, message: { kind, bytes } }) => ({ dueMs, device, kind, bytes }));
}

const blocksIn = (said: readonly Spoken[]) =>
  said.filter(({ kind }) => kind === 'waveform').map(({ bytes }) => decodeWaveform(bytes) as WaveformBlock);

describe('the script of a recording', () => {
  test('is what the contract lets in, its key order that of the fast path', { tags: ['CON-SCHEMA'] }, async () => {
    using folder = ownFolder();
    const path = join(folder.path, 't.csv');
    writeFileSync(path, 'seconds,spo2,glucose mg/dl\n0,97,low\n1,NaN,<40\n2,42,100\n');
    const recording = await openAsAsked(path);
    const said = await spoken(recording);
    const readings = said.filter(({ kind }) => kind === 'readings').flatMap(({ bytes }) => readingsOf(bytes));
    expect(readings.map((reading) => Reading.parse(reading).quality)).toEqual([
      'good',
      'good',
      'bad',
      'good',
      'bad',
      'good',
    ]);
    expect(Object.keys(readings[0] as object).join()).toBe(
      'v,boot,seq,vital,value,unit,quality,takenAt,receivedAt,clock,deviceTime',
    );
    const states = said
      .filter(({ kind }) => kind === 'state')
      .map(({ bytes }) => DeviceState.parse(JSON.parse(Buffer.from(bytes).toString())));
    expect(states.map(({ seq, signals }) => [seq, signals?.map(({ unit }) => unit)])).toEqual([[1, ['%', 'mg/dL']]]);
  });

  test('numbers readings and states in one counter, blocks for each lead, each once', {
    tags: ['ING-ECG'],
  }, async () => {
    using folder = ownFolder();
    const blocks = blocksIn(await spoken(await ecg(folder.path, 3)));
    expect(
      blocks.map(({ lead, boot, seq, index, takenAtUs }) => [lead, boot, seq, index, takenAtUs / 1_000 - startAt]),
    ).toEqual([
      ['II', 4, 1, 0, 0],
      ['V1', 4, 1, 0, 0],
      ['II', 4, 2, 100, 1_000],
      ['V1', 4, 2, 100, 1_000],
      ['II', 4, 3, 200, 2_000],
      ['V1', 4, 3, 200, 2_000],
    ]);
    const { recording } = await openTable('seconds,spo2\n0,97\n1,96\n');
    expect([recording.facts.readings, recording.lengthMs]).toEqual([2, 1_001]);
  });

  test('is the same bytes each time', async () => {
    using folder = ownFolder();
    const recording = await ecg(folder.path, 2);
    expect(await spoken(recording)).toEqual(await spoken(recording));
  });

  test('says its state again every five minutes', async () => {
    using folder = ownFolder();
    const said = await spoken(await ecg(folder.path, 601));
    expect(said.filter(({ kind }) => kind === 'state').map(({ dueMs }) => dueMs)).toEqual([0, 300_000, 600_000]);
  });

  test('played again goes on counting, and its blocks say that they do not join', async () => {
    using folder = ownFolder();
    const blocks = blocksIn(await spoken(await ecg(folder.path, 2), new Map(), 2)).filter(({ lead }) => lead === 'II');
    const facts = blocks.map(({ seq, index, discontinuous, takenAtUs }) => ({
      ...{ seq, index, discontinuous },
      at: takenAtUs / 1_000 - startAt,
    }));
    expect(facts).toEqual([
      { seq: 1, index: 0, discontinuous: false, at: 0 },
      { seq: 2, index: 100, discontinuous: false, at: 1_000 },
      { seq: 3, index: 200, discontinuous: true, at: 2_000 },
      { seq: 4, index: 300, discontinuous: false, at: 3_000 },
    ]);
  });

  test('is spoken by several devices where signals were given names', async () => {
    using folder = ownFolder();
    const recording = await ecg(folder.path, 1);
    const devices = devicesOf(recording, identityOf(recording, 1), new Map([['MLII', 'd-ecg1']]));
    const said = await spoken(recording, new Map([['MLII', 'd-ecg1']]));
    expect(devices.map(({ name, signals }) => [name, signals.map((signal) => signal.name)])).toEqual([
      ['d-ecg1', ['II']],
      [identityOf(recording, 1).name, ['V1']],
    ]);
    expect(said.map(({ device, kind }) => [device, kind])).toEqual([
      [0, 'state'],
      [1, 'state'],
      [0, 'waveform'],
      [1, 'waveform'],
    ]);
    const error = await refusalOf(async () => devicesOf(recording, identityOf(recording, 1), new Map([['V6', 'd-1']])));
    expect(error.message).toMatch(/--map V6=d-1: it plays no V6, but II, V1/);
  });

  test('arms what it sends', async () => {
    const { recording } = await openTable('seconds,glucose mg/dl\n0,97\n300,96\n');
    const [device] = devicesOf(recording, identityOf(recording, 1), new Map());
    expect(device && signalsOf(device)).toEqual([
      { vital: 'glucose', mode: 'continuous', everyMs: 300_000, firstWithinMs: 600_000 },
    ]);
  });

  test('is of another device with another seed', async () => {
    const { recording } = await openTable('seconds,spo2\n0,97\n');
    const names = [1, 1, 2].map((seed) => identityOf(recording, seed).name);
    expect([names[0] === names[1], names[0] === names[2]]).toEqual([true, false]);
  });
});

describe('what became of it', () => {
  const change = (atSeconds: number, signal: string, state: MonitoringState | 'ended'): Monitoring => ({
    at: startAt + atSeconds * 1_000,
    patient: 'p-1',
    signal,
    source: 'd-1',
    state,
    cause: null,
    since: startAt,
  });

  test('a patient is monitored while every signal is, and not while none is', () => {
    const changes = [
      change(0, 'spo2', 'not-monitored'),
      change(0, 'pulse', 'not-monitored'),
      change(10, 'spo2', 'monitored'),
      change(30, 'pulse', 'monitored'),
      change(60, 'pulse', 'degraded'),
      change(65, 'pulse', 'ended'),
    ];
    expect(watchedMs(changes, startAt, startAt + 100_000)).toEqual({
      'not-monitored': 10_000,
      degraded: 25_000,
      monitored: 65_000,
    });
  });

  test('an alert is one row from its raising to its end, at its highest priority', () => {
    const alert = { id: 'a-1', family: 'spo2-low', kind: 'physiological', scope: 'patient', cause: null } as const;
    const reading = { value: 86.04, unit: '%' };
    const rule = { id: 'spo2-low', priority: 'medium', limit: '<= 88 %', reading };
    const event = (at: number, part: object) =>
      ({
        at,
        alert: {
          ...alert,
          priority: 'medium',
          rules: [rule],
          closedAt: null,
          state: 'active',
          ...part,
        } as unknown as Alert,
      }) as AlertEvent;
    const stale = {
      id: 'a-2',
      family: 'stale',
      kind: 'technical',
      scope: 'source:d-1:spo2',
      rules: [],
      cause: { code: 'stale', id: 'c' },
    };
    const rows = alertRows([
      event(1_000, { peak: 'medium' }),
      event(1_500, { ...stale, peak: 'low' }),
      event(2_000, { peak: 'high' }),
      event(3_000, { peak: 'high', rules: [], state: 'latched' }),
      event(4_000, { peak: 'high', rules: [], closedAt: 4_000, state: 'closed' }),
    ]);
    expect(rows).toMatchObject([
      {
        rule: 'spo2-low',
        priority: 'high',
        at: 1_000,
        value: '86 %',
        limit: '<= 88 %',
        clearedAt: 3_000,
        closedAt: 4_000,
        state: 'closed',
      },
      { rule: 'stale', priority: 'low', at: 1_500, value: 'stale (spo2)', limit: '', clearedAt: null, closedAt: null },
    ]);
  });
});

describe('the options of replay', () => {
  test('say leads, devices, instants and tables as people write them', () => {
    const asked = {
      map: ['V=V1', 'II=d-ecg1'],
      from: '2026-07-01T12:00:00',
      zone: 'Europe/Berlin',
      tail: '60s',
      loop: '3',
      speed: 'max',
    };
    const { read, devices, ...rest } = replayOptions({
      ...asked,
      delimiter: 'tab',
      unit: ['glucose=mmol/l'],
      absent: '0,255',
    });
    expect([[...read.leads], [...devices], new Date(read.from as number).toISOString(), rest]).toEqual([
      [['V', 'V1']],
      [['II', 'd-ecg1']],
      '2026-07-01T10:00:00.000Z',
      { format: undefined, speed: 'max', tailMs: 60_000, rounds: 3, durationMs: undefined, seed: 1, keep: undefined },
    ]);
    expect([read.csv.delimiter, read.csv.units.get('glucose'), read.csv.absent]).toEqual(['\t', 'mmol/L', [0, 255]]);
  });

  const wrong: readonly [ReplayArguments, string][] = [
    [{ speed: '60' }, '--speed 60: expected 1 (into the running system) or max'],
    [{ speed: 'max', loop: true }, '--loop: with --speed max it would never end'],
    [{ loop: '0' }, '--loop 0'],
    [{ keep: 'there' }, '--keep'],
    [{ format: 'edf' }, '--format edf: expected wfdb, csv'],
    [{ map: ['II'] }, '--map II: expected NAME=VALUE'],
    [{ map: ['II=a device'] }, '--map II=a device: expected a lead'],
    [{ from: 'today' }, '--from today'],
    [{ from: '2026-02-30T00:00:00Z' }, '--from 2026-02-30T00:00:00Z: there is no such time'],
    [{ from: '2026-02-01T00:00:00' }, 'in which zone?'],
    [{ from: '2014-02-01T00:00:00Z' }, 'before 2015'],
    [{ zone: 'Nowhere' }, '--zone Nowhere'],
    [{ tail: 'long' }, '--tail long'],
    [{ duration: '-1s' }, '--duration -1s'],
    [{ seed: 'x' }, '--seed x'],
    [{ delimiter: 'ab' }, '--delimiter ab'],
    [{ decimal: ';' }, '--decimal ;'],
    [{ timeUnit: 'min' }, '--time-unit min: expected iso, dmy'],
    [{ column: ['x=y'] }, '--column x=y: expected VITAL='],
    [{ unit: ['spo2=kPa'] }, '--unit spo2=kPa: expected one of %'],
    [{ absent: 'none' }, '--absent none'],
    [{ empty: 'zero' }, '--empty zero'],
  ];
  test.for(wrong)('refuse %j and name it', async ([asked, says]) => {
    const { name, message } = await refusalOf(async () => replayOptions(asked));
    expect([name, message.includes(says)]).toEqual(['UsageError', true]);
  });
});
