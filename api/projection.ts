// What is true now, from the log alone: registry, alerts, monitoring, newest values, and whether anybody judges. Class C.
// Invariants: a function of `registry`, `alerts` and `inputs`, so that any number of api processes show the same; memory is
// bounded by the patients and the limits, not by time; at most 1,000 records a turn. On failure: a record that cannot be
// read is counted and passed by; a log that cannot be read leaves what is known to age, and the engine's silence tells.
import {
  AlertEnvelope,
  AlertEvent,
  BadRecordError,
  Blind,
  decodeBody,
  decodeRecord,
  issuesOf,
  type Lead,
  type LogRecord,
  Monitoring,
  Owner,
  type Position,
  partitionOf,
  readingsOf,
  type StreamLog,
  type TechnicalCause,
  Tick,
} from '../contract/index.ts';
import { AlertBoard } from './alert-board.ts';
import { EngineWatch } from './engine-watch.ts';
import { type FollowPorts, follow } from './follow.ts';
import { heldReading, LatestValues, type ReadingsFacts } from './latest-values.ts';
import { alertsPerTurnMax, recordsPerTurnMax } from './limits.ts';
import { MonitoringBoard, type PatientState, patientState, withoutEngine } from './monitoring-board.ts';
import { RegistryView } from './registry-view.ts';
import { UnwatchedSpans, unknownCause } from './unwatched.ts';
import { WardTime } from './ward-time.ts';
import { Waves } from './waves.ts';

/** What somebody who watches the projection is told, in the order of the log. */
export interface ProjectionListener {
  alert(position: Position, event: AlertEvent): void;
  /** Something on the patient's tile is not what it was. */
  patient(id: string): void;
  wave(patient: string, lead: Lead): void;
}

export interface Ends {
  readonly registry: Position;
  readonly alerts: Position;
  readonly inputs: readonly Position[];
}

export class Projection {
  readonly registry = new RegistryView();
  readonly alerts = new AlertBoard();
  readonly monitoring = new MonitoringBoard();
  readonly values = new LatestValues();
  readonly waves = new Waves();
  readonly unwatched = new UnwatchedSpans();
  readonly time: WardTime;
  readonly engine: EngineWatch;
  readonly counters = { records: 0, poisoned: 0, copies: 0 };
  readonly #log: StreamLog;
  readonly #listeners = new Set<ProjectionListener>();
  /** Where reading goes on, by topic and partition. */
  readonly #reached = new Map<string, Position>();
  readonly #waiting = new Set<() => void>();

  constructor(log: StreamLog, ports: FollowPorts, ends: Ends) {
    this.#log = log;
    this.time = new WardTime(ports.clock);
    this.engine = new EngineWatch(ports.clock, ends.inputs);
  }

