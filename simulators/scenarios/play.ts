// Plays a scenario's acts on a stage, and takes down what came of them.
import {
  type AlertEvent,
  type Monitoring,
  type RefusalReason,
  type Signal,
  type TimeSeriesStore,
  VITALS,
  type Vital,
} from '../../contract/index.ts';
import { pseudoRandom } from '../random.ts';
import { isVital, type SignalName } from './cast.ts';
import { formatDuration } from './duration.ts';
import { type Act, expand, type Measured } from './expand.ts';
import { isAbout } from './history.ts';
import { blockOf, readingOf, stateOf } from './messages.ts';
import type { Scenario, ScenarioDevice, ScenarioSignal } from './scenario.ts';

/** A record of `alerts`. */
export type StageTold =
  | { readonly kind: 'alert'; readonly event: AlertEvent }
  | { readonly kind: 'monitoring'; readonly change: Monitoring };

/** What a scenario is played on: a whole system whose time the scenario tells. */
export interface Stage {
  now(): number;
  advanceBy(ms: number): Promise<void>;
  /** The wall clock of the system steps; nobody else's does. */
  stepWall(ms: number): void;
  admit(patient: { readonly id: string }): Promise<void>;
  register(device: { readonly id: string; readonly model: string; readonly signals: readonly Signal[] }): Promise<void>;
  bind(binding: { readonly patient: string; readonly device: string; readonly gateway: string }): Promise<unknown>;
  unbind(device: string): Promise<void>;
  discharge(patient: string): Promise<void>;
  publish(
    device: string,
    kind: 'readings' | 'waveform' | 'state',
    payload: Uint8Array,
    options: { readonly lane: 'live' | 'late' },
  ): Promise<{ readonly refused: readonly RefusalReason[] }>;
  silence(gateway: string): void;
  resume(gateway: string): void;
  /** Resolves whatever the answer is: it is told. */
  acknowledge(act: { readonly alert: string; readonly by: string; readonly revision: number }): Promise<void>;
  killEngine(): Promise<void>;
  startEngine(): Promise<void>;
  settled(): Promise<void>;
  told(): Promise<readonly StageTold[]>;
  store(): Promise<Pick<TimeSeriesStore, 'range'>>;
}

/** What came of a scenario; times are milliseconds since its beginning. */
export interface Played {
  readonly events: readonly { readonly atMs: number; readonly event: AlertEvent }[];
  readonly changes: readonly { readonly atMs: number; readonly change: Monitoring }[];
  readonly refused: readonly Refused[];
  /** Acts that could not be done. */
  readonly missed: readonly { readonly atMs: number; readonly why: string }[];
  /** Readings in the store, by patient and signal. */
  readonly stored: ReadonlyMap<string, number>;
}

export interface Refused {
  readonly atMs: number;
  readonly signal: SignalName;
  readonly reason: RefusalReason;
}

/** Time that ticks are ahead of what happens, at most: nothing that is decided may depend on it. */
const tickEveryMs = 500;
const storedMax = 100_000;

/** Plays all of it. The seed moves the ticks against what happens. */
export async function play(scenario: Scenario, stage: Stage, seed: number): Promise<Played> {
  await stage.advanceBy(pseudoRandom(seed, 'ticks') % tickEveryMs);
  const player = new Player(scenario, stage);
  await player.prepare();
  for (const act of expand(scenario)) await player.act(act);
  return player.end();
}

class Player {
  readonly #scenario: Scenario;
  readonly #stage: Stage;
  readonly #startAt: number;
  readonly #refused: Refused[] = [];
  readonly #missed: { atMs: number; why: string }[] = [];
  #elapsedMs = 0;

  constructor(scenario: Scenario, stage: Stage) {
    this.#scenario = scenario;
    this.#stage = stage;
    this.#startAt = stage.now();
  }

  async prepare(): Promise<void> {
    const { devices } = this.#scenario;
    for (const id of new Set(devices.map(({ patient }) => patient))) await this.#stage.admit({ id });
    for (const { id, model, signals, firstWithinMs } of devices)
      await this.#stage.register({ id, model, signals: signals.map((signal) => signalOf(signal, firstWithinMs)) });
  }

