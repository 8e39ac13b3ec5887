/** Many read, or one changes what they read; a change waits for the readers that are there and holds up those that come. */
export class Gate {
  #readers = 0;
  #changing: Promise<void> | undefined;
  #lastLeft: (() => void) | undefined;

  async read<T>(work: () => Promise<T>): Promise<T> {
    while (this.#changing !== undefined) await this.#changing;
    this.#readers++;
    try {
      return await work();
    } finally {
      if (--this.#readers === 0) this.#lastLeft?.();
    }
  }

  async change(work: () => Promise<void>): Promise<void> {
    while (this.#changing !== undefined) await this.#changing;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#changing = promise;
    try {
      if (this.#readers > 0) await new Promise<void>((left) => (this.#lastLeft = left));
      await work();
    } finally {
      this.#lastLeft = undefined;
      this.#changing = undefined;
      resolve();
    }
  }
}
