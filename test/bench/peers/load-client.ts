// The senders of the ingest bench, in a process of their own: raw MQTT frames over TLS, made once and patched, so that the
// client costs as little as it can. Started by `fork`; told what to do by one message, it answers with what was acknowledged.
import { connect, type TLSSocket } from 'node:tls';
import { connectFrame, publishFrame } from '../../support/mqtt.ts';

export interface LoadOrder {
  readonly port: number;
  readonly ca: string;
  readonly token: string;
  readonly clients: readonly string[];
  /** Publishes for these, one after another; none: each client for itself. */
  readonly devices: readonly string[];
  readonly inFlight: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Publishes a second over all connections; 0: as fast as they are acknowledged. */
  readonly ratePerSecond: number;
}

export interface LoadResult {
  readonly acknowledged: number;
  readonly seconds: number;
  /** From writing a publish to its PUBACK, milliseconds; paced runs only. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Opened at once, so that no server is asked for more handshakes than it takes. */
const openedAtOnce = 50;
const samplesMax = 1_000_000;

class Sender {
  readonly socket: TLSSocket;
  acknowledged = 0;
  readonly sentAt = new Float64Array(65_536);
  readonly #frames: readonly Buffer[];
  readonly #idAt: readonly number[];
  readonly #seqAt: readonly number[];
  readonly #takenAt: readonly number[];
  #id = 0;
  #seq = 1_000_000;

  constructor(socket: TLSSocket, topics: readonly string[]) {
    this.socket = socket;
    this.#frames = topics.map((topic) => publishFrame(topic, payload));
    this.#idAt = topics.map((topic) => 3 + 2 + topic.length);
    this.#seqAt = this.#frames.map((frame) => frame.indexOf('"seq":') + 6);
    this.#takenAt = this.#frames.map((frame) => frame.indexOf('"takenAt":') + 10);
  }

  /** The next publishes as one write. */
  send(count: number, wall: number, mono: number): void {
    const parts: Buffer[] = [];
    for (let i = 0; i < count; i++) {
      this.#id = (this.#id % 65_535) + 1;
      this.#seq += 1;
      const which = this.#seq % this.#frames.length;
      const frame = Buffer.from(this.#frames[which] as Buffer);
      frame.writeUInt16BE(this.#id, this.#idAt[which] as number);
      digits(frame, this.#seqAt[which] as number, 7, this.#seq);
      digits(frame, this.#takenAt[which] as number, 13, wall);
      this.sentAt[this.#id] = mono;
      parts.push(frame);
    }
    this.socket.write(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts));
  }
}

const payload = JSON.stringify({
  ...{ v: 1, boot: 12, seq: 1_000_000, vital: 'spo2', value: 96, unit: '%', quality: 'good' },
  ...{ takenAt: 1_772_331_054_120, receivedAt: 1_772_331_054_164, clock: 'synced' },
});

function digits(bytes: Buffer, at: number, count: number, value: number): void {
  let rest = value;
  for (let i = at + count - 1; i >= at; i--) {
    bytes[i] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

async function open({ port, ca, token, devices }: LoadOrder, clientId: string): Promise<Sender> {
  const socket = connect({ port, ca, host: '127.0.0.1', servername: 'localhost' });
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('secureConnect', () => socket.write(connectFrame({ clientId, password: token })));
    socket.once('data', (connack: Buffer) =>
      connack[3] === 0 ? resolve() : reject(new Error(`CONNACK ${connack[3]}`)),
    );
  });
  const topics = (devices.length > 0 ? devices : [clientId]).map(
    (device) => `vigil/1/test/${clientId}/${device}/readings`,
  );
  return new Sender(socket, topics);
}

async function run(order: LoadOrder): Promise<LoadResult> {
  const senders: Sender[] = [];
  for (let i = 0; i < order.clients.length; i += openedAtOnce)
    senders.push(...(await Promise.all(order.clients.slice(i, i + openedAtOnce).map((id) => open(order, id)))));
  const samples = new Float64Array(samplesMax);
  let sampled = 0;
  let isMeasuring = false;
  const { ratePerSecond } = order;
  for (const sender of senders) {
    // PUBACKs alone come now, four bytes each; one may be cut in two.
    let rest = 0;
    let tail = Buffer.alloc(0);
    sender.socket.on('data', (chunk: Buffer) => {
      const bytes = rest === 0 ? chunk : Buffer.concat([tail, chunk]);
      const count = bytes.length >> 2;
      rest = bytes.length & 3;
      tail = rest === 0 ? tail : Buffer.from(bytes.subarray(count * 4));
      sender.acknowledged += count;
      const mono = performance.now();
      if (ratePerSecond === 0) sender.send(count, Date.now(), mono);
      else if (isMeasuring)
        for (let i = 0; i < count && sampled < samplesMax; i++)
          samples[sampled++] = mono - (sender.sentAt[bytes.readUInt16BE(i * 4 + 2)] as number);
    });
    sender.socket.on('close', () => fail('the server closed a connection'));
  }
  const total = () => senders.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  if (ratePerSecond === 0) for (const sender of senders) sender.send(order.inFlight, Date.now(), performance.now());
  else pace(senders, ratePerSecond);
  await sleep(order.warmUpMs);
  process.send?.({ measuring: true });
  isMeasuring = true;
  const [since, before] = [performance.now(), total()];
  await sleep(order.measureMs);
  const [seconds, acknowledged] = [(performance.now() - since) / 1_000, total() - before];
  const sorted = samples.subarray(0, sampled).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { acknowledged, seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** Sends at a steady rate, a millisecond's share at a time, one connection after another. */
function pace(senders: readonly Sender[], ratePerSecond: number): void {
  const since = performance.now();
  let sent = 0;
  setInterval(() => {
    const mono = performance.now();
    const wall = Date.now();
    for (const due = ((mono - since) / 1_000) * ratePerSecond; sent < due; sent++)
      (senders[sent % senders.length] as Sender).send(1, wall, mono);
  }, 1);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function fail(message: string): void {
  process.send?.({ failed: message });
}

process.on('message', (order: LoadOrder) => {
  run(order).then(
    (result) => process.send?.({ result }, () => process.exit()),
    (error: Error) => process.send?.({ failed: error.message }, () => process.exit(1)),
  );
});
process.on('disconnect', () => process.exit());
