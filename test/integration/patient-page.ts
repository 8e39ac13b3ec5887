// What a test asks of the patient's screen, beside what it asks of the wall.
import type { Browser, Page } from 'playwright-core';
import type { openScreen } from '../support/browser.ts';
import type { Program, SignedIn } from '../support/program.ts';
import { until } from '../support/until.ts';
import { signedIn } from './wall-page.ts';

/** The id of whoever lies in this bed. */
export async function patientIn(nurse: SignedIn, bed: string): Promise<string> {
  return await until(`somebody in ${bed}`, async () => {
    const { items } = (await nurse.get('/patients')).body as { items: { id: string; bed: string }[] };
    return items.find((one) => one.bed === bed)?.id;
  });
}

/** Signs in and goes to a patient by the address. */
export async function patientScreen(
  browser: Browser,
  program: Program,
  id: string,
  options: Parameters<typeof openScreen>[2] & { port?: number; theme?: string; size?: number } = {},
) {
  const { theme = 'dark', size = 100, ...rest } = options;
  const screen = await signedIn(browser, program, rest);
  const { page } = screen;
  await page.waitForSelector('.page[data-link="live"]');
  const chosen = JSON.stringify({ theme, size, language: 'en', keys: true });
  await page.evaluate(`localStorage.setItem('vigil', ${JSON.stringify(chosen)})`);
  await page.goto(new URL(`/p/${id}`, page.url()).href);
  await page.waitForSelector(`.patient-page[data-patient="${id}"][data-link="live"] .numbers-now`);
  return screen;
}

/** A strip that stands still: its pixels, and how they were drawn. */
export interface StripPicture {
  readonly width: number;
  readonly height: number;
  /** Where the sweep stands, ms. */
  readonly head: number;
  readonly seconds: number;
  /** By column: rows in which the trace has ink. */
  readonly ink: readonly (readonly number[])[];
  /** Columns in which words stand. */
  readonly words: readonly number[];
}

/** In the page: whether a pixel is of this colour, if faint at an edge; paper, grid and words have none, and are not. */
export const isOfColour = `(colour) => {
  const apart = (one) => one.map((part) => part - Math.min(...one));
  const length = (one) => Math.hypot(...one);
  const wanted = apart(colour);
  return (data, at) => {
    const found = apart([data[at], data[at + 1], data[at + 2]]);
    const along = found.reduce((sum, part, i) => sum + part * wanted[i], 0);
    const size = length(found);
    return size > 0.35 * length(wanted) && along > 0.95 * size * length(wanted);
  };
}`;

/** The trace's own colour is looked for: paper, grid and words have others. */
export async function stripPicture(page: Page): Promise<StripPicture> {
  return await page.evaluate<StripPicture>(`(() => {
    const canvas = document.querySelector('.patient .strip-canvas');
    const { width, height, dataset } = canvas;
    const is = (${isOfColour})(getComputedStyle(canvas).color.match(/\\d+/g).map(Number));
    const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
    const ink = Array.from({ length: width }, (_, x) => {
      const rows = [];
      for (let y = 0; y < height; y++) if (is(data, 4 * (y * width + x))) rows.push(y);
      return rows;
    });
    const probe = document.createElement('i');
    probe.style.color = 'var(--ink2)';
    canvas.parentElement.append(probe);
    const [r, g, b] = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
    probe.remove();
    const isWord = (at) => Math.abs(data[at] - r) + Math.abs(data[at + 1] - g) + Math.abs(data[at + 2] - b) < 40;
    const words = ink.flatMap((_, x) => {
      for (let y = 0; y < height; y++) if (isWord(4 * (y * width + x))) return [x];
      return [];
    });
    return { width, height, head: Number(dataset.head), seconds: Number(dataset.seconds), ink, words };
  })()`);
}

export interface StoredSample {
  /** ms. */
  readonly at: number;
  readonly microvolt: number;
}

/** Samples as the store has them, by their own time. */
export async function storedSamples(nurse: SignedIn, id: string, lead: string, from: number, to: number) {
  const span = `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`;
  const { status, body } = await nurse.get(`/patients/${id}/waveforms?lead=${lead}&${span}`);
  if (status !== 200) throw new Error(`waveforms: ${status}`);
  const blocks = body.items as { takenAt: string; rateMhz: number; scale: number; samples: string }[];
  return blocks.flatMap(({ takenAt, rateMhz, scale, samples }) => {
    const bytes = Buffer.from(samples, 'base64');
    return Array.from({ length: bytes.length / 2 }, (_, i): StoredSample => {
      const raw = bytes.readInt16LE(2 * i);
      return {
        at: Date.parse(takenAt) + (i * 1e6) / rateMhz,
        microvolt: raw === -32_768 ? Number.NaN : raw * scale,
      };
    });
  });
}
