// The MQTT port: TLS connections, each behind a gate, and what holds for all of them together (BRK-LIMIT, SEC-TLS). Class C.
// Connections that have not been let in are counted from the first packet of TCP, so that unfinished TLS handshakes count
// too. One loop looks at all deadlines, another at those that are being slowed down; no connection has a timer of its own.
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Clock } from '../../contract/index.ts';
import type { Counters } from '../counters.ts';
import { IngestError } from '../errors.ts';
import {
  connectionsMax,
  connectWithinMs,
  portsTriedMax,
  refusedLingerMs,
  sweepEveryMs,
  throttleEveryMs,
} from '../limits.ts';
import type { CheckedIngestOptions } from '../options.ts';
import { FrameGate, type GateFault, type GateHost } from './frame-gate.ts';

export interface ListenerPorts {
  readonly clock: Clock;
  readonly counters: Counters;
  /** A connection whose TLS handshake is done. */
  readonly onGate: (gate: FrameGate) => void;
}

export interface Listener extends AsyncDisposable {
  readonly port: number;
  readonly connections: number;
  readonly unauthenticated: number;
  /** Opens or closes the window of every connection. */
  setOpen(isOpen: boolean): void;
  /** No new connections from here on. */
  stopListening(): void;
  /** Ends every connection once what was written has left; resolves when they are closed, or after a second. */
  finish(): Promise<void>;
}

/** Opens the port; rejects with `INGEST_LISTEN`. */
export async function openListener(options: CheckedIngestOptions, ports: ListenerPorts): Promise<Listener> {
  const listener = new TlsListener(options, ports);
  try {
    await listener.listen();
    return listener;
  } catch (error) {
    await listener[Symbol.asyncDispose]();
    throw error;
  }
}

/** A connection without CONNACK 0. */
interface Newcomer {
  readonly since: number;
  readonly socket: Socket;
  hasGate: boolean;
}

class TlsListener implements Listener, GateHost {
  readonly #options: CheckedIngestOptions;
  readonly #ports: ListenerPorts;
  readonly #server: Server;
  readonly #gates = new Set<FrameGate>();
  readonly #throttled = new Set<FrameGate>();
  /** By address and port of the other end: the only thing that a TLS socket and the TCP socket under it share. */
  readonly #newcomers = new Map<string, Newcomer>();
  readonly #newcomerOf = new WeakMap<FrameGate, string>();
  readonly #stopping = new AbortController();
  readonly #sweeping: Promise<void>;
  #throttling: Promise<void> | undefined;
  #connections = 0;
  #isOpen = true;

