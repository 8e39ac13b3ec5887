// What the api knows and writes, without anybody to serve: registry, sessions and projection, read from the log, and the
// writes of people. Class C. Invariants: writes on their way when a process died are made whole first; when it is open, the
// projection holds what stood in the log when it began, or says so. On failure: what had started is stopped; a mistake of
// ours while following the log goes to `fatal`.
import type { LogRecord, Position, Realm, RuleSet, StorePositions } from '../contract/index.ts';
import { endsWithin, openDeadline, orAbort } from './deadline.ts';
import { type FollowPorts, follow } from './follow.ts';
import { heldPoint } from './latest-values.ts';
import { catchUpWithinMs, sessionIdleMs, stopWithinMs, storeWithinMs, tailWithoutStore } from './limits.ts';
import type { ApiPorts } from './options.ts';
import { type Ends, Projection } from './projection.ts';
import { Registrar, repairWrites } from './registrar.ts';
import { Sessions } from './sessions.ts';
import { ensureDemoUser, installRules, pendingWrites } from './start-state.ts';

export interface WardStateOptions {
  readonly realm: Realm;
  /** Installed at start if `registry` holds none or another. */
  readonly rules: RuleSet;
}

export interface WardState extends AsyncDisposable {
  readonly projection: Projection;
  readonly sessions: Sessions;
  readonly registrar: Registrar;
  /** Aborts when it is disposed of. */
  readonly signal: AbortSignal;
}

/** Reads the log and follows it; disposing of it ends that. */
export async function openWardState(
  options: WardStateOptions,
  ports: ApiPorts & Required<Pick<ApiPorts, 'fatal'>>,
): Promise<WardState> {
  const { log, clock, announce, fatal } = ports;
  await using stack = new AsyncDisposableStack();
  const stopping = new AbortController();
  const follower: FollowPorts = { log, clock, announce, signal: stopping.signal };

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
  const registrar = new Registrar(log, projection, clock);
  const opened = stack.move();
  return {
    projection,
    sessions,
    registrar,
    signal: stopping.signal,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
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

async function firstState({ rules, realm }: WardStateOptions, ports: ApiPorts, projection: Projection): Promise<void> {
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
