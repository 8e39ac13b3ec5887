// A record of `inputs` as rows of the store: pure. Ingest has checked what it accepted; what cannot be a row all the same
// is a poisoned record, and `BadRecordError` says so (ING-POISON).
import { hash } from 'node:crypto';
import {
  absentReasons,
  BadRecordError,
  bounds,
  canonicalValue,
  clockQualities,
  decodeInput,
  decodeWaveform,
  effectiveTime,
  elementsOf,
  type InputRecord,
  isClockUnsure,
  LEADS,
  type LogRecord,
  type NumericRow,
  qualities,
  type Reading,
  readingsOf,
  unitCodeOf,
  VITALS,
  type WaveformRow,
} from '../../contract/index.ts';

/** Rows that a record became; both empty for what is no measurement. */
export interface RecordRows {
  readonly numerics: readonly NumericRow[];
  readonly waveforms: readonly WaveformRow[];
}

/** Throws `BadRecordError` for a record that cannot be read. */
export function rowsOf(record: LogRecord, partition: number): RecordRows {
  const input = decodeInput(record.value);
  const place = { partition, position: record.position };
  if (input.kind === 'readings') return { numerics: numericRows(input, place), waveforms: [] };
  if (input.kind === 'waveform') return { numerics: [], waveforms: [waveformRow(input, place)] };
  return nothing;
}

const nothing: RecordRows = { numerics: [], waveforms: [] };

/** First 64 bits of the SHA-256 of the bytes, signed. */
export function hashOf(bytes: Uint8Array): bigint {
  return hash('sha256', bytes, 'buffer').readBigInt64BE(0);
}

interface Place {
  readonly partition: number;
  readonly position: number;
}
type Of<K> = Extract<InputRecord, { readonly kind: K }>;

function numericRows({ header, body }: Of<'readings'>, place: Place): NumericRow[] {
  const elements = elementsOf(body);
  const readings = readingsOf(body);
  if (readings.length !== elements.length) throw new BadRecordError('elements and readings differ in number');
  return readings.map((reading, i) => {
    if (!isReading(reading)) throw new BadRecordError('an element is no reading');
    return numericRow(header, reading, hashOf(elements[i] as Uint8Array), place);
  });
}

const unsure = clockQualities.indexOf('unsure');

function numericRow(header: Of<'readings'>['header'], reading: Reading, hash: bigint, place: Place): NumericRow {
  const { patient, device, acceptedAt, skew, clock } = header;
  const { boot, seq, vital, quality, takenAt, receivedAt } = reading;
  const timed = { takenAt, acceptedAt, skew };
  const isUnsure = clock === 'unsure' || isClockUnsure(timed);
  const value = canonicalValue(reading);
  if ('value' in reading && value === undefined) throw new BadRecordError('a value in a unit that its vital has not');
  return {
    patient,
    device,
    boot,
    seq,
    vital: VITALS[vital].code,
    value: value ?? null,
    ...asReported(reading),
    bound: 'bound' in reading && reading.bound ? bounds.indexOf(reading.bound) + 1 : 0,
    absent: 'absent' in reading ? absentReasons.indexOf(reading.absent) : -1,
    quality: qualities.indexOf(quality),
    clock: isUnsure ? unsure : clockQualities.indexOf(reading.clock),
    takenAt,
    receivedAt,
    acceptedAt,
    effectiveAt: effectiveTime(timed),
    ...place,
    hash,
  };
}

/** The sender's unit and number; the number again only where it is another than the canonical one. */
function asReported(reading: Reading): Pick<NumericRow, 'unit' | 'reported'> {
  const unit = unitCodeOf(reading.vital, reading.unit);
  return { unit, reported: 'value' in reading && unit !== 0 ? reading.value : null };
}

function waveformRow({ header, body }: Of<'waveform'>, place: Place): WaveformRow {
  const { patient, device, acceptedAt } = header;
  const block = decodeWaveform(body);
  if ('fault' in block) throw new BadRecordError(`block: ${block.fault}`);
  const { boot, seq, takenAtUs, rateMhz } = block;
  return {
    patient,
    device,
    boot,
    seq,
    lead: LEADS[block.lead],
    takenAtUs,
    acceptedAt,
    rateMhz,
    samples: block.samples.length,
    ...place,
    hash: hashOf(body),
    block: body,
  };
}

/** What a row needs and no column could hold otherwise; not the schema again, which costs ten times as much. */
function isReading(it: Partial<Record<keyof Reading | 'value' | 'bound' | 'absent', unknown>> | null): boolean {
  if (typeof it !== 'object' || it === null) return false;
  const counts = [it.boot, it.seq, it.takenAt, it.receivedAt];
  return (
    counts.every((count) => Number.isSafeInteger(count) && (count as number) >= 0) &&
    (it.boot as number) <= 2_147_483_647 &&
    Object.hasOwn(VITALS, it.vital as string) &&
    typeof it.unit === 'string' &&
    qualities.some((quality) => quality === it.quality) &&
    clockQualities.some((clock) => clock === it.clock) &&
    (it.bound === undefined || bounds.some((bound) => bound === it.bound)) &&
    (it.absent === undefined || absentReasons.some((reason) => reason === it.absent)) &&
    (it.value === undefined || Number.isFinite(it.value)) &&
    (it.value ?? it.bound ?? it.absent) !== undefined
  );
}
