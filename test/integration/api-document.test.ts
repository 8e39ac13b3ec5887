// The document of the API is true: it is valid, it names the routes that there are and nothing else, and a client that a stranger
// generates from it has the types of ours. That the running API answers what it declares is looked at by each test that calls
// it (`support/declared.ts`).
import { execFile } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Validator } from '@seriousme/openapi-schema-validator';
import type { FastifyInstance } from 'fastify';
import { generateSource } from 'oazapfts';
import { beforeAll, describe, expect, test } from 'vitest';
import { apiPath, csrfHeader, problemStatus, type RouteName, routes } from '../../contract/index.ts';
import { startTestApi } from '../support/api.ts';
import { undeclared } from '../support/declared.ts';

interface Operation {
  readonly operationId: string;
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly 'x-vigil-who': readonly string[] | string;
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly required?: boolean }[];
  readonly requestBody?: object;
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: { readonly $ref?: string } }>> }>
  >;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<
      Record<string, { readonly properties?: { readonly code?: { readonly enum?: string[] } } }>
    >;
  };
}

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Every route that was registered, whoever did it and whatever it says of itself. */
const registered = new Map<string, readonly string[] | string>();
let document: Document;
let operations: readonly (readonly [string, Operation])[];

const listen = (message: unknown) => {
  const { fastify } = message as { readonly fastify: FastifyInstance };
  fastify.addHook('onRoute', ({ method, url, config }) => {
    for (const each of [method].flat()) registered.set(`${each} ${url.replace(/:(\w+)/g, '{$1}')}`, config?.who ?? '-');
  });
};

beforeAll(async () => {
  subscribe('fastify.initialization', listen);
  try {
    await using api = await startTestApi();
    document = (await (await api.signIn()).get('/openapi.json')).body;
  } finally {
    unsubscribe('fastify.initialization', listen);
  }
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
  );
});

const isChange = (route: string) => !route.startsWith('GET ');
const refOf = (operation: Operation, status: string) =>
  operation.responses[status]?.content?.['application/problem+json']?.schema.$ref?.replace('#/components/schemas/', '');

describe('the document of the API', () => {
  test('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate({ ...document });
    expect(errors ?? []).toEqual([]);
    expect([valid, validator.version, document.openapi]).toEqual([true, '3.1', '3.1.0']);
  });

  test('names every route that there is, and no other', () => {
    expect(operations.map(([route]) => route).sort()).toEqual([...registered.keys()].sort());
    expect(registered.size).toBeGreaterThan(25);
  });

  test('is the table of routes', () => {
    const below = operations.flatMap(([route]) => (route.includes(apiPath) ? route.replace(apiPath, '') : []));
    expect(below.sort()).toEqual(Object.keys(routes).sort());
  });

  test('says of each route who may call it, and what proves that', { tags: ['SEC-RBAC'] }, () => {
    const said = operations.map(([route, operation]) => [route, operation['x-vigil-who'], operation.security]);
    const expected = operations.map(([route]) => {
      const who = registered.get(route);
      return [route, who, who === '-' ? [] : [isChange(route) ? { session: [], csrf: [] } : { session: [] }]];
    });
    expect(said).toEqual(expected);
    expect(document.components).toMatchObject({
      securitySchemes: { session: { in: 'cookie' }, csrf: { in: 'header', name: csrfHeader } },
    });
  });

  test('says which key, revision, parameters and body a route takes', () => {
    const wrong = operations.filter(([route, { parameters = [], requestBody }]) => {
      const named = (place: string) => parameters.filter((each) => each.in === place).map(({ name }) => name);
      const path = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const headers = [...(route.startsWith('POST') ? ['idempotency-key'] : [])];
      if (route.startsWith('PATCH')) headers.push('if-match');
      const isSame = JSON.stringify([named('path'), named('header')]) === JSON.stringify([path, headers]);
      return !isSame || (requestBody !== undefined) !== (isChange(route) && !route.startsWith('DELETE'));
    });
    expect(wrong.map(([route]) => route)).toEqual([]);
  });

  test('says which problems a route can answer, by status, and nothing that is no problem', () => {
    const codes = new Set<string>();
    for (const [route, operation] of operations.filter(([each]) => each.includes(apiPath))) {
      const refused = Object.keys(operation.responses).filter((status) => Number(status) >= 400);
      expect(refused, route).toEqual(expect.arrayContaining(['400', '401', '403', '404', '429', '500']));
      for (const status of refused) {
        const own = document.components.schemas[refOf(operation, status) ?? '']?.properties?.code?.enum ?? [];
        expect(own.length, `${route} ${status}`).toBeGreaterThan(0);
        for (const code of own) {
          codes.add(code);
          expect(problemStatus[code as keyof typeof problemStatus], `${route} ${code}`).toBe(Number(status));
        }
      }
    }
    expect([...codes]).toEqual(expect.arrayContaining(['alert-revision', 'csrf', 'revision-needed', 'store-down']));
  });
});

test.for<[string, string, number, string, unknown]>([
  ['of a status that its route does not know', '/alerts', 409, 'application/problem+json', problem('exists', 409)],
  [
    'with a problem that its route does not know',
    '/alerts/a-1',
    400,
    'application/problem+json',
    problem('cursor', 400),
  ],
  ['with a key too many', '/session', 200, 'application/json', { csrf: 'x', password: 'y' }],
  ['that calls a problem JSON', '/alerts', 404, 'application/json', problem('not-found', 404)],
])('an answer %s is found', ([, path, status, type, body]) => {
  expect(undeclared('GET', `${apiPath}${path}`, { status, type, body })).toMatch(/^GET .*(not|as application)/);
  const declared = { status: 404, type: 'application/problem+json', body: problem('not-found', 404) };
  expect(undeclared('GET', `${apiPath}${path}`, declared)).toBeUndefined();
});

