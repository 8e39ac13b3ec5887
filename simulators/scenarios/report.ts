// What became of a scenario, for people: ticks and crosses, and for each cross what was expected, what happened, and when.
import { formatDuration } from './duration.ts';
import { eventLine, type RowVerdict } from './judge.ts';
import type { Played } from './play.ts';
import type { Scenario } from './scenario.ts';

/** One run of one scenario. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly verdicts: readonly RowVerdict[];
  readonly played: Played;
  /** Real time that it took. */
  readonly tookMs: number;
}

/** Lines around what failed, at most. */
const timelineMax = 24;
const happenedMax = 6;

export function isPassed({ verdicts }: ScenarioResult): boolean {
  return verdicts.every(({ ok }) => ok);
}

/** Lines for a terminal; each row too if `everyRow`. */
export function reportLines(result: ScenarioResult, { everyRow = false } = {}): string[] {
  const { scenario, verdicts, seed, tookMs } = result;
  const failed = verdicts.filter(({ ok }) => !ok);
  const mark = failed.length === 0 ? '✓' : '✗';
  const size = `${verdicts.length} expectations over ${formatDuration(scenario.endMs)} in ${Math.round(tookMs)} ms`;
  const lines = [`${mark} ${scenario.name} (${size}, seed ${seed})`];
  for (const verdict of verdicts) {
    if (verdict.ok && !everyRow && failed.length === 0) continue;
    lines.push(`    ${verdict.ok ? '✓' : '✗'} ${verdict.text}${verdict.ok ? '' : `   ${verdict.place}`}`);
    if (!verdict.ok) lines.push(...failure(verdict).map((line) => `        ${line}`));
  }
  if (failed.length > 0) lines.push('    what happened', ...timeline(result).map((line) => `      ${line}`));
  return lines;
}

/** Expected and happened, in words. */
export function failure({ expected, happened }: RowVerdict): string[] {
  const shown = happened.slice(0, happenedMax);
  const more = happened.length > shown.length ? [`and ${happened.length - shown.length} more`] : [];
  return [
    `expected: ${expected}`,
    ...[...shown, ...more].map((line, i) => `${i === 0 ? 'happened:' : '         '} ${line}`),
  ];
}

/** What was given, and what came of it, in order. */
export function timeline({ scenario, played }: ScenarioResult): string[] {
  const given = scenario.given.map(({ atMs, text }) => ({
    atMs,
    line: `${timeColumn(atMs)}given ${text}`,
  }));
  const told = played.events
    .filter(({ event }) => event.type !== 'updated')
    .map((one) => ({ atMs: one.atMs, line: `${timeColumn(one.atMs)}${afterTime(eventLine(one))}` }));
  const changed = played.changes.map(({ atMs, change: { signal, state, cause } }) => ({
    atMs,
    line: `${timeColumn(atMs)}${signal} ${state}${cause ? ` (${cause})` : ''}`,
  }));
  const all = [...given, ...told, ...changed].sort((a, b) => a.atMs - b.atMs).map(({ line }) => line);
  if (all.length <= timelineMax) return all;
  return [...all.slice(0, timelineMax), `(${all.length - timelineMax} more)`];
}

function timeColumn(atMs: number): string {
  return `${formatDuration(atMs)} `.padEnd(10);
}

function afterTime(line: string): string {
  return line.slice(line.indexOf(' ') + 1);
}

/** One object a row, for machines. */
export function jsonLines({ scenario, verdicts, seed }: ScenarioResult): string[] {
  return verdicts.map(({ text, place, ok, expected, happened }) =>
    JSON.stringify({
      schema: 'vigil.test/1',
      file: scenario.file,
      scenario: scenario.name,
      seed,
      proves: scenario.proves,
      row: text,
      place,
      ok,
      expected,
      happened,
    }),
  );
}
