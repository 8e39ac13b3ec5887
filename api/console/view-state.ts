// What each state looks like, in one table (console.md 2): pure but for the language, so that a test can force every row. A
// value that is not current is never a big number; a lost link shows no number at all; patient-level state is the server's.
import { causeWords, lastOf, signalName, tileBand, wasText } from './alert-look.ts';
import { type CellContext, cellOf, quickAge } from './cell-look.ts';
import type { OpenAlert, Ward } from './fold.ts';
import type { LinkState } from './link.ts';
import type { Plate, TileLook } from './look.ts';
import { age, clockTime, duration, spokenDuration } from './times.ts';
import type { AlertView, TileView } from './wire.ts';
import { t } from './words.ts';

/** Vitals in their fixed places on a tile. */
const cellOrder = ['hr', 'pulse', 'spo2', 'glucose', 'resp', 'temp', 'sbp', 'dbp'];
/** How long a medium alert that ended stays as a line. */
const wasForMs = 15 * 60_000;

/** Everything that a tile is drawn from. */
export interface TileInput {
  readonly tile: TileView;
  /** Open alerts of this patient. */
  readonly entries: readonly OpenAlert[];
  /** Those that ended not long ago. */
  readonly over?: readonly AlertView[];
  readonly link: LinkState;
  /** Since the tile came, by the worker's clock. */
  readonly sinceMs: number;
  /** The server's time now, ms. */
  readonly serverNow: number;
  readonly down: SystemDown | null;
  /** Limits in force by vital. */
  readonly limits?: Readonly<Record<string, readonly string[]>>;
  readonly slope?: number | null;
}

export function isLive(link: LinkState): boolean {
  return link === 'live' || link === 'slow';
}

export function viewTile(input: TileInput): TileLook {
  const { tile, entries, over = [], sinceMs, serverNow, down } = input;
  const live = isLive(input.link);
  const { id, bed, name, mrn } = tile.patient;
  const watched = down === null ? tile.monitoring.state : 'not-monitored';
  const { measurements } = tile;
  const alerts = entries.map(({ alert }) => alert);
  const context: CellContext = { alerts, sinceMs, live: live && down === null };
  const cells = cellOrder.flatMap((vital) => {
    const measurement = measurements.find((candidate) => candidate.vital === vital);
    if (!measurement) return [];
    const limits = input.limits?.[vital] ?? [];
    const altered = tile.alteredLimits.some((family) => family === vital || family.startsWith(`${vital}-`));
    const slope = vital === 'glucose' ? (input.slope ?? null) : null;
    return [cellOf(measurement, { ...context, limits, altered, slope })];
  });
  const band = tileBand(entries, { live, serverNow, measurements: context.live ? measurements : [] });
  const notMonitored = live && watched === 'not-monitored';
  const plate = notMonitored ? plateOf(tile, down, serverNow) : null;
  const state = stateOf(watched, live, tile, sinceMs, alerts);
  const was = over.filter(({ closedAt }) => closedAt !== null && serverNow - Date.parse(closedAt) < wasForMs).at(-1);
  const look = {
    id,
    bed: bedOf(bed),
    name,
    mrn: mrn.length > 6 ? mrn.slice(-4) : mrn,
    frame: notMonitored ? ('not-monitored' as const) : frameOf(entries, live),
    state,
    plate,
    band,
    cells,
    unwatched: unwatchedText(tile),
    was: was === undefined || !live ? null : wasText(was),
  };
  return { ...look, spoken: spokenOf(look, alerts, live ? serverNow : null) };
}

/** A bed as it stands large: the word is what the place says already. */
export function bedOf(bed: string): string {
  return bed.replace(/^(bed|bett)\s+/i, '') || '?';
}

