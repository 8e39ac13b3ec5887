// A measurement as a cell: a number only while it speaks for now; else dashes, why, and what it was (console.md 1, rule 4).
import { DASHES, inOrder, lastOf, limitParts, numberText, signalName } from './alert-look.ts';
import type { CellView, Priority } from './look.ts';
import { age, shortTime } from './times.ts';
import type { AlertView, Measurement } from './wire.ts';
import { maybe, t } from './words.ts';

/** What a cell needs beside its measurement. */
export interface CellContext {
  readonly alerts: readonly AlertView[];
  /** Since the measurement came, by the worker's clock. */
  readonly sinceMs: number;
  /** False: the link is lost, or nobody judges. */
  readonly live: boolean;
  /** Limits in force, as the server writes them; empty where they are not known. */
  readonly limits?: readonly string[];
  /** Altered for this patient. */
  readonly altered?: boolean;
  /** mg/dL a minute; null: unknown, so no arrow. */
  readonly slope?: number | null;
}

/** Slower than this, a value's age stands in its own cell; the tile's age speaks for the others. */
const slowMs = 60_000;

export function cellOf(measurement: Measurement, context: CellContext): CellView {
  const { vital, unit } = measurement;
  const label = signalName(vital);
  const base = {
    signal: vital,
    label,
    short: maybe(`vital.${vital}.short`) ?? label,
    unit,
    limit: rangeOf(context.limits ?? [], unit),
    altered: context.altered ?? false,
  };
  if (!isCurrent(measurement, context)) {
    const nothing = { value: DASHES, current: false, degraded: false, trend: null, noteShown: true } as const;
    return { ...base, ...nothing, note: pastText(measurement), fill: 'none', outline: 'none' };
  }
  const degraded = measurement.state === 'degraded' || measurement.clock === 'unsure';
  return {
    ...base,
    value: numberText(measurement),
    current: true,
    degraded,
    ...noteOf(measurement, context),
    trend: measurement.bound === undefined ? trendOf(context.slope ?? null) : null,
    ...colourOf(vital, context.alerts),
  };
}

type Taken = Exclude<Measurement, { state: 'never' }>;
type Current = Extract<Measurement, { state: 'live' | 'degraded' }>;

/** Fresh when it was sent, and still within its time by this screen's own clock. */
function isCurrent(measurement: Measurement, { live, sinceMs }: CellContext): measurement is Current {
  if (!live || (measurement.state !== 'live' && measurement.state !== 'degraded')) return false;
  return ageOf(measurement, sinceMs) <= measurement.freshForMs;
}

/** Age now: as it was when it came, and the time since. */
export function ageOf(measurement: Taken, sinceMs: number): number {
  return measurement.ageMs + sinceMs;
}

/** The oldest of the quick values that stand as current: the age that the tile says of all of them. */
export function quickAge(measurements: readonly Measurement[], sinceMs: number): number | null {
  const ages = measurements.flatMap((one) =>
    isCurrent(one, { alerts: [], sinceMs, live: true }) && one.freshForMs < slowMs ? [ageOf(one, sinceMs)] : [],
  );
  return ages.length === 0 ? null : Math.max(...ages);
}

function noteOf(measurement: Current, { sinceMs, alerts }: CellContext) {
  const old = age(ageOf(measurement, sinceMs));
  const raising = alerts.some(({ flags, rules }) => flags.includes('unconfirmed') && isAbout(rules, measurement.vital));
  const doubts = [
    ...(measurement.state === 'degraded' ? [doubtOf(measurement, old)] : []),
    ...(measurement.clock === 'unsure' ? [t('state.clockUnsure')] : []),
    ...(raising ? [t('alert.unconfirmed')] : []),
  ];
  if (doubts.length > 0) return { note: doubts.join(', '), noteShown: true };
  return { note: old, noteShown: measurement.freshForMs >= slowMs };
}

/** Why a value that comes is not as it ought to be: its quality, or that it comes late. */
function doubtOf({ quality }: Current, old: string): string {
  return quality === 'good' ? t('state.late', { time: old }) : t('cause.poor-signal');
}

function isAbout(rules: AlertView['rules'], vital: string): boolean {
  return rules.some(({ reading }) => reading?.vital === vital);
}

/** The worst alert about a vital: filled while it calls, outlined once somebody has it. */
function colourOf(vital: string, alerts: readonly AlertView[]): Pick<CellView, 'fill' | 'outline'> {
  const about = inOrder(alerts.filter(({ rules }) => isAbout(rules, vital)));
  const active = about.find(({ state }) => state === 'active');
  if (active) return { fill: active.priority === 'low' ? 'none' : active.priority, outline: 'none' };
  const taken: Priority | 'none' = about.find(({ state }) => state === 'acknowledged')?.signalPriority ?? 'none';
  return { fill: 'none', outline: taken };
}

function pastText(measurement: Measurement): string {
  if (measurement.state === 'never') return t('cause.waiting');
  const past = lastOf(measurement);
  const was = past ? t('state.was', { value: past.text, time: shortTime(past.takenAt) }) : t('state.noValueYet');
  if (measurement.state !== 'absent') return was;
  const why = maybe(`state.absent.${measurement.absent}`) ?? measurement.absent.replaceAll('-', ' ');
  return `${why}, ${was}`;
}

/** The range in which no rule is true, from those limits that are nearest to it: `70–180`, `≥ 90`. Another unit is left out. */
export function rangeOf(limits: readonly string[], unit: string): string {
  const known = limits.flatMap((text) => {
    const parts = limitParts(text);
    return parts && parts.unit === unit ? [{ ...parts, at: Number(parts.value) }] : [];
  });
  const low = known.filter(({ sign }) => sign.startsWith('<')).sort((a, b) => b.at - a.at)[0];
  const high = known.filter(({ sign }) => sign.startsWith('>')).sort((a, b) => a.at - b.at)[0];
  if (low && high) return `${low.value}–${high.value}`;
  if (low) return `${low.sign === '<' ? '≥' : '>'} ${low.value}`;
  return high ? `${high.sign === '>' ? '≤' : '<'} ${high.value}` : '';
}

const steps = [
  { from: 3, degrees: -90, key: 'state.trend.risingFast' },
  { from: 2, degrees: -60, key: 'state.trend.rising' },
  { from: 1, degrees: -30, key: 'state.trend.risingSlowly' },
  { from: -1, degrees: 0, key: 'state.trend.steady' },
  { from: -2, degrees: 30, key: 'state.trend.fallingSlowly' },
  { from: -3, degrees: 60, key: 'state.trend.falling' },
] as const;

/** Seven steps of an arrow; a slope that nobody knows has none, and is not "steady". */
export function trendOf(slope: number | null): CellView['trend'] {
  if (slope === null) return null;
  // Falling mirrors rising: at -1 it falls slowly, as it rises slowly at 1.
  const step = steps.find(({ from }) => (from > 0 ? slope >= from : slope > from));
  return step ? { degrees: step.degrees, word: t(step.key) } : { degrees: 90, word: t('state.trend.fallingFast') };
}
