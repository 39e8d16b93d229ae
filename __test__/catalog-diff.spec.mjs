import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, lstatSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
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

/** The base URL of a host that answers by itself. */
async function hostOf(handler) {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => server.close());
  return `http://127.0.0.1:${server.address().port}/v1`;
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

  test.each([
    ['refuses', 'answered with status 401', (request, response) => response.writeHead(401).end(request.headers.authorization)],
    ['repeats the key', 'answered with something else than JSON', (request, response) => response.end(request.headers.authorization)],
    ['shows a page', 'answered with something else than JSON', (request, response) => response.end('<!doctype html><h1>Log in</h1>')],
    ['leads elsewhere', 'unexpected redirect', (request, response) => response.writeHead(302, { location: '/login' }).end()],
    ['breaks', 'answered with status 500', (request, response) => response.writeHead(500).end('[{"id":"b"}]')],
    ...Object.entries({ has_more: true, nextPageToken: 'x', next: 'https://h.example/v1/models?page=2' }).map(([name, more]) => [
      `goes on with ${name}`, 'lists its models in pages, of which there are more than one',
      (request, response) => response.end(JSON.stringify({ data: [{ id: 'b' }], [name]: more })),
    ]),
  ])('%s: the key is in no line, and nothing is written', async (_, problem, handler) => {
    const folder = await folderFor(['a'], [], { baseUrl: await hostOf(handler), apiKey: 'sk-secret' });
    const { status, stdout, stderr } = await diff([folder, '--provider', 'p', '--write']);
    expect({ status, stdout }).toEqual({ status: 3, stdout: `p: not asked: ${problem}\n` });
    expect(stderr).toContain('0 entries written');
    expect(written(folder)[0].retiresOn).toBeUndefined();
  });

  test('has a key that no header takes: it is refused, and not shown', async () => {
    const { status, stdout, stderr } = await diff(['--provider', 'together'], { TOGETHER_API_KEY: 'sk-secret\nmore' });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('the value of TOGETHER_API_KEY must be a key of visible ASCII characters');
    expect(stderr).not.toContain('sk-secret');
  });

  test('does not keep another from being asked', async () => {
    const folder = await folderFor(['a'], [{ id: 'a', pricing: { input: 9, output: 9 } }]);
    const providers = JSON.parse(readFileSync(join(folder, 'providers.json'), 'utf8')).providers;
    write(folder, { 'providers.json': { providers: [...providers, { id: 'q', baseUrl: await hostOf((request, response) => response.writeHead(503).end()) }] } });
    const { status, stdout } = await diff([folder, '--provider', 'q,p']);
    expect(status).toBe(1);
    expect(stdout).toContain('q: not asked: answered with status 503\n');
    expect(stdout).toContain('dearer  a  prompt 1 → 9');
    expect(await diff([folder, '--provider', 'p,q', '--write'])).toMatchObject({ status: 3, stderr: expect.stringContaining('1 entry written') });
    expect(written(folder)[0].promptUsdPer1M).toBe(9);
  });
});

test('a name in other capitals is the same model, and what a host writes does nothing to a terminal', async () => {
  const folder = await folderFor(['Org/Model-A'], [{ id: 'org/model-a', pricing: { input: 1, output: 9 } }, 'odd\u001b[2J\nname\u202e', 'Größe/模型']);
  const { status, stdout } = await diff([folder, '--provider', 'p']);
  expect({ status, lines: stdout.split('\n').map((line) => line.trim().split(/ {2,}/)) }).toEqual({
    status: 1,
    lines: [['p: lists 3'], ['dearer', 'Org/Model-A', expect.stringContaining('→ 9')], ['new', 'odd\ufffd[2J\ufffdname\ufffd', 'no price'],
      ['new', 'Größe/模型', 'no price'], ['']],
  });
});

