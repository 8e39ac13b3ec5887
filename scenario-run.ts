// Plays scenarios on a virtual system of production's roles, each in a life of its own. Invariant: what is judged is what
// stands in the log. On failure: a scenario that cannot be read names every fault; one that cannot be played throws.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ProblemError } from './api/index.ts';
import type { RuleSet } from './contract/index.ts';
import { readRules } from './rules-file.ts';
import {
  judge,
  type Played,
  play,
  readScenario,
  type Scenario,
  ScenarioError,
  type ScenarioResult,
  type Stage,
  type Vocabulary,
} from './simulators/index.ts';
import { openVirtualSystem, type VirtualSystem } from './virtual/index.ts';

/** Every scenario begins on a Sunday night. */
const startAt = Date.UTC(2026, 2, 1, 2);
const defaultSeed = 1;

/** A scenario and the rules that it is judged by. */
export interface LoadedScenario {
  readonly scenario: Scenario;
  readonly rules: RuleSet;
}

/** Reads a scenario's file and its rule set; throws `ScenarioError`. */
export function loadScenario(file: string): LoadedScenario {
  let rules: RuleSet | undefined;
  const vocabularyOf = (rulesFile: string | undefined): Vocabulary => {
    rules = rulesFile === undefined ? readRules() : readRules(resolve(dirname(file), rulesFile));
    const names = rules.rules.map(({ id }) => id);
    return { rules: names, families: [...new Set(rules.rules.map(({ family }) => family))] };
  };
  const scenario = readScenario(textOf(file), file, vocabularyOf);
  return { scenario, rules: rules ?? readRules() };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ScenarioError([`${file}: cannot be read: ${(cause as Error).message}`], { cause });
  }
}

/** Plays it once, in virtual time. */
export async function runScenario({ scenario, rules }: LoadedScenario, seed?: number): Promise<ScenarioResult> {
  const used = seed ?? scenario.seed ?? defaultSeed;
  const began = performance.now();
  const store = scenario.expect.some(({ what }) => what === 'stored');
  let played: Played;
  {
    await using system = await openVirtualSystem({ startAt, seed: used, rules, store });
    played = await play(scenario, stageOf(system), used);
  }
  return { scenario, seed: used, played, verdicts: judge(scenario, played), tookMs: performance.now() - began };
}

function stageOf(system: VirtualSystem): Stage {
  return {
    now: () => system.now(),
    advanceBy: (ms) => system.advanceBy(ms),
    stepWall: (ms) => system.clock.stepWall(ms),
    admit: (patient) => system.admit(patient),
    register: (device) => system.register(device),
    bind: (binding) => system.bind(binding),
    unbind: (device) => system.unbind(device),
    discharge: (patient) => system.discharge(patient),
    publish: (device, kind, payload, options) => system.publish(device, kind, payload, options),
    silence: (gateway) => system.silence(gateway),
    resume: (gateway) => system.resume(gateway),
    acknowledge: async (act) => {
      try {
        await system.acknowledge(act);
      } catch (error) {
        // The engine's refusal is an event of the alert.
        if (!(error instanceof ProblemError)) throw error;
      }
    },
    killEngine: () => system.killEngine(),
    startEngine: () => system.startEngine(),
    settled: () => system.settled(),
    told: () => system.told(),
    store: () => system.store(),
  };
}
