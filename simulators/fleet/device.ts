// One device of a fleet. A reading is made, written to the journal, and only then may its bytes leave; until it is
// acknowledged it is sent again on every new connection, oldest first.
import {
  beatEveryMs,
  type Clock,
  crc32c,
  dataTopic,
  heartbeatTopic,
  type Random,
  statusTopic,
} from '../../contract/index.ts';
import { heartbeatPayload, readingsPayload, statusPayload } from '../messages.ts';
import { pseudoRandom } from '../random.ts';
import type { Truth } from '../truth.ts';
import type { FleetConfig } from './config.ts';
import { type Connection, openConnection } from './connection.ts';
import type { Journal } from './journal.ts';
import { fleetReading } from './payload.ts';

/** What all devices of a fleet share. */
export interface FleetParts {
  readonly config: FleetConfig;
  readonly ca: string | undefined;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly truth: Truth;
  readonly counts: FleetCounts;
  /** The journal cannot be written: nothing may be sent any more. */
  readonly onFailure: (error: unknown) => void;
}

export interface FleetCounts {
  made: number;
  sent: number;
  duplicated: number;
  acknowledged: number;
  connections: number;
  refused: number;
  /** PUBACKs out of order; any is a fault of the broker. */
  disordered: number;
}

interface Unacknowledged {
  readonly seq: number;
  readonly bytes: Uint8Array;
  /** Publishes of it on the connection that is up; 0: it has to be sent. */
  flying: number;
}

/** Readings that a paced device keeps at most while it cannot send; beyond, it pauses. */
const keptMax = 10_000;

export class FleetDevice {
  readonly #parts: FleetParts;
  readonly #device: FleetConfig['devices'][number];
  readonly #random: Random;
  readonly #topic: string;
  readonly #kept = new Map<number, Unacknowledged>();
  #connection: Connection | undefined;
  #up = false;
  #connections = 0;
  #order = 0;
  #seq = 0;
  #journaling = 0;
  #takenAt = 0;
  #beat = 0;
  #held: Unacknowledged | undefined;
  #making = true;
  #roomMade: (() => void) | undefined;

  constructor(parts: FleetParts, device: FleetConfig['devices'][number], random: Random) {
    this.#parts = parts;
    this.#device = device;
    this.#random = random;
    this.#topic = dataTopic(parts.config.realm, device.id, device.id, 'readings');
  }

  /** True when it has made all it should and has been rid of it. */
  get settled(): boolean {
    return !this.#making && this.#journaling === 0 && this.#kept.size === 0;
  }

  /** Makes readings and keeps connecting until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.stopMaking(), { once: true });
    await Promise.all([this.#connect(signal), this.#make(signal), this.#beats(signal)]);
    this.#connection?.end('politely');
  }

  /** No new readings; what is made is still sent. */
  stopMaking(): void {
    this.#making = false;
    this.#roomMade?.();
    this.#pump();
  }

  async #connect(signal: AbortSignal): Promise<void> {
    const { config, clock } = this.#parts;
    while (!signal.aborted) {
      await this.#connected(signal);
      const { least, most } = config.reconnectMs;
      await clock.sleep(least + this.#random.next() * (most - least), signal).catch(() => {});
    }
  }

  /** One connection, until it ends. */
  #connected(signal: AbortSignal): Promise<void> {
    const { config, ca, counts } = this.#parts;
    const { id, token } = this.#device;
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => connection.end('politely');
    const connection = openConnection({
      ...config.broker,
      ca,
      clientId: id,
      token,
      will: {
        topic: statusTopic(config.realm, id),
        payload: statusPayload({ v: 1, state: 'lost', boot: config.boot }),
      },
      onUp: () => this.#begin(),
      onEnd: (_why, code) => {
        signal.removeEventListener('abort', end);
        if (code !== undefined) counts.refused++;
        counts.disordered += connection.disordered;
        this.#up = false;
        this.#connection = undefined;
        this.#held = undefined;
        for (const reading of this.#kept.values()) reading.flying = 0;
        resolve();
      },
    });
    signal.addEventListener('abort', end, { once: true });
    this.#connection = connection;
    return promise;
  }

