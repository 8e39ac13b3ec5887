// The api role, put together: audit trail, registry and sessions first, then the projection, then the listeners. Class C.
// Invariants: nothing is served before the registry, the sessions and the writes on their way are whole; sources start last
// and stop first. On failure: what had started is stopped; a mistake of ours while following the log ends the process.
import type { Announce, RoleStatus, RunningRole, TechnicalCause } from '../contract/index.ts';
import { buildApp } from './app.ts';
import { openTrail } from './audit/trail.ts';
import type { ApiContext } from './context.ts';
import { LiveHub } from './live/hub.ts';
import { ApiOptions, type ApiPorts } from './options.ts';
import { listenHttp, listenLocal } from './server.ts';
import { signInUrl } from './sign-in-url.ts';
import { demoUser } from './start-state.ts';
import { SystemWatch } from './system-watch.ts';
import { openWardState } from './ward-state.ts';

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
  const fatal = ports.fatal ?? endProcess(announce);
  const ward = stack.use(await openWardState(options, { ...ports, fatal }));
  const { projection, sessions, registrar } = ward;

  const { installation, instance, configHash } = options;
  const trail = stack.use(await openTrail({ installation, chain: `api-${instance}`, configHash }, log, clock));
  const system = new SystemWatch(projection, clock);
  const looking = system.run(ward.signal);
  looking.catch(fatal);
  const hub = stack.use(new LiveHub(options, { log, clock, projection, system }));
  sessions.onEnd(() => hub.review());

  let url = '';
  const context: ApiContext = { options, ports, projection, system, sessions, registrar, trail, hub, url: () => url };
  const ownStatus = () => statusOf(context, ward.signal.aborted);
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
