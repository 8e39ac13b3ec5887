// Item 6 of the path: the disk of the log fills. A clear error; no reading is taken; time, alerts and people's acts go on
// from the reserve; with room again all goes on by itself, and nothing that was acknowledged is missing. Needs root: the
// data folder is a small file system of its own.
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type AlertEvent, decodeBody, decodeInput, decodeRecord } from '../../contract/index.ts';
import { realDisk } from '../../durable/index.ts';
import { scanTopic } from '../../ingest/index.ts';
import type { FleetConfigInput } from '../../simulators/index.ts';
import { startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { check, noFaults } from './checker.ts';
import { evidenceOf } from './evidence.ts';
import { admit, allStored, startFleet } from './fleet.ts';
import { writeEpisodeRules } from './rules.ts';

const devices = 4;
const disk = realDisk();

/** Writes until nothing more fits, not a block. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (const piece of [1 << 20, 1 << 12])
      for (;;) {
        try {
          if (writeSync(file, Buffer.alloc(piece, 1)) < piece) break;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          break;
        }
      }
  } finally {
    closeSync(file);
  }
}

/** Records of `inputs` by kind. */
async function countInputs(dataFolder: string): Promise<{ readonly readings: number; readonly ticks: number }> {
  let [readings, ticks] = [0, 0];
  for await (const { value } of scanTopic(join(dataFolder, 'log'), 'inputs', disk)) {
    const { kind } = decodeInput(value);
    if (kind === 'readings') readings++;
    if (kind === 'tick') ticks++;
  }
  return { readings, ticks };
}

async function alertEvents(dataFolder: string): Promise<AlertEvent[]> {
  const events: AlertEvent[] = [];
  for await (const { value } of scanTopic(join(dataFolder, 'log'), 'alerts', disk)) {
    const { header, body } = decodeRecord(value);
    if (header.kind === 'alert') events.push(decodeBody(body) as AlertEvent);
  }
  return events;
}

test('a full disk stops readings alone, and with room again everything goes on', {
  tags: ['ING-DISK', 'BRK-HANDOVER', 'ING-DURABLE', 'ALR-TICK', 'ALR-STALE', 'API-ACK'],
  timeout: 240_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vigil-full-'));
  const small = join(folder, 'small');
  await mkdir(small);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', small]);
  try {
    const dataFolder = join(small, 'data');
    const filler = join(small, 'filler');
    const rules = join(folder, 'rules.json');
    await mkdir(dataFolder);
    await writeEpisodeRules(rules);
    await using program = await startProgram({
      dataFolder,
      set: ['log.segmentBytes=262144', `alerting.rules=${rules}`],
    });
    const identities = await admit(program, devices);
    const config: FleetConfigInput = {
      seed: 3,
      broker: { host: '127.0.0.1', port: program.mqttPort, caFile: program.caFile },
      devices: identities,
      everyMs: 20,
      // From the 21st reading on everybody stays low: one alert each, open all the time.
      episodes: { everyReadings: 100_040, lengthReadings: 100_000, gapReadings: 20 },
      reconnectMs: { least: 100, most: 1_000 },
      drainMs: 60_000,
      journalFile: join(folder, 'journal'),
      truthFile: join(folder, 'truth.jsonl'),
    };
    await using fleet = await startFleet(folder, config);
    const raised = async () => (await alertEvents(dataFolder)).filter(({ type }) => type === 'raised');
    await until('an alert of each', async () => (await raised()).length >= devices);
    const [open] = await raised();
    const { id, patient, revision } = open?.alert ?? { id: '', patient: null, revision: 0 };
    const clinician = await program.signIn();

    fill(filler);
    await until('the error', () => program.stderr().includes('log/inputs: the disk is full'));
    const atFull = await countInputs(dataFolder);
    const answer = await clinician.send('POST', `/alerts/${id}/acknowledge`, { revision, patient });
    const stale = (events: readonly AlertEvent[]) =>
      events.filter(({ type, alert }) => type === 'raised' && alert.family === 'stale').length;
    await until('the alerts of silence', async () => stale(await alertEvents(dataFolder)) >= devices);
    const later = await countInputs(dataFolder);
    const events = await alertEvents(dataFolder);
    const { body: system } = await program.admin('GET', '/system');
    const isSamePid = (await program.ready()).pid === program.childPid;
    expect({
      newReadings: later.readings - atFull.readings,
      ticks: later.ticks - atFull.ticks > 20,
      answer: [answer.status, answer.body.state],
      acknowledged: events.filter(({ type, alert }) => type === 'acknowledged' && alert.id === id).length,
      log: system.log.state,
      isSamePid,
    }).toEqual({
      newReadings: 0,
      ticks: true,
      answer: [200, 'acknowledged'],
      acknowledged: 1,
      log: 'full',
      isSamePid: true,
    });

    rmSync(filler);
    await until('that there is room', () => program.stderr().includes('log/inputs: there is room again'));
    const { acknowledged } = fleet.counts();
    await until('acknowledgements', () => fleet.counts().acknowledged > acknowledged + devices);
    const code = await fleet.stop();
    await allStored(program, identities, config.journalFile);
    const stopped = await program.stop('SIGTERM');
    const { faults, counts } = check(await evidenceOf({ dataFolder, fleet: config, identities }));
    expect({ code, stopped, faults }).toEqual({ code: 0, stopped: 0, faults: noFaults });
    expect([counts.acknowledged === counts.sent, counts.episodes]).toEqual([true, devices]);
  } finally {
    execFileSync('umount', ['-l', small]);
    await rm(folder, { recursive: true, force: true });
  }
});
