// What the operations port answers, pure: the fed snapshot, its age and the watchdog's verdict in, status and body out.
// Nothing that has failed is needed to say so: without a fresh snapshot the answer is *not monitored*.
import type { RoleStatus } from '../contract/index.ts';
import { feedSilentMs, nextByMs } from './limits.ts';
import type { MonitoringSummary, OpsSnapshot } from './ops-snapshot.ts';

/** What the thread knows at the moment of a question. */
export interface OpsView {
  readonly snapshot: OpsSnapshot | undefined;
  /** UTC now; when the newest snapshot came, and since when the engine is stuck. */
  readonly now: number;
  readonly fedAt: number | undefined;
  readonly stuckSince: number | undefined;
  readonly startedAt: number;
  readonly timesStuck: number;
}

export interface Page {
  readonly status: 200 | 503 | 404 | 405;
  readonly type: 'application/json' | 'text/plain; version=0.0.4; charset=utf-8';
  readonly body: string;
}

/** A cause that no snapshot has to tell. */
function ownCause({
  snapshot,
  now,
  fedAt,
  stuckSince,
  startedAt,
}: OpsView): { cause: string; since: number } | undefined {
  if (stuckSince !== undefined) return { cause: 'engine-stuck', since: stuckSince };
  if (snapshot === undefined || fedAt === undefined) return { cause: 'starting', since: startedAt };
  return now - fedAt > feedSilentMs ? { cause: 'engine-stuck', since: fedAt } : undefined;
}

/** `/monitoringz`: 503 while any patient who ought to be watched is not. */
export function monitoringPage(view: OpsView): Page {
  const own = ownCause(view);
  const known = view.snapshot?.monitoring;
  const patients = known?.patients ?? { monitored: 0, degraded: 0, notMonitored: 0 };
  const { monitored, degraded, notMonitored } = patients;
  const body = {
    state: own || notMonitored > 0 ? 'not-monitored' : degraded > 0 ? 'degraded' : 'monitored',
    system: own !== undefined || (known?.system ?? true),
    since: new Date(own?.since ?? known?.since ?? view.startedAt).toISOString(),
    causes: own ? [own.cause] : (known?.causes ?? []),
    // With the engine stuck nobody is watched, whatever was true when it last spoke.
    patients: own ? { monitored: 0, degraded: 0, notMonitored: monitored + degraded + notMonitored } : patients,
    ...(known?.canary && { canary: known.canary }),
    stagesAgeMs: agedBy(known, view),
    stationsAbleToSound: known?.stationsAbleToSound ?? 0,
    nextBy: new Date(view.now + nextByMs).toISOString(),
  };
  return json(body.state === 'not-monitored' ? 503 : 200, body);
}

/** Ages as they are now, not as they were when they were fed. */
function agedBy(known: MonitoringSummary | undefined, { now, fedAt }: OpsView): Record<string, number> {
  const older = fedAt === undefined ? 0 : Math.max(0, now - fedAt);
  return Object.fromEntries(Object.entries(known?.stagesAgeMs ?? {}).map(([stage, age]) => [stage, age + older]));
}

/** `/readyz`: can append and evaluate. */
export function readyPage(view: OpsView): Page {
  const own = ownCause(view);
  const roles = view.snapshot?.roles ?? [];
  const unfit = roles.filter(({ state }) => state !== 'ok' && state !== 'degraded');
  const causes = own ? [own.cause] : unfit.flatMap(({ role, state, causes: why }) => [`${role}-${state}`, ...why]);
  return json(causes.length > 0 ? 503 : 200, { ready: causes.length === 0, causes, roles: roles.map(brief) });
}

function brief({ role, state, causes }: RoleStatus) {
  return { role, state, causes };
}

/** `/healthz`: the process is there and this thread answers. */
export function healthPage(view: OpsView): Page {
  return json(200, { alive: true, stuck: view.stuckSince !== undefined, sinceStart: view.now - view.startedAt });
}

function json(status: Page['status'], body: object): Page {
  return { status, type: 'application/json', body: `${JSON.stringify(body)}\n` };
}

/** `/metrics`: Prometheus text from what the roles count; each metric once, its samples by role. */
export function metricsPage(view: OpsView): Page {
  const families = new Map<string, { readonly type: 'counter' | 'gauge'; readonly samples: string[] }>();
  const add = (name: string, type: 'counter' | 'gauge', labels: Record<string, string>, value: number) => {
    const family = families.get(name) ?? { type, samples: [] };
    families.set(name, family);
    family.samples.push(`${name}${labelText(labels)} ${value}`);
  };
  for (const { role, state, counters, gauges } of view.snapshot?.roles ?? []) {
    add('vigil_role_state', 'gauge', { role, state }, 1);
    for (const [name, value] of Object.entries(counters)) add(`vigil_${snake(name)}_total`, 'counter', { role }, value);
    for (const [name, value] of Object.entries(gauges)) add(`vigil_${snake(name)}`, 'gauge', { role }, value);
  }
  const { monitored = 0, degraded = 0, notMonitored = 0 } = view.snapshot?.monitoring.patients ?? {};
  const isStuck = view.stuckSince !== undefined;
  add('vigil_patients', 'gauge', { state: 'monitored' }, monitored);
  add('vigil_patients', 'gauge', { state: 'degraded' }, degraded);
  add('vigil_patients', 'gauge', { state: 'not-monitored' }, notMonitored);
  add('vigil_engine_stuck', 'gauge', {}, isStuck ? 1 : 0);
  add('vigil_engine_stuck_total', 'counter', {}, view.timesStuck);
  const lines = [...families].flatMap(([name, { type, samples }]) => [`# TYPE ${name} ${type}`, ...samples]);
  return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: `${lines.join('\n')}\n` };
}

function snake(name: string): string {
  return name.replace(/[^A-Za-z0-9]/g, '_');
}

function labelText(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replace(/["\\\n]/g, '_')}"`);
  return pairs.length > 0 ? `{${pairs.join(',')}}` : '';
}

const pages: Readonly<Record<string, (view: OpsView) => Page>> = {
  '/healthz': healthPage,
  '/readyz': readyPage,
  '/monitoringz': monitoringPage,
  '/metrics': metricsPage,
};

/** The answer to a request; query strings are ignored. */
export function answer(method: string, url: string, view: OpsView): Page {
  const path = url.split('?', 1)[0] as string;
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (page === undefined) return json(404, { error: 'no such page', pages: Object.keys(pages) });
  return method === 'GET' || method === 'HEAD' ? page(view) : json(405, { error: 'only GET and HEAD' });
}
