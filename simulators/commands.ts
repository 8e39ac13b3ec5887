// `vigil sim ...`: devices that do not exist, over MQTT like any device. Exit codes of `interfaces.md` 8.
import type { Command } from 'commander';
import { askKits, type ControlCommand, command } from './control.ts';
import { LocalRefusedError, NotRunningError, UsageError } from './errors.ts';
import { type RunArguments, runOptions } from './options.ts';
import { registerReplayCommand, type WholeSystem } from './replay/command.ts';
import { runWard } from './run.ts';
import { scenarios } from './scenario.ts';
import type { Report } from './sender.ts';
import { systemClock } from './system-clock.ts';
import type { KitView } from './ward.ts';

const exit = { ok: 0, failure: 1, usage: 2, cannotConnect: 4, notAllowed: 6, interrupted: 130 } as const;

export interface SimContext {
  /** The running system's; a function where it is known only once a command runs. */
  readonly dataFolder: string | (() => string);
  /** What `replay` needs beyond simulators; without it there is no such command. */
  readonly system?: WholeSystem;
  /** Called once with the exit code; default: set it, and let the process end by itself. */
  readonly end?: (code: number) => void;
}

/** Adds `sim` and what belongs to it to the program. */
export function registerSimCommands(program: Command, context: SimContext): void {
  const { end = setExitCode } = context;
  const dataFolder = () => (typeof context.dataFolder === 'string' ? context.dataFolder : context.dataFolder());
  const json = () => program.opts<{ json?: boolean }>().json === true;
  const { system } = context;
  if (system) {
    const run = async (act: () => Promise<number>) => end(await coded(act));
    registerReplayCommand(program, { dataFolder, json, system, coded: run });
  }
  const sim = program.command('sim').description('simulated patients and their kits, realm test only');

  sim
    .command('run')
    .argument('[name]', `what happens: ${Object.keys(scenarios).join(' or ')}`, 'first-start')
    .description('run a ward of kits until it is stopped; one at a time in a data folder')
    .option('-n, --patients <count>', 'patients, one kit each', '8')
    .option('--seed <number>', 'the same seed plays the same signals', '1')
    .option('--duration <time>', 'end by itself, such as 90s, 10m, 1h')
    .option('--only <kits>', 'only these, such as kit-5 or kit-2,kit-5')
    .option('--loss <share>', 'messages numbered and never sent, such as 1%')
    .option('--dup <share>', 'messages sent twice, such as 10%')
    .option('--jitter <time>', "a second's messages held back by chance, up to this")
    .option('--skew <time>', "the kits' clocks ahead by this, or behind: --skew=-5m")
    .option('--broker <url>', 'mqtts://host:port instead of the address that the running system says')
    .option('--speed <factor>', 'only 1: a running system lives in real time')
    .addHelpText(
      'after',
      `
By hand, from another terminal, while it runs (NAME: kit-5, or its patient, or its device):
  vigil sim ls                     how each kit does
  vigil sim stop NAME              switch a kit off; it says so
  vigil sim stop NAME --silent     as if its battery died: not a word more
  vigil sim start NAME             switch it on again: a new boot
  vigil sim desaturate NAME        let the patient's SpO2 fall to 86 for some minutes
What they did: <data>/sim/truth.jsonl`,
    )
    .action(async (name: string, asked: RunArguments) => end(await coded(() => run(name, asked, dataFolder()))));

  sim
    .command('ls')
    .description('list the kits of the running ward')
    .action(async () => end(await coded(async () => show(await askKits(dataFolder()), json()))));

  const byHand = (act: () => ControlCommand) => coded(async () => show([await command(dataFolder(), act())], json()));
  sim
    .command('stop')
    .argument('<name>', 'kit, patient or device')
    .description('switch a kit off')
    .option('--silent', 'without a goodbye, as if the battery died')
    .action(async (name: string, { silent }: { silent?: boolean }) =>
      end(await byHand(() => ({ act: 'stop', name, how: silent ? 'silent' : 'stopped' }))),
    );
  sim
    .command('start')
    .argument('<name>', 'kit, patient or device')
    .description('switch a kit on')
    .action(async (name: string) => end(await byHand(() => ({ act: 'start', name }))));
  sim
    .command('desaturate')
    .argument('<name>', 'kit, patient or device')
    .description('let an SpO2 fall for some minutes')
    .option('--to <percent>', 'how deep, 50 to 100', '86')
    .action(async (name: string, { to }: { to: string }) =>
      end(await byHand(() => ({ act: 'desaturate', name, to: percent(to) }))),
    );
}

/** Runs a ward; a signal, the end of the parent or of the time asked for ends it. */
async function run(name: string, asked: RunArguments, dataFolder: string): Promise<number> {
  const options = runOptions(asked, name);
  const stopping = new AbortController();
  let interrupted = false;
  const stop = () => stopping.abort();
  process.once('SIGINT', () => {
    interrupted = !stopping.signal.aborted;
    stop();
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // Started by another process, it ends with it.
  process.once('disconnect', stop);
  const progress = process.stderr.isTTY === true && !process.connected;
  const report: Report = (level, line) => {
    if (level === 'problem' || progress) process.stderr.write(`${line}\n`);
  };
  try {
    const place = { dataFolder, clock: systemClock, report, onStarted: () => report('progress', howTo) };
    await runWard(options, place, stopping.signal);
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
  }
  return interrupted ? exit.interrupted : exit.ok;
}

const howTo = 'kits are on; by hand: vigil sim ls, stop NAME [--silent], start NAME, desaturate NAME; Ctrl-C ends';

function setExitCode(code: number): void {
  process.exitCode = code;
}

/** The exit code of what was done, or of how it failed, which is said on stderr. */
async function coded(act: () => Promise<number>): Promise<number> {
  try {
    return await act();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    if (error instanceof UsageError) return exit.usage;
    if (error instanceof NotRunningError) return exit.cannotConnect;
    if (error instanceof LocalRefusedError && [401, 403].includes(error.status)) return exit.notAllowed;
    return exit.failure;
  }
}

function show(kits: readonly KitView[], json: boolean): number {
  if (json) process.stdout.write(`${JSON.stringify({ schema: 'vigil.sim/1', kits })}\n`);
  else for (const kit of kits) process.stdout.write(`${line(kit)}\n`);
  return exit.ok;
}

function line({ kit, patient, device, state, boot, connected, waiting, acknowledged }: KitView): string {
  const how = state === 'off' ? 'off' : `on, boot ${boot}, ${connected ? 'connected' : 'not connected'}`;
  const counts = state === 'off' ? '' : `, ${acknowledged} acknowledged, ${waiting} waiting`;
  return `${kit}  patient ${patient}  device ${device}  ${how}${counts}`;
}

function percent(text: string): number {
  const value = Number(text);
  if (!(value >= 50 && value <= 100)) throw new UsageError(`--to ${text}: expected 50 to 100`);
  return value;
}
