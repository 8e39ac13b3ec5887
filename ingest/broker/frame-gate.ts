// The gate between a TLS connection and Aedes (BRK-LIMIT): a Duplex that passes whole frames on, and no more of them than the
// connection may have. Class C. Aedes knows no largest packet, no window and no rate, and buffers a 256 MB CONNECT before it
// looks at it. What holds: a frame is measured by its fixed header before it is buffered; at most one partial frame and one
// chunk that waits are held; the socket is paused whenever something waits, so that the sender feels it; the order of frames
// is never changed; work is linear in bytes. On a fault of the sender: the connection is closed and the reason counted.
import { Duplex } from 'node:stream';
import { frameBytesMax, frameWithinMs, refusedLingerMs } from '../limits.ts';
import type { ConnectionLimits } from '../options.ts';
import { CONNACK, judgeConnect } from './connect-frame.ts';
import { bodyStart, frameBytes, isAcknowledgedPublish, OutgoingFrames, PACKET, packetType } from './frames.ts';

/** Why the gate closed a connection. */
export type GateFault =
  | 'connect-late'
  | 'frame-late'
  | 'too-large'
  | 'bad-length'
  | 'no-connect'
  | 'connect-malformed'
  | 'connect-forbidden'
  | 'level-refused'
  | 'identifier-refused';

/** What a gate needs of whoever made it. */
export interface GateHost {
  /** Monotonic milliseconds. */
  now(): number;
  /** False: nothing that wants an acknowledgement passes, on any connection. */
  readonly isOpen: boolean;
  /** The connection is being slowed down: call `proceed` from time to time until `isThrottled` is false. */
  throttled(gate: FrameGate): void;
  /** CONNACK 0 has gone out. */
  authenticated(gate: FrameGate): void;
  closed(gate: FrameGate, fault: GateFault): void;
  /** A publish had to wait for the window. */
  held(): void;
}

export type GateLimits = Pick<ConnectionLimits, 'windowMax' | 'framesPerSecondMax' | 'bytesPerSecondMax'>;

/** Before CONNECT; CONNECT passed on, nothing else until its answer; CONNACK 0 sent; refused by the gate itself. */
type Phase = 'connect' | 'answering' | 'open' | 'refused';

const noBytes = Buffer.alloc(0);

export class FrameGate extends Duplex {
  /** Who proved to be here; set by the broker. */
  sender: unknown;
  readonly #socket: Duplex;
  readonly #limits: GateLimits;
  readonly #host: GateHost;
  readonly #outgoing = new OutgoingFrames();
  /** When the phase's deadline ends: CONNECT, or the reading of a refusal. */
  #phaseEnds: number;
  #phase: Phase = 'connect';
  /** What was read and has not been looked at yet; empty while the socket flows. */
  #input: Buffer = noBytes;
  /** A frame of which a part is here. */
  #partial: { readonly bytes: Buffer; filled: number } | undefined;
  #partialSince = 0;
  #unacknowledged = 0;
  #isFull = false;
  #isThrottled = false;
  #isHeld = false;
  #hasEnded = false;
  #frameTokens: number;
  #byteTokens: number;
  #tokensAt: number;

