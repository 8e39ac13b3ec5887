// How the whole stands (SYS-SAFE): counts of patients who ought to be watched, causes, since when. Looked at each 200 ms, so
// that an engine that is gone is told within 5 s. Class C. It needs nothing of what has failed but this process itself.
import type { Clock, MonitoringState, SystemState, TechnicalCause } from '../contract/index.ts';
import { toInstant } from '../contract/index.ts';
import { lookEveryMs } from './limits.ts';
import type { PatientState } from './monitoring-board.ts';
import type { Projection } from './projection.ts';

/** The same with times in milliseconds. */
export interface SystemFacts {
  readonly state: MonitoringState;
  readonly system: boolean;
  readonly since: number;
  readonly causes: readonly TechnicalCause[];
  readonly patients: { readonly monitored: number; readonly degraded: number; readonly notMonitored: number };
}

/** How often the patients are counted while nothing system-wide changes. */
const countEveryMs = 1_000;

export class SystemWatch {
  readonly #projection: Projection;
  readonly #clock: Clock;
  #facts: SystemFacts;
  #countedAt = Number.NEGATIVE_INFINITY;
  #silent = '';
  #told = '';
  #changed: (() => void) | undefined;

  constructor(projection: Projection, clock: Clock) {
    this.#projection = projection;
    this.#clock = clock;
    this.#facts = this.#count();
  }

  /** Told whenever state, causes, counts or the spans not watched change. */
  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  get facts(): SystemFacts {
    return this.#facts;
  }

  get view(): SystemState {
    const { since, causes, ...facts } = this.#facts;
    const unwatched = this.#projection.unwatched.all(this.#projection.time.now());
    return { ...facts, since: toInstant(since), causes: [...causes], unwatched };
  }

  /** Looks until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.look();
      await this.#clock.sleep(lookEveryMs, signal).catch(() => {});
    }
  }

  look(): void {
    const { engine, silentCause } = this.#projection;
    const silent = `${engine.silent.join()} ${silentCause}`;
    if (silent === this.#silent && this.#clock.mono() - this.#countedAt < countEveryMs) return;
    this.#silent = silent;
    this.#facts = this.#count();
    const told = JSON.stringify(this.view);
    if (told === this.#told) return;
    this.#told = told;
    this.#changed?.();
  }

  #count(): SystemFacts {
    this.#countedAt = this.#clock.mono();
    const { engine, silentCause, time, admitted } = this.#projection;
    const states = admitted
      .map(({ body }) => this.#projection.stateOf(body.id))
      .filter((each) => each.signals.length > 0);
    const { silent } = engine;
    const system = silent.length > 0;
    const patients = {
      monitored: countOf(states, 'monitored'),
      degraded: countOf(states, 'degraded'),
      notMonitored: countOf(states, 'not-monitored'),
    };
    const state = worstOf(system, patients);
    const causes = system ? [silentCause] : causesOf(states);
    const former = this.#facts as SystemFacts | undefined;
    const isSame = former?.state === state && former.system === system;
    const began = system ? Math.min(...silent.map((partition) => engine.silentSince(partition))) : time.now();
    return { state, system, since: isSame && former ? former.since : began, causes, patients };
  }
}

function worstOf(system: boolean, { degraded, notMonitored }: SystemFacts['patients']): MonitoringState {
  if (system || notMonitored > 0) return 'not-monitored';
  return degraded > 0 ? 'degraded' : 'monitored';
}

function countOf(states: readonly PatientState[], state: MonitoringState): number {
  return states.filter((each) => each.state === state).length;
}

function causesOf(states: readonly PatientState[]): TechnicalCause[] {
  return [...new Set(states.flatMap(({ cause }) => cause ?? []))].sort();
}
