// What each state looks like, in one table: pure, so that a test can force every row. Four channels say a state: place,
// glyph, word and colour. A value that is not current is never a big number; a lost link shows no number at all.
import type { Ward } from './fold.ts';
import type { LinkState } from './link.ts';
import type { AlertView, Measurement, TileView } from './wire.ts';

export type Glyph = 'dot' | 'ring' | 'cross' | 'check' | 'high' | 'medium' | 'low' | 'square';
export type Look = 'high' | 'medium' | 'low' | 'technical' | 'acknowledged' | 'as-of' | 'none';

export interface BandView {
  readonly look: Look;
  readonly glyph: Glyph | null;
  readonly text: string;
  readonly since: string | null;
  readonly flash: 'high' | 'medium' | null;
}

export interface CellView {
  readonly signal: string;
  readonly label: string;
  readonly unit: string;
  /** What stands big: the value, a word, or dashes. */
  readonly value: string;
  readonly current: boolean;
  readonly note: string;
  readonly fill: 'high' | 'medium' | 'none';
}

export interface TileLook {
  readonly id: string;
  readonly bed: string;
  readonly name: string;
  readonly mrn: string;
  readonly frame: 'high' | 'medium' | 'acknowledged' | 'not-monitored' | 'none';
  readonly state: { readonly glyph: Glyph; readonly text: string };
  readonly plate: { readonly cause: string; readonly since: string; readonly last: string } | null;
  readonly band: BandView;
  readonly cells: readonly CellView[];
  /** Newest span in which nobody judged this patient: "not watched 13:58:00 to 14:05:10". */
  readonly unwatched: string | null;
  readonly spoken: string;
}

const rank = { high: 3, medium: 2, low: 1 } as const;
const DASHES = '- - -';
const names: Readonly<Record<string, string>> = {
  glucose: 'Glucose',
  spo2: 'SpO2',
  pulse: 'Pulse',
  hr: 'HR',
  resp: 'Resp',
  temp: 'Temp',
  ecg: 'ECG',
  I: 'ECG I',
  II: 'ECG II',
  III: 'ECG III',
};
/** Signals that have a cell, in their fixed places; others stay on the patient's page. */
const cellOrder = ['hr', 'pulse', 'spo2', 'glucose', 'resp', 'temp', 'sbp', 'dbp'];

/** Words of a cause, for people. */
export function causeWords(cause: string | null): string {
  const words: Readonly<Record<string, string>> = {
    stale: 'no reading',
    'never-received': 'never received',
    'gateway-lost': 'kit lost',
    'lead-off': 'lead off',
    'poor-signal': 'poor signal',
    'sensor-fault': 'sensor fault',
    'engine-down': 'engine down',
    'engine-stuck': 'engine stuck',
    'log-down': 'log down',
    blind: 'nobody watched',
    late: 'late',
    'clock-unsure': 'clock unsure',
  };
  return cause === null ? '' : (words[cause] ?? cause.replaceAll('-', ' '));
}

export function signalName(signal: string): string {
  return names[signal] ?? signal;
}

