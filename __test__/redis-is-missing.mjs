/** Whether there is a Redis for the tests that need one; said once, before they run. */
import { spawnSync } from 'node:child_process';

/** What to do where there is none; nothing where there is one. */
export const redisIsMissing = spawnSync('redis-server', ['--version']).error
  && 'The tests that need Redis are skipped: apt-get install redis-server, or brew install redis.';

/** Called by vitest before any test. */
export function setup() {
  if (!redisIsMissing) return;
  if (process.env.REDIS_MUST_RUN) throw new Error(redisIsMissing);
  console.warn(redisIsMissing);
}
