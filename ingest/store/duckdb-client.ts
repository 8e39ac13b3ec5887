// Asks the database's thread and waits with a deadline; opens it again when it has died.
//
// Invariants: every question ends: answered, failed, aborted, or `StoreUnavailableError`. When the thread ends, all that
// wait fail at once; while it is away, questions fail at once. Reopening is here and nowhere else. Deadlines are real time
// whatever the clock of the system says: they guard work in a real thread.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type Announce, type Clock, StoreUnavailableError } from '../../contract/index.ts';
import { type ErrorFacts, StoreArgumentError, StoreFileError } from './errors.ts';
import { closeMsMax, interruptMsMax, openMsMax, reopenMsFirst, reopenMsLast, requestMsMax } from './limits.ts';
import type { DatabaseOptions, FromThread, QuestionKind, Questions, ToThread } from './protocol.ts';

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  readonly move?: ArrayBuffer[];
}

export interface ClientPorts {
  readonly clock: Clock;
  readonly announce: Announce;
  /** The thread's script; a test puts one that misbehaves. */
  readonly thread?: URL;
  /** Deadlines other than those of `limits.ts`. */
  readonly requestMs?: number;
  readonly interruptMs?: number;
}

export class DuckDbClient implements AsyncDisposable {
  readonly #options: DatabaseOptions;
  readonly #ports: ClientPorts;
  readonly #closing = new AbortController();
  readonly #waiting = new Map<number, Waiting>();
  /** Interrupted questions that the thread has not answered yet. */
  readonly #interrupted = new Map<number, NodeJS.Timeout>();
  #worker: Worker | undefined;
  #reopening: Promise<void> = Promise.resolve();
  #id = 0;

  /** Rejects with `StoreFileError` for a file that is not ours, `StoreUnavailableError` for any other failure. */
  static async open(options: DatabaseOptions, ports: ClientPorts): Promise<DuckDbClient> {
    const client = new DuckDbClient(options, ports);
    await client.#start();
    return client;
  }

  private constructor(options: DatabaseOptions, ports: ClientPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  ask<K extends QuestionKind>(
    kind: K,
    ask: Questions[K]['ask'],
    { signal, move = [] }: AskOptions = {},
  ): Promise<Questions[K]['answer']> {
    const worker = this.#worker;
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    if (!worker) return Promise.reject(new StoreUnavailableError(`the store ${this.#options.file} is not open`));
    const id = ++this.#id;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const giveUp = (reason: Error) => {
      if (!this.#waiting.delete(id)) return;
      this.#interrupt(id);
      reject(reason);
    };
    const aborted = () => giveUp(signal?.reason as Error);
    const { requestMs = requestMsMax } = this.#ports;
    const late = () => giveUp(new StoreUnavailableError(`the store did not answer '${kind}' in ${requestMs} ms`));
    const timer = setTimeout(late, requestMs);
    signal?.addEventListener('abort', aborted, { once: true });
    this.#waiting.set(id, { resolve, reject });
    worker.postMessage({ say: 'ask', id, kind, ask } satisfies ToThread, move);
    return promise.finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
    }) as Promise<Questions[K]['answer']>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#reopening;
    const worker = this.#worker;
    this.#worker = undefined;
    this.#failAll('the store is closed');
    if (!worker) return;
    const ended = once(worker, 'exit', { signal: AbortSignal.timeout(closeMsMax) });
    worker.postMessage({ say: 'close' } satisfies ToThread);
    await ended.catch(() => worker.terminate());
  }

  /** Starts the thread and waits until the database is open. */
  async #start(): Promise<void> {
    const worker = new Worker(this.#ports.thread ?? new URL('./duckdb-thread.ts', import.meta.url), {
      workerData: this.#options,
    });
    const { promise: opened, resolve, reject } = Promise.withResolvers<void>();
    let cause: Error | undefined;
    worker.on('message', (message: FromThread) => {
      if (message.say === 'ready') resolve();
      else if (message.say === 'failed') reject(errorOf(message.error));
      else this.#take(message);
    });
    worker.on('error', (error: Error) => {
      cause = error;
    });
    worker.on('exit', () => {
      reject(new StoreUnavailableError('the database thread ended while opening', { cause }));
      if (this.#worker === worker) this.#died(cause);
    });
    const timer = setTimeout(
      () => reject(new StoreUnavailableError(`${this.#options.file} was not open after ${openMsMax} ms`)),
      openMsMax,
    );
    try {
      await opened;
      this.#worker = worker;
    } catch (error) {
      await worker.terminate();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #take(message: Extract<FromThread, { readonly id: number }>): void {
    clearTimeout(this.#interrupted.get(message.id));
    this.#interrupted.delete(message.id);
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    this.#waiting.delete(message.id);
    if (message.say === 'answer') waiting.resolve(message.answer);
    else waiting.reject(errorOf(message.error));
  }

  /** A thread that does not even answer an interrupt is ended. */
  #interrupt(id: number): void {
    const worker = this.#worker;
    if (!worker) return;
    worker.postMessage({ say: 'abort', id } satisfies ToThread);
    const timer = setTimeout(() => {
      if (this.#worker === worker) this.#died(new Error('a statement could not be interrupted'));
    }, this.#ports.interruptMs ?? interruptMsMax);
    timer.unref();
    this.#interrupted.set(id, timer);
  }

  #died(cause: Error | undefined): void {
    const worker = this.#worker;
    this.#worker = undefined;
    for (const timer of this.#interrupted.values()) clearTimeout(timer);
    this.#interrupted.clear();
    this.#failAll('the database thread ended', cause);
    if (this.#closing.signal.aborted) return;
    this.#ports.announce('error', `store: the database thread ended: ${cause?.message ?? 'no cause given'}`);
    this.#reopening = this.#reopen(worker);
  }

  #failAll(message: string, cause?: Error): void {
    for (const { reject } of this.#waiting.values()) reject(new StoreUnavailableError(message, { cause }));
    this.#waiting.clear();
  }

  /** Tries until it is open or closing; the old thread must have ended, for it holds the file. */
  async #reopen(old: Worker | undefined): Promise<void> {
    const { clock, announce } = this.#ports;
    await old?.terminate();
    let told = '';
    for (let waitMs = reopenMsFirst; !this.#closing.signal.aborted; waitMs = Math.min(2 * waitMs, reopenMsLast)) {
      await clock.sleep(waitMs, this.#closing.signal).catch(() => undefined);
      if (this.#closing.signal.aborted) return;
      try {
        await this.#start();
        announce('info', 'store: the database is open again');
        return;
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        if (message !== told) announce('error', `store: cannot be opened: ${message}`);
        told = message;
      }
    }
  }
}

function errorOf({ code, message }: ErrorFacts): Error {
  if (code === 'STORE_UNAVAILABLE') return new StoreUnavailableError(message);
  return code === 'STORE_ARGUMENT' ? new StoreArgumentError(message) : new StoreFileError(code, message);
}
