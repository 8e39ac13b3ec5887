/** Wakes all who wait for it. Whoever is woken looks again at what it waits for. */
export class Bell {
  #next = Promise.withResolvers<void>();

  ring(): void {
    const { resolve } = this.#next;
    this.#next = Promise.withResolvers<void>();
    resolve();
  }

  rung(): Promise<void> {
    return this.#next.promise;
  }
}
