// What a replay prints: a page for a person, an object for a program.
import { alertsListedMax } from './limits.ts';
import type { AlertRow, WatchedMs } from './outcome.ts';
import type { Recording } from './recording.ts';

export interface Summary {
  readonly recording: Recording;
  readonly seed: number;
  readonly speed: '1' | 'max';
  readonly interrupted: boolean;
  /** UTC ms at which the recording's first instant was played. */
  readonly startedAt: number;
  readonly playedMs: number;
  readonly tailMs: number;
  readonly patient: string;
  readonly devices: readonly { readonly name: string; readonly id: string; readonly boot: number }[];
  readonly sent: { readonly messages: number; readonly readings: number; readonly blocks: number };
  readonly acknowledged: number;
  readonly unacknowledged: number;
  /** How often Vigil did not let a part of a message in, by its reason. */
  readonly refused: Readonly<Record<string, number>>;
  readonly alerts: readonly AlertRow[];
  readonly watched: WatchedMs;
  readonly wallMs: number;
  readonly kept: string | undefined;
}

/** One object, `vigil.replay/1`. */
export function summaryJson(summary: Summary): object {
  const { recording, alerts, startedAt, watched, ...rest } = summary;
  const { items: _, name, format, files, sha256, signals, startsAt, startSource, lengthMs, facts, notes } = recording;
  return {
    schema: 'vigil.replay/1',
    recording: {
      name,
      format,
      files,
      sha256,
      signals,
      startsAt: instant(startsAt),
      startSource,
      lengthMs,
      ...facts,
      notes,
    },
    ...rest,
    startedAt: instant(startedAt),
    speedFactor: factorOf(summary),
    watchedMs: watched,
    alerts: alerts.map(({ at, clearedAt, closedAt, ...row }) => ({
      offsetMs: at - startedAt,
      at: instant(at),
      clearedAt: clearedAt === null ? null : instant(clearedAt),
      closedAt: closedAt === null ? null : instant(closedAt),
      ...row,
    })),
  };
}

/** The page, its lines ended. */
export function summaryText(summary: Summary): string {
  const { recording, seed, speed, interrupted, startedAt, playedMs, alerts } = summary;
  const { name, format, files, sha256, signals, startsAt, startSource, notes } = recording;
  const lines = [
    `${name}  ${format === 'wfdb' ? 'WFDB record' : 'table'}, ${signals.map(signalText).join(', ')}`,
    field('began', `${instant(startsAt)} (${startSource === 'file' ? 'as the file says' : startSource})`),
    ...(speed === '1' ? [field('played from', instant(startedAt))] : []),
    field(
      'played',
      `${spanText(playedMs)} of ${spanText(recording.lengthMs)}${interrupted ? ', then interrupted' : ''}`,
    ),
    field('sent', sentText(summary)),
    field('found', factsText(recording)),
    field('acknowledged', acknowledgedText(summary)),
    field('watched', watchedText(summary)),
    ...(speed === 'max' ? [field('took', speedText(summary))] : []),
    ...files.map((file) => field('sha256', `${file.sha256}  ${file.path}`)),
    field(
      'identity',
      `sha256 ${sha256.slice(0, 16)}, seed ${seed}, patient ${summary.patient}, ${summary.devices.map(deviceText).join(', ')}`,
    ),
    ...(summary.kept === undefined ? [] : [field('kept', summary.kept)]),
    ...notes.map((note) => field('note', note)),
    '',
    ...(alerts.length === 0 ? ['no alerts'] : alertTable(alerts, startedAt)),
  ];
  return `${lines.join('\n')}\n`;
}

function field(name: string, text: string): string {
  return `  ${name.padEnd(13)} ${text}`;
}

function signalText({ name, source, unit }: Recording['signals'][number]): string {
  return `${name}${source.toLowerCase() === name.toLowerCase() ? '' : ` from ${source}`}${unit === '' ? '' : ` (${unit})`}`;
}

function deviceText({ name, id, boot }: Summary['devices'][number]): string {
  return `device ${name === id ? id : `${name} = ${id}`} boot ${boot}`;
}

function sentText({ sent: { messages, readings, blocks } }: Summary): string {
  return `${count(readings, 'reading')}, ${count(blocks, 'waveform block')} in ${count(messages, 'message')}`;
}

function factsText({ facts }: Recording): string {
  return [
    `${count(facts.absences, 'absence')} without a number`,
    count(facts.gaps, 'gap'),
    `${count(facts.invalidSamples, 'invalid sample')} of ${facts.samples.toLocaleString('en')}`,
  ].join(', ');
}

function acknowledgedText({ acknowledged, unacknowledged, refused }: Summary): string {
  const reasons = Object.entries(refused).map(([reason, times]) => `${times} ${reason}`);
  return (
    `${acknowledged.toLocaleString('en')} of ${(acknowledged + unacknowledged).toLocaleString('en')} messages` +
    (reasons.length === 0 ? '' : `; not let in: ${reasons.join(', ')}`)
  );
}

function watchedText({ watched }: Summary): string {
  const minutes = (ms: number) => (ms / 60_000).toFixed(1);
  const { monitored, degraded } = watched;
  return `${minutes(monitored)} min monitored, ${minutes(degraded)} degraded, ${minutes(watched['not-monitored'])} not monitored`;
}

function factorOf({ playedMs, tailMs, wallMs }: Summary): number {
  return Math.round(((playedMs + tailMs) / Math.max(1, wallMs)) * 10) / 10;
}

function speedText(summary: Summary): string {
  return `${(summary.wallMs / 1_000).toFixed(1)} s, ${factorOf(summary).toLocaleString('en')} times the recording's own`;
}

const columns = ['time', 'priority', 'rule', 'value', 'limit', 'until'] as const;

function alertTable(alerts: readonly AlertRow[], startedAt: number): string[] {
  const rows = alerts
    .slice(0, alertsListedMax)
    .map((row) => [
      offsetText(row.at - startedAt),
      row.priority,
      row.rule,
      row.value,
      row.limit,
      untilText(row, startedAt),
    ]);
  const widths = columns.map((name, i) => Math.max(name.length, ...rows.map((row) => (row[i] as string).length)));
  const line = (cells: readonly string[]) =>
    `  ${cells
      .map((cell, i) => cell.padEnd(widths[i] as number))
      .join('  ')
      .trimEnd()}`;
  const more = alerts.length > rows.length ? [`  and ${alerts.length - rows.length} more (--json lists all)`] : [];
  return [count(alerts.length, 'alert'), line(columns), ...rows.map(line), ...more];
}

/** When it no longer held; one that holds, or waits for a person, says so. */
function untilText({ clearedAt, closedAt, state }: AlertRow, startedAt: number): string {
  const cleared = clearedAt === null ? 'open' : offsetText(clearedAt - startedAt);
  return closedAt === null ? `${cleared} (${state})` : cleared;
}

function count(n: number, what: string): string {
  return `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

/** `30:05`, `1 d 02:03:04`: how long. */
export function spanText(ms: number): string {
  return offsetText(Math.round(ms / 1_000) * 1_000).replace(/\.0$/, '');
}

/** Time in the recording to a tenth of a second. */
function offsetText(ms: number): string {
  const sign = ms < 0 ? '-' : '';
  const tenths = Math.floor(Math.abs(ms) / 100);
  const [days, rest] = [Math.floor(tenths / 864_000), tenths % 864_000];
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
  const clock = `${two(rest / 36_000)}:${two((rest / 600) % 60)}:${two((rest / 10) % 60)}.${rest % 10}`;
  return `${sign}${days > 0 ? `${days} d ` : ''}${clock}`;
}
