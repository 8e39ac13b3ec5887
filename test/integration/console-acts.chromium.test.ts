// What a person does at the console, and what it says of itself: the sheet, the keyboard, a link that is lost. On a stage.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { launchBrowser, openScreen, type Screen } from '../support/browser.ts';
import { until } from '../support/until.ts';
import { alert, message, reed } from '../unit/console/views.ts';
import { problem, type Stage, startStage } from './console-stage.ts';
import { calmWard, stated, wardOf } from './console-ward.ts';
import { bundleConsole, isDark, isLive, rowOf, seen, tileOf } from './wall-page.ts';

const wide = { viewport: { width: 1920, height: 1080 }, reducedMotion: 'reduce' } as const;
let browser: Browser;
let stage: Stage;
let screen: Screen;
let page: Page;
beforeAll(async () => {
  bundleConsole();
  browser = await launchBrowser();
}, 120_000);
afterAll(() => browser?.close());
beforeEach(async ({ onTestFinished }) => {
  stage = await startStage();
  stage.show(wardOf());
  screen = await openScreen(browser, stage.url, wide);
  page = screen.page;
  await until('all tiles', async () => (await page.locator('article.tile').count()) === stated.length);
  onTestFinished(async () => {
    await screen[Symbol.asyncDispose]();
    await stage[Symbol.asyncDispose]();
  });
}, 120_000);

/** The alert of bed 2, active and high, as the stage has it. */
const held = () => stated[1]?.alerts[0] as ReturnType<typeof alert>;
const sheet = () => page.getByRole('dialog', { name: 'Acknowledge this alert' });
const open = () => rowOf(page, '2', /SpO/).getByRole('button').click();
const act = () => sheet().getByRole('button', { name: /^Acknowledge/ });
const focused = () =>
  page.evaluate<string>(`(() => { const at = document.activeElement;
  return at.dataset.patient ?? at.closest('[data-alert]')?.dataset.alert ?? at.textContent; })()`);

