// Alert events between two positions of `alerts`, as they stand in the log: copies and former owners' left out.
import {
  AlertEvent,
  decodeBody,
  decodeRecord,
  type LogRecord,
  type Position,
  PositionOutsideLogError,
  type ResetReason,
  type StreamLog,
} from '../../contract/index.ts';
import type { AlertBoard } from '../alert-board.ts';
import { replayEventsMax } from '../limits.ts';

export interface Replayed {
  readonly position: Position;
  readonly event: AlertEvent;
}

/** Events after `after` up to and with `to`, or why the client has to begin again. */
export async function replay(
  after: Position,
  to: Position,
  { log, alerts, signal }: { readonly log: StreamLog; readonly alerts: AlertBoard; readonly signal: AbortSignal },
): Promise<readonly Replayed[] | ResetReason> {
  if (after > to) return 'cursor';
  const events: Replayed[] = [];
  if (after === to) return events;
  try {
    for await (const { records, next } of log.read('alerts', 0, after + 1, { signal })) {
      for (const record of records) {
        const event = record.position <= to ? eventOf(record, alerts) : undefined;
        if (event) events.push({ position: record.position, event });
      }
      if (events.length > replayEventsMax) return 'too-many';
      if (next > to) break;
    }
  } catch (error) {
    if (error instanceof PositionOutsideLogError) return 'too-old';
    throw error;
  }
  return events;
}

/** The event of a record that the projection took; undefined for all else. */
export function eventOf({ position, value }: LogRecord, alerts: AlertBoard): AlertEvent | undefined {
  if (alerts.isIgnored(position)) return undefined;
  try {
    const { header, body } = decodeRecord(value);
    return header.kind === 'alert' ? AlertEvent.parse(decodeBody(body)) : undefined;
  } catch {
    // Set aside here as it was in the projection (ING-POISON).
    return undefined;
  }
}
