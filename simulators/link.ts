// One device's MQTT connection, as `reliability.md` 2.5 wants it: mqtt.js is a transport, not a store. It publishes only
// while connected, keeps nothing over a reconnect, and every attempt is a new client, so that none of its queues outlives
// a connection.
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { Clock, Random } from '../contract/index.ts';
import { goodbyeWithinMs, reconnectMs, steadyAfterMs } from './limits.ts';

/** Where the broker is, and whose certificates to believe. */
export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
  /** Name that its certificate has to carry. */
  readonly servername: string;
  /** PEM of the authority that signed it. */
  readonly ca: string;
}

export interface LinkOptions {
  /** Asked before each attempt: a restarted system may listen elsewhere. */
  readonly broker: () => Promise<BrokerAddress>;
  readonly clientId: string;
  readonly token: string;
  readonly will: { readonly topic: string; readonly payload: Uint8Array };
  readonly clock: Clock;
  readonly random: Random;
  readonly onUp: () => void;
  readonly onDown: (why: string) => void;
  /** The broker does not know us, or not like this: no use in trying again (`interfaces.md` 3.5). */
  readonly onRefused: (why: string) => void;
}

export interface Link extends AsyncDisposable {
  readonly up: boolean;
  /** Why the last attempt ended; undefined: none has. */
  readonly lastFailure: string | undefined;
  /** Sends with QoS 1; `acknowledged` is called once, after the PUBACK, and never if the link goes before. */
  publish(topic: string, payload: Uint8Array, acknowledged: () => void): void;
  /** Closes the connection without a word; the link makes a new one. */
  reset(why: string): void;
  /** Ends for good: with DISCONNECT, or as if the power had gone. */
  end(how: 'politely' | 'at once'): Promise<void>;
}

/** CONNACK 3: the log is down, try again; the other codes want a person. */
const retriedCode = 3;

/** Starts connecting, and goes on until `end`. */
export function startLink(options: LinkOptions): Link {
  const ending = new AbortController();
  let client: MqttClient | undefined;
  let up = false;
  let lastFailure: string | undefined;

  const running = run();

  async function run(): Promise<void> {
    for (let failures = 0; !ending.signal.aborted; failures++) {
      const startedAt = options.clock.mono();
      const outcome = await attempt();
      if (ending.signal.aborted) return;
      lastFailure = outcome.why;
      if (outcome.refused) return options.onRefused(outcome.why);
      if (options.clock.mono() - startedAt > steadyAfterMs) failures = 0;
      const longest = Math.min(reconnectMs.most, 2 * reconnectMs.least * 2 ** failures);
      const waitMs = reconnectMs.least + options.random.next() * (longest - reconnectMs.least);
      await options.clock.sleep(waitMs, ending.signal).catch(() => {});
    }
  }

  /** One connection, from its start to its end. */
  async function attempt(): Promise<{ readonly why: string; readonly refused: boolean }> {
    let broker: BrokerAddress;
    try {
      broker = await options.broker();
    } catch (error) {
      return { why: (error as Error).message, refused: false };
    }
    if (ending.signal.aborted) return { why: 'ended', refused: false };
    const current = connect(clientOptions(options, broker));
    client = current;
    return await new Promise((resolve) => {
      let why = 'closed';
      let refused = false;
      current.on('connect', () => {
        up = true;
        options.onUp();
      });
      current.on('error', (error) => {
        why = error.message;
        const code = 'code' in error ? error.code : undefined;
        refused = typeof code === 'number' && code >= 1 && code <= 5 && code !== retriedCode;
        current.end(true);
      });
      current.on('close', () => {
        if (client === current) client = undefined;
        const wasUp = up;
        up = false;
        if (wasUp) options.onDown(why);
        // Also stops mqtt.js's own timers; what it still holds is ours to send again.
        current.end(true);
        resolve({ why, refused });
      });
      current.connect();
    });
  }

  return {
    get up() {
      return up;
    },
    get lastFailure() {
      return lastFailure;
    },
    publish(topic, payload, acknowledged) {
      if (!client || !up) return;
      const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
      client.publish(topic, bytes, { qos: 1, retain: false }, (error) => {
        if (!error) acknowledged();
      });
    },
    reset: (why) => {
      client?.stream.destroy(new Error(why));
    },
    async end(how) {
      ending.abort();
      const current = client;
      if (current && how === 'politely') {
        // mqtt.js says DISCONNECT once everything is acknowledged, and would wait for that for ever.
        const said = new Promise<void>((resolve) => current.end(false, {}, () => resolve()));
        await Promise.race([said, options.clock.sleep(goodbyeWithinMs)]);
      }
      current?.stream?.destroy();
      await running;
    },
    async [Symbol.asyncDispose]() {
      await this.end('at once');
    },
  };
}

function clientOptions({ clientId, token, will }: LinkOptions, broker: BrokerAddress): IClientOptions {
  return {
    protocol: 'mqtts',
    host: broker.host,
    port: broker.port,
    servername: broker.servername,
    ca: broker.ca,
    rejectUnauthorized: true,
    clientId,
    username: clientId,
    password: token,
    protocolVersion: 4,
    clean: true,
    keepalive: 30,
    connectTimeout: 10_000,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    manualConnect: true,
    will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: false },
  };
}
