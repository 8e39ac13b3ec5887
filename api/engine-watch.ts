// Whether the engine lives, seen from here (`alerting.md` 6): by its ticks in the log and our own monotonic clock. Class C:
// nothing that has failed is needed to say so. Invariant: a tick that stood in the log before we looked proves nothing about
// now; one of a former owner neither.
import type { Blind, Clock, Owner, Position, Tick } from '../contract/index.ts';
import { engineSilentAfterMs } from './limits.ts';

interface Watched {
  epoch: number;
  /** Newest tick: UTC. */
  utc: number | undefined;
  /** Our monotonic time when a tick was heard as it was written. */
  heardAt: number | undefined;
  /** Ticks from this position on were written while we looked. */
  readonly liveFrom: Position;
}

export class EngineWatch {
  readonly #clock: Clock;
  readonly #startedUtc: number;
  readonly #partitions: readonly Watched[];

  /** `ends`: the durable end of each partition of `inputs` when we began. */
  constructor(clock: Clock, ends: readonly Position[]) {
    this.#clock = clock;
    this.#startedUtc = clock.wall();
    this.#partitions = ends.map((liveFrom) => ({ epoch: 0, utc: undefined, heardAt: undefined, liveFrom }));
  }

  /** A tick; true if it was written just now by the current owner. */
  ticked(partition: number, position: Position, { epoch, utc }: Tick): boolean {
    const watched = this.#of(partition);
    if (epoch < watched.epoch) return false;
    watched.epoch = epoch;
    watched.utc = Math.max(watched.utc ?? 0, utc);
    if (position < watched.liveFrom) return false;
    watched.heardAt = this.#clock.mono();
    return true;
  }

  /** A claim: valid only if it follows the current epoch at its place in the log. */
  claimed(partition: number, { after }: Owner): void {
    const watched = this.#of(partition);
    if (after === watched.epoch) watched.epoch = after + 1;
  }

  /** True if the span is told by the current owner. */
  isCurrent(partition: number, { epoch }: Blind): boolean {
    return epoch >= this.#of(partition).epoch;
  }

  isSilent(partition: number): boolean {
    const { heardAt } = this.#of(partition);
    return heardAt === undefined || this.#clock.mono() - heardAt > engineSilentAfterMs;
  }

  /** UTC since when nobody judges a partition that is silent: its last tick. */
  silentSince(partition: number): number {
    return this.#of(partition).utc ?? this.#startedUtc;
  }

  /** Partitions that nobody judges now. */
  get silent(): readonly number[] {
    return this.#partitions.flatMap((_, partition) => (this.isSilent(partition) ? [partition] : []));
  }

  /** UTC of the newest tick of all partitions. */
  get newestUtc(): number | undefined {
    const known = this.#partitions.flatMap(({ utc }) => utc ?? []);
    return known.length === 0 ? undefined : Math.max(...known);
  }

  /** Since a tick was last heard, on the quietest partition; undefined: never on one of them. */
  get ageMs(): number | undefined {
    const now = this.#clock.mono();
    const ages = this.#partitions.map(({ heardAt }) => (heardAt === undefined ? undefined : now - heardAt));
    return ages.includes(undefined) ? undefined : Math.max(0, ...(ages as number[]));
  }

  #of(partition: number): Watched {
    const watched = this.#partitions[partition];
    if (!watched) throw new RangeError(`inputs has no partition ${partition}`);
    return watched;
  }
}
