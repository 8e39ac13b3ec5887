// Whether this screen is live, judged by the browser's own monotonic clock against the server's beats (console.md 5). The
// server cannot say that it is gone: only silence can, so the limit is looked at here and depends on nothing that failed.

/** Beats come each second. After 3 s the link is slow; a limit of 5 s looked at in steps needs 4.7 s. */
export const slowAfterMs = 3_000;
export const notLiveAfterMs = 4_700;
/** The wall clock ran ahead of the monotonic one: the machine slept, and what is shown is from before. */
const suspendedMs = 2_000;

export type LinkState = 'connecting' | 'live' | 'slow' | 'not-live';

/** Times of the browser: `mono` from performance.now(), `wall` from Date.now(); milliseconds. */
export interface Now {
  readonly mono: number;
  readonly wall: number;
}

/** Judges the link. It is live only after a whole snapshot, and again only after another one. */
export class LinkWatch {
  #heardAt: number;
  #ahead: number;
  #state: LinkState = 'connecting';
  #needsSnapshot = true;

  constructor(now: Now) {
    this.#heardAt = now.mono;
    this.#ahead = now.wall - now.mono;
  }

  /** Mono time at which the server was last heard. */
  get heardAt(): number {
    return this.#heardAt;
  }

  snapshot(now: Now): void {
    this.#needsSnapshot = false;
    this.#ahead = now.wall - now.mono;
    this.beat(now);
  }

  beat(now: Now): void {
    this.#heardAt = now.mono;
  }

  /** Nothing that comes on a connection without a new snapshot makes the screen live again. */
  get needsSnapshot(): boolean {
    return this.#needsSnapshot;
  }

  /** The connection ended or its content cannot be trusted: whatever comes next has to begin with a snapshot. */
  lost(): void {
    this.#needsSnapshot = true;
  }

  judge(now: Now): LinkState {
    const ahead = now.wall - now.mono;
    if (ahead - this.#ahead > suspendedMs) {
      this.#needsSnapshot = true;
      this.#heardAt = Math.min(this.#heardAt, now.mono - notLiveAfterMs);
    }
    this.#ahead = ahead;
    const silentMs = now.mono - this.#heardAt;
    if (silentMs >= notLiveAfterMs) this.#state = 'not-live';
    else if (this.#needsSnapshot)
      this.#state = this.#state === 'not-live' || this.#state === 'connecting' ? this.#state : 'slow';
    else this.#state = silentMs >= slowAfterMs ? 'slow' : 'live';
    return this.#state;
  }
}
