// The border for browsers and programs: what is let in, what every answer carries, and that text stays text.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { admit, call, sessionAs, startTestApi } from '../support/api.ts';

const patient = { mrn: 'M-1', name: 'DOE, Jane', birthDate: '1950-02-11', unit: 'w-1' };

describe('a call', () => {
  test('is answered with realm, configuration and request, and never kept', {
    tags: ['SYS-CONFIG', 'SYS-REALM'],
  }, async () => {
    await using test = await startTestApi();
    const { headers, body } = await call(test.api.url, 'GET', '/api/v1/patients');
    expect(headers).toMatchObject({
      'vigil-realm': 'test',
      'vigil-config': 'c0ffee',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("require-trusted-types-for 'script'"),
      'content-type': 'application/problem+json',
    });
    expect(body).toEqual({
      type: 'urn:vigil:problem:not-signed-in',
      status: 401,
      code: 'not-signed-in',
      detail: 'sign in first',
      request: headers['vigil-request'],
    });
  });

  test('by another name of this host is refused', async () => {
    await using test = await startTestApi();
    const names = ['evil.example', '127.0.0.1.evil.example', 'localhost:8080', '127.0.0.1:1'];
    const asked = names.map((host) => call(test.api.url, 'GET', '/healthz', { headers: { host } }));
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([400, 400, 200, 200]);
  });

  test('that changes something proves that our page made it', async () => {
    await using test = await startTestApi();
    const session = await test.signIn();
    const codes = [
      await session.send('POST', '/patients', patient, { 'vigil-csrf': '' }),
      await session.send('POST', '/patients', patient, { 'vigil-csrf': 'x' }),
      await session.send('POST', '/patients', patient, { 'content-type': 'text/plain' }),
      await session.send('POST', '/patients', patient),
    ].map(({ status, body }) => body.code ?? status);
    expect(codes).toEqual(['csrf', 'csrf', 'malformed', 201]);
  });

  test.for([
    ['no JSON', 400, 'malformed', '{'],
    ['too deep', 400, 'malformed', `{"a":${'['.repeat(20)}${']'.repeat(20)}}`],
    ['too long', 422, 'too-long', JSON.stringify({ ...patient, name: 'x'.repeat(70_000) })],
    ['of an unknown key', 422, 'invalid', JSON.stringify({ ...patient, nme: 'x' })],
    ['of a wrong date', 422, 'invalid', JSON.stringify({ ...patient, birthDate: '11.02.1950' })],
    ['of no such zone', 422, 'invalid', JSON.stringify({ ...patient, zone: 'Europe/Atlantis' })],
  ] as const)('with a body that is %s is refused', { tags: ['CON-SCHEMA'] }, async ([, status, code, text]) => {
    await using test = await startTestApi();
    const session = await test.signIn();
    const headers = { cookie: session.cookie, 'vigil-csrf': session.csrf, 'content-type': 'application/json' };
    const answer = await fetch(`${test.api.url}/api/v1/patients`, { method: 'POST', headers, body: text });
    const problem = (await answer.json()) as { code: string; errors?: unknown };
    expect([answer.status, problem.code]).toEqual([status, code]);
    // What was sent is not sent back: it may be a patient's.
    expect(JSON.stringify(problem)).not.toContain('DOE');
  });

  test('with the same key is one call, and another body under it is refused', async () => {
    await using test = await startTestApi();
    const session = await test.signIn();
    const key = { 'idempotency-key': '4f6a3f0e-7a61-4c9e-9c4e-3d3f0a4c1b2d' };
    const both = await Promise.all(
      [1, 2].map(() => session.send('POST', '/devices', { name: 'a', signals: [{ vital: 'spo2' }] }, key)),
    );
    expect(both.map(({ status }) => status)).toEqual([201, 201]);
    expect(both[0]?.body).toEqual(both[1]?.body);
    expect((await session.get('/devices')).body.items.length).toBe(1);
    const other = await session.send('POST', '/devices', { name: 'b', signals: [{ vital: 'spo2' }] }, key);
    expect([other.status, other.body.code]).toEqual([422, 'key-reused']);
  });

  test('too many in a minute are told to wait', async () => {
    await using test = await startTestApi();
    const session = await sessionAs(test, 'u-1', ['clinician']);
    let limited = 0;
    for (let i = 0; i < 620 && limited === 0; i++) {
      const { status, headers } = await session.get('/session');
      if (status === 429 && headers['retry-after'] === '60') limited = i;
    }
    expect(limited).toBeGreaterThan(590);
  });
});

