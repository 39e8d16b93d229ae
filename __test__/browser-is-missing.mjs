/** Whether there is a browser for the tests of the status page; said once, before they run. */
import { executablePath } from './chromium.mjs';

/** Called by vitest before any test. */
export function setup() {
  if (executablePath) return;
  const missing = 'The tests in the browser are skipped: apt-get install chromium, or name one with CHROMIUM.';
  if (process.env.BROWSER_MUST_RUN) throw new Error(missing);
  console.warn(missing);
}
