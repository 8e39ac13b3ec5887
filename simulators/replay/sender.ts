// One device of a recording on its MQTT connection: it beats, keeps what is not acknowledged, and sends it again with the
// same bytes. What it says is written elsewhere.
import {
  beatEveryMs,
  type Clock,
  dataTopic,
  type Heartbeat,
  heartbeatTopic,
  type Random,
  type Realm,
  statusTopic,
} from '../../contract/index.ts';
import type { Report } from '../kit.ts';
import {
  acknowledgeWithinMs,
  goodbyeWithinMs,
  lateWindowMessages,
  outboxMessagesMax,
  windowMessages,
} from '../limits.ts';
import { type BrokerAddress, type Link, startLink } from '../link.ts';
import { heartbeatPayload, statusPayload } from '../messages.ts';
import { type Message, Outbox } from '../outbox.ts';

export interface SenderOptions {
  readonly name: string;
  readonly device: string;
  readonly token: string;
  readonly boot: number;
  readonly realm: Realm;
  readonly version: string;
  readonly broker: () => Promise<BrokerAddress>;
  readonly clock: Clock;
  readonly random: Random;
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
  /** True while there is room for another second of a recording. */
  readonly hasRoom: boolean;
  send(message: Message): void;
  /** Beats if it is time, and closes a connection that does not answer; called each second. */
  tick(): void;
  stop(why: string): Promise<void>;
}

export function startSender(options: SenderOptions): Sender {
  return new RunningSender(options);
}

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
  acknowledged = 0;
  refused: string | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
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

  send(message: Message): void {
    this.#outbox.add(message);
    if (message.kind !== 'state') this.#lastDataAt = message.at;
    this.#pump();
  }

  tick(): void {
    const mono = this.#options.clock.mono();
    const [oldest] = this.#inFlight.values();
    if (oldest !== undefined && mono - oldest > acknowledgeWithinMs)
      this.#link.reset(`no acknowledgement for ${acknowledgeWithinMs / 1_000} s`);
    // A tick may come a little before its second is over.
    if (mono - this.#beatMono >= beatEveryMs - 300) this.#sendBeat(mono);
    this.#pump();
  }

  async stop(why: string): Promise<void> {
    const { clock, boot } = this.#options;
    this.#sendStatus({ v: 1, state: 'stopped', boot, at: clock.wall(), why });
    const until = clock.mono() + goodbyeWithinMs;
    while (this.#link.up && this.#inFlight.size > 0 && clock.mono() < until) await clock.sleep(20);
    await this.#link.end('politely');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#link.end('at once');
  }

  #up(): void {
    const { name, boot, clock, version, report } = this.#options;
    report('progress', `${name}: connected`);
    this.#forgetSent();
    this.#sendStatus({ v: 1, state: 'ready', boot, at: clock.wall(), version });
    this.#sendBeat(clock.mono());
    this.#pump();
  }

  #sendStatus(status: Parameters<typeof statusPayload>[0]): void {
    this.#publish(statusTopic(this.#options.realm, this.#options.device), statusPayload(status), () => {});
  }

  /** A beat is sent now or never, one at a time. */
  #sendBeat(mono: number): void {
    if (!this.#link.up || this.#beatInFlight) return;
    this.#beatMono = mono;
    this.#beatInFlight = true;
    const beat = ++this.#beat;
    const { realm, device, boot, clock } = this.#options;
    const bytes = heartbeatPayload({
      ...{ boot, beat, device, previous: this.#previousBeat, lastDataAt: this.#lastDataAt, thinned: 0 },
      at: clock.wall(),
      waiting: { records: this.#outbox.size, bytes: this.#outbox.bytes, oldestAt: this.#outbox.oldestAt },
    });
    this.#publish(heartbeatTopic(realm, device), bytes, () => {
      this.#beatInFlight = false;
      this.#previousBeat = { beat, rttMs: Math.round(clock.mono() - mono) };
    });
  }

  #pump(): void {
    const { realm, device, clock } = this.#options;
    while (this.#link.up && this.#inFlight.size < windowMessages) {
      const due = this.#outbox.next(clock.wall());
      if (!due) return;
      const { message, lane } = due;
      this.#publish(dataTopic(realm, device, device, message.kind, lane), message.bytes, () => {
        this.#outbox.acknowledge(message);
        this.acknowledged++;
        this.#pump();
      });
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
