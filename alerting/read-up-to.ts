// Reading a topic up to an end that was asked for before: what a restart does with snapshots and alerts.
import type { LogBatch, Position, StreamLog, TopicName } from '../contract/index.ts';
import { recordsPerTurn } from './limits.ts';

export interface Stretch {
  readonly topic: TopicName;
  readonly partition: number;
  readonly from: Position;
  /** The read ends once it has come this far. */
  readonly to: Position;
}

/** The batches of a stretch that is already durable, then the end; nothing is waited for. */
export async function* readUpTo(log: StreamLog, stretch: Stretch, signal: AbortSignal): AsyncGenerator<LogBatch> {
  const { topic, partition, from, to } = stretch;
  if (from >= to) return;
  for await (const batch of log.read(topic, partition, from, { signal, maxRecords: recordsPerTurn })) {
    yield batch;
    if (batch.next >= to) return;
  }
  signal.throwIfAborted();
}
