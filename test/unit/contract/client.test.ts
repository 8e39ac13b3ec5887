// The client of the API against a `fetch` that a test plays.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  createClient,
  type Fetch,
  NoAnswerError,
  type Problem,
  ProblemAnswerError,
  urlOf,
} from '../../../contract/index.ts';

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}
interface Played {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const problem = (code: Problem['code'], status: number): Played => ({
  status,
  body: { type: `urn:vigil:problem:${code}`, status, code, detail: 'so it is', request: 'r-1' },
  headers: { 'content-type': 'application/problem+json' },
});

/** A server that answers by method and path; keeps what it was asked. */
function played(answer: (asked: Asked, n: number) => Played) {
  const asked: Asked[] = [];
  const fetch: Fetch = (url, { method, headers, body }) => {
    const each = { method, url, headers, body: body === undefined ? undefined : JSON.parse(body) };
    asked.push(each);
    const { status = 200, body: sent, headers: sentHeaders = {} } = answer(each, asked.length);
    const text = sent === undefined ? '' : typeof sent === 'string' ? sent : JSON.stringify(sent);
    const lower = new Map(Object.entries(sentHeaders));
    return Promise.resolve({ status, headers: { get: (name) => lower.get(name) ?? null }, text: async () => text });
  };
  return { asked, client: createClient({ origin: 'http://here', fetch }) };
}

const session = { body: { csrf: 'token-1' } };
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const signedIn = ({ url }: Asked): Played => (url.endsWith('/session') ? session : { body: {} });

describe('a call', () => {
  test('goes to its route, with parameters, query and no body', async () => {
    const { asked, client } = played(() => ({ body: { items: [], next: null } }));
    const query = {
      vital: 'spo2',
      from: '2026-03-01T00:00:00.000Z',
      to: '2026-03-01T01:00:00.000Z',
      limit: 7,
    } as const;
    const { status, body } = await client.call('GET /patients/{id}/readings', { params: { id: 'p-5' }, query });
    expect([status, body.next]).toEqual([200, null]);
    expect(asked).toEqual([
      {
        method: 'GET',
        url: 'http://here/api/v1/patients/p-5/readings?vital=spo2&from=2026-03-01T00%3A00%3A00.000Z&to=2026-03-01T01%3A00%3A00.000Z&limit=7',
        headers: {},
        body: undefined,
      },
    ]);
  });

  test('that changes something carries token, key, revision and body; the token is asked for once', async () => {
    const { asked, client } = played(signedIn);
    await client.call('PATCH /patients/{id}', { params: { id: 'p-5' }, body: { bed: 'Bed 9' }, revision: 17 });
    await client.call('POST /alerts/{id}/acknowledge', {
      params: { id: 'a-1' },
      body: { revision: 4, patient: 'p-5' },
      idempotencyKey: '4f6a3f0e-7a61-4c9e-9c4e-3d3f0a4c1b2d',
    });
    await client.call('POST /devices/{id}/token', { params: { id: 'd-1' }, body: {} });
    expect(asked.map(({ method, url }) => `${method} ${url.slice(18)}`)).toEqual([
      ...['GET /session', 'PATCH /patients/p-5', 'POST /alerts/a-1/acknowledge', 'POST /devices/d-1/token'],
    ]);
    const json = { 'content-type': 'application/json', 'vigil-csrf': 'token-1' };
    expect(asked.slice(1).map(({ headers }) => headers)).toEqual([
      { ...json, 'if-match': '"17"' },
      { ...json, 'idempotency-key': '4f6a3f0e-7a61-4c9e-9c4e-3d3f0a4c1b2d' },
      { ...json, 'idempotency-key': expect.stringMatching(uuid) },
    ]);
    expect(asked[2]?.body).toEqual({ revision: 4, patient: 'p-5' });
  });

  test('refused for its token is made once more with a new one, and not a third time', async () => {
    let wanted = 'token-1';
    const { asked, client } = played(({ url, headers }) => {
      if (url.endsWith('/session')) return { body: { csrf: wanted } };
      return headers['vigil-csrf'] === wanted ? { body: {} } : problem('csrf', 403);
    });
    const release = () => client.call('POST /devices/{id}/token', { params: { id: 'd-1' }, body: {} });
    await release();
    wanted = 'token-2';
    await release();
    expect(asked.map(({ method, headers }) => headers['vigil-csrf'] ?? method)).toEqual([
      ...['GET', 'token-1', 'token-1', 'GET', 'token-2'],
    ]);
    const never = played(({ method }) => (method === 'GET' ? session : problem('csrf', 403)));
    await expect(never.client.call('DELETE /session')).rejects.toMatchObject({ code: 'csrf' });
    expect(never.asked.length).toBe(4);
  });

  test('of nobody who is signed in is for the API to judge, and a token does not outlive its session', async () => {
    let csrf: string | undefined;
    const { asked, client } = played(({ method, url }) => {
      if (method === 'GET') return csrf === undefined ? problem('not-signed-in', 401) : { body: { csrf } };
      if (url.endsWith('/session')) csrf = 'new';
      return { body: { next: null } };
    });
    await client.call('POST /session', { body: { link: 'secret' } });
    await client.call('POST /devices/{id}/token', { params: { id: 'd-1' }, body: {} });
    expect(asked.map(({ method, headers }) => [method, headers['vigil-csrf']])).toEqual([
      ['GET', undefined],
      ['POST', undefined],
      ['GET', undefined],
      ['POST', 'new'],
    ]);
  });

  test('gives the revision of what was answered, and null for nothing', async () => {
    const { client } = played(({ method }) =>
      method === 'DELETE' ? { status: 204 } : { body: { csrf: 'x' }, headers: { etag: '"17"' } },
    );
    expect(await client.call('GET /patients/{id}', { params: { id: 'p-5' } })).toMatchObject({ revision: 17 });
    expect(await client.call('DELETE /session')).toEqual({ status: 204, body: null, revision: undefined });
  });
});

describe('no', () => {
  test('is the problem, with its code, status and when to ask again', async () => {
    const rate = problem('rate', 429);
    const { client } = played(() => ({ ...rate, headers: { ...rate.headers, 'retry-after': '60' } }));
    const error = await client.call('GET /system').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProblemAnswerError);
    expect(error).toMatchObject({ code: 'rate', status: 429, retryAfterMs: 60_000, problem: { request: 'r-1' } });
  });

  test.for<[string, Played]>([
    [
      'of something else than the API',
      { status: 502, body: '<h1>Bad gateway</h1>', headers: { 'content-type': 'text/html' } },
    ],
    ['that is no JSON', { body: '{"items":' }],
    ['that is a problem in name only', { ...problem('rate', 429), body: 'nothing' }],
  ])('usable: an answer %s', async ([, answer]) => {
    const { client } = played(() => answer);
    await expect(client.call('GET /system')).rejects.toMatchObject({ code: 'CLIENT_NO_ANSWER' });
  });

  test('answer at all: the deadline ends it, the network too; nothing is asked twice', async () => {
    let asked = 0;
    const silent: Fetch = (_, { signal }) => {
      asked++;
      return sleep(60_000, undefined, { signal }) as never;
    };
    const client = createClient({ fetch: silent });
    const error = await client.call('GET /system', { withinMs: 5 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NoAnswerError);
    expect(asked).toBe(1);
    const down = createClient({ fetch: () => Promise.reject(new TypeError('fetch failed')) });
    await expect(down.call('DELETE /session')).rejects.toMatchObject({ code: 'CLIENT_NO_ANSWER' });
  });

  test('longer wanted: the caller gets their own reason', async () => {
    const client = createClient({ fetch: (_, { signal }) => sleep(60_000, undefined, { signal }) as never });
    const left = new AbortController();
    const call = client.call('DELETE /session', { signal: left.signal });
    left.abort(new Error('the sheet was closed'));
    await expect(call).rejects.toThrow('the sheet was closed');
  });

  test.for(['..', '', 'p-5/latest', 'p-5?x', 'ä', '%2e%2e', 'x'.repeat(65)])('id: %s leads nowhere', (id) => {
    expect(() => urlOf('GET /patients/{id}/latest', { params: { id } })).toThrow(RangeError);
  });
});

test('the URL of the stream names its scope and each lead', () => {
  expect(urlOf('GET /stream')).toBe('/api/v1/stream');
  expect(urlOf('GET /stream', { query: { scope: 'unit:w-1', waveform: ['p-5:II', 'p-6:ecg'] } })).toBe(
    '/api/v1/stream?scope=unit%3Aw-1&waveform=p-5%3AII&waveform=p-6%3Aecg',
  );
});
