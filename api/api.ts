// The api role, put together: audit trail, registry and sessions first, then the projection, then the listeners. Class C.
// Invariants: nothing is served before the registry, the sessions and the writes on their way are whole; sources start last
// and stop first. On failure: what had started is stopped; a mistake of ours while following the log ends the process.
import type {
  Announce,
  LogRecord,
  Position,
  RoleStatus,
  RunningRole,
  StorePositions,
  TechnicalCause,
} from '../contract/index.ts';
import { buildApp } from './app.ts';
import { openTrail } from './audit/trail.ts';
import type { ApiContext } from './context.ts';
import { endsWithin, openDeadline, orAbort } from './deadline.ts';
import { type FollowPorts, follow } from './follow.ts';
import { heldPoint } from './latest-values.ts';
import { catchUpWithinMs, sessionIdleMs, stopWithinMs, storeWithinMs, tailWithoutStore } from './limits.ts';
import { LiveHub } from './live/hub.ts';
import { ApiOptions, type ApiPorts, type CheckedOptions } from './options.ts';
import { type Ends, Projection } from './projection.ts';
import { Registrar, repairWrites } from './registrar.ts';
import { listenHttp, listenLocal } from './server.ts';
import { Sessions } from './sessions.ts';
import { signInUrl } from './sign-in-url.ts';
import { demoUser, ensureDemoUser, installRules, pendingWrites } from './start-state.ts';
import { SystemWatch } from './system-watch.ts';

/** What `/monitoringz` shows of the patients (`alerting.md` 6); no patient data. */
export interface ApiMonitoring {
  readonly patients: { readonly monitored: number; readonly degraded: number; readonly notMonitored: number };
  readonly causes: readonly TechnicalCause[];
  readonly system: boolean;
  /** UTC since when the state is what it is. */
  readonly since: number;
  readonly stagesAgeMs: Readonly<Record<string, number>>;
  readonly stationsAbleToSound: number;
}

export interface RunningApi extends RunningRole {
  /** Address for browsers. */
  readonly url: string;
  /** A new link that signs the test realm's user in once. */
  signInLink(): Promise<string>;
  monitoring(): ApiMonitoring;
}

/** Starts serving; resolves when it listens. */
export async function startServing(given: ApiOptions, ports: ApiPorts): Promise<RunningApi> {
  const options = ApiOptions.parse(given);
  const { log, clock, announce } = ports;
  await using stack = new AsyncDisposableStack();
  const stopping = new AbortController();
  const follower: FollowPorts = { log, clock, announce, signal: stopping.signal };
  const fatal = ports.fatal ?? endProcess(announce);

  const repaired = await repairWrites(await pendingWrites(log), log);
  if (repaired > 0) announce('warning', `api: ${repaired} writes of a process that died were made whole`);

  const ends = await endsOf(ports);
  const projection = new Projection(log, follower, ends);
  const sessions = new Sessions(
    { log, random: ports.random, now: () => clock.wall() },
    options.realm === 'test' ? null : sessionIdleMs,
  );
  const starts = await startsOf(ports, ends);
  const running = [projection.run(starts, follower), followSessions(sessions, await lowOf(ports), follower)];
  stack.defer(async () => {
    stopping.abort(new Error('the api is stopping'));
    // Reading has no effect: what does not end in time is left.
    await endsWithin(clock, stopWithinMs, Promise.allSettled(running));
  });
  for (const each of running) each.catch(fatal);

  await caughtUp(projection, ends, ports);
  await firstState(options, ports, projection);
  await fillFromStore(projection, ports);

  const { installation, instance, configHash } = options;
  const trail = stack.use(await openTrail({ installation, chain: `api-${instance}`, configHash }, log, clock));
  const system = new SystemWatch(projection, clock);
  const looking = system.run(stopping.signal);
  looking.catch(fatal);
  const hub = stack.use(new LiveHub(options, { log, clock, projection, system }));
  sessions.onEnd(() => hub.review());

  let url = '';
  const registrar = new Registrar(log, projection, clock);
  const context: ApiContext = { options, ports, projection, system, sessions, registrar, trail, hub, url: () => url };
  const ownStatus = () => statusOf(context, stopping.signal.aborted);
  const web = await buildApp(context, { isLocal: false, ownStatus });
  stack.defer(() => web.app.close());
  if (options.adminSocket !== undefined) {
    const local = await buildApp(context, { isLocal: true, ownStatus });
    stack.defer(() => local.app.close());
    stack.use(await listenLocal(local.app, options.adminSocket));
  }
  url = await listenHttp(web.app, options);
  const started = stack.move();
  return {
    url,
    status: ownStatus,
    monitoring: () => monitoringOf(context),
    signInLink: async () => signInUrl(url, (await sessions.createLink(demoUser.id)).token),
    async [Symbol.asyncDispose]() {
      // Streams first: each is told why it ends, before the listener closes.
      await hub[Symbol.asyncDispose]();
      await started.disposeAsync();
      await looking;
    },
  };
}

