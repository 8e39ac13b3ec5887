/** Something that comes, stays and goes; seconds. */
export interface Envelope {
  readonly from: number;
  readonly rampSeconds: number;
  readonly holdSeconds: number;
  readonly recoverSeconds: number;
}

/** Last second in which it has any effect. */
export function endOf({ from, rampSeconds, holdSeconds, recoverSeconds }: Envelope): number {
  return from + rampSeconds + holdSeconds + recoverSeconds;
}

/** How far it has come at a second: 0 not at all, 1 wholly. */
export function strengthAt(envelope: Envelope, second: number): number {
  const { from, rampSeconds, holdSeconds, recoverSeconds } = envelope;
  const since = second - from;
  if (since < 0) return 0;
  if (since < rampSeconds) return since / rampSeconds;
  if (since < rampSeconds + holdSeconds) return 1;
  return Math.max(0, 1 - (since - rampSeconds - holdSeconds) / recoverSeconds);
}
