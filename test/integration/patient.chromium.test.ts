// One patient's screen in a real browser, in front of the real program.
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser, type Screen } from '../support/browser.ts';
import { startWire } from '../support/frozen-proxy.ts';
import { type Program, type SignedIn, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { patientIn, patientScreen } from './patient-page.ts';
import { bundleConsole, cellsOf, isDark, order, seen } from './wall-page.ts';

let browser: Browser;
let program: Program;
let nurse: SignedIn;
const ids = new Map<string, string>();
const idOf = (bed: string) => ids.get(bed) as string;

beforeAll(async () => {
  bundleConsole();
  browser = await launchBrowser();
  program = await startProgram({ simulate: true });
  nurse = await program.signIn();
  for (const bed of ['Bed 1', 'Bed 2', 'Bed 3', 'Bed 5']) ids.set(bed, await patientIn(nurse, bed));
}, 180_000);
afterAll(async () => {
  await program?.[Symbol.asyncDispose]();
  await browser?.close();
});

const band = (screen: Screen) => screen.page.locator('.big-band[data-alert]').first();

test('names the patient by bed, name, birth date and record, with numbers, ages and limits', {
  tags: ['API-PATIENT', 'API-AGE'],
}, async () => {
  await using screen = await patientScreen(browser, program, idOf('Bed 1'));
  const { page } = screen;
  const who = await seen(page.locator('.who').first());
  expect(who).toMatch(/1\s+ADLER, Ruth/);
  expect(who).toMatch(/17 Mar 1948/);
  expect(who).toMatch(/SIM-0001/);
  await until('all numbers', async () => (await cellsOf(page)).every(({ current }) => current));
  const cells = await cellsOf(page);
  expect(cells.map(({ signal }) => signal).sort()).toEqual(['glucose', 'pulse', 'spo2']);
  for (const { note, value } of cells) {
    expect(value).toMatch(/^\d+$/);
    expect(note).toMatch(/\d+ (s|min)/);
  }
  await until('its limits', async () => /≥ 90/.test(await seen(page.locator('.side .limits'))));
  expect(screen.faults).toEqual([]);
});

test('a patient who is not here is said to be none', async () => {
  await using screen = await patientScreen(browser, program, idOf('Bed 1'));
  await screen.page.goto(new URL('/p/p-nobody', screen.page.url()).href);
  await screen.page.getByText('No such patient here').waitFor();
  await screen.page.getByRole('button', { name: 'Back to wall' }).click();
  await screen.page.waitForSelector('article.tile');
  expect(new URL(screen.page.url()).pathname).toBe('/');
});

test('an alert is seen, taken and left with the keyboard alone', {
  tags: ['API-ACK', 'ALR-LIMIT', 'API-PATIENT'],
  timeout: 240_000,
}, async () => {
  await using screen = await patientScreen(browser, program, idOf('Bed 2'));
  const { page } = screen;
  await order(program, 'desaturate', 'kit-2');
  const alarm = band(screen);
  const look = async () => ((await alarm.count()) === 0 ? null : await alarm.getAttribute('data-look'));
  await until('a red band', async () => (await look()) === 'high', { withinMs: 120_000 });
  // A worse rule takes an acknowledgement back: all that holds has to be true before it is taken.
  await until('very low', async () => /≤\s*88/.test(await seen(alarm)), { withinMs: 120_000 });
  expect(await page.locator('.cell[data-signal="spo2"]').getAttribute('data-fill')).toBe('high');
  await page.keyboard.press('a');
  const sheet = page.getByRole('dialog', { name: 'Acknowledge this alert' });
  expect(await seen(sheet)).toMatch(/2 BRANDT, Otto/);
  await page.keyboard.press('Escape');
  await until('the sheet is gone', async () => (await sheet.count()) === 0);
  expect(await look()).toBe('high');
  await until('the focus is at what opened it', async () =>
    page.evaluate<boolean>(`document.activeElement?.classList.contains('take')`),
  );
  await page.keyboard.press('Enter');
  await sheet.waitFor();
  await until('the button has the focus', () =>
    page.evaluate<boolean>(`document.activeElement?.closest('.sheet') !== null`),
  );
  await page.keyboard.press('Enter');
  await until('it is taken', async () => (await look()) === 'acknowledged');
  await until('the sheet is gone', async () => (await sheet.count()) === 0);
  await until('the focus is at the patient', () =>
    page.evaluate<boolean>(`document.activeElement?.closest('.who') !== null`),
  );
  await until('how it came about', async () => /raised: /.test(await seen(page.locator('.side .timeline').first())));

  for (const [key, part] of [
    ['e', 'ecg'],
    ['l', 'limits'],
    ['t', 'trends'],
  ] as const) {
    await page.keyboard.press(key);
    expect(await page.evaluate<string>('document.activeElement?.id')).toBe(`${part}-heading`);
  }
  await page.locator('.trends table').waitFor();
  await page.keyboard.press('t');
  await page.locator('.trends .chart').waitFor();
  const range = () => page.locator('.trends .segments [aria-pressed="true"]').textContent();
  const ranges = [await range()];
  for (const key of [']', ']', ']', '[']) {
    await page.keyboard.press(key);
    ranges.push(await range());
  }
  expect(ranges).toEqual(['3 h', '8 h', '24 h', '24 h', '8 h']);
  await page.keyboard.press('n');
  await page.waitForSelector(`.patient-page[data-patient="${idOf('Bed 3')}"]`);
  await page.keyboard.press('Escape');
  await page.waitForSelector('article.tile');
  expect(screen.faults).toEqual([]);
});

test('a kit that falls silent: an old number is never a big one', {
  tags: ['API-AGE', 'API-STATE', 'ALR-TECH'],
  timeout: 240_000,
}, async () => {
  await using screen = await patientScreen(browser, program, idOf('Bed 5'));
  const { page } = screen;
  await until('all numbers', async () => (await cellsOf(page)).every(({ current }) => current));
  await order(program, 'stop', 'kit-5', '--silent');
  const wrong: string[] = [];
  await until(
    'not monitored, and dashes',
    async () => {
      const cells = await cellsOf(page);
      for (const { signal, current, value, note } of cells) {
        const seconds = Number(/(\d+) s\b/.exec(note)?.[1] ?? 0);
        if (signal !== 'glucose' && current && seconds > 31) wrong.push(`${signal} ${note}`);
        if (!current && value !== '- - -') wrong.push(`${signal} ${value}`);
      }
      const quick = cells.filter(({ signal }) => signal !== 'glucose');
      return (await page.locator('.plate-band').count()) === 1 && quick.every(({ current }) => !current);
    },
    { withinMs: 180_000, everyMs: 200 },
  );
  expect(wrong).toEqual([]);
  expect(await seen(page.locator('.plate-band'))).toMatch(/NOT MONITORED\s+kit lost/);
  expect(await seen(page.locator('.numbers-now'))).toMatch(/was \d+ at \d\d:\d\d/);
  await order(program, 'start', 'kit-5');
  await until('watched again', async () => (await page.locator('.plate-band').count()) === 0, { withinMs: 120_000 });
});

test('a socket that freezes: not live, no number, an empty strip, no act', {
  tags: ['API-BEAT', 'API-AGE'],
  timeout: 180_000,
}, async () => {
  await using wire = await startWire(Number(new URL(program.url).port));
  await using screen = await patientScreen(browser, program, idOf('Bed 1'), { port: wire.port });
  const { page } = screen;
  wire.freeze();
  await until('dark', () => isDark(page));
  const strip = () =>
    page.evaluate<number>(`(() => {
      const canvas = document.querySelector('.patient .strip-canvas');
      const [r, g, b] = getComputedStyle(canvas).color.match(/\\d+/g).map(Number);
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let ink = 0;
      for (let i = 0; i < data.length; i += 4)
        if (Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b) < 60) ink++;
      return ink;
    })()`);
  await until('an empty strip', async () => (await strip()) === 0);
  await page.keyboard.press('a');
  expect(await page.getByRole('dialog').count()).toBe(0);
  wire.thaw();
  await until('live again, with numbers', async () => (await cellsOf(page)).every(({ current }) => current));
  await until('a trace', async () => (await strip()) > 0);
  expect(screen.faults).toEqual([]);
});

describe.each(['dark', 'light'] as const)('%s', (theme) => {
  test.for([
    [1920, 1080, 100],
    [1366, 768, 100],
    [390, 844, 100],
    [1366, 768, 200],
    [320, 700, 100],
  ] as const)(
    'axe finds nothing and nothing scrolls sideways at %i x %i, text at %i per cent',
    { tags: ['API-READABLE'], timeout: 120_000 },
    async ([width, height, size]) => {
      const viewport = { width, height };
      await using screen = await patientScreen(browser, program, idOf('Bed 2'), { viewport, theme, size });
      const { page } = screen;
      await page.locator('.trends .lane').first().waitFor();
      const look = async (what: string) => {
        const { violations } = await new AxeBuilder({ page })
          .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
          .analyze();
        const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
        const wide = await page.evaluate<string[]>(`[document.documentElement, ...document.querySelectorAll('main')]
          .flatMap((one) => one.scrollWidth > one.clientWidth + 1 ? [one.tagName + ' ' + one.scrollWidth] : [])`);
        return { what, found, wide };
      };
      expect(await look('chart')).toEqual({ what: 'chart', found: [], wide: [] });
      await page.keyboard.press('t');
      await page.locator('.trends table').waitFor();
      expect(await look('table')).toEqual({ what: 'table', found: [], wide: [] });
      expect(screen.faults).toEqual([]);
    },
  );
});

test('nothing of a patient is in title, address, storage or log', { tags: ['SEC-LOG'] }, async () => {
  await using screen = await patientScreen(browser, program, idOf('Bed 1'));
  const kept = await screen.page.evaluate<string>(
    'JSON.stringify([document.title, location.href, { ...localStorage }, { ...sessionStorage }, document.cookie])',
  );
  expect(kept).not.toMatch(/ADLER|SIM-0|1948/);
  expect(screen.faults).toEqual([]);
});
