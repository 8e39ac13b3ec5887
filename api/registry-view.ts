// Patients, devices, assignments, users and rules as `registry` holds them now. Class C: names and bindings of every view
// come from here. Invariant: of each object the highest revision counts, so a copy that lands later changes nothing. On
// failure: a record that cannot be read is counted and passed by (ING-POISON).
import {
  type Assignment,
  BadRecordError,
  type Device,
  decodeBody,
  decodeRecord,
  issuesOf,
  type LogRecord,
  type Patient,
  RegistryHeader,
  type RegistryKind,
  type RuleSet,
  registryBodies,
  registryKey,
  type User,
} from '../contract/index.ts';

export interface RegistryObjects {
  readonly patient: Patient;
  readonly device: Device;
  readonly assignment: Assignment;
  readonly user: User;
  readonly rules: RuleSet;
}

/** An object with its revision. */
export interface Registered<T> {
  readonly revision: number;
  readonly at: number;
  readonly body: T;
}

export class RegistryView {
  readonly #objects = new Map<string, Registered<unknown>>();
  readonly #ids: Record<RegistryKind, Set<string>> = {
    patient: new Set(),
    device: new Set(),
    assignment: new Set(),
    user: new Set(),
    rules: new Set(),
  };
  readonly #byPatient = new Map<string, Set<string>>();
  readonly #byDevice = new Map<string, Set<string>>();

  /** Takes a record; the object's kind and id if something changed, undefined for a copy. Throws `BadRecordError`. */
  take(record: LogRecord): { readonly kind: RegistryKind; readonly id: string } | undefined {
    if (record.value.length === 0) return undefined;
    const { header, body } = decodeRecord(record.value);
    const checked = RegistryHeader.safeParse(header);
    if (!checked.success) throw new BadRecordError(`header: ${issuesOf(checked.error)}`);
    const { kind, id, revision, at } = checked.data;
    const parsed = registryBodies[kind].safeParse(decodeBody(body));
    if (!parsed.success) throw new BadRecordError(`${kind}: ${issuesOf(parsed.error)}`);
    const key = registryKey(kind, id);
    if ((this.#objects.get(key)?.revision ?? 0) >= revision) return undefined;
    this.#objects.set(key, { revision, at, body: parsed.data });
    this.#ids[kind].add(id);
    if (kind === 'assignment') this.#index(parsed.data as Assignment);
    return { kind, id };
  }

  #index({ id, patient, device }: Assignment): void {
    this.#byPatient.set(patient, (this.#byPatient.get(patient) ?? new Set()).add(id));
    this.#byDevice.set(device, (this.#byDevice.get(device) ?? new Set()).add(id));
  }

  get<K extends RegistryKind>(kind: K, id: string): Registered<RegistryObjects[K]> | undefined {
    return this.#objects.get(registryKey(kind, id)) as Registered<RegistryObjects[K]> | undefined;
  }

  /** All of a kind, newest first. */
  all<K extends RegistryKind>(kind: K): Registered<RegistryObjects[K]>[] {
    return [...this.#ids[kind]].reverse().flatMap((id) => this.get(kind, id) ?? []);
  }

  /** Assignments of a patient, newest first. */
  assignmentsOf(patient: string): Registered<Assignment>[] {
    return this.#assignments(this.#byPatient.get(patient));
  }

  assignmentsOfDevice(device: string): Registered<Assignment>[] {
    return this.#assignments(this.#byDevice.get(device));
  }

  #assignments(ids: ReadonlySet<string> = new Set()): Registered<Assignment>[] {
    return [...ids].flatMap((id) => this.get('assignment', id) ?? []).sort((a, b) => b.body.from - a.body.from);
  }

  /** Assignments of a patient that hold at an instant. */
  wornAt(patient: string, at: number): Assignment[] {
    return this.assignmentsOf(patient)
      .map(({ body }) => body)
      .filter((assignment) => holdsAt(assignment, at));
  }

  /** What a patient still wears at an instant, as it is when all of it ends then. */
  endedAt(patient: string, at: number): Assignment[] {
    return this.assignmentsOf(patient)
      .map(({ body }) => body)
      .filter(({ to }) => to === null || to > at)
      .map((worn) => ({ ...worn, revision: worn.revision + 1, to: Math.max(worn.from, at) }));
  }

  /** By whom, from when to when the device was worn at that instant, if it was this patient (API-PATIENT). */
  binding(patient: string, device: string, at: number): Assignment | undefined {
    return this.assignmentsOfDevice(device).find(({ body }) => body.patient === patient && holdsAt(body, at))?.body;
  }
}

/** True if the assignment holds at that instant; its end is exclusive. */
export function holdsAt({ from, to }: Assignment, at: number): boolean {
  return from <= at && (to === null || at < to);
}
