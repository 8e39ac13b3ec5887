// The ECG as it is drawn, held against what the store has: pixel against sample, hole against hole.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stripMap, xOf, yOf } from '../../api/console/strip-map.ts';
import { launchBrowser } from '../support/browser.ts';
import { type Program, type SignedIn, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { patientIn, patientScreen, type StripPicture, storedSamples, stripPicture } from './patient-page.ts';
import { bundleConsole, order } from './wall-page.ts';

let browser: Browser;
let program: Program;
let nurse: SignedIn;
beforeAll(async () => {
  bundleConsole();
  browser = await launchBrowser();
  program = await startProgram({ simulate: true });
  nurse = await program.signIn();
}, 180_000);
afterAll(async () => {
  await program?.[Symbol.asyncDispose]();
  await browser?.close();
});

/** Columns of the canvas near this one that a line of 1.8 px may touch. */
const near = [-1, 0, 1];

/** Samples of which no ink is within 1 px, apart from the line's own width. */
function farFrom(picture: StripPicture, samples: readonly { at: number; microvolt: number }[]): string[] {
  const map = stripMap(picture.width, picture.height, picture.seconds);
  return samples.flatMap(({ at, microvolt }) => {
    const x = Math.round(xOf(map, at) - 0.5);
    const y = Math.max(0, Math.min(map.height, yOf(map, microvolt)));
    const rows = near.flatMap((dx) => picture.ink[x + dx] ?? []);
    // A row's middle is half a pixel below its number.
    const isThere = rows.some((row) => Math.abs(row + 0.5 - y) <= 1.5);
    return isThere ? [] : [`${new Date(at).toISOString()} at ${x}, ${y.toFixed(1)}`];
  });
}

/** Of all that is drawn, the newest turn of the sweep that lies whole behind its head. */
function spanOf({ head, seconds, width }: StripPicture) {
  const pxMs = (seconds * 1_000) / width;
  return { from: head - seconds * 1_000 + 16 * pxMs, to: head - 3 * pxMs };
}

test('drawn samples are the stored ones within a pixel; no ink where there is none; frozen, it stands still', {
  tags: ['ING-ECG'],
  timeout: 240_000,
}, async () => {
  const id = await patientIn(nurse, 'Bed 1');
  await using screen = await patientScreen(browser, program, id, { reducedMotion: 'no-preference' });
  const { page } = screen;
  // A whole turn has been drawn live, and a second more.
  await page.waitForTimeout(14_000);
  // Drawn anew again and again, as a page is whose theme or size changes: nothing of an older turn stays behind the head.
  await page.evaluate(`(async () => {
    for (let i = 0; i < 40; i++) {
      document.documentElement.dataset.drawn = String(i);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })()`);
  await page.keyboard.press('f');
  await page.locator('.ecg[data-frozen="yes"] .frozen').waitFor();
  const picture = await until('it stands still', async () => {
    const now = await stripPicture(page);
    return Number.isFinite(now.head) && now;
  });
  const { from, to } = spanOf(picture);
  const stored = await until('the store has it', async () => {
    const samples = await storedSamples(nurse, id, 'II', from - 2_000, to + 1_000);
    return samples.some(({ at }) => at >= to) && samples;
  });
  const shown = stored.filter(({ at, microvolt }) => at >= from && at <= to && !Number.isNaN(microvolt));
  expect(shown.length).toBeGreaterThan(1_000);
  expect(farFrom(picture, shown)).toEqual([]);
  // And nothing else: each column's ink lies between the samples of its neighbourhood.
  const map = stripMap(picture.width, picture.height, picture.seconds);
  const byColumn = new Map<number, number[]>();
  for (const { at, microvolt } of stored.filter((one) => one.at >= from - 100 && one.at <= to + 100)) {
    const x = Math.floor(xOf(map, at));
    byColumn.set(x, [...(byColumn.get(x) ?? []), yOf(map, microvolt)]);
  }
  const stray: string[] = [];
  const columns = new Set(shown.map(({ at }) => Math.floor(xOf(map, at))));
  for (const x of columns) {
    const ys = [-2, -1, 0, 1, 2].flatMap((dx) => byColumn.get(x + dx) ?? []);
    const [low, high] = [Math.min(...ys) - 2.5, Math.max(...ys) + 2.5];
    for (const row of picture.ink[x] ?? []) if (row + 0.5 < low || row + 0.5 > high) stray.push(`${x}, ${row}`);
  }
  expect(stray).toEqual([]);
  // The gap before the head is empty.
  const headX = Math.ceil(xOf(map, picture.head));
  for (let dx = 3; dx < 12; dx++) expect(picture.ink[(headX + dx) % picture.width]).toEqual([]);
  await page.waitForTimeout(1_500);
  expect(await stripPicture(page)).toEqual(picture);
  expect(screen.faults).toEqual([]);
});

test('a hole in what came is a hole in the strip, as wide as it lasted, with words', {
  tags: ['ING-GAPS'],
  timeout: 240_000,
}, async () => {
  const id = await patientIn(nurse, 'Bed 3');
  // With motion: a hole is named as the sweep passes over it.
  await using screen = await patientScreen(browser, program, id, { reducedMotion: 'no-preference' });
  const { page } = screen;
  await until('a trace', async () => (await stripPicture(page)).ink.filter((rows) => rows.length > 0).length > 200);
  await order(program, 'stop', 'kit-3', '--silent');
  // Beside the mark of a millivolt, which always has its words.
  const marked = (await stripPicture(page)).words.length;
  await until('words', async () => (await stripPicture(page)).words.length > marked + 20);
  await page.keyboard.press('f');
  const picture = await until('it stands still', async () => {
    const now = await stripPicture(page);
    return Number.isFinite(now.head) && now;
  });
  const { from, to } = spanOf(picture);
  const stored = await storedSamples(nurse, id, 'II', from - 2_000, to + 1_000);
  const last = Math.max(...stored.map(({ at }) => at));
  expect(to - last).toBeGreaterThan(1_000);
  const map = stripMap(picture.width, picture.height, picture.seconds);
  const filled: number[] = [];
  for (let at = last + 40; at < to; at += 5) {
    const x = Math.floor(xOf(map, at));
    if ((picture.ink[x] ?? []).length > 0) filled.push(x);
  }
  expect(filled).toEqual([]);
  expect(
    farFrom(
      picture,
      stored.filter(({ at }) => at >= from && at <= last),
    ),
  ).toEqual([]);
});
