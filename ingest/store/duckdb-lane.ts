// One connection and the statements that wait for it, one at a time. The database has two lanes, one that writes and one
// that reads: so at most two statements run, and neither kind waits for the other.
import type { DuckDBConnection } from '@duckdb/node-api';

interface Job {
  readonly id: number;
  readonly run: (connection: DuckDBConnection) => Promise<unknown>;
  readonly done: (error: unknown, answer: unknown) => void;
}

export class Lane {
  readonly #connection: DuckDBConnection;
  readonly #waitingMax: number;
  readonly #waiting: Job[] = [];
  #running: Job | undefined;
  #aborted = false;
  #idle: Promise<void> = Promise.resolve();

  constructor(connection: DuckDBConnection, waitingMax: number) {
    this.#connection = connection;
    this.#waitingMax = waitingMax;
  }

  /** Runs `job` when its turn comes. */
  add(job: Job): void {
    if (this.#waiting.length >= this.#waitingMax) {
      job.done(new Error('too many requests wait'), undefined);
      return;
    }
    this.#waiting.push(job);
    if (!this.#running) this.#idle = this.#work();
  }

  /** Takes a waiting job out, interrupts a running one; an id not known here is done already. */
  abort(id: number): void {
    const at = this.#waiting.findIndex((job) => job.id === id);
    if (at >= 0) this.#waiting.splice(at, 1)[0]?.done(new Error('aborted'), undefined);
    if (this.#running?.id !== id) return;
    this.#aborted = true;
    this.#connection.interrupt();
  }

  /** Refuses what waits, lets what runs come to its end, or interrupts it. */
  async close({ interrupt }: { readonly interrupt: boolean }): Promise<void> {
    for (const job of this.#waiting.splice(0)) job.done(new Error('the store is closing'), undefined);
    if (interrupt && this.#running) this.#connection.interrupt();
    await this.#idle;
    this.#connection.closeSync();
  }

  async #work(): Promise<void> {
    for (let job = this.#waiting.shift(); job; job = this.#waiting.shift()) {
      this.#running = job;
      this.#aborted = false;
      try {
        const answer = await job.run(this.#connection);
        job.done(undefined, answer);
      } catch (error) {
        job.done(this.#aborted ? new Error('aborted', { cause: error }) : error, undefined);
      }
      this.#running = undefined;
    }
  }
}
