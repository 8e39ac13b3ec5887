// What the components draw, as signals: worked out here from what was heard, compared, and set only where it differs, so that a
// second of a ward of 32 draws a few tiles in each frame and no frame is late. What is urgent is set at once, all of it: a lost
// link, an alert, a state of the whole.
import { batch, computed, effect, type Signal, signal, untracked } from '@preact/signals';
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

/** The tiles' looks, each a signal that is set where what it says has changed. */
class TileLooks {
  readonly #looks = new Map<string, { readonly look: Signal<TileLook | null>; text: string }>();
  readonly #make: (id: string) => TileLook | null;
  #due = new Set<string>();
  #frame = 0;

  constructor(make: (id: string) => TileLook | null) {
    this.#make = make;
  }

  of(id: string): Signal<TileLook | null> {
    return this.#slot(id).look;
  }

  #slot(id: string) {
    const known = this.#looks.get(id) ?? { look: signal<TileLook | null>(null), text: '' };
    this.#looks.set(id, known);
    return known;
  }

  #draw(id: string): void {
    const look = this.#make(id);
    const slot = this.#slot(id);
    const text = JSON.stringify(look);
    if (look === null || text === slot.text) return;
    slot.text = text;
    slot.look.value = look;
  }

  /** All of them, now. */
  drawAll(ids: Iterable<string>): void {
    batch(() => {
      for (const id of ids) this.#draw(id);
    });
    this.#due = new Set();
  }

  /** These, a few in each frame. */
  drawSoon(ids: Iterable<string>): void {
    for (const id of ids) this.#due.add(id);
    if (this.#due.size > 0 && this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#drawSome());
  }

  #drawSome(): void {
    this.#frame = 0;
    const some = [...this.#due].slice(0, tilesPerFrame);
    batch(() => {
      for (const id of some) {
        this.#due.delete(id);
        this.#draw(id);
      }
    });
    this.drawSoon([]);
  }
}

export function createWardView(stream: Stream, settings: Signal<Settings>, history: Signal<History>): WardView {
  const looks = new TileLooks((id) => lookOf(stream.heard.value, id, history.value));
  const order = signal<readonly string[]>([]);
  const rail = signal<RailLook>(emptyRail);
  const banner = signal<Banner | null>(null);
  const coverage = signal<Coverage | null>(null);
  const head = signal<Head>(headOf(stream.heard.value, Number.NaN));
  const compared = new Map<Signal<unknown>, string>();
  let before = stream.heard.value;
  let drawn: { readonly second: number; readonly settings: Settings; readonly history: History } | null = null;

  /** Sets a signal where what it says has changed. */
  function put<T>(target: Signal<T>, value: T): void {
    const text = JSON.stringify(value);
    if (compared.get(target) === text) return;
    compared.set(target, text);
    target.value = value;
  }

  function drawWhole(heard: Heard, serverNow: number): void {
    const { ward, link, lostSince, ended } = heard;
    const silentMs = heard.silentMs + Math.max(0, stream.now.value - heard.heardAt);
    put(order, orderOf(heard));
    put(banner, bannerOf({ ward, link, lostSince, silentMs, ended, serverNow }));
    put(coverage, coverageOf(ward, link));
    put(rail, railOf(ward, { live: isLive(link), serverNow }));
  }

  function refresh(): void {
    const heard = stream.heard.value;
    const { ward } = heard;
    const serverNow = serverTime(heard, stream.now.value);
    const now = { second: Math.floor(serverNow / 1_000), settings: settings.value, history: history.value };
    const [last, was] = [before, drawn];
    const isUrgent =
      was === null || was.settings !== now.settings || was.history !== now.history || isUrgentAfter(last, heard);
    const isTick = was?.second !== now.second;
    const changed = [...ward.tiles].filter(([id, tile]) => last.ward.tiles.get(id) !== tile).map(([id]) => id);
    [before, drawn] = [heard, now];
    batch(() => {
      put(head, headOf(heard, serverNow));
      if (isUrgent || isTick || changed.length > 0) drawWhole(heard, serverNow);
      if (isUrgent) looks.drawAll(ward.tiles.keys());
    });
    if (!isUrgent) looks.drawSoon(isTick ? ward.tiles.keys() : changed);
    document.title = titleOf(ward, heard.link);
    for (const { how, text } of sayings(last, heard)) say(how, text);
  }

  effect(() => {
    stream.heard.value;
    stream.now.value;
    settings.value;
    history.value;
    untracked(refresh);
  });
  // The banner counts seconds: it is said when it says something else.
  const title = computed(() => banner.value?.title);
  effect(() => {
    if (title.value) say('assertive', title.value);
  });
  return { order, look: (id) => looks.of(id), rail, banner, coverage, head };
}

/** What must be on the screen in the next frame, on every tile. */
function isUrgentAfter(before: Heard, now: Heard): boolean {
  return (
    before.link !== now.link ||
    before.ended !== now.ended ||
    before.ward.alerts !== now.ward.alerts ||
    before.ward.system !== now.ward.system
  );
}

function lookOf(heard: Heard, id: string, history: History): TileLook | null {
  const { ward, link } = heard;
  const arrived = ward.tiles.get(id);
  if (!arrived) return null;
  const pageNow = performance.now();
  const serverNow = serverTime(heard, pageNow);
  const past = history.get(id);
  return viewTile({
    tile: arrived.value,
    entries: [...ward.alerts.values()].filter(({ alert }) => alert.patient?.id === id),
    over: ward.over.filter(({ patient }) => patient?.id === id),
    link,
    sinceMs: heard.mono - arrived.arrivedMono + Math.max(0, pageNow - heard.heardAt),
    serverNow,
    down: systemDown(ward),
    limits: past?.limits ?? {},
    slope: past?.slope(serverNow) ?? null,
  });
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
