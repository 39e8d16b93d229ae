/** `fallcast status`: of a page, of a fleet and of a state file, once, again, as JSON and as a page. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { describe, expect, onTestFinished, test } from 'vitest';

import { report } from '../bin/status.mjs';
import status from '../status/index.js';
import { fleetConfig, startMember, startServer } from './fleet.mjs';
import { redisIsMissing } from './redis-is-missing.mjs';
import { start } from './redis.mjs';
import { temporaryFolder } from './prompt-folder.mjs';
import { chain, engineFor, fail, quiet, transcript } from './support.mjs';

const program = fileURLToPath(new URL('../bin/fallcast.mjs', import.meta.url));

/** Runs the command to its end, with this process going on meanwhile. */
async function run(...args) {
  const child = spawn(process.execPath, [program, 'status', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => child.kill('SIGKILL'));
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, stdout, stderr };
}

/** The page of an engine, under a path; where it is. */
async function served(engine, options) {
  const page = status.statusPage(engine, { basePath: '/status', ...options });
  const server = createServer(page).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => { page.close(); server.close(); server.closeAllConnections(); });
  return `http://127.0.0.1:${server.address().port}/status`;
}

/** A file with the configuration of models that nobody answers for. */
function configFile(models = ['a', 'b']) {
  const file = join(temporaryFolder(), 'config.json');
  writeFileSync(file, JSON.stringify(chain({ baseUrl: 'http://127.0.0.1:9/v1' }, models)));
  return file;
}

test('of a page it prints the models, who answered for whom, the day and the last events', async () => {
  const { engine, predict } = await transcript({ a: 'internal_error', b: 'clean' }, { dailyBudgetUsd: 1 });
  await predict();
  fail(engine, 'a', 5);
  const { stdout, stderr, code } = await run('--url', await served(engine));
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  const [head, , ...rest] = stdout.split('\n');
  expect(head).toMatch(/^1 active, 1 off, 0 cooling · \$0\.\d{6} of \$1\.000000 \(open\) today$/);
  const rows = rest.slice(0, 3).map((line) => line.split(/ {2,}/));
  expect(rows[0]).toEqual(['model', 'provider', 'state', 'failures', 'last failure', 'last hour', 'p95', 'today']);
  expect(rows[1]).toEqual(['a', 'p', expect.stringMatching(/^off until \d\d:\d\d:\d\d$/), '5/5', expect.stringMatching(/^parse_error /), '0 % of 1', expect.stringMatching(/ ms$/), '$0.000000']);
  expect(rows[2].slice(0, 4)).toEqual(['b', 'p', 'active', '0/5']);
  expect(stdout).toMatch(/a: 1 prediction through b \(server_error\), -?\$0\.\d{6} more than the original/);
  expect(stdout).toMatch(/\d disabled a\n/);
  const json = await run('--url', `${await served(engine)}/`, '--json');
  expect({ ...JSON.parse(json.stdout), at: 0 }).toEqual({ ...engine.getStatus(), at: 0 });
});

test('it shows again what has changed, until it is ended', async () => {
  const engine = quiet(['a']);
  const url = await served(engine);
  const { child, line, ended } = start(process.execPath, [program, 'status', '--url', url, '--watch']);
  await line(/^1 active, 0 off/);
  engine.disableModel('a', 'by hand');
  await line(/^0 active, 1 off/);
  child.kill('SIGINT');
  expect(await ended).toEqual({ code: 0, signal: null });
});

test('it may show who it is, and says what a page answers', async () => {
  const url = await served(quiet(['a']), { authorize: ({ headers }) => headers.authorization === 'Bearer of-the-test' });
  expect((await run('--url', url, '--header', 'authorization: Bearer of-the-test')).code).toBe(0);
  expect(await run('--url', url)).toEqual({ code: 1, stdout: '', stderr: '--url: the page says HTTP 403\n' });
  const { origin } = new URL(url);
  expect((await run('--url', origin)).stderr).toBe('--url: the page says HTTP 404\n');
  expect((await run('--url', 'http://127.0.0.1:9/')).stderr).toMatch(/^--url: the page does not answer: /);
  const other = createServer((request, response) => response.end(request.url.includes('moved') ? '' : '{}')).listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => { other.close(); other.closeAllConnections(); });
  expect((await run('--url', `http://127.0.0.1:${other.address().port}`)).stderr).toBe('--url: what stands there is no status page\n');
});

