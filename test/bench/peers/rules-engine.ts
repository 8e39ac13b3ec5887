// What the rules bench asks of an engine. What `prepare` and `prepareTick` do is not measured: readings come parsed.
import type { Said, Second, ThresholdSet } from './rules-workload.ts';

export interface RulesEngine<Prepared = unknown> {
  /** Readings of one instant in the engine's own form. */
  prepare(second: Second): Prepared;
  /** Judges them in order, and tells what begins and ends. */
  apply(prepared: Prepared): void | Promise<void>;
  /** Time passes: what silence makes due is told. Called at each half second, before the readings of that instant. */
  tick(at: number): void;
  /** What else comes in and is no reading, such as beats; not measured. */
  aside?(at: number): void;
  /** Bytes of guard lines and rule rows, if the engine knows. */
  bandBytes?(): number;
}

export interface EngineSetup {
  readonly patients: number;
  readonly rules: ThresholdSet;
  readonly said: Said;
}

export type OpenEngine = (setup: EngineSetup) => RulesEngine;
