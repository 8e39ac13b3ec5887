// The console's budget (`console.md` 11): bytes, first values, script in a frame, an alert from the socket to the picture. In a
// real Chromium whose processor is made four times slower, in front of a stage that sends what a ward sends each second.
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { budgetBytes } from '../../api/console/bundle-checks.ts';
import { type Stage, startStage } from '../integration/console-stage.ts';
import { calmWard } from '../integration/console-ward.ts';
import { launchBrowser, openScreen } from '../support/browser.ts';
import { until } from '../support/until.ts';
import { alert, live, message } from '../unit/console/views.ts';
import { type Figure, median, rounded } from './figure.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const throttle = 4;
const roundTripMs = 20;
const watchMs = 15_000;
const alerts = 15;

type Ward = { readonly tiles: readonly { readonly patient: { readonly id: string } }[] };

/** Adds up what each frame's scripts take: its animation callbacks, and the messages and timers before it. */
const measureFrames = `(() => {
  const frames = globalThis.__frames = [];
  let spent = 0;
  const timed = (work) => function (...args) {
    const from = performance.now();
    try { return work.apply(this, args); } finally { spent += performance.now() - from; }
  };
  const raf = requestAnimationFrame.bind(globalThis);
  globalThis.requestAnimationFrame = (work) => raf(timed(work));
  const later = setTimeout.bind(globalThis);
  globalThis.setTimeout = (work, ...rest) => later(timed(work), ...rest);
  const heard = Object.getOwnPropertyDescriptor(Worker.prototype, 'onmessage');
  Object.defineProperty(Worker.prototype, 'onmessage', { ...heard, set(work) { heard.set.call(this, timed(work)); } });
  const step = () => { frames.push(spent); spent = 0; raf(step); };
  raf(step);
})()`;

/** The figures; what is no size holds for a machine that does nothing else. */
export async function bench(): Promise<Figure[]> {
  execFileSync(process.execPath, [at('../../api/console/bundle.ts')]);
  const browser = await launchBrowser();
  await using stage = await startStage();
  try {
    return [
      ...(await sizes()),
      await firstValues(browser, stage),
      ...(await frames(browser, stage, 8)),
      ...(await frames(browser, stage, 32)),
      await alertToPaint(browser, stage),
    ];
  } finally {
    await browser.close();
  }
}

async function sizes(): Promise<Figure[]> {
  const manifest = JSON.parse(await readFile(at('../../build/console/manifest.json'), 'utf8'));
  return Object.entries(budgetBytes).flatMap(([part, most]) => {
    const value = manifest.sizes[part];
    return value === undefined
      ? []
      : { name: `console ${part}, gzip`, value, unit: 'B', bar: `<= ${most}`, held: value <= most };
  });
}

/** Slower by four, and a line of 20 ms there and back. */
async function slowed(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: throttle });
  const line = { offline: false, latency: roundTripMs, downloadThroughput: -1, uploadThroughput: -1 };
  await session.send('Network.emulateNetworkConditions', line);
}

async function firstValues(browser: Browser, stage: Stage): Promise<Figure> {
  stage.show(calmWard(8));
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    await using screen = await openScreen(browser, 'about:blank', { viewport: { width: 1920, height: 1080 } });
    await slowed(screen.page);
    await screen.page.goto(stage.url, { waitUntil: 'commit' });
    times.push(
      await screen.page.evaluate<number>(`new Promise((done) => {
        const look = () => document.querySelectorAll('.cell[data-current="yes"]').length >= 24
          ? requestAnimationFrame(() => done(performance.now())) : requestAnimationFrame(look);
        look();
      })`),
    );
  }
  const value = rounded(median(times));
  return { name: 'console first values, 4x slower, 20 ms', value, unit: 'ms', bar: '<= 1500', held: value <= 1_500 };
}

