import { expect, test } from 'vitest';
import { decodeInput, decodeRecord, type NumericRow, type RoleStatus } from '../../../../contract/index.ts';
import { startStoreWriter } from '../../../../ingest/store/index.ts';
import { batchRowsMax } from '../../../../ingest/store/limits.ts';
import { hashOf } from '../../../../ingest/store/rows.ts';
import { MemoryLog } from '../../../support/memory-log.ts';
import { append, reading, readingsRecord, start, tickRecord, waveformRecord } from './inputs.ts';
import { ManualClock } from './manual-clock.ts';
import { PlainStore } from './plain-store.ts';

function set({ partitions = 1, from = [] as number[] } = {}) {
  const log = new MemoryLog({ partitions });
  const store = new PlainStore(from.length > 0 ? from : Array.from({ length: partitions }, () => 0));
  const clock = new ManualClock();
  const said: string[] = [];
  const startWriter = () =>
    startStoreWriter({}, { log, store, clock, announce: (level, message) => said.push(`${level}: ${message}`) });
  return { log, store, clock, said, startWriter };
}

const seqsOf = (rows: Iterable<NumericRow>) => [...rows].map(({ seq }) => seq).sort((a, b) => a - b);

/** `system` records in the log, as fact and on. */
function factsIn(log: MemoryLog): string[] {
  return log.records('inputs').flatMap(({ value }) => {
    const input = decodeInput(value);
    return input.kind === 'system' ? [`${input.body.fact} ${input.body.on ? 'on' : 'off'}`] : [];
  });
}

const counters = (status: RoleStatus) => status.counters;

test('readings and blocks become rows, and the position follows them', { tags: ['ING-COMMIT'] }, async () => {
  const { log, store, clock, startWriter } = set();
  await append(
    log,
    tickRecord(1),
    readingsRecord(reading(1)),
    readingsRecord([reading(2), reading(3)]),
    waveformRecord(1),
  );
  await using writer = await startWriter();
  await clock.advance(1_000);
  expect(seqsOf(store.numerics.values())).toEqual([1, 2, 3]);
  expect(store.waveforms.size).toBe(1);
  expect(store.numerics.get('d-1/1/3')).toEqual({
    patient: 'p-1',
    device: 'd-1',
    boot: 1,
    seq: 3,
    vital: 2,
    value: 96,
    unit: 0,
    reported: null,
    bound: 0,
    absent: -1,
    quality: 0,
    clock: 0,
    takenAt: start + 3_000,
    receivedAt: start + 3_040,
    acceptedAt: start + 1e8,
    effectiveAt: start + 3_000,
    partition: 0,
    position: 2,
    hash: hashOf(new TextEncoder().encode(JSON.stringify(reading(3)))),
  });
  expect(await store.positions()).toEqual([4]);
  await append(log, readingsRecord(reading(4)));
  await clock.advance(1_000);
  expect(counters(writer.status())).toMatchObject({ written: 5, copies: 0, conflicts: 0, poisoned: 0 });
  expect(writer.status()).toMatchObject({ role: 'store-writer', state: 'ok', causes: [] });
});

test('rows wait for others at most a quarter of a second', async () => {
  const { log, store, clock, startWriter } = set();
  await using _ = await startWriter();
  await clock.advance(100);
  for (let seq = 1; seq <= 5; seq++) {
    await append(log, readingsRecord(reading(seq)));
    await clock.advance(50);
  }
  await clock.advance(50);
  expect(store.offered.map(({ numerics }) => numerics.length)).toEqual([5]);
});

test('ticks alone cause no write each, and their position comes in the end', async () => {
  const { log, store, clock, startWriter } = set();
  await using _ = await startWriter();
  for (let n = 1; n <= 20; n++) {
    await append(log, tickRecord(n));
    await clock.advance(500);
  }
  expect(store.offered.length).toBeLessThanOrEqual(2);
  expect((await store.positions())[0]).toBeGreaterThanOrEqual(10);
});

