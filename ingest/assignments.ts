// Who wore which device at what time: the assignments of `registry`, indexed. Pure. Class C: a reading that gets the wrong
// patient is worse than one that is lost, so an answer comes only from an interval that holds the instant, and only for the
// sender through which the device is bound.
import type { Assignment } from '../contract/index.ts';

/** Assignments of one device under one sender, ordered by their start. */
export type Timeline = readonly Assignment[];

const nobody: Timeline = [];

export class Assignments {
  readonly #byId = new Map<string, Assignment>();
  readonly #timelines = new Map<string, Assignment[]>();
  readonly #devices = new Map<string, Set<string>>();

  /** Takes the newest version of an assignment. */
  put(assignment: Assignment): void {
    this.remove(assignment.id);
    this.#byId.set(assignment.id, assignment);
    const key = keyOf(assignment.gateway, assignment.device);
    const timeline = this.#timelines.get(key) ?? [];
    const at = timeline.findIndex(({ from }) => from > assignment.from);
    timeline.splice(at < 0 ? timeline.length : at, 0, assignment);
    this.#timelines.set(key, timeline);
    const devices = this.#devices.get(assignment.gateway) ?? new Set();
    this.#devices.set(assignment.gateway, devices.add(assignment.device));
  }

  remove(id: string): void {
    const old = this.#byId.get(id);
    if (!old) return;
    this.#byId.delete(id);
    const key = keyOf(old.gateway, old.device);
    const left = (this.#timelines.get(key) ?? []).filter((each) => each.id !== id);
    if (left.length > 0) this.#timelines.set(key, left);
    else {
      this.#timelines.delete(key);
      this.#devices.get(old.gateway)?.delete(old.device);
    }
  }

  /** True if the device is or was bound through this sender: what it measured then may still come. */
  isBound(sender: string, device: string): boolean {
    return this.#timelines.has(keyOf(sender, device));
  }

  timeline(sender: string, device: string): Timeline {
    return this.#timelines.get(keyOf(sender, device)) ?? nobody;
  }

  /** Patients whose devices are bound through this gateway at that time. */
  patientsOf(gateway: string, at: number): ReadonlySet<string> {
    const patients = new Set<string>();
    for (const device of this.#devices.get(gateway) ?? []) {
      const found = assignmentAt(this.timeline(gateway, device), at);
      if (found) patients.add(found.patient);
    }
    return patients;
  }
}

/** The assignment in force at an instant; the one that began last, should two hold it. */
export function assignmentAt(timeline: Timeline, at: number): Assignment | undefined {
  for (let i = timeline.length - 1; i >= 0; i--) {
    const each = timeline[i] as Assignment;
    if (each.from <= at && (each.to === null || at < each.to)) return each;
  }
  return undefined;
}

/** Neither id can hold a slash. */
function keyOf(sender: string, device: string): string {
  return `${sender}/${device}`;
}
