import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import Ajv2020 from 'ajv/dist/2020.js';
import { describe, expect, onTestFinished, test } from 'vitest';

import { chain, engineFor, fallcast, matches, skipsInShort, thrown, transcript, upstreamFor } from './support.mjs';

const folder = new URL('../catalog/', import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));
const { models } = read('models.json');
const loopback = { baseUrl: 'http://127.0.0.1:9/v1' };
const localProviders = ['together', 'synthetic'].map((id) => ({ id, ...loopback }));
const apiKeyEnv = 'FALLCAST_TEST_KEY_THAT_IS_NOT_SET';
const withoutKeys = localProviders.map((provider) => ({ ...provider, apiKeyEnv }));

describe('JSON Schema', () => {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, formats: { uri: true } });
  const all = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const names = all.filter((name) => name.endsWith('.schema.json')).map((name) => name.replace('.schema.json', ''));

  test('there is one for each file', () => {
    const files = all.filter((name) => !name.endsWith('.schema.json'));
    expect(files.sort()).toEqual(names.map((name) => `${name}.json`).sort());
    expect(names.length).toBeGreaterThanOrEqual(2);
  });

  test.each(names)('%s: accepts what ships, refuses an unknown field at every level', (name) => {
    const validate = ajv.compile(read(`${name}.schema.json`));
    const file = read(`${name}.json`);
    expect(validate(file), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...file, unknown: 1 })).toBe(false);
    const [first, ...rest] = file[name];
    expect(validate({ [name]: [{ ...first, unknown: 1 }, ...rest] })).toBe(false);
    expect(validate({ [name]: [{ ...first, limits: { unknown: 1 } }] })).toBe(false);
  });

  test('names each field of the file that ships, and documents it', () => {
    for (const name of names) {
      const { properties } = read(`${name}.schema.json`).properties[name].items;
      for (const entry of read(`${name}.json`)[name]) {
        expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(entry)));
      }
      for (const [field, { description }] of Object.entries(properties)) expect(description, field).toMatch(/\w+ \w+/);
    }
  });
});

describe('MODEL_FALLBACKS', () => {
  test('is the built-in graph', () => {
    const expected = models.filter(({ fallbacks }) => fallbacks?.length).map(({ id, fallbacks }) => [id, fallbacks]);
    expect(fallcast.MODEL_FALLBACKS).toEqual(Object.fromEntries(expected));
    expect(fallcast.MODEL_FALLBACKS['deepseek-r1-0528-syn']).toEqual(['deepseek-r1']);
  });
});

describe('getFallbackProvider', () => {
  test('gives the next usable model and its provider', () => {
    const engine = engineFor({ providers: localProviders });
    const next = { modelId: 'kimi-k2-instruct', providerId: 'together' };
    expect(engine.getFallbackProvider('kimi-k2-thinking-syn')).toEqual(next);
  });

  test('is undefined without a fallback, and without a key for it', () => {
    expect(engineFor({ providers: localProviders }).getFallbackProvider('kimi-k2-instruct')).toBeUndefined();
    expect(engineFor({ providers: withoutKeys }).getFallbackProvider('kimi-k2-thinking-syn')).toBeUndefined();
  });

  test('is undefined for a model that nobody knows', () => {
    expect(engineFor({ providers: localProviders }).getFallbackProvider('unknown-model')).toBeUndefined();
  });

  test('passes over a model that cannot be used', () => {
    const fields = { a: { fallbacks: ['b', 'c'] }, b: { enabled: false, fallbacks: [] }, c: {} };
    const engine = engineFor(chain(loopback, fields));
    expect(engine.getFallbackProvider('a')).toEqual({ modelId: 'c', providerId: 'p' });
  });
});

describe('who is active', () => {
  test('getModels has each model with its state, getActiveProviders the active ones; the count agrees', async () => {
    const providers = [{ id: 'keyless', ...loopback, apiKeyEnv }];
    const fields = { a: {}, b: { enabled: false }, c: { provider: 'keyless' }, d: {} };
    const engine = engineFor(chain(loopback, fields, { providers }));
    expect(engine.getModels().map(({ id, state }) => [id, state])).toEqual([
      ['a', 'active'], ['b', 'not_enabled'], ['c', 'unconfigured'], ['d', 'active'],
    ]);
    expect(engine.getModels()[2]).toMatchObject({
      id: 'c', providerId: 'keyless', state: 'unconfigured', consecutiveFailures: 0, disabledUntil: null,
    });
    expect(engine.getActiveProviders().map(({ id }) => id)).toEqual(['a', 'd']);
    expect(await engine.getActiveModelCount()).toBe(2);
  });

  test('a provider without apiKeyEnv needs no key', async () => {
    const engine = engineFor(chain(await upstreamFor(), ['a']));
    expect(engine.getModels()).toMatchObject([{ id: 'a', state: 'active' }]);
    expect((await engine.predictWithFallback({ modelId: 'a', matches: matches() })).modelId).toBe('a');
  });

  test('without any key no built-in model is active', async () => {
    const engine = engineFor({ providers: withoutKeys });
    expect(engine.getActiveProviders()).toEqual([]);
    expect(await engine.getActiveModelCount()).toBe(0);
  });
});

