// The command `vigil`: says what there is, and hands over. Each command's work is in a file of its own.
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { CannotConnectError, RefusedError } from './admin-client.ts';
import { registerOperatorCommands } from './commands.ts';
import { ConfigError, type LoadedConfig, loadConfig } from './config.ts';
import { EXIT } from './exit-codes.ts';
import { runUp } from './up.ts';

const { version } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')) as { version: string };

/** Options that every command takes. */
export interface GlobalOptions {
  readonly config?: string;
  readonly set?: readonly string[];
  readonly json?: boolean;
}

const program = new Command('vigil')
  .description(
    'Watches over patients at home: readings in, safe-state alerts out, and it says so when it cannot watch.',
  )
  .version(version)
  .option('-c, --config <file>', 'configuration file (default: VIGIL_CONFIG, ./vigil.yaml, /etc/vigil/vigil.yaml)')
  .option(
    '--set <key=value>',
    'one setting, over file and environment; may be repeated',
    (value, all: string[] = []) => [...all, value],
  )
  .option('--json', 'print machine-readable lines')
  .exitOverride()
  .configureHelp({ showGlobalOptions: true });

const configured = (): LoadedConfig => {
  const { config: file, set } = program.opts<GlobalOptions>();
  return loadConfig({ file, set, environment: process.env, folder: process.cwd() });
};

program
  .command('up', { isDefault: true })
  .description('run ingest, alerting and api (default)')
  .option('--simulate', 'a simulated ward beside it, as a process of its own (realm test)')
  .action(async ({ simulate = false }: { simulate?: boolean }) =>
    end(await runUp(configured(), { simulate, version, argv: globalArguments() })),
  );

program.command('serve', { hidden: true }).action(async () => {
  const { serve } = await import('./serve.ts');
  end(await serve(configured(), version));
});

// Whoever reads our output may have seen enough, as `head` does: no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
});

registerOperatorCommands(program, configured, end);

try {
  await program.parseAsync();
} catch (error) {
  end(report(error));
}

/** The options that a child process has to be given too. */
function globalArguments(): string[] {
  const { config, set = [] } = program.opts<GlobalOptions>();
  return [...(config === undefined ? [] : ['-c', config]), ...set.flatMap((value) => ['--set', value])];
}

function report(error: unknown): number {
  // Commander has said it already; its own code is 0 for --help and --version.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  if (error instanceof ConfigError) return EXIT.configuration;
  if (error instanceof CannotConnectError) return EXIT.cannotConnect;
  if (error instanceof RefusedError && [401, 403].includes(error.status)) return EXIT.notAllowed;
  return EXIT.failure;
}

/** Ends the process once what was written has left; a pipe may still hold some. */
function end(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}