test('of a state file it shows what is in it, and leaves it alone', async () => {
  const folder = temporaryFolder();
  const stateFile = join(folder, 'state.json');
  const { engine, predict } = await transcript({ a: 'internal_error', b: 'clean' }, { stateFile });
  await predict();
  engine.disableModel('b', 'by hand');
  await engine.close();
  const config = configFile();
  const { code, stdout, stderr } = await run('--state', stateFile, '--config', config, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ activeModelCount: 1, days: [{ calls: 1, fallbacks: 1 }], routes: [{ sentence: 'a: 1 prediction through b' }], models: [{ id: 'a' }, { id: 'b', state: 'disabled', disabledReason: 'by hand' }] });
  // Of a fleet without a living model nobody is served.
  expect((await run('--state', stateFile, '--config', configFile(['b']))).code).toBe(1);
  expect((await run('--state', join(folder, 'none.json'))).stderr).toContain('none.json');

  const { line, child, ended } = start(process.execPath, [program, 'status', '--state', stateFile, '--config', config, '--serve', '0']);
  const [url] = await line(/^http:\/\/127\.0\.0\.1:\d+\//);
  expect((await fetch(`${url}status.json`).then((response) => response.json())).models[1]).toMatchObject({ state: 'disabled' });
  child.kill('SIGTERM');
  expect(await ended).toEqual({ code: 0, signal: null });
});

test.skipIf(redisIsMissing)('of a fleet it shows the members, and what all of them came to', async () => {
  const redis = await startServer();
  const member = await startMember(fleetConfig(redis, ['a', 'b']));
  await member.joined();
  await member.ask('disableModel', ['a', 'by hand']);
  const { code, stdout, stderr } = await run('--fleet', redis.url, '--config', configFile());
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^1 active, 1 off, 0 cooling · .* · fleet: joined, 2 members\n/);
  const all = JSON.parse((await run('--fleet', redis.url, '--config', configFile(), '--json')).stdout);
  expect(all.fleet.members.map(({ role }) => role).sort()).toEqual(['reader', 'worker']);
  expect([all.routes, all.days]).toEqual([[], []]);
});

describe('what is wrong is said', () => {
  test.each([
    [[], 2, /^Usage:/], [['--url', 'http://127.0.0.1:9/', '--state', 'x'], 2, /^Usage:/], [['more', '--state', 'x'], 2, /^Usage:/],
    [['--url', 'http://example.com/status'], 1, /^--url: must begin with https:\/\/, for the host is not loopback and --allow-insecure-http is off\n$/],
    [['--url', 'nowhere'], 1, /^--url: must be a URL/], [['--url', 'http://127.0.0.1:9/', '--header', 'no header'], 1, /^--header: must be "name: value"\n$/],
    [['--url', 'http://127.0.0.1:9/', '--serve', '0'], 1, /^--serve: needs --fleet or --state\n$/],
    [['--fleet', 'http://127.0.0.1:9/'], 1, /fleet\.url/], [['--watch', '--colour'], 2, /colour/],
  ])('%j', async (args, code, stderr) => {
    expect(await run(...args)).toEqual({ code, stdout: '', stderr: expect.stringMatching(stderr) });
  });

  test('a port that is none', async () => {
    const file = join(temporaryFolder(), 'state.json');
    writeFileSync(file, '{"version":1}');
    for (const port of ['http', '70000', '-1', '1.5', '']) {
      expect((await run('--state', file, `--serve=${port}`)).stderr).toMatch(/^--serve: must be a port from 0 to 65535, got /);
    }
  });
});

test('what a page elsewhere says does not steer the terminal', () => {
  const said = quiet(['a']).getStatus();
  said.models[0].id = 'a\u001b[2Jb\u202ec';
  expect(report(said)).toContain('a\u{fffd}[2Jb\u{fffd}c');
  expect(report(said)).not.toMatch(/[\u001b\u202e]/);
});
