// History as people get it: pages of readings, and a day as a file.
import { request as httpRequest } from 'node:http';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type NumericPoint, StoreUnavailableError, VITALS } from '../../contract/index.ts';
import { numericRow } from '../contracts/time-series-store-rows.ts';
import { admit, DoubleStore, startTestApi, type TestSession, until } from '../support/api.ts';
import { parseCsv } from '../support/csv.ts';

const at = Date.UTC(2026, 2, 1, 12);

function pointOf(facts: Parameters<typeof numericRow>[0]): NumericPoint {
  const { patient: _, ...point } = numericRow(facts);
  return point;
}

interface Page {
  readonly items: readonly { readonly reading: string; readonly takenAt: string }[];
  readonly next: string | null;
}

describe('readings', () => {
  const span = 'vital=spo2&from=2026-03-01T00:00:00.000Z&to=2026-03-02T00:00:00.000Z';

  async function allPages(session: TestSession, patient: string, limit: number): Promise<Page['items'][number][]> {
    const all: Page['items'][number][] = [];
    for (let cursor = ''; ; ) {
      const path = `/patients/${patient}/readings?${span}&limit=${limit}${cursor && `&cursor=${cursor}`}`;
      const { items, next }: Page = (await session.get(path)).body;
      if (items.length > limit || (next !== null && items.length !== limit))
        throw new Error('a page of another length');
      all.push(...items);
      if (next === null) return all;
      cursor = next;
    }
  }

  test('come newest first, each once over all pages, also many at one instant', { tags: ['API-TIME'] }, async () => {
    const store = new DoubleStore();
    await using running = await startTestApi({ store });
    const session = await running.signIn();
    const { patient } = await admit(session);
    const reading = fc.record({ offset: fc.integer({ min: 0, max: 2 }), device: fc.integer({ min: 1, max: 11 }) });
    const property = fc.asyncProperty(
      fc.array(reading, { maxLength: 24 }),
      fc.integer({ min: 1, max: 5 }),
      async (readings, limit) => {
        const points = readings.map(({ offset, device }, i) =>
          pointOf({ seq: i + 1, device: `d-${device}`, effectiveAt: at + offset }),
        );
        store.points.set(patient, points);
        const told = await allPages(session, patient, limit);
        const names = (all: readonly { readonly reading: string }[]) => all.map((each) => each.reading).sort();
        const expected = points.map(({ device, boot, seq }) => ({ reading: `${device}/${boot}/${seq}` }));
        const isNewestFirst = told.every(({ takenAt }, i) => i === 0 || takenAt <= (told[i - 1]?.takenAt ?? ''));
        return isNewestFirst && JSON.stringify(names(told)) === JSON.stringify(names(expected));
      },
    );
    const details = await fc.check(property, { numRuns: 25 });
    expect(details.failed ? fc.defaultReportMessage(details) : 'holds').toBe('holds');
  });

  test('that came in since do not move the next page', async () => {
    const store = new DoubleStore();
    await using running = await startTestApi({ store });
    const session = await running.signIn();
    const { patient } = await admit(session);
    store.points.set(
      patient,
      [1, 2, 3, 4].map((seq) => pointOf({ seq, effectiveAt: at })),
    );
    const first: Page = (await session.get(`/patients/${patient}/readings?${span}&limit=2`)).body;
    const late = [pointOf({ seq: 5, effectiveAt: at + 1 }), pointOf({ seq: 6, device: 'd-9', effectiveAt: at })];
    store.points.get(patient)?.push(...late);
    const path = `/patients/${patient}/readings?${span}&limit=2&cursor=${first.next}`;
    const second: Page = (await session.get(path)).body;
    expect([...first.items, ...second.items].map((each) => each.reading)).toEqual([
      'd-1/1/4',
      'd-1/1/3',
      'd-1/1/2',
      'd-1/1/1',
    ]);
    expect(second.next).toBeNull();
  });

  test('after a cursor that is none are refused', async () => {
    await using running = await startTestApi();
    const session = await running.signIn();
    const { patient } = await admit(session);
    const key = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const cursors = [
      'x',
      key(null),
      key([1]),
      key([at, 'd-1', 1, -1]),
      key([at, "d'1", 1, 1]),
      key([0.5, 'd-1', 1, 1]),
    ];
    for (const cursor of [...cursors, '2026-03-01T12:00:00.000Z']) {
      const { status, body } = await session.get(`/patients/${patient}/readings?${span}&cursor=${cursor}`);
      expect([cursor, status, body.code]).toEqual([cursor, 400, 'cursor']);
    }
  });
});

