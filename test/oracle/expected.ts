// What the oracle says, in the words in which the program's own events are compared with it.
import type { Priority } from './rule-file.ts';

export interface ExpectedEvent {
  readonly at: number;
  readonly type: 'raised' | 'worsened' | 'eased' | 'reasserted' | 'latched' | 'closed' | 'data-lost' | 'data-back';
  readonly patient: string;
  readonly kind: 'physiological' | 'technical';
  readonly family: string;
  /** Whose silence it is; null for an alert about the patient. */
  readonly signal: string | null;
  /** The highest rule true now, or that was true last. */
  readonly rule: string;
  readonly priority: Priority;
  readonly peak: Priority;
  /** Of that rule: its first violating reading; null for silence. */
  readonly onsetAt: number | null;
  /** The reading that made it true, and its limit; null for silence, the value also for a block. */
  readonly value: number | null;
  readonly limit: string | null;
}

/** A rule that was true in an alert, whether it made an event of its own or not. */
export interface ExpectedTruth {
  readonly family: string;
  readonly rule: string;
  readonly signal: string;
  readonly onsetAt: number;
  readonly trueAt: number;
  readonly value: number;
  readonly limit: string;
}

export interface Expected {
  readonly events: readonly ExpectedEvent[];
  readonly truths: readonly ExpectedTruth[];
}

const order = ['low', 'medium', 'high'] as const;

export function isHigher(a: Priority, b: Priority): boolean {
  return order.indexOf(a) > order.indexOf(b);
}

export function higher(a: Priority, b: Priority): Priority {
  return isHigher(a, b) ? a : b;
}
