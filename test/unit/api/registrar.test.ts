// A write goes to `inputs` first and to `registry` second; a crash between is made good (records.md 7).
import { describe, expect, test } from 'vitest';
import { decodeInput, type LogRecord, partitionOf, type StreamLog } from '../../../contract/index.ts';
import { admit, call, startTestApi, TestClock, type TestSession, until } from '../../support/api.ts';
import { type LogConnection, MemoryLog } from '../../support/memory-log.ts';

const kindOf = ({ value }: LogRecord) =>
  value.length === 0 ? '' : String(JSON.parse(textOf(value).split('\n')[0] ?? '{}').kind);
const textOf = (value: Uint8Array) => new TextDecoder().decode(value);
const keys = (memory: MemoryLog, kind: string) =>
  new Set(
    memory
      .records('registry')
      .filter((record) => kindOf(record) === kind)
      .map(({ key }) => key),
  );

async function prepared(session: TestSession) {
  const patient = await session.send('POST', '/patients', {
    mrn: 'M-1',
    name: 'DOE, Jane',
    birthDate: '1950-02-11',
    unit: 'w-1',
  });
  const device = await session.send('POST', '/devices', { name: 'clip', signals: [{ vital: 'spo2' }] });
  return { patient: String(patient.body.id), device: String(device.body.device.id) };
}

describe('a write of two steps', () => {
  test.for([1, 2, 3, 4, 5])(
    'is whole or not at all, killed after %i appends',
    { tags: ['ALR-ARMED'] },
    async (appends) => {
      const memory = new MemoryLog();
      const connection: LogConnection = memory.connect();
      await using doomed = await startTestApi({ memory, log: connection as StreamLog, clock: new TestClock(20) });
      const session = await doomed.signIn();
      const ids = await prepared(session);
      connection.killAfter(appends);
      // Nobody answers any more; the test does not wait for what cannot come.
      session.send('POST', '/assignments', ids).catch(() => {});
      await until(() => connection.isKilled);
      await using next = await startTestApi({ memory, seed: 7 });
      const inputs = memory.records('inputs').filter((record) => kindOf(record) === 'assignment');
      const items = (await (await next.signIn()).get(`/patients/${ids.patient}/assignments`)).body.items;
      expect([inputs.length, items.length]).toSatisfy(([armed, known]) => armed === known);
      expect(inputs.length).toBe(appends === 1 ? 0 : 1);
      // The mark of the write is buried: a third start has nothing to repair.
      const marks = new Map(
        memory
          .records('sessions')
          .filter(({ key }) => key.startsWith('write/'))
          .map(({ key, value }) => [key, value.length]),
      );
      expect([...marks.values()]).toEqual([0]);
    },
  );

  test('stands in inputs before registry names it', { tags: ['ALR-ARMED'] }, async () => {
    const memory = new MemoryLog();
    await using test = await startTestApi({ memory });
    const session = await test.signIn();
    const ids = await prepared(session);
    let armedBefore: boolean | undefined;
    memory.refuse = (topic, records) => {
      if (topic === 'registry' && records.some(({ key }) => key.startsWith('assignment/')))
        armedBefore = memory.records('inputs').some((record) => kindOf(record) === 'assignment');
      return undefined;
    };
    await session.send('POST', '/assignments', ids);
    expect(armedBefore).toBe(true);
  });

  test('arms a gateway in its own partition too', { tags: ['ALR-ARMED'] }, async () => {
    const memory = new MemoryLog({ partitions: 64 });
    await using test = await startTestApi({ memory });
    const { patient, device } = await admit(await test.signIn());
    const wanted = [...new Set([patient, device].map((key) => partitionOf(key, 64)))].sort((a, b) => a - b);
    const found = Array.from({ length: 64 }, (_, p) => p).filter((p) =>
      memory.records('inputs', p).some((record) => kindOf(record) === 'assignment'),
    );
    expect(wanted.length).toBe(2);
    expect(found).toEqual(wanted);
  });
});

describe('a discharge', () => {
  test('ends what was worn, in inputs and in registry', { tags: ['ALR-ARMED'] }, async () => {
    const memory = new MemoryLog();
    await using test = await startTestApi({ memory });
    const session = await test.signIn();
    const { patient, assignment } = await admit(session);
    const left = await session.send('POST', `/patients/${patient}/discharge`, { reason: 'home' });
    expect([left.status, left.body.state]).toEqual([200, 'discharged']);
    const kinds = memory
      .records('inputs')
      .map(kindOf)
      .filter((kind) => kind === 'assignment' || kind === 'discharge');
    expect(kinds).toEqual(['assignment', 'discharge', 'assignment']);
    const { items } = (await session.get(`/patients/${patient}/assignments`)).body;
    expect(items).toMatchObject([{ id: assignment, revision: 2, to: expect.any(String) }]);
    expect((await session.get('/patients')).body.items).toEqual([]);
    expect(keys(memory, 'patient').size).toBe(1);
  });
});

describe('the rule set', () => {
  test('goes to every partition once, and again when it is another', { tags: ['ALR-RULES'] }, async () => {
    const memory = new MemoryLog({ partitions: 3 });
    const count = () =>
      [0, 1, 2].map((p) => memory.records('inputs', p).filter((record) => kindOf(record) === 'rules').length);
    const first = await startTestApi({ memory });
    expect(count()).toEqual([1, 1, 1]);
    await first[Symbol.asyncDispose]();
    const second = await startTestApi({ memory, seed: 2 });
    expect(count()).toEqual([1, 1, 1]);
    await second[Symbol.asyncDispose]();
    const { rules } = await import('../../support/api.ts');
    await using third = await startTestApi({ memory, seed: 3, options: { rules: { ...rules, version: 2 } } });
    expect(count()).toEqual([2, 2, 2]);
    const [newest] = memory
      .records('inputs', 1)
      .filter((record) => kindOf(record) === 'rules')
      .slice(-1)
      .map(({ value }) => decodeInput(value));
    expect(newest?.body).toMatchObject({ version: 2 });
    expect((await call(third.api.url, 'GET', '/healthz')).status).toBe(200);
  });

  test('is put in force again by a start that died between the two steps', { tags: ['ALR-RULES'] }, async () => {
    const memory = new MemoryLog();
    const connection = memory.connect();
    connection.killAfter(1);
    void startTestApi({ memory, log: connection as StreamLog }).catch(() => {});
    await until(() => memory.records('inputs').length === 1);
    expect(memory.records('registry').length).toBe(0);
    await using next = await startTestApi({ memory });
    const system = await (await next.signIn()).get('/system');
    expect(system.body.rules).toMatchObject({ id: 'adult', version: 1 });
  });
});
