import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { scoreOf } from '../examples/upstream.mjs';
import { startServer } from './fleet.mjs';
import { readOpenMetrics } from './openmetrics.mjs';
import { temporaryFolder } from './prompt-folder.mjs';
import { redisIsMissing } from './redis-is-missing.mjs';
import { start } from './redis.mjs';

const example = (path) => fileURLToPath(new URL(`../examples/${path}`, import.meta.url));
const node = (path, args = [], env = {}) => start(process.execPath, [example(path), ...args], env);

test.for([['threads', 'in a thread'], ['processes', 'in a process']])('BullMQ hands jobs to %s', async ([way, where], { skip }) => {
  if (redisIsMissing) skip(redisIsMissing);
  const { url: REDIS_URL } = await startServer();
  const worker = node('bullmq/worker.mjs', [way], { REDIS_URL });
  for (const id of ['m1', 'm2', 'm3', 'm4']) {
    const { homeScore, awayScore } = scoreOf(id);
    const [, ...told] = await worker.line(/^(\S+) (\d):(\d) (.+)$/);
    expect(told).toEqual([id, String(homeScore), String(awayScore), where]);
  }
  expect(await worker.ended).toEqual({ code: 0, signal: null });
});

test('pino writes a line for each record, with the level, the message and the ids', async () => {
  const { line, ended } = node('pino.mjs');
  const [text] = await line(/^\{.*"msg":"call ended".*\}$/);
  expect(JSON.parse(text)).toMatchObject({
    level: 30, name: 'predictions', requestId: 'job-7', code: 'ok', model: 'deepseek-v3.1', callId: expect.any(String),
  });
  expect(await ended).toEqual({ code: 0, signal: null });
});

test('Prometheus finds the metrics where the program says', async () => {
  const { child, line, ended } = node('prometheus.mjs');
  const [url] = await line(/^http:\S+$/);
  const response = await fetch(url);
  expect(response.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  const calls = readOpenMetrics(await response.text()).get('fallcast_calls').samples;
  expect(calls.map(({ labels: { original, model, reason } }) => [original, model, reason])).toEqual(expect.arrayContaining([
    ['deepseek-v3.1', 'deepseek-v3.1', ''], ['kimi-k2-thinking-syn', 'kimi-k2-instruct', 'parse_error'],
  ]));
  child.kill('SIGTERM');
  expect(await ended).toEqual({ code: 0, signal: null });
});

test('vitest tests code that asks for scores', async () => {
  // In a project of its own, where the package is installed.
  const project = temporaryFolder();
  cpSync(example('vitest'), project, { recursive: true });
  mkdirSync(join(project, 'node_modules'));
  for (const [name, path] of [['fallcast', '..'], ['vitest', '../node_modules/vitest']]) {
    symlinkSync(fileURLToPath(new URL(path, import.meta.url)), join(project, 'node_modules', name), 'junction');
  }
  const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
  const { line, ended } = start(process.execPath, [vitest, 'run', '--root', project, '--reporter=json']);
  const [text] = await line(/^\{.*\}$/);
  expect(JSON.parse(text)).toMatchObject({ numPassedTests: 3, numFailedTests: 0, numFailedTestSuites: 0 });
  expect(await ended).toEqual({ code: 0, signal: null });
});
