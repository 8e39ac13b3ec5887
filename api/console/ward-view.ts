// What the components draw, as signals: worked out here from what was heard, compared, and set only where it differs, so that a
// second of a ward of 32 draws a few tiles in each frame and no frame is late. What is urgent is set at once, all of it: a lost
// link, an alert, a state of the whole.
import { batch, effect, type Signal, signal, untracked } from '@preact/signals';
import { sayings } from './announce.ts';
import { type Heard, type Stream, serverTime } from './follow.ts';
import type { History } from './history.ts';
import { say } from './live-region.ts';
import type { TileLook } from './look.ts';
import { type RailLook, railOf } from './rail-look.ts';
import type { Settings } from './settings.ts';
import { clockTime } from './times.ts';
import {
  type Banner,
  bannerOf,
  type Coverage,
  coverageOf,
  isLive,
  systemDown,
  titleOf,
  viewTile,
} from './view-state.ts';

/** Tiles that one frame takes: eight frames for a ward of 32. */
const tilesPerFrame = 4;

export interface WardView {
  /** Patients in the order of their beds. */
  readonly order: Signal<readonly string[]>;
  look(id: string): Signal<TileLook | null>;
  readonly rail: Signal<RailLook>;
  readonly banner: Signal<Banner | null>;
  readonly coverage: Signal<Coverage | null>;
  readonly head: Signal<Head>;
}

/** What the screen says of itself. */
export interface Head {
  readonly live: boolean;
  readonly link: Heard['link'];
  /** Whole seconds since the server was heard. */
  readonly silentS: number;
  /** `14:02:11`, or dashes: the server's time, moved by what the worker says. */
  readonly clock: string;
  readonly realm: string;
  readonly unit: string;
  readonly version: string;
  readonly lostSince: string | null;
  readonly ended: Heard['ended'];
  /** A snapshot came, at any time. */
  readonly known: boolean;
}

const emptyRail: RailLook = { alerts: [], technical: [], later: [], changed: [], acknowledged: 0 };

export function createWardView(stream: Stream, settings: Signal<Settings>, history: Signal<History>): WardView {
  const looks = new Map<string, { readonly look: Signal<TileLook | null>; text: string }>();
  const order = signal<readonly string[]>([]);
  const rail = signal<RailLook>(emptyRail);
  const banner = signal<Banner | null>(null);
  const coverage = signal<Coverage | null>(null);
  const head = signal<Head>(headOf(stream.heard.value, Number.NaN));
  const compared = new Map<Signal<unknown>, string>();
  let before = stream.heard.value;
  let drawn: { readonly second: number; readonly settings: Settings; readonly history: History } | null = null;
  let due = new Set<string>();
  let frame = 0;

  function slot(id: string) {
    const known = looks.get(id) ?? { look: signal<TileLook | null>(null), text: '' };
    looks.set(id, known);
    return known;
  }

  /** Sets a signal where what it says has changed. */
  function put<T>(target: Signal<T>, value: T): void {
    const text = JSON.stringify(value);
    if (compared.get(target) === text) return;
    compared.set(target, text);
    target.value = value;
  }

  function drawTile(id: string): void {
    const heard = stream.heard.value;
    const { ward } = heard;
    const arrived = ward.tiles.get(id);
    if (!arrived) return;
    const pageNow = performance.now();
    const entries = [...ward.alerts.values()].filter(({ alert }) => alert.patient?.id === id);
    const past = history.value.get(id);
    const look = viewTile({
      tile: arrived.value,
      entries,
      over: ward.over.filter(({ patient }) => patient?.id === id),
      link: heard.link,
      sinceMs: heard.mono - arrived.arrivedMono + Math.max(0, pageNow - heard.heardAt),
      serverNow: serverTime(heard, pageNow),
      down: systemDown(ward),
      limits: past?.limits ?? {},
      slope: past?.slope(serverTime(heard, pageNow)) ?? null,
    });
    const known = slot(id);
    const text = JSON.stringify(look);
    if (text === known.text) return;
    known.text = text;
    known.look.value = look;
  }

  function drawSome(): void {
    frame = 0;
    const some = [...due].slice(0, tilesPerFrame);
    batch(() => {
      for (const id of some) {
        due.delete(id);
        drawTile(id);
      }
    });
    if (due.size > 0) frame = requestAnimationFrame(drawSome);
  }

  function drawAll(ids: Iterable<string>): void {
    for (const id of ids) drawTile(id);
    due = new Set();
  }

  function refresh(): void {
    const heard = stream.heard.value;
    const { ward, link } = heard;
    const now = { second: 0, settings: settings.value, history: history.value };
    const serverNow = serverTime(heard, stream.now.value);
    now.second = Math.floor(serverNow / 1_000);
    const isNew = drawn === null || drawn.settings !== now.settings || drawn.history !== now.history;
    const isUrgent =
      isNew ||
      before.link !== link ||
      before.ended !== heard.ended ||
      before.ward.alerts !== ward.alerts ||
      before.ward.system !== ward.system;
    const isTick = drawn?.second !== now.second;
    const changed = [...ward.tiles].filter(([id, tile]) => before.ward.tiles.get(id) !== tile).map(([id]) => id);
    const last = before;
    before = heard;
    drawn = now;
    batch(() => {
      put(head, headOf(heard, serverNow));
      if (isUrgent || isTick || changed.length > 0) {
        put(order, orderOf(heard));
        const { lostSince, silentMs, ended } = heard;
        const since = silentMs + Math.max(0, stream.now.value - heard.heardAt);
        put(banner, bannerOf({ ward, link, lostSince, silentMs: since, ended, serverNow }));
        put(coverage, coverageOf(ward, link));
        put(rail, railOf(ward, { live: isLive(link), serverNow }));
      }
      if (isUrgent) drawAll(ward.tiles.keys());
    });
    if (!isUrgent) for (const id of isTick ? ward.tiles.keys() : changed) due.add(id);
    if (due.size > 0 && frame === 0) frame = requestAnimationFrame(drawSome);
    document.title = titleOf(ward, link);
    for (const { how, text } of sayings(last, heard)) say(how, text);
  }

  effect(() => {
    stream.heard.value;
    stream.now.value;
    settings.value;
    history.value;
    untracked(refresh);
  });
  effect(() => {
    const title = banner.value?.title;
    if (title) say('assertive', title);
  });
  return { order, look: (id) => slot(id).look, rail, banner, coverage, head };
}

/** Beds keep their place: by bed as a person counts, then by id. */
function orderOf({ ward }: Heard): readonly string[] {
  return [...ward.tiles.values()]
    .map(({ value: { patient } }) => patient)
    .sort((a, b) => a.bed.localeCompare(b.bed, 'en', { numeric: true }) || a.id.localeCompare(b.id))
    .map(({ id }) => id);
}

function headOf({ ward, link, silentMs, ended, lostSince }: Heard, serverNow: number): Head {
  const live = isLive(link);
  const units = new Set([...ward.tiles.values()].map(({ value }) => value.unit));
  return {
    live,
    link,
    silentS: link === 'live' ? 0 : Math.floor(silentMs / 1_000),
    clock: live && Number.isFinite(serverNow) ? clockTime(serverNow) : '--:--:--',
    realm: ward.realm,
    unit: units.size === 1 ? ([...units][0] ?? '') : '',
    version: ward.version,
    lostSince,
    ended,
    known: ward.server !== null,
  };
}
