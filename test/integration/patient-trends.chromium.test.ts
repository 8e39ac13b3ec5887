// The trends in a real browser: a line ends where measuring ended, a limit moves where it was moved, the table is the chart.
// The real program answers; of one answer the series is replaced, because no ward of some minutes has a past of hours.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { type Program, type SignedIn, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { patientIn, patientScreen } from './patient-page.ts';
import { bundleConsole, seen } from './wall-page.ts';

let browser: Browser;
let program: Program;
let nurse: SignedIn;
let id: string;
beforeAll(async () => {
  bundleConsole();
  browser = await launchBrowser();
  program = await startProgram({ simulate: true });
  nurse = await program.signIn();
  id = await patientIn(nurse, 'Bed 1');
}, 180_000);
afterAll(async () => {
  await program?.[Symbol.asyncDispose]();
  await browser?.close();
});

const minute = 60_000;
/** Of three hours: measured up to 60, a hole of 30 minutes, and measured again up to 170. */
const hole = { from: 60 * minute, to: 90 * minute };
const end = 170 * minute;
const movedAt = 120 * minute;

/** A past of which all is known, in the form of the API. */
function past(url: URL) {
  const from = Date.parse(url.searchParams.get('from') ?? '');
  const bucketMs = Number(url.searchParams.get('bucketMs'));
  const vital = url.searchParams.get('vital');
  const at = (ms: number) => new Date(from + ms).toISOString();
  const base = { spo2: 96, pulse: 80, glucose: 130 }[vital ?? ''] ?? 0;
  const rows: [number, number, number, number, number][] = [];
  for (let t = 0; t < end; t += bucketMs)
    if (t < hole.from || t >= hole.to) rows.push([t, base - 2, base + 2, base, 30]);
  return {
    from: at(0),
    unit: vital === 'spo2' ? '%' : vital === 'pulse' ? '/min' : 'mg/dL',
    columns: ['t', 'min', 'max', 'mean', 'n'],
    rows,
    limits: vital === 'spo2' ? [{ rule: 'spo2-low', priority: 'medium', limit: '< 85 %', from: at(movedAt) }] : [],
    limitsBefore:
      vital === 'spo2' ? [{ rule: 'spo2-low', priority: 'medium', limit: '< 90 %', from: at(0), to: at(movedAt) }] : [],
    gaps: [
      { from: at(hole.from), to: at(hole.to), cause: 'gateway-lost' },
      { from: at(end), to: at(180 * minute), cause: null },
    ],
  };
}

async function withPast(page: Page): Promise<void> {
  await page.route('**/series?**', (route) => route.fulfill({ json: past(new URL(route.request().url())) }));
  // What was asked for before this is on the screen for a while.
  await page.keyboard.press(']');
  await until(
    'the other range',
    async () => (await page.locator('.trends [aria-pressed="true"]').first().textContent()) === '8 h',
  );
  await page.keyboard.press('[');
  await until('that past', async () => (await page.locator('.trends .unseen').textContent())?.includes('kit lost'));
}

interface LanePicture {
  readonly left: number;
  readonly right: number;
  readonly height: number;
  /** Rows by column with ink of the lane's colour. */
  readonly ink: readonly (readonly number[])[];
  /** Rows by column with ink of a limit: not so dark as paper, and grey. */
  readonly dashes: readonly (readonly number[])[];
}

/** Pixels of the saturation's chart, within its axes. */
const lanePicture = (page: Page) =>
  page.evaluate<LanePicture>(`(() => {
    const lane = document.querySelector('.lane[data-vital="spo2"]');
    const canvas = lane.querySelector('canvas');
    const over = lane.querySelector('.u-over');
    const left = over.offsetLeft * devicePixelRatio, top = over.offsetTop * devicePixelRatio;
    const width = over.clientWidth * devicePixelRatio, height = over.clientHeight * devicePixelRatio;
    const [r, g, b] = getComputedStyle(lane).color.match(/\\d+/g).map(Number);
    const probe = document.createElement('i');
    probe.style.color = 'var(--ink3)';
    lane.append(probe);
    const [lr, lg, lb] = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
    probe.remove();
    const { data } = canvas.getContext('2d').getImageData(left, top, width, height);
    const rowsOf = (cr, cg, cb, within) => Array.from({ length: Math.floor(width) }, (_, x) => {
      const rows = [];
      for (let y = 0; y < Math.floor(height); y++) {
        const at = 4 * (y * Math.floor(width) + x);
        if (Math.abs(data[at] - cr) + Math.abs(data[at + 1] - cg) + Math.abs(data[at + 2] - cb) < within) rows.push(y);
      }
      return rows;
    });
    return { left, right: left + width, height, ink: rowsOf(r, g, b, 90), dashes: rowsOf(lr, lg, lb, 60) };
  })()`);

