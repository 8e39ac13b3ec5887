import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { openScreen } from '../support/browser.ts';
import { type Program, rootFolder } from '../support/program.ts';
import { until } from '../support/until.ts';

/** The console as it is in this checkout. */
export function bundleConsole(): void {
  execFileSync(process.execPath, [join(rootFolder, 'api', 'console', 'bundle.ts')]);
}

/**
 * Opens the console with a fresh link; `port`: another way to the same server. With little motion unless a test is about
 * motion: sixty pictures a second of eight strips, drawn without a graphics card, leave a busy machine nothing for the rest.
 */
export async function signedIn(
  browser: Browser,
  program: Program,
  options: Parameters<typeof openScreen>[2] & { port?: number } = {},
) {
  const { port, ...rest } = options;
  const url = new URL((await program.admin('POST', '/links', {})).body.link);
  if (port !== undefined) url.port = String(port);
  return await openScreen(browser, url.href, { reducedMotion: 'reduce', ...rest });
}

export async function order(program: Program, ...words: readonly string[]): Promise<void> {
  await until(`sim ${words.join(' ')}`, async () => (await program.run('sim', ...words)).code === 0);
}

const bedIs = (page: Page, bed: string) => ({ has: page.locator('.bed', { hasText: new RegExp(`^${bed}$`) }) });

/** A tile of the wall, by the bed of its patient. */
export const tileOf = (page: Page, bed: string) => page.locator('article.tile').filter(bedIs(page, bed));

/** Tiles of patients who are watched. */
export const watchedTiles = (page: Page) => page.locator('article.tile:not([data-frame="not-monitored"])');

/** A row of the open alerts, by bed and words. */
export const rowOf = (page: Page, bed: string, words: RegExp) =>
  page.locator('li.row', { hasText: words }).filter(bedIs(page, bed));

/** Its text as a person sees it: line by line, without what is hidden. */
export function seen(locator: Locator): Promise<string> {
  return locator.evaluate((element) => String(Reflect.get(element, 'innerText')));
}

export interface ShownCell {
  readonly signal: string;
  readonly current: boolean;
  readonly value: string;
  readonly note: string;
}

/** All cells that are drawn now. */
export function cellsOf(page: Page): Promise<readonly ShownCell[]> {
  return page.locator('.cell').evaluateAll((cells) =>
    cells.map((cell) => ({
      signal: cell.getAttribute('data-signal') ?? '',
      current: cell.getAttribute('data-current') === 'yes',
      value: cell.querySelector('.value > span')?.textContent ?? '',
      note: cell.querySelector('.note')?.textContent ?? '',
    })),
  );
}

/** What a screen shows that is not live: its banner, and nothing big that could be taken for now. */
export async function isDark(page: Page): Promise<boolean> {
  const banner = page.getByTestId('banner');
  if ((await banner.count()) === 0 || !/THIS SCREEN IS NOT LIVE since/.test(await seen(banner))) return false;
  const cells = await cellsOf(page);
  const text = await seen(page.locator('main'));
  return cells.every(({ current, value }) => !current && value === '- - -') && !/No alert|NOT MONITORED/.test(text);
}

export async function isLive(page: Page): Promise<boolean> {
  return (await page.locator('.page[data-link="live"]').count()) === 1;
}

/** What of a tile lies outside of it, or of the rail: a number of the next bed must never cover one of this. */
export function stickingOut(page: Page): Promise<readonly string[]> {
  return page.evaluate<string[]>(`[...document.querySelectorAll('.tile, .rail')].flatMap((box) => {
    const edge = box.getBoundingClientRect();
    return [...box.querySelectorAll('*')].flatMap((inner) => {
      const { left, right, bottom } = inner.getBoundingClientRect();
      const spills = inner.clientWidth > 0 && inner.scrollWidth > inner.clientWidth + 1;
      // What is not drawn has no box, and sticks out of nothing.
      if (inner.closest('.unseen') || inner.getClientRects().length === 0) return [];
      // What lies below the fold of a list is scrolled to.
      const isBelow = bottom > edge.bottom + 1 && inner.closest('.rail .list') === null;
      const isOut = left < edge.left - 1 || right > edge.right + 1 || isBelow ||
        (spills && getComputedStyle(inner).overflowX === 'visible');
      return isOut ? [inner.outerHTML.slice(0, 120)] : [];
    });
  })`);
}
