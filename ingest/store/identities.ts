// Which identities the store holds (ING-DEDUP): an interval set per (device, boot, lead). A write stages what it adds and
// makes it part of the sets only once its transaction is committed, so that a failed write leaves no trace.
import { IntervalSet } from './interval-set.ts';
import { rangesMax } from './limits.ts';

/** `lead` of a reading, which has none. */
export const noLead = -1;

/** Numbers `low` to `high` of one (device, boot, lead), all codes. */
export interface Span {
  readonly device: number;
  readonly boot: number;
  readonly lead: number;
  readonly low: number;
  readonly high: number;
}

interface Stream {
  readonly device: number;
  readonly boot: number;
  readonly lead: number;
  readonly held: IntervalSet;
}

export class Identities {
  readonly #streams = new Map<string, Stream>();

  /** Takes in what the database holds; call `trim` after the last. */
  load({ device, boot, lead, low, high }: Span): void {
    this.stream(device, boot, lead).held.add(low, high);
  }

  trim(): void {
    for (const { held } of this.#streams.values()) held.trim(rangesMax);
  }

  /** Ranges over all sets: what a fresh table of spans would have as rows. */
  get size(): number {
    let size = 0;
    for (const { held } of this.#streams.values()) size += held.size;
    return size;
  }

  *spans(): Generator<Span> {
    for (const { device, boot, lead, held } of this.#streams.values())
      for (const [low, high] of held.ranges()) yield { device, boot, lead, low, high };
  }

  stage(): StagedIdentities {
    return new StagedIdentities(this);
  }

  /** For `StagedIdentities`: the stream's set, empty if it is new. */
  stream(device: number, boot: number, lead: number): Stream {
    const key = `${device}/${boot}/${lead}`;
    let stream = this.#streams.get(key);
    if (!stream) {
      stream = { device, boot, lead, held: new IntervalSet() };
      this.#streams.set(key, stream);
    }
    return stream;
  }
}

/** What one write adds. */
export class StagedIdentities {
  readonly #identities: Identities;
  readonly #added = new Map<Stream, IntervalSet>();

  constructor(identities: Identities) {
    this.#identities = identities;
  }

  /** True if the identity is certainly new, which it then no longer is for this write. */
  claim(device: number, boot: number, lead: number, seq: number): boolean {
    const stream = this.#identities.stream(device, boot, lead);
    if (stream.held.has(seq)) return false;
    const added = this.#added.get(stream);
    if (!added) {
      const first = new IntervalSet();
      first.add(seq);
      this.#added.set(stream, first);
      return true;
    }
    if (added.has(seq)) return false;
    added.add(seq);
    return true;
  }

  *spans(): Generator<Span> {
    for (const [{ device, boot, lead }, added] of this.#added)
      for (const [low, high] of added.ranges()) yield { device, boot, lead, low, high };
  }

  /** The transaction is committed. */
  commit(): void {
    for (const [{ held }, added] of this.#added) {
      for (const [low, high] of added.ranges()) held.add(low, high);
      held.trim(rangesMax);
    }
    this.#added.clear();
  }
}