/** Durable ends of what the projection follows, when we began. */
async function endsOf({ log }: ApiPorts): Promise<Ends> {
  const partitions = Array.from({ length: log.partitions('inputs') }, (_, partition) => partition);
  const [registry, alerts, ...inputs] = await Promise.all([
    log.bounds('registry', 0),
    log.bounds('alerts', 0),
    ...partitions.map((partition) => log.bounds('inputs', partition)),
  ]);
  return { registry: registry.high, alerts: alerts.high, inputs: inputs.map(({ high }) => high) };
}

/** Where following begins: registry and alerts whole, `inputs` after what the store holds. */
async function startsOf({ log, store, clock, announce }: ApiPorts, ends: Ends): Promise<Ends> {
  const [registry, alerts] = await Promise.all([log.bounds('registry', 0), log.bounds('alerts', 0)]);
  const stored = await storePositions({ store, clock, announce });
  const inputs = ends.inputs.map(async (high, partition) => {
    const { low } = await log.bounds('inputs', partition);
    const after = stored ? Math.min(stored[partition] ?? 0, high) : high - tailWithoutStore;
    return Math.max(low, after);
  });
  return { registry: registry.low, alerts: alerts.low, inputs: await Promise.all(inputs) };
}

async function storePositions({
  store,
  clock,
  announce,
}: Pick<ApiPorts, 'store' | 'clock' | 'announce'>): Promise<StorePositions | undefined> {
  using limit = openDeadline(clock, storeWithinMs);
  try {
    return await orAbort(store.positions(), limit.signal);
  } catch {
    announce('warning', `api: the store gives no positions; the newest values come from the log's last records`);
    return undefined;
  }
}

async function lowOf({ log }: ApiPorts): Promise<Position> {
  return (await log.bounds('sessions', 0)).low;
}

function followSessions(sessions: Sessions, from: Position, ports: FollowPorts): Promise<void> {
  const take = (record: LogRecord) => {
    try {
      sessions.take(record);
    } catch {
      ports.announce('warning', `api: sessions/0 at ${record.position} cannot be read`);
    }
  };
  return follow({ topic: 'sessions', partition: 0, from, take, reached: () => {} }, ports);
}

/** Waits until the projection holds what stood in the log when we began, or serves without the rest. */
async function caughtUp(projection: Projection, ends: Ends, { clock, announce }: ApiPorts): Promise<void> {
  const hasAll = () =>
    projection.has('registry', 0, ends.registry) &&
    projection.has('alerts', 0, ends.alerts) &&
    ends.inputs.every((end, partition) => projection.has('inputs', partition, end));
  using limit = openDeadline(clock, catchUpWithinMs);
  await projection.until(hasAll, limit.signal).catch(() => {
    announce('warning', `api: serving before all of the log was read`);
  });
}

async function firstState({ rules, realm }: CheckedOptions, ports: ApiPorts, projection: Projection): Promise<void> {
  const { log, clock, announce } = ports;
  if (await installRules(rules, log, projection, clock.wall()))
    announce('info', `api: rule set ${rules.id} version ${rules.version} is in force`);
  if (realm === 'test') await ensureDemoUser(log, projection, clock.wall());
  const { high } = await log.bounds('registry', 0);
  using limit = openDeadline(clock, catchUpWithinMs);
  await projection.until(() => projection.has('registry', 0, high), limit.signal);
}

/** Newest values from before the log that was read; none where the store does not answer in time. */
async function fillFromStore(projection: Projection, { store, clock, announce }: ApiPorts): Promise<void> {
  using limit = openDeadline(clock, storeWithinMs);
  try {
    for (const { body } of projection.admitted) {
      const points = await orAbort(store.latest(body.id, { signal: limit.signal }), limit.signal);
      for (const point of points) {
        const held = heldPoint(point);
        if (held) projection.values.put(body.id, held);
      }
    }
  } catch {
    announce('warning', 'api: the store does not give the newest values; they come with the next readings');
  }
}

function statusOf({ projection, trail, hub, system }: ApiContext, isStopping: boolean): RoleStatus {
  const { causes: why, system: isSystem } = system.facts;
  const causes = [...(trail.isDown ? ['audit-down'] : []), ...(isSystem ? why : [])];
  const { rows, lost, waiting } = trail.counters;
  const { streams, cut } = hub.counters;
  const { records, poisoned, copies } = projection.counters;
  return {
    role: 'api',
    state: isStopping ? 'stopping' : causes.length > 0 ? 'degraded' : 'ok',
    causes,
    counters: { records, poisoned, copies, 'audit-rows': rows, 'audit-rows-lost': lost, 'streams-cut': cut },
    gauges: { streams, 'audit-rows-waiting': waiting, 'alerts-open': projection.alerts.open.length },
  };
}

function monitoringOf({ system, projection }: ApiContext): ApiMonitoring {
  const { patients, causes, system: isSystem, since } = system.facts;
  const engineMs = projection.engine.ageMs;
  return {
    patients: { ...patients },
    causes: [...causes],
    system: isSystem,
    since,
    stagesAgeMs: engineMs === undefined ? {} : { engine: Math.round(engineMs) },
    stationsAbleToSound: 0,
  };
}

function endProcess(announce: Announce): (error: unknown) => void {
  return (error) => {
    announce('error', `api: following the log failed: ${(error as Error).stack ?? String(error)}`);
    process.exit(1);
  };
}
