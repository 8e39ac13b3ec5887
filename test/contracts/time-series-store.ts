// What every driver of `TimeSeriesStore` must hold (`records.md` 9). A driver's test file names how to open it.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type NumericPoint,
  type NumericRow,
  pointsOf,
  type RangeQuery,
  type TimeSeriesStore,
  type WaveformRow,
} from '../../contract/index.ts';
import { startHeavyQueries } from './time-series-store-load.ts';
import { numericRow, start, waveformRow } from './time-series-store-rows.ts';
import { isSameSeries, plainSeries, rowsOfSeries } from './time-series-store-series.ts';

export interface StoreUnderTest {
  /** A place that holds nothing yet. */
  place(): string;
  /** Opens the store of the place, with the same data each time. */
  open(place: string, partitions: number): Promise<TimeSeriesStore>;
}

const all = { patient: 'p-1', vital: 2, from: 0, to: start + 1e9, limit: 10_000 };

export function describeTimeSeriesStore(name: string, { place, open }: StoreUnderTest): void {
  const rows = (...seqs: readonly number[]) => seqs.map((seq) => numericRow({ seq }));
  const opened = (partitions = 1) => open(place(), partitions);

  describe(`time-series store: ${name}`, () => {
    test('an empty store holds nothing and has position 0 in every partition', { tags: ['ING-COMMIT'] }, async () => {
      await using store = await opened(4);
      expect(await store.positions()).toEqual([0, 0, 0, 0]);
      expect(await store.count()).toEqual({ numerics: 0, waveforms: 0 });
      expect(await store.count('p-1')).toEqual({ numerics: 0, waveforms: 0 });
      expect(await store.latest('p-1')).toEqual([]);
      expect(await store.range(all)).toEqual([]);
      expect(await store.waveform({ patient: 'p-1', lead: 131330, from: 0, to: start })).toEqual([]);
      const series = await store.series({ ...all, from: 0, to: 5_000, bucketMs: 1_000, gapMs: 1_000 });
      expect(rowsOfSeries(series)).toEqual({ buckets: [], gaps: [{ from: 0, to: 5_000 }] });
    });

    test('a reading comes back with everything it had', async () => {
      await using store = await opened();
      const row = numericRow({
        seq: Number.MAX_SAFE_INTEGER,
        boot: 2_147_483_647,
        vital: 12,
        value: 36.61,
        unit: 1,
        reported: 97.898,
        bound: 2,
        quality: 1,
        clock: 2,
        takenAt: start + 1,
        receivedAt: start + 2,
        acceptedAt: start + 3,
        effectiveAt: start + 4,
        position: Number.MAX_SAFE_INTEGER - 1,
        hash: -9_223_372_036_854_775_808n,
      });
      await store.write({ numerics: [row], waveforms: [], positions: [Number.MAX_SAFE_INTEGER] });
      expect(await store.range({ ...all, vital: 12 })).toEqual([pointOf(row)]);
      expect(await store.latest('p-1')).toEqual([pointOf(row)]);
      expect(await store.positions()).toEqual([Number.MAX_SAFE_INTEGER]);
    });

    test('an absence has its reason and no value, a bound without a value its side', async () => {
      await using store = await opened();
      const absent = numericRow({ seq: 1, value: null, absent: 3, quality: 2 });
      const low = numericRow({ seq: 2, value: null, bound: 1 });
      const high = numericRow({ seq: 3, value: 400, bound: 2 });
      await store.write({ numerics: [absent, low, high], waveforms: [], positions: [4] });
      expect(await store.range(all)).toEqual([absent, low, high].map(pointOf));
      const { buckets } = rowsOfSeries(
        await store.series({
          ...all,
          from: start,
          to: start + 10_000,
          bucketMs: 60_000,
          gapMs: 60_000,
        }),
      );
      expect(buckets).toEqual([{ at: start, min: 400, max: 400, mean: 400, n: 1 }]);
    });

    test('what is written twice is there once', { tags: ['ING-DEDUP'] }, async () => {
      await using store = await opened();
      const batch = {
        numerics: rows(1, 2, 3, 3),
        waveforms: [waveformRow({ seq: 1 }), waveformRow({ seq: 1 })],
        positions: [4],
      };
      expect(await store.write(batch)).toEqual({ written: 4, copies: 2, conflicts: [] });
      expect(await store.write(batch)).toEqual({ written: 0, copies: 6, conflicts: [] });
      expect(await store.count()).toEqual({ numerics: 3, waveforms: 1 });
      expect((await store.range(all)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    });

    test('a reading and a block with the same numbers are no copies, nor are those of two leads, boots or devices', {
      tags: ['ING-DEDUP'],
    }, async () => {
      await using store = await opened();
      const numerics = [numericRow({ seq: 1 }), numericRow({ seq: 1, boot: 2 }), numericRow({ seq: 1, device: 'd-2' })];
      const waveforms = [
        waveformRow({ seq: 1 }),
        waveformRow({ seq: 1, lead: 131329 }),
        waveformRow({ seq: 1, boot: 2 }),
      ];
      expect(await store.write({ numerics, waveforms, positions: [1] })).toEqual({
        written: 6,
        copies: 0,
        conflicts: [],
      });
    });

    test('copies are known after a new opening, also of numbers that were left out', {
      tags: ['ING-DEDUP'],
    }, async () => {
      const at = place();
      {
        await using store = await open(at, 1);
        await store.write({ numerics: rows(1, 2, 7, 9), waveforms: [waveformRow({ seq: 5 })], positions: [10] });
      }
      await using store = await open(at, 1);
      expect(await store.positions()).toEqual([10]);
      const again = {
        numerics: rows(1, 2, 3, 7, 8, 9, 10),
        waveforms: [waveformRow({ seq: 5 }), waveformRow({ seq: 4 })],
      };
      expect(await store.write({ ...again, positions: [20] })).toEqual({ written: 4, copies: 5, conflicts: [] });
      expect((await store.range(all)).map(({ seq }) => seq)).toEqual([1, 2, 3, 7, 8, 9, 10]);
    });

    test('the first of two with one identity stays, the other is named', { tags: ['ING-DEDUP'] }, async () => {
      await using store = await opened();
      const first = numericRow({ seq: 2, value: 97 });
      const block = waveformRow({ seq: 6 });
      await store.write({ numerics: [first], waveforms: [block], positions: [3] });
      const sameTime = numericRow({ seq: 2, value: 40, hash: 5n, position: 11 });
      const otherTime = numericRow({ seq: 2, takenAt: start + 1e8, hash: 6n, position: 12, patient: 'p-2' });
      const otherBlock = waveformRow({ seq: 6, hash: 7n, position: 13, block: new Uint8Array([1]) });
      const result = await store.write({ numerics: [sameTime, otherTime], waveforms: [otherBlock], positions: [14] });
      expect(result).toEqual({
        written: 0,
        copies: 0,
        conflicts: [
          { patient: 'p-1', device: 'd-1', boot: 1, seq: 2, lead: null, partition: 0, position: 11, hash: 5n },
          { patient: 'p-2', device: 'd-1', boot: 1, seq: 2, lead: null, partition: 0, position: 12, hash: 6n },
          { patient: 'p-1', device: 'd-1', boot: 1, seq: 6, lead: 131330, partition: 0, position: 13, hash: 7n },
        ],
      });
      expect(await store.range(all)).toEqual([pointOf(first)]);
      expect(await store.latest('p-1')).toEqual([pointOf(first)]);
      const slices = await store.waveform({ patient: 'p-1', lead: 131330, from: 0, to: start + 1e6 });
      expect(slices).toEqual([{ device: 'd-1', block: block.block }]);
    });

    test('a conflict that names another time than the first is one all the same', { tags: ['ING-DEDUP'] }, async () => {
      await using store = await opened();
      const first = numericRow({ seq: 1 });
      await store.write({ numerics: [first], waveforms: [], positions: [1] });
      const other = numericRow({ seq: 1, takenAt: start + 1e8, hash: 5n });
      expect(await store.write({ numerics: [other], waveforms: [], positions: [2] })).toMatchObject({
        written: 0,
        conflicts: [{ seq: 1, hash: 5n }],
      });
      expect(await store.range(all)).toEqual([pointOf(first)]);
    });

    test('two with one identity in one batch: the first stays', { tags: ['ING-DEDUP'] }, async () => {
      await using store = await opened();
      const [first, second] = [numericRow({ seq: 1, value: 97 }), numericRow({ seq: 1, value: 40, hash: 5n })];
      const result = await store.write({ numerics: [first, second, first], waveforms: [], positions: [1] });
      expect(result).toMatchObject({ written: 1, copies: 1, conflicts: [{ seq: 1, hash: 5n }] });
      expect(await store.range(all)).toEqual([pointOf(first)]);
    });

    test('positions move with the rows and never back', { tags: ['ING-COMMIT'] }, async () => {
      await using store = await opened(2);
      await store.write({ numerics: rows(1), waveforms: [], positions: [5, 0] });
      await store.write({ numerics: [], waveforms: [], positions: [5, 7] });
      await store.write({ numerics: rows(1), waveforms: [], positions: [3, 6] });
      expect(await store.positions()).toEqual([5, 7]);
    });

    test('a batch that cannot be stored leaves nothing behind', { tags: ['ING-COMMIT'] }, async () => {
      await using store = await opened();
      const bad = numericRow({ seq: 2, value: Number.NaN });
      await expect(store.write({ numerics: [...rows(1), bad], waveforms: [], positions: [3] })).rejects.toMatchObject({
        code: 'STORE_ARGUMENT',
      });
      await expect(store.write({ numerics: rows(1), waveforms: [], positions: [1, 2] })).rejects.toMatchObject({
        code: 'STORE_ARGUMENT',
      });
      expect(await store.positions()).toEqual([0]);
      expect(await store.write({ numerics: rows(1), waveforms: [], positions: [2] })).toMatchObject({ written: 1 });
    });

    test('latest is the newest by effective time per vital, whatever order readings come in', async () => {
      await using store = await opened();
      const spo2 = numericRow({ seq: 1, effectiveAt: start + 9_000 });
      const pulse = numericRow({ seq: 2, vital: 3, effectiveAt: start + 5_000 });
      await store.write({ numerics: [spo2, pulse], waveforms: [], positions: [1] });
      expect(byVital(await store.latest('p-1'))).toEqual([spo2, pulse].map(pointOf));
      const late = numericRow({ seq: 3, effectiveAt: start + 8_999 });
      const newer = numericRow({
        seq: 4,
        vital: 3,
        effectiveAt: start + 5_001,
        device: 'd-2',
        value: null,
        absent: 1,
        quality: 2,
      });
      const foreign = numericRow({ seq: 5, effectiveAt: start + 20_000, patient: 'p-2' });
      await store.write({ numerics: [late, newer, foreign], waveforms: [], positions: [2] });
      expect(byVital(await store.latest('p-1'))).toEqual([spo2, newer].map(pointOf));
      expect(await store.latest('p-2')).toEqual([pointOf(foreign)]);
    });

    test('of two readings at one instant latest takes the one that range has last', async () => {
      await using store = await opened();
      const effectiveAt = start + 1;
      const numerics = [
        numericRow({ seq: 3, device: 'd-9', effectiveAt }),
        numericRow({ seq: 5, effectiveAt }),
        numericRow({ seq: 4, effectiveAt }),
      ];
      await store.write({ numerics, waveforms: [], positions: [1] });
      const range = await store.range(all);
      expect(range.map(({ device, seq }) => `${device}/${seq}`)).toEqual(['d-1/4', 'd-1/5', 'd-9/3']);
      expect(await store.latest('p-1')).toEqual(range.slice(-1));
    });

    test('a range takes its beginning and not its end, in order of effective time, at most so many', async () => {
      await using store = await opened();
      await store.write({ numerics: rows(5, 1, 4, 2, 3), waveforms: [], positions: [6] });
      const seqs = async (from: number, to: number, limit = 10) =>
        (await store.range({ ...all, from: start + from, to: start + to, limit })).map(({ seq }) => seq);
      expect(await seqs(0, 100_000)).toEqual([1, 2, 3, 4, 5]);
      expect(await seqs(2_000, 4_000)).toEqual([2, 3]);
      expect(await seqs(2_001, 4_001)).toEqual([3, 4]);
      expect(await seqs(3_000, 3_000)).toEqual([]);
      expect(await seqs(0, 100_000, 2)).toEqual([1, 2]);
    });

    test('a range of every vital, newest first, is the other way round', async () => {
      await using store = await opened();
      const numerics = [5, 1, 4, 2, 3].map((seq) => numericRow({ seq, vital: (seq % 3) + 2 }));
      await store.write({
        numerics: [...numerics, numericRow({ seq: 6, patient: 'p-2' })],
        waveforms: [],
        positions: [6],
      });
      const { vital: _, ...ofAll } = all;
      const seqs = async (query: Partial<RangeQuery>) =>
        (await store.range({ ...ofAll, ...query })).map(({ seq }) => seq);
      expect(await seqs({})).toEqual([1, 2, 3, 4, 5]);
      expect(await seqs({ newestFirst: true })).toEqual([5, 4, 3, 2, 1]);
      expect(await seqs({ newestFirst: true, limit: 2 })).toEqual([5, 4]);
      expect(await seqs({ vital: 3, newestFirst: true })).toEqual([4, 1]);
    });

    test('pages by key have every reading once, in either order, also of many at one instant', async () => {
      await using store = await opened();
      let sample = 0;
      const reading = fc.record({
        offset: fc.integer({ min: 0, max: 3 }),
        device: fc.integer({ min: 1, max: 11 }),
        boot: fc.integer({ min: 0, max: 2 }),
        vital: fc.integer({ min: 2, max: 3 }),
      });
      const property = fc.asyncProperty(
        fc.array(reading, { maxLength: 40 }),
        fc.integer({ min: 1, max: 7 }),
        fc.boolean(),
        async (readings, limit, newestFirst) => {
          const patient = `k-${++sample}`;
          const numerics = readings.map(({ offset, device, ...rest }, i) => {
            const id = `${patient}-${device}`;
            return numericRow({ ...rest, seq: i + 1, patient, device: id, effectiveAt: start + offset });
          });
          await store.write({ numerics, waveforms: [], positions: [sample] });
          const query: RangeQuery = { patient, from: start, to: start + 4, limit, newestFirst };
          const paged: NumericPoint[] = [];
          for (let page = await store.range(query); page.length > 0; ) {
            paged.push(...page);
            page = await store.range({ ...query, after: page.at(-1) as NumericPoint });
          }
          const sorted = numerics.map(pointOf).sort(byKey);
          return same(paged, newestFirst ? sorted.reverse() : sorted);
        },
      );
      const details = await fc.check(property, { numRuns: 60 });
      expect(details.failed ? fc.defaultReportMessage(details) : 'holds').toBe('holds');
    });

    test('a page begins after its key, whether or not a reading has it', async () => {
      await using store = await opened();
      await store.write({ numerics: rows(1, 2, 3), waveforms: [], positions: [3] });
      const after = { effectiveAt: start + 2_000, device: "d-0' OR 1=1 --", boot: 1, seq: 2 };
      const seqs = async (query: Partial<RangeQuery>) =>
        (await store.range({ ...all, ...query })).map(({ seq }) => seq);
      expect(await seqs({ after })).toEqual([2, 3]);
      expect(await seqs({ after: { ...after, device: 'd-1' } })).toEqual([3]);
      expect(await seqs({ after: { ...after, device: 'd-1' }, newestFirst: true })).toEqual([1]);
      await expect(seqs({ after: { ...after, boot: 0.5 } })).rejects.toMatchObject({ code: 'STORE_ARGUMENT' });
    });

    test("columns hold the same as objects, and are the caller's own", async () => {
      await using store = await opened();
      const numerics = [
        numericRow({ seq: 1 }),
        numericRow({ seq: 2, device: 'd-2', value: 99.0858, unit: 1, reported: 5.5, vital: 1 }),
        numericRow({ seq: 3, value: null, absent: 2, quality: 2, unit: 255 }),
      ];
      await store.write({ numerics, waveforms: [], positions: [3] });
      const { vital: _, ...ofAll } = all;
      const columns = await store.rangeColumns(ofAll);
      expect(columns.rows).toBe(3);
      expect(pointsOf(columns)).toEqual(numerics.map(pointOf));
      structuredClone(columns.value, { transfer: [columns.value.buffer] });
      expect(pointsOf(await store.rangeColumns(ofAll))).toEqual(numerics.map(pointOf));
      const series = await store.series({ ...all, from: start, to: start + 9_000, bucketMs: 1_000, gapMs: 1_000 });
      structuredClone(series.buckets.at, { transfer: [series.buckets.at.buffer] });
      structuredClone(series.gaps.from, { transfer: [series.gaps.from.buffer] });
      expect([series.buckets.mean.length, series.gaps.to.length]).toEqual([1, 1]);
    });

    test('two devices with one vital stand in one range, each under its name', async () => {
      await using store = await opened();
      const numerics = [1, 2, 3].flatMap((seq) => [numericRow({ seq }), numericRow({ seq, device: 'd-2', value: 70 })]);
      await store.write({ numerics, waveforms: [], positions: [6] });
      expect(await store.range(all)).toEqual(numerics.map(pointOf));
      const { buckets } = rowsOfSeries(
        await store.series({
          ...all,
          from: start,
          to: start + 60_000,
          bucketMs: 60_000,
          gapMs: 60_000,
        }),
      );
      expect(buckets).toMatchObject([{ min: 70, max: 93, n: 6 }]);
    });

    test('a hole is a gap, one as long as the freshness is none', { tags: ['ING-GAPS'] }, async () => {
      await using store = await opened();
      const at = (offset: number, seq: number) => numericRow({ seq, effectiveAt: start + offset });
      const bad = numericRow({ seq: 9, effectiveAt: start + 70_000, quality: 2 });
      await store.write({
        numerics: [at(0, 1), at(30_000, 2), at(60_001, 3), bad, at(100_000, 4)],
        waveforms: [],
        positions: [5],
      });
      const gaps = async (bucketMs: number) =>
        rowsOfSeries(await store.series({ ...all, from: start, to: start + 130_001, bucketMs, gapMs: 30_000 })).gaps;
      const expected = [
        { from: start + 30_000, to: start + 60_001 },
        { from: start + 60_001, to: start + 100_000 },
        { from: start + 100_000, to: start + 130_001 },
      ];
      for (const bucketMs of [1_000, 30_000, 45_000, 3_600_000]) expect(await gaps(bucketMs)).toEqual(expected);
    });

    test('buckets and gaps are those of a plain computation', { tags: ['ING-GAPS'] }, async () => {
      await using store = await opened();
      let sample = 0;
      const reading = fc.record({
        offset: fc.integer({ min: -5_000, max: 65_000 }),
        value: fc.oneof(
          fc.constant(null),
          fc.integer({ min: 10, max: 500 }),
          fc.double({ min: 1, max: 99, noNaN: true }),
        ),
        quality: fc.integer({ min: 0, max: 2 }),
      });
      const property = fc.asyncProperty(
        fc.array(reading, { maxLength: 60 }),
        fc.integer({ min: 1, max: 70_000 }),
        fc.integer({ min: 1, max: 30_000 }),
        fc.integer({ min: 0, max: 60_000 }),
        async (readings, bucketMs, gapMs, length) => {
          const patient = `q-${++sample}`;
          const numerics = readings.map(({ offset, value, quality }, i) =>
            numericRow({ seq: i + 1, patient, device: patient, effectiveAt: start + offset, value, quality }),
          );
          await store.write({ numerics, waveforms: [], positions: [sample] });
          const question = { from: start, to: start + length, bucketMs, gapMs };
          const series = await store.series({ patient, vital: 2, ...question });
          return isSameSeries(rowsOfSeries(series), plainSeries(numerics, question));
        },
      );
      const details = await fc.check(property, { numRuns: 100 });
      expect(details.failed ? fc.defaultReportMessage(details) : 'holds').toBe('holds');
    });

    test('blocks come back byte for byte, those that overlap and no others', { tags: ['ING-ECG'] }, async () => {
      await using store = await opened();
      const blocks = [1, 2, 3, 4, 5].map((seq) => waveformRow({ seq }));
      const others = [waveformRow({ seq: 3, lead: 131329 }), waveformRow({ seq: 3, device: 'd-2', patient: 'p-2' })];
      await store.write({ numerics: [], waveforms: [...blocks].reverse(), positions: [1] });
      await store.write({ numerics: [], waveforms: others, positions: [2] });
      const slice = async (from: number, to: number) =>
        (await store.waveform({ patient: 'p-1', lead: 131330, from: start + from, to: start + to })).map(({ block }) =>
          hex(block),
        );
      const expected = (...seqs: readonly number[]) => seqs.map((seq) => hex((blocks[seq - 1] as WaveformRow).block));
      expect(await slice(0, 100_000)).toEqual(expected(1, 2, 3, 4, 5));
      expect(await slice(3_000, 4_000)).toEqual(expected(3));
      expect(await slice(2_999, 4_001)).toEqual(expected(2, 3, 4));
      expect(await slice(6_000, 100_000)).toEqual([]);
      expect(await slice(0, 1_000)).toEqual([]);
    });

    test('any bytes of a block come back as they were', { tags: ['ING-ECG'] }, async () => {
      await using store = await opened();
      let seq = 0;
      const property = fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 4_200 }), async (block) => {
        seq++;
        const { takenAtUs, rateMhz, samples } = waveformRow({ seq });
        await store.write({
          numerics: [],
          waveforms: [waveformRow({ seq, takenAtUs, rateMhz, samples, block })],
          positions: [seq],
        });
        const from = takenAtUs / 1_000;
        const [held] = await store.waveform({ patient: 'p-1', lead: 131330, from, to: from + 1_000 });
        return held !== undefined && hex(held.block) === hex(block);
      });
      const details = await fc.check(property, { numRuns: 40 });
      expect(details.failed ? fc.defaultReportMessage(details) : 'holds').toBe('holds');
    });

    test('counts are exact, of a patient and of all', async () => {
      await using store = await opened();
      const many = Array.from({ length: 5_000 }, (_, i) => numericRow({ seq: i + 1, patient: `p-${i % 3}` }));
      const waveforms = Array.from({ length: 30 }, (_, i) => waveformRow({ seq: i + 1, patient: `p-${i % 2}` }));
      await store.write({ numerics: many, waveforms, positions: [1] });
      expect(await store.count()).toEqual({ numerics: 5_000, waveforms: 30 });
      expect(await store.count('p-0')).toEqual({ numerics: 1_667, waveforms: 15 });
      expect(await store.count('p-2')).toEqual({ numerics: 1_666, waveforms: 0 });
      expect(await store.count('unknown')).toEqual({ numerics: 0, waveforms: 0 });
    });

    test('any order and any cut into batches with copies gives each reading once', {
      tags: ['ING-DEDUP'],
    }, async () => {
      await using store = await opened();
      let sample = 0;
      const seqs = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 80 });
      const property = fc.asyncProperty(seqs, fc.integer({ min: 1, max: 20 }), async (order, size) => {
        const patient = `o-${++sample}`;
        let counted = 0;
        for (let from = 0; from < order.length; from += size) {
          const numerics = order.slice(from, from + size).map((seq) => numericRow({ seq, patient, device: patient }));
          const { written, copies, conflicts } = await store.write({ numerics, waveforms: [], positions: [1] });
          if (conflicts.length > 0 || written + copies !== numerics.length) return false;
          counted += written;
        }
        const held = (await store.range({ ...all, patient })).map(({ seq }) => seq);
        const expected = [...new Set(order)].sort((a, b) => a - b);
        return counted === expected.length && JSON.stringify(held) === JSON.stringify(expected);
      });
      const details = await fc.check(property, { numRuns: 40 });
      expect(details.failed ? fc.defaultReportMessage(details) : 'holds').toBe('holds');
    });

    test('a read that is aborted rejects with the reason, and the store goes on', async () => {
      await using store = await opened();
      await store.write({ numerics: rows(1, 2, 3), waveforms: [], positions: [4] });
      const reason = new Error('the clinician looked away');
      await expect(store.count(undefined, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      const controller = new AbortController();
      const reads = Array.from({ length: 20 }, () => store.range(all, { signal: controller.signal }));
      const outcomes = Promise.allSettled(reads);
      controller.abort(reason);
      for (const outcome of await outcomes) expect(outcome).toEqual({ status: 'rejected', reason });
      expect(await store.count()).toEqual({ numerics: 3, waveforms: 0 });
    });

    test('writes and reads go on beside eight heavy readers', { tags: ['ING-STORE'] }, async () => {
      await using store = await opened();
      const seqs = (first: number) => Array.from({ length: 5_000 }, (_, i) => numericRow({ seq: first + i }));
      await store.write({ numerics: seqs(1), waveforms: [], positions: [5_001] });
      const load = startHeavyQueries(store, { ...all, readers: 8 });
      for (let first = 5_001; first < 30_000; first += 5_000) {
        const { written } = await store.write({ numerics: seqs(first), waveforms: [], positions: [first + 5_000] });
        expect(written).toBe(5_000);
      }
      expect(await store.count()).toEqual({ numerics: 30_000, waveforms: 0 });
      await expect.poll(load.answered, { timeout: 30_000 }).toBeGreaterThan(8);
      expect(await load.stop()).toBeGreaterThan(8);
      const held = await store.range({ ...all, limit: 100_000 });
      expect(held.map(({ seq }) => seq)).toEqual(Array.from({ length: 30_000 }, (_, i) => i + 1));
    });

    test('a question that makes no sense is refused, not answered', async () => {
      await using store = await opened();
      const argument = { code: 'STORE_ARGUMENT' };
      await expect(store.range({ ...all, limit: 0 })).rejects.toMatchObject(argument);
      await expect(store.range({ ...all, from: 5, to: 4 })).rejects.toMatchObject(argument);
      await expect(store.range({ ...all, from: 0.5 })).rejects.toMatchObject(argument);
      await expect(store.series({ ...all, bucketMs: 0, gapMs: 1 })).rejects.toMatchObject(argument);
      await expect(store.series({ ...all, bucketMs: 1, gapMs: 1 })).rejects.toMatchObject(argument);
      await expect(store.range({ ...all, vital: '1 OR 1=1' as unknown as number })).rejects.toMatchObject(argument);
    });

    test('more gaps than a picture can show are refused, not built', async () => {
      await using store = await opened();
      for (let first = 1; first <= 100_010; first += 10_001) {
        const numerics = Array.from({ length: 10_001 }, (_, i) => numericRow({ seq: first + i }));
        await store.write({ numerics, waveforms: [], positions: [first] });
      }
      const question = { ...all, from: start, to: start + 1.1e8, bucketMs: 60_000 };
      await expect(store.series({ ...question, gapMs: 1 })).rejects.toMatchObject({ code: 'STORE_ARGUMENT' });
      const { buckets, gaps } = await store.series({ ...question, gapMs: 30_000 });
      expect([buckets.n.length, gaps.from.length]).toEqual([Math.ceil(100_011 / 60), 1]);
    });

    test('a closed store answers with unavailable', async () => {
      const store = await opened();
      await store[Symbol.asyncDispose]();
      await expect(store.positions()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(store.write({ numerics: rows(1), waveforms: [], positions: [1] })).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      });
    });
  });
}

function pointOf({ patient: _, ...point }: NumericRow): NumericPoint {
  return point;
}

function byVital(points: readonly NumericPoint[]): NumericPoint[] {
  return [...points].sort((a, b) => a.vital - b.vital);
}

/** Order of the port: ids are ASCII. */
function byKey(a: NumericPoint, b: NumericPoint): number {
  const names = a.device < b.device ? -1 : Number(a.device > b.device);
  return a.effectiveAt - b.effectiveAt || names || a.boot - b.boot || a.seq - b.seq;
}

function same(a: readonly NumericPoint[], b: readonly NumericPoint[]): boolean {
  const keys = (points: readonly NumericPoint[]) =>
    points.map(({ effectiveAt, device, boot, seq, vital }) => [effectiveAt, device, boot, seq, vital].join());
  return JSON.stringify(keys(a)) === JSON.stringify(keys(b));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
