import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { startServer } from './fleet.mjs';
import { redisIsMissing } from './redis-is-missing.mjs';
import { start } from './redis.mjs';

const example = (name, REDIS_URL) => (
  start(process.execPath, [fileURLToPath(new URL(`../examples/redis/${name}.mjs`, import.meta.url))], { REDIS_URL })
);

test('a page in another process shows what two workers share, and switches a model for both', async ({ skip }) => {
  if (redisIsMissing) skip(redisIsMissing);
  const { url } = await startServer();
  const page = example('reader', url);
  const [address] = await page.line(/^http:.*/);
  /** The lines of the page, once it has one that matches. */
  const shown = async (pattern) => {
    for (;;) {
      const lines = [...(await (await fetch(address)).text()).matchAll(/<p>(.*)<\/p>/g)].map(([, line]) => line);
      if (lines.some((line) => pattern.test(line))) return lines;
    }
  };
  expect(await shown(/Workers: 0/)).toContain('Active models: 0');

  const workers = [example('worker', url), example('worker', url)];
  await Promise.all(workers.map((worker) => worker.line(/^off kimi-k2-thinking-syn/)));
  const lines = await shown(/kimi-k2-thinking-syn: \d+ predictions through /);
  expect(lines).toContain('Workers: 2');
  const [, active] = /Active models: (\d+)/.exec(lines.join('\n'));

  const { status } = await fetch(`${address}off?model=deepseek-r1`, { method: 'POST' });
  expect(status).toBe(204);
  await Promise.all(workers.map((worker) => worker.line(/^off deepseek-r1 at /)));
  await shown(new RegExp(`Active models: ${active - 1}$`));
  expect((await fetch(`${address}off?model=none`, { method: 'POST' })).status).toBe(404);

  for (const { child, ended } of [...workers, page]) {
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 0, signal: null });
  }
}, 120_000);
