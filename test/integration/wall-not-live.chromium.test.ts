// The wall when nobody watches, in a real browser in front of the real program; and the picture of a ward.

import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { rootFolder, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import {
  bundleConsole,
  cellsOf,
  isDark,
  isLive,
  order,
  rowOf,
  signedIn,
  stickingOut,
  tileOf,
  watchedTiles,
} from './wall-page.ts';

let browser: Browser;
beforeAll(async () => {
  bundleConsole();
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

/** A port that the same program finds free again after it was killed. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe.concurrent('nobody watches', () => {
  test('stopped, held down, killed: the screen says so itself, and comes back with a snapshot', {
    tags: ['API-BEAT', 'API-STATE', 'API-AGE', 'SYS-SAFE'],
    timeout: 300_000,
  }, async ({ expect }) => {
    const set = [`api.httpPort=${await freePort()}`];
    await using program = await startProgram({ simulate: true, set });
    await using screen = await signedIn(browser, program);
    const { page } = screen;
    const isBack = async () => (await isLive(page)) && ((await cellsOf(page))[0]?.current ?? false);
    await until('eight tiles, watched', async () => (await watchedTiles(page).count()) === 8);
    await order(program, 'stop', 'kit-7');

    // 4.7 s by the browser's own clock, which a unit test holds; here stands a loaded machine between.
    process.kill(program.childPid, 'SIGSTOP');
    await until('dark', () => isDark(page), { withinMs: 20_000 });
    process.kill(program.childPid, 'SIGCONT');
    await until('live again', isBack);

    const { pid } = await program.ready();
    process.kill(program.parentPid, 'SIGSTOP');
    process.kill(pid, 'SIGKILL');
    await until('dark', () => isDark(page), { withinMs: 20_000 });
    expect(await stickingOut(page)).toEqual([]);
    await page.screenshot({ path: join(rootFolder, 'build', 'wall-not-live.png'), animations: 'disabled' });
    process.kill(program.parentPid, 'SIGCONT');
    await until('live again', isBack);
    // What nobody watched is named where it was not watched.
    await until('each tile names it', async () => {
      const texts = await page.locator('article.tile').allInnerTexts();
      return texts.length === 8 && texts.every((text) => /not watched \d\d:\d\d:\d\d to/.test(text));
    });

    await until('a row to press', async () => (await page.locator('li.row button').count()) > 0);
    await program.kill();
    await until('dark', () => isDark(page), { withinMs: 20_000 });
    expect(await page.locator('li.row button:not([aria-disabled="true"])').count()).toBe(0);
    await using again = await startProgram({ dataFolder: program.dataFolder, set });
    expect(again.url).toBe(program.url);
    await until('live again', () => isLive(page));
    expect(screen.faults).toEqual([]);
  });

  test('the picture for the README', { timeout: 240_000 }, async ({ expect }) => {
    // A ward of its own: one high alert, one taken, one not monitored.
    await using ward = await startProgram({ simulate: true });
    await using other = await signedIn(browser, ward, { viewport: { width: 1920, height: 1080 } });
    const { page } = other;
    await until('all watched', async () => (await watchedTiles(page).count()) === 8);
    await order(ward, 'stop', 'kit-6', '--silent');
    for (const kit of ['kit-2', 'kit-3']) await order(ward, 'desaturate', kit);
    const row = rowOf(page, '2', /SpO2/);
    const frame = (bed: string) => tileOf(page, bed).getAttribute('data-frame');
    await until('a red frame', async () => (await frame('2')) === 'high', { withinMs: 120_000 });
    await row.getByRole('button').click();
    await page
      .locator('.sheet')
      .getByRole('button', { name: /^Acknowledge as/ })
      .click();
    await until('it is taken', async () => (await row.getAttribute('data-state')) === 'acknowledged');
    await until('one of each', async () => (await frame('3')) === 'high' && (await frame('6')) === 'not-monitored', {
      withinMs: 120_000,
    });
    expect(await stickingOut(page)).toEqual([]);
    await page.evaluate('scrollTo(0, 0)');
    await mkdir(join(rootFolder, 'build'), { recursive: true });
    const picture = await page.screenshot({ path: join(rootFolder, 'build', 'wall.png'), animations: 'disabled' });
    expect(picture.length).toBeGreaterThan(20_000);
    expect(await frame('2')).toBe('acknowledged');
  });
});
