// The border (CON-SCHEMA, CON-UNITS, ING-VALIDATE): a message's bytes become records of `inputs`, or a refusal with its
// reason. Pure. Class C. Past it nobody checks again, so that it lets in only what its schema, the unit, the possible range
// and an assignment at the time of measuring allow. What it does not let in stays whole in `refused`: nothing vanishes, and
// nothing is repaired. A record's body is the sender's bytes, never our rendering of them.
import type { z } from 'zod';
import {
  type Assignment,
  DeviceEvent,
  DeviceState,
  decodeWaveform,
  earliestTakenAt,
  effectiveTime,
  elementsOf,
  freshnessOf,
  Heartbeat,
  isPossible,
  issuesOf,
  Reading,
  type RefusalReason,
  readingsPerPayloadMax,
  Status,
  toCanonical,
  VITALS,
} from '../contract/index.ts';
import { assignmentAt, type Timeline } from './assignments.ts';
import { payloadBytesMax } from './limits.ts';
import { type ScannedReading, scanReadings } from './scanner.ts';
import { type Correction, correctionOf, type SenderClock } from './sender-clock.ts';

/** What is known of a message apart from its bytes. */
export interface Facts {
  readonly kind: 'readings' | 'waveform' | 'state' | 'events' | 'heartbeat' | 'status';
  readonly lane: 'live' | 'late';
  /** Assignments of the device under the sender. */
  readonly timeline: Timeline;
  readonly clock: SenderClock;
  /** Our UTC. */
  readonly acceptedAt: number;
}

/** One record to be: whose it is, and the bytes of its body. */
export interface AcceptedPart {
  readonly assignment: Assignment;
  readonly body: Uint8Array;
}

/** A message, or one element of it, that can never be accepted. `detail` holds no value. */
export interface RefusedPart {
  readonly reason: RefusalReason;
  readonly detail: string;
  readonly bytes: Uint8Array;
  readonly boot: number | null;
  readonly seq: number | null;
  readonly vital: string | null;
}

export interface Verdict {
  readonly accepted: readonly AcceptedPart[];
  readonly refused: readonly RefusedPart[];
  /** Of all accepted parts. */
  readonly correction: Correction;
  /** Its newest live reading or block, which tells how the sender's clock goes. */
  readonly newest: { readonly takenAt: number; readonly freshForMs: number } | null;
  /** A heartbeat, checked. */
  readonly beat: Heartbeat | null;
}

/** What a sender's message becomes. `scan` is the fast path, which changes no result. */
export function accept(bytes: Uint8Array, facts: Facts, scan = scanReadings): Verdict {
  if (bytes.length > payloadBytesMax)
    return refusal('schema', `${bytes.length} bytes, at most ${payloadBytesMax}`, bytes);
  switch (facts.kind) {
    case 'readings':
      return acceptReadings(bytes, facts, scan);
    case 'waveform':
      return acceptWaveform(bytes, facts);
    case 'state':
      return acceptDevice(bytes, facts, DeviceState);
    case 'events':
      return acceptDevice(bytes, facts, DeviceEvent);
    case 'heartbeat':
      return acceptHeartbeat(bytes);
    case 'status':
      return acceptStatus(bytes);
  }
}

const nothing: readonly never[] = [];
const uncorrected: Correction = { skew: 0 };
const empty = { accepted: nothing, refused: nothing, correction: uncorrected, newest: null, beat: null };

function refusal(
  reason: RefusalReason,
  detail: string,
  bytes: Uint8Array,
  of: { readonly boot?: number; readonly seq?: number; readonly vital?: string } = {},
): Verdict {
  return { ...empty, refused: [refusedPart({ reason, detail }, bytes, of)] };
}

interface Fault {
  readonly reason: RefusalReason;
  readonly detail: string;
}

function refusedPart(
  { reason, detail }: Fault,
  bytes: Uint8Array,
  { boot = null, seq = null, vital = null }: { boot?: number | null; seq?: number | null; vital?: string | null },
): RefusedPart {
  return { reason, detail, bytes, boot, seq, vital };
}

// Readings

function acceptReadings(bytes: Uint8Array, facts: Facts, scan: typeof scanReadings): Verdict {
  const scanned = scan(bytes);
  if (scanned && !Array.isArray(scanned)) return acceptOne(bytes, scanned, facts);
  if (scanned) return acceptArray(bytes, scanned, facts);
  const parsed = parseJson(bytes);
  if (parsed === notJson) return refusal('not-json', 'the payload is no JSON', bytes);
  if (Array.isArray(parsed)) return acceptArray(bytes, parsed.map(checkReading), facts);
  return acceptOne(bytes, checkReading(parsed), facts);
}

