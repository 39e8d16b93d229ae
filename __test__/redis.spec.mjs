import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { redisIsMissing } from './redis-is-missing.mjs';
import { start, startRedis } from './redis.mjs';

const example = (name, REDIS_URL) => (
  start(process.execPath, [fileURLToPath(new URL(`../examples/redis/${name}.mjs`, import.meta.url))], { REDIS_URL })
);

test('a page in another process shows the count that the worker publishes', async ({ skip }) => {
  if (redisIsMissing) skip(redisIsMissing);
  const socket = await startRedis();
  const page = example('page', socket);
  const [address] = await page.line(/^http:.*/);
  const shown = async () => /<p>(.*)<\/p>/.exec(await (await fetch(address)).text())[1];
  expect(await shown()).toBe('Which models are active is not known yet.');

  const worker = example('worker', socket);
  const [, all] = await worker.line(/^published (\d+)$/);
  expect(await shown()).toBe(`Active models: ${all}`);
  const [, fewer] = await worker.line(/^published (\d+)$/);
  expect(Number(fewer)).toBe(Number(all) - 1);
  expect(await shown()).toBe(`Active models: ${fewer}`);

  for (const { child, ended } of [worker, page]) {
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 0, signal: null });
  }
});
