// The senders of the latency bench, in a process of their own: paced, one connection a device, each n-th reading a breach and
// the device's next one well again. Times are of the machine's monotonic clock, so that another process can subtract them.
import { connect, type TLSSocket } from 'node:tls';
import { connectFrame, publishFrame } from '../../support/mqtt.ts';

export interface BreachOrder {
  readonly port: number;
  readonly ca: string;
  readonly token: string;
  readonly devices: readonly string[];
  /** A new one each time, so that readings are new. */
  readonly boot: number;
  readonly ratePerSecond: number;
  readonly breachEvery: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface BreachResult {
  readonly sent: number;
  readonly acknowledged: number;
  readonly seconds: number;
  /** Null: none was acknowledged in the measured time. */
  readonly pubackP50Ms: number | null;
  readonly pubackP99Ms: number | null;
  readonly closed: number;
  /** `device/boot/seq` of each breach of the measured time, and when it was written. */
  readonly breaches: readonly (readonly [string, number])[];
}

/** Opened at once, so that no server is asked for more handshakes than it takes. */
const openedAtOnce = 50;
const idsMax = 1_024;

export const machineMs = (): number => Number(process.hrtime.bigint()) / 1e6;

class Device {
  readonly id: string;
  readonly sentAt = new Float64Array(idsMax + 1);
  readonly #socket: TLSSocket;
  readonly #topic: string;
  readonly #boot: number;
  #seq = 0;
  #rest: Buffer = Buffer.alloc(0);

  constructor(id: string, boot: number, socket: TLSSocket) {
    this.id = id;
    this.#boot = boot;
    this.#socket = socket;
    this.#topic = `vigil/1/test/${id}/${id}/readings`;
  }

  /** Publishes; gives the reading's name and the time it was written. */
  send(value: number): readonly [string, number] {
    const seq = ++this.#seq;
    const takenAt = Date.now();
    const reading = { v: 1, boot: this.#boot, seq, vital: 'spo2', value, unit: '%', quality: 'good' };
    const payload = JSON.stringify({ ...reading, takenAt, receivedAt: takenAt, clock: 'synced' });
    const id = ((seq - 1) % idsMax) + 1;
    const at = machineMs();
    this.sentAt[id] = at;
    this.#socket.write(publishFrame(this.#topic, payload, { id }));
    return [`${this.id}/${this.#boot}/${seq}`, at];
  }

  /** Packet ids that were acknowledged; nothing but PUBACKs of four bytes comes. */
  take(chunk: Buffer): number[] {
    const bytes = Buffer.concat([this.#rest, chunk]);
    const count = bytes.length >> 2;
    this.#rest = bytes.subarray(count * 4);
    return Array.from({ length: count }, (_, i) => bytes.readUInt16BE(i * 4 + 2));
  }
}

async function open(
  { port, ca, token, boot }: BreachOrder,
  id: string,
): Promise<{ device: Device; socket: TLSSocket }> {
  const socket = connect({ port, ca, host: '127.0.0.1', servername: 'localhost' });
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('secureConnect', () => socket.write(connectFrame({ clientId: id, password: token, keepalive: 100 })));
    socket.once('data', ([, , , code]: Buffer) => (code === 0 ? resolve() : reject(new Error(`CONNACK ${code}`))));
  });
  return { device: new Device(id, boot, socket), socket };
}

async function run(order: BreachOrder): Promise<BreachResult> {
  const opened: Awaited<ReturnType<typeof open>>[] = [];
  for (let i = 0; i < order.devices.length; i += openedAtOnce)
    opened.push(...(await Promise.all(order.devices.slice(i, i + openedAtOnce).map((id) => open(order, id)))));
  const pubackMs: number[] = [];
  const breaches: (readonly [string, number])[] = [];
  const state = { isMeasuring: false, sent: 0, acknowledged: 0, closed: 0, isEnding: false };
  for (const { device, socket } of opened) {
    socket.on('data', (chunk: Buffer) => {
      const now = machineMs();
      for (const id of device.take(chunk)) {
        if (!state.isMeasuring) continue;
        state.acknowledged++;
        pubackMs.push(now - (device.sentAt[id] as number));
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      if (!state.isEnding) state.closed++;
    });
  }
  const devices = opened.map(({ device }) => device);
  const pacing = pace(order.ratePerSecond, (n) => {
    const isBreach = n % order.breachEvery === 0;
    const sent = (devices[n % devices.length] as Device).send(isBreach ? 84 : 96);
    if (!state.isMeasuring) return;
    state.sent++;
    if (isBreach) breaches.push(sent);
  });
  await sleep(order.warmUpMs);
  state.isMeasuring = true;
  const since = machineMs();
  await sleep(order.measureMs);
  state.isMeasuring = false;
  const seconds = (machineMs() - since) / 1_000;
  clearInterval(pacing);
  // What is on its way may arrive.
  await sleep(1_000);
  state.isEnding = true;
  for (const { socket } of opened) socket.destroy();
  const sorted = pubackMs.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? null;
  const { sent, acknowledged, closed } = state;
  return { sent, acknowledged, seconds, pubackP50Ms: at(0.5), pubackP99Ms: at(0.99), closed, breaches };
}

/** Calls `n` times a second, a millisecond's share at a time. */
function pace(ratePerSecond: number, send: (n: number) => void): NodeJS.Timeout {
  const since = machineMs();
  let n = 0;
  return setInterval(() => {
    for (const due = ((machineMs() - since) * ratePerSecond) / 1_000; n < due; n++) send(n);
  }, 1);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (process.send)
  process.once('message', (order: BreachOrder) => {
    void run(order).then(
      (result) => process.send?.({ result }),
      (error: Error) => process.send?.({ failed: error.message }),
    );
  });
process.on('disconnect', () => process.exit());
