// A whole system under virtual time (`records.md` 11): the roles of production, built by `roles.ts`, on the embedded log, fed
// at `accept` and not through sockets. Time passes only when its driver says so; the same calls give the same log, byte for
// byte, however fast the machine is. Invariants: the log holds every tick and beat of the time that passed, in order; before
// anything is shown, or done by a person, every role has taken all that came before. The store is filled beside virtual
// time: how long a disk takes is no part of what is played. On failure: what a role reports, and a role that does not get
// on, is thrown at the driver.
import { join } from 'node:path';
import type { RunningAlerting } from '../alerting/index.ts';
import { type PatientState, type RunningDesk, startDesk } from '../api/index.ts';
import {
  type Alert,
  type Assignment,
  type Device,
  dataTopic,
  decodeInput,
  heartbeatTopic,
  type InputRecord,
  type Patient,
  type Position,
  type RuleSet,
  StoreUnavailableError,
  type TimeSeriesStore,
} from '../contract/index.ts';
import { realDisk } from '../durable/index.ts';
import { hostClock } from '../host.ts';
import {
  type FeedOutcome,
  openLog,
  openStore,
  type RunningFeed,
  startFeed,
  unavailableStore,
} from '../ingest/index.ts';
import { type RolePlan, type RolePorts, type RunningRoles, startEngine, startRoles } from '../roles.ts';
import { readRules } from '../rules-file.ts';
import { seededRandom } from '../simulators/index.ts';
import { steadyClock } from '../steady-clock.ts';
import { VirtualBeats } from './beats.ts';
import { StandingClock, turn, VirtualClock, withoutSleep } from './clock.ts';
import { HeldLog } from './held-log.ts';
import { memoryDisk } from './memory-disk.ts';
import type {
  Binding,
  PublishKind,
  PublishOptions,
  Taking,
  VirtualDevice,
  VirtualPatient,
  VirtualSystemOptions,
} from './options.ts';
import { Settling } from './settling.ts';
import { SeverableLog } from './severable-log.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { readTopic, type Told, toldOf } from './told.ts';

const realm = 'test';
const author = 'u-1';
const noStore = 'the virtual system was opened without a store';

/** Held records and bytes after which they are released and judged, whoever asks or not. */
const heldRecordsMax = 2_000;
const heldBytesMax = 1024 * 1024;
/** The store is settled after so much time or so many bytes, which keeps its own batches from filling by themselves. */
const storeEveryMs = 600_000;
const storeEveryBytes = 1024 * 1024;
/** Size of a segment file: small, as each topic makes one at the start. */
const segmentBytesMax = 1024 * 1024;

/** Opens it, everything running, nobody admitted. */
export async function openVirtualSystem(options: VirtualSystemOptions): Promise<VirtualSystem> {
  const { startAt, seed, partitions = 1, announce = () => {}, rules = readRules() } = options;
  await using stack = new AsyncDisposableStack();
  const clock = new VirtualClock({ wall: startAt });
  const failures: unknown[] = [];
  const fatal = (error: unknown) => void failures.push(error);
  const folder = options.folder ?? stack.use(await temporaryFolder('vigil-virtual-')).path;
  const disk = options.folder === undefined ? memoryDisk() : realDisk();
  const log = stack.use(
    await HeldLog.open(
      await openLog(
        {
          driver: 'embedded',
          folder: join(folder, 'log'),
          partitions,
          keepDays: 36_500,
          keepBytes: 1e12,
          segmentBytesMax,
        },
        { disk, clock, announce, onFatal: fatal },
      ),
    ),
  );
  const store = stack.use(
    options.store === false
      ? unavailableStore(new StoreUnavailableError(noStore))
      : await openStore(
          { driver: 'duckdb', file: join(folder, 'store', 'vigil.duckdb'), partitions },
          // Its deadlines guard a real thread.
          { clock: hostClock(), announce },
        ),
  );
  const random = seededRandom(seed, 'virtual system');
  const ports: RolePorts = { log, store, clock, random, announce };
  const settling = new Settling(() => log.release(), failures);
  const parts = { options, clock, log, store, ports, fatal, rules, settling };
  const system = new VirtualSystem(parts, stack.move());
  try {
    await system.start();
  } catch (error) {
    await system[Symbol.asyncDispose]();
    throw error;
  }
  return system;
}

