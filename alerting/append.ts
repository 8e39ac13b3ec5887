// The one place of this role where a refused append is tried again: same records, same bytes, in order, until the log has
// taken them or the role stops. A copy that landed in spite of its refusal is told from the other by its own key.

import type { StreamLog, TopicName } from '../contract/index.ts';
import { type AppendRecord, type Clock, type Lane, LogUnavailableError, type Position } from '../contract/index.ts';
import { appendBytesMax, appendRecordsMax, retryFirstMs, retryLongestMs } from './limits.ts';

export interface AppenderOptions {
  readonly log: StreamLog;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told of each refusal. */
  readonly onRefused: (error: LogUnavailableError) => void;
}

/** What a role needs of the log to write. */
export interface Appender {
  /** Resolves when all are durable; rejects with the signal's reason when the role stops, or for a mistake of ours. */
  append(topic: TopicName, records: readonly AppendRecord[], lane: Lane): Promise<readonly Position[]>;
}

/** Appends with patience. Several calls at a time keep their order only if the caller waits for each. */
export function patientAppender({ log, clock, signal, onRefused }: AppenderOptions): Appender {
  async function appendOnce(topic: TopicName, records: readonly AppendRecord[], lane: Lane) {
    for (let pauseMs = retryFirstMs; ; pauseMs = Math.min(pauseMs * 2, retryLongestMs)) {
      signal.throwIfAborted();
      try {
        return await log.append(topic, records, { lane });
      } catch (error) {
        if (!(error instanceof LogUnavailableError)) throw error;
        onRefused(error);
      }
      await clock.sleep(pauseMs, signal);
    }
  }
  return {
    async append(topic, records, lane) {
      const positions: Position[] = [];
      for (const part of cut(records)) positions.push(...(await appendOnce(topic, part, lane)));
      return positions;
    },
  };
}

/** Records in parts of a bounded size, in order. */
export function* cut(records: readonly AppendRecord[]): Generator<readonly AppendRecord[]> {
  let part: AppendRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    if (part.length > 0 && (part.length === appendRecordsMax || bytes + record.value.length > appendBytesMax)) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(record);
    bytes += record.value.length;
  }
  if (part.length > 0) yield part;
}
