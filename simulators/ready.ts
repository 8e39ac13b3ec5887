import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../contract/index.ts';
import { NotRunningError } from './errors.ts';
import type { BrokerAddress } from './link.ts';

/** What a running system says of itself in `run/ready.json`, as far as a device needs it. */
const Ready = z.object({
  pid: z.int(),
  version: z.string(),
  mqttHost: z.string().default('127.0.0.1'),
  mqttPort: z.int(),
  caFile: z.string(),
});
type Ready = z.infer<typeof Ready>;

/** Certificates of a local installation name this host. */
const servername = 'localhost';

/** Where the broker of the system in this folder listens now, and whom to believe. */
export async function brokerOf(dataFolder: string): Promise<BrokerAddress & { readonly version: string }> {
  const { mqttHost: host, mqttPort: port, caFile, version } = await readReady(dataFolder);
  return { host, port, servername, ca: await readFile(resolve(dataFolder, caFile), 'utf8'), version };
}

async function readReady(dataFolder: string): Promise<Ready> {
  return Ready.parse(JSON.parse(await readFile(join(dataFolder, 'run', 'ready.json'), 'utf8')));
}

/** Waits until the system of this folder is there: its file, and the process it names. */
export async function waitForSystem(
  dataFolder: string,
  clock: Clock,
  withinMs: number,
  signal: AbortSignal,
): Promise<void> {
  const until = clock.mono() + withinMs;
  for (;;) {
    let missing: string;
    try {
      const { pid } = await readReady(dataFolder);
      if (isAlive(pid)) return;
      missing = `the process ${pid} that run/ready.json names is gone`;
    } catch (error) {
      missing = (error as Error).message;
    }
    if (clock.mono() >= until)
      throw new NotRunningError(
        `no system in ${dataFolder} within ${withinMs / 1_000} s (${missing}); start it with "vigil up"`,
      );
    await clock.sleep(200, signal);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
