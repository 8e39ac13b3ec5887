// What goes from the worker to the page: what changed since the last message, in order, so that a ward of 32 is not copied
// four times a second. Both sides are here, that they cannot differ. Pure.
import { type Arrived, emptyWard, type OpenAlert, type Ward } from './fold.ts';
import type { LinkState } from './link.ts';
import type { Ended } from './view-state.ts';

import type { AlertView, SystemState, TileView, WaveMessage } from './wire.ts';

/** What the worker tells the page, at least every 250 ms. */
export interface WorkerNews {
  readonly link: LinkState;
  /** Milliseconds since the server was last heard. */
  readonly silentMs: number;
  /** The worker's performance.now() when the message was made: ages count on from there. */
  readonly mono: number;
  /** The session ended: a sign-in is needed. */
  readonly ended: Ended | null;
  readonly realm: string;
  readonly version: string;
  readonly server: Arrived<string> | null;
  /** Tiles that came since the last message; `all`: there are no others. */
  readonly tiles: readonly Arrived<TileView>[];
  readonly all: boolean;
  /** Undefined: as they were. */
  readonly system: SystemState | null | undefined;
  readonly alerts: ReadonlyMap<string, OpenAlert> | undefined;
  readonly over: readonly AlertView[] | undefined;
}

export type WorkerMessage = { readonly news: WorkerNews } | { readonly wave: WaveMessage };

/** From the page: leads that it draws, as `patient:lead`; or that a person asks to try at once. */
export type PageMessage = { readonly leads: readonly string[] } | { readonly retry: true };

type Head = Pick<WorkerNews, 'link' | 'silentMs' | 'mono' | 'ended'>;

/** News between two wards; `before` null: the page knows nothing yet. */
export function newsOf(before: Ward | null, now: Ward, head: Head): WorkerNews {
  const isAll = before === null || [...before.tiles.keys()].some((id) => !now.tiles.has(id));
  const tiles = [...now.tiles].filter(([id, tile]) => isAll || before.tiles.get(id) !== tile).map(([, tile]) => tile);
  const changed = <K extends 'system' | 'alerts' | 'over'>(key: K) =>
    before?.[key] === now[key] ? undefined : now[key];
  const { realm, version, server } = now;
  return {
    ...head,
    realm,
    version,
    server,
    tiles,
    all: isAll,
    system: changed('system'),
    alerts: changed('alerts'),
    over: changed('over'),
  };
}

/** The ward as the worker has it. */
export function withNews(before: Ward, { realm, version, server, tiles, all, system, alerts, over }: WorkerNews): Ward {
  const next = all ? new Map<string, Arrived<TileView>>() : tiles.length > 0 ? new Map(before.tiles) : before.tiles;
  if (next instanceof Map) for (const tile of tiles) next.set(tile.value.patient.id, tile);
  return {
    ...emptyWard(),
    realm,
    version,
    server,
    tiles: next,
    system: system === undefined ? before.system : system,
    alerts: alerts ?? before.alerts,
    over: over ?? before.over,
  };
}
