// Item 3 of the path: the serving process is killed at ten seeded moments under load, its parent with it at some of them.
// Every acknowledged reading is afterwards in the log and once in the store, byte for byte, and every episode was told once.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { FleetConfigInput } from '../../simulators/index.ts';
import { pseudoRandom } from '../../simulators/index.ts';
import { type Program, startProgram } from '../support/program.ts';
import { patienceMs, until } from '../support/until.ts';
import { check, noFaults } from './checker.ts';
import { evidenceOf } from './evidence.ts';
import { admit, allStored, type Fleet, startFleet } from './fleet.ts';
import { writeEpisodeRules } from './rules.ts';

const seed = Number(process.env['VIGIL_TEST_SEED'] ?? 7);
const kills = 10;
const devices = 8;

/** Of every four kills the last takes the parent too, so that its back-off, right as it is, does not make the test longer. */
const takesParent = (kill: number) => kill % 4 === 3;
const momentMs = (kill: number) => pseudoRandom(seed, 'kill', kill) % 1_000;

test('ten kills under load: nothing acknowledged is lost, every episode is told once', {
  tags: ['BRK-HANDOVER', 'BRK-ORDER', 'ING-DURABLE', 'ING-COMMIT', 'ING-DEDUP', 'ALR-EPISODE', 'ALR-STATE'],
  timeout: 540_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vigil-kill-'));
  try {
    const dataFolder = join(folder, 'data');
    const rules = join(folder, 'rules.json');
    await mkdir(dataFolder);
    await writeEpisodeRules(rules);
    const port = await freePort();
    const start = () =>
      startProgram({
        dataFolder,
        set: [`ingest.mqttPort=${port}`, `alerting.rules=${rules}`],
        readyWithinMs: 2 * patienceMs,
      });
    let program = await start();
    const identities = await admit(program, devices);
    const config: FleetConfigInput = {
      seed,
      broker: { host: '127.0.0.1', port, caFile: program.caFile },
      devices: identities,
      everyMs: 100,
      duplicates: 0.1,
      episodes: { everyReadings: 50, lengthReadings: 10, gapReadings: 5 },
      reconnectMs: { least: 50, most: 400 },
      drainMs: 60_000,
      journalFile: join(folder, 'journal'),
      truthFile: join(folder, 'truth.jsonl'),
    };
    await using fleet = await startFleet(folder, config);
    const killed: number[] = [];
    for (let kill = 0; kill < kills; kill++) {
      await underLoad(fleet);
      await sleep(momentMs(kill));
      killed.push((await program.ready()).pid);
      if (takesParent(kill)) {
        await program.kill();
        program = await start();
      } else {
        const { pid } = await program.ready();
        process.kill(pid, 'SIGKILL');
        await servesAgain(program, pid);
      }
    }
    await underLoad(fleet);
    const code = await fleet.stop();
    await allStored(program, identities, config.journalFile);
    const stopped = await program.stop('SIGTERM');
    const evidence = await evidenceOf({ dataFolder, fleet: config, identities });
    const { faults, counts } = check(evidence);
    const few = Object.fromEntries(Object.entries(faults).map(([name, all]) => [name, all.slice(0, 5)]));
    expect({ seed, faults: few }).toEqual({ seed, faults: noFaults });
    expect({
      processes: new Set(killed).size,
      code,
      stopped,
      damaged: evidence.damaged,
      all: counts.acknowledged === counts.sent,
      many: counts.sent > 1_000 && counts.copies > 50 && counts.episodes > 10 && evidence.planned > 10,
    }).toEqual({ processes: kills, code: 0, stopped: 0, damaged: 0, all: true, many: true });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** Acknowledgements go on, and what waited during the last outage is gone: it would be history at the next one's end. */
async function underLoad(fleet: Fleet): Promise<void> {
  const before = fleet.counts().acknowledged;
  const goesOn = () => {
    const { made, acknowledged } = fleet.counts();
    return acknowledged > before + devices && made - acknowledged < 4 * devices;
  };
  await until('acknowledgements', goesOn, { withinMs: 2 * patienceMs });
}

/** The parent has started another child, and that one serves. */
async function servesAgain(program: Program, former: number): Promise<void> {
  await until('another child', async () => (await program.ready()).pid !== former, { withinMs: 2 * patienceMs });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
