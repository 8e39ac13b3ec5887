import { describe, expect, test } from 'vitest';
import { TextWriter } from '../../../api/jobs/text-writer.ts';
import { SeriesView } from '../../../contract/index.ts';
import { pointColumns } from '../../../ingest/store/columns.ts';

/** A series of so many buckets, all arrays its own. */
function series(rows: number, from = Date.UTC(2026, 2, 1)) {
  const column = (of: (i: number) => number) => Float64Array.from({ length: rows }, (_, i) => of(i));
  const buckets = {
    at: column((i) => from - 500 + i * 1_000),
    min: column((i) => 90.4 + (i % 3)),
    max: column(() => 97.5),
    mean: column(() => 95.126),
    n: column(() => 3),
  };
  const gaps = { from: Float64Array.of(from), to: Float64Array.of(from + 90_000) };
  const limits = [{ rule: 'r', priority: 'high', limit: '<= 88 %' }];
  return { vital: 'spo2', from, unit: '%', limits, buckets, gaps } as const;
}

const signal = () => AbortSignal.timeout(30_000);
const viewOf = (bytes: Uint8Array) => SeriesView.parse(JSON.parse(new TextDecoder().decode(bytes)));

describe('texts', () => {
  test('of few rows and of many are what the schema says, and the arrays of many are moved', {
    tags: ['ING-GAPS', 'API-TIME'],
  }, async () => {
    await using texts = new TextWriter();
    for (const rows of [3, 5_000]) {
      const ask = series(rows);
      const view = viewOf(await texts.write('series', ask, { rows, signal: signal() }));
      expect(view.rows.length).toBe(rows);
      expect(view.rows.slice(0, 3)).toEqual([
        [0, 90, 98, 95.13, 3],
        [500, 91, 98, 95.13, 3],
        [1_500, 92, 98, 95.13, 3],
      ]);
      expect(view.gaps).toEqual([{ from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T00:01:30.000Z', cause: null }]);
      expect(view.limits).toEqual(ask.limits);
      expect(ask.buckets.at.length).toBe(rows > 1_000 ? 0 : rows);
    }
  });

  test('many at once each come to whom they belong', async () => {
    await using texts = new TextWriter();
    const all = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const from = Date.UTC(2026, 2, 1, i);
        return [from, viewOf(await texts.write('series', series(2_000, from), { rows: 2_000, signal: signal() })).from];
      }),
    );
    expect(all.filter(([from, said]) => new Date(Number(from)).toISOString() !== said)).toEqual([]);
  });

  test('that cannot be made fail, and the next one is made', async () => {
    await using texts = new TextWriter();
    const wrong = { patient: { id: 'p', mrn: 'm' }, zone: 'Nowhere', columns: pointColumns([]) };
    await expect(texts.write('day-rows', wrong, { rows: 9_999, signal: signal() })).rejects.toThrow('Nowhere');
    expect(viewOf(await texts.write('series', series(2_000), { rows: 2_000, signal: signal() })).rows.length).toBe(
      2_000,
    );
  });

  test('of a thread that ends are an outage of history', { tags: ['ING-STORE'] }, async () => {
    await using texts = new TextWriter(new URL('data:text/javascript,setTimeout(()=>process.exit(3),50)'));
    const asked = [1, 2].map(() => texts.write('series', series(2_000), { rows: 2_000, signal: signal() }));
    for (const each of asked) await expect(each).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  test('that nobody waits for any longer are given up; more than can wait are refused', {
    tags: ['ING-STORE'],
  }, async () => {
    await using texts = new TextWriter(new URL('data:text/javascript,setInterval(()=>{},1000)'));
    const over = new AbortController();
    const asked = Array.from({ length: 64 }, () =>
      texts.write('series', series(300), { rows: 300, signal: over.signal }),
    );
    const outcomes = Promise.allSettled(asked);
    await expect(texts.write('series', series(300), { rows: 300, signal: signal() })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    const reason = new Error('too late');
    over.abort(reason);
    expect(new Set((await outcomes).map((each) => each.status === 'rejected' && each.reason))).toEqual(
      new Set([reason]),
    );
  });

  test('after the end are refused', async () => {
    const texts = new TextWriter();
    await texts[Symbol.asyncDispose]();
    await expect(texts.write('series', series(300), { rows: 300, signal: signal() })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });
});
