// What stands in a topic up to its end, read once. Invariant: in order, nothing twice. On failure: a record that cannot be
// read, or a log that cannot, rejects.
import {
  type AlertEvent,
  decodeBody,
  decodeRecord,
  type LogRecord,
  type Monitoring,
  type Position,
  type StreamLog,
  type TopicName,
} from '../contract/index.ts';

/** One record of `alerts` as it stands there; `text` is its body's bytes. */
export type Told = { readonly position: Position; readonly text: string } & (
  | { readonly kind: 'alert'; readonly event: AlertEvent }
  | { readonly kind: 'monitoring'; readonly change: Monitoring }
);

export function toldOf({ position, value }: LogRecord): Told {
  const { header, body } = decodeRecord(value);
  const text = Buffer.from(body).toString();
  return header.kind === 'alert'
    ? { position, text, kind: 'alert', event: decodeBody(body) as AlertEvent }
    : { position, text, kind: 'monitoring', change: decodeBody(body) as Monitoring };
}

/** Hands over every record of a partition from a position on, up to its durable end now. */
export async function readTopic(
  log: StreamLog,
  { topic, partition, from }: { readonly topic: TopicName; readonly partition: number; readonly from: Position },
  take: (record: LogRecord) => void,
): Promise<void> {
  const { low, high } = await log.bounds(topic, partition);
  const start = Math.max(low, from);
  if (start >= high) return;
  for await (const { records, next } of log.read(topic, partition, start, { signal: new AbortController().signal })) {
    for (const record of records) take(record);
    if (next >= high) return;
  }
}
