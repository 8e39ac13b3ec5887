// What the subjects of one partition share: the clock that ticks tell, the rules in force, the way out for events. The same
// at the same place in the log on any number of partitions (ALR-REPLAY), so a subject may depend on it.
import type { Vital } from '../../contract/index.ts';
import type { CompiledRules } from './compile.ts';
import type { Sha256 } from './ids.ts';
import type { Lines } from './lines.ts';
import type { LogClock } from './log-clock.ts';
import type { CoreEvent } from './types.ts';

/** Rules in force, and how alerts name them: id, version and hash of the whole text. */
export interface ActiveRules {
  readonly compiled: CompiledRules;
  readonly name: string;
}

/** What every subject of one partition shares: nothing of it differs between partitions at the same place in the log. */
export interface Context {
  readonly clock: LogClock;
  readonly sha256: Sha256;
  /** Guard lines of all streams. */
  readonly lines: Lines;
  /** Rules in force; null before the first. */
  readonly rules: ActiveRules | null;
  /** Adds one to a counter by its kebab-case name. */
  count(name: string): void;
  /** Something was decided. */
  emit(event: CoreEvent): void;
}

/** True if a rule looks at the signal. */
export function isRuled(rules: ActiveRules | null, signal: string): boolean {
  return rules?.compiled.byVital.has(signal as Vital) ?? false;
}
