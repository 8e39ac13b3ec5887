// The api without HTTP, for a system in one process under virtual time (`records.md` 11): what a signed-in person does goes
// the way of the routes, and what screens show is asked for. Class C. Invariants: the same records as the routes append,
// checked by the same functions; nothing is shown that the log does not hold. On failure: as the routes; a refusal is the
// `ProblemError` that they would answer with.
import type { Alert, Assignment, Device, Patient, Position, RoleStatus, RunningRole } from '../contract/index.ts';
import { type Acknowledgement, acknowledge } from './acknowledge.ts';
import type { PatientState } from './monitoring-board.ts';
import type { ApiPorts } from './options.ts';
import type { Projection } from './projection.ts';
import type { Author } from './registrar.ts';
import { openWardState, type WardState, type WardStateOptions } from './ward-state.ts';

export interface RunningDesk extends RunningRole {
  admit(patient: Patient, author: Author): Promise<void>;
  register(device: Device, author: Author): Promise<void>;
  assign(assignment: Assignment, author: Author): Promise<void>;
  discharge(patient: string, reason: string, author: Author): Promise<void>;
  /** The alert afterwards, or undefined while the engine has not answered; rejects with the refusal. */
  acknowledge(act: Acknowledgement): Promise<Alert | undefined>;
  /** Alerts that are open, as they stand in `alerts`. */
  readonly openAlerts: readonly Alert[];
  /** Whether a patient is watched, as tiles show it. */
  monitoring(patient: string): PatientState;
  /** Resolves once everything before these positions is taken. */
  settled(positions: {
    readonly inputs: Position;
    readonly alerts: Position;
    readonly registry: Position;
  }): Promise<void>;
}

export interface DeskPorts extends ApiPorts {
  readonly fatal: (error: unknown) => void;
}

/** Reads the log, follows it, and acts for people. */
export async function startDesk(options: WardStateOptions, ports: DeskPorts): Promise<RunningDesk> {
  return new Desk(await openWardState(options, ports), ports);
}

class Desk implements RunningDesk {
  readonly #state: WardState;
  readonly #ports: DeskPorts;

  constructor(state: WardState, ports: DeskPorts) {
    this.#state = state;
    this.#ports = ports;
  }

  get #projection(): Projection {
    return this.#state.projection;
  }

  get openAlerts(): readonly Alert[] {
    return this.#projection.alerts.open;
  }

  admit(body: Patient, author: Author): Promise<void> {
    const { registrar } = this.#state;
    return registrar.alone(() => registrar.put([{ kind: 'patient', revision: 1, body }], author));
  }

  register(body: Device, author: Author): Promise<void> {
    const { registrar } = this.#state;
    return registrar.alone(() => registrar.put([{ kind: 'device', revision: 1, body }], author));
  }

  assign(assignment: Assignment, author: Author): Promise<void> {
    const { registrar } = this.#state;
    return registrar.alone(() => registrar.assign(assignment, author));
  }

  discharge(id: string, reason: string, author: Author): Promise<void> {
    const { registrar } = this.#state;
    return registrar.alone(() => {
      const before = this.#projection.registry.get('patient', id);
      if (!before) throw new RangeError(`there is no patient ${id}`);
      const ended = this.#projection.registry.endedAt(id, author.at);
      const next = { revision: before.revision + 1, body: { ...before.body, state: 'discharged' as const } };
      return registrar.discharge(next, ended, { id, revision: next.revision, reason }, author);
    });
  }

  acknowledge(act: Acknowledgement): Promise<Alert | undefined> {
    const { log, clock } = this.#ports;
    return acknowledge(act, { log, clock, projection: this.#projection });
  }

  monitoring(patient: string): PatientState {
    return this.#projection.stateOf(patient);
  }

  settled({ inputs, alerts, registry }: Parameters<RunningDesk['settled']>[0]): Promise<void> {
    const projection = this.#projection;
    const partitions = Array.from({ length: this.#ports.log.partitions('inputs') }, (_, partition) => partition);
    const hasAll = () =>
      projection.has('registry', 0, registry) &&
      projection.has('alerts', 0, alerts) &&
      partitions.every((partition) => projection.has('inputs', partition, inputs));
    return projection.until(hasAll, this.#state.signal);
  }

  status(): RoleStatus {
    const { records, poisoned, copies } = this.#projection.counters;
    return {
      role: 'api',
      state: this.#state.signal.aborted ? 'stopping' : 'ok',
      causes: [],
      counters: { records, poisoned, copies },
      gauges: { 'alerts-open': this.openAlerts.length },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#state[Symbol.asyncDispose]();
  }
}
