// Commands of an operator at the machine: `link`, `status`, `log cat`, `config`, and those of the simulators.
import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { adminSocket, callAdmin } from './admin-client.ts';
import { configHash, type LoadedConfig } from './config.ts';
import { decodeRecord, type LogRecord, type TopicName, topicNames } from './contract/index.ts';
import { realDisk } from './durable/index.ts';
import { EXIT } from './exit-codes.ts';
import { playVirtually, toldBy } from './replay.ts';
import { registerSimCommands } from './simulators/index.ts';
import { registerTestCommand } from './test-command.ts';

const Link = z.object({ link: z.string() });

/** Adds the commands to the program; each ends with its exit code. */
export function registerOperatorCommands(
  program: Command,
  configured: () => LoadedConfig,
  end: (code: number) => void,
): void {
  const data = () => resolve(configured().config.data);
  const json = () => program.opts<{ json?: boolean }>().json === true;

  program
    .command('link')
    .description('print a sign-in link for the console: one use, 15 minutes')
    .action(async () => {
      const { link } = Link.parse(await callAdmin(adminSocket(data()), 'POST', '/api/v1/links', {}));
      print(json() ? { schema: 'vigil.link/1', link } : link);
      end(EXIT.ok);
    });

  program
    .command('status')
    .description('print roles, lag and who is not monitored; exit 5 if somebody ought to be and is not')
    .action(async () => end(await status(data(), json())));

  const log = program.command('log').description('the log as text');
  log
    .command('cat')
    .description('print records: header and body, one line each')
    .option('--topic <name>', `one of ${topicNames.join(', ')}`, 'inputs')
    .option('--partition <n>', 'partition of the topic; default all')
    .option('--from <position>', 'first position', '0')
    .action(async (options: CatOptions) => end(await cat(data(), options, json())));

  const config = program.command('config').description('the configuration');
  config
    .command('check')
    .description('name every fault of the configuration with its place; exit 3 if there is one')
    .action(() => {
      const loaded = configured();
      const hash = configHash(loaded.config);
      print(
        json()
          ? { schema: 'vigil.config/1', file: loaded.file ?? null, hash }
          : `${loaded.file ?? 'defaults'}: ok, hash ${hash}`,
      );
      end(EXIT.ok);
    });

  registerTestCommand(program, end);
  registerSimCommands(program, { dataFolder: data, end, system: { playVirtually, toldBy } });
}

function print(result: object | string): void {
  process.stdout.write(`${typeof result === 'string' ? result : JSON.stringify(result)}\n`);
}

const System = z.looseObject({
  version: z.string(),
  roles: z.array(
    z.looseObject({
      role: z.string(),
      state: z.string(),
      causes: z.array(z.string()),
      gauges: z.record(z.string(), z.number()),
    }),
  ),
  monitoring: z.looseObject({
    system: z.boolean(),
    causes: z.array(z.string()),
    patients: z.object({ monitored: z.int(), degraded: z.int(), notMonitored: z.int() }),
  }),
});

async function status(data: string, json: boolean): Promise<number> {
  const system = System.parse(await callAdmin(adminSocket(data), 'GET', '/api/v1/system'));
  const { patients, causes } = system.monitoring;
  if (json) print({ schema: 'vigil.status/1', ...system });
  else {
    print(`vigil ${system.version}`);
    for (const role of system.roles) {
      const why = role.causes.length > 0 ? ` (${role.causes.join(', ')})` : '';
      const gauges = Object.entries(role.gauges).map(([name, value]) => `${name} ${Math.round(value)}`);
      print(`${role.role.padEnd(14)}${role.state}${why}  ${gauges.join('  ')}`);
    }
    const why = causes.length > 0 ? `: ${causes.join(', ')}` : '';
    print(
      `patients      ${patients.monitored} monitored, ${patients.degraded} degraded, ${patients.notMonitored} not monitored${why}`,
    );
  }
  return patients.notMonitored > 0 || system.monitoring.system ? EXIT.notMonitoring : EXIT.ok;
}

interface CatOptions {
  readonly topic: string;
  readonly partition?: string;
  readonly from: string;
}

async function cat(data: string, { topic, partition, from }: CatOptions, json: boolean): Promise<number> {
  const checked = z
    .object({
      topic: z.enum(topicNames as readonly [TopicName, ...TopicName[]]),
      partition: z.coerce.number().int().nonnegative().optional(),
      from: z.coerce.number().int().nonnegative(),
    })
    .safeParse({ topic, partition, from });
  if (!checked.success) {
    process.stderr.write(
      `log cat: ${checked.error.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}`).join('; ')}\n`,
    );
    return EXIT.usage;
  }
  const wanted = checked.data;
  // The store's native parts come with this role: whoever only starts or asks must not wait for them.
  const { scanTopic } = await import('./ingest/index.ts');
  for await (const record of scanTopic(join(data, 'log'), wanted.topic, realDisk(), wanted.from)) {
    if (wanted.partition !== undefined && record.partition !== wanted.partition) continue;
    const line = json ? JSON.stringify(asJson(record)) : asText(record);
    if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
  }
  return EXIT.ok;
}

type Scanned = LogRecord & { readonly partition: number };

/** A record as one line: place, key, header, and the body as text where it is text. */
function asText({ partition, position, key, value }: Scanned): string {
  const place = `${partition}/${position} ${key}`;
  if (value.length === 0) return `${place} (tombstone)`;
  const end = value.indexOf(10);
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');
  return `${place} ${text(value.subarray(0, end))} ${bodyText(value.subarray(end + 1))}`;
}

function asJson({ partition, position, key, value }: Scanned): object {
  const base = { schema: 'vigil.log/1', partition, position, key };
  if (value.length === 0) return { ...base, tombstone: true };
  const { header, body } = decodeRecord(value);
  return {
    ...base,
    header,
    ...(isText(body)
      ? { body: Buffer.from(body).toString('utf8') }
      : { bodyBase64: Buffer.from(body).toString('base64') }),
  };
}

function bodyText(body: Uint8Array): string {
  return isText(body) ? Buffer.from(body).toString('utf8') : `(${body.length} bytes)`;
}

function isText(body: Uint8Array): boolean {
  return !body.includes(0) && isUtf8(body);
}
