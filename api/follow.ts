// Following one partition of one topic, for ever. Class C. Invariants: records are taken in order, none twice by the
// follower itself; the event loop has its turn after each batch. On failure: a log that cannot be read is asked again; a
// position that retention has passed is stepped over, counted and told; an error of the taker is ours and goes up.
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type Announce,
  type Clock,
  type LogRecord,
  LogUnavailableError,
  type Position,
  PositionOutsideLogError,
  type StreamLog,
  type TopicName,
} from '../contract/index.ts';
import { readAgainMs, recordsPerTurnMax } from './limits.ts';

export interface FollowPorts {
  readonly log: StreamLog;
  readonly clock: Clock;
  readonly announce: Announce;
  readonly signal: AbortSignal;
}

export interface Following {
  readonly topic: TopicName;
  readonly partition: number;
  readonly from: Position;
  /** Most records of one turn. */
  readonly perTurn?: number;
  take(record: LogRecord): void;
  /** After each batch: where reading goes on. */
  reached(next: Position): void;
}

/** Runs until the signal aborts. */
export async function follow(following: Following, ports: FollowPorts): Promise<void> {
  const { topic, partition, from, perTurn = recordsPerTurnMax, take, reached } = following;
  const { log, clock, announce, signal } = ports;
  let next = from;
  let isTold = false;
  while (!signal.aborted) {
    try {
      for await (const batch of log.read(topic, partition, next, { signal, maxRecords: perTurn })) {
        for (const record of batch.records) take(record);
        next = batch.next;
        isTold = false;
        reached(next);
        await nextTurn();
      }
    } catch (error) {
      if (error instanceof PositionOutsideLogError) {
        announce('error', `api: ${topic}/${partition} goes on at ${error.low}: ${error.message}`);
        next = error.low;
      } else if (!(error instanceof LogUnavailableError)) throw error;
      else if (!isTold) announce('warning', `api: ${topic}/${partition} cannot be read: ${error.code}`);
      isTold = true;
      await clock.sleep(readAgainMs, signal).catch(() => {});
    }
  }
}