  constructor(
    socket: Duplex,
    options: { readonly limits: GateLimits; readonly host: GateHost; readonly connectBy: number },
  ) {
    super({ readableHighWaterMark: frameBytesMax.afterConnack });
    this.#socket = socket;
    this.#limits = options.limits;
    this.#host = options.host;
    this.#phaseEnds = options.connectBy;
    this.#frameTokens = options.limits.framesPerSecondMax;
    this.#byteTokens = options.limits.bytesPerSecondMax;
    this.#tokensAt = options.host.now();
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('end', () => this.#ended());
    socket.on('error', () => this.destroy());
    socket.on('close', () => this.destroy());
  }

  get isThrottled(): boolean {
    return this.#isThrottled;
  }

  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /** Goes on if something waited that may pass now. */
  proceed(): void {
    if (this.destroyed || this.#phase === 'refused') return;
    if (this.#isThrottled && !this.#refill()) return;
    this.#isThrottled = false;
    if (this.#input.length > 0 || this.#socket.isPaused()) this.#pump();
  }

  /** Closes what is too slow. */
  check(now: number): void {
    if (this.#phase === 'open') {
      // While the socket is paused it is we who are late.
      const waitsForSender = !this.#socket.isPaused() && (this.#partial !== undefined || this.#input.length > 0);
      if (waitsForSender && now - this.#partialSince > frameWithinMs) this.#close('frame-late');
    } else if (now >= this.#phaseEnds) {
      if (this.#phase === 'refused') this.destroy();
      else this.#close('connect-late');
    }
  }

  override _read(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    this.proceed();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#send(chunk, callback);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), callback);
  }

  override _final(callback: () => void): void {
    this.#socket.end();
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#input = noBytes;
    this.#partial = undefined;
    this.#socket.destroy();
    callback(error);
  }

  #take(chunk: Buffer): void {
    if (this.destroyed || this.#phase === 'refused') return;
    // Only a few bytes of a frame's header, or what came although the socket was paused.
    this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
    this.#byteTokens -= chunk.length;
    if (!this.#isThrottled && !this.#socket.isPaused()) this.#pump();
  }

  /** Passes on what may pass; then either the socket flows and nothing but a partial frame is here, or it is paused. */
  #pump(): void {
    const mayRead = this.#pass();
    if (this.destroyed || this.#phase === 'refused') return;
    if (mayRead && this.#byteTokens <= 0 && !this.#refill()) this.#throttle();
    else if (mayRead) {
      if (this.#hasEnded) this.push(null);
      else if (this.#socket.isPaused()) {
        this.#partialSince = this.#host.now();
        this.#socket.resume();
      }
    } else this.#socket.pause();
  }

  /** True if everything was passed on that is complete. */
  #pass(): boolean {
    const input = this.#input;
    let at = 0;
    let runFrom = 0;
    let isBlocked = false;
    if (this.#partial) {
      at = runFrom = this.#fill(this.#partial, input);
      if (this.#partial.filled < this.#partial.bytes.length) {
        this.#input = noBytes;
        return true;
      }
      if (!this.#mayPass(this.#partial.bytes[0] as number)) {
        this.#input = at === 0 ? input : input.subarray(at);
        return false;
      }
      const { bytes } = this.#partial;
      this.#partial = undefined;
      if (!this.#admit(bytes, 0, bytes.length)) return false;
      this.#forward(bytes);
    }
    while (at < input.length) {
      // What comes before the answer to CONNECT is measured when it may pass, and not buffered beyond its chunk.
      isBlocked = this.#phase === 'answering';
      if (isBlocked) break;
      const size = frameBytes(input, at);
      if (size < 0) return this.#close('bad-length');
      const isTooLarge = size > (this.#phase === 'open' ? frameBytesMax.afterConnack : frameBytesMax.beforeConnack);
      if (isTooLarge) return this.#close('too-large');
      if (size === 0 || at + size > input.length) break;
      isBlocked = !this.#mayPass(input[at] as number);
      if (isBlocked) break;
      if (!this.#admit(input, at, size)) return false;
      at += size;
    }
    if (at > runFrom) this.#forward(input.subarray(runFrom, at));
    this.#input = at === input.length ? noBytes : input.subarray(at);
    if (isBlocked || this.#isFull) return false;
    if (this.#input.length > 0) this.#begin();
    return true;
  }

  /** A frame that is not whole yet: as soon as its length is known, it has a buffer of that length, and no other. */
  #begin(): void {
    this.#partialSince = this.#host.now();
    const size = frameBytes(this.#input, 0);
    if (size <= 0) return;
    const bytes = Buffer.allocUnsafe(size);
    bytes.set(this.#input);
    this.#partial = { bytes, filled: this.#input.length };
    this.#input = noBytes;
  }

  /** Number of bytes of the input that belong to the partial frame. */
  #fill(partial: { readonly bytes: Buffer; filled: number }, input: Buffer): number {
    const step = Math.min(partial.bytes.length - partial.filled, input.length);
    partial.bytes.set(input.subarray(0, step), partial.filled);
    partial.filled += step;
    return step;
  }

  #mayPass(first: number): boolean {
    if (this.#phase === 'answering' || this.#isFull) return false;
    if (this.#frameTokens < 1 && !this.#refill()) {
      this.#throttle();
      return false;
    }
    if (!isAcknowledgedPublish(first)) return true;
    const isHeld = !this.#host.isOpen || this.#unacknowledged >= this.#limits.windowMax;
    if (isHeld && !this.#isHeld) this.#host.held();
    this.#isHeld = isHeld;
    return !isHeld;
  }

  /** Counts a frame that passes; false if it ends the connection instead. */
  #admit(bytes: Buffer, at: number, size: number): boolean {
    const first = bytes[at] as number;
    if (this.#phase === 'connect') return this.#admitConnect(first, bytes.subarray(at, at + size));
    this.#frameTokens -= 1;
    if (isAcknowledgedPublish(first)) this.#unacknowledged += 1;
    return true;
  }

  #admitConnect(first: number, frame: Buffer): boolean {
    if (packetType(first) !== PACKET.connect) return this.#close('no-connect');
    const verdict = judgeConnect(frame.subarray(bodyStart(frame)));
    if (verdict === 'malformed') return this.#close('connect-malformed');
    if (verdict !== 'pass') {
      this.refuse(verdict, verdict === CONNACK.level ? 'level-refused' : 'identifier-refused');
      return false;
    }
    this.#phase = 'answering';
    return true;
  }

  #forward(bytes: Buffer): void {
    if (!this.push(bytes)) this.#isFull = true;
  }

  /** Answers CONNECT with a code that is not 0, then closes. */
  refuse(code: number, fault: GateFault): void {
    this.#phase = 'refused';
    this.#phaseEnds = this.#host.now() + refusedLingerMs;
    this.#host.closed(this, fault);
    this.#socket.end(Buffer.from([PACKET.connack << 4, 2, 0, code]));
    this.#socket.resume();
  }

  /** Ends the connection once what was written has left. */
  finish(): void {
    this.#phase = 'refused';
    this.#phaseEnds = this.#host.now() + refusedLingerMs;
    this.#socket.end();
    // What the sender still says is read and dropped, or its end would not be seen.
    this.#socket.resume();
  }

  #close(fault: GateFault): false {
    if (!this.destroyed) {
      this.#host.closed(this, fault);
      this.destroy();
    }
    return false;
  }

  #send(bytes: Buffer, callback: (error?: Error | null) => void): void {
    this.#outgoing.take(bytes);
    const { acknowledged, connack } = this.#outgoing;
    const flows = this.#socket.write(bytes);
    if (flows || this.#socket.destroyed) callback();
    else this.#socket.once('drain', callback);
    this.#unacknowledged -= acknowledged;
    if (this.#phase === 'answering' && connack === CONNACK.accepted) {
      this.#phase = 'open';
      this.#host.authenticated(this);
      this.proceed();
    } else if (acknowledged > 0) this.proceed();
  }

  #ended(): void {
    this.#hasEnded = true;
    // What waits is not sent any more by a sender that has gone: its acknowledgements would find nobody.
    if (this.#input.length === 0) this.push(null);
    else this.destroy();
  }

  #throttle(): void {
    this.#socket.pause();
    this.#isThrottled = true;
    this.#host.throttled(this);
  }

  /** Adds what the time since has earned, a second's worth at most; true if there is something to spend again. */
  #refill(): boolean {
    const { framesPerSecondMax: frames, bytesPerSecondMax: bytes } = this.#limits;
    const now = this.#host.now();
    const seconds = (now - this.#tokensAt) / 1_000;
    this.#tokensAt = now;
    this.#frameTokens = Math.min(frames, this.#frameTokens + seconds * frames);
    this.#byteTokens = Math.min(bytes, this.#byteTokens + seconds * bytes);
    return this.#frameTokens >= 1 && this.#byteTokens > 0;
  }
}
