// The live stream (API-BEAT, `interfaces.md` 5): one snapshot, then what changes, to every connected screen. Class C.
// Invariants: alert events reach a client in the log's order, each once on a connection, and none between snapshot and live
// is left out; a heartbeat goes out each second to whoever takes it; tiles are merged to one a second; a session that ended
// has no stream. On failure: a client that does not take its events is cut and resumes by its cursor.
import type {
  AlertEvent,
  Clock,
  EndReason,
  Lead,
  Position,
  StreamLog,
  TileView,
  WaveformBlock,
} from '../../contract/index.ts';
import { heartbeatEveryMs, heartbeatNextByMs, toInstant } from '../../contract/index.ts';
import { streamEndWithinMs, streamEventsMax, streamRightsEveryMs, tileAtLeastEveryMs } from '../limits.ts';
import type { Projection, ProjectionListener } from '../projection.ts';
import type { SystemWatch } from '../system-watch.ts';
import { alertEventView, alertView, tileView } from '../views.ts';
import { type Sink, StreamClient } from './client.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { type Replayed, replay } from './replay.ts';
import { blockOf, waveformView } from './wave.ts';

export interface HubFacts {
  readonly realm: 'clinical' | 'test';
  readonly version: string;
  readonly configHash: string;
}

export interface HubPorts {
  readonly log: StreamLog;
  readonly clock: Clock;
  readonly projection: Projection;
  readonly system: SystemWatch;
}

/** What a screen asked for, and by what right. */
export interface StreamRequest {
  /** Unit or patient that the stream is about; undefined: all that the user may see. */
  readonly scope: { readonly unit: string } | { readonly patient: string } | undefined;
  readonly leads: readonly { readonly patient: string; readonly lead: Lead }[];
  readonly lastEventId: string | undefined;
  /** Why the stream must end now, looked at again and again. */
  readonly ended: () => EndReason | undefined;
  readonly onClose: () => void;
}

interface Screen {
  readonly client: StreamClient;
  readonly request: StreamRequest;
  /** Patients whose tile the client could not take yet. */
  readonly backlog: Set<string>;
  /** Patients of whom it has a tile. */
  readonly shown: Set<string>;
  /** Live alert events while older ones are still being replayed; undefined: none are. */
  held: Replayed[] | undefined;
  readonly blocks: Map<string, WaveformBlock>;
  rightsAt: number;
}

export class LiveHub implements ProjectionListener, AsyncDisposable {
  readonly #facts: HubFacts;
  readonly #ports: HubPorts;
  readonly #screens = new Set<Screen>();
  readonly #stopping = new AbortController();
  readonly #listening: Disposable;
  readonly #beating: Promise<void>;
  #dirty = new Set<string>();
  readonly #tiles = new Map<string, string | null>();
  #cut = 0;
  #allAt: number;

