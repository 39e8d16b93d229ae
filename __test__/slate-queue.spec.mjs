import { fileURLToPath } from 'node:url';

import { expect, test, vi } from 'vitest';

import { openStore } from '../examples/slate/store.mjs';
import { redisIsMissing } from './redis-is-missing.mjs';
import { start, startRedis } from './redis.mjs';

// A PostgreSQL takes its time to begin.
vi.setConfig({ testTimeout: 240_000 });

const example = fileURLToPath(new URL('../examples/slate/worker.mjs', import.meta.url));

test('a job that is tried again asks only for the cells that its first run did not save', async ({ skip }) => {
  if (redisIsMissing) skip(redisIsMissing);
  const worker = start(process.execPath, [example], { REDIS_URL: await startRedis() });
  await worker.line(/^progress \d+\/36$/);
  await worker.line(/^failed: 12 of 36 cells are missing: parse_error$/);
  await worker.line(/^the last run asked for 12 cells, 0 missing, \$0\.\d+$/);
  // Two models answered, one failed and was asked again.
  await worker.line(/^36 predictions are saved; 4 requests were made$/);
  expect(await worker.ended).toEqual({ code: 0, signal: null });
});

test('what is saved twice stays as it was, and what is missing is known', async () => {
  const store = await openStore();
  const outcome = (homeScore) => ({
    callId: 'c-1', originalModelId: 'a', predictions: [{ matchId: "m'1", modelId: 'b', homeScore, awayScore: 0 }],
  });
  await store.save(outcome(1));
  await store.save(outcome(2));
  expect(await store.count()).toBe(1);
  expect(await store.missing(["m'1", 'm2'], ['a', 'b'])).toEqual([
    { modelId: 'a', matchId: 'm2' }, { modelId: 'b', matchId: "m'1" }, { modelId: 'b', matchId: 'm2' },
  ]);
  await store.close();
});
