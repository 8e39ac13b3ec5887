// A real Chromium with a guard on every page: what a clinician's screen must never do is collected, and a test asks for it.
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { patienceMs } from './until.ts';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** One page, and what it did that none of ours may do. */
export interface Screen extends AsyncDisposable {
  readonly page: Page;
  /** Requests to another host, reports of the content policy, errors of scripts, dialogs; empty on a good screen. */
  readonly faults: readonly string[];
}

/** In the page: what its content policy held back goes to its console, where a test hears it. */
const tellViolations = `document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
  console.error('content security policy: ' + violatedDirective + ' ' + blockedURI));`;

/** No sandbox: tests run as root, in a container; the pages are our own. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] });
}

/** A fresh browser profile at this address, watched. */
export async function openScreen(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Screen> {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, colorScheme: 'dark', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(patienceMs);
  const faults: string[] = [];
  const { origin } = new URL(url);
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) faults.push(`request to ${request.url()}`);
  });
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    if (/content security policy|trusted ?types/i.test(message.text())) faults.push(`policy: ${message.text()}`);
  });
  await page.addInitScript({ content: tellViolations });
  await page.goto(url);
  return { page, faults, [Symbol.asyncDispose]: () => context.close() };
}
