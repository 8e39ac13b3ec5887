// Events of the core as records of `alerts`, and their identity: what is written already is not written again
// (`records.md` 6). The body is the core's, in its order of keys; the envelope is ours and may differ between runs.
import {
  type AlertEnvelope,
  AlertEnvelope as AlertEnvelopeSchema,
  type AppendRecord,
  decodeRecord,
  encodeRecord,
  type LogRecord,
} from '../contract/index.ts';
import type { CoreEvent } from './core/types.ts';
import { partitionKey } from './owner.ts';

/** An event that is not yet in `alerts`, and the position in `inputs` that caused it. */
export interface UnwrittenEvent {
  readonly event: CoreEvent;
  readonly input: number;
}

const decoder = new TextDecoder();

/** An alert event is told by its id; a change of monitoring, which has none, by all it says. */
export function identityOf({ kind, body }: CoreEvent): string {
  return kind === 'alert' ? body.event : JSON.stringify(body);
}

/** Identity of a record of `alerts` that this partition caused; undefined for others'. Throws `BadRecordError`. */
export function writtenIdentity(record: LogRecord, partition: number): string | undefined {
  const { header, body } = decodeRecord(record.value);
  const envelope = AlertEnvelopeSchema.safeParse(header);
  if (!envelope.success || envelope.data.partition !== partition) return undefined;
  const text = decoder.decode(body);
  return envelope.data.kind === 'alert' ? (JSON.parse(text) as { event: string }).event : text;
}

/** What the host knows of itself and the core does not. */
export type Origin = Pick<AlertEnvelope, 'partition' | 'epoch' | 'build' | 'config' | 'writtenAt'>;

/** The record of an event. Throws `BadRecordError` if it is larger than a record may be. */
export function eventRecord({ event, input }: UnwrittenEvent, origin: Origin): AppendRecord {
  const { partition, epoch, build, config, writtenAt } = origin;
  const envelope: AlertEnvelope = { v: 1, kind: event.kind, partition, epoch, input, build, config, writtenAt };
  return { key: keyOf(event), value: encodeRecord(envelope, event.body) };
}

/** Patient, or the gateway, or `system`. */
function keyOf(event: CoreEvent): string {
  if (event.kind === 'monitoring') return event.body.patient;
  const { patient, scope } = event.body.alert;
  if (patient !== null) return patient;
  return scope.startsWith('gateway:') ? scope.slice('gateway:'.length) : partitionKey;
}
