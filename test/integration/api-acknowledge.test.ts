// A clinician takes an alert: what the log holds, and what each outcome answers.
import { describe, expect, test } from 'vitest';
import type { Alert, AlertEvent } from '../../contract/index.ts';
import { admit, raisedEvent, spo2Alert, startTestApi, TestClock, type TestSession, until } from '../support/api.ts';
import type { MemoryLog } from '../support/memory-log.ts';

const acts = (memory: MemoryLog) =>
  memory
    .records('inputs')
    .map(({ key, value }) => ({ key, lines: new TextDecoder().decode(value).split('\n') }))
    .filter(({ lines }) => lines[0]?.includes('"acknowledge"'))
    .map(({ key, lines }) => ({ key, header: JSON.parse(lines[0] ?? ''), body: JSON.parse(lines[1] ?? '') }));

/** An api with a patient and an open alert, and an engine that answers as told. */
async function withAlert(
  change: Partial<Alert> = {},
  refused: AlertEvent['refused'] = null,
  answers = true,
  clock = new TestClock(),
) {
  const stack = new AsyncDisposableStack();
  const test = stack.use(await startTestApi({ clock }));
  const session = await test.signIn();
  const { patient } = await admit(session);
  const alert = spo2Alert(change.patient === null ? null : patient, change);
  await test.engine.event(raisedEvent(alert));
  await until(async () => (await session.get(`/alerts/${alert.id}`)).status === 200);
  if (answers) stack.use(test.engine.answer(() => alert, refused));
  return { ...test, session, patient, alert, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const take = (session: TestSession, patient: string | null, revision = 1, headers = {}) =>
  session.send('POST', '/alerts/a-1/acknowledge', { revision, patient, verdict: 'true-alert' }, headers);

describe('an acknowledgement', () => {
  test('stands in inputs with who, what and which revision; the answer is what the engine made of it', {
    tags: ['API-ACK'],
  }, async () => {
    await using test = await withAlert();
    const answer = await take(test.session, test.patient);
    expect([answer.status, answer.body.state, answer.body.revision, answer.body.acknowledged.name]).toEqual([
      200,
      'acknowledged',
      2,
      'Demo',
    ]);
    expect(acts(test.memory)).toMatchObject([
      {
        key: test.patient,
        header: { patient: test.patient, by: 'demo' },
        body: { alert: 'a-1', revision: 1, verdict: 'true-alert' },
      },
    ]);
  });

  test('of another patient is refused and reaches nobody', { tags: ['API-ACK', 'API-PATIENT'] }, async () => {
    await using test = await withAlert();
    const answer = await take(test.session, 'p-other');
    expect([answer.status, answer.body.code]).toEqual([422, 'patient-mismatch']);
    expect(acts(test.memory)).toEqual([]);
  });

  test('without a patient, a revision or an alert is refused', { tags: ['API-ACK'] }, async () => {
    await using test = await withAlert();
    const answers = [
      await test.session.send('POST', '/alerts/a-1/acknowledge', { revision: 1 }),
      await test.session.send('POST', '/alerts/a-1/acknowledge', { patient: test.patient }),
      await test.session.send('POST', '/alerts/a-none/acknowledge', { revision: 1, patient: test.patient }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([422, 422, 404]);
    expect(acts(test.memory)).toEqual([]);
  });

  test.for([
    ['revision', 409, 'alert-revision'],
    ['not-active', 409, 'alert-revision'],
    ['closed', 409, 'alert-closed'],
    ['unknown-alert', 404, 'not-found'],
  ] as const)(
    'that the engine refuses as %s answers %i and the present state',
    { tags: ['API-ACK'] },
    async ([refused, status, code]) => {
      await using test = await withAlert({ revision: 3 }, refused);
      const answer = await take(test.session, test.patient);
      expect([answer.status, answer.body.code]).toEqual([status, code]);
      if (status === 409) expect(answer.body.current).toMatchObject({ id: 'a-1', revision: 3, state: 'active' });
    },
  );

  test('that the engine does not answer is pending, never done', { tags: ['API-ACK'] }, async () => {
    await using test = await withAlert({}, null, false, new TestClock(20));
    const answer = await take(test.session, test.patient);
    expect([answer.status, answer.body]).toEqual([
      202,
      { pending: true, requestId: acts(test.memory)[0]?.body.requestId },
    ]);
    expect((await test.session.get('/alerts/a-1')).body.state).toBe('active');
  });

  test('repeated under one key is one request, answered alike', { tags: ['API-ACK'] }, async () => {
    await using test = await withAlert();
    const key = { 'idempotency-key': '0b7f4f0e-7a61-4c9e-9c4e-3d3f0a4c1b2d' };
    const answers = [await take(test.session, test.patient, 1, key), await take(test.session, test.patient, 1, key)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[0]?.body).toEqual(answers[1]?.body);
    expect(acts(test.memory).length).toBe(1);
  });

  test('repeated under one key after a restart is the same request', { tags: ['API-ACK'] }, async () => {
    const test = await withAlert();
    const key = { 'idempotency-key': '0b7f4f0e-7a61-4c9e-9c4e-3d3f0a4c1b2d' };
    await take(test.session, test.patient, 1, key);
    await test[Symbol.asyncDispose]();
    await using next = await startTestApi({ memory: test.memory, seed: 9 });
    const answer = await take(await next.signIn(), test.patient, 1, key);
    expect([answer.status, answer.body.state]).toEqual([200, 'acknowledged']);
    expect(acts(test.memory).length).toBe(1);
  });

  test.for([
    ['gateway:gw-7', 'gw-7'],
    ['system', 'system'],
  ] as const)('of an alert of scope %s goes where that is judged', { tags: ['API-ACK'] }, async ([scope, key]) => {
    await using test = await withAlert({ patient: null, scope, kind: 'technical' });
    expect((await take(test.session, null)).status).toBe(200);
    expect(acts(test.memory).map((act) => act.key)).toEqual([key]);
  });

  test('that the log does not take is not done', { tags: ['API-ACK'] }, async () => {
    await using test = await withAlert();
    test.memory.refuse = (topic) => (topic === 'inputs' ? 'lost' : undefined);
    const answer = await take(test.session, test.patient);
    test.memory.refuse = undefined;
    expect([answer.status, answer.body.code]).toEqual([503, 'log-down']);
    expect(acts(test.memory)).toEqual([]);
  });

  test('is in the audit trail before it is answered; without a trail nothing is changed', {
    tags: ['SEC-AUDIT', 'API-ACK'],
  }, async () => {
    await using test = await withAlert({}, null, true, new TestClock(20));
    await take(test.session, test.patient);
    const rows = test.memory.records('audit').map(({ value }) => new TextDecoder().decode(value));
    expect(rows.filter((row) => row.includes('"act":"alert.ack"') && row.includes('"out":"ok"')).length).toBe(1);
    test.memory.refuse = (topic) => (topic === 'audit' ? 'lost' : undefined);
    const first = await take(test.session, test.patient, 2);
    const before = acts(test.memory).length;
    const second = await take(test.session, test.patient, 2);
    test.memory.refuse = undefined;
    expect([first.body.code, second.body.code]).toEqual(['audit-down', 'audit-down']);
    expect(acts(test.memory).length).toBe(before);
    // What is shown goes on.
    expect((await test.session.get('/alerts')).status).toBe(200);
  });
});
