import { UsageError } from './errors.ts';
import type { KitFaults } from './kit.ts';
import { wardPatientsMax } from './limits.ts';
import { type ScenarioName, scenarios } from './scenario.ts';

/** What `sim run` was asked for, as text. */
export interface RunArguments {
  readonly patients?: string;
  readonly seed?: string;
  readonly duration?: string;
  readonly loss?: string;
  readonly dup?: string;
  readonly jitter?: string;
  readonly skew?: string;
  readonly speed?: string;
  readonly broker?: string;
  readonly only?: string;
}

export interface RunOptions {
  readonly patients: number;
  readonly seed: number;
  /** Undefined: until it is stopped. */
  readonly durationMs: number | undefined;
  readonly jitterMs: number;
  readonly faults: KitFaults;
  /** Instead of the address that the running system says. */
  readonly broker: { readonly host: string; readonly port: number } | undefined;
  /** Kits to run, by name; undefined: all. */
  readonly only: readonly string[] | undefined;
  readonly scenario: ScenarioName;
}

/** Checks all; throws `UsageError` with what was expected. */
export function runOptions(asked: RunArguments, scenario = 'first-start'): RunOptions {
  if (!isScenario(scenario))
    throw new UsageError(`sim run ${scenario}: expected one of ${Object.keys(scenarios).join(', ')}`);
  if (asked.speed !== undefined && asked.speed !== '1')
    throw new UsageError(
      `--speed ${asked.speed}: in front of a running system patients live at 1; faster, its every clock would be wrong`,
    );
  const patients = integer('-n', asked.patients ?? '8', 1, wardPatientsMax);
  return {
    patients,
    seed: integer('--seed', asked.seed ?? '1', 0, Number.MAX_SAFE_INTEGER),
    durationMs: asked.duration === undefined ? undefined : durationMs('--duration', asked.duration),
    jitterMs: asked.jitter === undefined ? 0 : durationMs('--jitter', asked.jitter),
    faults: {
      loss: share('--loss', asked.loss),
      duplicates: share('--dup', asked.dup),
      skewMs: asked.skew === undefined ? 0 : durationMs('--skew', asked.skew),
    },
    broker: asked.broker === undefined ? undefined : brokerAddress(asked.broker),
    only: asked.only?.split(',').map((name) => kitName(name, patients)),
    scenario,
  };
}

function isScenario(name: string): name is ScenarioName {
  return Object.hasOwn(scenarios, name);
}

function integer(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new UsageError(`${option} ${text}: expected a whole number from ${least} to ${most}`);
  return value;
}

/** `10%` or `0.1`. */
function share(option: string, text: string | undefined): number {
  if (text === undefined) return 0;
  const value = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (!/^[\d.]+%?$/.test(text) || !(value >= 0 && value < 1))
    throw new UsageError(`${option} ${text}: expected a share below 1, such as 10% or 0.1`);
  return value;
}

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** `500ms`, `90s`, `10m`, `1h`, behind a sign if it is a shift. */
export function durationMs(option: string, text: string): number {
  const [, sign, digits, unit] = /^([+-]?)(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  if (digits === undefined || (sign !== '' && option !== '--skew'))
    throw new UsageError(`${option} ${text}: expected a duration such as 500ms, 90s, 10m or 1h`);
  return (sign === '-' ? -1 : 1) * Math.round(Number(digits) * unitMs[unit as keyof typeof unitMs]);
}

function brokerAddress(text: string): { readonly host: string; readonly port: number } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'mqtts:' || url.hostname === '')
    throw new UsageError(`--broker ${text}: expected mqtts://host:port`);
  return { host: url.hostname, port: Number(url.port || '8883') };
}

function kitName(name: string, patients: number): string {
  const number = Number(/^(?:kit-)?(\d+)$/.exec(name)?.[1]);
  if (!(number >= 1 && number <= patients))
    throw new UsageError(`--only ${name}: expected kit-1 to kit-${patients}, separated by commas`);
  return `kit-${number}`;
}
