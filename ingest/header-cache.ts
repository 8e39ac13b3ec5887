// Headers of accepted records (`records.md` 2), of which most is the same from record to record. Class C. Invariant: byte for
// byte what `encodeRecord(senderHeader(...))` gives, which a test compares.
import { type Assignment, encodeRecord, senderHeader } from '../contract/index.ts';
import type { Correction } from './sender-clock.ts';

/** What is the same in the header of every record of one topic. */
export interface HeaderFacts {
  readonly kind: 'readings' | 'waveform' | 'device-state' | 'device-event';
  readonly device: string;
  readonly sender: string;
  readonly lane: 'live' | 'late';
}

const LINE_END = Buffer.from('}\n');
const ZERO = 48;

/**
 * Records of one topic as bytes: the same as `encodeRecord(senderHeader(...))` gives, of which all but the time is the same
 * from record to record, and so is written once.
 */
export class HeaderCache {
  readonly #facts: HeaderFacts;
  #assignment: Assignment | undefined;
  #prefix: Buffer = Buffer.alloc(0);

  constructor(facts: HeaderFacts) {
    this.#facts = facts;
  }

  record(assignment: Assignment, correction: Correction, acceptedAt: number, body: Uint8Array): Uint8Array {
    // A time of other than 13 digits is before 2001 or after 2286.
    if (correction.skew !== 0 || acceptedAt < 1e12 || acceptedAt >= 1e13)
      return this.#uncached(assignment, correction, acceptedAt, body);
    if (assignment !== this.#assignment) this.#remember(assignment);
    const prefix = this.#prefix;
    const timeEnd = prefix.length + 13;
    const value = Buffer.allocUnsafe(timeEnd + LINE_END.length + body.length);
    value.set(prefix);
    let rest = acceptedAt;
    for (let at = timeEnd - 1; at >= prefix.length; at--) {
      const tens = Math.floor(rest / 10);
      value[at] = ZERO + rest - tens * 10;
      rest = tens;
    }
    value.set(LINE_END, timeEnd);
    value.set(body, timeEnd + LINE_END.length);
    return value;
  }

  #uncached(assignment: Assignment, { skew, clock }: Correction, acceptedAt: number, body: Uint8Array): Uint8Array {
    const header = this.#header(assignment, acceptedAt);
    return encodeRecord({ ...header, ...(skew !== 0 && { skew }), ...(clock && { clock }) }, body);
  }

  #remember(assignment: Assignment): void {
    const line = JSON.stringify(this.#header(assignment, 0));
    this.#assignment = assignment;
    // The time is the last key, so that the line ends in `0}`.
    this.#prefix = Buffer.from(line.slice(0, -2));
  }

  #header({ patient, id: assignment }: Assignment, acceptedAt: number) {
    const { kind, device, sender, lane } = this.#facts;
    return senderHeader(kind, { patient, device, assignment, sender, lane, acceptedAt });
  }
}
