// A fleet as a process of its own: `node simulators/fleet-process.ts --config file.json`. One JSON object a line on
// stdout: counts each second, the last one with "done". SIGTERM, or the end of the process that started it, stops making
// readings; those made are still sent. Exit 0: all acknowledged; 1: some were not, or something failed.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { FleetConfigInput } from './fleet/config.ts';
import { runFleet } from './fleet/fleet.ts';
import { systemClock } from './system-clock.ts';

const { config: file } = parseArgs({ options: { config: { type: 'string' } } }).values;
if (file === undefined) {
  process.stderr.write('expected --config file.json\n');
  process.exit(2);
}

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
process.on('disconnect', () => stopping.abort());

const print = (line: object) => void process.stdout.write(`${JSON.stringify(line)}\n`);
// The schema is applied by the fleet: this is the one place that takes the file for what it says.
const config = JSON.parse(await readFile(file, 'utf8')) as FleetConfigInput;
const counts = await runFleet({ config, clock: systemClock, signal: stopping.signal, onProgress: print });
print({ ...counts, done: true });
process.exitCode = counts.acknowledged === counts.made ? 0 : 1;
// With a channel to its parent open it would never end.
if (process.connected) process.disconnect();
