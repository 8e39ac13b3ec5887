// One fact about the store as `system` records in `inputs`: told when it becomes true and when it ends, and told again
// until the log has it. What an earlier process told and could not take back is ended by the first word of this one.
import { type Clock, encodeInput, type StreamLog, type System } from '../../contract/index.ts';

export interface FactPorts {
  readonly log: StreamLog;
  readonly clock: Clock;
}

/** Appends one `system` record. */
export async function tellSystem({ log, clock }: FactPorts, body: System): Promise<void> {
  const header = { v: 1, kind: 'system', by: 'store-writer', at: clock.wall() } as const;
  await log.append('inputs', [{ key: 'system', value: encodeInput(header, body) }], { lane: 'control' });
}

export class SystemFact {
  readonly #fact: System['fact'];
  readonly #ports: FactPorts;
  #told: boolean | undefined;
  #since: number | undefined;

  constructor(fact: System['fact'], ports: FactPorts) {
    this.#fact = fact;
    this.#ports = ports;
  }

  /** Tells the log if it does not stand so there; rejects if that fails, and the next call tries again. */
  async set(on: boolean, detail: System['detail']): Promise<void> {
    if (on === this.#told) return;
    this.#since ??= this.#ports.clock.wall();
    await tellSystem(this.#ports, { fact: this.#fact, on, since: this.#since, detail });
    this.#told = on;
    if (!on) this.#since = undefined;
  }
}