describe('the sheet', { tags: ['API-ACK'], timeout: 240_000 }, () => {
  test('names patient and alert, covers no number, and Escape acknowledges nothing', async () => {
    await open();
    expect(await seen(sheet())).toMatch(/2 NAME2, A, born 1950-02-11, record M-1001/);
    expect(await seen(sheet())).toMatch(/comes back if it lasts, at once if it gets worse\. No other alert is touched/);
    expect(await focused()).toBe('Acknowledge as K. Reed');
    const covered =
      await page.evaluate<number>(`[...document.querySelectorAll('.tile .value, .tile .band')].filter((one) => {
      const { left, top, width, height } = one.getBoundingClientRect();
      return !one.closest('article').contains(document.elementFromPoint(left + width / 2, top + height / 2));
    }).length`);
    expect(covered).toBe(0);
    await page.keyboard.press('Escape');
    await until('it is gone', async () => (await sheet().count()) === 0);
    await until('the focus is back', async () => (await focused()) === 'a-2-0');
    expect(stage.acknowledged).toEqual([]);
  });

  test('sends alert, revision, patient and what was seen; stays until the stream says so', async () => {
    await open();
    await sheet().getByLabel('True, acting on it').check();
    await act().click();
    await until('it says so', async () => (await seen(sheet())).includes('Sent, not yet confirmed'));
    const body = { revision: 1, patient: 'p-2', verdict: 'true-alert' };
    expect(stage.acknowledged).toEqual([{ alert: 'a-2-0', body }]);
    const row = rowOf(page, '2', /SpO/);
    expect(await row.getAttribute('data-state')).toBe('active');
    const taken = {
      ...held(),
      revision: 2,
      state: 'acknowledged' as const,
      acknowledged: { ...reed, until: '2099-01-01T00:00:00.000Z' },
    };
    stage.send('alert', message(2, taken as never, 'acknowledged'));
    await until('taken', async () => (await row.getAttribute('data-state')) === 'acknowledged');
    await until('the sheet is gone', async () => (await sheet().count()) === 0);
    expect(await focused()).toBe('a-2-0');
  });

  test('changed while it is open: it says how, waits, and then acts on what it shows', async () => {
    await open();
    const worse = alert({ ...held(), revision: 2, rules: [{ ...held().rules[0], limit: '<= 78 %' }] });
    stage.send('alert', message(2, worse, 'worsened'));
    await until('it says so', async () => (await seen(sheet())).includes('Changed while this was open'));
    await until('it can be pressed', async () => (await act().getAttribute('aria-disabled')) === null);
    expect(await seen(act())).toBe('Acknowledge as it is now');
    await act().click();
    await until('it went out', () => stage.acknowledged.length === 1);
    expect(stage.acknowledged[0]?.body.revision).toBe(2);
  });

  test('a row that moves between press and release voids the press', async () => {
    await open();
    await act().hover();
    await page.mouse.down();
    stage.send('alert', message(2, alert({ ...held(), revision: 2 }), 'worsened'));
    await until('changed', async () => (await act().getAttribute('aria-disabled')) === 'true');
    await until('it can be pressed', async () => (await act().getAttribute('aria-disabled')) === null);
    await page.mouse.up();
    await until('it says so', async () => (await seen(sheet())).includes('changed under your press'));
    expect(stage.acknowledged).toEqual([]);
  });

  test('refused: why, and with what to ask for help; it can be done again', async () => {
    stage.answer(409, problem(409, 'alert-revision', { detail: '4 is current, 3 was sent', current: { revision: 4 } }));
    await open();
    await act().click();
    await until('why', async () => /4 is current, 3 was sent \(r-8s1\)/.test(await seen(sheet())));
    expect(await act().getAttribute('aria-disabled')).toBeNull();
  });

  test('taken by somebody else, or over: it names who, and has nothing to press', async () => {
    await open();
    const taken = { ...held(), revision: 2, state: 'acknowledged' as const, acknowledged: { ...reed, name: 'Dr Lee' } };
    stage.send('alert', message(2, taken as never, 'acknowledged'));
    await until('who', async () => (await seen(sheet())).includes('Dr Lee has it since'));
    expect(await act().count()).toBe(0);
    await until('the focus is in the sheet', async () => (await focused()) === 'Close');
    stage.send('alert', message(3, alert({ ...held(), revision: 3, state: 'closed' }), 'closed'));
    await until('over', async () => (await seen(sheet())).includes('This alert has ended'));
    await page.keyboard.press('Enter');
    await until('the sheet is gone', async () => (await sheet().count()) === 0);
    await until('the focus is on the list', async () => /alerts/.test(await focused()));
  });
});

