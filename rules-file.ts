// The rule set in force, from its file: a clinical artefact, checked whole before anything starts (ALR-RULES). On failure:
// every fault is named with its place, and nothing starts.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileRules } from './alerting/index.ts';
import { ConfigError } from './config.ts';
import { RuleSet } from './contract/index.ts';

const DEFAULT_RULES = fileURLToPath(new URL('./alerting/rules/adult.json', import.meta.url));

/** The rule set of a file, or the one that comes with Vigil; every fault is named. */
export function readRules(file?: string): RuleSet {
  const path = file === undefined ? DEFAULT_RULES : resolve(file);
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new ConfigError([`alerting.rules ${path}: ${(cause as Error).message}`], { cause });
  }
  const checked = RuleSet.safeParse(parsed);
  if (!checked.success)
    throw new ConfigError(checked.error.issues.map((issue) => `${path} ${issue.path.join('.')}: ${issue.message}`));
  const compiled = compileRules(checked.data);
  if ('faults' in compiled) throw new ConfigError(compiled.faults.map((fault) => `${path} ${fault}`));
  return checked.data;
}
