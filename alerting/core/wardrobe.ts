// Which assignments of a patient are in force, which are over, and which gateways they need. Revisions tell a record from
// its copy, also long after the assignment is over (`scale-out.md`).
import type { InputBodies } from '../../contract/index.ts';
import { Link, type LinkState } from './link.ts';
import { type Arrival, afterGap, type Gap } from './log-clock.ts';
import { remember } from './revisions.ts';

type Assignment = InputBodies['assignment'];

/** An assignment in force. */
export interface Worn {
  readonly id: string;
  readonly revision: number;
  readonly device: string;
  readonly gateway: string;
  readonly arrival: Arrival;
  /** A known end in the future, UTC. */
  readonly to: number | null;
}

export interface WardrobeState {
  readonly worn: readonly Worn[];
  readonly ended: readonly [string, number][];
  readonly links: readonly LinkState[];
}

export class Wardrobe {
  readonly #worn = new Map<string, Worn>();
  /** Revisions of assignments that are over, so that a late copy does not arm them again. */
  readonly #ended = new Map<string, number>();
  readonly #links = new Map<string, Link>();

  get all(): readonly Worn[] {
    return [...this.#worn.values()];
  }
  get isEmpty(): boolean {
    return this.#worn.size === 0;
  }
  get gateways(): Iterable<string> {
    return this.#links.keys();
  }
  /** Ways to the gateways that are needed now. */
  get links(): Iterable<Link> {
    return this.#links.values();
  }
  link(gateway: string): Link | undefined {
    return this.#links.get(gateway);
  }
  isEnded(assignment: string): boolean {
    return this.#ended.has(assignment);
  }
  wears(device: string): boolean {
    return this.all.some((worn) => worn.device === device);
  }
  isInForce(worn: Worn): boolean {
    return this.#worn.get(worn.id) === worn;
  }

  /** False for a revision that is known. */
  isNewer({ id, revision }: Assignment): boolean {
    return revision > Math.max(this.#worn.get(id)?.revision ?? 0, this.#ended.get(id) ?? 0);
  }

  begin({ id, revision, device, gateway, to }: Assignment, arrival: Arrival): void {
    this.#ended.delete(id);
    this.#worn.set(id, { id, revision, device, gateway, arrival: { ...arrival }, to });
    if (!this.#links.has(gateway)) this.#links.set(gateway, new Link(gateway, { ...arrival }));
  }

  end({ id, revision }: Pick<Assignment, 'id' | 'revision'>): void {
    this.#worn.delete(id);
    remember(this.#ended, id, revision);
  }

  /** Forgets gateways that no assignment needs. */
  tidy(): void {
    const needed = new Set(this.all.map((worn) => worn.gateway));
    for (const gateway of this.#links.keys()) if (!needed.has(gateway)) this.#links.delete(gateway);
  }

  rebase(gap: Gap, distrust: boolean): void {
    for (const link of this.#links.values()) link.rebase(gap, distrust);
    for (const { arrival } of this.#worn.values()) arrival.log = afterGap(arrival.log, arrival.utc, gap);
  }

  toJSON(): WardrobeState {
    return {
      worn: this.all,
      ended: [...this.#ended],
      links: [...this.#links.values()].map((link) => link.toJSON()),
    };
  }
  static restore(saved: WardrobeState): Wardrobe {
    const wardrobe = new Wardrobe();
    for (const worn of saved.worn) wardrobe.#worn.set(worn.id, worn);
    for (const [id, revision] of saved.ended) wardrobe.#ended.set(id, revision);
    for (const link of saved.links) wardrobe.#links.set(link.gateway, Link.restore(link));
    return wardrobe;
  }
}

/** Log time at which a known end comes. */
export function endLog({ arrival, to }: Worn): number {
  return to === null ? Number.POSITIVE_INFINITY : arrival.log + to - arrival.utc;
}