describe('the keyboard alone', { tags: ['API-ACK', 'API-READABLE'], timeout: 240_000 }, () => {
  test('arrows, a bed by its number, the worst, A, Enter, Escape', async () => {
    await page.keyboard.press('Tab');
    for (let tabs = 0; tabs < 12 && !(await focused()).startsWith('p-'); tabs++) await page.keyboard.press('Tab');
    expect(await focused()).toBe('p-1');
    await page.keyboard.press('ArrowRight');
    expect(await focused()).toBe('p-2');
    await page.keyboard.press('ArrowDown');
    expect(await focused()).toBe('p-6');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowLeft');
    expect(await focused()).toBe('p-1');
    await page.keyboard.press('2');
    expect(await focused()).toBe('p-2');
    await page.keyboard.press('1');
    await page.keyboard.press('3');
    // Both within a moment are bed 13; on a slow machine the second is bed 3.
    await until('bed 13 or 3', async () => ['p-13', 'p-3'].includes(await focused()));
    await page.keyboard.press('0');
    await page.keyboard.press('a');
    await sheet().waitFor();
    await until('the focus is in the sheet', async () => (await focused()) === 'Acknowledge as K. Reed');
    await page.keyboard.press('Enter');
    await until('it went out', () => stage.acknowledged.length === 1);
    await page.keyboard.press('Escape');
    await until('the sheet is gone', async () => (await sheet().count()) === 0);
  });

  test('a row that goes takes the focus to the head of its list, and says so', async () => {
    await rowOf(page, '2', /SpO/).getByRole('button').focus();
    stage.send('alert', message(2, alert({ ...held(), revision: 2, state: 'closed' }), 'closed'));
    await until('the heading', async () => /^\d+ alerts/.test(await focused()));
    await until('said', async () =>
      (await page.locator('#say-polite').textContent())?.includes('The row that you were on is gone'),
    );
    expect(screen.faults).toEqual([]);
  });

  test('? lists the keys; + and - change the text; single keys can be switched off', async () => {
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('+');
    await until('larger', () => page.evaluate<boolean>(`document.documentElement.style.fontSize === '125%'`));
    await page.keyboard.press('-');
    await until('as before', () => page.evaluate<boolean>(`document.documentElement.style.fontSize === '100%'`));
    await page.getByRole('button', { name: 'Screen' }).click();
    const panel = page.getByRole('dialog', { name: 'Screen' });
    await panel.getByRole('group', { name: 'Single keys' }).getByRole('button', { name: 'off' }).click();
    await page.keyboard.press('Escape');
    await until('the focus is back', async () => (await focused()) === 'Screen');
    await tileOf(page, '2').focus();
    await page.keyboard.press('a');
    await page.keyboard.press('ArrowRight');
    expect(await focused()).toBe('p-3');
    expect(await sheet().count()).toBe(0);
    const kept = await page.evaluate<string>('JSON.stringify({ ...localStorage })');
    expect(JSON.parse(JSON.parse(kept).vigil)).toEqual({ theme: 'dark', size: 100, language: 'en', keys: false });
  });

  test('German, at once, without a word of English that is said of a patient', async () => {
    await page.getByRole('button', { name: 'Screen' }).click();
    await page.getByRole('button', { name: 'Deutsch' }).click();
    await until(
      'German',
      async () => (await page.title()) !== '' && (await seen(page.locator('.wall'))).includes('Kein Alarm'),
    );
    expect(await page.evaluate<string>('document.documentElement.lang')).toBe('de');
    expect(await seen(page.locator('main'))).not.toMatch(/No alert|NOT MONITORED|Acknowledge|no reading|waiting/);
    expect(screen.faults).toEqual([]);
  });
});

describe('a screen that is not live', { tags: ['API-BEAT', 'API-AGE', 'API-STATE'], timeout: 240_000 }, () => {
  test('no beat: slow, then not live, no digit, nothing filled, nothing to press; a beat is not enough', async () => {
    stage.beating(false);
    await until('slow', async () => (await seen(page.locator('.bar'))).includes('Link slow'));
    await until('dark', () => isDark(page));
    const lit = await page
      .locator('.cell:not([data-fill="none"]), .band:is([data-look="high"], [data-look="medium"])')
      .count();
    expect(lit).toBe(0);
    expect(await page.locator('li.row button:not([aria-disabled="true"])').count()).toBe(0);
    expect(await page.locator('.page > .frame').isVisible()).toBe(true);
    expect(await seen(page.locator('.station'))).toMatch(/No link since \d\d:\d\d:\d\d/);
    await rowOf(page, '2', /SpO/).getByRole('button').click({ force: true });
    expect(await sheet().count()).toBe(0);
    stage.beating(true);
    await until('live again', () => isLive(page));
    expect(await tileOf(page, '2').getAttribute('data-frame')).toBe('high');
  });

  test('the engine is stuck: every patient not monitored, none of them "No alert"', {
    tags: ['SYS-SAFE'],
  }, async () => {
    const patients = { monitored: 0, degraded: 0, notMonitored: 16 };
    const since = new Date().toISOString();
    const stuck = { state: 'not-monitored', system: true, since, causes: ['engine-stuck'], patients, unwatched: [] };
    stage.send('system', stuck);
    await until(
      'all plates',
      async () => (await page.locator('article.tile[data-frame="not-monitored"]').count()) === stated.length,
    );
    expect(await seen(page.getByTestId('banner'))).toContain('16 PATIENTS NOT MONITORED: engine stuck');
    expect(await page.locator('.cell').count()).toBe(0);
    // An open alert stays on its plate, filled.
    expect(await tileOf(page, '2').locator('.band').getAttribute('data-look')).toBe('high');
    expect(await seen(page.locator('.bar'))).toMatch(/0\s+monitored/);
  });

  test('the worker is gone: the page says so itself, starts it again, and is live with a snapshot', async () => {
    // It is started again so soon that a look from outside could miss what a person sees: the page keeps it.
    await page.evaluate<void>(`(() => { const seen = globalThis.seenLinks = []; const one = document.querySelector('.page');
      new MutationObserver(() => seen.push(one.dataset.link + ' ' + document.querySelectorAll('.cell[data-current="yes"]').length))
        .observe(one, { attributes: true, attributeFilter: ['data-link'] }); })()`);
    const [worker] = page.workers();
    void worker?.evaluate('self.close()').catch(() => {});
    await until('not live, without a number', () => page.evaluate<boolean>(`seenLinks.includes('not-live 0')`));
    await until('live again', () => isLive(page));
    expect(await tileOf(page, '2').getAttribute('data-frame')).toBe('high');
  });

  test('signed out: loud, no digit, and a way back in', { tags: ['SYS-SAFE'] }, async () => {
    stage.signOut();
    const banner = page.getByTestId('banner');
    await until('loud', async () => (await seen(banner)).includes('MONITORING ENDED ON THIS SCREEN since'));
    expect(await seen(page.locator('main'))).not.toMatch(/No alert|NOT MONITORED/);
    expect(await page.locator('.cell[data-current="yes"]').count()).toBe(0);
    expect(await banner.getByLabel('Sign-in link').isVisible()).toBe(true);
  });

  test('an event that was lost on the way: begun again with a snapshot', async () => {
    stage.send('hb', {
      serverTs: new Date().toISOString(),
      engineTs: null,
      seq: 999,
      nextBy: new Date().toISOString(),
    });
    stage.show(calmWard(3));
    await until('three tiles', async () => (await page.locator('article.tile').count()) === 3);
    await until('live', () => isLive(page));
    expect(screen.faults).toEqual([]);
  });
});

