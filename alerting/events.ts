// Events of the core as records of `alerts`, and their identity: what is written already is not written again
// (`records.md` 6). The body is the core's, in its order of keys; the envelope is ours and may differ between runs.
import {
  type AlertEnvelope,
  AlertEnvelope as AlertEnvelopeSchema,
  type AppendRecord,
  decodeBody,
  decodeRecord,
  encodeRecord,
  type LogRecord,
} from '../contract/index.ts';
import type { CoreEvent } from './core/index.ts';
import { partitionKey } from './owner.ts';

/** An event that is not yet in `alerts`, and the position in `inputs` that caused it. */
export interface UnwrittenEvent {
  readonly event: CoreEvent;
  readonly input: number;
}

const decoder = new TextDecoder();

/**
 * An alert event is told by its id. A change of monitoring has none: the same words may be true again later, so it is told
 * by them and the record that caused it.
 */
export function identityOf({ event, input }: UnwrittenEvent): string {
  return event.kind === 'alert' ? event.body.event : monitoringIdentity(input, JSON.stringify(event.body));
}

function monitoringIdentity(input: number, text: string): string {
  return `${input} ${text}`;
}

/** Identity of a record of `alerts` that this partition caused; undefined for others'. Throws `BadRecordError`. */
export function writtenIdentity(record: LogRecord, partition: number): string | undefined {
  const { header, body } = decodeRecord(record.value);
  const envelope = AlertEnvelopeSchema.safeParse(header);
  if (!envelope.success || envelope.data.partition !== partition) return undefined;
  const { kind, input } = envelope.data;
  if (kind === 'alert') return (decodeBody(body) as { event: string }).event;
  return monitoringIdentity(input, decoder.decode(body));
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