  constructor(facts: HubFacts, ports: HubPorts) {
    this.#facts = facts;
    this.#ports = ports;
    this.#allAt = ports.clock.mono();
    this.#listening = ports.projection.listen(this);
    ports.system.onChange(() => this.#tellSystem());
    this.#beating = this.#beat();
  }

  get counters(): { readonly streams: number; readonly cut: number } {
    return { streams: this.#screens.size, cut: this.#cut };
  }

  /** Begins a stream on the sink. */
  open(sink: Sink, request: StreamRequest): StreamClient {
    const { clock } = this.#ports;
    const client = new StreamClient(sink, () => clock.mono(), {
      cut: (reason) => this.#gone(screen, reason),
      ready: () => this.#sendTiles(screen),
    });
    const screen: Screen = {
      client,
      request,
      backlog: new Set(),
      shown: new Set(),
      held: undefined,
      blocks: new Map(),
      rightsAt: clock.mono(),
    };
    const cursor = this.#ports.projection.alerts.cursor;
    client.send('snapshot', JSON.stringify(this.#snapshot(screen, cursor)));
    this.#screens.add(screen);
    for (const { patient, lead } of request.leads) this.#sendWave(screen, patient, lead);
    if (request.lastEventId !== undefined) {
      screen.held = [];
      void this.#replay(screen, request.lastEventId, cursor);
    }
    this.#beatOne(screen);
    return client;
  }

  /** The connection is gone, by whoever's hand. */
  close(client: StreamClient): void {
    for (const screen of this.#screens) {
      if (screen.client !== client) continue;
      client.destroy();
      this.#remove(screen);
    }
  }

  /** Ends at once all streams of which `reason` now says so. */
  review(): void {
    for (const screen of this.#screens) this.#checkRights(screen);
  }

  #gone(screen: Screen, reason: EndReason): void {
    if (reason === 'slow') this.#cut++;
    this.#remove(screen);
    const { clock } = this.#ports;
    const destroy = () => screen.client.destroy();
    void clock.sleep(streamEndWithinMs, this.#stopping.signal).then(destroy, destroy);
  }

  #remove(screen: Screen): void {
    if (this.#screens.delete(screen)) screen.request.onClose();
  }

  #snapshot(screen: Screen, cursor: Position) {
    const { projection, system } = this.#ports;
    const { realm, version, configHash } = this.#facts;
    return {
      serverTs: toInstant(projection.time.now()),
      cursor: encodeCursor(cursor),
      realm,
      version,
      config: configHash,
      system: system.view,
      tiles: projection.admitted
        .filter(({ body }) => this.#isIn(screen, body.id))
        .map(({ body }) => {
          screen.shown.add(body.id);
          return tileView(projection, body.id);
        }),
      alerts: projection.alerts.open
        .filter(({ patient }) => this.#isIn(screen, patient))
        .map((alert) => alertView(projection, alert)),
    };
  }

  /** What concerns no patient concerns every screen. */
  #isIn({ request: { scope } }: Screen, patient: string | null): boolean {
    if (scope === undefined || patient === null) return true;
    if ('patient' in scope) return scope.patient === patient;
    return this.#ports.projection.registry.get('patient', patient)?.body.unit === scope.unit;
  }

  async #replay(screen: Screen, lastEventId: string, to: Position): Promise<void> {
    const { log, projection } = this.#ports;
    const { signal } = this.#stopping;
    const after = decodeCursor(lastEventId);
    const ports = { log, alerts: projection.alerts, signal };
    const found = after === undefined ? 'cursor' : await replay(after, to, ports).catch(() => 'too-old' as const);
    if (typeof found === 'string') screen.client.send('reset', JSON.stringify({ reason: found }));
    else for (const each of found) this.#sendAlert(screen, each, true);
    const held = screen.held ?? [];
    screen.held = undefined;
    for (const each of held) this.#sendAlert(screen, each, false);
  }

  #sendAlert(screen: Screen, { position, event }: Replayed, isReplay: boolean): void {
    if (!this.#isIn(screen, event.alert.patient)) return;
    screen.client.send('alert', this.#alertData(event, isReplay), encodeCursor(position));
  }

  #alertData(event: AlertEvent, isReplay: boolean): string {
    const alert = alertView(this.#ports.projection, event.alert);
    return JSON.stringify({ event: alertEventView(event), replay: isReplay, alert });
  }

  alert(position: Position, event: AlertEvent): void {
    if (this.#screens.size === 0) return;
    const data = this.#alertData(event, false);
    for (const screen of this.#screens) {
      if (!this.#isIn(screen, event.alert.patient)) continue;
      if (!screen.held) screen.client.send('alert', data, encodeCursor(position));
      else if (screen.held.push({ position, event }) > streamEventsMax) screen.client.end('slow');
    }
  }

  patient(id: string): void {
    this.#dirty.add(id);
  }

  wave(patient: string, lead: Lead): void {
    for (const screen of this.#screens)
      if (screen.request.leads.some((asked) => asked.patient === patient && asked.lead === lead))
        this.#sendWave(screen, patient, lead);
  }

  #sendWave(screen: Screen, patient: string, lead: Lead): void {
    const held = this.#ports.projection.waves.get(patient, lead);
    const block = held && blockOf(held.bytes);
    if (!block || screen.client.isBlocked) return;
    const key = `${patient}/${lead}`;
    const view = waveformView(block, held.device, screen.blocks.get(key));
    screen.blocks.set(key, block);
    screen.client.offer('w', JSON.stringify({ patient, ...view }));
  }

  #tellSystem(): void {
    if (this.#screens.size === 0) return;
    const data = JSON.stringify(this.#ports.system.view);
    for (const { client } of this.#screens) client.send('system', data);
    // Every patient's state follows from it.
    for (const { body } of this.#ports.projection.admitted) this.#dirty.add(body.id);
  }

  /** Each second: the heartbeat, then the tiles that changed. */
  async #beat(): Promise<void> {
    const { clock } = this.#ports;
    const { signal } = this.#stopping;
    let due = clock.mono();
    while (!signal.aborted) {
      due = Math.max(due + heartbeatEveryMs, clock.mono());
      await clock.sleep(due - clock.mono(), signal).catch(() => {});
      if (!signal.aborted) this.#second();
    }
  }

  #second(): void {
    const { clock, projection } = this.#ports;
    if (clock.mono() - this.#allAt >= tileAtLeastEveryMs) {
      this.#allAt = clock.mono();
      for (const { body } of projection.admitted) this.#dirty.add(body.id);
    }
    const dirty = this.#dirty;
    this.#dirty = new Set();
    this.#tiles.clear();
    for (const screen of this.#screens) {
      this.#checkRights(screen);
      screen.client.look();
      this.#beatOne(screen);
      for (const patient of dirty) screen.backlog.add(patient);
      this.#sendTiles(screen);
    }
  }

  /** A patient's tile as it is sent, made once a second for all screens; null for who is not in. */
  #tileOf(patient: string): string | null {
    const known = this.#tiles.get(patient);
    if (known !== undefined) return known;
    const { projection } = this.#ports;
    const made = this.#isAdmitted(patient) ? JSON.stringify(tileView(projection, patient) satisfies TileView) : null;
    this.#tiles.set(patient, made);
    return made;
  }

  #isAdmitted(patient: string): boolean {
    return this.#ports.projection.registry.get('patient', patient)?.body.state === 'admitted';
  }

  /** Sends what changed, as long as the client takes it. */
  #sendTiles(screen: Screen): void {
    const { client, backlog, shown } = screen;
    let isGone = false;
    for (const patient of backlog) {
      if (client.isBlocked) break;
      backlog.delete(patient);
      const data = this.#isIn(screen, patient) ? this.#tileOf(patient) : null;
      if (data !== null) {
        shown.add(patient);
        client.offer('tile', data);
      } else if (shown.delete(patient)) isGone = true;
    }
    // Whoever left has no tile any more: only a new snapshot takes the old one away.
    if (isGone) client.send('reset', JSON.stringify({ reason: 'patients' }));
  }

  #beatOne({ client }: Screen): void {
    const { projection } = this.#ports;
    const now = projection.time.now();
    const { newestUtc } = projection.engine;
    client.offer(
      'hb',
      JSON.stringify({
        serverTs: toInstant(now),
        engineTs: newestUtc === undefined ? null : toInstant(newestUtc),
        seq: client.sent + 1,
        nextBy: toInstant(now + heartbeatNextByMs),
      }),
    );
  }

  #checkRights(screen: Screen): void {
    const now = this.#ports.clock.mono();
    if (now - screen.rightsAt < streamRightsEveryMs && screen.request.ended() !== 'signed-out') return;
    screen.rightsAt = now;
    const reason = screen.request.ended();
    if (reason) screen.client.end(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const screen of this.#screens) screen.client.end('shutdown');
    this.#stopping.abort(new Error('the stream is stopping'));
    this.#listening[Symbol.dispose]();
    await this.#beating;
  }
}
