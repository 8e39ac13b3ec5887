import 'reflect-metadata';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:tls';
import * as x509 from '@peculiar/x509';
import { Aedes } from 'aedes';
import { type Packet, PacketReader } from '../../../simulators/fleet/frames.ts';
import type { BrokerAddress } from '../../../simulators/link.ts';

/** A publish as the broker saw it, acknowledged or not. */
export interface Seen {
  readonly topic: string;
  readonly bytes: Buffer;
  readonly client: string;
}

/** A broker for tests, with TLS and a certificate of its own; acknowledges unless it is told to hold. */
export interface TestBroker extends AsyncDisposable {
  readonly address: BrokerAddress;
  readonly seen: Seen[];
  readonly wills: Seen[];
  /** While true, publishes are taken in and never acknowledged. */
  holding: boolean;
  /** Tokens by client id; a client without one is let in with any. */
  readonly tokens: Map<string, string>;
  /** Closes all connections and takes no new ones, or takes them again on the same port. */
  listen(yes: boolean): Promise<void>;
  readonly connections: number;
}

export async function startTestBroker(): Promise<TestBroker> {
  const { ca, certificate, key } = await selfMade();
  const seen: Seen[] = [];
  const wills: Seen[] = [];
  const tokens = new Map<string, string>();
  const sockets = new Set<Socket>();
  const broker = await Aedes.createBroker({ concurrency: 0 });
  broker.authenticate = (client, _user, password, done) => {
    const expected = tokens.get(client.id);
    const right = expected === undefined || expected === password?.toString();
    done(right ? null : Object.assign(new Error('refused'), { returnCode: 5 }), right);
  };
  const state = { holding: false };
  broker.authorizePublish = (client, packet, done) => {
    const publish = { topic: packet.topic, bytes: Buffer.from(packet.payload), client: client?.id ?? '' };
    if (!('cmd' in packet) || packet.cmd !== 'publish') wills.push(publish);
    else seen.push(publish);
    if (!state.holding) done(null);
  };
  broker.on('clientError', () => {});
  broker.on('connectionError', () => {});
  const server = createServer({ key, cert: certificate }, (socket) => broker.handle(socket));
  server.on('tlsClientError', () => {});
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  return {
    address: { host: '127.0.0.1', port, servername: 'localhost', ca },
    seen,
    wills,
    tokens,
    get holding() {
      return state.holding;
    },
    set holding(yes) {
      state.holding = yes;
    },
    get connections() {
      return sockets.size;
    },
    async listen(yes) {
      if (!yes) return await stop();
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await new Promise<void>((resolve) => broker.close(() => resolve()));
    },
  };
}

/** A broker that lets everybody in and never acknowledges a publish. */
export interface DeafBroker extends AsyncDisposable {
  readonly address: BrokerAddress;
  /** Publishes of each connection, in the order of the connections. */
  readonly publishes: (readonly Packet[])[];
}

export async function startDeafBroker(): Promise<DeafBroker> {
  const { ca, certificate, key } = await selfMade();
  const publishes: Packet[][] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ key, cert: certificate }, (socket) => {
    const reader = new PacketReader();
    const mine: Packet[] = [];
    publishes.push(mine);
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      for (const packet of reader.feed(chunk)) {
        if (packet.type === 1) socket.write(Buffer.from([0x20, 2, 0, 0]));
        if (packet.type === 3) mine.push({ type: packet.type, body: Buffer.from(packet.body) });
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: { host: '127.0.0.1', port, servername: 'localhost', ca },
    publishes,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function selfMade(): Promise<{ readonly ca: string; readonly certificate: string; readonly key: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=localhost',
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 86_400_000),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }]),
    ],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8.match(/.{1,64}/g)?.join('\n')}\n-----END PRIVATE KEY-----\n`;
  const pem = certificate.toString('pem');
  return { ca: pem, certificate: pem, key };
}

/** Waits until it holds; a loaded machine gets its time. */
export async function until(what: string, holds: () => boolean, withinMs = 30_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
