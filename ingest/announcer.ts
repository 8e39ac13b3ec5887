// Lines for operators, bounded: what one sender does must not fill a log (BRK-LIMIT, SEC-LOG). Class C. A line names a sender
// at most, never a patient, a value or a payload.
import type { Announce, Clock } from '../contract/index.ts';
import { announceEveryMs } from './limits.ts';

/** One line per kind and interval, whatever a sender does: the rest is counted and told with the next. */
export class Announcer {
  readonly #announce: Announce;
  readonly #clock: Clock;
  readonly #last = new Map<string, { at: number; withheld: number }>();

  constructor(announce: Announce, clock: Clock) {
    this.#announce = announce;
    this.#clock = clock;
  }

  /** `kind` is from a closed set, so that the map stays small. */
  say(level: 'info' | 'warning' | 'error', kind: string, message: string): void {
    const now = this.#clock.mono();
    const last = this.#last.get(kind);
    if (last && now - last.at < announceEveryMs) {
      last.withheld += 1;
      return;
    }
    const more = last && last.withheld > 0 ? ` (and ${last.withheld} more of the kind)` : '';
    this.#last.set(kind, { at: now, withheld: 0 });
    this.#announce(level, `ingest: ${message}${more}`);
  }
}
