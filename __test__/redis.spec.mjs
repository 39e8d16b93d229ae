import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { expect, onTestFinished, test } from 'vitest';

/** Starts a program; `line(pattern)` resolves with the match of its next line that matches. */
function start(command, args, env = {}) {
  const child = spawn(command, args, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  return {
    child,
    ended,
    async line(pattern) {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`${command} ended before it said ${pattern}`);
        const match = pattern.exec(value);
        if (match) return match;
      }
    },
  };
}

/** A Redis of its own on a Unix socket; resolves with the socket's path. */
async function startRedis() {
  const folder = mkdtempSync(join(tmpdir(), 'fallcast-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const socket = join(folder, 'redis.sock');
  const args = ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '', '--appendonly', 'no'];
  await start('redis-server', args).line(/ready to accept connections/i);
  return socket;
}

const example = (name, REDIS_URL) => (
  start(process.execPath, [fileURLToPath(new URL(`../examples/redis/${name}.mjs`, import.meta.url))], { REDIS_URL })
);

test('a page in another process shows the count that the worker publishes', async ({ skip }) => {
  if (spawnSync('redis-server', ['--version']).error) skip('redis-server is missing');
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