test('no line across a hole, a limit that steps where it was moved, and a table that says the same', {
  tags: ['ING-GAPS', 'API-READABLE'],
  timeout: 180_000,
}, async () => {
  await using screen = await patientScreen(browser, program, id);
  const { page } = screen;
  await withPast(page);
  const summary = await page.locator('.trends .unseen').textContent();
  expect(summary).toMatch(/SpO2 94 to 98 %, no data \d\d:\d\d to \d\d:\d\d: kit lost/);
  expect(await seen(page.locator('.trends .detail').first())).toBe('limits as they were');

  const { ink, dashes, height } = await lanePicture(page);
  const columnOf = (ms: number) => Math.round((ms / (180 * minute)) * ink.length);
  // The name of the lane has the same colour, at its left end, low.
  const lineOf = (x: number) => (ink[x] ?? []).filter((y) => y < height / 2);
  const inHole: number[] = [];
  for (let x = columnOf(hole.from) + 2; x < columnOf(hole.to) - 2; x++) if ((ink[x] ?? []).length > 0) inHole.push(x);
  expect(inHole).toEqual([]);
  const expectedY = ((100 - 96) / (100 - 80)) * height;
  for (const ms of [20, 50, 100, 130, 160].map((m) => m * minute)) {
    const rows = lineOf(columnOf(ms));
    expect(rows.length, `a line at ${ms / minute} min`).toBeGreaterThan(0);
    expect(Math.min(...rows.map((y) => Math.abs(y + 0.5 - expectedY)))).toBeLessThanOrEqual(1.5);
  }
  for (let x = columnOf(end) + 2; x < ink.length - 2; x++) expect(lineOf(x)).toEqual([]);

  const limitRow = (value: number) => Math.round(((100 - value) / (100 - 80)) * height);
  const dashesAt = (from: number, to: number, row: number) => {
    let found = 0;
    for (let x = columnOf(from); x < columnOf(to); x++)
      if ((dashes[x] ?? []).some((y) => Math.abs(y - row) <= 2)) found++;
    return found / Math.max(1, columnOf(to) - columnOf(from));
  };
  const [before, after] = [
    [95 * minute, 119 * minute],
    [121 * minute, 168 * minute],
  ] as const;
  expect(dashesAt(...before, limitRow(90))).toBeGreaterThan(0.4);
  expect(dashesAt(...after, limitRow(90))).toBeLessThan(0.1);
  expect(dashesAt(...after, limitRow(85))).toBeGreaterThan(0.4);
  expect(dashesAt(...before, limitRow(85))).toBeLessThan(0.1);

  await page.keyboard.press('t');
  const rows = page.locator('.trends tbody tr');
  await rows.first().waitFor();
  const written = await rows.evaluateAll((all) =>
    all.map((row) => ({
      gap: row.getAttribute('data-gap') === 'yes',
      spo2: row.querySelector('[data-vital="spo2"]')?.textContent ?? '',
    })),
  );
  const wanted = past(new URL('http://x/series?vital=spo2&bucketMs=30000&from=2026-03-01T00:00:00.000Z'));
  expect(written.filter(({ gap }) => !gap).map(({ spo2 }) => spo2)).toEqual(wanted.rows.map(() => '96 (94–98)'));
  expect(written.filter(({ gap }) => gap).map(({ spo2 }) => spo2)).toEqual(['no data', 'kit lost']);
  expect(screen.faults).toEqual([]);
});

test('what cannot be read leaves the old content with its time and the number of the request', {
  tags: ['API-AGE'],
  timeout: 120_000,
}, async () => {
  await using screen = await patientScreen(browser, program, id);
  const { page } = screen;
  await page.locator('.trends .lane').first().waitFor();
  const problem = {
    type: 'urn:vigil:problem:store-down',
    status: 503,
    code: 'store-down',
    detail: 'history cannot be read now',
    request: 'r-test-1',
  };
  const contentType = 'application/problem+json';
  await page.route('**/series?**', (route) =>
    route.fulfill({ status: 503, contentType, body: JSON.stringify(problem) }),
  );
  await page.keyboard.press(']');
  await page.getByText('Not up to date: history cannot be read now (r-test-1)').waitFor();
  expect(await seen(page.locator('.trends .as-of'))).toMatch(/^as of \d\d:\d\d:\d\d$/);
  expect(await page.locator('.trends .lane').count()).toBe(3);
  await page.unroute('**/series?**');
  await until('up to date', async () => (await page.locator('.trends .failure').count()) === 0);
});

test('where nothing was measured it says so, and from when to when', { tags: ['API-READABLE'] }, async () => {
  await using screen = await patientScreen(browser, program, id);
  const { page } = screen;
  await page.route('**/series?**', (route) => {
    const empty = { ...past(new URL(route.request().url())), rows: [], gaps: [] };
    return route.fulfill({ json: empty });
  });
  await page.keyboard.press(']');
  await until('nothing', async () => (await page.locator('.lane .nothing').count()) === 3);
  expect(await seen(page.locator('.lane .nothing').first())).toMatch(/^Nothing measured \d\d:\d\d to \d\d:\d\d$/);
});
