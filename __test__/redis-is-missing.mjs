/** Whether there is a Redis for the tests that need one, and what they need besides; said once, before they run. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const cannotRun = (command, ...args) => Boolean(spawnSync(command, args).error);

/** What to do where there is none; nothing where there is one. */
export const redisIsMissing = cannotRun('redis-server', '--version')
  && 'The tests that need Redis are skipped: apt-get install redis-server, or brew install redis.';

const LIBRARIES = '/usr/lib';
const folders = existsSync(LIBRARIES) ? readdirSync(LIBRARIES).map((name) => join(LIBRARIES, name)) : [];

/** The library by which a program is shown another time, where Debian puts it; undefined where it is not. */
export const fakeTime = folders.map((folder) => join(folder, 'faketime/libfaketime.so.1')).find((path) => existsSync(path));

/** What to do where a Redis cannot be shown another time; nothing where it can. */
export const fakeTimeIsMissing = redisIsMissing
  || (!fakeTime && 'The tests of a fleet at midnight are skipped: apt-get install libfaketime.');

/** What to do where no certificates can be made for a Redis; nothing where they can. */
export const opensslIsMissing = redisIsMissing
  || (cannotRun('openssl', 'version') && 'The tests of a fleet with TLS are skipped: install openssl.');

/** Called by vitest before any test. */
export function setup() {
  const missing = new Set([redisIsMissing, fakeTimeIsMissing, opensslIsMissing].filter(Boolean));
  for (const problem of missing) {
    if (process.env.REDIS_MUST_RUN) throw new Error(problem);
    console.warn(problem);
  }
}
