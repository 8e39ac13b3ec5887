// The command `vigil test`: scenarios, played and judged. stdout: the result; stderr: what is wrong with a file or an option.
// On failure: 99 if an expectation failed, 3 if a scenario is not valid, 2 if the command is not.
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { z } from 'zod';
import { ConfigError } from './config.ts';
import { EXIT } from './exit-codes.ts';
import type { LoadedScenario } from './scenario-run.ts';
import { isPassed, jsonLines, junitXml, reportLines, ScenarioError, type ScenarioResult } from './simulators/index.ts';

const Options = z.strictObject({
  seed: z.coerce.number().int().min(0).optional(),
  repeat: z.coerce.number().int().min(1).max(10_000).default(1),
  bail: z.boolean().default(false),
  live: z.boolean().default(false),
  junit: z.string().min(1).optional(),
  jsonl: z.string().min(1).optional(),
});
type Options = z.output<typeof Options>;

export function registerTestCommand(program: Command, end: (code: number) => void): void {
  program
    .command('test')
    .argument('<files...>', 'scenarios, as YAML')
    .description('play scenarios in virtual time and judge what came of them; exit 99 if an expectation failed')
    .option('--seed <number>', 'where the ticks fall; default: what the scenario says, else 1')
    .option('--repeat <times>', 'play each so many times, each time with the next seed')
    .option('--bail', 'end with the first scenario that fails')
    .option('--junit <file>', 'write a JUnit report')
    .option('--jsonl <file>', 'write one JSON object a row')
    .option('--live', 'against a running system; not yet')
    .action(async (files: string[], asked: unknown) => {
      const verbose = program.opts<{ json?: boolean }>();
      end(await test(files, asked, verbose.json === true));
    });
}

async function test(files: readonly string[], asked: unknown, json: boolean): Promise<number> {
  const checked = Options.safeParse(asked);
  if (!checked.success)
    return refuse(
      EXIT.usage,
      checked.error.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}`),
    );
  const options = checked.data;
  if (options.live) return refuse(EXIT.usage, ['--live: scenarios against a running system are not played yet']);
  // Loaded when a scenario is wanted: it is the whole system.
  const { loadScenario, runScenario } = await import('./scenario-run.ts');
  const faults: string[] = [];
  const loaded = files.flatMap((file) => {
    try {
      return [loadScenario(file)];
    } catch (error) {
      if (!(error instanceof ScenarioError || error instanceof ConfigError)) throw error;
      faults.push(...error.faults);
      return [];
    }
  });
  if (faults.length > 0) return refuse(EXIT.configuration, faults);
  const results = await runAll(loaded, runScenario, options, json);
  if (options.junit !== undefined) writeFileSync(options.junit, junitXml(results));
  if (options.jsonl !== undefined) writeFileSync(options.jsonl, results.flatMap(jsonLines).join('\n').concat('\n'));
  const failed = results.filter((result) => !isPassed(result)).length;
  if (!json) print(summary(results, failed));
  return failed > 0 ? EXIT.expectationsFailed : EXIT.ok;
}

async function runAll(
  loaded: readonly LoadedScenario[],
  run: (one: LoadedScenario, seed: number) => Promise<ScenarioResult>,
  { seed, repeat, bail }: Options,
  json: boolean,
): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  for (const one of loaded)
    for (let n = 0; n < repeat; n++) {
      const first = seed ?? one.scenario.seed ?? 1;
      const result = await run(one, first + n);
      results.push(result);
      for (const line of json ? jsonLines(result) : reportLines(result)) print(line);
      if (bail && !isPassed(result)) return results;
    }
  return results;
}

function summary(results: readonly ScenarioResult[], failed: number): string {
  const rows = results.reduce((sum, { verdicts }) => sum + verdicts.length, 0);
  const plural = results.length === 1 ? 'scenario' : 'scenarios';
  return `${results.length} ${plural}, ${rows} expectations: ${failed === 0 ? 'all hold' : `${failed} failed`}`;
}

function refuse(code: number, faults: readonly string[]): number {
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  return code;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
