// Which (boot, seq) of a device have been judged (`records.md` 3): sorted, disjoint ranges per boot. A copy is told from a
// new reading whatever the order; live in order only stretches the last range.
import { bootsMax, rangesMax } from './limits.ts';

/** Ranges of one boot as from, to, from, to, ..., both ends included. */
type Ranges = number[];

export class Identity {
  /** By boot, newest boots only. */
  readonly #boots = new Map<number, Ranges>();

  /** Notes it; false if it was noted before, or its boot is too old to be told from a copy. */
  add(boot: number, seq: number): boolean {
    const ranges = this.#boots.get(boot) ?? this.#open(boot);
    if (!ranges) return false;
    const last = ranges.length - 1;
    if (seq === (ranges[last] as number) + 1) {
      ranges[last] = seq;
      return true;
    }
    return insert(ranges, seq);
  }

  #open(boot: number): Ranges | undefined {
    if (this.#boots.size >= bootsMax) {
      const oldest = Math.min(...this.#boots.keys());
      if (boot < oldest) return undefined;
      this.#boots.delete(oldest);
    }
    const ranges: Ranges = [];
    this.#boots.set(boot, ranges);
    return ranges;
  }

  /** The newest boot and the number that is in order after all of its own; null before the first. */
  get inOrder(): { readonly boot: number; readonly next: number } | null {
    if (this.#boots.size === 0) return null;
    let boot = 0;
    for (const each of this.#boots.keys()) boot = Math.max(boot, each);
    return { boot, next: ((this.#boots.get(boot) as Ranges).at(-1) ?? -1) + 1 };
  }
  /** Numbers in order up to `next`, not included, have come another way. */
  stretch(boot: number, next: number): void {
    const ranges = this.#boots.get(boot);
    if (ranges && ranges.length > 0) ranges[ranges.length - 1] = next - 1;
  }

  toJSON(): [number, Ranges][] {
    return [...this.#boots];
  }
  static restore(saved: [number, Ranges][]): Identity {
    const identity = new Identity();
    for (const [boot, ranges] of saved) identity.#boots.set(boot, ranges);
    return identity;
  }
}

function insert(ranges: Ranges, seq: number): boolean {
  const at = rangeAfter(ranges, seq);
  const before = at - 2;
  if (before >= 0 && seq <= (ranges[before + 1] as number)) return false;
  const joinsBefore = before >= 0 && seq === (ranges[before + 1] as number) + 1;
  const joinsAfter = at < ranges.length && seq === (ranges[at] as number) - 1;
  if (joinsBefore && joinsAfter) ranges.splice(before + 1, 2);
  else if (joinsBefore) ranges[before + 1] = seq;
  else if (joinsAfter) ranges[at] = seq;
  else ranges.splice(at, 0, seq, seq);
  // Full: the gap between the two oldest ranges counts as seen. What would fall into it is far too old to be live.
  if (ranges.length > 2 * rangesMax) ranges.splice(1, 2);
  return true;
}

/** Index of the first range that begins after `seq`. */
function rangeAfter(ranges: Ranges, seq: number): number {
  let low = 0;
  let high = ranges.length / 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[2 * middle] as number) <= seq) low = middle + 1;
    else high = middle;
  }
  return 2 * low;
}
