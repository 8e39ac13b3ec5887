// Table of contents of the pure judgement: records in, decisions out.
export { type CompiledRules, compileRules } from './compile.ts';
export { createEngine, SnapshotError } from './engine.ts';
export type { CoreEvent, EngineOptions, LogTime, NumbersEngine, PartitionEngine, SnapshotEntry } from './types.ts';
