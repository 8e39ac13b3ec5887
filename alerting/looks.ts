// The watchdog's judgement (ALR-WATCHDOG), pure. It counts its own looks at the engine's counter, and only those that came
// on time: where a look came late the whole process or machine stood still, and that is not a stuck engine.
import { lookOnTimeMs } from './limits.ts';

export interface LooksLimits {
  /** Looks without a change until the engine is declared stuck, and until the process is to be ended. */
  readonly declare: number;
  readonly kill: number;
}

export type Verdict = 'running' | 'stuck' | 'end';

export class Looks {
  readonly #limits: LooksLimits;
  #counter: number | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #unchanged = 0;

  constructor(limits: LooksLimits) {
    this.#limits = limits;
  }

  /** One look: the counter's value, and when, by a clock that does not step. */
  look(counter: number, mono: number): Verdict {
    const onTime = mono - this.#lookedAt <= lookOnTimeMs;
    this.#lookedAt = mono;
    if (counter !== this.#counter) {
      this.#counter = counter;
      this.#unchanged = 0;
    } else if (onTime) {
      this.#unchanged += 1;
    }
    if (this.#unchanged >= this.#limits.kill) return 'end';
    return this.#unchanged >= this.#limits.declare ? 'stuck' : 'running';
  }
}
