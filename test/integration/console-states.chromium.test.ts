// Every state of the table (console.md 2) in a real browser: DOM, name for the ear, flash, picture. The stream is a stage's.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser, openScreen, type Screen } from '../support/browser.ts';
import { until } from '../support/until.ts';
import { type Stage, startStage } from './console-stage.ts';
import { calmWard, stated, wardOf } from './console-ward.ts';
import { bundleConsole, cellsOf, rowOf, seen, stickingOut, tileOf } from './wall-page.ts';

const wide = { viewport: { width: 1920, height: 1080 } };
let browser: Browser;
let stage: Stage;
beforeAll(async () => {
  bundleConsole();
  [browser, stage] = await Promise.all([launchBrowser(), startStage()]);
}, 120_000);
afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
  await browser?.close();
});

/** Computed style of an element, or of what stands before or after it. */
function styleOf(locator: Locator, names: readonly string[], pseudo: string | null = null) {
  return locator.evaluate(
    (element, [which, wanted]) => {
      // biome-ignore lint/suspicious/noExplicitAny: code of the page, where there is a document
      const style = (globalThis as any).getComputedStyle(element, which);
      return Object.fromEntries((wanted as string[]).map((name) => [name, String(style[name])]));
    },
    [pseudo, names] as const,
  );
}

async function tilesAre(page: Page, count: number): Promise<void> {
  await until(`${count} tiles`, async () => (await page.locator('article.tile').count()) === count);
}

/** Hz of an animation's style; null: it does not move. */
function hertz({ animationName, animationDuration }: Record<string, string>): number | null {
  return animationName === 'none' ? null : Math.round(10 / Number.parseFloat(animationDuration ?? '0')) / 10;
}

