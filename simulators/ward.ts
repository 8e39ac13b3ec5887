// A ward of kits, each with its patient. Patients live on whether their kit is on or off; seconds are counted from the
// ward's start on the monotonic clock, so that the same seed plays the same signals.
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import type { Clock, Realm } from '../contract/index.ts';
import { type Kit, type KitFaults, type KitIdentity, startKit } from './kit.ts';
import { catchUpSecondsMax } from './limits.ts';
import type { BrokerAddress } from './link.ts';
import { createPatient, type SimulatedPatient } from './patients/patient.ts';
import { seededRandom } from './random.ts';
import { fallTo86, type ScenarioEvent } from './scenario.ts';
import type { Report } from './sender.ts';
import { aboutKit, type Truth } from './truth.ts';

export interface WardOptions {
  readonly identities: readonly KitIdentity[];
  readonly seed: number;
  readonly scenario: readonly ScenarioEvent[];
  readonly realm: Realm;
  readonly version: string;
  readonly broker: () => Promise<BrokerAddress>;
  /** Below it each kit has a folder of its own. */
  readonly folder: string;
  readonly clock: Clock;
  readonly faults: KitFaults;
  /** A second's messages are held back by chance, up to this. */
  readonly jitterMs: number;
  readonly truth: Truth;
  readonly report: Report;
}

/** How a kit does, for `sim ls`. */
export interface KitView {
  readonly kit: string;
  readonly patient: string;
  readonly device: string;
  readonly state: 'on' | 'off';
  readonly boot: number | null;
  readonly connected: boolean;
  readonly waiting: number;
  readonly acknowledged: number;
}

export type SwitchOff = 'stopped' | 'silent';

export interface Ward extends AsyncDisposable {
  kits(): readonly KitView[];
  /** A kit by its name, its device or its patient; undefined: there is none. */
  find(name: string): KitView | undefined;
  /** Switches a kit on: a new boot. Nothing if it is on. */
  start(kit: string): Promise<void>;
  /** Switches a kit off, with a word or without. Nothing if it is off. */
  stop(kit: string, how: SwitchOff): Promise<void>;
  /** Lets the patient's saturation fall, from the next second on. */
  desaturate(kit: string, to: number): void;
}

/** All kits on, their patients at second 0. */
export async function startWard(options: WardOptions): Promise<Ward> {
  const ward = new RunningWard(options);
  try {
    await ward.begin();
    return ward;
  } catch (error) {
    await ward[Symbol.asyncDispose]();
    throw error;
  }
}

interface Slot {
  readonly identity: KitIdentity;
  readonly patient: SimulatedPatient;
  readonly events: readonly ScenarioEvent[];
  /** Kits of a ward do not all send in the same instant. */
  readonly phaseMs: number;
  second: number;
  kit: Kit | undefined;
  /** Switching on and off waits for its turn. */
  switching: Promise<void>;
}

