// A readings body, read by those who may trust it: engine, store writer, api. Ingest has checked it with `Reading`; here
// nothing is checked again, and a body that cannot be read is a poisoned record (ING-POISON).
import { BadRecordError, decodeBody } from './codec.ts';
import type { Reading } from './reading.ts';
import { toCanonical } from './units.ts';

/** The readings of a body, one or several, in the order they were sent; throws `BadRecordError`. */
export function readingsOf(body: Uint8Array): readonly Reading[] {
  const parsed = decodeBody(body);
  return (Array.isArray(parsed) ? parsed : [parsed]) as readonly Reading[];
}

/** Value in the canonical unit, unrounded; undefined for an absence or a bound without a value. */
export function canonicalValue(reading: Reading): number | undefined {
  return 'value' in reading ? toCanonical(reading.vital, reading.value, reading.unit) : undefined;
}

/**
 * The bytes of each element of a payload, exactly as sent: the payload itself where it is one object, else the slices
 * between the array's commas. The payload must be valid JSON.
 */
export function elementsOf(payload: Uint8Array): readonly Uint8Array[] {
  const start = skipSpace(payload, 0);
  if (payload[start] !== BRACKET) return [payload];
  const elements: Uint8Array[] = [];
  let from = skipSpace(payload, start + 1);
  while (from < payload.length && payload[from] !== BRACKET_END) {
    const to = endOfValue(payload, from);
    elements.push(payload.subarray(from, to));
    from = skipSpace(payload, to);
    if (payload[from] === COMMA) from = skipSpace(payload, from + 1);
    else if (payload[from] !== BRACKET_END) throw new BadRecordError('the array does not end');
  }
  return elements;
}

const QUOTE = 34;
const COMMA = 44;
const BRACKET = 91;
const BACKSLASH = 92;
const BRACKET_END = 93;
const BRACE = 123;
const BRACE_END = 125;

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === 32 || bytes[at] === 9 || bytes[at] === 10 || bytes[at] === 13) at++;
  return at;
}

/** Position after the value that begins at `from`: the next comma or closing bracket at depth 0, trailing space left out. */
function endOfValue(bytes: Uint8Array, from: number): number {
  let depth = 0;
  let inString = false;
  let at = from;
  for (; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === BRACKET || byte === BRACE) depth++;
    else if (depth > 0 && (byte === BRACKET_END || byte === BRACE_END)) depth--;
    else if (depth === 0 && (byte === COMMA || byte === BRACKET_END)) break;
  }
  while (at > from && [32, 9, 10, 13].includes(bytes[at - 1] as number)) at--;
  return at;
}