describe('a ward of all states', { timeout: 180_000 }, () => {
  let screen: Screen;
  let page: Page;
  beforeAll(async () => {
    stage.show(wardOf());
    screen = await openScreen(browser, stage.url, wide);
    page = screen.page;
    await tilesAre(page, stated.length);
  }, 120_000);
  afterAll(() => screen?.[Symbol.asyncDispose]());

  test.for(stated.map((one) => [one.state, one] as const))(
    '%s: band, sign, frame, words, name for the ear, flash',
    { tags: ['API-STATE', 'API-READABLE', 'API-PATIENT'] },
    async ([, one]) => {
      const tile = tileOf(page, one.bed);
      expect(await tile.getAttribute('data-frame')).toBe(one.frame);
      expect(await tile.getAttribute('aria-label')).toMatch(one.spoken);
      expect(await tile.getAttribute('aria-label')).toContain(`Bed ${one.bed}, NAME${one.bed}, A`);
      expect(await seen(tile)).toMatch(one.words);
      const band = tile.locator('.band');
      if (one.band === 'none' && one.frame === 'not-monitored') expect(await band.count()).toBe(0);
      else expect(await band.getAttribute('data-look')).toBe(one.band);
      const sign = band.locator('.sign .glyph');
      expect(await sign.count()).toBe(one.glyph === null ? 0 : 1);
      if (one.glyph === null) return;
      expect(await sign.locator('g').getAttribute('data-glyph')).toBe(one.glyph);
      expect(hertz(await styleOf(sign, ['animationName', 'animationDuration']))).toBe(one.hz);
    },
  );

  test('only signs and frames flash: no number, no word, no band', { tags: ['API-READABLE'] }, async () => {
    const moving = await page.evaluate<string[]>(`[...document.querySelectorAll('.page *')]
      .filter((one) => getComputedStyle(one).animationName !== 'none').map((one) => one.tagName.toLowerCase())`);
    expect(moving.length).toBeGreaterThan(4);
    expect([...new Set(moving)]).toEqual(['svg']);
    const frame = ['animationName', 'animationDuration', 'borderTopWidth', 'borderTopStyle'];
    const high = await styleOf(tileOf(page, '2'), frame, '::after');
    expect([hertz(high), high['borderTopWidth'], high['borderTopStyle']]).toEqual([2, '6px', 'solid']);
    const medium = await styleOf(tileOf(page, '3'), frame, '::after');
    expect([hertz(medium), medium['borderTopWidth'], medium['borderTopStyle']]).toEqual([0.6, '5px', 'dashed']);
  });

  test('fill is the alarm: no cell has one without an open alert, and each has its own', async () => {
    const fills = await page.locator('.cell').evaluateAll((cells) =>
      cells.flatMap((cell) => {
        const fill = cell.getAttribute('data-fill');
        const bed = cell.closest('article')?.getAttribute('data-patient');
        return fill === 'none' ? [] : [`${bed} ${cell.getAttribute('data-signal')} ${fill}`];
      }),
    );
    expect(fills).toEqual(['p-2 spo2 high', 'p-3 spo2 medium', 'p-16 spo2 high']);
    const cell = tileOf(page, '2').locator('.cell[data-signal="spo2"]');
    expect(await styleOf(cell, ['backgroundColor'])).toEqual({ backgroundColor: 'rgb(208, 25, 32)' });
    expect((await styleOf(cell, ['boxShadow']))['boxShadow']).toContain('rgb(255, 255, 255) 0px 0px 0px 3px');
    const calm = tileOf(page, '1').locator('.cell[data-signal="spo2"] .value');
    expect(await styleOf(calm, ['color'])).toEqual({ color: 'rgb(103, 232, 249)' });
    const taken = tileOf(page, '5').locator('.cell[data-signal="spo2"]');
    expect((await styleOf(taken, ['boxShadow']))['boxShadow']).toMatch(/rgb\(255, 107, 97\).*inset/);
  });

  test('what is not current is never a big number, and says what it was', { tags: ['API-AGE'] }, async () => {
    const cells = await cellsOf(page);
    expect(cells.length).toBeGreaterThan(30);
    expect(cells.filter(({ current }) => !current)).toHaveLength(2);
    for (const { current, value, note } of cells)
      if (!current) expect([value, note]).toEqual(['- - -', expect.stringMatching(/^was 84 at \d\d:\d\d$/)]);
    const size = async (bed: string) => {
      const style = await styleOf(tileOf(page, bed).locator('.cell[data-signal="spo2"] .note'), ['fontSize']);
      return Number.parseFloat(style['fontSize'] ?? '');
    };
    const digits = await styleOf(tileOf(page, '1').locator('.cell[data-signal="spo2"] .value'), ['fontSize']);
    expect(await size('8')).toBeLessThan(Number.parseFloat(digits['fontSize'] ?? '') / 2);
  });

  test('the list: in its order, one row each; what is paused or altered stands under "changed"', {
    tags: ['ALR-TECH', 'ALR-GROUP'],
  }, async () => {
    const priorities = await page
      .locator('section[data-kind="physiological"] li.row')
      .evaluateAll((rows) =>
        rows.map((row) =>
          row.getAttribute('data-state') === 'needs-review' ? 'low' : row.getAttribute('data-priority'),
        ),
      );
    const rank = { high: 0, medium: 1, low: 2 } as const;
    const ranks = priorities.map((one) => rank[one as keyof typeof rank]);
    expect(ranks).toEqual(ranks.toSorted());
    expect(await seen(page.locator('.changed'))).toMatch(
      /2 changed from default[\s\S]*15[\s\S]*altered[\s\S]*7[\s\S]*paused/,
    );
    expect(await rowOf(page, '10', /SpO/).getAttribute('data-state')).toBe('retrospective');
    expect(await page.locator('section[data-kind="technical"] li.row').count()).toBe(2);
  });

  test('the banner names who is not watched, and goes there', { tags: ['API-STATE'] }, async () => {
    const banner = page.getByTestId('banner');
    expect(await seen(banner)).toMatch(/2 PATIENTS NOT MONITORED\s*13 NAME13, A kit lost \d+:\d\d; 14 NAME14/);
    await banner.getByRole('button', { name: 'Show 13' }).click();
    expect(await page.evaluate<string>('document.activeElement.dataset.patient')).toBe('p-13');
    expect(await page.title()).toBe('!!! 4 · X 2 · Vigil');
  });

  test('in grey, the pictures of states are still told apart', {
    tags: ['API-READABLE'],
    timeout: 180_000,
  }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vigil-pictures-'));
    const pictures: string[] = [];
    for (const { bed, state } of stated) {
      const picture = await tileOf(page, bed).screenshot({ animations: 'disabled' });
      await writeFile(join(folder, `${state}.png`), picture);
      pictures.push(picture.toString('base64'));
    }
    await using blank = await openScreen(browser, 'about:blank');
    const greys = await blank.page.evaluate<number[][]>(`(${greysOf.toString()})(${JSON.stringify(pictures)})`);
    // Beside each other what a person must not take for one another: all whose band or frame differs.
    const kinds = new Map(stated.map((one, i) => [`${one.band} ${one.frame} ${one.glyph}`, greys[i] as number[]]));
    const alike: string[] = [];
    for (const [a, left] of kinds)
      for (const [b, right] of kinds)
        if (a < b && difference(left, right) < 1.5) alike.push(`${a} / ${b}: ${difference(left, right)}`);
    expect(kinds.size).toBeGreaterThan(8);
    expect(alike).toEqual([]);
  });

  test('its type is its own, from its own host', async () => {
    const loaded = await page.evaluate<string[]>(
      `document.fonts.ready.then(() => [...document.fonts].filter(({ status }) => status === 'loaded').map(({ family }) => family))`,
    );
    expect(loaded).toContain('Inter');
    const type = await styleOf(tileOf(page, '1').locator('.cell[data-signal="spo2"] .value'), [
      'fontFamily',
      'fontWeight',
    ]);
    expect(type).toEqual({ fontFamily: expect.stringMatching(/^Inter/), fontWeight: '600' });
  });

  test('nothing of one patient lies over another, or sticks out', { tags: ['API-PATIENT'] }, async () => {
    expect(await stickingOut(page)).toEqual([]);
  });

  test('nothing of a patient is in title, address, storage or console; nothing went elsewhere', {
    tags: ['SEC-LOG'],
  }, async () => {
    const kept = await page.evaluate<string>(
      'JSON.stringify([document.title, location.href, { ...localStorage }, { ...sessionStorage }, document.cookie])',
    );
    expect(kept).not.toMatch(/NAME|M-1\d|p-\d/);
    expect(screen.faults).toEqual([]);
  });
});