/** The common case: no array of anything but the result's own. */
function acceptOne(bytes: Uint8Array, reading: ScannedReading | BadElement, facts: Facts): Verdict {
  const fault = isBad(reading) ? reading : faultOf(reading);
  if (fault) return { ...empty, refused: [refusedPart(fault, bytes, named(reading))] };
  const newest = newestOf(reading as ScannedReading);
  const correction = correctionOf(facts.clock, { ...newest, lane: facts.lane }, facts.acceptedAt);
  const assignment = wearerAt(newest.takenAt, correction, facts);
  if (!assignment) return { ...empty, refused: [refusedPart(unassigned, bytes, named(reading))] };
  return { accepted: [{ assignment, body: bytes }], refused: nothing, correction, newest, beat: null };
}

function acceptArray(bytes: Uint8Array, elements: readonly (ScannedReading | BadElement)[], facts: Facts): Verdict {
  if (elements.length < 1 || elements.length > readingsPerPayloadMax)
    return refusal('schema', `${elements.length} readings, expected 1 to ${readingsPerPayloadMax}`, bytes);
  const faults = faultsOf(elements);
  const newest = newestAmong(elements, faults);
  const correction = newest
    ? correctionOf(facts.clock, { ...newest, lane: facts.lane }, facts.acceptedAt)
    : uncorrected;
  const wearers = elements.map((element, i) =>
    faults[i] || isBad(element) ? undefined : wearerAt(element.takenAt, correction, facts),
  );
  const [first] = wearers;
  if (first && wearers.every((wearer) => wearer === first))
    return { accepted: [{ assignment: first, body: bytes }], refused: nothing, correction, newest, beat: null };
  // Cut into records of the original bytes of each element, and refusals of the rest.
  const accepted: AcceptedPart[] = [];
  const refused: RefusedPart[] = [];
  const bodies = elementsOf(bytes);
  elements.forEach((element, i) => {
    const assignment = wearers[i];
    const body = bodies[i] as Uint8Array;
    if (assignment) accepted.push({ assignment, body });
    else refused.push(refusedPart(faults[i] ?? unassigned, body, named(element)));
  });
  return { accepted, refused, correction, newest: accepted.length > 0 ? newest : null, beat: null };
}

/** What is wrong with each element by itself, or with its place in the row. */
function faultsOf(elements: readonly (ScannedReading | BadElement)[]): (Fault | undefined)[] {
  let last: ScannedReading | undefined;
  return elements.map((element) => {
    if (isBad(element)) return element;
    const rises = !last || element.boot > last.boot || (element.boot === last.boot && element.seq > last.seq);
    if (!rises) return { reason: 'schema', detail: 'seq: does not rise within the array' };
    last = element;
    return faultOf(element);
  });
}

function faultOf({ vital, unit, value, takenAt }: ScannedReading): Fault | undefined {
  const facts = VITALS[vital];
  const canonical = toCanonical(vital, value ?? 0, unit);
  if (canonical === undefined) return { reason: 'unit', detail: `unit: not one of ${vital}` };
  if (takenAt < earliestTakenAt) return beforeEveryReading('takenAt');
  if (value !== undefined && !isPossible(vital, canonical))
    return { reason: 'implausible', detail: `value: ${vital} is ${facts.possible.join(' to ')} ${facts.unit}` };
  return undefined;
}

function beforeEveryReading(key: string): Fault {
  return { reason: 'time-unit', detail: `${key}: before 2015; expected milliseconds since 1970` };
}

function newestOf({ vital, takenAt }: ScannedReading): { takenAt: number; freshForMs: number } {
  return { takenAt, freshForMs: VITALS[vital].freshForMs };
}

function newestAmong(
  elements: readonly (ScannedReading | BadElement)[],
  faults: readonly (Fault | undefined)[],
): Verdict['newest'] {
  let newest: ScannedReading | undefined;
  elements.forEach((element, i) => {
    if (!faults[i] && !isBad(element) && (!newest || element.takenAt > newest.takenAt)) newest = element;
  });
  return newest ? newestOf(newest) : null;
}

/** An element that its schema does not let in, with as much of its identity as it has. */
interface BadElement extends Fault {
  readonly boot: number | null;
  readonly seq: number | null;
  readonly vital: string | null;
}

function isBad(element: ScannedReading | BadElement): element is BadElement {
  return 'reason' in element;
}

function named({ boot, seq, vital }: ScannedReading | BadElement) {
  return { boot, seq, vital };
}

const [WithValue, WithBound, WithAbsent] = Reading.options;

function checkReading(value: unknown): ScannedReading | BadElement {
  const schema = !isObject(value) || 'value' in value ? WithValue : 'absent' in value ? WithAbsent : WithBound;
  const result = (schema as z.ZodType<Reading>).safeParse(value);
  if (!result.success) return { ...schemaFault(value, result.error), ...identityOf(value) };
  const { boot, seq, vital, unit, takenAt } = result.data;
  return { boot, seq, vital, value: 'value' in result.data ? result.data.value : undefined, unit, takenAt };
}

// Waveform blocks

