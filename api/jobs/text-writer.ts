// Long answers, put into words in a thread (`text-thread.ts`). Class C: it keeps charts and exports from holding up whoever
// shares the event loop with them. Invariants: every text comes, fails, or is given up with its signal; what is moved to the
// thread is no longer the caller's. On failure: when the thread ends, all that wait fail as an outage of history, and the
// next text starts another thread.
import { Worker } from 'node:worker_threads';
import { StoreUnavailableError } from '../../contract/index.ts';
import { textRowsInline, textStuckAfterMs, textsWaitingMax } from '../limits.ts';
import type { FromTextThread, ToTextThread } from './text-thread.ts';
import { type TextKind, type Texts, textOf } from './texts.ts';

export interface TextOptions {
  /** Rows, to tell a short text from a long one. */
  readonly rows: number;
  readonly signal: AbortSignal;
}

interface Waiting {
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

export class TextWriter implements AsyncDisposable {
  readonly #script: URL;
  readonly #waiting = new Map<number, Waiting>();
  #thread: Worker | undefined;
  #id = 0;
  #closed = false;
  /** When the thread last gave a text, or began to have one to make; by the machine's clock, as the thread is real. */
  #heardAt = 0;

  /** `script`: another thread in its place, for a test. */
  constructor(script = new URL('./text-thread.ts', import.meta.url)) {
    this.#script = script;
  }

  /** UTF-8 of the text. The arrays in `ask` are moved away. */
  async write<K extends TextKind>(kind: K, ask: Texts[K], { rows, signal }: TextOptions): Promise<Uint8Array> {
    signal.throwIfAborted();
    // A short one is made sooner than it is sent to and fro.
    if (rows <= textRowsInline) return textOf(kind, ask);
    if (this.#closed) throw new StoreUnavailableError('no more texts: the api is stopping');
    if (this.#waiting.size >= textsWaitingMax) throw new StoreUnavailableError('too many texts wait');
    const id = ++this.#id;
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    if (this.#waiting.size === 0) this.#heardAt = performance.now();
    this.#waiting.set(id, { resolve, reject });
    const aborted = () => {
      reject(signal.reason);
      if (performance.now() - this.#heardAt > textStuckAfterMs) void this.#thread?.terminate();
    };
    signal.addEventListener('abort', aborted, { once: true });
    try {
      this.#running().postMessage({ id, kind, ask } satisfies ToTextThread, buffersIn(ask));
      return await promise;
    } finally {
      this.#waiting.delete(id);
      signal.removeEventListener('abort', aborted);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#failAll('the api is stopping');
    await this.#thread?.terminate();
  }

  #running(): Worker {
    if (this.#thread) return this.#thread;
    const thread = new Worker(this.#script);
    thread.unref();
    thread.on('message', (message: FromTextThread) => {
      this.#heardAt = performance.now();
      const waiting = this.#waiting.get(message.id);
      if ('bytes' in message) waiting?.resolve(message.bytes);
      else waiting?.reject(new Error(`a text could not be made: ${message.failed}`));
    });
    const ended = () => {
      if (this.#thread !== thread) return;
      this.#thread = undefined;
      this.#failAll('the thread of texts ended');
    };
    thread.on('error', ended);
    thread.on('exit', ended);
    this.#thread = thread;
    return thread;
  }

  #failAll(message: string): void {
    for (const { reject } of this.#waiting.values()) reject(new StoreUnavailableError(message));
    this.#waiting.clear();
  }
}

/** Every array of a text's columns, to be moved and not copied. */
function buffersIn(ask: object): ArrayBuffer[] {
  return Object.values(ask).flatMap((part: unknown) => {
    if (ArrayBuffer.isView(part)) return part.buffer instanceof ArrayBuffer ? [part.buffer] : [];
    const isColumns = typeof part === 'object' && part !== null && !Array.isArray(part);
    return isColumns ? buffersIn(part) : [];
  });
}
