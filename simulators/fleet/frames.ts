// MQTT 3.1.1 packets as bytes, written from the standard: what a load generator needs and no more. The gateway's and
// kits' mqtt.js would cost more than what it loads.

/** Packet types that a sender meets. */
export const packetType = { connack: 2, puback: 4, pingresp: 13 } as const;

/** A whole packet as it came. */
export interface Packet {
  readonly type: number;
  readonly body: Buffer;
}

/** CONNECT with a clean session, user name = client id, and an optional will with QoS 1. */
export function connectFrame(options: {
  readonly clientId: string;
  readonly token: string;
  readonly keepaliveSeconds: number;
  readonly will?: { readonly topic: string; readonly payload: Uint8Array };
}): Buffer {
  const { clientId, token, keepaliveSeconds, will } = options;
  const flags = 0b1100_0010 | (will ? 0b0000_1100 : 0);
  const head = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, flags, keepaliveSeconds >> 8, keepaliveSeconds & 0xff]);
  const fields = [
    field(clientId),
    ...(will ? [field(will.topic), field(will.payload)] : []),
    field(clientId),
    field(token),
  ];
  return frame(0x10, [head, ...fields]);
}

/** PUBLISH with QoS 1. */
export function publishFrame(topic: string, payload: Uint8Array, packetId: number): Buffer {
  return frame(0x32, [field(topic), Buffer.from([packetId >> 8, packetId & 0xff]), payload]);
}

export const pingFrame = Buffer.from([0xc0, 0]);
export const disconnectFrame = Buffer.from([0xe0, 0]);

function field(value: string | Uint8Array): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

function frame(first: number, parts: readonly Uint8Array[]): Buffer {
  let remaining = parts.reduce((sum, part) => sum + part.length, 0);
  const head = [first];
  do {
    const digit = remaining & 0x7f;
    remaining >>= 7;
    head.push(remaining > 0 ? digit | 0x80 : digit);
  } while (remaining > 0);
  return Buffer.concat([Buffer.from(head), ...parts]);
}

/** Cuts a stream of bytes into packets; throws on a length that no packet may have. */
export class PacketReader {
  #rest: Buffer = Buffer.alloc(0);

  feed(chunk: Buffer): readonly Packet[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const packets: Packet[] = [];
    for (let packet = this.#take(); packet; packet = this.#take()) packets.push(packet);
    return packets;
  }

  #take(): Packet | undefined {
    let length = 0;
    let at = 1;
    for (; ; at++) {
      const digit = this.#rest[at];
      if (digit === undefined) return undefined;
      if (at > 4) throw new Error('a remaining length of more than four bytes');
      length |= (digit & 0x7f) << (7 * (at - 1));
      if (digit < 0x80) break;
    }
    const end = at + 1 + length;
    if (this.#rest.length < end) return undefined;
    const packet = { type: (this.#rest[0] as number) >> 4, body: this.#rest.subarray(at + 1, end) };
    this.#rest = this.#rest.subarray(end);
    return packet;
  }
}