function spokenOf(look: Omit<TileLook, 'spoken'>, alerts: readonly AlertView[], serverNow: number | null): string {
  const { bed, name, band, plate, state } = look;
  const oldest = alerts.map(({ onsetAt }) => Date.parse(onsetAt)).sort((a, b) => a - b)[0];
  const since =
    serverNow !== null && oldest !== undefined && band.time !== '' ? spokenDuration(serverNow - oldest) : '';
  const watched = plate ? `${t('state.notMonitoredWord')}, ${plate.cause}` : state.text;
  const altered = look.cells.filter((cell) => cell.altered).map(({ label }) => t('screen.altered', { what: label }));
  const more = band.more > 0 ? t('alert.more', { count: band.more }) : '';
  const marks = band.marks.map(({ text }) => text);
  return [t('vital.bed', { bed }), name, band.spoken, ...marks, more, since, watched, ...altered]
    .filter((part) => part !== '')
    .join(', ');
}

function stateOf(
  watched: string,
  live: boolean,
  tile: TileView,
  sinceMs: number,
  alerts: readonly AlertView[],
): TileLook['state'] {
  if (!live) return { glyph: 'cross', text: t('state.notKnown'), flash: null };
  if (watched === 'not-monitored') {
    const loud = alerts.filter(({ kind, state }) => kind === 'technical' && state === 'active');
    const worst = (['high', 'medium'] as const).find((one) => loud.some((alert) => alert.signalPriority === one));
    return { glyph: 'cross', text: t('state.notMonitoredWord'), flash: worst ?? null };
  }
  if (watched === 'degraded') {
    const why = tile.monitoring.cause === null ? t('state.degraded') : causeWords(tile.monitoring.cause);
    return { glyph: 'ring', text: why, flash: null };
  }
  const oldest = quickAge(tile.measurements, sinceMs);
  return { glyph: 'dot', text: oldest === null ? t('state.monitored') : age(oldest), flash: null };
}

function plateOf(tile: TileView, down: SystemDown | null, serverNow: number): Plate {
  const values = tile.measurements.flatMap((one) => {
    const past = lastOf(one);
    return past ? [`${signalName(one.vital)} ${past.text}`] : [];
  });
  const { cause, since } = down ?? tile.monitoring;
  return {
    cause: cause === null ? t('cause.waiting') : causeWords(cause),
    time: duration(serverNow - Date.parse(since)),
    since: t('state.since', { time: clockTime(since) }),
    last: values.length > 0 ? t('state.lastValues', { values: values.join(', ') }) : '',
  };
}

/** Patients in danger frame a tile; what is only our blindness has the plate, or a cell. */
function frameOf(entries: readonly OpenAlert[], live: boolean): TileLook['frame'] {
  if (!live) return 'none';
  const band = tileBand(
    entries.filter(({ alert }) => alert.kind === 'physiological'),
    { live, serverNow: 0 },
  );
  if (band.look === 'acknowledged') return 'acknowledged';
  return band.look === 'high' || band.look === 'medium' ? band.look : 'none';
}

function unwatchedText({ unwatched: [gap] }: TileView): string | null {
  if (!gap) return null;
  const [from, to] = [clockTime(gap.from), clockTime(gap.to)];
  return t('state.unwatched', { from, to, time: duration(Date.parse(gap.to) - Date.parse(gap.from)) });
}

/** Why this session may show nothing any more. */
export type Ended = 'signed-out' | 'rights';

export interface Banner {
  readonly kind: 'not-live' | 'connecting' | 'ended' | 'system' | 'lost' | 'technical';
  readonly title: string;
  readonly text: string;
  /** Whom "Show" goes to. */
  readonly show: { readonly id: string; readonly bed: string } | null;
}

export interface BannerInput {
  readonly ward: Ward;
  readonly link: LinkState;
  /** Since when the link is lost, as the clock shows it; null: since the start. */
  readonly lostSince: string | null;
  readonly silentMs: number;
  readonly ended: Ended | null;
  readonly serverNow: number;
}

/** Most patients whom the banner names. */
const namedMax = 4;