class RunningWard implements Ward {
  readonly #options: WardOptions;
  readonly #slots: readonly Slot[];
  readonly #ending = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: WardOptions) {
    this.#options = options;
    // Every patient's sleep listens to it.
    setMaxListeners(0, this.#ending.signal);
    const spacingMs = Math.floor(1_000 / Math.max(1, options.identities.length));
    this.#slots = options.identities.map((identity, i) => {
      const patient = createPatient(options.seed, identity.name);
      const events = options.scenario.filter(({ kit }) => kit === identity.name);
      for (const event of events) if (event.what === 'desaturate') patient.desaturate({ ...event, from: event.at });
      const phaseMs = i * spacingMs;
      return { identity, patient, events, phaseMs, second: -1, kit: undefined, switching: Promise.resolve() };
    });
  }

  async begin(): Promise<void> {
    const { truth, clock, seed } = this.#options;
    const kits = this.#slots.map(({ identity }) => aboutKit(identity));
    truth.note({ what: 'run', at: clock.wall(), seed, kits });
    await Promise.all(this.#slots.map((slot) => this.#switchOn(slot)));
    const start = { wall: clock.wall(), mono: clock.mono() };
    this.#running = Promise.all(this.#slots.map((slot) => this.#live(slot, start)));
  }

  kits(): readonly KitView[] {
    return this.#slots.map(view);
  }

  find(name: string): KitView | undefined {
    const slot = this.#slots.find(({ identity: { name: kit, device, patient } }) =>
      [kit, device, patient].includes(name),
    );
    return slot && view(slot);
  }

  start(kit: string): Promise<void> {
    return this.#switchOn(this.#slot(kit));
  }

  stop(kit: string, how: SwitchOff): Promise<void> {
    return this.#switchOff(this.#slot(kit), how);
  }

  desaturate(kit: string, to: number): void {
    const slot = this.#slot(kit);
    slot.patient.desaturate({ ...fallTo86, to, from: slot.second + 1 });
    this.#note(slot, { ...fallTo86, at: slot.second + 1, kit, what: 'desaturate', to });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
    await Promise.all(this.#slots.map((slot) => this.#switchOff(slot, 'stopped')));
  }

  #slot(kit: string): Slot {
    const slot = this.#slots.find(({ identity }) => identity.name === kit);
    if (!slot) throw new Error(`there is no ${kit}`);
    return slot;
  }

  /** A patient's seconds, one after the other, until the ward ends. */
  async #live(slot: Slot, start: { readonly wall: number; readonly mono: number }): Promise<void> {
    const { clock, jitterMs, seed } = this.#options;
    const delays = seededRandom(seed, slot.identity.name, 'jitter');
    let wallStart = start.wall;
    for (;;) {
      // A second is told when it is over; the first begins here, when each kit is already worn.
      const dueMs = slot.phaseMs + 1_000 * (slot.second + 2);
      await clock
        .sleep(start.mono + dueMs - clock.mono() + jitterMs * delays.next(), this.#ending.signal)
        .catch(() => {});
      if (this.#ending.signal.aborted) return;
      const lateMs = clock.mono() - start.mono - dueMs;
      if (lateMs > catchUpSecondsMax * 1_000) {
        this.#skip(slot, Math.floor(lateMs / 1_000));
        continue;
      }
      wallStart = followedStart(wallStart, clock.wall() - (clock.mono() - start.mono));
      const second = slot.patient.step();
      slot.second = second.second;
      this.#play(slot);
      slot.kit?.measure(second, Math.round(wallStart + dueMs));
    }
  }

  #skip(slot: Slot, seconds: number): void {
    for (let i = 0; i < seconds; i++) slot.second = slot.patient.step().second;
    slot.kit?.miss(seconds);
    this.#options.report('problem', `${slot.identity.name}: ${seconds} s were missed`);
  }

  #play(slot: Slot): void {
    for (const event of slot.events) {
      if (event.at !== slot.second) continue;
      this.#note(slot, event);
      if (event.what === 'silent') void this.#switchOff(slot, 'silent');
    }
  }

  #note(slot: Slot, event: ScenarioEvent): void {
    const { truth, clock } = this.#options;
    truth.note({ what: 'event', at: clock.wall(), event, ...aboutKit(slot.identity) });
  }

  #switchOn(slot: Slot): Promise<void> {
    return inTurn(slot, async () => {
      if (slot.kit) return;
      const { identity } = slot;
      const { truth, seed, folder, clock, realm, version, broker, faults, report } = this.#options;
      const kit = await startKit({
        identity,
        realm,
        version,
        broker,
        folder: join(folder, identity.device),
        clock,
        random: seededRandom(seed, identity.name, 'way'),
        faults,
        report,
        onReading: (reading) => truth.observe(identity, reading),
      });
      truth.note({ what: 'on', at: clock.wall(), boot: kit.boot, ...aboutKit(identity) });
      slot.kit = kit;
    });
  }

  #switchOff(slot: Slot, how: SwitchOff): Promise<void> {
    return inTurn(slot, async () => {
      const { kit, identity } = slot;
      if (!kit) return;
      slot.kit = undefined;
      const { truth, clock } = this.#options;
      truth.note({ what: 'off', at: clock.wall(), boot: kit.boot, how, ...aboutKit(identity) });
      await (how === 'silent' ? kit.cut() : kit.stop('switched-off'));
    });
  }
}

function inTurn(slot: Slot, act: () => Promise<void>): Promise<void> {
  const done = slot.switching.then(act);
  slot.switching = done.catch(() => {});
  return done;
}

/** Further off than this the wall clock was set, and a device that keeps time by the network follows. */
const stepMs = 1_000;

function followedStart(wallStart: number, now: number): number {
  return Math.abs(now - wallStart) > stepMs ? Math.round(now) : wallStart;
}

function view({ identity: { name, patient, device }, kit }: Slot): KitView {
  return {
    kit: name,
    patient,
    device,
    state: kit ? 'on' : 'off',
    boot: kit?.boot ?? null,
    connected: kit?.connected ?? false,
    waiting: kit?.waiting ?? 0,
    acknowledged: kit?.acknowledged ?? 0,
  };
}
