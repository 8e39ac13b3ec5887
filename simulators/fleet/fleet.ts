import { setMaxListeners } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../contract/index.ts';
import { seededRandom } from '../random.ts';
import { openTruth } from '../truth.ts';
import { FleetConfig, type FleetConfigInput } from './config.ts';
import { type FleetCounts, FleetDevice } from './device.ts';
import { openJournal } from './journal.ts';

export interface FleetOptions {
  readonly config: FleetConfigInput;
  readonly clock: Clock;
  /** Ends making readings; those made are still sent, for `drainMs`. */
  readonly signal: AbortSignal;
  /** Each second, and once at the end. */
  readonly onProgress: (counts: Readonly<FleetCounts>) => void;
}

/** Many devices, until their readings are acknowledged or their time is over; gives what happened. */
export async function runFleet({ config: input, clock, signal, onProgress }: FleetOptions): Promise<FleetCounts> {
  const config = FleetConfig.parse(input);
  const ca = config.broker.caFile === null ? undefined : await readFile(config.broker.caFile, 'utf8');
  await mkdir(dirname(config.journalFile), { recursive: true });
  await using journal = await openJournal(config.journalFile);
  using truth = openTruth(config.truthFile);
  const counts = { made: 0, sent: 0, duplicated: 0, acknowledged: 0, connections: 0, refused: 0, disordered: 0 };
  const ending = new AbortController();
  // Every device listens to it, and every sleep of every device.
  setMaxListeners(0, ending.signal);
  let failure: { readonly error: unknown } | undefined;
  const onFailure = (error: unknown) => {
    failure ??= { error };
    ending.abort();
  };
  const parts = { config, ca, clock, journal, truth, counts, onFailure };
  const devices = config.devices.map((device) => new FleetDevice(parts, device, seededRandom(config.seed, device.id)));
  const kits = config.devices.map(({ id, patient }) => ({ kit: id, device: id, patient }));
  truth.note({ what: 'run', at: clock.wall(), seed: config.seed, kits });

  const running = Promise.all(devices.map((device) => device.run(ending.signal)));
  await made();
  for (const device of devices) device.stopMaking();
  await until(() => devices.every(({ settled }) => settled), config.drainMs);
  ending.abort();
  await running;
  onProgress(counts);
  if (failure) throw failure.error;
  return counts;

  /** Until the signal, the end of the time, or the last reading of the last device. */
  async function made(): Promise<void> {
    const within = config.durationMs ?? Number.POSITIVE_INFINITY;
    await until(() => signal.aborted || devices.every(({ settled }) => settled), within);
  }

  async function until(holds: () => boolean, withinMs: number): Promise<void> {
    const end = clock.mono() + withinMs;
    for (let looks = 1; !holds() && !ending.signal.aborted && clock.mono() < end; looks++) {
      await clock.sleep(50);
      if (looks % 20 === 0) onProgress(counts);
    }
  }
}
