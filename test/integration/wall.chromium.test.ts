// The wall in a real browser, in front of the real program.
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser, openScreen, type Screen } from '../support/browser.ts';
import { startWire } from '../support/frozen-proxy.ts';
import { type Program, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import {
  bundleConsole,
  cellsOf,
  isDark,
  isLive,
  order,
  rowOf,
  seen,
  signedIn,
  tileOf,
  watchedTiles,
} from './wall-page.ts';

/** Code of the page: which row has the focus, and whether its sheet has. */
const focusedRow = `document.activeElement?.closest('li')?.getAttribute('data-alert') ?? null`;
const sheetHasFocus = `document.activeElement?.closest('.sheet') != null`;

let browser: Browser;
beforeAll(async () => {
  bundleConsole();
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

describe('a ward', () => {
  let program: Program;
  let screen: Screen;
  beforeAll(async () => {
    program = await startProgram({ simulate: true });
    screen = await signedIn(browser, program);
  }, 120_000);
  afterAll(async () => {
    await screen?.[Symbol.asyncDispose]();
    await program?.[Symbol.asyncDispose]();
  });

  test('opens by its link, which leaves the address, and shows eight patients with their values', {
    tags: ['API-PATIENT', 'API-STATE', 'CON-REALM'],
  }, async () => {
    const { page } = screen;
    await until('eight tiles, watched', async () => (await watchedTiles(page).count()) === 8);
    expect(page.url()).not.toContain('link');
    expect(await seen(page.locator('.bar'))).toContain('TEST, not for care');
    const names = await page.locator('article.tile h2').allInnerTexts();
    expect(names[0]).toMatch(/^1\s+ADLER, Ruth\s+(record number ending\s+)?0001$/);
    await until('every cell has a current value', async () => {
      const cells = await cellsOf(page);
      return cells.length === 24 && cells.every(({ current, value }) => current && /^\d+$/.test(value));
    });
    for (const { note } of await cellsOf(page)) expect(note).toMatch(/\d+ (s|min)/);
  });

  test('a link that was used opens nothing and says so', async () => {
    const link = (await program.admin('POST', '/links', {})).body.link;
    await using first = await openScreen(browser, link);
    await first.page.waitForSelector('article.tile');
    await using second = await openScreen(browser, link);
    await second.page.waitForSelector('.notice');
    expect(await seen(second.page.locator('.notice'))).toContain('not signed in');
    expect(second.faults).toEqual([]);
  });

  test('an alert stands in band, cell and list, with value, limit and patient; a click takes it', {
    tags: ['ALR-LIMIT', 'API-ACK', 'API-PATIENT'],
    timeout: 180_000,
  }, async () => {
    const { page } = screen;
    await order(program, 'desaturate', 'kit-2');
    const tile = tileOf(page, '2');
    await until('a red frame', async () => (await tile.getAttribute('data-frame')) === 'high', { withinMs: 120_000 });
    const band = tile.locator('.band');
    expect(await band.getAttribute('data-look')).toBe('high');
    expect(await seen(band)).toMatch(/SpO\s*2\s*8\d ≤\s88/);
    expect(await tile.locator('.cell[data-signal="spo2"]').getAttribute('data-fill')).toBe('high');
    const row = rowOf(page, '2', /SpO2/);
    expect(await seen(row)).toMatch(/BRANDT, Otto SIM-0002/);
    expect(await page.title()).toMatch(/!!! \d/);

    await row.getByRole('button', { name: /^Acknowledge SpO2, bed 2 BRANDT/ }).click();
    const sheet = page.getByRole('dialog', { name: 'Acknowledge this alert' });
    expect(await seen(sheet)).toMatch(/2 BRANDT, Otto, born \d{4}-\d\d-\d\d, record SIM-0002/);
    // Escape takes nothing.
    await page.keyboard.press('Escape');
    await until('the sheet is gone', async () => (await sheet.count()) === 0);
    expect(await row.getAttribute('data-state')).toBe('active');
    await row.getByRole('button', { name: /^Acknowledge/ }).click();
    await sheet.getByRole('button', { name: /^Acknowledge as / }).click();
    await until('it is taken', async () => (await row.getAttribute('data-state')) === 'acknowledged');
    expect(await seen(row)).toMatch(/Demo \d\d:\d\d · again in \d/);
    await until('no red is left', async () => (await tile.getAttribute('data-frame')) === 'acknowledged');
  });

  test('another is taken with the keyboard alone, and the keyboard keeps its place', {
    tags: ['API-ACK'],
    timeout: 180_000,
  }, async () => {
    const { page } = screen;
    await order(program, 'desaturate', 'kit-4');
    const row = rowOf(page, '4', /SpO2/);
    // Very low, not only low: a worse alert takes an acknowledgement back.
    const frame = () => tileOf(page, '4').getAttribute('data-frame');
    await until('its row', async () => (await frame()) === 'high', { withinMs: 120_000 });
    const active = () => page.evaluate<string | null>(focusedRow);
    const id = await row.getAttribute('data-alert');
    for (let tabs = 0; tabs < 50 && (await active()) !== id; tabs++) await page.keyboard.press('Tab');
    expect(await active()).toBe(id);
    await page.keyboard.press('Enter');
    await until('the sheet has the focus', () => page.evaluate<boolean>(sheetHasFocus));
    await page.keyboard.press('Enter');
    await until('it is taken', async () => (await row.getAttribute('data-state')) === 'acknowledged');
    await until('the focus is at its row', async () => (await active()) === id);
  });

  test('a name is text, whatever it holds', { tags: ['API-PATIENT'] }, async () => {
    const { page } = screen;
    const name = '<img src=x onerror=alert(1)>';
    const patient = { mrn: 'X-1', name, birthDate: '1950-02-11', unit: 'w-1', bed: 'Bed 9' };
    const device = { name: 'nothing', signals: [{ vital: 'spo2', firstWithinMs: 1_000 }] };
    const admitted = (await program.admin('POST', '/patients', patient)).body.id;
    const registered = (await program.admin('POST', '/devices', device)).body.device.id;
    expect((await program.admin('POST', '/assignments', { patient: admitted, device: registered })).status).toBe(201);
    const tile = tileOf(page, '9');
    await until('its tile', async () => (await tile.count()) === 1);
    expect(await seen(tile.locator('h2'))).toContain(name);
    expect(await page.locator('img').count()).toBe(0);
    // Never heard from: waiting, then an alert that names it too.
    await until('its row', async () => (await page.locator('li.row', { hasText: name }).count()) > 0);
    await until('the banner', async () => (await seen(page.getByTestId('banner'))).includes(name));
    expect(screen.faults).toEqual([]);
  });

  test('a kit that falls silent: no old value is ever big, then a plate with cause and since', {
    tags: ['API-AGE', 'API-STATE', 'ALR-TECH'],
    timeout: 180_000,
  }, async () => {
    const { page } = screen;
    await order(program, 'stop', 'kit-5', '--silent');
    const tile = tileOf(page, '5');
    const tooOld: string[] = [];
    await until(
      'not monitored',
      async () => {
        for (const { current, value, note, signal } of await cellsOf(page)) {
          const seconds = Number(/^(?:late )?(\d+) s/.exec(note)?.[1] ?? 0);
          if (signal !== 'glucose' && current && seconds > 31) tooOld.push(`${signal} ${note}`);
          if (!current && value !== '- - -') tooOld.push(`${signal} ${value}`);
        }
        return (await tile.getAttribute('data-frame')) === 'not-monitored';
      },
      { withinMs: 120_000, everyMs: 200 },
    );
    expect(tooOld).toEqual([]);
    expect(await seen(tile)).toMatch(/NOT\s+MONITORED\s+kit lost \d+:\d\d\s+since \d\d:\d\d:\d\d/);
    expect(await tile.locator('.cell').count()).toBe(0);
    expect(await seen(page.getByTestId('banner'))).toMatch(/\d PATIENTS? NOT MONITORED/);
    expect(await seen(page.locator('.bar'))).toMatch(/[1-9]\s+not monitored/);
    await order(program, 'start', 'kit-5');
    await until('watched again', async () => (await tile.getAttribute('data-frame')) !== 'not-monitored');
  });

  test.for(['dark', 'light'] as const)(
    'axe finds nothing at A and AA, %s',
    {
      tags: ['API-READABLE'],
      timeout: 120_000,
    },
    async (colorScheme) => {
      await using other = await signedIn(browser, program, { colorScheme: 'dark' });
      await other.page.waitForSelector('article.tile');
      await other.page.waitForSelector('li.row');
      const { violations } = await new AxeBuilder({ page: other.page })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
        .analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
    },
  );

  test('narrow, nothing is cut and nothing scrolls sideways', async () => {
    await using other = await signedIn(browser, program, { viewport: { width: 390, height: 844 } });
    await other.page.waitForSelector('li.person');
    const width = await other.page.evaluate<number>('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(390);
  });

  test('a socket that freezes: not live by its own clock, then a snapshot', {
    tags: ['API-BEAT', 'API-AGE'],
    timeout: 180_000,
  }, async () => {
    await using wire = await startWire(Number(new URL(program.url).port));
    await using other = await signedIn(browser, program, { port: wire.port });
    await until('live', () => isLive(other.page));
    wire.freeze();
    await until('dark', () => isDark(other.page));
    expect(await other.page.getByRole('button', { disabled: false, name: /^Acknowledge/ }).count()).toBe(0);
    expect(await other.page.title()).toBe('X NOT LIVE · Vigil');
    wire.thaw();
    await until(
      'live again, with values',
      async () => (await isLive(other.page)) && (await cellsOf(other.page))[0]?.current,
    );
    expect(other.faults).toEqual([]);
  });

  test('nothing of a patient is in title, address or storage, and no page did what it must not', {
    tags: ['SEC-LOG'],
  }, async () => {
    const { page, faults } = screen;
    const kept = await page.evaluate<string>(
      'JSON.stringify([document.title, location.href, { ...localStorage }, { ...sessionStorage }, document.cookie])',
    );
    expect(kept).not.toMatch(/ADLER|BRANDT|SIM-0|p-/);
    expect(faults).toEqual([]);
  });
});
