// Item 6 of the path: the store is behind the log and beside the judgement. Whatever it does, PUBACKs and alerts come; what
// it missed it gets later. No figure here: that nothing waits for it is shown by a store that never answers.
import { expect, test } from 'vitest';
import {
  type StoreBatch,
  StoreUnavailableError,
  type TimeSeriesStore,
  VITALS,
  type WriteResult,
} from '../../contract/index.ts';
import { startHeavyQueries } from '../contracts/time-series-store-load.ts';
import { numericRow } from '../contracts/time-series-store-rows.ts';
import { until } from '../support/until.ts';
import { startWard, type Ward } from '../support/ward.ts';
import { episodeRules } from './rules.ts';
import { connectSender } from './sender.ts';

const readings = 60;

/** Every device sends all its readings, one after the other's PUBACK; the last third is low. Gives the PUBACKs. */
async function sendAll(ward: Ward): Promise<number> {
  const place = { port: ward.mqttPort, caFile: ward.certificates.caFile };
  const acknowledged = await Promise.all(
    ward.devices.map(async (device) => {
      await using sender = await connectSender(device, place);
      let count = 0;
      for (let i = 0; i < readings; i++) {
        await sender.send(i < (2 * readings) / 3 ? 96 : 84);
        count++;
      }
      return count;
    }),
  );
  return acknowledged.reduce((sum, count) => sum + count, 0);
}

/** Patients for whom a low saturation was raised, each event. */
async function raisedFor(ward: Ward): Promise<string[]> {
  const raised = (await ward.alerts()).filter(({ type, alert }) => type === 'raised' && alert.kind === 'physiological');
  return raised.map(({ alert }) => alert.patient ?? '').toSorted();
}

const patientsOf = (ward: Ward) => ward.devices.map(({ patient }) => patient).toSorted();

async function allRaised(ward: Ward): Promise<void> {
  await until('every alert', async () => (await raisedFor(ward)).length >= ward.devices.length);
}

/** What was said of the store in `inputs`. */
async function storeDown(ward: Ward): Promise<boolean[]> {
  return (await ward.inputs()).flatMap((input) =>
    input.kind === 'system' && input.body.fact === 'store-down' ? [input.body.on] : [],
  );
}

/** The store with other writes, and what else a test changes. */
function withWrites(
  store: TimeSeriesStore,
  write: (batch: StoreBatch, real: TimeSeriesStore['write']) => Promise<WriteResult>,
): TimeSeriesStore {
  const real = (batch: StoreBatch) => store.write(batch);
  return new Proxy(store, {
    get(target, key) {
      if (key === 'write') return (batch: StoreBatch) => write(batch, real);
      const member: unknown = Reflect.get(target, key);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

/** Rows of each device's patient, once each. */
async function storedSeqs(ward: Ward): Promise<number[][]> {
  const query = { vital: VITALS.spo2.code, from: 0, to: Date.now() + 1_000_000, limit: 10_000 };
  const rows = await Promise.all(ward.devices.map(({ patient }) => ward.store.range({ patient, ...query })));
  return rows.map((points) => points.map(({ seq }) => seq).toSorted((a, b) => a - b));
}

const everySeq = (ward: Ward) => ward.devices.map(() => Array.from({ length: readings }, (_, i) => i + 1));

test('a store that never answers holds up no PUBACK and no alert; it is told, and filled when it answers', {
  tags: ['ING-STORE', 'ING-COMMIT', 'ALR-LIMIT', 'BRK-HANDOVER'],
}, async () => {
  const gate = Promise.withResolvers<void>();
  let asked = 0;
  let answered = 0;
  const store = (real: TimeSeriesStore) =>
    withWrites(real, async (batch, write) => {
      asked++;
      await gate.promise;
      answered++;
      return write(batch);
    });
  await using ward = await startWard({ patients: 3, rules: episodeRules, store });
  const acknowledged = await sendAll(ward);
  await allRaised(ward);
  await until('that the store is down', async () => (await storeDown(ward)).includes(true));
  expect({ acknowledged, raised: await raisedFor(ward), asked, answered, told: await storeDown(ward) }).toEqual({
    acknowledged: 3 * readings,
    raised: patientsOf(ward),
    asked: 1,
    answered: 0,
    told: [false, true],
  });
  expect(ward.writer.status().causes).toContain('store-down');
  gate.resolve();
  await until('that the store is back', async () => (await storeDown(ward)).at(-1) === false);
  await ward.writer.settled(0, (await ward.log.bounds('inputs', 0)).high);
  expect(await storedSeqs(ward)).toEqual(everySeq(ward));
  expect(await storeDown(ward)).toEqual([false, true, false]);
});

test('a store that fails, before it has written or after, loses and doubles nothing', {
  tags: ['ING-STORE', 'ING-COMMIT', 'ING-DEDUP'],
}, async () => {
  let fails = true;
  let failures = 0;
  const store = (real: TimeSeriesStore) =>
    withWrites(real, async (batch, write) => {
      const isFailing = fails && ++failures > 0;
      if (isFailing && failures % 2 === 1) throw new StoreUnavailableError('before');
      const result = await write(batch);
      if (isFailing) throw new StoreUnavailableError('after');
      return result;
    });
  await using ward = await startWard({ patients: 3, rules: episodeRules, store });
  const acknowledged = await sendAll(ward);
  await allRaised(ward);
  await until('four failures', () => failures >= 4);
  expect([acknowledged, await raisedFor(ward)]).toEqual([3 * readings, patientsOf(ward)]);
  fails = false;
  await ward.writer.settled(0, (await ward.log.bounds('inputs', 0)).high);
  expect(await storedSeqs(ward)).toEqual(everySeq(ward));
});

test('eight heavy readers of the store starve neither PUBACKs nor alerts', { tags: ['ING-STORE'] }, async () => {
  await using ward = await startWard({ patients: 3, rules: episodeRules });
  const first = Date.now() - 86_400_000;
  for (let from = 0; from < 60_000; from += 10_000) {
    const rows = Array.from({ length: 10_000 }, (_, i) => {
      const takenAt = first + (from + i) * 1_000;
      return numericRow({ patient: 'p-heavy', device: 'd-heavy', seq: from + i + 1, takenAt, effectiveAt: takenAt });
    });
    await ward.store.write({ numerics: rows, waveforms: [], positions: [0] });
  }
  const { vital } = numericRow({ seq: 1 });
  const heavy = startHeavyQueries(ward.store, { readers: 8, patient: 'p-heavy', vital, from: first, to: Date.now() });
  await until('the first answers', () => heavy.answered() >= 8);
  const before = heavy.answered();
  const acknowledged = await sendAll(ward);
  await allRaised(ward);
  await until('more answers', () => heavy.answered() >= before + 8);
  await heavy.stop();
  expect([acknowledged, await raisedFor(ward)]).toEqual([3 * readings, patientsOf(ward)]);
  await ward.writer.settled(0, (await ward.log.bounds('inputs', 0)).high);
  expect(await storedSeqs(ward)).toEqual(everySeq(ward));
});