describe('getModel', () => {
  test('tells all that the catalogue says of a model beside its state, with the same names', () => {
    const engine = engineFor({ providers: localProviders });
    for (const entry of models) {
      const known = engine.getModel(entry.id);
      const { provider, upstreamModel, notes, ...same } = entry;
      expect(known).toMatchObject({ providerId: provider, state: 'active', enabled: true, fallbacks: [], ...same });
      expect(known.upstreamModel.endsWith(upstreamModel)).toBe(true);
    }
    expect(engine.getModels()).toEqual(models.map(({ id }) => engine.getModel(id)));
  });

  test('fills in what a model leaves to its provider or to the configuration', () => {
    const providers = [{
      id: 'full', ...loopback, modelIdPrefix: 'hf:', responseFormat: 'json_schema',
      limits: { maxTokens: 2048, temperature: [0.1, 1], requestsPerMinute: 60 },
    }];
    const fields = { a: { provider: 'full', limits: { maxTokens: 100 }, tier: 'budget', displayName: 'A' }, b: {} };
    const engine = engineFor(chain(loopback, fields, { providers, attemptTimeoutMs: 7000 }));
    expect(engine.getModel('a')).toEqual({
      id: 'a', providerId: 'full', state: 'active', retiresOn: null, consecutiveFailures: 0, disabledUntil: null, disabledReason: null,
      coolingUntil: null, lastFailure: null, lastSuccessAt: null,
      displayName: 'A', tier: 'budget', upstreamModel: 'hf:a', promptUsdPer1M: 1, completionUsdPer1M: 2,
      cachedPromptUsdPer1M: null, reasoningUsdPer1M: null, fallbacks: ['b'], timeoutMs: 7000, reasoning: false,
      responseFormat: 'json_schema', promptOverrides: [],
      limits: { maxTokens: 100, temperature: [0.1, 1], maxStopSequences: null }, enabled: true,
    });
    expect(engine.getModel('b')).toMatchObject({ displayName: 'b', tier: null, responseFormat: false, fallbacks: [] });
  });

  test('follows a change of the catalogue, and is undefined for a model that nobody knows', () => {
    const engine = engineFor(chain(loopback, ['a']));
    expect(engine.getModel('b')).toBeUndefined();
    engine.updateCatalog({ models: chain(loopback, { b: { timeoutMs: 5 } }).models, fallbacks: { a: 'b' } });
    expect(engine.getModel('a').fallbacks).toEqual(['b']);
    expect(engine.getModel('b').timeoutMs).toBe(5);
    expect(thrown(() => engine.getModel(7)).message).toContain('modelId: must be a string');
  });
});

