/** Something that log time alone makes due. `at` is the instant itself, not the tick that finds it. */
export interface Timer {
  readonly at: number;
  readonly patient: string;
  readonly family: string;
  readonly scope: string;
  readonly rule: string;
  fire(): void;
}

/** Timers of one tick fire in an order that content alone decides (`alerting.md` 5). */
export function inOrder(a: Timer, b: Timer): number {
  return (
    a.at - b.at ||
    compare(a.patient, b.patient) ||
    compare(a.family, b.family) ||
    compare(a.scope, b.scope) ||
    compare(a.rule, b.rule)
  );
}

/** By code units: no locale may decide an order. */
export function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
