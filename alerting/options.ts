// What the role is told: options, checked once, and the ports that it may use.
import { z } from 'zod';
import {
  type Announce,
  type Clock,
  Id,
  type LogUnavailableError,
  type Position,
  type Random,
  type StreamLog,
} from '../contract/index.ts';
import type { EngineOptions, PartitionEngine } from './core/index.ts';
import { looksTogether } from './limits.ts';

export const AlertingOptions = z.strictObject({
  /** Name of this process among those that may own a partition. */
  instance: Id,
  /** Changes with each boot of the host: monotonic times compare only within one. */
  bootId: z.string().min(1).max(64),
  /** Build and configuration hash, for the envelope of each event. */
  build: z.string().min(1),
  config: z.string().min(1),
  /** Partitions of `inputs` to be a candidate for; default all. */
  partitions: z.array(z.int().nonnegative()).min(1).optional(),
});
export type AlertingOptions = z.input<typeof AlertingOptions>;

export interface AlertingPorts {
  readonly log: StreamLog;
  readonly clock: Clock;
  readonly random: Random;
  readonly announce: Announce;
  /** How often the watchdog has declared this process stuck; each time becomes a `blind` record. */
  readonly timesStuck?: () => number;
  /** Processor milliseconds this thread has used: tells a stuck process from a suspended one. */
  readonly busyMs?: () => number;
  /** Told what of `inputs` a restart would still read, as generations move on; for the log's retention. */
  readonly needs?: (reader: string, position: Position) => void;
  /** Told once if a partition's host fails for a reason of our own; default: ends the process. */
  readonly fatal?: (error: unknown) => void;
}

/** Makes the judgement of one partition. */
export type CreateEngine = (options: EngineOptions) => PartitionEngine;

export const WatchdogOptions = z.strictObject({
  opsHost: z.string().min(1),
  /** 0: any free port. */
  opsPort: z.int().min(0).max(65_535),
  /** A port that is taken is stepped over; only for a default that nobody named. */
  anyPort: z.boolean().default(false),
  /** Looks without a change until the engine counts as stuck, and until the process is ended. */
  looks: z
    .strictObject({ declare: z.int().min(1).max(looksTogether.declare), kill: z.int().min(2).max(looksTogether.kill) })
    .refine(({ declare, kill }) => declare < kill, { error: 'expected declare < kill' })
    .default(looksTogether),
});
export type WatchdogOptions = z.input<typeof WatchdogOptions>;

/** What the host of one partition is told. */
export interface PartitionOptions {
  readonly instance: string;
  readonly bootId: string;
  readonly build: string;
  readonly config: string;
  readonly partition: number;
  readonly partitions: number;
  /** True for the partition that holds the key `system`. */
  readonly tellsSystem: boolean;
}

/** What it may use, and whom it tells what it counts. */
export interface PartitionPorts {
  readonly log: StreamLog;
  readonly clock: Clock;
  readonly announce: Announce;
  readonly timesStuck: () => number;
  readonly busyMs: () => number;
  readonly needs: (reader: string, position: Position) => void;
  readonly fatal: (error: unknown) => void;
  readonly onRefused: (error: LogUnavailableError) => void;
  readonly onWritten: (events: number) => void;
  /** An event larger than a record may be: lost to `alerts`, and announced. */
  readonly onUnwritable: (input: number) => void;
  readonly onSnapshot: () => void;
  /** After each batch that was judged and written. */
  readonly onTurn: () => void;
}
