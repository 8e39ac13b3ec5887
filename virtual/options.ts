// What a virtual system is told: options at its beginning, and what its driver says of people and devices. Types alone.
import type { Acknowledge, Announce, Patient, RuleSet, Signal } from '../contract/index.ts';

export interface VirtualSystemOptions {
  /** UTC at the beginning, epoch milliseconds. */
  readonly startAt: number;
  readonly seed: number;
  /** Absolute path that the log and the store are kept in; default: in memory, and gone at the end. */
  readonly folder?: string;
  /** Default: those that come with Vigil. */
  readonly rules?: RuleSet;
  /** Of `inputs`; default 1. */
  readonly partitions?: number;
  /** Whether there is a store; default: yes. */
  readonly store?: boolean;
  /** What roles announce; default: nobody is told. */
  readonly announce?: Announce;
}

/** What of a patient is not told is made up. */
export type VirtualPatient = Pick<Patient, 'id'> & Partial<Patient>;

/** A device that sends by itself, unless it is bound through a gateway. */
export interface VirtualDevice {
  readonly id: string;
  readonly signals: readonly Signal[];
  readonly model?: string;
}

export interface Binding {
  readonly patient: string;
  readonly device: string;
  /** Who publishes for the device, and whose beats stand for the link; default: the device. */
  readonly gateway?: string;
  /** Default: now. */
  readonly from?: number;
  /** Default: open. */
  readonly to?: number;
}

export type PublishKind = 'readings' | 'waveform' | 'state' | 'events' | 'heartbeat';

/** A person takes an alert, by default at the revision that it has. */
export interface Taking {
  readonly alert: string;
  readonly by: string;
  readonly revision?: number;
  readonly verdict?: Acknowledge['verdict'];
}

export interface PublishOptions {
  readonly lane?: 'live' | 'late';
  /** Who publishes; default: through whom the device is bound. */
  readonly gateway?: string;
}