interface Parts {
  readonly options: VirtualSystemOptions;
  readonly clock: VirtualClock;
  readonly log: HeldLog;
  readonly store: TimeSeriesStore;
  readonly ports: RolePorts;
  readonly fatal: (error: unknown) => void;
  readonly rules: RuleSet;
  readonly settling: Settling;
}

export class VirtualSystem implements AsyncDisposable {
  readonly clock: VirtualClock;
  readonly #parts: Parts;
  readonly #stack: AsyncDisposableStack;
  readonly #plan: RolePlan<RunningDesk, RunningFeed>;
  readonly #storeClock: StandingClock;
  readonly #settling: Settling;
  readonly #beats = new VirtualBeats();
  readonly #devices = new Map<string, Device>();
  readonly #worn = new Map<string, Assignment>();
  readonly #told: Told[] = [];
  #roles: RunningRoles<RunningDesk, RunningFeed> | undefined;
  #life: SeverableLog;
  /** Undefined while it is dead. */
  #engine: RunningAlerting | undefined;
  readonly #startMono: number;
  #toldUntil: Position = 0;
  #numbered = 0;
  #storedAt: number;
  #bytesSinceStored = 0;

  constructor(parts: Parts, stack: AsyncDisposableStack) {
    this.#parts = parts;
    this.#settling = parts.settling;
    this.#stack = stack;
    this.clock = parts.clock;
    this.#storeClock = new StandingClock(parts.clock);
    this.#startMono = parts.clock.mono();
    this.#storedAt = this.#startMono;
    this.#life = new SeverableLog(parts.log);
    const { fatal, rules } = parts;
    this.#plan = {
      identity: { instance: 'vigil-1', bootId: 'virtual', version: 'virtual', configHash: 'virtual' },
      storeClock: this.#storeClock,
      engine: { log: this.#life, fatal, busyMs: () => 0 },
      front: ({ roles: _, ...ports }) => startDesk({ realm, rules }, { ...ports, fatal }),
      // Its deadlines guard a network and a disk; here neither is waited for.
      border: ({ log, clock, announce }) =>
        startFeed({ realm }, { log, clock: withoutSleep(steadyClock(clock, announce)), announce }),
    };
  }

