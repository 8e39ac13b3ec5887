// `vigil replay FILE`: a recording, at 1x into the running system or as fast as it goes through a system of its own.
import { existsSync, readdirSync } from 'node:fs';
import type { Command } from 'commander';
import type { Clock } from '../../contract/index.ts';
import { UsageError } from '../errors.ts';
import type { Report } from '../sender.ts';
import { systemClock } from '../system-clock.ts';
import { devicesOf, identityOf, type ReplayIdentity } from './identity.ts';
import { type Played, playLive } from './live.ts';
import { openRecording } from './open.ts';
import { type ReplayArguments, type ReplayOptions, replayOptions } from './options.ts';
import { alertRows, type ToldOutcome, watchedMs } from './outcome.ts';
import type { Recording } from './recording.ts';
import type { ReplayDevice } from './script.ts';
import { type Summary, spanText, summaryJson, summaryText } from './summary.ts';

/** What is played, and how. */
export interface VirtualReplay {
  readonly recording: Recording;
  readonly identity: ReplayIdentity;
  readonly devices: readonly ReplayDevice[];
  readonly seed: number;
  readonly rounds: number;
  readonly tailMs: number;
  readonly durationMs: number | undefined;
  /** Where log and store are kept; undefined: nowhere. */
  readonly keep: string | undefined;
}

/** What became of it in a system of its own. */
export interface VirtualPlayed extends Played {
  readonly refused: Readonly<Record<string, number>>;
  readonly told: ToldOutcome;
}

/** The whole system, which simulators know nothing of. */
export interface WholeSystem {
  playVirtually(replay: VirtualReplay, onProgress: (atMs: number) => void, signal: AbortSignal): Promise<VirtualPlayed>;
  /** What a running system's log tells of a patient since then. */
  toldBy(dataFolder: string, patient: string, since: number): Promise<ToldOutcome>;
}

export interface ReplayContext {
  readonly dataFolder: () => string;
  readonly json: () => boolean;
  readonly system: WholeSystem;
  /** Runs it and ends with its exit code. */
  readonly coded: (act: () => Promise<number>) => Promise<void>;
}

const exit = { ok: 0, failure: 1, interrupted: 130 } as const;

/** Adds `replay` to the program. */
export function registerReplayCommand(program: Command, context: ReplayContext): void {
  const many = (value: string, all: string[] = []) => [...all, value];
  program
    .command('replay')
    .argument('<file>', 'a WFDB record (.hea) or a table (.csv), also .gz')
    .description('play a recording of real signals, realm test only')
    .option('--speed <speed>', '1: into the running system; max: through a system of its own, in virtual time', '1')
    .option('--format <name>', 'wfdb or csv; default by the name of the file')
    .option('--map <name=target>', 'which lead a signal is (V=V1), or which device sends it (II=d-ecg1); repeat', many)
    .option('--only <signals>', 'play these alone, separated by commas')
    .option('--from <instant>', 'when the recording began, over what the file says')
    .option('--zone <zone>', 'zone of times without one, such as Europe/Berlin; default UTC')
    .option('--tail <time>', 'watch on after the last record, such as 60s', '0s')
    .option('--loop [rounds]', 'play it again and again')
    .option('--duration <time>', 'play only so much of it, such as 90s')
    .option('--seed <number>', 'who it is: the same file and seed are the same device', '1')
    .option('--keep <folder>', 'keep log and store of --speed max there')
    .option('--time-column <name>', 'table: the column of the time; DATE+TIME for two')
    .option('--time-unit <unit>', 'table: iso, dmy, mdy, epoch-s, epoch-ms, epoch-us, or s, ms since the start')
    .option('--delimiter <sign>', 'table: what stands between cells; tab is a word')
    .option('--decimal <sign>', 'table: comma or point')
    .option('--column <vital=name>', 'table: the column of a vital; repeat', many)
    .option('--unit <vital=unit>', 'table: the unit of a vital; repeat', many)
    .option('--absent <numbers>', 'table: numbers that stand for nothing measured, such as 0,255')
    .option('--empty <how>', 'table: an empty cell is an absence (absent) or no reading at all (skip)', 'absent')
    .action((file: string, asked: ReplayArguments) => context.coded(() => replay(file, asked, context)));
}