test('forty alerts at once: the high ones on top, how many lie below, one saying', {
  tags: ['ALR-GROUP'],
}, async () => {
  const patient = (i: number) => ({
    id: `p-${(i % 8) + 1}`,
    mrn: 'M',
    name: 'N',
    birthDate: '1950-02-11',
    bed: `Bed ${(i % 8) + 1}`,
  });
  const alerts = Array.from({ length: 40 }, (_, i) => {
    const signalPriority = i % 10 === 0 ? 'high' : 'medium';
    return alert({ id: `x-${i}`, patient: patient(i), signalPriority, priority: signalPriority, family: `f-${i}` });
  });
  stage.show(calmWard(8));
  await until('calm', async () => (await page.locator('article.tile').count()) === 8);
  for (const [i, one] of alerts.entries()) stage.send('alert', message(i + 1, one));
  await until('all rows', async () => (await page.locator('li.row').count()) === 40);
  const first = await page
    .locator('li.row')
    .evaluateAll((rows) => rows.slice(0, 4).map((row) => row.getAttribute('data-priority')));
  expect(first).toEqual(['high', 'high', 'high', 'high']);
  expect(await seen(page.locator('.rail .below'))).toMatch(/^\d+ more below$/);
  const texts = new Set<string>();
  await until('said', async () => {
    texts.add((await page.locator('#say-assertive').textContent()) ?? '');
    return [...texts].some((text) => /high alert/.test(text));
  });
});

test('a name is text, whatever it holds; the strips ask for their leads, eight at most', {
  tags: ['API-PATIENT'],
}, async () => {
  const name = '<img src=x onerror=alert(1)>';
  const calm = calmWard(8) as { tiles: { patient: object }[] };
  const tiles = calm.tiles.map((one) => ({ ...one, leads: ['II'], patient: { ...one.patient, name } }));
  stage.show({ tiles, alerts: [] });
  await until('its name', async () => (await seen(tileOf(page, '1').locator('h2'))).includes(name));
  expect(await page.locator('img').count()).toBe(0);
  await until('leads', () => stage.leads.length === 8);
  expect(await page.locator('.strip canvas').count()).toBe(8);
  expect(screen.faults).toEqual([]);
});