/** A second of a ward: each tile with other numbers, and a second of each lead that is drawn. */
function second(stage: Stage, ward: Ward, n: number): void {
  const now = new Date().toISOString();
  for (const one of ward.tiles) {
    const fresh = { ageMs: 300, freshForMs: 600_000, takenAt: now };
    const values = [
      live({ vital: 'hr', unit: '/min', value: 60 + ((n * 7) % 40), ...fresh }),
      live({ value: 90 + ((n * 3) % 10), ...fresh }),
      live({ vital: 'glucose', unit: 'mg/dL', value: 100 + (n % 20), ...fresh }),
    ];
    stage.send('tile', { ...one, asOf: now, measurements: values });
  }
  for (const lead of stage.leads) {
    const [patient, name] = lead.split(':');
    const samples = Buffer.alloc(500);
    for (let i = 0; i < 250; i++)
      samples.writeInt16LE(i % 200 === 100 ? 1_000 : Math.round(40 * Math.sin(i / 9)), 2 * i);
    const block = {
      rateMhz: 250_000,
      index: n * 250,
      gap: false,
      scale: 1,
      unit: 'uV',
      samples: samples.toString('base64'),
    };
    stage.send('w', { patient, lead: name, device: 'd-1', takenAt: now, ...block });
  }
}

async function frames(browser: Browser, stage: Stage, count: number): Promise<Figure[]> {
  const calm = calmWard(count) as Ward;
  const ward = { tiles: calm.tiles.map((one) => ({ ...one, leads: ['II'] })), alerts: [] };
  stage.show(ward);
  await using screen = await openScreen(browser, 'about:blank', { viewport: { width: 1920, height: 1080 } });
  const { page } = screen;
  await page.addInitScript({ content: measureFrames });
  await page.goto(stage.url);
  await until('tiles', async () => (await page.locator('article.tile').count()) === count);
  await slowed(page);
  let n = 0;
  const timer = setInterval(() => second(stage, ward, n++), 1_000);
  await sleep(3_000);
  await page.evaluate('__frames.length = 0');
  await sleep(watchMs);
  const spent = await page.evaluate<number[]>('__frames');
  clearInterval(timer);
  const sorted = spent.toSorted((a, b) => a - b);
  const part = (share: number) =>
    rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN);
  const name = `console frame script, ${count} tiles${count <= 8 ? ' with strips' : ''}, 4x slower`;
  return [
    { name: `${name}, p50`, value: part(0.5), unit: 'ms', bar: '<= 2', held: part(0.5) <= 2 },
    { name: `${name}, p99`, value: part(0.99), unit: 'ms', bar: '<= 8', held: part(0.99) <= 8 },
    { name: `${name}, frames`, value: rounded((spent.length * 1_000) / watchMs), unit: '/s' },
  ];
}

async function alertToPaint(browser: Browser, stage: Stage): Promise<Figure> {
  const ward = calmWard(8) as Ward;
  stage.show(ward);
  await using screen = await openScreen(browser, stage.url, { viewport: { width: 1920, height: 1080 } });
  const { page } = screen;
  await until('tiles', async () => (await page.locator('article.tile').count()) === 8);
  const times: number[] = [];
  for (let i = 0; i < alerts; i++) {
    const patient = ward.tiles[i % 8]?.patient;
    const painted = page.evaluate<number>(`new Promise((done) => {
      const look = () => document.querySelector('article[data-patient="${patient?.id}"][data-frame="high"]')
        ? requestAnimationFrame(() => done(performance.timeOrigin + performance.now())) : requestAnimationFrame(look);
      look();
    })`);
    await sleep(300);
    const from = Date.now();
    const one = alert({ id: `b-${i}`, patient });
    stage.send('alert', message(1, one));
    times.push((await painted) - from);
    stage.send('alert', message(2, alert({ ...one, revision: 2, state: 'closed' })));
    await until('over', async () => (await page.locator('article[data-frame="high"]').count()) === 0);
  }
  const value = rounded(median(times));
  return { name: 'console alert from socket to picture', value, unit: 'ms', bar: '<= 100', held: value <= 100 };
}
