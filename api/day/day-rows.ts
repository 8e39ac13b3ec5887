// Readings as lines of a day's file. Class C. Pure. Invariants: a value stands under `Value` only if it may be read as one;
// what has none says why and has an empty cell, never a 0; the unit stands beside every number; each time stands twice, as
// the clock on the patient's wall showed it with its distance from UTC, and as UTC.
import {
  absentReasons,
  bounds,
  clockQualities,
  type NumericColumns,
  type NumericPoint,
  pointsOf,
  qualities,
  toInstant,
  toResolution,
  unitOfCode,
  VITALS,
  type Vital,
  vitalOfCode,
} from '../../contract/index.ts';
import { line, numberCell, textCell } from './csv.ts';
import { localInstant, openZone, type Zone } from './local-day.ts';
import { absentWords, unitText, vitalWords } from './words.ts';

export interface DayRowsAsk {
  /** Whose they are: in each line, so that a part of a file can be told from another patient's. */
  readonly patient: { readonly id: string; readonly mrn: string };
  readonly zone: string;
  readonly columns: NumericColumns;
}

const heading = [
  'Patient',
  'Record number',
  'Local time',
  'Time (UTC)',
  'Measurement',
  'Value',
  'Unit',
  'Relation',
  'No value because',
  'Quality',
  'Clock',
  'Reported value',
  'Reported unit',
  'Unit (UCUM)',
  'Received (UTC)',
  'Accepted (UTC)',
  'Device',
  'Reading',
];

/** First line of the file. */
export const dayHeading = line(heading.map(textCell));

/** One line a reading, in their order. */
export function dayRows({ patient, zone: name, columns }: DayRowsAsk): string {
  const zone = openZone(name);
  if (!zone) throw new Error(`there is no time zone ${name}`);
  const offsetAt = byHour(zone);
  return pointsOf(columns)
    .map((point) => rowOf(point, patient, offsetAt(point.effectiveAt)))
    .join('');
}

function rowOf(point: NumericPoint, patient: DayRowsAsk['patient'], offset: number): string {
  const vital = vitalOfCode(point.vital);
  const { device, boot, seq, effectiveAt, receivedAt, acceptedAt } = point;
  const cells = [
    textCell(patient.id),
    textCell(patient.mrn),
    localInstant(effectiveAt, offset),
    toInstant(effectiveAt),
    ...(vital ? measured(vital, point) : unknown(point)),
    toInstant(receivedAt),
    toInstant(acceptedAt),
    textCell(device),
    textCell(`${device}/${boot}/${seq}`),
  ];
  return line(cells);
}

/** From `Measurement` to `Unit (UCUM)`. */
function measured(vital: Vital, point: NumericPoint): string[] {
  const { unit } = VITALS[vital];
  const quality = qualities[point.quality] ?? 'unknown';
  const bound = bounds[point.bound - 1];
  const sent = unitOfCode(vital, point.unit);
  // A bad reading has a number that must not be read as one: it stands as reported, and nowhere else.
  const isUsable = quality === 'good' || quality === 'doubtful';
  const value = isUsable && point.value !== null ? toResolution(vital, point.value) : null;
  return [
    textCell(vitalWords[vital]),
    numberCell(value),
    textCell(unitText(unit)),
    bound === undefined ? '' : textCell(`${bound} ${value === null ? 'the measuring range' : 'this value'}`),
    textCell(value === null ? whyNone(point, isUsable) : ''),
    textCell(quality),
    textCell(clockQualities[point.clock] ?? 'unknown'),
    numberCell(point.reported ?? (sent === unit ? point.value : null)),
    textCell(sent === undefined ? 'not recorded' : unitText(sent)),
    textCell(unit),
  ];
}

function whyNone({ absent, bound, value }: NumericPoint, isUsable: boolean): string {
  const reason = absentReasons[absent];
  if (reason) return absentWords[reason];
  if (!isUsable && value !== null) return 'bad quality';
  return bound > 0 ? 'outside the measuring range' : 'not recorded';
}

/** A reading of a later version: that it is there, and nothing that could be misread. */
function unknown({ vital }: NumericPoint): string[] {
  return [textCell(`unknown measurement ${vital}`), '', '', '', 'not known to this version', '', '', '', '', ''];
}

/** Offsets, looked up once a quarter of an hour: clocks are moved at none but its ends. */
function byHour(zone: Zone): (at: number) => number {
  const known = new Map<number, number>();
  return (at) => {
    const quarter = Math.floor(at / 900_000);
    const held = known.get(quarter);
    if (held !== undefined) return held;
    const offset = zone.offsetAt(at);
    known.set(quarter, offset);
    return offset;
  };
}