  #begin(): void {
    const { config, clock, counts } = this.#parts;
    this.#up = true;
    this.#connections++;
    this.#order = 0;
    counts.connections++;
    const ready = { v: 1, state: 'ready', boot: config.boot, at: clock.wall(), version: 'fleet' } as const;
    this.#connection?.publish(statusTopic(config.realm, this.#device.id), statusPayload(ready), () => {});
    this.#sendBeat();
    this.#pump();
  }

  async #beats(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#parts.clock.sleep(beatEveryMs, signal).catch(() => {});
      if (!signal.aborted) this.#sendBeat();
    }
  }

  #sendBeat(): void {
    const { config, clock } = this.#parts;
    if (!config.beats || !this.#up) return;
    const payload = heartbeatPayload({
      boot: config.boot,
      beat: ++this.#beat,
      at: clock.wall(),
      previous: null,
      device: this.#device.id,
      lastDataAt: this.#takenAt || null,
      waiting: { records: this.#kept.size, bytes: 0, oldestAt: null },
      thinned: 0,
    });
    this.#connection?.publish(heartbeatTopic(config.realm, this.#device.id), payload, () => {});
  }

  async #make(signal: AbortSignal): Promise<void> {
    const { config, clock } = this.#parts;
    const start = clock.mono() + this.#random.next() * config.everyMs;
    for (let n = 0; this.#making; n++) {
      if (config.everyMs > 0) await clock.sleep(start + n * config.everyMs - clock.mono(), signal).catch(() => {});
      else await this.#room();
      if (!this.#making) return;
      if (this.#kept.size + this.#journaling < keptMax) this.#makeOne();
      if (this.#seq === config.readingsPerDevice) this.stopMaking();
    }
  }

  /** Waits until the window has a place, for a device that is as fast as it allows. */
  async #room(): Promise<void> {
    const { window } = this.#parts.config;
    // One held back needs another to follow it.
    const full = () => this.#kept.size + this.#journaling - (this.#held ? 1 : 0) >= window;
    while (this.#making && full()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#roomMade = resolve;
      await promise;
    }
  }

  #makeOne(): void {
    const { config, clock, journal, truth, counts, onFailure } = this.#parts;
    const { id: device, token, patient } = this.#device;
    const { seed, boot, episodes } = config;
    const seq = ++this.#seq;
    const takenAt = Math.max(this.#takenAt + 1, Math.floor(clock.wall()));
    this.#takenAt = takenAt;
    const reading = fleetReading({ seed, episodes, device, boot, seq, takenAt });
    const bytes = readingsPayload([reading]);
    truth.observe({ name: device, device, token, patient }, reading);
    counts.made++;
    this.#journaling++;
    journal.sent({ device, boot, seq, takenAt, crc: crc32c(bytes) }).then(() => {
      this.#journaling--;
      this.#kept.set(seq, { seq, bytes, flying: 0 });
      this.#pump();
    }, onFailure);
  }

  #pump(): void {
    const { window } = this.#parts.config;
    for (const reading of this.#kept.values()) {
      if (!this.#up || (this.#connection?.inFlight ?? window) >= window) return;
      if (reading.flying > 0 || reading === this.#held) continue;
      if (this.#making && !this.#held && this.#happens('reorder', reading.seq)) {
        this.#held = reading;
        this.#roomMade?.();
        continue;
      }
      this.#send(reading);
      this.#release();
    }
    if (this.#up && !this.#making) this.#release();
  }

  #release(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held && held.flying === 0) this.#send(held);
  }

  #send(reading: Unacknowledged): void {
    const { counts } = this.#parts;
    counts.sent++;
    this.#publish(reading);
    const full = (this.#connection?.inFlight ?? 0) >= this.#parts.config.window;
    if (full || !this.#happens('duplicate', reading.seq)) return;
    counts.duplicated++;
    this.#publish(reading);
  }

  #publish(reading: Unacknowledged): void {
    reading.flying++;
    this.#connection?.publish(this.#topic, reading.bytes, () => this.#acknowledged(reading));
  }

  #acknowledged({ seq }: Unacknowledged): void {
    const { journal, counts, config } = this.#parts;
    const order = ++this.#order;
    if (this.#kept.delete(seq)) {
      counts.acknowledged++;
      journal.acked({ device: this.#device.id, boot: config.boot, seq, connection: this.#connections, order });
    }
    this.#roomMade?.();
    this.#pump();
  }

  /** Chance that a reading decides, so that a repeated run does the same. */
  #happens(what: 'duplicate' | 'reorder', seq: number): boolean {
    const { seed, duplicates, reorder, boot } = this.#parts.config;
    const share = what === 'duplicate' ? duplicates : reorder;
    return share > 0 && pseudoRandom(seed, this.#device.id, boot, seq, what) / 2 ** 32 < share;
  }
}
