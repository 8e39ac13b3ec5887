// A simulated device on its MQTT connection: it beats, keeps what is not acknowledged, and sends it again with the same
// bytes. What it measures and says is written elsewhere.
import {
  beatEveryMs,
  type Clock,
  dataTopic,
  type Heartbeat,
  heartbeatTopic,
  type Random,
  type Realm,
  statusTopic,
} from '../contract/index.ts';
import {
  acknowledgeWithinMs,
  goodbyeWithinMs,
  lateWindowMessages,
  outboxMessagesMax,
  windowMessages,
} from './limits.ts';
import { type BrokerAddress, type Link, startLink } from './link.ts';
import { heartbeatPayload, statusPayload } from './messages.ts';
import { type Message, Outbox } from './outbox.ts';

/** One line for a person: how it goes, or what is wrong. */
export type Report = (level: 'progress' | 'problem', line: string) => void;

export interface SenderOptions {
  readonly name: string;
  readonly device: string;
  readonly token: string;
  readonly boot: number;
  readonly realm: Realm;
  readonly version: string;
  readonly broker: () => Promise<BrokerAddress>;
  readonly clock: Clock;
  /** The device's own clock, UTC; default: the true one. */
  readonly now?: () => number;
  readonly random: Random;
  /** Share of messages that are sent twice; default 0. */
  readonly duplicates?: number;
  /** What the broker says when it does not let the device in, for good. */
  readonly onRefused?: (why: string) => void;
  readonly report: Report;
}

export interface Sender extends AsyncDisposable {
  readonly connected: boolean;
  /** Why the broker does not let it in, for good. */
  readonly refused: string | undefined;
  readonly lastFailure: string | undefined;
  /** Messages not yet acknowledged. */
  readonly waiting: number;
  readonly acknowledged: number;
  /** Monotonic clock at the newest acknowledgement. */
  readonly acknowledgedMono: number;
  /** True while the outbox is less than half full. */
  readonly hasRoom: boolean;
  /** Keeps a message until it is acknowledged; gives what a full outbox let go for it. */
  send(message: Message): Message | undefined;
  /** Beats if it is time, and closes a connection that does not answer; called each second. */
  tick(): void;
  /** Says why, then disconnects. */
  stop(why: string): Promise<void>;
  /** Not a word more. */
  [Symbol.asyncDispose](): Promise<void>;
}

export function startSender(options: SenderOptions): Sender {
  return new RunningSender(options);
}

/** A beat may come so much before its time: the seconds that drive it are not exact. */
const beatToleranceMs = 300;

