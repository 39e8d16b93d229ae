import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, onTestFinished, test } from 'vitest';

import { cut, table, width } from '../examples/demo/table.mjs';
import { scoreOf } from '../examples/upstream.mjs';
import { upstreamFor } from './support.mjs';

const KEY = 'sk-very-secret-0123456789';
const slate = JSON.parse(readFileSync(new URL('../examples/fixtures.json', import.meta.url), 'utf8'));

/** Runs an example with nothing in its environment but `env`. */
function run(name, env = {}, args = []) {
  const path = fileURLToPath(new URL(`../examples/${name}.mjs`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { env: { PATH: process.env.PATH, ...env } });
  onTestFinished(() => child.kill('SIGKILL'));
  const seen = { out: '', err: '' };
  child.stdout.on('data', (chunk) => { seen.out += chunk; });
  child.stderr.on('data', (chunk) => { seen.err += chunk; });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...seen }));
  return { child, ended, seen };
}

describe('the demo', () => {
  test('serves the status page beside it with --page, until it is cancelled', async () => {
    const { child, ended, seen } = run('demo', {}, ['--page']);
    while (!/matches predicted in/.test(seen.out)) await once(child.stdout, 'data');
    const [, url] = /status page is at (http:\S+)/.exec(seen.out);
    const status = await (await fetch(`${url}status.json`)).json();
    expect(status.activeModelCount).toBeGreaterThan(0);
    child.kill('SIGINT');
    // 130 where it was still asking.
    expect([0, 130]).toContain((await ended).code);
  });

  test('predicts the whole slate on loopback, and says that it is loopback', async () => {
    const { code, out, err } = await run('demo').ended;
    expect(code).toBe(0);
    expect(out).toContain('no model is asked');
    for (const { id, homeTeam, awayTeam } of slate) {
      const { homeScore, awayScore } = scoreOf(id);
      const line = out.split('\n').find((text) => text.startsWith(`${homeTeam} – ${awayTeam} `));
      expect(line).toContain(` ${homeScore}:${awayScore} `);
    }
    const reasons = [
      'timeout', 'server_error', 'rate_limited', 'parse_error', 'truncated', 'model_unavailable', 'incomplete',
      'skipped: too_expensive',
    ];
    for (const reason of reasons) expect(out, reason).toContain(reason);
    // A line for each call, then a bar for each provider of the slate.
    const lines = err.trim().split('\n');
    expect(lines.slice(0, 9).every((line) => /^\d\/9 /.test(line))).toBe(true);
    expect(lines.slice(9)).toEqual([expect.stringMatching(/^together +█+ 36\/36$/), expect.stringMatching(/^synthetic +█+ 48\/48$/)]);
    expect(out).not.toContain('\u001b');
  });

  test('asks the models that a server of the user lists, with its key, and shows no key', async () => {
    const upstream = await upstreamFor();
    upstream.models.push('local/one', 'local/two');
    const { code, out, err } = await run('demo', { FALLCAST_BASE_URL: upstream.baseUrl, FALLCAST_API_KEY: KEY }).ended;
    expect(code).toBe(0);
    expect(new Set(upstream.requests.map(({ model }) => model))).toEqual(new Set(['local/one', 'local/two']));
    expect(upstream.requests[0].headers.authorization).toBe(`Bearer ${KEY}`);
    expect(out + err).not.toContain(KEY);
  });

  test('ends with 1 when nothing was predicted, a readable line for each call', async () => {
    const upstream = await upstreamFor('forbidden');
    const { code, out } = await run('demo', { FALLCAST_BASE_URL: upstream.baseUrl, FALLCAST_MODEL: 'one, two' }).ended;
    expect(code).toBe(1);
    const errors = out.split('\n').filter((line) => line.includes(': ALL_ATTEMPTS_FAILED: '));
    expect(errors).toHaveLength(9);
    for (const line of errors) expect(line).toMatch(/: one unauthorized(, two unauthorized)?$|: two unauthorized$/);
  });

  test.each([
    ['prose', [/^The server answered, but no reply holds a score/m, /^One of them: HTTP 200 with text without a valid score: \S+/m,
      /^- another `responseFormat`/m, /^- a larger model/m]],
    [({ body }) => (body.response_format ? 'no_response_format' : 'prose'), [/^- a server that takes `responseFormat: 'json_schema'`/m]],
    ['truncated', [/^Every reply was cut off/m, /`reasoning: true`/]],
    ['never', [/^No whole reply came in time/m, /^- a larger `attemptTimeoutMs`/m]],
    ['forbidden', [/^The server refused every request \(unauthorized\)/m]],
  ])('says what to try at a server of the user that answers nothing: %#', async (manner, expected) => {
    const upstream = await upstreamFor(manner);
    const env = { FALLCAST_BASE_URL: upstream.baseUrl, FALLCAST_MODEL: 'one', FALLCAST_TIMEOUT_MS: manner === 'never' ? '50' : '60000' };
    const { code, out } = await run('demo', env).ended;
    expect(code).toBe(1);
    for (const line of expected) expect(out).toMatch(line);
    expect(upstream.requests[0].body.response_format.type).toBe('json_schema');
  });

  test('ends with 1 and one line when there is no server', async () => {
    const { code, out, err } = await run('demo', { FALLCAST_BASE_URL: 'http://127.0.0.1:9/v1' }).ended;
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err.trim()).toMatch(/^Error: http:\/\/127\.0\.0\.1:9\/v1\/models: .+$/);
  });

  test('is cancelled by Ctrl-C, with 130 and what there is', async () => {
    const upstream = await upstreamFor(({ index }) => (index === 0 ? 'clean' : 'never'));
    const { child, ended } = run('demo', { FALLCAST_BASE_URL: upstream.baseUrl, FALLCAST_MODEL: 'one' });
    await upstream.received(3);
    child.kill('SIGINT');
    const { code, signal, out } = await ended;
    expect({ code, signal }).toEqual({ code: 130, signal: null });
    expect(out).toMatch(/^1 of \d+ matches predicted .* Cancelled\.$/m);
    expect(upstream.open).toEqual([]);
  });
});

describe('the worker', () => {
  test('stores who answered', async () => {
    const { code, out } = await run('worker').ended;
    expect(code).toBe(0);
    for (const column of ['originalModelId', 'fallbackModelId', 'fallbackReason']) expect(out).toContain(column);
    for (const modelId of ['deepseek-v3.1', 'kimi-k2-thinking-syn', 'glm-4.7-syn']) expect(out).toContain(modelId);
  });
});

describe('the table', () => {
  test('counts cells, not characters', () => {
    expect(width('横浜F・マリノス')).toBe(15);
    expect(width('Köln')).toBe(4);
    expect(width('Ko\u0308ln')).toBe(4);
    expect(width('⚽')).toBe(2);
    expect(cut('横浜F・マリノス', 6)).toBe('横浜F…');
    expect(cut('Roma', 4)).toBe('Roma');
  });

  test('is aligned, and no wider than it may be', () => {
    const rows = [['鹿島アントラーズ', '1'], ['Roma', '20']];
    expect(table(['team', '>goals'], rows)).toBe([
      'team              goals',
      '────────────────  ─────',
      '鹿島アントラーズ      1',
      'Roma                 20',
    ].join('\n'));
    for (const line of table(['team', '>goals'], rows, 20).split('\n')) expect(width(line)).toBeLessThanOrEqual(20);
  });
});