test('a store that fails gets the same batch until it takes it, and nothing is lost', {
  tags: ['ING-STORE'],
}, async () => {
  const { log, store, clock, startWriter } = set();
  await using writer = await startWriter();
  await append(log, readingsRecord(reading(1)));
  await clock.advance(1_000);
  store.trouble = 'down';
  store.offered.length = 0;
  await append(log, readingsRecord(reading(2)));
  await clock.advance(2_000);
  await append(log, readingsRecord(reading(3)));
  await clock.advance(60_000);
  expect(store.offered.length).toBeGreaterThan(10);
  expect(new Set(store.offered).size).toBe(1);
  expect(writer.status().state).toBe('down');
  store.trouble = 'none';
  await clock.advance(20_000);
  expect(seqsOf(store.numerics.values())).toEqual([1, 2, 3]);
  expect(writer.status()).toMatchObject({ state: 'ok', counters: { written: 3, copies: 0 } });
});

test('an answer that was lost makes copies, never a second row', { tags: ['ING-DEDUP', 'ING-STORE'] }, async () => {
  const { log, store, clock, startWriter } = set();
  await using writer = await startWriter();
  store.trouble = 'answer-lost';
  await append(log, readingsRecord([reading(1), reading(2)]));
  await clock.advance(1_000);
  store.trouble = 'none';
  await clock.advance(10_000);
  expect(seqsOf(store.numerics.values())).toEqual([1, 2]);
  expect(counters(writer.status())).toMatchObject({ written: 0, copies: 2 });
});

test('a store that is down for more than five seconds is told, and its return too', {
  tags: ['ING-STORE'],
}, async () => {
  const { log, store, clock, startWriter } = set();
  await using _ = await startWriter();
  await clock.advance(2_000);
  expect(factsIn(log)).toEqual(['store-down off', 'store-lag off']);
  store.trouble = 'down';
  await append(log, readingsRecord(reading(1)));
  await clock.advance(4_000);
  expect(factsIn(log)).toHaveLength(2);
  await clock.advance(3_000);
  expect(factsIn(log).slice(2)).toEqual(['store-down on']);
  await clock.advance(40_000);
  expect(factsIn(log).slice(2)).toEqual(['store-down on', 'store-lag on']);
  store.trouble = 'none';
  await clock.advance(30_000);
  expect(factsIn(log).slice(2)).toEqual(['store-down on', 'store-lag on', 'store-down off', 'store-lag off']);
});

test('what the log did not take is told again until it has it', { tags: ['ING-STORE'] }, async () => {
  const { log, store, clock, startWriter } = set();
  await using _ = await startWriter();
  await clock.advance(2_000);
  await append(log, readingsRecord(reading(1)));
  store.trouble = 'hangs';
  log.refuse = (topic) => (topic === 'inputs' ? 'lost' : undefined);
  await clock.advance(10_000);
  expect(factsIn(log)).toHaveLength(2);
  log.refuse = undefined;
  await clock.advance(2_000);
  expect(factsIn(log).slice(2)).toEqual(['store-down on']);
});

test('a record that cannot be read is counted and told, and those behind it come', {
  tags: ['ING-POISON'],
}, async () => {
  const { log, store, clock, said, startWriter } = set();
  const bytes = (text: string) => new TextEncoder().encode(text);
  const header =
    '{"v":1,"kind":"readings","patient":"p-1","device":"d-1","assignment":"a","sender":"g","lane":"live","acceptedAt":1}\n';
  const poison = [
    'no header at all',
    '{"v":1,"kind":"readings"}\n{}',
    `${header}{"broken":`,
    `${header}7`,
    `${header}[null]`,
    `${header}${JSON.stringify({ ...reading(1), seq: 'one' })}`,
    `${header}${JSON.stringify({ ...reading(1), vital: 'toString' })}`,
    `${header}${JSON.stringify({ ...reading(1), unit: 'mmHg' })}`,
    `${header}${JSON.stringify({ ...reading(1), value: undefined })}`,
    `${header.replace('readings', 'waveform')}VIGW`,
  ];
  await append(log, ...poison.map((text) => ({ key: 'p-1', value: bytes(text) })), readingsRecord(reading(9)));
  await using writer = await startWriter();
  await clock.advance(1_000);
  expect(seqsOf(store.numerics.values())).toEqual([9]);
  expect(counters(writer.status())).toMatchObject({ poisoned: poison.length, written: 1 });
  expect(said.filter((line) => line.includes('inputs/0@0 cannot be read'))).toHaveLength(1);
});

