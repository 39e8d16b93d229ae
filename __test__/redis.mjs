/** Programs that a test talks to by their lines, a Redis among them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { onTestFinished } from 'vitest';

/** Starts a program; `line(pattern)` resolves with the match of its next line that matches. */
export function start(command, args, env = {}) {
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
export async function startRedis() {
  const folder = mkdtempSync(join(tmpdir(), 'fallcast-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const socket = join(folder, 'redis.sock');
  const args = ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '', '--appendonly', 'no'];
  await start('redis-server', args).line(/ready to accept connections/i);
  return socket;
}