/** Hours and minutes where this screen stands; of an instant as the server writes it. */
export function clockTime(instant: string): string {
  return new Date(instant).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** `0:42`, `12:05`, `1:02:05`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** One line of an alert: what, how much, against which limit. */
export function alertText(alert: AlertView): string {
  const rule = alert.rules[0];
  const reading = rule?.reading;
  const cause = alert.cause && causeWords(alert.cause.code);
  if (!rule || !reading)
    return alert.kind === 'technical' ? technicalText(alert, cause ?? '') : alert.family.replaceAll('-', ' ');
  const value = lastOf(reading)?.text ?? DASHES;
  return [signalName(reading.vital), value, limitWords(rule.limit)].filter((part) => part !== '').join(' ');
}

/** Sign, number and unit of a limit stay on one line. */
function limitWords(limit: string | null): string {
  return (limit ?? '').replace('<=', '≤').replace('>=', '≥').replaceAll(' ', '\u00a0');
}

function technicalText(alert: AlertView, cause: string): string {
  const [, , signal] = alert.scope.split(':');
  return signal === undefined ? cause || alert.family.replaceAll('-', ' ') : `${signalName(signal)} ${cause}`;
}

/** Whom an alert of no single patient is about: those whose signals are lost for the same cause, each once. */
export function behind(alert: AlertView, all: readonly AlertView[]): string {
  if (alert.patient || alert.cause === null) return '';
  const same = all.filter(({ cause }) => cause?.id === alert.cause?.id);
  const names = same.flatMap(({ patient }) => (patient ? [`${patient.bed} ${patient.name}`] : []));
  return [...new Set(names)].join('; ');
}

/** Columns of the wall: as few as keep two rows, so that the digits are as large as they can be. */
export function columnsFor(patients: number): number {
  if (patients <= 2) return Math.max(1, patients);
  return patients <= 4 ? 2 : patients <= 16 ? 4 : 6;
}

/** Worst first: unacknowledged, priority, physiology before technique, oldest. */
export function inOrder(alerts: readonly AlertView[]): AlertView[] {
  const open = (alert: AlertView) => (alert.state === 'acknowledged' ? 0 : 1);
  const body = (alert: AlertView) => (alert.kind === 'physiological' ? 1 : 0);
  return [...alerts].sort(
    (a, b) =>
      open(b) - open(a) ||
      rank[b.signalPriority] - rank[a.signalPriority] ||
      body(b) - body(a) ||
      a.onsetAt.localeCompare(b.onsetAt) ||
      a.id.localeCompare(b.id),
  );
}

export function bandOf(alerts: readonly AlertView[], link: LinkState): BandView {
  const [worst] = inOrder(alerts);
  if (link === 'not-live') {
    const text = worst ? alertText(worst) : 'Not known';
    return { look: 'as-of', glyph: worst ? 'ring' : null, text, since: null, flash: null };
  }
  if (!worst) return { look: 'none', glyph: null, text: 'No alert', since: null, flash: null };
  const more = alerts.length > 1 ? ` +${alerts.length - 1}` : '';
  const since = worst.onsetAt;
  if (worst.state === 'acknowledged')
    return {
      look: 'acknowledged',
      glyph: 'check',
      text: `${alertText(worst)} · ${worst.acknowledged?.name ?? ''}${more}`,
      since,
      flash: null,
    };
  const flash = worst.signalPriority === 'low' ? null : worst.signalPriority;
  if (worst.kind === 'technical')
    return { look: 'technical', glyph: 'cross', text: `${alertText(worst)}${more}`, since, flash };
  const was = worst.state === 'latched' ? ' · over, not acknowledged' : '';
  return {
    look: worst.signalPriority,
    glyph: worst.signalPriority,
    text: `${alertText(worst)}${was}${more}`,
    since,
    flash,
  };
}

/** A measurement that was ever taken. */
type Taken = Exclude<Measurement, { state: 'never' }>;

/** Age now: as it was when it came, and the time since. */
function ageText(measurement: Taken, sinceMs: number): string {
  const ms = measurement.ageMs + sinceMs;
  return ms < 60_000 ? `${Math.floor(ms / 1000)} s` : `${Math.floor(ms / 60_000)} min`;
}

function numberText({
  value,
  bound,
}: {
  readonly value?: number | undefined;
  readonly bound?: 'below' | 'above' | undefined;
}): string {
  if (bound !== undefined) return bound === 'below' ? 'LOW' : 'HIGH';
  return value === undefined ? DASHES : String(value);
}

export function cellOf(
  measurement: Measurement,
  alerts: readonly AlertView[],
  sinceMs: number,
  live: boolean,
): CellView {
  const { vital, unit } = measurement;
  const base = { signal: vital, label: signalName(vital), unit };
  const isCurrent = measurement.state === 'live' || measurement.state === 'degraded';
  // Fresh when it was sent, and still within its time by this screen's own clock.
  if (!live || !isCurrent || measurement.ageMs + sinceMs > measurement.freshForMs)
    return { ...base, value: DASHES, current: false, note: pastText(measurement), fill: 'none' };
  const raised = inOrder(
    alerts.filter((alert) => alert.state === 'active' && alert.rules.some((rule) => rule.reading?.vital === vital)),
  )[0];
  const how = measurement.state === 'degraded' ? 'degraded ' : '';
  const doubt = measurement.clock === 'unsure' ? ' · clock unsure' : '';
  return {
    ...base,
    value: numberText(measurement),
    current: true,
    note: `${how}${ageText(measurement, sinceMs)}${doubt}`,
    fill: raised && raised.priority !== 'low' ? raised.priority : 'none',
  };
}

function pastText(measurement: Measurement): string {
  if (measurement.state === 'never') return 'waiting for first reading';
  const past = lastOf(measurement);
  const was = past ? `was ${past.text} at ${clockTime(past.takenAt).slice(0, 5)}` : 'no value yet';
  return measurement.state === 'absent' ? `${measurement.absent.replaceAll('-', ' ')} · ${was}` : was;
}

/** The last number of a measurement and when it was true. */
function lastOf(measurement: Measurement): { readonly text: string; readonly takenAt: string } | null {
  if (measurement.state === 'never') return null;
  if (measurement.state === 'live' || measurement.state === 'degraded')
    return { text: numberText(measurement), takenAt: measurement.takenAt };
  return measurement.last && { text: numberText(measurement.last), takenAt: measurement.last.takenAt };
}

/** Everything of one tile. `sinceMs`: since the tile came, by the worker's clock. */
export function viewTile(
  tile: TileView,
  alerts: readonly AlertView[],
  link: LinkState,
  sinceMs: number,
  down: SystemDown | null,
): TileLook {
  const live = link === 'live' || link === 'slow';
  const { id, bed, name, mrn } = tile.patient;
  const { monitoring } = tile;
  const watched = down === null ? monitoring.state : 'not-monitored';
  const band = bandOf(alerts, link);
  const current = live && down === null;
  const cells = cellOrder.flatMap((vital) => {
    const measurement = tile.measurements.find((candidate) => candidate.vital === vital);
    return measurement ? [cellOf(measurement, alerts, sinceMs, current)] : [];
  });
  const state = stateOf(watched, live);
  const notMonitored = live && watched === 'not-monitored';
  const plate = notMonitored ? plateOf(tile, down) : null;
  const frame = notMonitored ? 'not-monitored' : frameOf(alerts, live);
  const spoken = [bed, name, band.text, notMonitored ? `not monitored, ${plate?.cause ?? ''}` : state.text]
    .filter((part) => part !== '')
    .join(', ');
  const [gap] = tile.unwatched;
  const unwatched = gap
    ? `not watched ${clockTime(gap.from)} to ${clockTime(gap.to)} (${duration(Date.parse(gap.to) - Date.parse(gap.from))})`
    : null;
  return { id, bed, name, mrn, frame, state, plate, band, cells, unwatched, spoken };
}

function stateOf(watched: string, live: boolean): TileLook['state'] {
  if (!live) return { glyph: 'cross', text: 'not known' };
  if (watched === 'monitored') return { glyph: 'dot', text: 'monitored' };
  if (watched === 'degraded') return { glyph: 'ring', text: 'degraded' };
  return { glyph: 'cross', text: 'not monitored' };
}

function plateOf(tile: TileView, down: SystemDown | null): TileLook['plate'] {
  const last = tile.measurements.flatMap((one) => {
    const past = lastOf(one);
    return past ? [`${signalName(one.vital)} ${past.text}`] : [];
  });
  const { cause, since } = down ?? tile.monitoring;
  return {
    cause: cause === null ? 'waiting for first reading' : causeWords(cause),
    since,
    last: last.length > 0 ? `last ${last.join(', ')}` : '',
  };
}

function frameOf(alerts: readonly AlertView[], live: boolean): TileLook['frame'] {
  if (!live) return 'none';
  const [worst] = inOrder(alerts.filter((alert) => alert.kind === 'physiological'));
  if (!worst) return 'none';
  if (worst.state === 'acknowledged') return 'acknowledged';
  return worst.signalPriority === 'low' ? 'none' : worst.signalPriority;
}

/** What the banner says: nothing while every patient is watched; it cannot be dismissed. */
export function bannerOf(
  ward: Ward,
  link: LinkState,
  lostSince: string | null,
): { readonly title: string; readonly text: string } | null {
  if (link === 'not-live' || link === 'connecting') {
    const since = lostSince === null ? '' : ` since ${lostSince}`;
    return link === 'connecting'
      ? { title: 'THIS SCREEN IS NOT LIVE YET', text: 'waiting for the server' }
      : { title: `THIS SCREEN IS NOT LIVE${since}`, text: 'nothing shown here is current; watch the patients' };
  }
  const tiles = [...ward.tiles.values()].map(({ value }) => value);
  const down = systemDown(ward);
  if (down !== null)
    return {
      title: `${patientCount(tiles.length)} NOT MONITORED: ${causeWords(down.cause)}`,
      text: `nobody watches since ${clockTime(down.since)}`,
    };
  const lost = tiles.filter((tile) => tile.monitoring.state === 'not-monitored');
  if (lost.length === 0) return null;
  const who = lost.map((tile) => `${tile.patient.bed} ${tile.patient.name}`).join('; ');
  return { title: `${patientCount(lost.length)} NOT MONITORED`, text: who };
}

function patientCount(count: number): string {
  return `${count} PATIENT${count === 1 ? '' : 'S'}`;
}

/** Why nobody is watched at all, and since when. */
export interface SystemDown {
  readonly cause: string;
  readonly since: string;
}

/** Set when the cause is Vigil itself, so that no patient is watched; null when it is not. */
export function systemDown({ system }: Ward): SystemDown | null {
  if (system === null || !system.system || system.state !== 'not-monitored') return null;
  return { cause: system.causes[0] ?? 'engine-down', since: system.since };
}
