// How long what is durable in the log has not been in the store. Marks "the log ended here, then" are kept until the store
// has reached them; the oldest that it has not is the lag. No clock of another host is compared with ours.
import type { StorePositions } from '../../contract/index.ts';
import { lagMarksMax } from './limits.ts';

interface Mark {
  readonly at: number;
  readonly ends: StorePositions;
}

export class LagMeter {
  readonly #marks: Mark[] = [];

  /** The log ended at `ends` at monotonic time `at`. When full the newest are left out: the oldest tells the lag. */
  mark(at: number, ends: StorePositions): void {
    if (this.#marks.length < lagMarksMax) this.#marks.push({ at, ends });
  }

  /** Milliseconds that the store is behind, 0 if it has all that was marked. */
  lagMs(now: number, stored: StorePositions): number {
    while (this.#marks.length > 0 && isReached(this.#marks[0] as Mark, stored)) this.#marks.shift();
    const oldest = this.#marks[0];
    return oldest ? now - oldest.at : 0;
  }
}

function isReached({ ends }: Mark, stored: StorePositions): boolean {
  return ends.every((end, partition) => (stored[partition] ?? 0) >= end);
}
