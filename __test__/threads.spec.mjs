import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { expect, onTestFinished, test } from 'vitest';

import { redisIsMissing } from './redis-is-missing.mjs';
import { startRedis } from './redis.mjs';
import { upstreamFor } from './support.mjs';

/** How many processes run at once. */
const AT_ONCE = 4;

/** Runs a program against an upstream to its end. */
async function run(args, upstream, more = {}) {
  const env = { ...process.env, UPSTREAM: upstream.baseUrl, ...more };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { output += chunk; });
  const [code, signal] = await once(child, 'close');
  return { code, signal, output: output.trim() };
}
const program = (name) => fileURLToPath(new URL(`programs/${name}`, import.meta.url));
const well = { code: 0, signal: null, output: 'well' };

/**
 * Every order in which three worker threads load the addon and end. The threads are alike, so the first to load it is
 * A. The main thread loads it never, first, at the end, or right after the first worker has ended.
 */
function orders() {
  const found = [];
  const extend = (steps, loaded, ended) => {
    if (ended.length === 3) return found.push(steps);
    if (loaded < 3) extend([...steps, `${'ABC'[loaded]}+`], loaded + 1, ended);
    for (const name of 'ABC'.slice(0, loaded)) {
      if (!ended.includes(name)) extend([...steps, `${name}-`], loaded, ended + name);
    }
  };
  extend([], 0, '');
  return found.flatMap((steps) => {
    const firstEnd = steps.findIndex((step) => step.endsWith('-')) + 1;
    const withMain = [0, firstEnd, steps.length].map((place) => steps.toSpliced(place, 0, 'M+'));
    return [steps, ...withMain].map((all) => all.join(' '));
  });
}

test.each(['own', 'terminated'])('threads may load the addon, call and end in every order: %s', async (manner) => {
  const upstream = await upstreamFor();
  const waiting = orders();
  expect(new Set(waiting).size).toBe(60);
  const ill = [];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let order = waiting.pop(); order; order = waiting.pop()) {
      const ended = await run([program('orders.mjs'), order, manner], upstream);
      if (ended.output !== 'well' || ended.code !== 0) ill.push({ order, ...ended });
    }
  }));
  expect(ill).toEqual([]);
}, 300_000);

test('the files of a vitest project may each have a thread', async () => {
  const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
  const { code, signal, output } = await run([vitest, 'run', '--root', program('pool')], await upstreamFor());
  expect({ code, signal }, output).toEqual({ code: 0, signal: null });
  expect(JSON.parse(output)).toMatchObject({ numPassedTests: 3, numFailedTestSuites: 0 });
});

test('tasks of Piscina call from threads that come and go', async () => {
  expect(await run([program('piscina.mjs')], await upstreamFor())).toEqual(well);
});

test('jobs of BullMQ call from threads that come and go', async ({ skip }) => {
  if (redisIsMissing) skip(redisIsMissing);
  const REDIS = await startRedis();
  expect(await run([program('bullmq.mjs')], await upstreamFor(), { REDIS })).toEqual(well);
});
