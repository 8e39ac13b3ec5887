// MQTT 3.1.1 frames written and read by hand, for tests that must say exactly which bytes go and which come: a client
// library would correct the mistakes that they are about.
import { type TLSSocket, connect as tlsConnect } from 'node:tls';

const encoder = new TextEncoder();

/** A frame: its first byte, its length, its body. */
export function frame(first: number, ...body: readonly Uint8Array[]): Buffer {
  const length = body.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Uint8Array.of(first), lengthBytes(length), ...body]);
}

/** The variable length of a fixed header. */
export function lengthBytes(length: number): Uint8Array {
  const bytes: number[] = [];
  let rest = length;
  do {
    const digit = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? digit | 128 : digit);
  } while (rest > 0);
  return Uint8Array.from(bytes);
}

/** A string with its length before it. */
export function text(value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === 'string' ? encoder.encode(value) : value;
  return Uint8Array.of(bytes.length >> 8, bytes.length & 255, ...bytes);
}

export interface ConnectFields {
  readonly clientId: string;
  readonly password?: string;
  readonly username?: string;
  readonly level?: number;
  readonly clean?: boolean;
  readonly keepalive?: number;
  readonly will?: {
    readonly topic: string;
    readonly payload: string | Uint8Array;
    readonly qos?: number;
    readonly retain?: boolean;
  };
}

/** CONNECT as a token device sends it: user = client id, token as password. */
export function connectFrame(fields: ConnectFields): Buffer {
  const { clientId, password, username = clientId, level = 4, clean = true, keepalive = 30, will } = fields;
  const flags =
    (password === undefined ? 0 : 0xc0) |
    (will ? 4 | ((will.qos ?? 1) << 3) | (will.retain ? 0x20 : 0) : 0) |
    (clean ? 2 : 0);
  return frame(
    0x10,
    text('MQTT'),
    Uint8Array.of(level, flags, keepalive >> 8, keepalive & 255),
    text(clientId),
    ...(will ? [text(will.topic), text(will.payload)] : []),
    ...(password === undefined ? [] : [text(username), text(password)]),
  );
}

/** PUBLISH; without a packet id at QoS 0. */
export function publishFrame(
  topic: string,
  payload: string | Uint8Array,
  { id = 1, qos = 1, retain = false, dup = false }: { id?: number; qos?: number; retain?: boolean; dup?: boolean } = {},
): Buffer {
  const bytes = typeof payload === 'string' ? encoder.encode(payload) : payload;
  return frame(
    0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0),
    text(topic),
    ...(qos > 0 ? [Uint8Array.of(id >> 8, id & 255)] : []),
    bytes,
  );
}

export function subscribeFrame(filter: string, id = 1): Buffer {
  return frame(0x82, Uint8Array.of(id >> 8, id & 255), text(filter), Uint8Array.of(1));
}

export const pingFrame = frame(0xc0);
export const disconnectFrame = frame(0xe0);

export const FIRST = { connack: 0x20, puback: 0x40, suback: 0x90, pingresp: 0xd0 } as const;

/** A frame as it came. */
export interface Received {
  readonly first: number;
  readonly body: Buffer;
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  take(chunk: Uint8Array): Received[] {
    let rest = Buffer.concat([this.#rest, chunk]);
    const frames: Received[] = [];
    for (;;) {
      let length = 0;
      let at = 1;
      let shift = 0;
      let byte: number | undefined;
      do {
        byte = rest[at++];
        length += ((byte ?? 0) & 127) * 128 ** shift++;
      } while (byte !== undefined && byte > 127);
      if (byte === undefined || rest.length < at + length) break;
      frames.push({ first: rest[0] as number, body: rest.subarray(at, at + length) });
      rest = rest.subarray(at + length);
    }
    this.#rest = rest;
    return frames;
  }
}

export interface RawMqttOptions {
  readonly port: number;
  readonly ca: string;
  /** Longest wait for anything that a test waits for. */
  readonly deadlineMs?: number;
}

/** A TLS connection to a broker on which a test writes frames, or anything else. */
export class RawMqtt implements AsyncDisposable {
  readonly socket: TLSSocket;
  readonly received: Received[] = [];
  /** Packet ids acknowledged, in the order of their PUBACKs. */
  readonly acknowledged: number[] = [];
  isClosed = false;
  readonly #deadlineMs: number;
  readonly #reader = new FrameReader();
  #wake: (() => void)[] = [];

  private constructor(socket: TLSSocket, deadlineMs: number) {
    this.socket = socket;
    this.#deadlineMs = deadlineMs;
    socket.on('data', (chunk: Buffer) => {
      for (const each of this.#reader.take(chunk)) {
        this.received.push(each);
        if (each.first === FIRST.puback) this.acknowledged.push(each.body.readUInt16BE(0));
      }
      this.#tell();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      this.#tell();
    });
  }

  /** Opens the connection, and sends nothing yet. */
  static async open({ port, ca, deadlineMs = 20_000 }: RawMqttOptions): Promise<RawMqtt> {
    const socket = tlsConnect({ port, ca, host: '127.0.0.1', servername: 'localhost' });
    const client = new RawMqtt(socket, deadlineMs);
    let isSecure = false;
    socket.once('secureConnect', () => {
      isSecure = true;
      client.#tell();
    });
    await client.until(() => isSecure || client.isClosed, 'a TLS connection');
    return client;
  }

  /** Opens, sends CONNECT and waits for the answer; gives its code. */
  static async connect(
    options: RawMqttOptions,
    fields: ConnectFields,
  ): Promise<{ client: RawMqtt; code: number | undefined }> {
    const client = await RawMqtt.open(options);
    client.send(connectFrame(fields));
    await client.until(() => client.isClosed || client.received.length > 0, 'CONNACK');
    return { client, code: client.received[0]?.body[1] };
  }

  send(bytes: Uint8Array): void {
    if (!this.isClosed) this.socket.write(bytes);
  }

  /** Publishes and waits for its PUBACK, or for the end of the connection. */
  async publish(
    topic: string,
    payload: string | Uint8Array,
    options: Parameters<typeof publishFrame>[2] = {},
  ): Promise<'puback' | 'closed'> {
    const { id = 1 } = options;
    const before = this.acknowledged.filter((each) => each === id).length;
    this.send(publishFrame(topic, payload, options));
    const isAcknowledged = () => this.acknowledged.filter((each) => each === id).length > before;
    await this.until(() => this.isClosed || isAcknowledged(), `PUBACK ${id}`);
    return isAcknowledged() ? 'puback' : 'closed';
  }

  /** Waits until the condition holds; it is looked at whenever something came. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const late = AbortSignal.timeout(this.#deadlineMs);
    while (!condition()) {
      if (late.aborted) throw new Error(`${what} did not come within ${this.#deadlineMs} ms`);
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve);
        late.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.until(() => this.isClosed, 'the end of the connection');
  }

  #tell(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}
