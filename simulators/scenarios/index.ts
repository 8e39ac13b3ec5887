// Table of contents of scenarios: what a clinician writes, read, played and judged.
export type { Vocabulary } from './expected.ts';
export { judge, type RowVerdict } from './judge.ts';
export { junitXml } from './junit.ts';
export { type Played, play, type Stage, type StageTold } from './play.ts';
export { readScenario } from './read.ts';
export { isPassed, jsonLines, reportLines, type ScenarioResult } from './report.ts';
export { type Scenario, ScenarioError } from './scenario.ts';
