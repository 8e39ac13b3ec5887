// Fixed headers of MQTT frames, and nothing else of them. Pure.

export const PACKET = { connect: 1, connack: 2, publish: 3, puback: 4 } as const;

/** Bytes of the whole frame that begins at `at`: 0 if its length has not come in yet, -1 if it has no valid length. */
export function frameBytes(bytes: Uint8Array, at: number): number {
  let length = 0;
  for (let i = 0; i < 4; i++) {
    const byte = bytes[at + 1 + i];
    if (byte === undefined) return 0;
    length += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) return 2 + i + length;
  }
  return -1;
}

/** Position of what follows the fixed header of a complete frame. */
export function bodyStart(frame: Uint8Array): number {
  let at = 1;
  while ((frame[at] as number) >= 0x80) at++;
  return at + 1;
}

export function packetType(first: number): number {
  return first >> 4;
}

/** True for a PUBLISH that wants an acknowledgement. */
export function isAcknowledgedPublish(first: number): boolean {
  return first >> 4 === PACKET.publish && (first & 0b110) !== 0;
}

/** Reads what a broker writes, frame by frame, however it is cut, and tells of each PUBACK, PUBREC and CONNACK. */
export class OutgoingFrames {
  /** Since the last call of `take`. */
  acknowledged = 0;
  /** Return code of the CONNACK, once it was seen. */
  connack: number | undefined;
  #first = -1;
  #length = 0;
  #shift = 0;
  #left = -1;

  take(bytes: Uint8Array): void {
    this.acknowledged = 0;
    for (let at = 0; at < bytes.length; ) {
      const byte = bytes[at] as number;
      if (this.#first < 0) {
        this.#first = byte;
        this.#length = 0;
        this.#shift = 0;
        at += 1;
      } else if (this.#left < 0) {
        this.#length += (byte & 0x7f) * 128 ** this.#shift++;
        at += 1;
        if (byte < 0x80) this.#left = this.#length;
      } else {
        const step = Math.min(this.#left, bytes.length - at);
        this.#left -= step;
        at += step;
        if (packetType(this.#first) === PACKET.connack) this.connack = bytes[at - 1];
      }
      if (this.#left === 0) this.#end();
    }
  }

  #end(): void {
    const type = packetType(this.#first);
    // 5: PUBREC, which ends the publish as far as the window is concerned.
    if (type === PACKET.puback || type === 5) this.acknowledged += 1;
    this.#first = -1;
    this.#left = -1;
  }
}
