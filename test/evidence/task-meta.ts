// What a system test says about itself for the report: what was done, what had to come of it, by which means.
import 'vitest';

declare module 'vitest' {
  /** A test of `scenarios`, `simulation` or `faults` gives all three. */
  interface TaskMeta {
    stimulus?: string;
    expected?: string;
    procedure?: string;
  }
}
