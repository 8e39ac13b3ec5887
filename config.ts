// Configuration: one file, the environment and --set, read once, checked as a whole, frozen (interfaces.md 9). A process
// starts only with a complete, valid configuration (SYS-CONFIG); every fault is named with its place, all at once.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import canonicalize from 'canonicalize';
import { isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { z } from 'zod';

const Port = z.int().min(0).max(65_535);
const loopbackHosts = ['127.0.0.1', 'localhost', '::1'];
const LoopbackHost = z.string().refine((host) => loopbackHosts.includes(host), {
  error: `expected ${loopbackHosts.join(', ')}: this listener is plain`,
});

const Config = z.strictObject({
  version: z.literal(1).default(1),
  // The clinical realm needs administrators with a second factor, which this version does not have yet.
  realm: z.literal('test').default('test'),
  instance: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .default('vigil-1'),
  data: z.string().min(1).default('./data'),
  // With the embedded log the roles share one process: apart, nobody could fence them.
  roles: z
    .array(z.enum(['ingest', 'alerting', 'api']))
    .refine((roles) => new Set(roles).size === 3, {
      error: 'expected ingest, alerting and api: the embedded log keeps them together',
    })
    .default(['ingest', 'alerting', 'api']),
  log: z
    .strictObject({
      driver: z.literal('embedded').default('embedded'),
      partitions: z.int().min(1).max(64).default(1),
      keepDays: z.int().min(1).max(3650).default(30),
      keepBytes: z
        .int()
        .min(512 * 1024 * 1024)
        .default(53_687_091_200),
      // Largest segment file and reserve, for a small disk; default: by topic.
      segmentBytes: z
        .int()
        .min(256 * 1024)
        .optional(),
    })
    .prefault({}),
  store: z.strictObject({ driver: z.literal('duckdb').default('duckdb') }).prefault({}),
  ingest: z
    .strictObject({ mqttHost: z.string().min(1).default('127.0.0.1'), mqttPort: Port.default(8883) })
    .prefault({}),
  alerting: z.strictObject({ rules: z.string().min(1).optional() }).prefault({}),
  ops: z.strictObject({ opsHost: LoopbackHost.default('127.0.0.1'), opsPort: Port.default(9464) }).prefault({}),
  api: z.strictObject({ httpHost: LoopbackHost.default('127.0.0.1'), httpPort: Port.default(8080) }).prefault({}),
});
export type Config = z.infer<typeof Config>;

/** Where a fault is and what was expected: `vigil.yaml:12:3 ingest.mqtPort: unknown key, did you mean mqttPort?` */
export class ConfigError extends Error {
  readonly code = 'CONFIG_INVALID';
  readonly faults: readonly string[];
  constructor(faults: readonly string[], options?: ErrorOptions) {
    super(`the configuration is not valid:\n${faults.map((fault) => `  ${fault}`).join('\n')}`, options);
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

/** What the configuration is made from. */
export interface ConfigSources {
  /** `-c FILE`. */
  readonly file?: string | undefined;
  /** `--set key=value`, in order. */
  readonly set?: readonly string[] | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
}

export interface LoadedConfig {
  readonly config: Config;
  /** The file it came from; undefined: defaults alone. */
  readonly file: string | undefined;
  /** Who named a port keeps it; a default that is taken moves to the next free one. */
  readonly named: ReadonlySet<string>;
}

/** Reads and checks everything; throws `ConfigError` with all faults. */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const faults: string[] = [];
  const file = findFile(sources);
  const lines = new LineCounter();
  const document = file === undefined ? undefined : parse(file, lines, faults);
  const values = (document?.toJS() ?? {}) as Values;
  const origins = new Map<string, string>();
  for (const [path, text, origin] of overrides(sources, faults)) {
    origins.set(path.join('.'), origin);
    put(values, path, text);
  }
  const result = Config.safeParse(values);
  if (!result.success) {
    const place = (path: readonly PropertyKey[]) =>
      origins.get(path.join('.')) ?? (document && file ? placeIn(file, document.contents, path, lines) : 'defaults');
    faults.push(...result.error.issues.flatMap((issue) => describe(issue, place)));
  }
  if (faults.length > 0 || !result.success) throw new ConfigError(faults);
  return { config: deepFreeze(result.data), file, named: new Set(leaves(values)) };
}

/** SHA-256 of what decides a role's behaviour: the effective values without instance, folders, hosts, ports and files. */
export function configHash(config: Config): string {
  const { instance: _, data: __, ...rest } = config;
  const text = canonicalize(withoutPlaces(rest));
  return createHash('sha256')
    .update(text ?? '')
    .digest('hex');
}

type Values = Record<string, unknown>;

function findFile({ file, environment, folder }: ConfigSources): string | undefined {
  const named = file ?? environment['VIGIL_CONFIG'];
  if (named !== undefined) return resolve(folder, named);
  return [resolve(folder, 'vigil.yaml'), '/etc/vigil/vigil.yaml'].find((path) => existsSync(path));
}

function parse(file: string, lineCounter: LineCounter, faults: string[]) {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError([`${file}: cannot be read: ${(cause as Error).message}`], { cause });
  }
  const document = parseDocument(text, { lineCounter });
  for (const error of document.errors) faults.push(`${file}: ${error.message.split('\n')[0]}`);
  if (faults.length > 0) throw new ConfigError(faults);
  if (document.contents !== null && !isMap(document.contents))
    throw new ConfigError([`${file}: expected keys and values`]);
  return document;
}

function* overrides(sources: ConfigSources, faults: string[]): Generator<[string[], unknown, string]> {
  const notKeys = new Set(['VIGIL_CONFIG', 'VIGIL_TEST_NEEDS']);
  for (const [name, value] of Object.entries(sources.environment)) {
    if (!name.startsWith('VIGIL_') || notKeys.has(name) || value === undefined) continue;
    yield [name.slice('VIGIL_'.length).split('__').map(camelCase), scalar(value), `environment ${name}`];
  }
  for (const text of sources.set ?? []) {
    const at = text.indexOf('=');
    if (at < 1) faults.push(`--set ${text}: expected key=value`);
    else yield [text.slice(0, at).split('.'), scalar(text.slice(at + 1)), `--set ${text.slice(0, at)}`];
  }
}

function camelCase(text: string): string {
  return text.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** A value given as text, as YAML would read it: 8883 is a number. */
function scalar(text: string): unknown {
  const { contents } = parseDocument(text);
  return isScalar(contents) ? contents.value : (contents as Node | null)?.toJSON();
}

function put(values: Values, path: readonly string[], value: unknown): void {
  let at = values;
  for (const key of path.slice(0, -1)) {
    const inner = at[key];
    if (typeof inner !== 'object' || inner === null) at[key] = {};
    at = at[key] as Values;
  }
  at[path.at(-1) as string] = value;
}

function placeIn(file: string, contents: unknown, path: readonly PropertyKey[], lines: LineCounter): string {
  let node = contents;
  let offset = 0;
  for (const key of path) {
    if (!isMap(node)) break;
    const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
    if (!pair) break;
    offset = (pair.key as { range?: [number, number, number] }).range?.[0] ?? offset;
    node = pair.value;
  }
  const { line, col } = lines.linePos(offset);
  return `${file}:${line}:${col}`;
}

function describe(issue: z.core.$ZodIssue, place: (path: readonly PropertyKey[]) => string): string[] {
  if (issue.code !== 'unrecognized_keys') return [`${place(issue.path)} ${issue.path.join('.')}: ${issue.message}`];
  return issue.keys.map((key) => {
    const path = [...issue.path, key];
    const near = nearest(key, keysAt(issue.path));
    return `${place(path)} ${path.join('.')}: unknown key${near ? `, did you mean ${near}?` : ''}`;
  });
}

function keysAt(path: readonly PropertyKey[]): readonly string[] {
  const defaults: unknown = Config.parse({});
  const at = path.reduce<unknown>((value, key) => (value as Values | undefined)?.[key as string], defaults);
  return Object.keys((at ?? {}) as Values);
}

function nearest(key: string, among: readonly string[]): string | undefined {
  const scored = among.map((name) => ({ name, distance: distance(key.toLowerCase(), name.toLowerCase()) }));
  scored.sort((a, b) => a.distance - b.distance);
  const [best] = scored;
  return best && best.distance <= Math.max(2, key.length / 3) ? best.name : undefined;
}

/** Levenshtein distance, one row at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, change));
    }
    row = next;
  }
  return row[b.length] as number;
}

function leaves(values: Values, prefix = ''): string[] {
  return Object.entries(values).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? leaves(value as Values, `${prefix}${key}.`)
      : [`${prefix}${key}`],
  );
}

function withoutPlaces(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).filter(([key]) => !/(Host|Port|File)$/.test(key));
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutPlaces(inner)]));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