test('the bytes that lost go to refused, and a system record says so', { tags: ['ING-DEDUP'] }, async () => {
  const { log, store, clock, startWriter } = set();
  await using writer = await startWriter();
  const other = reading(2, { value: 71 });
  await append(log, readingsRecord([reading(1), reading(2)]), readingsRecord([other, reading(3)]));
  await clock.advance(2_000);
  expect(store.numerics.get('d-1/1/2')?.value).toBe(96);
  const [refused, ...more] = log.records('refused').map(({ value }) => decodeRecord(value));
  expect(more).toEqual([]);
  expect(refused?.header).toEqual({
    v: 1,
    kind: 'refused',
    sender: 'gw-1',
    device: 'd-1',
    topic: 'inputs/0/1',
    reason: 'identity-conflict',
    detail: 'boot 1, seq 2: other bytes than the first with this identity',
    bytes: JSON.stringify(other).length,
    acceptedAt: start + 1e8,
  });
  expect(new TextDecoder().decode(refused?.body)).toBe(JSON.stringify(other));
  expect(factsIn(log)).toContain('identity-conflict on');
  expect(counters(writer.status())).toMatchObject({ written: 3, conflicts: 1 });
});

test('many conflicts of a device are one system record a minute, and each is in refused', {
  tags: ['ING-DEDUP'],
}, async () => {
  const { log, clock, startWriter } = set();
  await using _ = await startWriter();
  const seqs = Array.from({ length: 20 }, (_, i) => i + 1);
  await append(log, readingsRecord(seqs.map((seq) => reading(seq))));
  await append(log, readingsRecord(seqs.map((seq) => reading(seq, { value: 50 }))));
  await clock.advance(3_000);
  const told = () => factsIn(log).filter((fact) => fact === 'identity-conflict on').length;
  expect([log.records('refused').length, told()]).toEqual([20, 1]);
  await clock.advance(60_000);
  await append(log, readingsRecord(reading(1, { value: 51 })));
  await clock.advance(3_000);
  expect([log.records('refused').length, told()]).toEqual([21, 2]);
});

test('a conflict waits for a log that does not take it, and is then told', { tags: ['ING-DEDUP'] }, async () => {
  const { log, clock, startWriter } = set();
  await using _ = await startWriter();
  await append(log, readingsRecord(reading(1)), readingsRecord(reading(1, { value: 50 })));
  log.refuse = () => 'lost';
  await clock.advance(20_000);
  expect(log.records('refused')).toEqual([]);
  log.refuse = undefined;
  await clock.advance(10_000);
  expect(log.records('refused')).toHaveLength(1);
  expect(factsIn(log)).toContain('identity-conflict on');
});

test('a new writer goes on at the positions of the store', { tags: ['ING-COMMIT'] }, async () => {
  const { log, store, clock, startWriter } = set({ partitions: 4 });
  const patients = ['p-1', 'p-2', 'p-3', 'p-4', 'p-5', 'p-6'];
  const send = (seq: number) =>
    append(log, ...patients.map((patient) => readingsRecord(reading(seq), { patient, device: `d-${patient}` })));
  await send(1);
  {
    await using _ = await startWriter();
    await clock.advance(2_000);
  }
  await send(2);
  const before = await store.positions();
  store.offered.length = 0;
  log.reads.length = 0;
  await using writer = await startWriter();
  await clock.advance(2_000);
  expect(log.reads.map(({ partition, from }) => [partition, from])).toEqual(
    before.map((from, partition) => [partition, from]),
  );
  expect(store.offered.flatMap(({ numerics }) => numerics.map(({ seq }) => seq))).toEqual([2, 2, 2, 2, 2, 2]);
  expect(counters(writer.status())).toMatchObject({ written: 6, copies: 0 });
  expect(store.numerics.size).toBe(12);
});