describe('text', () => {
  const name = `<img src=x onerror="alert(1)">'; DROP TABLE--`;

  test('of a person stays text', async () => {
    await using test = await startTestApi();
    const session = await test.signIn();
    const made = await session.send('POST', '/patients', { ...patient, name, bed: '</script>' });
    expect(made.body.name).toBe(name);
    const read = await session.get(`/patients/${made.body.id}`);
    expect([read.body.name, read.body.bed]).toEqual([name, '</script>']);
    expect(read.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  test('of a patient stands in no row of the audit trail', { tags: ['SEC-LOG', 'SEC-AUDIT'] }, async () => {
    const test = await startTestApi();
    const session = await test.signIn();
    await admit(session, 'NUMBER-77', 'UNMISTAKABLE, Name');
    await session.get('/patients');
    await test.api[Symbol.asyncDispose]();
    const texts = test.memory
      .records('audit')
      .map(({ value }) => new TextDecoder().decode(value))
      .join('');
    expect(texts).toContain('patient.admit');
    expect(texts).toContain('patients.list');
    expect(texts).not.toMatch(/NUMBER-77|UNMISTAKABLE/);
    expect(test.announced.join()).not.toMatch(/NUMBER-77|UNMISTAKABLE/);
  });
});

describe('objects', () => {
  test('have a revision that a change has to name', async () => {
    await using test = await startTestApi();
    const session = await test.signIn();
    const { body, headers } = await session.send('POST', '/patients', patient);
    expect(headers['etag']).toBe('"1"');
    const change = (match?: string) =>
      session.send('PATCH', `/patients/${body.id}`, { bed: 'Bed 9' }, match === undefined ? {} : { 'if-match': match });
    const answers = [await change(), await change('"7"'), await change('"1"'), await change('"1"')];
    expect(answers.map(({ status }) => status)).toEqual([428, 412, 200, 412]);
    expect(answers[3]?.body.current).toEqual({ revision: 2 });
    expect((await session.get(`/patients/${body.id}`)).body).toMatchObject({
      bed: 'Bed 9',
      name: 'DOE, Jane',
      revision: 2,
    });
  });

  test('of the same number, period or wearer are refused', { tags: ['API-PATIENT'] }, async () => {
    await using test = await startTestApi();
    const session = await test.signIn();
    const { patient: id, device, assignment } = await admit(session);
    const again = await session.send('POST', '/patients', patient);
    expect([again.status, again.body.code, again.body.current]).toEqual([409, 'exists', { id }]);
    const other = await session.send('POST', '/patients', { ...patient, mrn: 'M-2' });
    const overlap = await session.send('POST', '/assignments', { patient: other.body.id, device });
    expect([overlap.status, overlap.body.code]).toEqual([409, 'period-overlap']);
    const bound = await session.send('POST', `/devices/${device}/revoke`, { reason: 'lost' });
    expect([bound.status, bound.body.code]).toEqual([409, 'device-bound']);
    expect((await session.send('POST', `/assignments/${assignment}/end`, { reason: 'moved' })).status).toBe(200);
    expect((await session.send('POST', '/assignments', { patient: other.body.id, device })).status).toBe(201);
    const forced = await session.send('POST', `/devices/${device}/revoke`, { reason: 'lost', force: true });
    expect([forced.status, forced.body.revoked]).toEqual([200, true]);
  });

  test('show a token once and keep its hash alone', { tags: ['SEC-LOG'] }, async () => {
    await using test = await startTestApi();
    const session = await test.signIn();
    const { device, token } = await admit(session);
    expect(token.length).toBeGreaterThan(40);
    const next = await session.send('POST', `/devices/${device}/token`, {});
    expect(next.body.token).not.toBe(token);
    const everything = (['inputs', 'registry', 'sessions', 'audit'] as const)
      .flatMap((topic) => test.memory.records(topic).map(({ value }) => new TextDecoder().decode(value)))
      .join('');
    expect(everything).toContain('tokenSha256');
    expect(everything).not.toContain(token);
    expect(everything).not.toContain(next.body.token);
    expect((await session.get('/devices')).text).not.toMatch(/tokenSha256|token"/);
  });

  test('come in pages', async () => {
    await using test = await startTestApi();
    const session = await test.signIn();
    for (let i = 0; i < 5; i++) await session.send('POST', '/patients', { ...patient, mrn: `M-${i}` });
    const seen: string[] = [];
    for (let next: string | null = ''; next !== null; ) {
      const page = await session.get(`/patients?limit=2${next === '' ? '' : `&cursor=${next}`}`);
      seen.push(...page.body.items.map(({ mrn }: { mrn: string }) => mrn));
      next = page.body.next;
    }
    expect(seen).toEqual(['M-4', 'M-3', 'M-2', 'M-1', 'M-0']);
    expect((await session.get('/patients?cursor=none')).body.code).toBe('cursor');
  });
});

describe('beside the API', () => {
  test('stands the console: its page never cached, its assets for good', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vigil-console-'));
    await writeFile(join(folder, 'index.html'), '<!doctype html><title>Vigil</title>');
    await writeFile(join(folder, 'main-0123456789.js'), 'export {};');
    await using test = await startTestApi({ options: { consoleFolder: folder } });
    const [page, asset, outside] = await Promise.all(
      ['/', '/assets/main-0123456789.js', '/assets/..%2f..%2fetc%2fpasswd'].map((path) =>
        call(test.api.url, 'GET', path),
      ),
    );
    expect([page?.status, page?.headers['cache-control'], page?.headers['content-type']]).toEqual([
      200,
      'no-store',
      'text/html; charset=utf-8',
    ]);
    expect(asset?.headers['cache-control']).toContain('immutable');
    expect(outside?.status).toBe(404);
    await rm(folder, { recursive: true });
  });
});
