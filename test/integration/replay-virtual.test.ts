// `vigil replay --speed max`: a recording through a system of its own under virtual time.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { playVirtually } from '../../replay.ts';
import { alertRows, devicesOf, identityOf, type Recording } from '../../simulators/index.ts';
import { runVigil } from '../support/program.ts';
import { openAsAsked, ownFolder } from '../support/replay.ts';
import { writeWfdb } from '../support/wfdb-writer.ts';

/** Three minutes of SpO2, of which the middle one is low. */
const low = `seconds,SpO2\n${Array.from({ length: 180 }, (_, i) => `${i},${i >= 60 && i < 120 ? 80 : 97}`).join('\n')}\n`;

function written(folder: string): string {
  const path = join(folder, 'low.csv');
  writeFileSync(path, low);
  return path;
}

function play(
  recording: Recording,
  signal = new AbortController().signal,
  onProgress: (atMs: number) => void = () => {},
) {
  const identity = identityOf(recording, 1);
  const devices = devicesOf(recording, identity, new Map());
  const rest = { seed: 1, rounds: 1, tailMs: 0, durationMs: undefined, keep: undefined };
  return playVirtually({ recording, identity, devices, ...rest }, onProgress, signal);
}

describe('a recording through a system of its own', { timeout: 240_000 }, () => {
  test('raises what it holds, at the instants of the recording, each time the same', async () => {
    using folder = ownFolder();
    const recording = await openAsAsked(written(folder.path));
    const first = await play(recording);
    const again = await play(recording);
    const rows = alertRows(first.told.alerts).map(({ family, at, value, clearedAt }) => ({
      ...{ family, value },
      isRaisedInTime: at - first.startedAt >= 60_000 && at - first.startedAt < 120_000,
      isClearedInTime: clearedAt !== null && clearedAt - first.startedAt >= 120_000,
    }));
    expect([rows, first.refused, first.sent, again.told]).toEqual([
      [{ family: 'spo2-low', value: '80 %', isRaisedInTime: true, isClearedInTime: true }],
      {},
      { messages: 181, readings: 180, blocks: 0 },
      first.told,
    ]);
  });

  test('is broken off by its signal, and tells what was played until then', async () => {
    using folder = ownFolder();
    const recording = await openAsAsked(written(folder.path));
    const stopping = new AbortController();
    const played = await play(recording, stopping.signal, (atMs) => {
      if (atMs === 30_000) stopping.abort();
    });
    expect([played.interrupted, played.playedMs, played.sent.readings]).toEqual([true, 30_000, 31]);
  });
});

describe('vigil replay --speed max', { timeout: 240_000 }, () => {
  test('prints alerts and figures, keeps log and store where it is told, and needs no running system', async () => {
    using folder = ownFolder();
    const path = written(folder.path);
    const kept = join(folder.path, 'kept');
    const shown = await runVigil(['replay', path, '--speed', 'max', '--tail', '60s', '--keep', kept]);
    const again = await runVigil(['replay', path, '--speed', 'max', '--keep', kept]);
    const json = await runVigil(['replay', path, '--speed', 'max', '--json', '--loop', '2']);
    expect([shown.code, shown.stderr, json.code, json.stderr, again.code]).toEqual([0, '', 0, '', 2]);
    expect(shown.stdout).toMatch(/sent +180 readings, 0 waveform blocks in 181 messages\n/);
    expect(shown.stdout).toMatch(/watched +[\d.]+ min monitored, [\d.]+ degraded, [\d.]+ not monitored\n/);
    expect(shown.stdout).toMatch(
      /\n {2}00:01:\d\d\.\d +high +spo2-very-low +80 % +<= 88 % +00:02:\d\d\.\d \(latched\)\n/,
    );
    expect(shown.stdout).toMatch(/sha256 +[0-9a-f]{64} {2}\S*low\.csv\n/);
    expect(readdirSync(kept).toSorted()).toEqual(['log', 'store']);
    const { schema, alerts, sent, refused } = JSON.parse(json.stdout);
    // The second fall asserts again what still waits for a person.
    expect([schema, alerts.length, sent.readings, refused]).toEqual(['vigil.replay/1', 1, 360, {}]);
  });

  test('plays leads of several devices, and only as long as it is told', async () => {
    using folder = ownFolder();
    const samples = Array.from({ length: 1_000 }, (_, i) => i % 50);
    const signals = ['MLII', 'V', 'PLETH'].map((name) => ({ name, samples }));
    const path = writeWfdb(folder.path, { record: 'e', files: [{ file: 'e.dat', format: 80, signals }] });
    const flags = ['--map', 'V=V5', '--map', 'pleth=d-finger', '--duration', '5s'];
    const { code, stdout } = await runVigil(['replay', path, '--speed', 'max', '--json', ...flags]);
    const { devices, sent, playedMs, unacknowledged, refused } = JSON.parse(stdout);
    expect([code, devices.length, devices[1].name, sent, playedMs, unacknowledged, refused]).toEqual([
      ...[0, 2, 'd-finger', { messages: 17, readings: 0, blocks: 15 }, 5_000, 0, {}],
    ]);
  });
});
