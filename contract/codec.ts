// A record of the log as bytes (`records.md` 2): one header line of canonical JSON, a line feed, the body. "Canonical" is
// the key order of the maker's object literal, shortest numbers and no spaces: what JSON.stringify gives. The makers in
// `records.ts` fix the order; golden bytes of each kind are a test.
import { recordBytesMax } from './topics.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });
const LINE_FEED = 10;

/** A record taken apart: the header as parsed JSON, not yet checked, and the body's bytes. */
export interface RawRecord {
  readonly header: Readonly<Record<string, unknown>> & { readonly v?: unknown; readonly kind?: unknown };
  readonly body: Uint8Array;
}

/** The bytes are not a record. Readers set it aside and go on (ING-POISON). */
export class BadRecordError extends Error {
  readonly code = 'BAD_RECORD';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BadRecordError';
  }
}

/** Header line and body as one value. A body that is no bytes is written as JSON. */
export function encodeRecord(header: object, body: Uint8Array | object): Uint8Array {
  const line = encoder.encode(`${JSON.stringify(header)}\n`);
  const bytes = body instanceof Uint8Array ? body : encoder.encode(JSON.stringify(body));
  const length = line.length + bytes.length;
  if (length > recordBytesMax)
    throw new BadRecordError(`a record of ${length} bytes, at most ${recordBytesMax} are allowed`);
  const value = new Uint8Array(length);
  value.set(line);
  value.set(bytes, line.length);
  return value;
}

/** Takes a value apart; throws `BadRecordError`. The body shares the value's memory. */
export function decodeRecord(value: Uint8Array): RawRecord {
  const end = value.indexOf(LINE_FEED);
  if (end < 0) throw new BadRecordError('no header line');
  const header = parse(value.subarray(0, end), 'header');
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw new BadRecordError('the header is no object');
  return { header: header as RawRecord['header'], body: value.subarray(end + 1) };
}

/** The JSON value of a body; throws `BadRecordError`. */
export function decodeBody(body: Uint8Array): unknown {
  return parse(body, 'body');
}

function parse(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw new BadRecordError(`the ${what} is no JSON`, { cause });
  }
}
