import { renameSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { components, promptFolder, temporaryFolder, version, write } from './prompt-folder.mjs';
import { chain, engineFor, listen, matches, rejection, thrown, transcript } from './support.mjs';

const loopback = { baseUrl: 'http://127.0.0.1:9/v1' };
const { models: [model], providers } = chain(loopback, ['x']);
const named = (id, fields = {}) => ({ ...model, id, upstreamModel: id, fallbacks: [], ...fields });

/** Waits until a condition holds. */
const until = (condition) => expect.poll(condition, { timeout: 20_000, interval: 10 });

/** A folder with these models, of which those that are named in `more.models` come from the configuration. */
function watching(models, more = {}) {
  const catalog = write(temporaryFolder(), { 'models.json': { models }, 'providers.json': { providers } });
  const engine = engineFor({ builtinCatalog: false, catalog, ...more });
  const { events } = listen(engine);
  const of = (type) => events.filter((event) => event.type === type);
  return { catalog, engine, of, ids: () => engine.getModels().map(({ id }) => id) };
}

test('what is written into the folder is in use without a call: new, gone and other models', async () => {
  const { catalog, engine, of, ids } = watching([named('a'), named('b')]);
  write(catalog, { 'models.json.new': { models: [named('a', { tier: 'other' }), named('c')] } });
  renameSync(join(catalog, 'models.json.new'), join(catalog, 'models.json'));
  await until(ids).toEqual(['a', 'c']);
  await until(() => of('catalog_reloaded')).toMatchObject([
    { addedModelIds: ['c'], removedModelIds: ['b'], changedModelIds: ['a'], callId: null },
  ]);
  expect(await engine.getActiveModelCount()).toBe(2);
  const error = await rejection(engine.predictWithFallback({ modelId: 'b', matches: matches() }));
  expect(error.code).toBe('UNKNOWN_MODEL');
});

test('the configuration and later changes lie over what the folder holds, whenever it was read', async () => {
  const { catalog, engine, ids } = watching([named('a'), named('b'), named('c')], { models: [named('b', { enabled: false })] });
  engine.updateCatalog({ models: [named('d')], fallbacks: { a: ['c'] } });
  write(catalog, { 'models.json': { models: [named('c'), named('b'), named('a'), named('e')] } });
  await until(ids).toEqual(['c', 'b', 'a', 'e', 'd']);
  const state = (id) => engine.getModels().find((entry) => entry.id === id).state;
  expect([state('b'), state('d')]).toEqual(['not_enabled', 'active']);
  expect(engine.getFallbacks()).toEqual({ a: ['c'] });
});

test('a faulty edit keeps what is in use and tells what is wrong, once; its repair is told too', async () => {
  const { catalog, engine, of, ids } = watching([named('a')]);
  write(catalog, { 'models.json': { models: [named('a', { provider: 'nobody' })] } });
  const fault = `${catalog}/models.json: models[0].provider: unknown provider, got "nobody"`;
  await until(() => of('catalog_rejected').map(({ faults }) => faults)).toEqual([[fault]]);
  expect(thrown(() => engine.reloadCatalog())).toMatchObject({ code: 'INVALID_CONFIG', message: fault });
  expect(ids()).toEqual(['a']);
  write(catalog, { 'models.json': { models: [named('a'), named('b')] } });
  await until(ids).toEqual(['a', 'b']);
});

test('a key that stands in the wrong field of a file is in no event', async () => {
  const { catalog, of } = watching([named('a')]);
  const faulty = { id: 'q', baseUrl: 'https://q.example', apiKeyEnv: 'sk-in-the-wrong-place' };
  write(catalog, { 'providers.json': { providers: [...providers, faulty] } });
  await until(() => of('catalog_rejected')).toHaveLength(1);
  expect(JSON.stringify(of('catalog_rejected'))).not.toContain('sk-in-the');
});

test('a call that is under way keeps the catalogue with which it began', async () => {
  const { engine, upstream, predict } = await transcript({ a: 'held' });
  const pending = predict();
  await upstream.received();
  const catalog = write(temporaryFolder(), { 'models.json': { models: [] }, 'providers.json': { providers: [] } });
  const other = engineFor({ builtinCatalog: false, catalog });
  expect(other.reloadCatalog()).toBe(false);
  expect(engine.reloadCatalog()).toBe(false);
  upstream.release();
  expect((await pending).modelId).toBe('a');
});

test('reloadCatalog does it now, and says whether anything changed', () => {
  const { catalog, engine, ids } = watching([named('a')]);
  expect(engine.reloadCatalog()).toBe(false);
  write(catalog, { 'models.json': { models: [named('b')] } });
  engine.reloadCatalog();
  expect(ids()).toEqual(['b']);
});

test('a model that the prompts name cannot go, and prompts that come for a new one are taken with it', async () => {
  const only = version({ models: ['b'], system: ['task', 'calm'] });
  const prompts = promptFolder({ first: version(), only });
  const { catalog, engine, of, ids } = watching([named('a'), named('b')], { prompts });
  write(catalog, { 'models.json': { models: [named('a')] } });
  const fault = `${prompts}/manifest.json: versions.only.models[0]: unknown model, got "b"`;
  await until(() => of('catalog_rejected').map(({ faults }) => faults)).toEqual([[fault]]);
  expect(ids()).toEqual(['a', 'b']);
  // Without the version the models of the folder fit, and come into use with the prompts.
  write(prompts, { 'manifest.json': { versions: { first: version() } } });
  await until(ids).toEqual(['a']);
  // A version for a model that is still to come waits for it.
  write(prompts, { 'manifest.json': { versions: { first: version(), only: version({ models: ['n'], system: ['calm'] }) } } });
  await until(() => of('prompts_rejected')).toHaveLength(1);
  write(catalog, { 'models.json': { models: [named('a'), named('n')] } });
  await until(ids).toEqual(['a', 'n']);
  expect(engine.buildPrompt('n', matches()).system).toContain(components.calm);
});
