import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { beforeEach, describe, expect, test } from 'vitest';
import { readTruth } from '../../simulators/index.ts';
import { type FakeApi, startFakeApi } from '../unit/simulators/fake-api.ts';
import { startTestBroker, type TestBroker, until } from '../unit/simulators/test-broker.ts';

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'vigil-sim-run-'));
  return () => rm(data, { recursive: true, force: true });
});

const url = (path: string) => new URL(path, import.meta.url).href;
const program = `
  import { Command } from 'commander';
  const { registerSimCommands } = await import(${JSON.stringify(url('../../simulators/index.ts'))});
  const program = new Command('vigil').option('--json');
  registerSimCommands(program, { dataFolder: process.env.DATA, end: (code) => process.exit(code) });
  await program.parseAsync(process.argv.slice(1), { from: 'user' });
`;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function vigil(args: readonly string[], ipc = false): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, '--', ...args], {
    stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    env: { ...process.env, DATA: data },
    cwd: new URL('../..', import.meta.url),
  });
  // Not the event `close`: it does not come once the parent itself has closed the channel.
  const exited = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const ended = Promise.all([exited, textOf(child.stdout), textOf(child.stderr)]);
  return { child, ended: ended.then(([code, stdout, stderr]) => ({ code, stdout, stderr })) };
}

async function textOf(stream: Readable | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}

/** What a running system leaves in its data folder. */
async function beSystem(broker: TestBroker): Promise<FakeApi> {
  await mkdir(join(data, 'run'), { recursive: true });
  await writeFile(join(data, 'ca.pem'), broker.address.ca);
  const ready = { pid: process.pid, version: '0.1.0', mqttPort: broker.address.port, caFile: 'ca.pem', url: 'x' };
  await writeFile(join(data, 'run', 'ready.json'), JSON.stringify(ready));
  return await startFakeApi(join(data, 'run', 'admin.sock'));
}

const topics = (broker: TestBroker) => new Set(broker.seen.map(({ topic }) => topic.split('/').slice(3).join('/')));

describe('vigil sim', () => {
  test('runs a ward like devices, is switched from another terminal, and ends on Ctrl-C', {
    tags: ['CON-REALM'],
  }, async () => {
    await using broker = await startTestBroker();
    await using _api = await beSystem(broker);
    const run = vigil(['sim', 'run', 'quiet', '-n', '2']);
    await until('both send', () =>
      ['d-1/d-1/waveform', 'd-2/d-2/waveform'].every((topic) => topics(broker).has(topic)),
    );
    const listed = JSON.parse((await vigil(['--json', 'sim', 'ls']).ended).stdout);
    const stopped = await vigil(['sim', 'stop', 'p-2']).ended;
    const unknown = await vigil(['sim', 'start', 'kit-7']).ended;
    const second = await vigil(['sim', 'run', '-n', '1']).ended;
    run.child.kill('SIGINT');
    const { code, stdout, stderr } = await run.ended;
    const kits = JSON.parse(await readFile(join(data, 'sim', 'kits.json'), 'utf8')).kits;
    const goodbyes = broker.seen.filter(({ bytes }) => bytes.toString().includes('"stopped"'));
    expect({
      listed: [listed.schema, listed.kits.map(({ state }: { state: string }) => state)],
      stopped: [stopped.code, stopped.stdout.includes('kit-2  patient p-2  device d-2  off')],
      unknown: [unknown.code, unknown.stderr.includes('kit-7')],
      second: [second.code, second.stderr.includes('already')],
      end: [code, stdout, stderr],
      kits: kits.length,
      goodbyes: goodbyes.length,
      off: readTruth(join(data, 'sim', 'truth.jsonl')).filter(({ what }) => what === 'off').length,
    }).toEqual({
      listed: ['vigil.sim/1', ['on', 'on']],
      stopped: [0, true],
      unknown: [1, true],
      second: [1, true],
      end: [130, '', ''],
      kits: 2,
      goodbyes: 2,
      off: 2,
    });
  });

  test('ends by itself after its duration, and with the process that started it', async () => {
    await using broker = await startTestBroker();
    await using _api = await beSystem(broker);
    const timed = await vigil(['sim', 'run', '-n', '1', '--duration', '500ms']).ended;
    const child = vigil(['sim', 'run', '-n', '1'], true);
    await until('it sends', () => broker.seen.filter(({ topic }) => topic.endsWith('/status')).length >= 3);
    child.child.disconnect();
    const orphaned = await child.ended;
    expect([timed, orphaned]).toEqual(Array(2).fill({ code: 0, stdout: '', stderr: '' }));
  });

  test('refuses what it cannot do by name, with exit code 2', async () => {
    const { code, stderr } = await vigil(['sim', 'run', '--speed', '60']).ended;
    expect([code, stderr.includes('--speed 60')]).toEqual([2, true]);
  });

  test('says with exit code 4 that nothing runs', async () => {
    const { code, stderr } = await vigil(['sim', 'ls']).ended;
    expect([code, stderr.includes('control.sock')]).toEqual([4, true]);
  });
});