class RunningSender implements Sender {
  readonly #options: SenderOptions;
  readonly #link: Link;
  readonly #outbox = new Outbox({ messagesMax: outboxMessagesMax, lateInFlightMax: lateWindowMessages });
  /** When each unacknowledged publish of this connection left, oldest first. */
  #inFlight = new Map<number, number>();
  #publishes = 0;
  #beat = 0;
  #beatMono = Number.NEGATIVE_INFINITY;
  #beatInFlight = false;
  #previousBeat: Heartbeat['previous'] = null;
  #lastDataAt: number | null = null;
  #thinned = 0;
  acknowledged = 0;
  acknowledgedMono: number;
  refused: string | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.acknowledgedMono = options.clock.mono();
    const { device, token, boot, realm, clock, random, name, report } = options;
    this.#link = startLink({
      ...{ broker: options.broker, clientId: device, token, clock, random },
      will: { topic: statusTopic(realm, device), payload: statusPayload({ v: 1, state: 'lost', boot }) },
      onUp: () => this.#up(),
      onDown: (why) => {
        report('progress', `${name}: connection lost (${why})`);
        this.#forgetSent();
      },
      onRefused: (why) => {
        this.refused = why;
        options.onRefused?.(why);
      },
    });
  }

  get connected(): boolean {
    return this.#link.up;
  }

  get lastFailure(): string | undefined {
    return this.#link.lastFailure;
  }

  get waiting(): number {
    return this.#outbox.size;
  }

  get hasRoom(): boolean {
    return this.#outbox.size < outboxMessagesMax / 2;
  }

  send(message: Message): Message | undefined {
    const victim = this.#outbox.add(message);
    if (victim) this.#thinned++;
    if (message.kind === 'readings' || message.kind === 'waveform') this.#lastDataAt = message.at;
    this.#pump();
    return victim;
  }

  tick(): void {
    const mono = this.#options.clock.mono();
    const [oldest] = this.#inFlight.values();
    if (oldest !== undefined && mono - oldest > acknowledgeWithinMs)
      this.#link.reset(`no acknowledgement for ${acknowledgeWithinMs / 1_000} s`);
    if (mono - this.#beatMono >= beatEveryMs - beatToleranceMs) this.#sendBeat(mono);
    this.#pump();
  }

  async stop(why: string): Promise<void> {
    const { clock, boot } = this.#options;
    this.#sendStatus({ v: 1, state: 'stopped', boot, at: this.#now(), why });
    const until = clock.mono() + goodbyeWithinMs;
    while (this.#link.up && this.#inFlight.size > 0 && clock.mono() < until) await clock.sleep(20);
    await this.#link.end('politely');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#link.end('at once');
  }

  #now(): number {
    const { now, clock } = this.#options;
    return now ? now() : clock.wall();
  }

  #up(): void {
    const { name, boot, clock, version, report } = this.#options;
    report('progress', `${name}: connected`);
    this.#forgetSent();
    this.#sendStatus({ v: 1, state: 'ready', boot, at: this.#now(), version });
    this.#sendBeat(clock.mono());
    this.#pump();
  }

  #sendStatus(status: Parameters<typeof statusPayload>[0]): void {
    this.#publish(statusTopic(this.#options.realm, this.#options.device), statusPayload(status), () => {});
  }

  /** A beat is sent now or never; one at a time, so that a stuck link cannot fill the window with them. */
  #sendBeat(mono: number): void {
    if (!this.#link.up || this.#beatInFlight) return;
    this.#beatMono = mono;
    this.#beatInFlight = true;
    const beat = ++this.#beat;
    const { realm, device, boot, clock } = this.#options;
    const bytes = heartbeatPayload({
      ...{ boot, beat, device, previous: this.#previousBeat, lastDataAt: this.#lastDataAt },
      at: this.#now(),
      thinned: this.#thinned,
      waiting: { records: this.#outbox.size, bytes: this.#outbox.bytes, oldestAt: this.#outbox.oldestAt },
    });
    this.#publish(heartbeatTopic(realm, device), bytes, () => {
      this.#beatInFlight = false;
      this.#previousBeat = { beat, rttMs: Math.round(clock.mono() - mono) };
    });
  }

  #pump(): void {
    const { realm, device, clock, duplicates = 0, random } = this.#options;
    while (this.#link.up && this.#inFlight.size < windowMessages) {
      const due = this.#outbox.next(this.#now());
      if (!due) return;
      const { message, lane } = due;
      const topic = dataTopic(realm, device, device, message.kind, lane);
      this.#publish(topic, message.bytes, () => {
        this.#outbox.acknowledge(message);
        this.acknowledged++;
        this.acknowledgedMono = clock.mono();
        this.#pump();
      });
      const twice = duplicates > 0 && random.next() < duplicates;
      if (twice && this.#inFlight.size < windowMessages) this.#publish(topic, message.bytes, () => {});
    }
  }

  #publish(topic: string, bytes: Uint8Array, acknowledged: () => void): void {
    const connection = this.#inFlight;
    const publish = ++this.#publishes;
    connection.set(publish, this.#options.clock.mono());
    this.#link.publish(topic, bytes, () => {
      // An acknowledgement of a connection that is gone says nothing about what this one has sent.
      if (connection !== this.#inFlight) return;
      connection.delete(publish);
      acknowledged();
    });
  }

  #forgetSent(): void {
    this.#inFlight = new Map();
    this.#beatInFlight = false;
    this.#outbox.forgetSent();
  }
}