function problem(code: string, status: number) {
  return { type: `urn:vigil:problem:${code}`, status, code, detail: 'so it is', request: 'r-1' };
}

/** Answers with rows of a fixed form: the generator knows no `prefixItems`, and makes nothing of them. */
const tuples: ReadonlySet<string> = new Set(['GET /patients/{id}/series']);

/** Helpers of the check: the answer of a generated function, and what a call of ours says in its words. */
const prelude = `
import * as stranger from './stranger.ts';
import type { AnswerOf, CallOf, RouteName } from '${root}contract/index.ts';
type Ok<T> = Extract<Awaited<T>, { status: 200 | 201 | 202 | 204 }>;
type Answer<T> = T extends { status: infer S; data: infer D } ? { status: S; body: D } : T extends { status: infer S } ? { status: S; body: null } : never;
type Ours<T> = T extends { status: infer S; body: infer B } ? { status: S; body: B } : never;
type Given<T> = [NonNullable<T>] extends [never] ? {} : { [K in keyof NonNullable<T> as K extends 'from' ? '$from' : K]: NonNullable<T>[K] };
type Body<T> = [NonNullable<T>] extends [never] ? {} : { body: T };
type Asked<R extends RouteName> = Given<CallOf<R>['params']> & Given<CallOf<R>['query']> & Body<CallOf<R>['body']>;
type Theirs<T> = Omit<T, 'idempotencyKey' | 'ifMatch'>;
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
export const same: readonly true[] = [
`;

/** Checks a client that was generated from a document against ours; gives what the compiler says. */
async function compiled(described: Document, extra = ''): Promise<string> {
  await mkdir(join(root, 'build'), { recursive: true });
  // Below the project, so that what it imports is found.
  const folder = await mkdtemp(join(root, 'build', 'stranger-'));
  try {
    await writeFile(join(folder, 'document.json'), JSON.stringify(described));
    const source = await generateSource(join(folder, 'document.json'), { argumentStyle: 'object' });
    const checks = operations.flatMap(([route, { operationId, parameters = [], requestBody, responses }]) => {
      const name = route.replace(apiPath, '') as RouteName;
      if (!Object.hasOwn(routes, name)) return [];
      const made = `typeof stranger.${operationId}`;
      const hasJson = Object.entries(responses).some(
        ([status, { content }]) => status === '204' || (Number(status) < 300 && content?.['application/json']),
      );
      const takes = parameters.some((each) => each.in !== 'header') || requestBody !== undefined;
      return [
        ...(hasJson && !tuples.has(name)
          ? [`true satisfies Same<Answer<Ok<ReturnType<${made}>>>, Ours<AnswerOf<'${name}'>>>,`]
          : []),
        ...(takes ? [`true satisfies Same<Theirs<Parameters<${made}>[0]>, Asked<'${name}'>>,`] : []),
      ];
    });
    await writeFile(join(folder, 'stranger.ts'), source);
    await writeFile(join(folder, 'check.ts'), `${prelude}${checks.join('\n')}\n];\n${extra}`);
    const compilerOptions = {
      exactOptionalPropertyTypes: false,
      noUncheckedIndexedAccess: false,
      verbatimModuleSyntax: false,
    };
    const config = { extends: join(root, 'tsconfig.json'), compilerOptions, include: ['*.ts'], exclude: [] };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
    expect(checks.length).toBeGreaterThan(40);
    return await new Promise((resolve) => {
      const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
      execFile(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], (_, stdout, stderr) =>
        resolve(`${stdout}${stderr}`),
      );
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('a client', () => {
  test('that a stranger generates from the document compiles, and takes and gives what ours does', async () => {
    expect(await compiled(document)).toBe('');
  }, 300_000);

  test('generated from a document that is not true does not', async () => {
    const lie = JSON.parse(
      JSON.stringify(document).replaceAll('"freshForMs":{"type":"integer"', '"freshForMs":{"type":"string"'),
    );
    expect(await compiled(lie)).toMatch(/check\.ts.*TS1360/);
  }, 300_000);

  test('of ours refuses what no route takes', async () => {
    const wrong = [
      `client.call('GET /patient');`,
      `client.call('GET /patients/{id}');`,
      `client.call('GET /patients/{id}', { params: { patient: 'p-1' } });`,
      `client.call('GET /patients', { query: { state: 'gone' } });`,
      `client.call('GET /patients/{id}/series', { params: { id: 'p-1' }, query: { vital: 'spo2' } });`,
      `client.call('POST /assignments', { body: { patient: 'p-1' } });`,
      `client.call('POST /assignments', { body: { patient: 'p-1', device: 'd-1', gateway: 'g-1' } });`,
      `client.call('PATCH /patients/{id}', { params: { id: 'p-1' }, body: { bed: 'Bed 1' } });`,
      `client.call('GET /system', { idempotencyKey: 'x' });`,
      `client.call('GET /stream');`,
      `client.call('GET /session').then(({ body }) => body.password);`,
      `client.call('POST /alerts/{id}/acknowledge', call).then(({ body }) => body.revision);`,
    ];
    const lines = [
      `import { createClient } from '${root}contract/index.ts';`,
      `const client = createClient();`,
      `const call = { params: { id: 'a-1' }, body: { revision: 1, patient: null } };`,
      ...wrong,
    ];
    const found = await compiled(document, lines.join('\n'));
    const errors = [...found.matchAll(/check\.ts\((\d+),/g)].map(([, line]) => Number(line));
    const first = Math.min(...errors);
    expect([...new Set(errors)].map((line) => wrong[line - first])).toEqual(wrong);
  }, 300_000);
});