describe('a day as a file', () => {
  /** The api with a patient at home in a zone, and readings each quarter of an hour over three days. */
  async function withDays(zone: string, date: string) {
    const store = new DoubleStore();
    const running = await startTestApi({ store });
    const session = await running.signIn();
    const home = { mrn: 'M-1', name: 'DOE, Jane', birthDate: '1950-02-11', unit: 'w-1', bed: 'Bed 1', zone };
    const patient = String((await session.send('POST', '/patients', home)).body.id);
    const noon = Date.parse(`${date}T12:00:00.000Z`);
    const instants = Array.from({ length: 300 }, (_, i) => noon + (i - 150) * 900_000);
    store.points.set(
      patient,
      instants.map((effectiveAt, i) => pointOf({ seq: i + 1, effectiveAt, vital: VITALS.spo2.code })),
    );
    const get = (query: string) => session.get(`/patients/${patient}/export.csv?${query}`);
    return { store, running, session, patient, instants, get };
  }

  test.for([
    ['Europe/Berlin', '2026-03-29', 92],
    ['Europe/Berlin', '2026-10-25', 100],
    ['Australia/Lord_Howe', '2026-04-05', 98],
    ['America/Sao_Paulo', '2018-11-04', 92],
    ['Asia/Beirut', '2026-03-29', 92],
    ['Asia/Kathmandu', '2026-03-29', 96],
  ] as const)(
    'in %s on %s has the %d quarters of that day and no other',
    { tags: ['API-DAY'] },
    async ([zone, date, quarters]) => {
      const { running, get, instants } = await withDays(zone, date);
      await using _ = running;
      const { status, headers, text } = await get(`date=${date}`);
      expect([status, headers['content-type']]).toEqual([200, 'text/csv; charset=utf-8; header=present']);
      expect(headers['content-disposition']).toMatch(
        /^attachment; filename="vigil-[A-Za-z0-9_-]+-\d{4}-\d\d-\d\d\.csv"$/,
      );
      const [names = [], ...lines] = parseCsv(text);
      const column = (name: string) => lines.map((cells) => cells[names.indexOf(name)] ?? '');
      const onDay = (instant: number) => new Date(instant).toLocaleDateString('sv-SE', { timeZone: zone }) === date;
      expect(column('Time (UTC)')).toEqual(instants.filter(onDay).map((instant) => new Date(instant).toISOString()));
      const local = column('Local time');
      expect([local.length, new Set(local).size]).toEqual([quarters, quarters]);
      expect(local.filter((time) => !time.startsWith(date))).toEqual([]);
      expect(local.map((time) => new Date(time).toISOString())).toEqual(column('Time (UTC)'));
    },
  );

  test('is one of another zone where that is asked for', { tags: ['API-DAY'] }, async () => {
    const { running, get } = await withDays('Europe/Berlin', '2026-03-29');
    await using _ = running;
    const lines = parseCsv((await get('date=2026-03-29&zone=UTC')).text);
    expect([lines.length, lines[1]?.[2]]).toEqual([97, '2026-03-29T00:00:00.000+00:00']);
  });

  test('has a heading and no line where nothing was measured', { tags: ['ING-GAPS'] }, async () => {
    const { running, get } = await withDays('UTC', '2026-03-29');
    await using _ = running;
    expect(parseCsv((await get('date=2026-07-01')).text).length).toBe(1);
  });

  test('of more than one piece has every reading once, in order', { tags: ['API-DAY'] }, async () => {
    const { running, store, patient, get } = await withDays('UTC', '2026-03-29');
    await using _ = running;
    const day = Date.UTC(2026, 2, 29);
    // Pieces end within an instant that many share.
    const points = Array.from({ length: 10_500 }, (_, i) => pointOf({ seq: i + 1, effectiveAt: day + (i >> 10) }));
    store.points.set(patient, points);
    const lines = parseCsv((await get('date=2026-03-29')).text);
    const reading = lines[0]?.indexOf('Reading') ?? -1;
    expect(lines.slice(1).map((cells) => cells[reading])).toEqual(points.map(({ seq }) => `d-1/1/${seq}`));
  });

  test('that is no day is refused, and says why', { tags: ['API-DAY'] }, async () => {
    const { running, get } = await withDays('Pacific/Apia', '2026-03-29');
    await using _ = running;
    const said = async (query: string) => {
      const { status, body } = await get(query);
      return [status, body.code];
    };
    expect(await said('date=2026-02-30')).toEqual([400, 'malformed']);
    expect(await said('date=29.03.2026')).toEqual([400, 'malformed']);
    expect(await said('')).toEqual([400, 'malformed']);
    expect(await said('date=2026-03-29&zone=Nowhere/At_All')).toEqual([422, 'invalid']);
    expect(await said('date=2014-12-31')).toEqual([422, 'invalid']);
  });

  test('is a row of the audit trail, and a problem while the store does not answer', {
    tags: ['SEC-AUDIT', 'ING-STORE'],
  }, async () => {
    const { running, store, get, patient } = await withDays('UTC', '2026-03-29');
    await using _ = running;
    await get('date=2026-03-29');
    store.rangeColumns = () => Promise.reject(new StoreUnavailableError('the test wants it so'));
    const { status, body } = await get('date=2026-03-29');
    expect([status, body.code]).toEqual([503, 'store-down']);
    const rows = await until(() => {
      const all = running.memory
        .records('audit')
        .map(({ value }) => JSON.parse(new TextDecoder().decode(value).split('\n')[1] ?? ''));
      const acts = all.filter(({ act }) => act === 'values.export');
      return acts.length === 2 ? acts : undefined;
    });
    expect(rows).toMatchObject([
      { out: 'ok', obj: { kind: 'patient', id: patient, patient } },
      { out: 'failed', why: 'failed' },
    ]);
  });

  test('breaks off where the store fails on the way, and never looks whole', { tags: ['API-DAY'] }, async () => {
    const { running, session, store, patient, get } = await withDays('UTC', '2026-03-29');
    await using _ = running;
    const day = Date.UTC(2026, 2, 29);
    store.points.set(
      patient,
      Array.from({ length: 12_000 }, (_, i) => pointOf({ seq: i + 1, effectiveAt: day + i })),
    );
    const pieces = store.rangeColumns.bind(store);
    let asked = 0;
    store.rangeColumns = async (query) => {
      if (++asked === 2) throw new Error('the double fails');
      return await pieces(query);
    };
    const url = new URL(`/api/v1/patients/${patient}/export.csv?date=2026-03-29`, running.api.url);
    await expect(download(url, session.cookie)).rejects.toThrow();
    expect(asked).toBe(2);
    // Nobody's turn is lost by it.
    for (let i = 0; i < 3; i++) expect((await get('date=2026-03-29')).status).toBe(200);
  });
});

/** The whole answer; rejects if it breaks off. */
function download(url: URL, cookie: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { headers: { cookie }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => (response.complete ? resolve(text) : reject(new Error('broken off'))));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}
