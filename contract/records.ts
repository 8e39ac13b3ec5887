// Makers and checkers of the records in `inputs`: the key order of each literal is the record's canonical order.
import type { z } from 'zod';
import { BadRecordError, decodeBody, decodeRecord, encodeRecord } from './codec.ts';
import { InputHeader, inputBodies } from './input.ts';

export type InputBodies = { readonly [K in keyof typeof inputBodies]: z.infer<(typeof inputBodies)[K]> };

/** Header of a record that a sender's message became, keys in canonical order. */
export function senderHeader<const K extends 'readings' | 'waveform' | 'device-state' | 'device-event' | 'refusal'>(
  kind: K,
  facts: {
    readonly patient: string;
    readonly device: string;
    readonly assignment: string;
    readonly sender: string;
    readonly lane?: 'live' | 'late';
    readonly acceptedAt: number;
    readonly skew?: number;
    readonly clock?: 'unsure';
  },
) {
  const { patient, device, assignment, sender, lane, acceptedAt, skew, clock } = facts;
  return {
    v: 1 as const,
    kind,
    patient,
    device,
    assignment,
    sender,
    ...(lane !== undefined && (kind === 'readings' || kind === 'waveform') && { lane }),
    acceptedAt,
    ...(skew !== undefined && skew !== 0 && { skew }),
    ...(clock !== undefined && { clock }),
  };
}

/** A record of `inputs`, checked: the header by its schema, the body where it is ours; a sender's body stays bytes. */
export type InputRecord = {
  readonly [H in InputHeader as H['kind']]: H['kind'] extends keyof InputBodies
    ? { readonly kind: H['kind']; readonly header: H; readonly body: InputBodies[H['kind']] }
    : { readonly kind: H['kind']; readonly header: H; readonly body: Uint8Array };
}[InputHeader['kind']];

/** A record of ours as bytes, checked and in canonical key order; throws a `ZodError` for what is none. */
export function encodeInput<const K extends keyof InputBodies>(
  header: InputHeader & { readonly kind: K },
  body: InputBodies[K],
): Uint8Array {
  return encodeRecord(InputHeader.parse(header), inputBodies[header.kind].parse(body) as object);
}

/** Takes a value of `inputs` apart and checks it; throws `BadRecordError` with what is wrong. */
export function decodeInput(value: Uint8Array): InputRecord {
  const { header, body } = decodeRecord(value);
  const checked = InputHeader.safeParse(header);
  if (!checked.success) throw new BadRecordError(`header: ${issuesOf(checked.error)}`);
  const { kind } = checked.data;
  if (!isOurs(kind)) return { kind, header: checked.data, body } as InputRecord;
  const parsed = inputBodies[kind].safeParse(decodeBody(body));
  if (!parsed.success) throw new BadRecordError(`${kind}: ${issuesOf(parsed.error)}`);
  return { kind, header: checked.data, body: parsed.data } as InputRecord;
}

function isOurs(kind: string): kind is keyof typeof inputBodies {
  return Object.hasOwn(inputBodies, kind);
}

/** Paths and codes of a schema's complaints, without the values, which may be a patient's. */
export function issuesOf(error: z.ZodError): string {
  return error.issues
    .slice(0, 8)
    .map(
      (issue) => `${issue.path.join('.') || 'it'}: ${issue.code === 'unrecognized_keys' ? 'unknown key' : issue.code}`,
    )
    .join('; ');
}
