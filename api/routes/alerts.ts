// Routes of alerts. Class C. Invariants: an alert is shown with its patient and its revision; only the engine's event changes
// one, so an acknowledgement is answered by it or is pending. On failure: what the log does not hold is not answered.
import { apiPath, routes } from '../../contract/index.ts';
import { acknowledge } from '../acknowledge.ts';
import { sha256 } from '../audit/chain.ts';
import type { ApiContext, App } from '../context.ts';
import { ProblemError } from '../errors.ts';
import { readEvents } from '../history.ts';
import { keyOf } from '../idempotency.ts';
import { newId } from '../names.ts';
import { pageOfList } from '../pages.ts';
import { alertEventView, alertView, evidenceReadings } from '../views.ts';
import { about, author, clinical, instantMs, reviewing } from './shared.ts';

/** Alerts, what they rest on, and taking one. */
export function addAlertRoutes(app: App, context: ApiContext): void {
  addAlertList(app, context);
  addOneAlert(app, context);
  addAcknowledge(app, context);
}

function addAlertList(app: App, { projection }: ApiContext): void {
  const { alerts } = projection;

  app.get(
    `${apiPath}/alerts`,
    {
      schema: routes['GET /alerts'],
      config: { who: reviewing, act: 'alerts.list' },
    },
    ({ query }) => {
      const { state, priority, kind, unit, patient, from, to } = query;
      const unitOf = (id: string | null) =>
        id === null ? undefined : projection.registry.get('patient', id)?.body.unit;
      const found = [...(state === 'closed' ? [] : alerts.open), ...(state === 'open' ? [] : alerts.closed)]
        .filter((alert) => priority === undefined || alert.priority === priority)
        .filter((alert) => kind === undefined || alert.kind === kind)
        .filter((alert) => patient === undefined || alert.patient === patient)
        .filter((alert) => unit === undefined || unitOf(alert.patient) === unit)
        .filter((alert) => from === undefined || alert.raisedAt >= instantMs(from))
        .filter((alert) => to === undefined || alert.raisedAt < instantMs(to))
        .sort((a, b) => b.raisedAt - a.raisedAt || (a.id < b.id ? -1 : 1));
      const { items, next } = pageOfList(found, ({ id }) => id, query);
      return { items: items.map((alert) => alertView(projection, alert)), next };
    },
  );
}

function addOneAlert(app: App, context: ApiContext): void {
  const { projection } = context;
  const alertOf = (id: string) => {
    const held = projection.alerts.find(id);
    if (!held) throw new ProblemError('not-found', 'no such alert');
    return held;
  };

  app.get(
    `${apiPath}/alerts/:id`,
    {
      schema: routes['GET /alerts/{id}'],
      config: { who: reviewing, act: 'alert.read' },
    },
    (request) => {
      const { alert } = alertOf(request.params.id);
      about(request, 'alert', alert.id, alert.patient);
      return alertView(projection, alert);
    },
  );

  app.get(
    `${apiPath}/alerts/:id/events`,
    {
      schema: routes['GET /alerts/{id}/events'],
      config: { who: reviewing, act: 'alert.events' },
    },
    async (request) => {
      const held = alertOf(request.params.id);
      about(request, 'alert', held.alert.id, held.alert.patient);
      const events = await readEvents(held, context);
      return {
        items: events.map((event) => ({ event: alertEventView(event), alert: alertView(projection, event.alert) })),
      };
    },
  );

  app.get(
    `${apiPath}/alerts/:id/evidence`,
    {
      schema: routes['GET /alerts/{id}/evidence'],
      config: { who: reviewing, act: 'alert.evidence' },
    },
    (request) => {
      const { alert } = alertOf(request.params.id);
      about(request, 'alert', alert.id, alert.patient);
      return {
        alert: alertView(projection, alert),
        ruleSet: alert.evidence.ruleSet,
        readings: evidenceReadings(projection, alert),
        omitted: alert.evidence.omitted,
      };
    },
  );
}

function addAcknowledge(app: App, context: ApiContext): void {
  const { projection } = context;
  const { alerts } = projection;

  app.post(
    `${apiPath}/alerts/:id/acknowledge`,
    {
      schema: routes['POST /alerts/{id}/acknowledge'],
      config: { who: clinical, act: 'alert.ack' },
    },
    async (request, reply) => {
      const { revision, patient, verdict } = request.body;
      about(request, 'alert', request.params.id, patient);
      const key = keyOf(request);
      // The same request by content, so that the engine answers it once, whoever repeats it and whenever.
      const requestId =
        key === undefined
          ? newId('r', context.ports.random, (id) => alerts.answerTo(id) !== undefined)
          : `r-${sha256(key).slice(0, 32)}`;
      const act = { alert: request.params.id, patient, requestId, revision, verdict, ...author(request, context) };
      const { log, clock } = context.ports;
      const alert = await acknowledge(act, { log, projection, clock });
      if (alert) return alertView(projection, alert);
      reply.code(202);
      return { pending: true as const, requestId };
    },
  );
}
