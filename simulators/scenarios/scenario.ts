// A scenario as it was read: what happens, and what has to come of it. All times are milliseconds since its beginning.
import type {
  AbsentReason,
  AlertEventType,
  alertFlags,
  alertStates,
  Bound,
  Lead,
  MonitoringState,
  Priority,
  Quality,
  RefusalReason,
  TechnicalCause,
  Vital,
} from '../../contract/index.ts';

/** What a device says: a number in a unit, less than it can measure or more, nothing and why, or (of a lead) samples. */
export type Says =
  | { readonly value: number; readonly unit: string }
  | { readonly bound: Bound }
  | { readonly absent: AbsentReason }
  | { readonly samples: true };

/** Where a row came from, for whoever has to change it. */
export interface Row {
  readonly atMs: number;
  /** As it was written: "[29s, raised, spo2-very-low, high]". */
  readonly text: string;
  /** "file.yaml:9:3". */
  readonly place: string;
}

/** A device of the scenario and who wears it. */
export interface ScenarioDevice {
  readonly id: string;
  readonly model: string;
  readonly patient: string;
  /** Whose beats stand for the link; the device itself if it sends by itself. */
  readonly gateway: string;
  readonly signals: readonly ScenarioSignal[];
  readonly firstWithinMs: number;
}

export interface ScenarioSignal {
  readonly name: Vital | Lead;
  readonly everyMs: number;
}

/** A stream of one device. */
export interface Stream {
  readonly device: string;
  readonly signal: Vital | Lead;
}

export type Given = Row &
  (
    | ({ readonly what: 'value'; readonly says: Says; readonly overMs: number; readonly quality: Quality } & Stream)
    | { readonly what: 'probe'; readonly device: string; readonly contact: boolean }
    | ({ readonly what: 'silence' | 'duplicate' | 'reorder'; readonly forMs: number } & Stream)
    | ({ readonly what: 'late'; readonly forMs: number; readonly byMs: number } & Stream)
    | { readonly what: 'acknowledge'; readonly of: Subject; readonly by: string; readonly revision: number | null }
    | { readonly what: 'gateway' | 'uplink'; readonly gateway: string; readonly forMs: number }
    | { readonly what: 'engine'; readonly forMs: number }
    | { readonly what: 'clock'; readonly byMs: number }
    | { readonly what: 'bind' | 'unbind'; readonly device: string }
    | { readonly what: 'discharge'; readonly patient: string }
  );

/** Which alert is meant: of a rule or a family, of one patient where there are several. */
export interface Subject {
  readonly name: string;
  readonly patient: string | null;
}

/** When: within both ends; never at all; or as it stands at the end. */
export type When =
  | { readonly kind: 'at'; readonly fromMs: number; readonly toMs: number }
  | { readonly kind: 'never' }
  | { readonly kind: 'end' };

/** What an alert event has to be besides its type; null: anything. */
export interface AlertWish extends Subject {
  readonly priority: Priority | null;
  readonly by: string | null;
  readonly cause: TechnicalCause | null;
  readonly flag: (typeof alertFlags)[number] | null;
  readonly device: string | null;
  readonly refused: string | null;
}

/** `cleared`: the condition is over, the alert closed or latched. */
export type ExpectedEvent = AlertEventType | 'cleared';
export type ExpectedState = (typeof alertStates)[number] | 'open';

export type Expectation = Omit<Row, 'atMs'> & { readonly when: When } & (
    | { readonly what: 'event'; readonly type: ExpectedEvent; readonly alert: AlertWish }
    /** At the end: how the newest alert stands. */
    | { readonly what: 'alert'; readonly state: ExpectedState; readonly alert: AlertWish }
    | {
        readonly what: 'state';
        readonly signal: Vital | Lead;
        readonly state: MonitoringState | 'ended';
        readonly cause: TechnicalCause | null;
        readonly patient: string | null;
        readonly device: string | null;
      }
    /** At the end: no alert is open. */
    | { readonly what: 'quiet' }
    | { readonly what: 'refused'; readonly signal: Vital | Lead; readonly reason: RefusalReason }
    /** At the end: so many readings of a signal are history. */
    | { readonly what: 'stored'; readonly signal: Vital | Lead; readonly patient: string; readonly count: number }
  );

export interface Scenario {
  readonly file: string;
  readonly name: string;
  readonly seed: number | null;
  /** Path of a rule set of its own, as it is written. */
  readonly rulesFile: string | null;
  /** Live only. */
  readonly toleranceMs: number;
  readonly endMs: number;
  readonly devices: readonly ScenarioDevice[];
  readonly given: readonly Given[];
  readonly expect: readonly Expectation[];
  /** Ids of requirements. */
  readonly proves: readonly string[];
}

/** What is wrong with a scenario's file, each fault with its place. Exit code 3. */
export class ScenarioError extends Error {
  readonly code = 'SCENARIO_INVALID';
  readonly faults: readonly string[];
  constructor(faults: readonly string[], options?: ErrorOptions) {
    super(faults.join('\n'), options);
    this.name = 'ScenarioError';
    this.faults = faults;
  }
}