describe('--write', () => {
  const price = '"promptUsdPer1M": 1.0, "completionUsdPer1M": 2';
  /** Texts of a folder's models.json before, and what they are when the price of x has risen to 9 and y is gone. */
  const TEXTS = {
    'on one line': [
      `{"models":[{"id":"x","provider":"p","upstreamModel":"x",${price}},{"id":"y","provider":"p","upstreamModel":"y",${price}}]}`,
      `{"models":[{"id":"x","provider":"p","upstreamModel":"x",${price.replace('1.0', '9')}},{"id":"y","provider":"p","upstreamModel":"y",${price}, "retiresOn":"${today}"}]}`,
    ],
    'by hand, with tabs, marks and returns': [
      `\uFEFF{\r\n\t"$schema" : "./{[\\"x.json",\r\n\t"models":\r\n\t[\r\n\t\t{ "id": "x", "provider": "p", "upstreamModel": "x",\r\n\t\t\t${price} },\r\n\t\t{\r\n\t\t\t"id": "y", "provider": "p",\r\n\t\t\t"upstreamModel": "y", ${price},\r\n\t\t\t"promptOverrides": []\r\n\t\t}\r\n\t]\r\n}`,
      `\uFEFF{\r\n\t"$schema" : "./{[\\"x.json",\r\n\t"models":\r\n\t[\r\n\t\t{ "id": "x", "provider": "p", "upstreamModel": "x",\r\n\t\t\t${price.replace('1.0', '9')} },\r\n\t\t{\r\n\t\t\t"id": "y", "provider": "p",\r\n\t\t\t"upstreamModel": "y", ${price},\r\n\t\t\t"promptOverrides": [],\r\n\t\t\t"retiresOn": "${today}"\r\n\t\t}\r\n\t]\r\n}`,
    ],
  };
  const NEWS = [{ id: 'x', pricing: { input: 9, output: 2 } }];

  test.each(Object.entries(TEXTS))('leaves a file %s as it was written, but for what is another', async (_, [before, after]) => {
    const folder = await folderFor(['x'], NEWS);
    write(folder, { 'models.json': before });
    expect(await diff([folder, '--provider', 'p', '--write'])).toMatchObject({ status: 0, stderr: expect.stringContaining('2 entries written') });
    expect(readFileSync(join(folder, 'models.json'), 'utf8')).toBe(after);
  });

  test('writes a new entry as those beside it are', async () => {
    const folder = await folderFor(['x'], [...NEWS, { id: 'org/Fresh', pricing: { input: 1, output: 1 } }]);
    const file = join(folder, 'models.json');
    const entry = (id, name) => `{\n\t\t"id": "${id}",\n\t\t"provider": "p",\n\t\t"upstreamModel": "${name}",\n\t\t"promptUsdPer1M": NaN,\n\t\t"completionUsdPer1M": 2\n\t}`;
    writeFileSync(file, `{"models": [${entry('x', 'x').replace('NaN', '9')}]}\n`);
    await diff([folder, '--provider', 'p', '--write', '--add', 'org/Fresh,org/Fresh']);
    const fresh = entry('fresh', 'org/Fresh').replace('NaN', '1').replace('": 2', '": 1');
    expect(readFileSync(file, 'utf8')).toBe(`{"models": [${entry('x', 'x').replace('NaN', '9')},${fresh}]}\n`);
  });

  test('writes nothing that an engine would refuse', async () => {
    const folder = await folderFor(['x'], [...NEWS, { id: `org/${'long'.repeat(99)}`, pricing: { input: 1, output: 1 } }]);
    const before = readFileSync(join(folder, 'models.json'), 'utf8');
    const { status, stderr } = await diff([folder, '--provider', 'p', '--add', 'all']);
    expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining('models[1].id') });
    expect(readFileSync(join(folder, 'models.json'), 'utf8')).toBe(before);
    expect(existsSync(join(folder, 'models.json.new'))).toBe(false);
  });

  test('keeps who may read the file, and the link that leads to it', async () => {
    const folder = await folderFor(['x'], NEWS);
    const elsewhere = join(temporaryFolder(), 'kept.json');
    renameSync(join(folder, 'models.json'), elsewhere);
    chmodSync(elsewhere, 0o640);
    symlinkSync(elsewhere, join(folder, 'models.json'));
    await diff([folder, '--provider', 'p', '--write']);
    expect(lstatSync(join(folder, 'models.json')).isSymbolicLink()).toBe(true);
    expect((statSync(elsewhere).mode & 0o777).toString(8)).toBe('640');
    expect(written(folder)[0].promptUsdPer1M).toBe(9);
  });
});

test('a folder with faults, a provider that there is not, and --write without a folder are refused', async () => {
  const faulty = write(temporaryFolder(), { 'models.json': { models: [{ id: 'a' }] } });
  expect(await diff([faulty])).toMatchObject({ status: 1, stderr: expect.stringContaining('models[0].provider: is required') });
  const broken = write(temporaryFolder(), { 'providers.json': '{ "providers": [' });
  expect(await diff([broken])).toMatchObject({ status: 1, stderr: expect.stringContaining('providers.json: is not JSON') });
  const nowhere = join(faulty, 'nowhere');
  expect(await diff([nowhere])).toEqual({ status: 1, stdout: '', stderr: `${nowhere}: there is no such folder\n` });
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
    { pricing: { prompt: '', completion: '' } }, { pricing: { input: 0, output: 0 } }, { pricing: { prompt: '0.000001' } },
    { pricing: { prompt: 'NaN', completion: 'NaN' } }, { pricing: { prompt: '0x1', completion: '0x1' } }, { pricing: { prompt: '1e999', completion: '1e999' } },
    { pricing: { prompt: ['1'], completion: ['1'] } }, { pricing: { prompt: '0,5', completion: '0,5' } }]) {
    expect(pricesOf(none), JSON.stringify(none)).toBeUndefined();
  }
});

test('exponents are numbers, and prices that no model has are for another number of tokens than is thought', () => {
  expect(pricesOf({ pricing: { prompt: '1e-6', completion: 2E-6, input_cache_read: '1e400' } })).toEqual({ promptUsdPer1M: 1, completionUsdPer1M: 2 });
  // For a million tokens where those for one are told, and the other way round.
  expect(pricesOf({ pricing: { prompt: 0.5, completion: 1.5 } })).toBeUndefined();
  expect(pricesOf({ pricing: { input: 5e-7, output: 1.5e-6 } })).toBeUndefined();
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
  for (const none of ['2027-02-29', '2031-13-01', '2031-05-01Tnever', '2031-05-012', '0000-00-00', '0001-01-01T00:00:00Z', '1970-01-01', '9999-12-31', '+012031-05-01', 20_310_501, {}, '']) {
    expect(retirementOf({ deprecation: none }), String(none)).toBeUndefined();
  }
  expect(retirementOf({ deprecation: 'soon', shutdown_date: '2031-05-01' })).toBe('2031-05-01');
});