  listen(listener: ProjectionListener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** Follows all topics until the signal aborts. */
  async run(from: Ends, ports: FollowPorts): Promise<void> {
    const takers = {
      registry: (record: LogRecord) => this.#registry(record),
      alerts: (record: LogRecord) => this.#alertRecord(record),
    };
    const one = (topic: 'registry' | 'alerts' | 'inputs', partition: number, start: Position, take: Taker) => {
      const reached = (next: Position) => this.#reach(`${topic}/${partition}`, next);
      reached(start);
      const perTurn = topic === 'alerts' ? alertsPerTurnMax : recordsPerTurnMax;
      return follow({ topic, partition, from: start, perTurn, take: this.#guarded(take), reached }, ports);
    };
    await Promise.all([
      one('registry', 0, from.registry, takers.registry),
      one('alerts', 0, from.alerts, takers.alerts),
      ...from.inputs.map((start, partition) =>
        one('inputs', partition, start, (record) => this.#input(partition, record)),
      ),
    ]);
  }

  #guarded(take: Taker): Taker {
    return (record) => {
      this.counters.records++;
      try {
        take(record);
      } catch (error) {
        if (!(error instanceof BadRecordError || error instanceof RangeError)) throw error;
        this.counters.poisoned++;
      }
    };
  }

  #reach(key: string, next: Position): void {
    this.#reached.set(key, next);
    for (const wake of this.#waiting) wake();
  }

  /** True once everything before the position was taken. */
  has(topic: 'registry' | 'alerts' | 'inputs', partition: number, position: Position): boolean {
    return (this.#reached.get(`${topic}/${partition}`) ?? 0) >= position;
  }

  /** Resolves when `is` holds, looked at after each batch; rejects with the signal's reason. */
  async until(is: () => boolean, signal: AbortSignal): Promise<void> {
    while (!is()) {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const abort = () => reject(signal.reason);
      this.#waiting.add(resolve);
      signal.addEventListener('abort', abort, { once: true });
      try {
        await promise;
      } finally {
        this.#waiting.delete(resolve);
        signal.removeEventListener('abort', abort);
      }
    }
  }

  #registry(record: LogRecord): void {
    const changed = this.registry.take(record);
    if (!changed) {
      this.counters.copies++;
      return;
    }
    const { kind, id } = changed;
    if (kind === 'patient') {
      if (this.registry.get('patient', id)?.body.state === 'discharged') {
        this.values.forget(id);
        this.waves.forget(id);
      }
      this.#touch(id);
    }
    const assignment = kind === 'assignment' ? this.registry.get('assignment', id) : undefined;
    if (assignment) this.#touch(assignment.body.patient);
  }

  #touch(patient: string): void {
    for (const listener of this.#listeners) listener.patient(patient);
  }

  #alertRecord({ position, value }: LogRecord): void {
    const { header, body } = decodeRecord(value);
    const envelope = checked(AlertEnvelope, header);
    if (!this.alerts.isCurrent(position, envelope)) return;
    if (envelope.kind === 'monitoring') {
      this.#monitoring(envelope.partition, checked(Monitoring, decodeBody(body)));
      return;
    }
    const event = checked(AlertEvent, decodeBody(body));
    if (!this.alerts.take(position, event)) {
      this.counters.copies++;
      return;
    }
    for (const listener of this.#listeners) listener.alert(position, event);
    if (event.alert.patient !== null) this.#touch(event.alert.patient);
  }

  #monitoring(partition: number, change: Monitoring): void {
    const taken = this.monitoring.take(change);
    if (!taken) {
      this.counters.copies++;
      return;
    }
    const { before } = taken;
    if (before?.cause === 'blind' && change.cause !== 'blind')
      this.unwatched.add(partition, { from: before.at, to: change.at, cause: unknownCause });
    this.#touch(change.patient);
  }

  #input(partition: number, { position, value }: LogRecord): void {
    const { header, body } = decodeRecord(value);
    switch (header.kind) {
      case 'readings':
        this.#readings(header as unknown as SenderFacts, body);
        return;
      case 'waveform':
        this.#waveform(header as unknown as SenderFacts, body);
        return;
      case 'tick': {
        const tick = checked(Tick, decodeBody(body));
        if (this.engine.ticked(partition, position, tick)) this.time.set(tick.utc);
        return;
      }
      case 'owner':
        this.engine.claimed(partition, checked(Owner, decodeBody(body)));
        return;
      case 'blind':
        this.#blind(partition, checked(Blind, decodeBody(body)));
        return;
      default:
        return;
    }
  }

  #readings({ patient, ...facts }: SenderFacts, body: Uint8Array): void {
    if (this.registry.get('patient', patient)?.body.state === 'discharged') return;
    let isNews = false;
    for (const reading of readingsOf(body)) isNews = this.values.put(patient, heldReading(reading, facts)) || isNews;
    if (isNews) this.#touch(patient);
  }

  #waveform({ patient, device }: SenderFacts, body: Uint8Array): void {
    if (this.registry.get('patient', patient)?.body.state === 'discharged') return;
    const lead = this.waves.put(patient, device, body);
    if (lead) for (const listener of this.#listeners) listener.wave(patient, lead);
  }

  #blind(partition: number, blind: Blind): void {
    if (!this.engine.isCurrent(partition, blind)) return;
    this.unwatched.add(partition, { from: blind.fromUtc, to: blind.toUtc, cause: blind.cause });
    for (const { body } of this.registry.all('patient')) this.#touch(body.id);
  }

  partitionOf(patient: string): number {
    return partitionOf(patient, this.#log.partitions('inputs'));
  }

  /** Why nobody judges a silent partition. */
  get silentCause(): TechnicalCause {
    return this.#log.health().state === 'down' ? 'log-down' : 'engine-down';
  }

  /** Whether a patient is watched, the engine's own silence counted in. */
  stateOf(patient: string): PatientState {
    const now = this.time.now();
    const registered = this.registry.get('patient', patient);
    const signals = this.monitoring.signalsOf(patient, this.registry.wornAt(patient, now));
    const state = patientState(signals, this.#unassignedSince(patient) ?? registered?.at ?? now);
    const partition = this.partitionOf(patient);
    if (!this.engine.isSilent(partition)) return state;
    return withoutEngine(state, this.silentCause, this.engine.silentSince(partition));
  }

  /** End of the last assignment of a patient. */
  #unassignedSince(patient: string): number | undefined {
    const ends = this.registry.assignmentsOf(patient).flatMap(({ body }) => body.to ?? []);
    return ends.length === 0 ? undefined : Math.max(...ends);
  }

  /** Patients who are in. */
  get admitted() {
    return this.registry.all('patient').filter(({ body }) => body.state === 'admitted');
  }
}

type Taker = (record: LogRecord) => void;
type SenderFacts = ReadingsFacts & { readonly patient: string };

interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: Parameters<typeof issuesOf>[0] };
}

function checked<T>(schema: Schema<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (!result.success) throw new BadRecordError(issuesOf(result.error));
  return result.data;
}
