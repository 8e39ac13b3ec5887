// The roles of one process over a log and a store, in the order in which they may start: store writer, front (api),
// engine, border (ingest). Production and the virtual system build theirs here; what listens, and what time is, they hand
// in. Invariant: sources start last and stop first. On failure: if a start throws, what had started is stopped.
import { type AlertingPorts, type RunningAlerting, startAlerting } from './alerting/index.ts';
import type { Announce, Clock, Random, RunningRole, StreamLog, TimeSeriesStore } from './contract/index.ts';
import { type StoreWriter, startStoreWriter } from './ingest/index.ts';

export interface RolePorts {
  readonly log: StreamLog;
  readonly store: TimeSeriesStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly announce: Announce;
}

/** Who runs, for claims and envelopes. */
export interface RoleIdentity {
  readonly instance: string;
  readonly bootId: string;
  readonly version: string;
  readonly configHash: string;
}

export interface RolePlan<Front extends RunningRole, Border extends RunningRole> {
  readonly identity: RoleIdentity;
  /** The store writer's clock; default: the same as everybody's. */
  readonly storeClock?: Clock;
  readonly engine?: Partial<AlertingPorts>;
  readonly front: (ports: RolePorts & { readonly roles: () => readonly RunningRole[] }) => Promise<Front>;
  /** Called with the others running: the first message may come at once. */
  readonly border: (ports: RolePorts) => Promise<Border>;
}

export interface RunningRoles<Front extends RunningRole, Border extends RunningRole> extends AsyncDisposable {
  readonly writer: StoreWriter;
  readonly front: Front;
  readonly engine: RunningAlerting;
  readonly border: Border;
  readonly all: readonly RunningRole[];
}

/** Starts them; resolves when all run. */
export async function startRoles<Front extends RunningRole, Border extends RunningRole>(
  plan: RolePlan<Front, Border>,
  ports: RolePorts,
): Promise<RunningRoles<Front, Border>> {
  await using stack = new AsyncDisposableStack();
  const all: RunningRole[] = [];
  const running = <R extends RunningRole>(role: R): R => {
    all.push(role);
    return stack.use(role);
  };
  const clock = plan.storeClock ?? ports.clock;
  const writer = running(await startStoreWriter({}, { ...ports, clock }));
  const front = running(await plan.front({ ...ports, roles: () => all }));
  const engine = running(await startEngine(plan, ports));
  const border = running(await plan.border(ports));
  const started = stack.move();
  return { writer, front, engine, border, all, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

/** The engine alone: a new life of it, on the log as it stands. */
export function startEngine(
  { identity, engine }: Pick<RolePlan<RunningRole, RunningRole>, 'identity' | 'engine'>,
  { log, clock, random, announce }: RolePorts,
): Promise<RunningAlerting> {
  const { instance, bootId, version: build, configHash: config } = identity;
  return startAlerting({ instance, bootId, build, config }, { log, clock, random, announce, ...engine });
}
