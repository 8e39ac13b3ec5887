// The broker: Aedes behind the gate, as `reliability.md` 2.1 wants it. Class C.
// Invariants: a PUBACK leaves only when `authorizePublish` has called back without an error, and that calls back only when
// the message is durable; every hook calls back exactly once and none throws; nothing is delivered to anybody, so there is
// no subscriber that could stop reading, no retained message and no session. On failure: the connection is closed, and the
// sender sends again.
import { Aedes, type AuthenticateError, type Client } from 'aedes';
import type { Clock, Device } from '../../contract/index.ts';
import type { Announcer } from '../announcer.ts';
import type { Done } from '../batcher.ts';
import type { Counters } from '../counters.ts';
import { IngestError } from '../errors.ts';
import { connectWithinMs, keepaliveSecondsMax, willBytesMax } from '../limits.ts';
import type { CheckedIngestOptions } from '../options.ts';
import { CONNACK } from './connect-frame.ts';
import type { FrameGate } from './frame-gate.ts';
import { type Listener, openListener } from './listener.ts';
import { isTokenOf } from './login.ts';
import { Takeovers } from './takeovers.ts';

/** What the broker asks about senders of type `S`, and where it takes their messages. */
export interface BrokerPorts<S extends { readonly id: string }> {
  readonly clock: Clock;
  readonly counters: Counters;
  readonly announcer: Announcer;
  device(id: string): Device | undefined;
  /** Has `registry` read to its end. */
  catchUp(): Promise<void>;
  readonly isLogDown: boolean;
  newSender(id: string): S;
  publish(sender: S, topic: string, payload: Uint8Array, done: Done): void;
  /** True if a last will may name this topic. */
  mayWill(id: string, topic: string): boolean;
  will(sender: S, topic: string): void;
}

export interface Broker extends AsyncDisposable {
  readonly port: number;
  readonly connections: number;
  readonly unauthenticated: number;
  readonly online: number;
  setOpen(isOpen: boolean): void;
  stopListening(): void;
  /** Closes the connection of a sender that may not speak any more. */
  disconnect(id: string): void;
}

/** Aedes publishes to its subscribers and to itself what was acknowledged. Here there are none: the log has it. */
class SilentAedes extends Aedes {
  override publish(_packet: unknown, ...rest: unknown[]): void {
    const done = rest.at(-1);
    if (typeof done === 'function') done();
  }
}

/** Opens the port with the broker behind it. */
export async function openBroker<S extends { readonly id: string }>(
  options: CheckedIngestOptions,
  ports: BrokerPorts<S>,
): Promise<Broker> {
  const hooks = new Hooks(ports);
  const aedes = new SilentAedes({
    concurrency: 0,
    drainTimeout: 5_000,
    // The gate closes before, TLS counted in; this is for what would get past it.
    connectTimeout: 2 * connectWithinMs,
    keepaliveLimit: keepaliveSecondsMax,
    queueLimit: 8,
    maxTopicLevels: 8,
    maxInflightInbound: 1,
    ...hooks.all(),
  });
  hooks.watch(aedes);
  await aedes.listen();
  let listener: Listener;
  try {
    listener = await openListener(options, {
      clock: ports.clock,
      counters: ports.counters,
      onGate: (gate) => void aedes.handle(gate),
    });
  } catch (error) {
    await closed(aedes);
    throw error;
  }
  return {
    get port() {
      return listener.port;
    },
    get connections() {
      return listener.connections;
    },
    get unauthenticated() {
      return listener.unauthenticated;
    },
    get online() {
      return hooks.online.size;
    },
    setOpen: (isOpen) => listener.setOpen(isOpen),
    stopListening: () => listener.stopListening(),
    disconnect: (id) => hooks.online.get(id)?.close(),
    async [Symbol.asyncDispose]() {
      listener.stopListening();
      await listener.finish();
      await closed(aedes);
      await listener[Symbol.asyncDispose]();
    },
  };
}

function closed(aedes: Aedes): Promise<void> {
  return new Promise((resolve) => aedes.close(() => resolve()));
}

type Callback<A extends unknown[]> = (...args: A) => void;

class Hooks<S extends { readonly id: string }> {
  readonly online = new Map<string, Client>();
  readonly #ports: BrokerPorts<S>;
  readonly #senders = new WeakMap<Client, S>();
  readonly #takeovers = new Takeovers();

  constructor(ports: BrokerPorts<S>) {
    this.#ports = ports;
  }