  constructor(options: CheckedIngestOptions, ports: ListenerPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#server = createServer({
      cert: options.tls.certPem,
      key: options.tls.keyPem,
      minVersion: 'TLSv1.2',
      ciphers: 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20',
      ecdhCurve: 'X25519:P-256',
      honorCipherOrder: true,
      // The sweep closes before; this is for what would get past it.
      handshakeTimeout: 2 * connectWithinMs,
    });
    this.#server.on('connection', (socket) => this.#connected(socket));
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    // Node tells of a handshake that failed or came too late, and leaves the connection open.
    this.#server.on('tlsClientError', (_error, socket) => {
      ports.counters.add('closed-tls');
      socket.destroy();
    });
    this.#sweeping = this.#sweep();
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#connections;
  }

  get unauthenticated(): number {
    return this.#newcomers.size;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async listen(): Promise<void> {
    const { mqttHost, mqttPort, anyPort } = this.#options;
    for (let port = mqttPort; ; port++) {
      try {
        this.#server.listen({ host: mqttHost, port });
        await once(this.#server, 'listening');
        this.#server.on('error', () => this.#ports.counters.add('listener-errors'));
        return;
      } catch (cause) {
        const isTaken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
        if (isTaken && anyPort && port < Math.min(mqttPort + portsTriedMax, 65_535)) continue;
        throw new IngestError(`cannot listen on ${mqttHost}:${port}: ${(cause as Error).message}`, {
          code: 'INGEST_LISTEN',
          cause,
        });
      }
    }
  }

  setOpen(isOpen: boolean): void {
    this.#isOpen = isOpen;
    if (isOpen) for (const gate of this.#gates) gate.proceed();
  }

  stopListening(): void {
    if (this.#server.listening) this.#server.close();
  }

  async finish(): Promise<void> {
    const closed = [...this.#gates].map((gate) => new Promise((resolve) => gate.once('close', resolve)));
    for (const gate of this.#gates) gate.finish();
    const late = new AbortController();
    await Promise.race([Promise.all(closed), this.#ports.clock.sleep(refusedLingerMs, late.signal).catch(() => {})]);
    late.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.stopListening();
    for (const gate of this.#gates) gate.destroy();
    for (const { socket } of this.#newcomers.values()) socket.destroy();
    await this.#sweeping;
    await this.#throttling;
  }

  // What a gate asks for

  now(): number {
    return this.#ports.clock.mono();
  }

  throttled(gate: FrameGate): void {
    if (!this.#throttled.has(gate)) this.#ports.counters.add('throttled');
    this.#throttled.add(gate);
    this.#throttling ??= this.#slowDown().finally(() => {
      this.#throttling = undefined;
    });
  }

  authenticated(gate: FrameGate): void {
    const newcomer = this.#newcomerOf.get(gate);
    if (newcomer !== undefined) this.#newcomers.delete(newcomer);
  }

  closed(_gate: FrameGate, fault: GateFault): void {
    this.#ports.counters.add(`closed-${fault}`);
  }

  held(): void {
    this.#ports.counters.add('window-held');
  }

  #connected(socket: Socket): void {
    const { counters } = this.#ports;
    counters.add('connections');
    if (this.#newcomers.size >= this.#options.limits.unauthenticatedMax || this.#connections >= connectionsMax) {
      counters.add('closed-too-many');
      socket.destroy();
      return;
    }
    socket.setNoDelay(true);
    // TLS tells of its errors; unheard here, one would end the process.
    socket.on('error', () => {});
    const peer = peerOf(socket);
    this.#connections += 1;
    this.#newcomers.set(peer, { since: this.now(), socket, hasGate: false });
    socket.once('close', () => {
      this.#connections -= 1;
      if (this.#newcomers.get(peer)?.socket === socket) this.#newcomers.delete(peer);
    });
  }

  #secured(socket: TLSSocket): void {
    const peer = peerOf(socket);
    const newcomer = this.#newcomers.get(peer);
    // It has gone already, or the port was closed meanwhile.
    if (!newcomer || this.#stopping.signal.aborted) {
      socket.destroy();
      return;
    }
    newcomer.hasGate = true;
    const { limits } = this.#options;
    const gate = new FrameGate(socket, { limits, host: this, connectBy: newcomer.since + connectWithinMs });
    this.#newcomerOf.set(gate, peer);
    this.#gates.add(gate);
    gate.once('close', () => {
      this.#gates.delete(gate);
      this.#throttled.delete(gate);
    });
    this.#ports.onGate(gate);
  }

  async #sweep(): Promise<void> {
    const { clock } = this.#ports;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await clock.sleep(sweepEveryMs, signal).catch(() => {});
      const now = clock.mono();
      for (const gate of this.#gates) gate.check(now);
      for (const newcomer of this.#newcomers.values()) this.#checkHandshake(newcomer, now);
    }
  }

  /** Before its handshake is done a connection has no gate that would watch it. */
  #checkHandshake({ since, socket, hasGate }: Newcomer, now: number): void {
    if (hasGate || now - since < connectWithinMs) return;
    this.#ports.counters.add('closed-handshake-late');
    socket.destroy();
  }

  async #slowDown(): Promise<void> {
    const { clock } = this.#ports;
    const { signal } = this.#stopping;
    while (this.#throttled.size > 0 && !signal.aborted) {
      await clock.sleep(throttleEveryMs, signal).catch(() => {});
      for (const gate of [...this.#throttled]) {
        gate.proceed();
        if (!gate.isThrottled) this.#throttled.delete(gate);
      }
    }
  }
}

function peerOf({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress} ${remotePort}`;
}