function acceptWaveform(bytes: Uint8Array, facts: Facts): Verdict {
  const block = decodeWaveform(bytes);
  if ('fault' in block) return refusal(block.fault, block.detail.slice(0, 200), bytes);
  const of = { boot: block.boot, seq: block.seq, vital: block.lead };
  const newest = { takenAt: Math.floor(block.takenAtUs / 1_000), freshForMs: freshnessOf(block.lead).freshForMs };
  if (newest.takenAt < earliestTakenAt) {
    const { reason, detail } = beforeEveryReading('takenAt');
    return refusal(reason, detail, bytes, of);
  }
  const correction = correctionOf(facts.clock, { ...newest, lane: facts.lane }, facts.acceptedAt);
  const assignment = wearerAt(newest.takenAt, correction, facts);
  if (!assignment) return refusal(unassigned.reason, unassigned.detail, bytes, of);
  return { accepted: [{ assignment, body: bytes }], refused: nothing, correction, newest, beat: null };
}

// States, events, heartbeats and statuses

function acceptDevice(bytes: Uint8Array, facts: Facts, schema: z.ZodType<DeviceState | DeviceEvent>): Verdict {
  const checked = check(bytes, schema);
  if ('reason' in checked) return { ...empty, refused: [refusedPart(checked, bytes, checked)] };
  const { at, boot, seq } = checked.value;
  if (at < earliestTakenAt) {
    const { reason, detail } = beforeEveryReading('at');
    return refusal(reason, detail, bytes, { boot, seq });
  }
  // Not measured in time, so that it never tells how a clock goes: it is older than any reading could be fresh.
  const correction = correctionOf(
    facts.clock,
    { takenAt: at, freshForMs: Number.POSITIVE_INFINITY, lane: facts.lane },
    facts.acceptedAt,
  );
  const assignment = wearerAt(at, correction, facts);
  if (!assignment) return refusal(unassigned.reason, unassigned.detail, bytes, { boot, seq });
  return { ...empty, accepted: [{ assignment, body: bytes }], correction };
}

function acceptHeartbeat(bytes: Uint8Array): Verdict {
  const checked = check(bytes, Heartbeat);
  if ('reason' in checked) return { ...empty, refused: [refusedPart(checked, bytes, checked)] };
  if (checked.value.at < earliestTakenAt) {
    const { reason, detail } = beforeEveryReading('at');
    return refusal(reason, detail, bytes, { boot: checked.value.boot });
  }
  return { ...empty, beat: checked.value };
}

function acceptStatus(bytes: Uint8Array): Verdict {
  const checked = check(bytes, Status);
  return 'reason' in checked ? { ...empty, refused: [refusedPart(checked, bytes, checked)] } : empty;
}

// Common to all

function check<T>(bytes: Uint8Array, schema: z.ZodType<T>): { readonly value: T } | BadElement {
  const parsed = parseJson(bytes);
  if (parsed === notJson) return { reason: 'not-json', detail: 'the payload is no JSON', ...identityOf(undefined) };
  const result = schema.safeParse(parsed);
  return result.success ? { value: result.data } : { ...schemaFault(parsed, result.error), ...identityOf(parsed) };
}

const unassigned: Fault = { reason: 'unassigned', detail: 'nobody wore the device at that time' };

function wearerAt(takenAt: number, { skew }: Correction, { timeline, acceptedAt }: Facts): Assignment | undefined {
  return assignmentAt(timeline, effectiveTime({ takenAt, acceptedAt, skew }));
}

/** Why a schema did not let a value in, without its values; keys that it does not know are named. */
function schemaFault(value: unknown, error: z.ZodError): Fault {
  if (isObject(value) && 'v' in value && value['v'] !== 1) return { reason: 'version', detail: 'v: expected 1' };
  const unknown = error.issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : []));
  const isOnlyUnknown = error.issues.every(({ code }) => code === 'unrecognized_keys');
  if (isOnlyUnknown)
    return { reason: 'unknown-key', detail: `unknown key: ${unknown.filter(isPlainKey).slice(0, 4).join(', ')}` };
  return { reason: 'schema', detail: issuesOf(error).slice(0, 400) };
}

/** A key that is a word may be told; anything else could be a value in disguise. */
function isPlainKey(key: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_-]{0,31}$/.test(key);
}

/** As much of a bad reading's identity as can be told, for the engine and for whoever looks into `refused`. */
function identityOf(value: unknown): { boot: number | null; seq: number | null; vital: string | null } {
  const of = isObject(value) ? value : {};
  const count = (key: string) =>
    Number.isSafeInteger(of[key]) && (of[key] as number) >= 0 ? (of[key] as number) : null;
  const vital = of['vital'];
  return {
    boot: count('boot'),
    seq: count('seq'),
    vital: typeof vital === 'string' && Object.hasOwn(VITALS, vital) ? vital : null,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const notJson = Symbol('no JSON');
// A byte order mark is no JSON: whoever cuts the payload later would not skip it.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return notJson;
  }
}