  /** Every hook, none of which can throw into Aedes: that would end the process. */
  all() {
    return {
      preConnect: (client: Client, packet: Connect, done: Callback<[Error | null, boolean]>) =>
        this.#safely(
          () => this.#preConnect(client, packet, done),
          (error) => done(error, false),
        ),
      authenticate: (
        client: Client,
        username: string | undefined,
        password: Buffer | undefined,
        done: Callback<[AuthenticateError | null, boolean | null]>,
      ) => void this.#authenticate(client, username, password, done).catch(() => this.#threw(client)),
      authorizePublish: (client: Client | null, packet: Publish, done: Callback<[(Error | null)?]>) =>
        this.#safely(() => this.#authorizePublish(client, packet, done), done),
      // Null: SUBACK 0x80.
      authorizeSubscribe: (_client: Client, _filter: unknown, done: Callback<[null, null]>) => {
        this.#ports.counters.add('subscribe-refused');
        done(null, null);
      },
      authorizeForward: () => null,
    };
  }

  /** Errors of connections are counted; unheard, they would end the process. */
  watch(aedes: Aedes): void {
    const { counters, announcer } = this.#ports;
    aedes.on('clientError', () => counters.add('client-errors'));
    aedes.on('connectionError', () => counters.add('connection-errors'));
    aedes.on('keepaliveTimeout', () => counters.add('closed-keepalive'));
    (aedes as NodeJS.EventEmitter).on('error', () => {
      counters.add('broker-errors');
      announcer.say('error', 'broker', 'the broker reports an error of its own');
    });
    aedes.on('client', (client) => this.online.set(client.id, client));
    aedes.on('clientDisconnect', (client) => {
      if (this.online.get(client.id) === client) this.online.delete(client.id);
    });
  }

  #safely(act: () => void, fail: (error: Error) => void): void {
    try {
      act();
    } catch (error) {
      this.#ports.counters.add('hook-threw');
      this.#ports.announcer.say('error', 'hook', `a hook of the broker threw (${(error as Error).name})`);
      fail(error as Error);
    }
  }

  /** Our own mistake in a hook that has no caller to catch it: that connection ends, the others go on. */
  #threw(client: Client): void {
    this.#ports.counters.add('hook-threw');
    this.#ports.announcer.say('error', 'hook', 'a hook of the broker threw');
    client.conn.destroy();
  }

  /** What a client asks for that no identity may have. Aedes closes without an answer; the gate gives it. */
  #preConnect(client: Client, packet: Connect, done: Callback<[Error | null, boolean]>): void {
    const gate = client.conn as FrameGate;
    const { will } = packet;
    const isGoodWill =
      !will ||
      ((will.qos ?? 0) <= 1 &&
        !will.retain &&
        will.payload.length <= willBytesMax &&
        this.#ports.mayWill(packet.clientId, will.topic));
    if (packet.clean && isGoodWill) {
      done(null, true);
      return;
    }
    this.#ports.counters.add(packet.clean ? 'forbidden-will' : 'forbidden-session');
    this.#security(
      packet.clientId,
      packet.clean ? 'asked for a will that is not its status' : 'asked for a lasting session',
    );
    gate.refuse(CONNACK.notAuthorized, 'connect-forbidden');
    done(null, false);
  }

  async #authenticate(
    client: Client,
    username: string | undefined,
    password: Buffer | undefined,
    done: Callback<[AuthenticateError | null, boolean | null]>,
  ): Promise<void> {
    const code = await this.#login(client, username, password);
    if (code === CONNACK.accepted) done(null, true);
    else done(refused(code), null);
  }

  /** The code of CONNACK. */
  async #login(client: Client, username: string | undefined, password: Buffer | undefined): Promise<number> {
    const { counters } = this.#ports;
    const { id } = client;
    if (this.#ports.isLogDown) {
      counters.add('refused-log-down');
      return CONNACK.unavailable;
    }
    try {
      if (username !== id || !(await this.#isProven(id, password))) {
        counters.add('login-refused');
        this.#security(id, 'is not known, or not with this token');
        return CONNACK.notAuthorized;
      }
    } catch {
      // The registry cannot be read: that is our trouble, not the sender's.
      counters.add('registry-unavailable');
      return CONNACK.unavailable;
    }
    this.#noteTakeover(id);
    this.#senders.set(client, this.#ports.newSender(id));
    counters.add('logins');
    return CONNACK.accepted;
  }

  #noteTakeover(id: string): void {
    if (!this.online.has(id)) return;
    this.#ports.counters.add('takeovers');
    if (!this.#takeovers.note(id, this.#ports.clock.mono())) return;
    this.#ports.counters.add('security-takeovers');
    this.#security(id, 'is taken over again and again: two devices may share its identity');
  }

  /** A device registered a moment ago may not have been read yet. */
  async #isProven(id: string, token: Buffer | undefined): Promise<boolean> {
    if (isTokenOf(this.#ports.device(id), token)) return true;
    await this.#ports.catchUp();
    return isTokenOf(this.#ports.device(id), token);
  }

  #authorizePublish(client: Client | null, packet: Publish, done: Callback<[(Error | null)?]>): void {
    const sender = client && this.#senders.get(client);
    if (!sender) {
      done(forbidden('nobody'));
      return;
    }
    if (packet.cmd !== 'publish') {
      this.#ports.will(sender, packet.topic);
      // A hint, counted; an error only keeps Aedes from going on with it.
      done(forbidden('a last will goes no further'));
      return;
    }
    if (packet.qos !== 1 || packet.retain) {
      const what = packet.retain ? 'retain' : `qos-${packet.qos}`;
      this.#ports.counters.add(`forbidden-${what}`);
      this.#security(sender.id, `published with ${what}`);
      done(forbidden(what));
      return;
    }
    const { payload } = packet;
    this.#ports.publish(sender, packet.topic, typeof payload === 'string' ? Buffer.from(payload) : payload, done);
  }

  #security(id: string, what: string): void {
    this.#ports.counters.add('security');
    this.#ports.announcer.say('warning', `security ${what}`, `${id} ${what}; closed`);
  }
}

interface Connect {
  readonly clientId: string;
  readonly clean?: boolean | undefined;
  readonly will?:
    | {
        readonly topic: string;
        readonly payload: Buffer | string;
        readonly qos?: number | undefined;
        readonly retain?: boolean | undefined;
      }
    | undefined;
}

interface Publish {
  /** Null for a last will. */
  readonly cmd?: string | null;
  readonly topic: string;
  readonly payload: Buffer | string;
  readonly qos: number;
  readonly retain: boolean;
}

function refused(returnCode: number): AuthenticateError {
  return Object.assign(new Error('refused'), { returnCode });
}

function forbidden(what: string): IngestError {
  return new IngestError(what, { code: 'INGEST_FORBIDDEN' });
}
