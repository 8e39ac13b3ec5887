/** Time as the outside knows it. The only way any part of Vigil learns what time it is. */
export interface Clock {
  /** UTC, epoch milliseconds; may step. */
  wall(): number;
  /** Milliseconds since the host booted, suspension counted; never steps, fractions allowed. */
  mono(): number;
  /** Resolves after `ms`; rejects with the signal's reason if it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