/** What the banner says: nothing while every patient is watched; it cannot be dismissed. */
export function bannerOf(input: BannerInput): Banner | null {
  const { ward, link, serverNow } = input;
  const time = input.lostSince ?? t('safety.serverStarting');
  if (input.ended !== null) {
    const text = t(input.ended === 'rights' ? 'safety.endedRights' : 'safety.endedWhy');
    return { kind: 'ended', title: t('safety.ended', { time }), text, show: null };
  }
  if (link === 'connecting')
    return { kind: 'connecting', title: t('safety.notLiveYet'), text: t('safety.notLiveYetWhy'), show: null };
  if (link === 'not-live') {
    const text = t('safety.notLiveWhy', { time: duration(input.silentMs) });
    return { kind: 'not-live', title: t('safety.notLive', { time }), text, show: null };
  }
  const tiles = [...ward.tiles.values()].map(({ value }) => value);
  const down = systemDown(ward);
  if (down !== null) {
    const title = t('safety.notMonitoredCause', { count: tiles.length, cause: causeWords(down.cause) });
    return { kind: 'system', title, text: t('safety.nobodyWatches', { time: clockTime(down.since) }), show: null };
  }
  return lostBanner(tiles, serverNow) ?? technicalBanner(ward);
}

function lostBanner(tiles: readonly TileView[], serverNow: number): Banner | null {
  const lost = tiles
    .filter(({ monitoring }) => monitoring.state === 'not-monitored')
    .sort((a, b) => a.monitoring.since.localeCompare(b.monitoring.since));
  const [first] = lost;
  if (!first) return null;
  const named = lost.slice(0, namedMax).map(({ patient, monitoring }) => {
    const cause = monitoring.cause === null ? t('cause.waiting') : causeWords(monitoring.cause);
    const time = duration(serverNow - Date.parse(monitoring.since));
    return t('safety.bed', { bed: bedOf(patient.bed), name: patient.name, cause, time });
  });
  const more = lost.length > namedMax ? [t('alert.more', { count: lost.length - namedMax })] : [];
  return {
    kind: 'lost',
    title: t('safety.notMonitored', { count: lost.length }),
    text: [...named, ...more].join('; '),
    show: { id: first.patient.id, bed: bedOf(first.patient.bed) },
  };
}

/** We cannot see, and it matters now: a technical alert of high priority, though the patient is still watched. */
function technicalBanner(ward: Ward): Banner | null {
  const high = [...ward.alerts.values()]
    .map(({ alert }) => alert)
    .filter(
      ({ kind, signalPriority, state }) => kind === 'technical' && signalPriority === 'high' && state === 'active',
    );
  const [first] = high;
  if (!first) return null;
  const named = high.slice(0, namedMax).map(({ patient, cause }) => {
    const who = patient ? `${bedOf(patient.bed)} ${patient.name} ` : '';
    return `${who}${causeWords(cause?.code ?? null)}`;
  });
  const { patient } = first;
  return {
    kind: 'technical',
    title: t('safety.technicalHigh', { count: high.length }),
    text: named.join('; '),
    show: patient ? { id: patient.id, bed: bedOf(patient.bed) } : null,
  };
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

export interface Coverage {
  readonly monitored: number;
  readonly degraded: number;
  readonly notMonitored: number;
}

/** How many are watched; null: nobody knows. */
export function coverageOf(ward: Ward, link: LinkState): Coverage | null {
  if (!isLive(link)) return null;
  const states = [...ward.tiles.values()].map(({ value }) => value.monitoring.state);
  if (systemDown(ward) !== null) return { monitored: 0, degraded: 0, notMonitored: states.length };
  const count = (state: string) => states.filter((one) => one === state).length;
  return { monitored: count('monitored'), degraded: count('degraded'), notMonitored: count('not-monitored') };
}

/** No name and no value: a title shows in places that nobody guards. */
export function titleOf(ward: Ward, link: LinkState): string {
  const coverage = coverageOf(ward, link);
  if (coverage === null) return `X ${t('safety.notLiveShort')} · Vigil`;
  const high = [...ward.alerts.values()].filter(
    ({ alert: { state, signalPriority } }) => signalPriority === 'high' && (state === 'active' || state === 'latched'),
  ).length;
  const lost = coverage.notMonitored;
  return [...(high > 0 ? [`!!! ${high}`] : []), ...(lost > 0 ? [`X ${lost}`] : []), 'Vigil'].join(' · ');
}

/** "as of 14:01:52", of a list that is not current. */
export function asOf(time: string | null): string {
  return t('safety.asOf', { time: time ?? t('safety.serverStarting') });
}
