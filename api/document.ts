// The document of the API, OpenAPI 3.1, from what the routes themselves declare: schemas, who may call, problems by status.
// Class C. Invariants: every route that answers a program is in it; what is said of a route is what its registration says. On
// failure: a route that cannot be described stops the start.
import swagger, { type SwaggerTransform } from '@fastify/swagger';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  AlertEventView,
  AlertView,
  AssignmentView,
  apiPath,
  csrfHeader,
  DeviceView,
  EvidenceView,
  LatestView,
  Measurement,
  MonitoringView,
  PatientDetail,
  PatientRef,
  PatientView,
  ReadingView,
  RuleView,
  routes,
  SeriesView,
  Session,
  SignalView,
  SystemState,
  SystemView,
  WaveformView,
} from '../contract/index.ts';
import type { App } from './context.ts';
import type { CheckedOptions } from './options.ts';
import { sessionCookie } from './plugins/authentication.ts';

/** Schemas that stand in the document once, under their names. */
const named = {
  ...{ AlertEventView, AlertView, AssignmentView, DeviceView, EvidenceView, LatestView, Measurement, MonitoringView },
  ...{ PatientDetail, PatientRef, PatientView, ReadingView, RuleView, SeriesView, Session, SignalView, SystemState },
  ...{ SystemView, WaveformView },
};

/** Answers that are no JSON, by method and path. */
const otherTypes: Readonly<Record<string, string>> = {
  'GET /stream': 'text/event-stream',
  'GET /patients/{id}/export.csv': 'text/csv',
  'GET /patients/{id}/waveforms': 'application/vnd.vigil.waveform',
};

type Registered = Parameters<SwaggerTransform>[0];
type Operation = { response?: Record<string, unknown> } & Record<string, unknown>;

/** Has to stand before the routes are registered. */
export async function addDocument(app: App, { version, realm }: CheckedOptions): Promise<void> {
  const schemaRegistry = registryOf();
  const toJson = createJsonSchemaTransform({ schemaRegistry });
  const components = createJsonSchemaTransformObject({ schemaRegistry });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Vigil', version, description: `Realm ${realm}.`, license: { name: 'Apache-2.0' } },
      components: {
        securitySchemes: {
          session: { type: 'apiKey', in: 'cookie', name: sessionCookie },
          csrf: { type: 'apiKey', in: 'header', name: csrfHeader },
        },
      },
    },
    transform: (given) => {
      const { schema, url } = toJson(given as Parameters<typeof toJson>[0]);
      return {
        schema: (schema?.hide ? schema : described(given, (schema ?? {}) as Operation)) as typeof given.schema,
        url,
      };
    },
    transformObject: (given) => used(components(given as Parameters<typeof components>[0]) as Document) as never,
  });
}

/** Schemas with a name: those above, and each set of problems. */
function registryOf() {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const answers = Object.values(routes).flatMap(({ response }) => Object.entries(response));
  const problems = new Set(answers.flatMap(([status, schema]) => (Number(status) >= 400 ? [schema] : [])));
  for (const schema of problems) {
    const { code } = (schema as z.ZodObject<{ code: z.ZodEnum }>).shape;
    registry.add(schema, { id: `Problem.${code.options.join('.')}` });
  }
  return registry;
}

/** What a registration says beside its schemas. */
function described({ route, url }: Registered, schema: Operation): Operation {
  const method = [route.method].flat()[0] ?? '';
  const path = url.replace(/:(\w+)/g, '{$1}');
  const { who = '-', act } = route.config ?? {};
  const isChange = method !== 'GET';
  return {
    ...schema,
    operationId: operationOf(method, path),
    ...(act !== undefined && { description: `Audited as \`${act}\`.` }),
    security: who === '-' ? [] : [isChange ? { session: [], csrf: [] } : { session: [] }],
    'x-vigil-who': who,
    ...headersOf(method),
    response: answersOf(`${method} ${path.replace(apiPath, '')}`, schema.response ?? {}),
  };
}

/** `GET /api/v1/patients/{id}/latest`: `getPatientsIdLatest`, the same for ever, since programs are made from it. */
function operationOf(method: string, path: string): string {
  const words = path.replace(apiPath, '').split(/[^A-Za-z]+/);
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function headersOf(method: string): { headers?: object } {
  const properties = {
    ...(method === 'POST' && { 'idempotency-key': { type: 'string', format: 'uuid' } }),
    ...(method === 'PATCH' && { 'if-match': { type: 'string', pattern: '^"\\d+"$' } }),
  };
  const names = Object.keys(properties);
  if (names.length === 0) return {};
  return { headers: { type: 'object', properties, required: names.filter((name) => name === 'if-match') } };
}

/** Each answer with its media type: problems have their own. */
function answersOf(route: string, response: Record<string, unknown>): Record<string, unknown> {
  const answers = Object.entries(response).map(([status, schema]) => {
    if (status === '204') return [status, { description: 'Done.', type: 'null' }];
    const type = Number(status) >= 400 ? 'application/problem+json' : 'application/json';
    const description = Number(status) >= 400 ? 'A problem.' : 'The answer.';
    return [status, { description, content: { [type]: { schema } } }];
  });
  const byStatus = Object.fromEntries(answers) as Record<string, { description: string; content?: object }>;
  const other = otherTypes[route];
  if (other === undefined) return byStatus;
  const schema = other.startsWith('text/') ? { type: 'string' } : {};
  const content = { ...byStatus['200']?.content, [other]: { schema } };
  return { ...byStatus, 200: { description: 'The answer.', content } };
}

interface Document {
  readonly paths: object;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> } & object;
}

/** Without the schemas that nothing refers to: each has one form for what is sent and one for what is given. */
function used(document: Document): Document {
  const { schemas } = document.components;
  const kept = new Set<string>();
  const follow = (part: unknown): void => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g))
      if (!kept.has(name)) {
        kept.add(name);
        follow(schemas[name]);
      }
  };
  follow(document.paths);
  const those = Object.fromEntries(Object.entries(schemas).filter(([name]) => kept.has(name)));
  return { ...document, components: { ...document.components, schemas: those } };
}
