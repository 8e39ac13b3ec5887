// `vigil replay` as a person runs it, at 1x into the real program.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { decodeWaveform, type WaveformBlock } from '../../contract/index.ts';
import { type Program, rootFolder, runVigil, startProgram } from '../support/program.ts';
import { ownFolder } from '../support/replay.ts';
import { until } from '../support/until.ts';
import { logOf } from '../support/watched-ward.ts';
import { writeWfdb } from '../support/wfdb-writer.ts';

const table = 'time,SpO2,pulse\n2020-03-01 10:00:00,97,60\n2020-03-01 10:00:01,NaN,61\n2020-03-01 10:00:02,96,\n';

/** Readings and states of a device in the log, in the order of their numbers. */
async function inputsOf(program: Program, device: string) {
  const lines = (await logOf(program, 'inputs')).filter(({ header }) => header.device === device);
  return lines
    .filter(({ header }) => header.kind === 'readings')
    .flatMap(({ body }) => (Array.isArray(body) ? body : [body]));
}

describe('vigil replay at 1x', { timeout: 240_000 }, () => {
  test('plays a table into the running system, shifted to now, and takes its device off at the last record', {
    tags: ['CON-REALM', 'CON-ABSENT'],
  }, async () => {
    await using program = await startProgram();
    using folder = ownFolder();
    const path = join(folder.path, 'oximeter.csv');
    writeFileSync(path, table);
    const first = await program.run('replay', path, '--json');
    const second = await program.run('replay', path);
    expect([first.code, first.stderr, second.code, second.stderr]).toEqual([0, '', 0, '']);

    const summary = JSON.parse(first.stdout);
    const [{ id, name, boot }] = summary.devices;
    expect([
      summary.schema,
      summary.sent.readings,
      summary.absences ?? summary.recording.absences,
      summary.unacknowledged,
      boot,
    ]).toEqual([...['vigil.replay/1', 6, 2, 0, 1]]);
    expect(second.stdout).toMatch(new RegExp(`device ${name} = ${id} boot 2`));
    const startedAt = Date.parse(summary.startedAt);
    const readings = (await inputsOf(program, id)).filter((reading) => reading.boot === 1);
    expect(
      readings.map(({ seq, vital, value, absent, takenAt, deviceTime }) => [
        seq,
        vital,
        value ?? absent,
        takenAt - startedAt,
        deviceTime,
      ]),
    ).toEqual([
      [2, 'spo2', 97, 0, '2020-03-01 10:00:00'],
      [3, 'pulse', 60, 0, '2020-03-01 10:00:00'],
      [4, 'spo2', 'not-a-number', 1_000, '2020-03-01 10:00:01'],
      [5, 'pulse', 61, 1_000, '2020-03-01 10:00:01'],
      [6, 'spo2', 96, 2_000, '2020-03-01 10:00:02'],
      [7, 'pulse', 'unavailable', 2_000, '2020-03-01 10:00:02'],
    ]);
    const { items } = (await program.admin('GET', `/patients/${summary.patient}/assignments`)).body;
    const ends = items.map(({ to }: { to: string | null }) => to !== null && Date.parse(to));
    expect([ends.length, ends.includes(startedAt + 2_001), ends.includes(false)]).toEqual([2, true, false]);
    expect(await logOf(program, 'refused')).toEqual([]);
  });

  test('plays a record sample for sample, stops on Ctrl-C, and says so', { tags: ['ING-ECG'] }, async () => {
    await using program = await startProgram();
    using folder = ownFolder();
    const samples = Array.from({ length: 120_000 }, (_, i) => (i * 7) % 900);
    const signals = [{ name: 'MLII', samples }];
    const path = writeWfdb(folder.path, { record: 'e', hz: 400, files: [{ file: 'e.dat', format: 212, signals }] });
    const run = vigil(['replay', path, '--json', '--set', `data=${program.dataFolder}`]);
    const blocks = async () => (await logOf(program, 'inputs')).filter(({ header }) => header.kind === 'waveform');
    await until('some blocks are there', async () => (await blocks()).length >= 2);
    run.child.kill('SIGINT');
    const { code, stdout, stderr } = await run.ended;
    const summary = JSON.parse(stdout);
    expect([code, stderr, summary.interrupted, summary.playedMs < 300_000]).toEqual([130, '', true, true]);

    const text = await program.run('log', 'cat', '--topic', 'inputs', '--json');
    const played = text.stdout
      .split('\n')
      .filter((line) => line.includes('"waveform"'))
      .map((line) => decodeWaveform(Buffer.from(JSON.parse(line).bodyBase64, 'base64')) as WaveformBlock);
    const flat = played.flatMap((block) => [...block.samples]);
    expect(flat).toEqual(samples.slice(0, flat.length));
    expect(played.map(({ seq, index, rateMhz, scale }) => [seq, index, rateMhz, scale])).toEqual(
      played.map((_, i) => [i + 1, i * 400, 400_000, 5]),
    );
    const { items } = (await program.admin('GET', `/patients/${summary.patient}/assignments`)).body;
    expect(items.map(({ to }: { to: string | null }) => to === null)).toEqual([false]);
  });

  test('ends with 4 where nothing runs, 2 where it is asked for what there is not, 1 where the file is wrong', async () => {
    using folder = ownFolder();
    const path = join(folder.path, 't.csv');
    writeFileSync(path, table);
    const wrong = writeWfdb(folder.path, {
      record: 'w',
      files: [{ file: 'w.dat', format: 16, signals: [{ samples: [1, 2], checksum: 9 }] }],
    });
    const data = `data=${join(folder.path, 'none')}`;
    const ended = await Promise.all([
      runVigil(['replay', path, '--set', data]),
      runVigil(['replay', path, '--speed', '60', '--set', data]),
      runVigil(['replay', join(folder.path, 'not-there.csv'), '--set', data]),
      runVigil(['replay', wrong, '--set', data]),
    ]);
    expect(ended.map(({ code, stdout, stderr }) => [code, stdout, stderr.trim().split('\n').length])).toEqual([
      [4, '', 1],
      [2, '', 1],
      [2, '', 1],
      [1, '', 1],
    ]);
    expect(ended[0]?.stderr).toContain('start it with "vigil up"');
  });
});

function vigil(args: readonly string[]) {
  const child: ChildProcess = spawn(process.execPath, [join(rootFolder, 'bin', 'vigil.js'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const ended = Promise.all([exited, textOf(child.stdout), textOf(child.stderr)]);
  return { child, ended: ended.then(([code, stdout, stderr]) => ({ code, stdout, stderr })) };
}

async function textOf(stream: Readable | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}
