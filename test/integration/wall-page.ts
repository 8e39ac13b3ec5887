import type { Locator, Page } from 'playwright-core';

/** A tile of the wall, by the bed of its patient. */
export const tileOf = (page: Page, bed: string) => page.locator('article.tile', { hasText: new RegExp(`^${bed}\\b`) });

/** A row of the open alerts, by bed and words. */
export const rowOf = (page: Page, bed: string, words: RegExp) =>
  page.locator('li.row', { hasText: words }).filter({ has: page.locator('.bed', { hasText: new RegExp(`^${bed}$`) }) });

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
      value: cell.querySelector('.value')?.textContent ?? '',
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
