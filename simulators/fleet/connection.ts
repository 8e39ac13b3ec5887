// One connection of a fleet's device, from CONNECT to its end, whatever ends it. It checks what only it can see: that
// PUBACKs come in the order of the PUBLISHes (I3).
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import {
  connectFrame,
  disconnectFrame,
  type Packet,
  PacketReader,
  packetType,
  pingFrame,
  publishFrame,
} from './frames.ts';

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly servername: string;
  /** PEM; undefined: plain TCP. */
  readonly ca: string | undefined;
  readonly clientId: string;
  readonly token: string;
  readonly will: { readonly topic: string; readonly payload: Uint8Array };
  readonly onUp: () => void;
  /** Called once. `code`: the CONNACK that refused us. */
  readonly onEnd: (why: string, code: number | undefined) => void;
}

export interface Connection {
  /** Publishes that are not acknowledged yet. */
  readonly inFlight: number;
  /** PUBACKs that were not for the oldest unacknowledged publish. */
  readonly disordered: number;
  publish(topic: string, payload: Uint8Array, acknowledged: () => void): void;
  end(how: 'politely' | 'at once'): void;
}

const keepaliveSeconds = 30;
const pingEveryMs = 15_000;
/** A peer that was told of the end and does not close. */
const closeWithinMs = 2_000;
/** Until CONNACK, and for each PUBACK. */
const answerWithinMs = 20_000;
const packetIdMax = 65_535;

/** Connects; `onUp` and then `onEnd`, or `onEnd` alone, tell how it goes. */
export function openConnection(options: ConnectionOptions): Connection {
  const { host, port, servername, ca } = options;
  const socket: Socket = ca === undefined ? connectTcp({ host, port }) : connectTls({ host, port, servername, ca });
  const reader = new PacketReader();
  const waiting = new Map<number, { readonly acknowledged: () => void; readonly since: number }>();
  let packetId = 0;
  let disordered = 0;
  let why = 'closed';
  let refused: number | undefined;
  let heard = performance.now();
  let pinged = heard;

  const watch = setInterval(() => {
    const now = performance.now();
    const [oldest] = waiting.values();
    if (now - (oldest?.since ?? heard) > answerWithinMs) socket.destroy(new Error('no answer'));
    else if (socket.writable && now - pinged > pingEveryMs) {
      pinged = now;
      socket.write(pingFrame);
    }
  }, 1_000);

  socket.setNoDelay(true);
  socket.once(ca === undefined ? 'connect' : 'secureConnect', () => {
    const { clientId, token, will } = options;
    socket.write(connectFrame({ clientId, token, keepaliveSeconds, will }));
  });
  socket.on('data', (chunk: Buffer) => {
    heard = performance.now();
    try {
      for (const packet of reader.feed(chunk)) receive(packet);
    } catch (error) {
      socket.destroy(error as Error);
    }
  });
  socket.on('error', (error) => {
    why = error.message;
  });
  socket.on('close', () => {
    clearInterval(watch);
    options.onEnd(why, refused);
  });

  function receive({ type, body }: Packet): void {
    if (type === packetType.connack) {
      const code = body[1] ?? 0;
      if (code === 0) options.onUp();
      else {
        refused = code;
        socket.destroy(new Error(`CONNACK ${code}`));
      }
    } else if (type === packetType.puback) {
      const id = body.readUInt16BE(0);
      const [oldest] = waiting.keys();
      if (id !== oldest) disordered++;
      const publish = waiting.get(id);
      waiting.delete(id);
      publish?.acknowledged();
    }
  }

  return {
    get inFlight() {
      return waiting.size;
    },
    get disordered() {
      return disordered;
    },
    publish(topic, payload, acknowledged) {
      packetId = (packetId % packetIdMax) + 1;
      waiting.set(packetId, { acknowledged, since: performance.now() });
      socket.write(publishFrame(topic, payload, packetId));
    },
    end(how) {
      if (how === 'at once' || !socket.writable) {
        socket.destroy();
        return;
      }
      socket.end(disconnectFrame);
      const late = setTimeout(() => socket.destroy(), closeWithinMs);
      socket.once('close', () => clearTimeout(late));
    },
  };
}
