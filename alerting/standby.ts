// A partition that another owner judges: read along, claim when that one falls silent. Never writes an event.
import { BadRecordError, decodeInput, type LogRecord, LogUnavailableError, type Position } from '../contract/index.ts';
import { recordsPerTurn, retryLongestMs, standbyLookEveryMs, takeoverAfterMs } from './limits.ts';
import type { PartitionOptions, PartitionPorts } from './options.ts';
import { OwnerWatch } from './owner.ts';

export interface StandbyParts {
  readonly options: PartitionOptions;
  readonly ports: PartitionPorts;
  readonly from: Position;
  readonly epoch: number;
  readonly signal: AbortSignal;
}

/**
 * Reads along without judging, until there is a new reason to claim: the owner has not been heard for too long. While the
 * log itself is down nobody is heard; a claim made then is late or invalid, which costs nothing.
 */
export async function standBy({ options, ports, from, epoch, signal }: StandbyParts): Promise<void> {
  const watch = new OwnerWatch(epoch, ports.clock.mono());
  const enough = new AbortController();
  const following = follow(watch, from, options, ports, AbortSignal.any([signal, enough.signal]));
  try {
    while (watch.silentMs(ports.clock.mono()) < takeoverAfterMs) await ports.clock.sleep(standbyLookEveryMs, signal);
  } finally {
    enough.abort();
    await following;
  }
}

async function follow(
  watch: OwnerWatch,
  from: Position,
  { partition }: PartitionOptions,
  { log, clock, fatal }: PartitionPorts,
  signal: AbortSignal,
): Promise<void> {
  let position = from;
  while (!signal.aborted) {
    try {
      for await (const batch of log.read('inputs', partition, position, { signal, maxRecords: recordsPerTurn })) {
        for (const record of batch.records) note(watch, record, clock.mono());
        position = batch.next;
      }
      if (!signal.aborted) await clock.sleep(retryLongestMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof LogUnavailableError)) return fatal(error);
    }
  }
}

function note(watch: OwnerWatch, record: LogRecord, mono: number): void {
  try {
    const input = decodeInput(record.value);
    if (input.kind === 'owner') watch.claimed(input.body.after, mono);
    else if (input.kind === 'tick') watch.ticked(input.body.epoch, mono);
  } catch (error) {
    // The owner counts and announces it.
    if (!(error instanceof BadRecordError)) throw error;
  }
}
