import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { describe, expect, onTestFinished, test } from 'vitest';

import { pricesOf, retirementOf } from '../bin/listing.mjs';
import { startUpstream } from '../examples/upstream.mjs';
import { temporaryFolder, write } from './prompt-folder.mjs';
import { chain } from './support.mjs';

const program = fileURLToPath(new URL('../bin/fallcast.mjs', import.meta.url));
const today = new Date().toISOString().slice(0, 10);

/** Runs `fallcast catalog diff`; the upstream is in this process, so it must not block it. */
async function diff(args, env = {}) {
  const child = spawn(process.execPath, [program, 'catalog', 'diff', ...args], { env: { ...process.env, ...env } });
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status, stdout, stderr };
}

/** A folder whose models are all at one upstream that lists `listed`. */
async function folderFor(models, listed, provider = {}) {
  const upstream = await startUpstream({ models: listed });
  onTestFinished(upstream.close);
  const { models: entries, providers } = chain(upstream, models);
  return write(temporaryFolder(), {
    'models.json': { models: entries.map(({ fallbacks, ...entry }) => entry) },
    'providers.json': { providers: [{ ...providers[0], ...provider }] },
  });
}

const written = (folder) => JSON.parse(readFileSync(join(folder, 'models.json'), 'utf8')).models;
const perToken = (prompt, completion) => ({ pricing: { prompt: `$${prompt}`, completion } });

/** What the models a to e are, and what their host lists: only e is as it was. */
const MODELS = { a: {}, b: {}, c: {}, d: {}, e: {}, off: { enabled: false }, past: { retiresOn: '2025-01-01' } };
const LISTED = [
  { id: 'b', pricing: { input: 1.5, output: 2 } },
  { id: 'c', ...perToken('0.0000005', '0.000002') },
  { id: 'd', deprecation: '2031-05-01T00:00:00Z' },
  { id: 'e', pricing: { input: 0, output: 0 } },
  { id: 'org/Fresh', ...perToken('0.0000001', '0.0000003') },
  { id: 'org/painter', type: 'image' },
];

test('what is gone, retires, is dearer, cheaper or new is shown, and the catalogue is out of date', async () => {
  const folder = await folderFor(MODELS, LISTED);
  const { status, stdout, stderr } = await diff([folder, '--provider', 'p']);
  expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
  expect(stdout.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
    ['p: lists 6'],
    ['gone', 'a', `a, from ${today} on`],
    ['retires', 'd', 'd, from 2031-05-01 on'],
    ['dearer', 'b', 'prompt 1 → 1.5'],
    ['cheaper', 'c', 'prompt 1 → 0.5'],
    ['new', 'org/Fresh', '0.1 / 0.3'],
    [''],
  ]);
  expect(written(folder).find(({ id }) => id === 'b').promptUsdPer1M).toBe(1);
});

test('--write brings the folder up to date, and then nothing is another', async () => {
  const folder = await folderFor(MODELS, LISTED);
  const { status, stderr } = await diff([folder, '--provider', 'p', '--write', '--add', 'org/Fresh']);
  expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining('5 entries written') });
  const by = Object.fromEntries(written(folder).map((entry) => [entry.id, entry]));
  expect([by.a.retiresOn, by.b.promptUsdPer1M, by.c.promptUsdPer1M, by.d.retiresOn]).toEqual([today, 1.5, 0.5, '2031-05-01']);
  expect(by.fresh).toEqual({ id: 'fresh', provider: 'p', upstreamModel: 'org/Fresh', promptUsdPer1M: 0.1, completionUsdPer1M: 0.3 });
  expect([by.off, by.past]).toMatchObject([{ enabled: false }, { retiresOn: '2025-01-01' }]);
  expect(await diff([folder, '--provider', 'p'])).toEqual({ status: 0, stdout: 'p: lists 6, nothing is another\n', stderr: '' });
});

test('what is changed of a built-in model is laid over it, whole', async () => {
  const upstream = await startUpstream({ models: [{ id: 'deepseek-ai/DeepSeek-R1', pricing: { input: 4, output: 7 } }] });
  onTestFinished(upstream.close);
  const folder = write(temporaryFolder(), { 'providers.json': { providers: [{ id: 'together', baseUrl: upstream.baseUrl }] } });
  await diff([folder, '--provider', 'together', '--write']);
  const r1 = written(folder).find(({ id }) => id === 'deepseek-r1');
  expect(r1).toMatchObject({ promptUsdPer1M: 4, completionUsdPer1M: 7, reasoning: true, promptOverrides: ['thinking-aside'] });
  expect(written(folder).find(({ id }) => id === 'deepseek-v3.1').retiresOn).toBe(today);
  expect(existsSync(join(folder, 'models.json.new'))).toBe(false);
});

test('--json prints it for a program', async () => {
  const folder = await folderFor(MODELS, LISTED);
  const [result] = JSON.parse((await diff([folder, '--provider', 'p', '--json'])).stdout);
  expect(result).toMatchObject({
    provider: 'p', listed: 6, gone: [{ modelId: 'a', changes: { retiresOn: today } }],
    dearer: [{ modelId: 'b', before: { promptUsdPer1M: 1 }, changes: { promptUsdPer1M: 1.5 } }],
  });
});

test('what is only new leaves the exit code at 0', async () => {
  const folder = await folderFor(['a'], ['a', 'b']);
  expect(await diff([folder, '--provider', 'p'])).toMatchObject({ status: 0, stdout: expect.stringContaining('no price') });
  const { status, stderr } = await diff([folder, '--provider', 'p', '--write', '--add', 'b']);
  expect({ status, stderr }).toEqual({ status: 1, stderr: '--add: p lists no price for b\n' });
});

