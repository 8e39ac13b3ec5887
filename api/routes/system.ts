// Routes of the whole. Class C. Invariants: whether anybody watches is said by what this process sees itself. On failure: what
// cannot be known is said to be not monitored.
import { z } from 'zod';
import { apiPath, routes, toInstant } from '../../contract/index.ts';
import type { ApiContext, App } from '../context.ts';
import { monitoringView } from '../monitoring-board.ts';
import { clinical, reviewing } from './shared.ts';

/** Whether anybody watches, and how the parts of Vigil are. */
export function addSystemRoutes(app: App, context: ApiContext, ownStatus: () => SystemRole): void {
  const { projection, system, options, ports } = context;

  app.get(
    `${apiPath}/monitoring`,
    {
      schema: routes['GET /monitoring'],
      config: { who: [...new Set([...clinical, ...reviewing])], act: 'monitoring.list' },
    },
    ({ query }) => ({
      ...system.view,
      items: projection.admitted
        .filter(({ body }) => query.unit === undefined || body.unit === query.unit)
        .map(({ body }) => ({ patient: body.id, monitoring: monitoringView(projection.stateOf(body.id)) })),
    }),
  );

  app.get(`${apiPath}/system`, { schema: routes['GET /system'], config: { who: '*' } }, () => {
    const rules = projection.registry.get('rules', options.rules.id)?.body;
    return {
      realm: options.realm,
      version: options.version,
      config: options.configHash,
      serverTs: toInstant(projection.time.now()),
      log: { ...ports.log.health() },
      roles: (ports.roles?.() ?? [ownStatus()]).map(({ role, state, causes, counters, gauges }) => ({
        role,
        state,
        causes: [...causes],
        counters: { ...counters },
        gauges: { ...gauges },
      })),
      rules: rules ? { id: rules.id, version: rules.version, title: rules.title } : null,
      monitoring: system.view,
    };
  });

  app.get(`${apiPath}/openapi.json`, { schema: routes['GET /openapi.json'], config: { who: '*' } }, () =>
    app.swagger(),
  );

  // The process answers; whether anybody is watched is another question.
  const health = { response: { 200: z.strictObject({ state: z.literal('ok') }) } };
  app.get('/healthz', { schema: health, config: { who: '-' } }, () => ({ state: 'ok' as const }));
}

type SystemRole = ReturnType<NonNullable<ApiContext['ports']['roles']>>[number];