/** Code of a page: each picture as greys on a grid of 96 x 96. */
async function greysOf(pictures: string[]): Promise<number[][]> {
  // biome-ignore lint/suspicious/noExplicitAny: code of the page, where there is a document
  const { document, Image } = globalThis as any;
  const out: number[][] = [];
  for (const picture of pictures) {
    const image = new Image();
    image.src = `data:image/png;base64,${picture}`;
    await image.decode();
    const canvas = Object.assign(document.createElement('canvas'), { width: 96, height: 96 });
    const pen = canvas.getContext('2d');
    pen.drawImage(image, 0, 0, 96, 96);
    const { data } = pen.getImageData(0, 0, 96, 96);
    const greys: number[] = [];
    for (let i = 0; i < data.length; i += 4) greys.push(0.2126 * data[i] + 0.7152 * data[i + 1] + 0.0722 * data[i + 2]);
    out.push(greys);
  }
  return out;
}

function difference(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, grey, i) => sum + Math.abs(grey - (b[i] as number)), 0) / a.length;
}

describe('read by everyone', { tags: ['API-READABLE'], timeout: 240_000 }, () => {
  const sizes = [
    { width: 1920, height: 1080 },
    { width: 1366, height: 768 },
    { width: 390, height: 844 },
  ];
  const themes = ['dark', 'light'] as const;
  const faultsOf = async (page: Page) => {
    const { violations } = await new AxeBuilder({ page })
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
      .analyze();
    return violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ html, any }) => html.slice(0, 160) + any.map(({ message }) => message).join()).join(' | ')}`,
    );
  };
  /** As a person chooses it: by the stored settings of this screen. */
  const chosen = async (page: Page, settings: object) => {
    await page.evaluate<void>(`localStorage.setItem('vigil', ${JSON.stringify(JSON.stringify(settings))})`);
    await page.reload();
  };

  test.for(
    sizes.flatMap((viewport) => themes.map((theme) => [`${viewport.width} ${theme}`, viewport, theme] as const)),
  )('axe finds nothing at A and AA: %s, wall and sheet', { timeout: 240_000 }, async ([, viewport, theme]) => {
    stage.show(wardOf());
    await using screen = await openScreen(browser, stage.url, { viewport, reducedMotion: 'reduce' });
    const { page } = screen;
    await chosen(page, { theme });
    await until('rows', async () => (await page.locator('li.row').count()) > 8);
    expect(await page.evaluate<string>('document.documentElement.dataset.theme')).toBe(theme);
    expect(await faultsOf(page)).toEqual([]);
    await rowOf(page, '2', /SpO/).getByRole('button').click();
    await page.locator('.sheet').waitFor();
    expect(await faultsOf(page)).toEqual([]);
    expect(screen.faults).toEqual([]);
  });

  test.for<[string, object, object]>([
    ['320 px, as a page of 1,280 at 400 %', { viewport: { width: 320, height: 640 } }, {}],
    ['390 px', { viewport: { width: 390, height: 844 } }, {}],
    ['390 px at twice the text', { viewport: { width: 390, height: 844 } }, { size: 200 }],
    ['1,366 px at twice the text', { viewport: { width: 1366, height: 768 } }, { size: 200 }],
    ['800 px', { viewport: { width: 800, height: 900 } }, { language: 'de' }],
    ['1,920 px in German', wide, { language: 'de' }],
    ['forced colours', { ...wide, forcedColors: 'active' }, {}],
  ])('nothing scrolls sideways and nothing is lost: %s', { timeout: 180_000 }, async ([, options, settings]) => {
    stage.show(wardOf());
    await using screen = await openScreen(browser, stage.url, { reducedMotion: 'reduce', ...options });
    const { page } = screen;
    await chosen(page, settings);
    await until('rows', async () => (await page.locator('li.row').count()) > 8);
    const [scroll, client] = await page.evaluate<[number, number]>(
      '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
    );
    expect(scroll).toBeLessThanOrEqual(client);
    expect(await stickingOut(page)).toEqual([]);
    expect(screen.faults).toEqual([]);
  });

  test('with little motion nothing moves, and a high frame is thicker', async () => {
    stage.show(wardOf());
    await using screen = await openScreen(browser, stage.url, { ...wide, reducedMotion: 'reduce' });
    await tilesAre(screen.page, stated.length);
    const moving = await screen.page.evaluate<number>(`[...document.querySelectorAll('.page *')].filter((one) =>
      [null, '::after'].some((which) => getComputedStyle(one, which).animationName !== 'none')).length`);
    expect(moving).toBe(0);
    expect(await styleOf(tileOf(screen.page, '2'), ['borderTopWidth'], '::after')).toEqual({ borderTopWidth: '10px' });
  });

  test('targets are 44 px at least, and text 12.8', async () => {
    stage.show(wardOf());
    await using screen = await openScreen(browser, stage.url, { ...wide, reducedMotion: 'reduce' });
    await tilesAre(screen.page, stated.length);
    const small = await screen.page.evaluate<string[]>(`[
      ...[...document.querySelectorAll('button')].filter((one) => one.offsetHeight < 44 || one.offsetWidth < 44),
      ...[...document.querySelectorAll('.page *')].filter((one) => one.tagName !== 'SUB' && !one.closest('.unseen') &&
        [...one.childNodes].some((child) => child.nodeType === 3 && child.data.trim() !== '') &&
        Number.parseFloat(getComputedStyle(one).fontSize) < 12.79)].map((one) => one.outerHTML.slice(0, 100))`);
    expect(small).toEqual([]);
  });
});

describe('by the number of patients', () => {
  test.for([
    [1, 'strips', 1],
    [8, 'strips', 4],
    [12, 'roomy', 4],
    [16, 'roomy', 4],
    [32, 'numbers', 8],
  ] as const)(
    '%i: %s in %i columns, in sight without scrolling, nothing cut',
    { timeout: 120_000 },
    async ([count, density, columns]) => {
      stage.show(calmWard(count));
      await using screen = await openScreen(browser, stage.url, { ...wide, reducedMotion: 'reduce' });
      const { page } = screen;
      await tilesAre(page, count);
      const wall = page.locator('.wall');
      expect(await wall.getAttribute('data-density')).toBe(density);
      const lefts = await page
        .locator('article.tile')
        .evaluateAll((tiles) => tiles.map((tile) => tile.getBoundingClientRect().left));
      expect(new Set(lefts).size).toBe(columns);
      expect(await stickingOut(page)).toEqual([]);
      const height = await page.evaluate<number>('document.documentElement.scrollHeight');
      expect(height).toBeLessThanOrEqual(1080);
      const hz = await styleOf(tileOf(page, '1').locator('.cell[data-signal="hr"] .value'), ['fontSize']);
      expect(Number.parseFloat(hz['fontSize'] ?? '')).toBeGreaterThan({ strips: 85, roomy: 60, numbers: 40 }[density]);
      expect(screen.faults).toEqual([]);
    },
  );

  test('empty: what would be here, and no "No alert" of anybody', async () => {
    stage.show({ tiles: [], alerts: [] });
    await using screen = await openScreen(browser, stage.url, wide);
    await until('it says so', async () =>
      (await seen(screen.page.locator('.wall'))).includes('No patient in this unit'),
    );
    expect(screen.faults).toEqual([]);
  });
});