  /** Starts the roles; called once, by `openVirtualSystem`. */
  async start(): Promise<void> {
    const starting = startRoles(this.#plan, this.#parts.ports);
    this.#roles = await this.#settling.released(starting);
    this.#engine = this.#roles.engine;
    await this.settled();
  }

  /** UTC as the senders know it: the system's own clock may be made to step, and theirs does not. */
  now(): number {
    return this.#parts.options.startAt + this.clock.mono() - this.#startMono;
  }

  // ---- people and devices, as the api does it ----

  async admit(patient: VirtualPatient): Promise<void> {
    const body: Patient = {
      mrn: patient.id,
      name: patient.id,
      birthDate: '1950-01-01',
      unit: 'w-1',
      bed: '',
      zone: 'UTC',
      highRisk: false,
      state: 'admitted',
      ...patient,
    };
    await this.#act((desk) => desk.admit(body, this.#author()));
  }

  async register({ id, signals, model = '' }: VirtualDevice): Promise<void> {
    const tokenSha256 = '0'.repeat(64);
    const about = { id, name: id, model, serial: '', kind: 'device', sequence: 'required' } as const;
    const body: Device = { ...about, signals: [...signals], tokenSha256, revoked: false };
    this.#devices.set(id, body);
    await this.#act((desk) => desk.register(body, this.#author()));
  }

  /** The patient wears the device, whose signals are due from then on; its gateway beats by itself. */
  async bind({ patient, device, gateway = device, from = this.clock.wall(), to }: Binding): Promise<Assignment> {
    const { signals } = this.#device(device);
    const id = `as-${++this.#numbered}`;
    const assignment: Assignment = { id, revision: 1, patient, device, gateway, from, to: to ?? null, signals };
    this.#worn.set(device, assignment);
    await this.#act((desk) => desk.assign(assignment, this.#author()));
    this.#beats.add(gateway, device, this.clock.mono());
    return assignment;
  }

  /** The device is taken off, by default now. */
  async unbind(device: string, to = this.clock.wall()): Promise<void> {
    const worn = this.#worn.get(device);
    if (!worn) throw new RangeError(`nobody wears ${device}`);
    this.#worn.delete(device);
    await this.#act((desk) => desk.assign({ ...worn, revision: worn.revision + 1, to }, this.#author()));
  }

  async discharge(patient: string, reason = 'home'): Promise<void> {
    await this.#act((desk) => desk.discharge(patient, reason, this.#author()));
  }

  /** A person takes an alert: the alert afterwards; undefined while no engine answers; rejects with the api's refusal. */
  async acknowledge({ alert, by, revision, verdict }: Taking): Promise<Alert | undefined> {
    await this.#judged();
    const desk = this.#desk();
    const seen = (await this.told()).findLast((one) => one.kind === 'alert' && one.event.alert.id === alert);
    if (seen?.kind !== 'alert') throw new RangeError(`there is no alert ${alert}`);
    const { patient, revision: newest } = seen.event.alert;
    const requestId = `r-${++this.#numbered}`;
    const act = { alert, patient, requestId, by, at: this.clock.wall(), revision: revision ?? newest, verdict };
    const answered = desk.acknowledge(act);
    if (this.#engine) return this.#settling.released(answered);
    // Its deadline is virtual, and nobody is there to answer.
    answered.catch(() => {});
    await turn();
    return undefined;
  }

  // ---- what senders do ----

  /** A message of a device, or a beat of its gateway, the way of every message. */
  async publish(
    device: string,
    kind: PublishKind,
    payload: Uint8Array,
    { lane = 'live', gateway = this.#worn.get(device)?.gateway ?? device }: PublishOptions = {},
  ): Promise<FeedOutcome> {
    const topic = kind === 'heartbeat' ? heartbeatTopic(realm, gateway) : dataTopic(realm, gateway, device, kind, lane);
    const outcome = await this.#running().border.publish(gateway, topic, payload);
    this.#bytesSinceStored += payload.length;
    await this.#releaseIfMuch();
    return outcome;
  }

  /** The gateway beats no more, until it is resumed. */
  silence(gateway: string): void {
    this.#beats.silence(gateway);
  }

  resume(gateway: string): void {
    this.#beats.resume(gateway, this.clock.mono());
  }

  // ---- the engine's process ----

  /** The engine dies as by SIGKILL: nothing more is ticked, judged or written. */
  async killEngine(): Promise<void> {
    await this.#judged();
    this.#life.sever();
    this.#engine = undefined;
  }

  /** A new life of the engine on what the one before left. */
  async startEngine(): Promise<void> {
    if (this.#engine) throw new Error('the engine lives');
    this.#life = new SeverableLog(this.#parts.log);
    const engine = { ...this.#plan.engine, log: this.#life };
    this.#engine = await startEngine({ ...this.#plan, engine }, this.#parts.ports);
    await this.#judged();
  }

  // ---- time ----

  /** Lets time pass until the senders' clocks say so: every tick, beat and deadline on the way, in order. */
  advance(to: number): Promise<void> {
    return this.advanceBy(to - this.now());
  }

  async advanceBy(ms: number): Promise<void> {
    const { clock } = this;
    const end = clock.mono() + ms;
    for (;;) {
      const at = Math.min(end, clock.nextWakesAt, this.#beats.nextAt);
      clock.passTo(at);
      while (clock.nextWakesAt <= at) clock.wakeNext();
      await turn();
      if (this.#beats.nextAt <= at) await this.#beat();
      await this.#releaseIfMuch();
      if (at >= end && clock.nextWakesAt > end) return;
    }
  }

  // ---- what became of it; every role has taken all that came before ----

  /** Everything in `alerts`, in order: what the engine decided, as it stands there. */
  async told(): Promise<readonly Told[]> {
    await this.#judged();
    await readTopic(this.#parts.log, { topic: 'alerts', partition: 0, from: this.#toldUntil }, (record) => {
      this.#told.push(toldOf(record));
      this.#toldUntil = record.position + 1;
    });
    return this.#told;
  }

  /** Events of alerts alone. */
  async alerts(): Promise<readonly Extract<Told, { kind: 'alert' }>[]> {
    return (await this.told()).filter((one) => one.kind === 'alert');
  }

  /** Alerts that are open. */
  async openAlerts(): Promise<readonly Alert[]> {
    await this.#judged();
    return this.#desk().openAlerts;
  }

  /** Whether the patient is watched, as a tile shows it. */
  async monitoring(patient: string): Promise<PatientState> {
    await this.#judged();
    return this.#desk().monitoring(patient);
  }

  /** The store, once it holds all that came before. */
  async store(): Promise<TimeSeriesStore> {
    if (this.#parts.options.store === false) throw new StoreUnavailableError(noStore);
    await this.settled();
    return this.#parts.store;
  }

  /** Records of one partition of `inputs`, as they stand there. */
  async inputs(partition = 0): Promise<readonly { readonly position: Position; readonly input: InputRecord }[]> {
    await this.#judged();
    const records: { position: Position; input: InputRecord }[] = [];
    await readTopic(this.#parts.log, { topic: 'inputs', partition, from: 0 }, ({ position, value }) => {
      records.push({ position, input: decodeInput(value) });
    });
    return records;
  }

  /** Resolves once every role has taken, and made durable, all that came before. */
  async settled(): Promise<void> {
    await this.#judged();
    await this.#stored();
    await this.#judged();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const roles = this.#roles;
    this.#roles = undefined;
    if (roles) {
      // A life that was killed ends by its deadline, which is virtual.
      let isOver = false;
      const ending = Promise.all([roles[Symbol.asyncDispose](), this.#engine?.[Symbol.asyncDispose]()]).finally(() => {
        isOver = true;
      });
      while (!isOver) await this.clock.advance(100);
      await ending;
    }
    await this.#stack.disposeAsync();
  }

  // ---- inside ----

  #author() {
    return { by: author, at: this.clock.wall() };
  }

  #running(): RunningRoles<RunningDesk, RunningFeed> {
    if (!this.#roles) throw new Error('the virtual system has ended');
    return this.#roles;
  }

  #desk(): RunningDesk {
    return this.#running().front;
  }

  #device(id: string): Device {
    const device = this.#devices.get(id);
    if (!device) throw new RangeError(`there is no device ${id}`);
    return device;
  }

  /** A write of a person; afterwards the border knows of it. */
  async #act(write: (desk: RunningDesk) => Promise<void>): Promise<void> {
    const { front, border } = this.#running();
    await write(front);
    await border.settled();
  }

  async #beat(): Promise<void> {
    for (const { gateway, payload } of this.#beats.due(this.clock.mono(), this.now()))
      await this.#running().border.publish(gateway, heartbeatTopic(realm, gateway), payload);
  }

  async #releaseIfMuch(): Promise<void> {
    const { log } = this.#parts;
    const isMuch = log.heldRecords >= heldRecordsMax || log.heldBytes >= heldBytesMax;
    const isDue = this.clock.mono() - this.#storedAt >= storeEveryMs || this.#bytesSinceStored >= storeEveryBytes;
    if (isMuch) await this.#judged();
    if (isDue && this.#bytesSinceStored > 0) await this.settled();
  }

  /** What is held reaches the log, and engine and desk have taken it. */
  async #judged(): Promise<void> {
    const { log } = this.#parts;
    await log.release();
    const inputs = log.end;
    if (this.#engine)
      await this.#settling.released(Promise.all(this.#partitions().map((each) => this.#engine?.settled(each, inputs))));
    const [alerts, registry] = await Promise.all([log.bounds('alerts', 0), log.bounds('registry', 0)]);
    await this.#settling.released(this.#desk().settled({ inputs, alerts: alerts.high, registry: registry.high }));
  }

  async #stored(): Promise<void> {
    if (this.#parts.options.store === false) return;
    this.#storeClock.catchUp();
    this.#storedAt = this.clock.mono();
    this.#bytesSinceStored = 0;
    const { writer } = this.#running();
    const inputs = this.#parts.log.end;
    await this.#settling.inTime(Promise.all(this.#partitions().map((each) => writer.settled(each, inputs))));
  }

  #partitions(): number[] {
    return Array.from({ length: this.#parts.log.partitions('inputs') }, (_, partition) => partition);
  }
}
