// Who may use which route: the table below is what was decided; each cell is tried on the running api.
import { fastify } from 'fastify';
import { describe, expect, test } from 'vitest';
import type { ApiContext, App } from '../../api/context.ts';
import { addAuthorisation } from '../../api/plugins/authorisation.ts';
import type { UserRole } from '../../contract/index.ts';
import { call, sessionAs, startTestApi, TestClock } from '../support/api.ts';

const C: UserRole[] = ['clinician', 'lead'];
const T: UserRole[] = ['technician'];
const A: UserRole[] = ['administrator'];
const U: UserRole[] = ['auditor'];
const everyone: UserRole[] = [...C, ...T, ...A, ...U];

/** Route -> roles that may; `anyone` also without a session. */
const table: Readonly<Record<string, readonly UserRole[] | 'anyone'>> = {
  'POST /api/v1/session': 'anyone',
  'GET /healthz': 'anyone',
  'GET /api/v1/session': everyone,
  'GET /api/v1/system': everyone,
  'GET /api/v1/openapi.json': everyone,
  'POST /api/v1/links': A,
  'GET /api/v1/patients': [...C, ...T, ...A],
  'POST /api/v1/patients': C,
  'GET /api/v1/patients/{id}': [...C, ...T, ...A],
  'PATCH /api/v1/patients/{id}': C,
  'POST /api/v1/patients/{id}/discharge': C,
  'GET /api/v1/devices': [...C, ...T, ...A],
  'POST /api/v1/devices': [...T, ...A],
  'POST /api/v1/devices/{id}/token': [...T, ...A],
  'POST /api/v1/devices/{id}/revoke': [...T, ...A],
  'GET /api/v1/patients/{id}/assignments': [...C, ...T],
  'POST /api/v1/assignments': C,
  'POST /api/v1/assignments/{id}/end': C,
  'GET /api/v1/patients/{id}/latest': C,
  'GET /api/v1/patients/{id}/readings': C,
  'GET /api/v1/patients/{id}/series': C,
  'GET /api/v1/patients/{id}/waveforms': C,
  'GET /api/v1/patients/{id}/export.csv': C,
  'GET /api/v1/alerts': [...C, ...U],
  'GET /api/v1/alerts/{id}': [...C, ...U],
  'GET /api/v1/alerts/{id}/events': [...C, ...U],
  'GET /api/v1/alerts/{id}/evidence': [...C, ...U],
  'POST /api/v1/alerts/{id}/acknowledge': C,
  'GET /api/v1/monitoring': [...C, ...U],
  'GET /api/v1/stream': C,
  'DELETE /api/v1/session': everyone,
};

const status = (answer: { readonly status: number; readonly body: { readonly code?: string } | null }) =>
  answer.status === 401 ? 'not signed in' : answer.status === 403 && answer.body?.code === 'role' ? 'role' : 'let in';

describe('authorisation', () => {
  test('lets in whom the table names, and nobody else', { tags: ['SEC-RBAC'] }, async () => {
    await using api = await startTestApi();
    const wrong: string[] = [];
    for (const role of [...everyone, undefined]) {
      const session = role && (await sessionAs(api, `u-${role}`, [role]));
      for (const [route, who] of Object.entries(table)) {
        const [method = '', path = ''] = route.split(' ');
        const url = path.replace('{id}', 'x-1');
        // A stream that is let in does not end: it asks for one of nobody.
        const asked = path.endsWith('/stream') ? `${url}?scope=patient:x-1` : url;
        const body = method === 'GET' || method === 'DELETE' ? undefined : {};
        const headers = session && { cookie: session.cookie, 'vigil-csrf': session.csrf };
        const answer = await call(api.api.url, method, asked, { body, ...(headers && { headers }) });
        const may = who === 'anyone' || (role !== undefined && who.includes(role));
        const wanted = may ? 'let in' : role === undefined ? 'not signed in' : 'role';
        // Signing in with nothing is refused as such, not for who asks.
        const got = answer.body?.code === 'sign-in-failed' ? 'let in' : status(answer);
        if (got !== wanted) wrong.push(`${role ?? 'nobody'} ${route}: ${got} (${answer.status}), expected ${wanted}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('knows of every route that there is', { tags: ['SEC-RBAC'] }, async () => {
    await using api = await startTestApi();
    const { body } = await (await api.signIn()).get('/openapi.json');
    const described = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.sort()).toEqual(Object.keys(table).sort());
  });

  test('writes each denial down, and no name with it', { tags: ['SEC-AUDIT', 'SEC-RBAC'] }, async () => {
    const api = await startTestApi();
    const technician = await sessionAs(api, 'u-tech', ['technician']);
    expect((await technician.get('/patients/p-1/latest')).status).toBe(403);
    await call(api.api.url, 'GET', '/api/v1/alerts');
    await api[Symbol.asyncDispose]();
    const rows = api.memory
      .records('audit')
      .map(({ value }) => JSON.parse(new TextDecoder().decode(value).split('\n')[1] ?? ''));
    expect(rows.filter(({ out }) => out === 'denied').map(({ actor, act, why }) => [actor.id, act, why])).toEqual([
      ['u-tech', 'values.latest', 'role'],
      ['anonymous', 'alerts.list', 'not-signed-in'],
    ]);
  });

  test.for([
    ['who may use it', 'GET', {}],
    ['what it is called, though it changes something', 'POST', { who: '*' as const }],
  ] as const)('refuses a route that does not say %s', { tags: ['SEC-RBAC'] }, ([, method, config]) => {
    const app = fastify() as unknown as App;
    addAuthorisation(app, { ports: { clock: new TestClock() } } as unknown as ApiContext);
    const register = () => app.route({ method, url: '/secret', config, handler: () => ({}) });
    expect(register).toThrow(expect.objectContaining({ code: 'API_UNDECLARED_ROUTE' }));
  });
});