test('the key of the environment is sent, and the prefix of a provider is known', async () => {
  const seen = [];
  const server = createServer((request, response) => {
    seen.push([request.url, request.headers.authorization, request.headers['x-mine']]);
    response.end(JSON.stringify([{ id: 'hf:a' }]));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => server.close());
  const { port } = server.address();
  const folder = await folderFor(['a'], [], {
    baseUrl: `http://127.0.0.1:${port}/v1/`, apiKeyEnv: 'THE_KEY', modelIdPrefix: 'hf:', headers: { 'X-Mine': 'yes' },
  });
  expect(await diff([folder, '--provider', 'p'], { THE_KEY: 'sk-1' })).toMatchObject({ status: 0, stderr: '' });
  expect(seen).toEqual([['/v1/models', 'Bearer sk-1', 'yes']]);
});

describe('a provider that cannot be asked', () => {
  test.each([
    ['has no key', { apiKeyEnv: 'NOT_SET_ANYWHERE' }, 'NOT_SET_ANYWHERE is not set'],
    ['does not answer', { baseUrl: 'http://127.0.0.1:9/v1' }, 'bad port'],
    ['lists nothing', {}, 'lists nothing'],
  ])('%s: exit code 3, and nothing is gone', async (_, provider, problem) => {
    const folder = await folderFor(['a'], [], provider);
    const { status, stdout } = await diff([folder, '--provider', 'p', '--write']);
    expect({ status, stdout }).toEqual({ status: 3, stdout: `p: not asked: ${problem}\n` });
    expect(written(folder)[0].retiresOn).toBeUndefined();
  });

  test('refuses: the key is in no line', async () => {
    const server = createServer((request, response) => response.writeHead(401).end(request.headers.authorization));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => server.close());
    const folder = await folderFor(['a'], [], { baseUrl: `http://127.0.0.1:${server.address().port}`, apiKey: 'sk-secret' });
    const { status, stdout, stderr } = await diff([folder, '--provider', 'p']);
    expect({ status, stdout, stderr }).toEqual({ status: 3, stdout: 'p: not asked: answered with status 401\n', stderr: '' });
  });
});

test('a folder with faults, a provider that there is not, and --write without a folder are refused', async () => {
  const faulty = write(temporaryFolder(), { 'models.json': { models: [{ id: 'a' }] } });
  expect(await diff([faulty])).toMatchObject({ status: 1, stderr: expect.stringContaining('models[0].provider: is required') });
  expect(await diff(['--provider', 'nobody'])).toMatchObject({ status: 1, stderr: '--provider: the catalogue has no nobody\n' });
  expect(await diff(['--write'])).toMatchObject({ status: 1, stderr: expect.stringContaining('names no folder') });
});

test('prices are read as each host lists them', () => {
  const openRouter = { prompt: '0.0000011', completion: '0.0000044', input_cache_read: '0.00000055', internal_reasoning: '0' };
  expect(pricesOf({ pricing: openRouter })).toEqual({ promptUsdPer1M: 1.1, completionUsdPer1M: 4.4, cachedPromptUsdPer1M: 0.55 });
  expect(pricesOf({ pricing: { prompt: '$0.00000055', completion: '$0.00000219', input_cache_reads: '0' } }))
    .toEqual({ promptUsdPer1M: 0.55, completionUsdPer1M: 2.19 });
  expect(pricesOf({ pricing: { input: 3, output: 7, hourly: 0 } })).toEqual({ promptUsdPer1M: 3, completionUsdPer1M: 7 });
  expect(pricesOf({ metadata: { pricing: { input_tokens: 0.38, output_tokens: 0.89 } } }))
    .toEqual({ promptUsdPer1M: 0.38, completionUsdPer1M: 0.89 });
  for (const none of [{}, { pricing: 'free' }, { pricing: null }, { pricing: { prompt: '-1', completion: '-1' } },
    { pricing: { prompt: '', completion: '' } }, { pricing: { input: 0, output: 0 } }]) {
    expect(pricesOf(none), JSON.stringify(none)).toBeUndefined();
  }
});

test('a day of retirement is read where a host names one', () => {
  expect(retirementOf({ expiration_date: '2026-03-01' })).toBe('2026-03-01');
  expect(retirementOf({ deprecation: null })).toBeUndefined();
  expect(retirementOf({ deprecation: 'soon' })).toBeUndefined();
});

test('a moment of retirement is the day in UTC in which it is, and what is no day is none', () => {
  expect(retirementOf({ deprecation: '2031-05-01T22:00:00-08:00' })).toBe('2031-05-02');
  expect(retirementOf({ deprecation: '2031-05-01T00:30:00+02:00' })).toBe('2031-04-30');
  expect(retirementOf({ deprecation: '2031-05-01 23:59:59' })).toBe('2031-05-01');
  expect(retirementOf({ deprecation: '2028-02-29' })).toBe('2028-02-29');
  for (const none of ['2027-02-29', '2031-13-01', '2031-05-01Tnever', '2031-05-012', '0000-00-00', '+012031-05-01', 20_310_501, {}, '']) {
    expect(retirementOf({ deprecation: none }), String(none)).toBeUndefined();
  }
  expect(retirementOf({ deprecation: 'soon', shutdown_date: '2031-05-01' })).toBe('2031-05-01');
});