async function replay(file: string, asked: ReplayArguments, context: ReplayContext): Promise<number> {
  const options = replayOptions(asked);
  const recording = await openRecording(file, options.read, options.format);
  const identity = identityOf(recording, options.seed);
  const devices = devicesOf(recording, identity, options.devices);
  const stopping = new AbortController();
  let interrupted = false;
  const stop = () => stopping.abort();
  const interrupt = () => {
    interrupted = true;
    stop();
  };
  process.on('SIGINT', interrupt);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  process.once('disconnect', stop);
  const progress = progressOn(process.stderr, wholeMs(recording, options));
  try {
    const play = options.speed === 'max' ? playMax : playOnce;
    const summary = await play({ recording, identity, devices, options, context, progress }, stopping.signal);
    progress.end();
    const text = context.json() ? `${JSON.stringify(summaryJson(summary))}\n` : summaryText(summary);
    process.stdout.write(text);
    if (interrupted) return exit.interrupted;
    return summary.unacknowledged > 0 ? exit.failure : exit.ok;
  } catch (error) {
    if (interrupted && stopping.signal.aborted) return exit.interrupted;
    throw error;
  } finally {
    progress.end();
    process.off('SIGINT', interrupt);
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.off(signal, stop);
    process.off('disconnect', stop);
  }
}

interface Playing {
  readonly recording: Recording;
  readonly identity: ReplayIdentity;
  readonly devices: readonly ReplayDevice[];
  readonly options: ReplayOptions;
  readonly context: ReplayContext;
  readonly progress: Progress;
}

async function playMax({ recording, identity, devices, options, context, progress }: Playing, signal: AbortSignal) {
  const began = performance.now();
  const { seed, rounds, tailMs, durationMs, keep } = options;
  if (keep !== undefined && existsSync(keep) && readdirSync(keep).length > 0)
    throw new UsageError(`--keep ${keep}: expected a new or empty folder`);
  const replayed = { recording, identity, devices, seed, rounds, tailMs, durationMs, keep };
  const played = await context.system.playVirtually(replayed, progress.at, signal);
  const { told, refused } = played;
  return summaryOf(recording, options, { played, told, refused, wallMs: performance.now() - began });
}

async function playOnce({ recording, identity, devices, options, context, progress }: Playing, signal: AbortSignal) {
  const began = performance.now();
  const dataFolder = context.dataFolder();
  const clock: Clock = systemClock;
  const report: Report = (level, line) => {
    if (level === 'problem' || progress.isShown) progress.say(line);
  };
  const place = { dataFolder, clock, report, onProgress: progress.at };
  const { seed, rounds, tailMs, durationMs } = options;
  const played = await playLive({ recording, identity, devices, seed, rounds, tailMs, durationMs }, place, signal);
  const wallMs = performance.now() - began;
  const told = await context.system.toldBy(dataFolder, played.patient, played.startedAt);
  return summaryOf(recording, options, { played, told, refused: {}, wallMs });
}

interface Became {
  readonly played: Played;
  readonly told: ToldOutcome;
  readonly refused: Readonly<Record<string, number>>;
  readonly wallMs: number;
}

function summaryOf(recording: Recording, options: ReplayOptions, became: Became): Summary {
  const { played, told, refused, wallMs } = became;
  const { startedAt, playedMs, patient, devices, sent, acknowledged, unacknowledged, interrupted } = played;
  const { seed, speed, tailMs, keep } = options;
  return {
    ...{ recording, seed, speed, interrupted, startedAt, playedMs, tailMs, patient, devices, sent },
    ...{ acknowledged, unacknowledged, refused, wallMs: Math.round(wallMs), kept: keep },
    alerts: alertRows(told.alerts),
    watched: watchedMs(told.monitoring, startedAt, startedAt + playedMs + tailMs),
  };
}

/** Undefined: nobody knows when it ends. */
function wholeMs({ lengthMs, periodMs }: Recording, { rounds, durationMs }: ReplayOptions): number | undefined {
  const whole = Math.min((rounds - 1) * periodMs + lengthMs, durationMs ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(whole) ? whole : undefined;
}

interface Progress {
  readonly isShown: boolean;
  readonly at: (atMs: number) => void;
  say(line: string): void;
  end(): void;
}

/** A line on a terminal that is written over; nothing where there is none. */
function progressOn(stream: NodeJS.WriteStream, whole: number | undefined): Progress {
  const isShown = stream.isTTY === true;
  let shownAt = 0;
  let isOpen = false;
  const clear = () => {
    if (isOpen) stream.write('\r\u001b[K');
    isOpen = false;
  };
  return {
    isShown,
    at: (atMs) => {
      if (!isShown || performance.now() - shownAt < 500) return;
      shownAt = performance.now();
      stream.write(`\r\u001b[K${spanText(atMs)}${whole === undefined ? '' : ` of ${spanText(whole)}`}`);
      isOpen = true;
    },
    say: (line) => {
      clear();
      stream.write(`${line}\n`);
    },
    end: clear,
  };
}
