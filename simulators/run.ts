import { join } from 'node:path';
import type { Clock } from '../contract/index.ts';
import { startControl } from './control.ts';
import { LocalRefusedError, NotRunningError } from './errors.ts';
import type { KitIdentity } from './kit.ts';
import { readyWithinMs } from './limits.ts';
import type { RunOptions } from './options.ts';
import { adminSocket, provision } from './provision.ts';
import { brokerOf, waitForSystem } from './ready.ts';
import { scenarios } from './scenario.ts';
import type { Report } from './sender.ts';
import { openTruth } from './truth.ts';
import { startWard, type Ward } from './ward.ts';

export interface RunPlace {
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly report: Report;
  /** Called when all kits are on. */
  readonly onStarted: () => void;
}

/** Where truth, tokens, boot counters and the control socket stand. */
export function simulatorFolder(dataFolder: string): string {
  return join(dataFolder, 'sim');
}

/** Provisions a ward and lets it live until the signal, or until its time is over. */
export async function runWard(options: RunOptions, place: RunPlace, signal: AbortSignal): Promise<void> {
  const { dataFolder, clock, report } = place;
  const folder = simulatorFolder(dataFolder);
  let ward: Ward | undefined;
  await using _control = await startControl(dataFolder, () => ward);
  const all = await provisioned(options.patients, place, signal);
  const identities = options.only ? all.filter(({ name }) => options.only?.includes(name)) : all;
  using truth = openTruth(join(folder, 'truth.jsonl'));
  await using running = await startWard({
    identities,
    seed: options.seed,
    scenario: scenarios[options.scenario],
    realm: 'test',
    version: (await brokerOf(dataFolder)).version,
    broker: async () => ({ ...(await brokerOf(dataFolder)), ...options.broker }),
    folder,
    clock,
    faults: options.faults,
    jitterMs: options.jitterMs,
    truth,
    report,
  });
  ward = running;
  place.onStarted();
  await lasting(options.durationMs, clock, signal);
}

/** The kits, once the system is there to register them; a system that is just starting gets its time. */
async function provisioned(count: number, place: RunPlace, signal: AbortSignal): Promise<readonly KitIdentity[]> {
  const { dataFolder, clock } = place;
  const until = clock.mono() + readyWithinMs;
  for (;;) {
    await waitForSystem(dataFolder, clock, Math.max(0, until - clock.mono()), signal);
    try {
      return await provision({ dataFolder, count, socket: adminSocket(dataFolder) });
    } catch (error) {
      const starting = error instanceof NotRunningError || (error instanceof LocalRefusedError && error.status === 503);
      if (!starting || clock.mono() >= until) throw error;
      await clock.sleep(500, signal);
    }
  }
}

/** Longest wait of one timer; Node's end at 2^31 ms. */
const timerMaxMs = 3_600_000;

async function lasting(durationMs: number | undefined, clock: Clock, signal: AbortSignal): Promise<void> {
  const until = clock.mono() + (durationMs ?? Number.POSITIVE_INFINITY);
  while (!signal.aborted && clock.mono() < until)
    await clock.sleep(Math.min(timerMaxMs, until - clock.mono()), signal).catch(() => {});
}
