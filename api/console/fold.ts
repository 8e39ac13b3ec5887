// What the screen knows, folded from the live stream (console.md 5). Pure: the server judges, the browser only remembers.
// A snapshot replaces everything at once; an alert's older event is dropped; nothing is cleared or hidden by the browser.
import type { AlertMessage, AlertView, Beat, Snapshot, SystemState, TileView } from './wire.ts';

/** A tile and when it came, by the worker's monotonic clock: its ages are counted on from there. */
export interface Arrived<T> {
  readonly value: T;
  readonly arrivedMono: number;
}

export interface Ward {
  readonly realm: string;
  readonly version: string;
  readonly system: SystemState | null;
  readonly tiles: ReadonlyMap<string, Arrived<TileView>>;
  readonly alerts: ReadonlyMap<string, { readonly n: number; readonly alert: AlertView }>;
  /** Alerts that ended on this connection, by the number of their last event: an older copy must not open them again. */
  readonly ended: ReadonlyMap<string, number>;
  /** Newest server time and when it came: the clock in the header. */
  readonly server: Arrived<string> | null;
  /** Events since the connection began, compared with the server's count. */
  readonly count: number;
}

export interface StreamMessage {
  readonly event: string;
  /** Our own server's words, checked there by the schema that they are made from. */
  readonly data: unknown;
  readonly arrivedMono: number;
}

/** What the event means for the connection. */
export type Effect = 'none' | 'snapshot' | 'beat' | 'reload' | 'signed-out';

export interface Folded {
  readonly ward: Ward;
  readonly effect: Effect;
}

export function emptyWard(): Ward {
  return {
    realm: '',
    version: '',
    system: null,
    tiles: new Map(),
    alerts: new Map(),
    ended: new Map(),
    server: null,
    count: 0,
  };
}

/** The next ward. An event of a kind this screen does not know changes nothing but the count. */
export function fold(before: Ward, { event, data, arrivedMono }: StreamMessage): Folded {
  const ward = { ...before, count: before.count + 1 };
  switch (event) {
    case 'snapshot':
      return { ward: snapshot(data as Snapshot, arrivedMono), effect: 'snapshot' };
    case 'tile': {
      const tile = data as TileView;
      const tiles = new Map(ward.tiles).set(tile.patient.id, { value: tile, arrivedMono });
      return { ward: { ...ward, tiles }, effect: 'none' };
    }
    case 'alert':
      return { ward: withAlert(ward, data as AlertMessage), effect: 'none' };
    case 'system':
      return { ward: { ...ward, system: data as SystemState }, effect: 'none' };
    case 'hb':
      return beat(ward, data as Beat, arrivedMono);
    case 'reset':
      return { ward, effect: 'reload' };
    case 'end':
      return { ward, effect: (data as { reason: string }).reason === 'signed-out' ? 'signed-out' : 'reload' };
    default:
      return { ward, effect: 'none' };
  }
}

function snapshot({ realm, version, system, tiles, alerts, serverTs }: Snapshot, arrivedMono: number): Ward {
  return {
    realm,
    version,
    system,
    tiles: new Map(tiles.map((tile) => [tile.patient.id, { value: tile, arrivedMono }])),
    alerts: new Map(alerts.map((alert) => [alert.id, { n: 0, alert }])),
    ended: new Map(),
    server: { value: serverTs, arrivedMono },
    count: 1,
  };
}

/** Ended alerts that are remembered: a copy comes soon or never, and the page is sent all of this four times a second. */
const endedMax = 64;

/** Keyed by alert, told apart by the number of its event; a closed one is kept out of the open list by its own state. */
function withAlert(ward: Ward, { event, alert }: AlertMessage): Ward {
  const known = ward.alerts.get(alert.id);
  if (event.n <= (known?.n ?? ward.ended.get(alert.id) ?? 0)) return ward;
  if (known && alert.revision < known.alert.revision) return ward;
  const alerts = new Map(ward.alerts);
  if (alert.state !== 'closed') return { ...ward, alerts: alerts.set(alert.id, { n: event.n, alert }) };
  alerts.delete(alert.id);
  const ended = new Map([...ward.ended].slice(1 - endedMax)).set(alert.id, event.n);
  return { ...ward, alerts, ended };
}

/** The server counts what it sent on this connection; another count here means that something was lost on the way. */
function beat(ward: Ward, { serverTs, seq }: Beat, arrivedMono: number): Folded {
  const next = { ...ward, server: { value: serverTs, arrivedMono } };
  return { ward: next, effect: seq === ward.count ? 'beat' : 'reload' };
}