test('positions of a batch are never ahead of its rows, however it is cut', { tags: ['ING-COMMIT'] }, async () => {
  const { log, store, clock, startWriter } = set();
  const payloads = Array.from({ length: 700 }, (_, i) =>
    readingsRecord(Array.from({ length: 50 }, (_, j) => reading(1 + 50 * i + j))),
  );
  await append(log, ...payloads);
  await using _ = await startWriter();
  await clock.advance(20_000);
  expect(store.offered.length).toBeGreaterThan(3);
  let rows = 0;
  for (const { numerics, positions } of store.offered) {
    expect(numerics.length).toBeLessThan(batchRowsMax + 50);
    rows += numerics.length;
    expect(Math.min(700, positions[0] as number) * 50).toBe(rows);
  }
  expect(rows).toBe(35_000);
});

test('data that the log no longer has is a told gap, and the rest is stored', { tags: ['ING-GAPS'] }, async () => {
  const { log, store, clock, said, startWriter } = set({ from: [1] });
  await append(log, ...[1, 2, 3, 4, 5].map((seq) => readingsRecord(reading(seq))));
  log.trim('inputs', 0, 3);
  await using writer = await startWriter();
  await clock.advance(1_000);
  expect(seqsOf(store.numerics.values())).toEqual([4, 5]);
  expect(said).toContain('error: store: inputs/0 begins at 3, the store ends at 1');
  expect(counters(writer.status())).toMatchObject({ skipped: 2 });
});

test('a store ahead of the log is not jumped over: the writer says that it is down', {
  tags: ['ING-STORE'],
}, async () => {
  const { log, store, clock, startWriter } = set({ from: [100] });
  await append(log, readingsRecord(reading(1)));
  await using writer = await startWriter();
  await clock.advance(3_000);
  expect(writer.status()).toMatchObject({ state: 'down', causes: ['position-outside-log'] });
  expect([store.numerics.size, await store.positions()]).toEqual([0, [100]]);
});

test('a log that cannot be read is read on where it was', async () => {
  const { log, store, clock, startWriter } = set();
  await using writer = await startWriter();
  await append(log, readingsRecord(reading(1)));
  await clock.advance(1_000);
  log.unreadable = true;
  await append(log, readingsRecord(reading(2)));
  await clock.advance(30_000);
  log.unreadable = false;
  await clock.advance(10_000);
  expect(seqsOf(store.numerics.values())).toEqual([1, 2]);
  expect(counters(writer.status())).toMatchObject({ written: 2, copies: 0 });
});

test('settled makes the writer write at once', async () => {
  const { log, store, clock, startWriter } = set();
  await using writer = await startWriter();
  await clock.advance(100);
  const [position = 0] = await append(log, tickRecord(1));
  await writer.settled(0, position + 1);
  expect(await store.positions()).toEqual([position + 1]);
});

test('stopping does not wait for a store that hangs', async () => {
  const { log, store, clock, startWriter } = set();
  const writer = await startWriter();
  store.trouble = 'hangs';
  await append(log, readingsRecord(reading(1)));
  await clock.advance(1_000);
  expect(store.offered).toHaveLength(1);
  const stopped = writer[Symbol.asyncDispose]().then(() => 'stopped');
  await clock.advance(100);
  expect(await stopped).toBe('stopped');
  expect(writer.status().state).toBe('stopping');
});
