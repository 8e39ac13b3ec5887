import type { AbsentReason, Bound, Lead, Vital } from '../../contract/index.ts';

/** One signal of a recording, as it is played. */
export interface RecordedSignal {
  readonly name: Vital | Lead;
  /** What the file calls it. */
  readonly source: string;
  /** UCUM unit of a vital's column; of a lead, `uV` or nothing. */
  readonly unit: string;
  /** Usual time between two of its readings or blocks. */
  readonly everyMs: number;
}

/** A cell of a table: a number, a bound, or the reason why there is none. */
export type Measured =
  | { readonly value: number; readonly bound?: Bound }
  | { readonly bound: Bound }
  | { readonly absent: AbsentReason };

export type RecordedReading = Measured & { readonly vital: Vital; readonly unit: string };

/** What a recording holds, in the order in which a device would send it. Times are ms since its first instant. */
export type Item =
  | {
      readonly kind: 'readings';
      readonly atMs: number;
      /** The time as the file gives it. */
      readonly deviceTime: string;
      readonly readings: readonly RecordedReading[];
    }
  | {
      readonly kind: 'block';
      readonly lead: Lead;
      /** When its last sample was taken. */
      readonly atMs: number;
      readonly firstSampleUs: number;
      /** Index of its first sample. */
      readonly index: number;
      readonly rateMhz: number;
      readonly scale: number;
      /** MDC code, 0 none. */
      readonly unit: number;
      readonly samples: Int16Array;
    };

/** How often what was found; known once a recording was opened. */
export interface RecordingFacts {
  readonly readings: number;
  readonly absences: number;
  readonly blocks: number;
  readonly samples: number;
  readonly invalidSamples: number;
  /** Pauses of a signal of a table longer than three times its usual interval. */
  readonly gaps: number;
}

/** A file with the checksum that `sha256sum` gives. */
export interface RecordedFile {
  readonly path: string;
  readonly sha256: string;
}

/** A recording that was read once from its first to its last byte, and found good. */
export interface Recording {
  /** Name without folder and ending. */
  readonly name: string;
  readonly format: 'wfdb' | 'csv';
  readonly files: readonly RecordedFile[];
  /** Of its file; of several, of their checksums in a row. */
  readonly sha256: string;
  readonly signals: readonly RecordedSignal[];
  /** UTC ms of its first instant, and who said so. */
  readonly startsAt: number;
  readonly startSource: '--from' | 'file' | 'fixed';
  /** From its first instant until after its last record. */
  readonly lengthMs: number;
  /** Time after which it could begin anew: its length and the usual interval. */
  readonly periodMs: number;
  readonly facts: RecordingFacts;
  /** What a person should know of how it was read. */
  readonly notes: readonly string[];
  /** Reads it again and plays it. */
  items(): AsyncIterable<Item>;
}

/** What a person said about a recording, checked as far as it can be without it. */
export interface ReadOptions {
  /** Signal of the file, to the lead that it is. */
  readonly leads: ReadonlyMap<string, Lead>;
  /** Signals to play, by the file's names or ours; undefined: all. */
  readonly only: readonly string[] | undefined;
  /** UTC ms of the first instant, over what the file says. */
  readonly from: number | undefined;
  /** IANA zone of times without one. */
  readonly zone: string | undefined;
  readonly csv: CsvOptions;
}

/** What a person said about a table. */
export interface CsvOptions {
  readonly timeColumn: string | undefined;
  readonly timeUnit: TimeUnit | undefined;
  readonly delimiter: string | undefined;
  readonly decimal: '.' | ',' | undefined;
  /** Vital to the name of its column. */
  readonly columns: ReadonlyMap<Vital, string>;
  /** Vital to its UCUM unit. */
  readonly units: ReadonlyMap<Vital, string>;
  /** Numbers that stand for nothing measured. */
  readonly absent: readonly number[];
  /** An empty cell: nothing could be measured, or nothing was due. */
  readonly empty: 'absent' | 'skip';
}

export const timeUnits = ['iso', 'dmy', 'mdy', 'epoch-s', 'epoch-ms', 'epoch-us', 's', 'ms'] as const;
/** How a time is written: as a date, counted since 1970, or counted since the start. */
export type TimeUnit = (typeof timeUnits)[number];

/** The first instant of a recording of which nobody knows when it was. */
export const fixedStart = Date.UTC(2026, 0, 1);
