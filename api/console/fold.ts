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
  readonly alerts: ReadonlyMap<string, OpenAlert>;
  /** Alerts of medium priority that ended not long ago, newest last: their "was" line stays for a while. */
  readonly over: readonly AlertView[];
  /** Alerts that ended on this connection, by the number of their last event: an older copy must not open them again. */
  readonly ended: ReadonlyMap<string, number>;
  /** Newest server time and when it came: the clock in the header. */
  readonly server: Arrived<string> | null;
  /** Events since the connection began, compared with the server's count. */
  readonly count: number;
}

/** An open alert and the newest event of its life that this screen heard; null: it came with a snapshot. */
export interface OpenAlert {
  readonly n: number;
  readonly alert: AlertView;
  readonly said: string | null;
}

export interface StreamMessage {
  readonly event: string;
  /** Our own server's words, checked there by the schema that they are made from. */
  readonly data: unknown;
  readonly arrivedMono: number;
}

/** What the event means for the connection. */
export type Effect = 'none' | 'alert' | 'system' | 'snapshot' | 'beat' | 'reload' | 'slow' | 'signed-out' | 'rights';

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
    over: [],
    ended: new Map(),
    server: null,
    count: 0,
  };
}

const endings: Readonly<Record<string, Effect>> = { 'signed-out': 'signed-out', rights: 'rights', slow: 'slow' };

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
      return { ward: withAlert(ward, data as AlertMessage), effect: 'alert' };
    case 'system':
      return { ward: { ...ward, system: data as SystemState }, effect: 'system' };
    case 'hb':
      return beat(ward, data as Beat, arrivedMono);
    case 'reset':
      return { ward, effect: 'reload' };
    case 'end':
      return { ward, effect: endings[(data as { reason: string }).reason] ?? 'reload' };
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
    alerts: new Map(alerts.map((alert) => [alert.id, { n: 0, alert, said: null }])),
    over: [],
    ended: new Map(),
    server: { value: serverTs, arrivedMono },
    count: 1,
  };
}

/** Ended alerts that are remembered: a copy comes soon or never, and the page is sent all of this four times a second. */
const endedMax = 64;

/** Most "was" lines that are kept; each is taken down after its time by who draws it. */
const overMax = 32;

/** Events that say nothing of where an alert stands: what was said before them still holds. */
const quiet: ReadonlySet<string> = new Set(['updated', 'revised', 'noted', 'data-lost', 'data-back', 'ack-refused']);

/** Keyed by alert, told apart by the number of its event; a closed one is kept out of the open list by its own state. */
function withAlert(ward: Ward, { event, alert }: AlertMessage): Ward {
  const known = ward.alerts.get(alert.id);
  if (event.n <= (known?.n ?? ward.ended.get(alert.id) ?? 0)) return ward;
  if (known && alert.revision < known.alert.revision) return ward;
  const alerts = new Map(ward.alerts);
  if (alert.state !== 'closed') {
    const said = quiet.has(event.type) ? (known?.said ?? null) : event.type;
    return { ...ward, alerts: alerts.set(alert.id, { n: event.n, alert, said }) };
  }
  alerts.delete(alert.id);
  const ended = new Map([...ward.ended].slice(1 - endedMax)).set(alert.id, event.n);
  const isKept = alert.kind === 'physiological' && alert.peak === 'medium';
  const over = isKept ? [...ward.over.slice(1 - overMax), alert] : ward.over;
  return { ...ward, alerts, over, ended };
}

/** The server counts what it sent on this connection; another count here means that something was lost on the way. */
function beat(ward: Ward, { serverTs, seq }: Beat, arrivedMono: number): Folded {
  const next = { ...ward, server: { value: serverTs, arrivedMono } };
  return { ward: next, effect: seq === ward.count ? 'beat' : 'reload' };
}