  async act(act: Act): Promise<void> {
    await this.#reach(act.atMs);
    const stage = this.#stage;
    switch (act.act) {
      case 'measured':
        return this.#measured(act.measured);
      case 'probe': {
        const payload = stateOf(act.seq, act.contact, this.#startAt + act.atMs);
        await stage.publish(act.device, 'state', payload, { lane: 'live' });
        return;
      }
      case 'gateway':
        return act.on ? stage.resume(act.gateway) : stage.silence(act.gateway);
      case 'engine':
        return act.on ? stage.startEngine() : stage.killEngine();
      case 'clock':
        return stage.stepWall(act.byMs);
      case 'bind': {
        const { patient, gateway } = this.#device(act.device);
        await stage.bind({ device: act.device, patient, gateway });
        return;
      }
      case 'unbind':
        return stage.unbind(act.device);
      case 'discharge':
        return stage.discharge(act.patient);
      case 'acknowledge':
        return this.#acknowledge(act);
    }
  }

  async end(): Promise<Played> {
    const { endMs, expect } = this.#scenario;
    await this.#reach(endMs);
    // What fell due at the very end is found by the next tick.
    await this.#stage.advanceBy(tickEveryMs);
    const told = await this.#stage.told();
    const stored = new Map<string, number>();
    for (const row of expect)
      if (row.what === 'stored')
        stored.set(`${row.patient}/${row.signal}`, await this.#storedOf(row.patient, row.signal));
    const since = (at: number) => at - this.#startAt;
    return {
      events: told
        .flatMap((one) => (one.kind === 'alert' ? [{ atMs: since(one.event.at), event: one.event }] : []))
        .filter(({ atMs }) => atMs <= endMs),
      changes: told
        .flatMap((one) => (one.kind === 'monitoring' ? [{ atMs: since(one.change.at), change: one.change }] : []))
        .filter(({ atMs }) => atMs <= endMs),
      refused: this.#refused,
      missed: this.#missed,
      stored,
    };
  }

  async #reach(atMs: number): Promise<void> {
    if (atMs <= this.#elapsedMs) return;
    await this.#stage.advanceBy(atMs - this.#elapsedMs);
    this.#elapsedMs = atMs;
  }

  #device(id: string): ScenarioDevice {
    return this.#scenario.devices.find((device) => device.id === id) as ScenarioDevice;
  }

  async #measured(measured: Measured): Promise<void> {
    const { device, signal, takenMs, lane } = measured;
    const takenAt = this.#startAt + takenMs;
    const { refused } = isVital(signal)
      ? await this.#stage.publish(device, 'readings', readingOf(measured, takenAt), { lane })
      : await this.#stage.publish(device, 'waveform', blockOf(measured, takenAt), { lane });
    for (const reason of refused) this.#refused.push({ atMs: this.#elapsedMs, signal, reason });
  }

  async #acknowledge({ atMs, of, by, revision }: Extract<Act, { act: 'acknowledge' }>): Promise<void> {
    const events = (await this.#stage.told()).flatMap((one) => (one.kind === 'alert' ? [one.event] : []));
    const own = events.filter(isAbout(of, events));
    const alert = (own.findLast((event) => event.alert.state !== 'closed') ?? own.at(-1))?.alert;
    if (!alert) {
      this.#missed.push({ atMs, why: `${formatDuration(atMs)}: there is no alert ${of.name} to acknowledge` });
      return;
    }
    const newest = events.findLast((event) => event.alert.id === alert.id)?.alert ?? alert;
    await this.#stage.acknowledge({ alert: newest.id, by, revision: revision ?? newest.revision });
  }

  async #storedOf(patient: string, signal: SignalName): Promise<number> {
    const store = await this.#stage.store();
    const { code } = VITALS[signal as Vital];
    const span = { from: this.#startAt - 86_400_000, to: this.#stage.now() + 86_400_000 };
    return (await store.range({ patient, vital: code, ...span, limit: storedMax })).length;
  }
}

function signalOf({ name, everyMs }: ScenarioSignal, firstWithinMs: number): Signal {
  const timing = { mode: 'continuous', everyMs, firstWithinMs } as const;
  return isVital(name) ? { vital: name, ...timing } : { lead: name, ...timing };
}
