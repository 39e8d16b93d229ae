/** The system's browser, for the tests of the status page. */
import { existsSync } from 'node:fs';

import { chromium } from 'playwright-core';

const KNOWN = [
  process.env.CHROMIUM, '/usr/lib/chromium/chromium', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', 'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** Where it is; undefined if there is none. */
export const executablePath = KNOWN.find((path) => path && existsSync(path));

/** Starts it. */
export const startBrowser = () => chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });

/**
 * A page of the browser that ends with the test, and everything that it complained of or asked elsewhere than at `origin`;
 * `context` is as Playwright has it.
 */
export async function openPage(browser, origin, onTestFinished, context = {}) {
  const opened = await browser.newContext({ viewport: { width: 1400, height: 900 }, locale: 'en-GB', ...context });
  onTestFinished(() => opened.close());
  const page = await opened.newPage();
  const complaints = [];
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => { complaints.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on('request', (request) => { if (!request.url().startsWith(`${origin}/`) && !request.url().startsWith('data:')) complaints.push(`asked ${request.url()}`); });
  return { page, complaints };
}
