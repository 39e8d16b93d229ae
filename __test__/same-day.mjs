/**
 * Holds every test off in the last half minute of a day in UTC, which is the day of the money and of what is counted: no test
 * begins on one day and ends on the next. Those that take longer and mind set the clock.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { beforeEach } from 'vitest';

const DAY = 86_400_000;
const LAST = 30_000;

beforeEach(async () => {
  const left = DAY - Date.now() % DAY;
  if (left < LAST) await sleep(left);
}, 2 * LAST);