describe('updateCatalog', () => {
  test('adds models, and the count changes at once', async () => {
    const engine = engineFor(chain(loopback, ['a']));
    expect(await engine.getActiveModelCount()).toBe(1);
    engine.updateCatalog({ models: chain(loopback, ['b', 'c']).models });
    expect(await engine.getActiveModelCount()).toBe(3);
    engine.updateCatalog({ models: chain(loopback, { b: { enabled: false } }).models });
    expect(await engine.getActiveModelCount()).toBe(2);
    expect(engine.getModels().map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  test('lays fallbacks over those that are there', async () => {
    const { engine, predict, asked } = await transcript({ a: 'prose', b: 'clean', c: 'clean' });
    engine.updateCatalog({ fallbacks: { a: ['c'] } });
    expect((await predict()).modelId).toBe('c');
    expect(asked()).toEqual(['a', 'c']);
  });

  test('moves a provider, for the calls that begin after it', async () => {
    const { engine, upstream, predict } = await transcript({ a: 'held' });
    const before = predict();
    await upstream.received(1);
    const other = await upstreamFor();
    engine.updateCatalog({ providers: [{ id: 'p', baseUrl: other.baseUrl }] });
    await predict();
    expect(other.requests).toHaveLength(1);
    upstream.release();
    await before;
    expect(upstream.requests).toHaveLength(1);
  });

  test('changes nothing when anything is wrong', async () => {
    const { engine, predict } = await transcript({ a: 'prose', b: 'clean' });
    const before = engine.getModels();
    const good = chain(loopback, ['z']).models;
    for (const [change, path] of [
      [{ models: [...good, { ...good[0], id: 'y', provider: 'nobody' }] }, 'models[1].provider'],
      [{ models: good, fallbacks: { b: ['a'] } }, 'a → b → a'],
      [{ models: good, fallbacks: { a: ['nobody'] } }, 'fallbacks'],
      [{ models: good, model: [] }, 'model: unknown field'],
      [{ providers: [{ id: 'p', baseUrl: 'http://models.example.com' }], models: good }, 'providers[0].baseUrl'],
    ]) {
      const error = thrown(() => engine.updateCatalog(change));
      expect(error.code).toBe('INVALID_CONFIG');
      expect(error.message).toContain(path);
      expect(engine.getModels()).toEqual(before);
    }
    expect((await predict()).modelId).toBe('b');
  });
});

describe('config.catalog', () => {
  function folderWith(files) {
    const path = mkdtempSync(join(tmpdir(), 'fallcast-'));
    onTestFinished(() => rmSync(path, { recursive: true }));
    for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
    return path;
  }

  test('is a folder whose files are laid over the built-in catalogue', async () => {
    const upstream = await upstreamFor();
    const [model] = chain(upstream, ['mine']).models;
    const catalog = folderWith({
      'models.json': JSON.stringify({ models: [model] }),
      'providers.json': JSON.stringify({ providers: [{ id: 'p', baseUrl: upstream.baseUrl }] }),
    });
    const engine = engineFor({ catalog });
    expect(engine.getModels()).toHaveLength(models.length + 1);
    const outcome = await engine.predictWithFallback({ modelId: 'mine', matches: matches() });
    expect(outcome.modelId).toBe('mine');
  });

  test('is refused with the name of the file', () => {
    for (const content of ['{', '{"models":[{"id":"x"}]}', '[]']) {
      const error = thrown(() => engineFor({ catalog: folderWith({ 'models.json': content }) }));
      expect(error.code).toBe('INVALID_CONFIG');
      expect(error.message).toContain('models.json');
    }
    expect(thrown(() => engineFor({ catalog: '/no/such/folder' })).code).toBe('INVALID_CONFIG');
  });

  // Opening a pipe that nobody writes would wait for ever.
  test.skipIf(process.platform === 'win32').each([
    ['a pipe', (path) => execFileSync('mkfifo', [path])],
    ['a link to a device without end', (path) => symlinkSync('/dev/zero', path)],
    ['a folder', (path) => mkdirSync(path)],
  ])('is refused where a file of it is %s', (_, make) => {
    for (const name of ['models.json', 'providers.json']) {
      const catalog = folderWith({});
      make(join(catalog, name));
      const { code, message } = thrown(() => engineFor({ catalog }));
      expect([code, message]).toEqual([
        'INVALID_CONFIG', `${join(catalog, name)}: cannot be read: it is no regular file`,
      ]);
    }
  });
});

describe('explain', () => {
  test('shows the plan and calls nothing', async () => {
    const off = { models: { b: { enabled: false } } };
    const { engine, upstream } = await transcript({ a: 'clean', b: 'clean', c: 'clean' }, off);
    const plan = engine.explain({ modelId: 'a', matches: matches(3) });
    expect(plan.attempts.map(({ modelId }) => modelId)).toEqual(['a', 'c']);
    expect(plan.attempts[0]).toMatchObject({ providerId: 'p', matches: 3, priceRatio: null });
    expect(plan.attempts[1].priceRatio).toBe(1);
    expect(plan.attempts[0].worstCostUsd).toBeGreaterThan(plan.attempts[0].expectedCostUsd);
    expect(skipsInShort(plan.skips)).toEqual([['b', 'not_enabled']]);
    expect(upstream.requests).toEqual([]);
  });

  test('refuses what a request would be refused for', () => {
    const engine = engineFor(chain(loopback, ['a']));
    expect(thrown(() => engine.explain({ modelId: 'nobody', matches: matches() })).code).toBe('UNKNOWN_MODEL');
    expect(thrown(() => engine.explain({ modelId: 'a', matches: [] })).code).toBe('INVALID_REQUEST');
  });
});
