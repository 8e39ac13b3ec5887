// A recording through the program, as `vigil replay --speed max` plays it, and what became of it in the words of the oracle:
// alerts as they stand in the log, readings and samples as they stand in the store.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AlertEvent, RuleSet } from '../../contract/index.ts';
import { playInto } from '../../replay.ts';
import {
  devicesOf,
  identityOf,
  openRecording,
  type Recording,
  type ReplayArguments,
  replayOptions,
} from '../../simulators/index.ts';
import { openVirtualSystem } from '../../virtual/index.ts';
import { type ReadBlock, readBlock } from '../oracle/block.ts';
import { differenceOf, differenceOfLists } from '../oracle/compare.ts';
import type { Measured } from '../oracle/csv.ts';
import type { Expected, ExpectedEvent, ExpectedTruth } from '../oracle/expected.ts';
import type { GivenSignal } from '../oracle/given.ts';
import { foretell } from '../oracle/oracle.ts';
import { readRules } from '../oracle/rule-file.ts';
import type { WfdbRecord } from '../oracle/wfdb.ts';

/** Real recordings; not part of the repository. */
export const dataFolder = resolve(
  process.env['VIGIL_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url)),
);

/** A file of the real recordings; says what is missing where there are none. */
export function dataFile(name: string): string {
  const path = resolve(dataFolder, name);
  if (!existsSync(path)) throw new Error(`${path} is not there; VIGIL_DATA names the folder of real recordings`);
  return path;
}

/** The rules in force, as their file has them. */
export const rulesText = readFileSync(new URL('../../alerting/rules/adult.json', import.meta.url), 'utf8');

/** What `interfaces.md` 2 numbers the signals with, and the leads. */
export const codes = {
  glucose: 1,
  spo2: 2,
  pulse: 3,
  hr: 4,
  resp: 5,
  II: 131_330,
  V1: 131_331,
  V2: 131_332,
  V5: 131_335,
};
export type Coded = keyof typeof codes;

export interface Playing {
  readonly path: string;
  /** As on the command line. */
  readonly asked?: ReplayArguments;
  /** Default: those that come with the program. */
  readonly rules?: RuleSet;
  /** Between the reader and all the rest: for a planted error. */
  readonly through?: (recording: Recording) => Recording;
}

/** A row of the store. */
export interface StoredReading {
  readonly at: number;
  readonly value: number | null;
}

export interface Outcome {
  readonly told: Expected;
  readonly startsAt: number;
  /** When the devices were taken off. */
  readonly endsAt: number;
  readonly patient: string;
  readings(name: Coded): readonly StoredReading[];
  blocks(name: Coded): readonly ReadBlock[];
}

/** Plays it through a system of its own, and reads back all that is stored of the patient. */
export async function played({
  path,
  asked = {},
  rules,
  through = (recording) => recording,
}: Playing): Promise<Outcome> {
  const { read, format, tailMs, seed, rounds, durationMs, devices: named } = replayOptions({ ...asked, speed: 'max' });
  const recording = through(await openRecording(path, read, format));
  const identity = identityOf(recording, seed);
  const devices = devicesOf(recording, identity, named);
  const startsAt = recording.startsAt;
  await using system = await openVirtualSystem({ startAt: startsAt, seed, ...(rules && { rules }) });
  const replay = { recording, identity, devices, seed, rounds, tailMs, durationMs, keep: undefined };
  const { told, patient, refused } = await playInto(system, replay);
  if (Object.keys(refused).length > 0) throw new Error(`not everything was let in: ${JSON.stringify(refused)}`);
  const store = await system.store();
  const span = { patient, from: startsAt, to: system.now() + 1 };
  const readings = new Map<number, readonly StoredReading[]>();
  for (const vital of [codes.glucose, codes.spo2, codes.pulse, codes.hr, codes.resp]) {
    const rows = await store.range({ ...span, vital, limit: 100_000 });
    readings.set(
      vital,
      rows.map(({ takenAt, value }) => ({ at: takenAt, value })),
    );
  }
  const blocks = new Map<number, readonly ReadBlock[]>();
  for (const lead of [codes.II, codes.V1, codes.V2, codes.V5]) {
    const rows = await store.waveform({ ...span, lead });
    blocks.set(
      lead,
      rows.map(({ block }) => readBlock(block)),
    );
  }
  return {
    told: inWordsOfTheOracle(told.alerts),
    startsAt,
    endsAt: system.now(),
    patient,
    readings: (name) => readings.get(codes[name]) ?? [],
    blocks: (name) => blocks.get(codes[name]) ?? [],
  };
}

/** What the oracle says of signals that were watched from the recording's first instant until the devices were taken off. */
export function foretold(
  { patient, startsAt, endsAt }: Pick<Outcome, 'patient' | 'startsAt' | 'endsAt'>,
  signals: readonly GivenSignal[],
): Expected {
  return foretell({
    patient,
    signals,
    rules: readRules(rulesText),
    ticks: { from: startsAt, everyMs: 500 },
    assigned: { from: startsAt, to: endsAt },
    until: endsAt,
  });
}

/** Where the alerts are not the oracle's; undefined: nowhere. */
export function alertsDiffer(outcome: Outcome, signals: readonly GivenSignal[]): string | undefined {
  return differenceOf(outcome.told, foretold(outcome, signals));
}

/** Where the store's numbers are not those of the table; undefined: nowhere. */
export function readingsDiffer(
  outcome: Outcome,
  name: Coded,
  rows: readonly Measured[],
  shiftMs = 0,
): string | undefined {
  const words = ({ at, value }: StoredReading) => `${at} ms: ${value}`;
  const inFile = rows.map(({ at, value }) => words({ at: at + shiftMs, value }));
  return differenceOfLists(`reading of ${name}`, outcome.readings(name).map(words), inFile);
}

/** Where the store's samples are not those of the record, each with its place and its time; undefined: nowhere. */
export function samplesDiffer(
  { startsAt, blocks }: Outcome,
  name: Coded,
  { adc, gain, baseline }: WfdbRecord['signals'][number],
  rateHz: number,
): string | undefined {
  const stored = blocks(name).flatMap(({ index, rateMhz, takenAtUs, scale, samples }) => {
    const isInTime = takenAtUs === startsAt * 1_000 + Math.round((index * 1e6) / rateHz) && rateMhz === rateHz * 1_000;
    const when = isInTime ? '' : `, taken at ${takenAtUs} us`;
    return samples.map((sample, at) => `${index + at}: ${sample} x ${scale} uV${when}`);
  });
  const inFile = adc.map((sample, at) => `${at}: ${sample === null ? null : sample - baseline} x ${1_000 / gain} uV`);
  return differenceOfLists(`sample of ${name}`, stored, inFile);
}

/** Events of the life-cycle and, beside them, the rules that they name; `updated` is none of the former. */
export function inWordsOfTheOracle(alerts: readonly AlertEvent[]): Expected {
  const truths = new Map<string, ExpectedTruth>();
  for (const { alert } of alerts) {
    for (const { id, onsetAt, limit, reading } of alert.rules) {
      if (!reading || limit === null) continue;
      const { vital: signal, takenAt: trueAt, value = Number.NaN } = reading;
      const truth = { family: alert.family, rule: id, signal, onsetAt, trueAt, value, limit };
      truths.set(JSON.stringify([alert.id, truth]), truth);
    }
  }
  const events = alerts.filter(({ type }) => type !== 'updated').map(eventOf);
  return { events: sorted(events), truths: [...truths.values()] };
}

function eventOf({ at, type, alert }: AlertEvent): ExpectedEvent {
  const { kind, family, scope, priority, peak } = alert;
  const [top] = alert.rules;
  return {
    at,
    type: type as ExpectedEvent['type'],
    patient: alert.patient ?? scope,
    kind,
    family,
    signal: scope === 'patient' ? null : (scope.split(':').at(-1) ?? ''),
    rule: top?.id ?? '',
    priority,
    peak,
    onsetAt: top?.reading ? top.onsetAt : null,
    value: top?.reading?.value ?? null,
    limit: top?.limit ?? null,
  };
}

/** As the oracle orders them: those of one alert stay as they were told. */
function sorted(events: readonly ExpectedEvent[]): ExpectedEvent[] {
  const key = ({ kind, family, signal }: ExpectedEvent) => `${kind} ${family} ${signal ?? ''}`;
  return events.toSorted((a, b) => a.at - b.at || (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}
