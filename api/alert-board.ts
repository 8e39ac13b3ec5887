// Alerts as the engine's events leave them. Class C. Invariants: an event counts once, however often it stands in the log;
// what a former owner of a partition writes after a newer one was seen counts not at all; an open alert is never dropped,
// whatever the limits say. On failure: what cannot be read is passed by and counted by the caller.
import type { Alert, AlertEnvelope, AlertEvent, Position } from '../contract/index.ts';
import { alertEventsMax, answersMax, closedAlertsMax, forgottenAlertsMax, ignoredPositionsMax } from './limits.ts';

/** An alert, the number of its newest event, and where its events stand in `alerts`. */
export interface HeldAlert {
  readonly alert: Alert;
  readonly n: number;
  readonly positions: readonly Position[];
}

export class AlertBoard {
  readonly #open = new Map<string, HeldAlert>();
  readonly #closed = new Map<string, HeldAlert>();
  /** Newest event of alerts that were closed and are no longer held. */
  readonly #forgotten = new Map<string, number>();
  readonly #epochs = new Map<number, number>();
  readonly #answers = new Map<string, AlertEvent>();
  readonly #ignored = new Set<Position>();
  #cursor = -1;

  /** Position of the newest record taken; -1 before the first. */
  get cursor(): Position {
    return this.#cursor;
  }

  /** A record of any kind: false if its writer no longer owned the partition. */
  isCurrent(position: Position, { partition, epoch }: AlertEnvelope): boolean {
    this.#cursor = Math.max(this.#cursor, position);
    const newest = this.#epochs.get(partition) ?? 0;
    if (epoch < newest) {
      this.ignore(position);
      return false;
    }
    this.#epochs.set(partition, epoch);
    return true;
  }

  /** Takes an event; true if it changed something, false for a copy. */
  take(position: Position, event: AlertEvent): boolean {
    if (event.requestId !== null) this.#answer(event.requestId, event);
    // The engine does not know that alert: an answer to its caller and no more.
    if (event.refused === 'unknown-alert') {
      this.ignore(position);
      return false;
    }
    const { alert, n } = event;
    const known = this.find(alert.id);
    if (n <= (known?.n ?? this.#forgotten.get(alert.id) ?? 0)) {
      this.ignore(position);
      return false;
    }
    const positions = [...(known?.positions ?? []), position].slice(-alertEventsMax);
    this.#put({ alert, n, positions });
    return true;
  }

  #put(held: HeldAlert): void {
    const { id, state } = held.alert;
    this.#closed.delete(id);
    if (state !== 'closed') {
      this.#open.set(id, held);
      return;
    }
    this.#open.delete(id);
    this.#closed.set(id, held);
    for (const [oldest, { n }] of firstOf(this.#closed, this.#closed.size - closedAlertsMax)) {
      this.#closed.delete(oldest);
      this.#forgotten.set(oldest, n);
    }
    for (const [oldest] of firstOf(this.#forgotten, this.#forgotten.size - forgottenAlertsMax))
      this.#forgotten.delete(oldest);
  }

  #answer(requestId: string, event: AlertEvent): void {
    if (this.#answers.has(requestId)) return;
    this.#answers.set(requestId, event);
    for (const [oldest] of firstOf(this.#answers, this.#answers.size - answersMax)) this.#answers.delete(oldest);
  }

  /** Left out of every replay. */
  ignore(position: Position): void {
    this.#ignored.add(position);
    const [oldest] = this.#ignored;
    if (this.#ignored.size > ignoredPositionsMax && oldest !== undefined) this.#ignored.delete(oldest);
  }

  isIgnored(position: Position): boolean {
    return this.#ignored.has(position);
  }

  find(id: string): HeldAlert | undefined {
    return this.#open.get(id) ?? this.#closed.get(id);
  }

  /** What the engine answered to a request. */
  answerTo(requestId: string): AlertEvent | undefined {
    return this.#answers.get(requestId);
  }

  get open(): readonly Alert[] {
    return [...this.#open.values()].map(({ alert }) => alert);
  }

  /** Those still held, as they were closed. */
  get closed(): readonly Alert[] {
    return [...this.#closed.values()].map(({ alert }) => alert);
  }
}

function firstOf<K, V>(map: ReadonlyMap<K, V>, count: number): [K, V][] {
  const found: [K, V][] = [];
  if (count <= 0) return found;
  for (const entry of map) {
    found.push(entry);
    if (found.length === count) break;
  }
  return found;
}
