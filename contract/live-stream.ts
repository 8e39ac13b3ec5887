// The data of each event of the live stream (`interfaces.md` 5), by the name of the event.
import { z } from 'zod';
import { AlertEventView, AlertView, SystemState, TileView } from './http.ts';
import { WaveformView } from './http-requests.ts';
import { endReasons, resetReasons } from './http-tables.ts';
import { Id, Instant, Realm } from './scalar.ts';

/** First of every stream: all that is true now. It replaces whatever the client held. */
export const Snapshot = z.strictObject({
  serverTs: Instant,
  /** Opaque; the id of the newest alert event that is contained. */
  cursor: z.string(),
  realm: Realm,
  version: z.string(),
  config: z.string(),
  system: SystemState,
  tiles: z.array(TileView),
  /** Open alerts. */
  alerts: z.array(AlertView),
});
export type Snapshot = z.infer<typeof Snapshot>;

/** An event of an alert and the alert after it. `replay`: from before this connection; never sounds. */
export const AlertMessage = z.strictObject({ event: AlertEventView, replay: z.boolean(), alert: AlertView });
export type AlertMessage = z.infer<typeof AlertMessage>;

/** One block of a lead that was asked for. */
export const WaveMessage = WaveformView.extend({ patient: Id });
export type WaveMessage = z.infer<typeof WaveMessage>;

/** Each second (API-BEAT). `seq`: events sent on this connection, this one included; another count: something was lost. */
export const Beat = z.strictObject({
  serverTs: Instant,
  /** Time of the newest tick of the engine; null as long as none came. */
  engineTs: Instant.nullable(),
  seq: z.int().min(1),
  nextBy: Instant,
});
export type Beat = z.infer<typeof Beat>;

export const Reset = z.strictObject({ reason: z.enum(resetReasons) });
export const End = z.strictObject({ reason: z.enum(endReasons) });

/** Schemas by event name; `tile` and `system` are those of the HTTP API. */
export const streamData = {
  snapshot: Snapshot,
  tile: TileView,
  alert: AlertMessage,
  system: SystemState,
  w: WaveMessage,
  hb: Beat,
  reset: Reset,
  end: End,
} as const;
