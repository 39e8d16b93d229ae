import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import Ajv2020 from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';

import { BUILTIN, components, copyOfBuiltin, promptFolder, temporaryFolder, version, write } from './prompt-folder.mjs';
import { chain, engineFor, fallcast, matches, rejection, thrown, transcript, upstreamFor } from './support.mjs';

const loopback = { baseUrl: 'http://127.0.0.1:9/v1' };
const local = { providers: ['together', 'synthetic'].map((id) => ({ id, ...loopback })) };

/** An engine with the models a, b and c and these prompts. */
const engineWith = (prompts, models = ['a', 'b', 'c']) => engineFor(chain(loopback, models, { prompts }));

/** The fault of these prompts, with `~` for their folder. */
function fault(prompts) {
  const error = thrown(() => new fallcast.Fallcast(chain(loopback, ['a', 'b', 'c'], { prompts })));
  expect(error.code).toBe('INVALID_CONFIG');
  return error.message.replaceAll(prompts, '~');
}

const versionOf = (engine, modelId, matchId = 'm1') =>
  engine.buildPrompt(modelId, [{ ...matches()[0], id: matchId }]).promptVersion;

test('a folder and an object with the same content give the same prompts', () => {
  const versions = { first: version({ overrides: { b: ['calm'] } }) };
  const engines = [promptFolder(versions), { versions, components }].map((prompts) => engineWith(prompts));
  for (const modelId of ['a', 'b']) {
    const [fromFolder, fromObject] = engines.map((engine) => engine.buildPrompt(modelId, matches(2)));
    expect(fromFolder).toEqual(fromObject);
    expect(fromFolder.promptVersion).toBe('first');
    expect(fromFolder.overrides).toEqual(modelId === 'b' ? ['calm'] : []);
  }
  const today = new Date().toISOString().slice(0, 10);
  expect(engines[0].buildPrompt('b', matches()).system).toBe(
    `Predict, as one of 3, on ${today}.\n\nThe exact score earns the most.\n\nKeep calm.\n\nAnswer as JSON.`,
  );
});

test('a change of the scoring component reaches every built-in model', () => {
  const folder = copyOfBuiltin();
  const scoring = readFileSync(join(folder, 'scoring.md'), 'utf8').trim();
  const before = engineFor({ ...local, prompts: folder });
  const models = before.getModels().map(({ id }) => id);
  const prompts = new Map(models.map((id) => [id, before.buildPrompt(id, matches()).system]));
  write(folder, { 'scoring.md': 'The right score earns four points.' });
  const after = engineFor({ ...local, prompts: folder });
  for (const id of models) {
    const { system } = after.buildPrompt(id, matches());
    expect(system).toBe(prompts.get(id).replace(scoring, 'The right score earns four points.'));
    expect(system).not.toBe(prompts.get(id));
  }
});

describe('a faulty folder is refused, with file and path', () => {
  const first = version();
  const cases = {
    'an unknown component': [
      { first: version({ system: ['tasks'] }) },
      'versions.first.system[0]: unknown component, got "tasks"',
    ],
    'an unknown model': [
      { first: version({ overrides: { A: ['calm'] } }) },
      'versions.first.overrides.A: unknown model, got "A"',
    ],
    'a roll-out to an unknown model': [
      { first, second: version({ models: ['a-syn'] }) },
      'versions.second.models[0]: unknown model, got "a-syn"',
    ],
    'overlapping ranges without weights': [
      { first, second: version({ activeFrom: '2026-01-01', weight: 1 }) },
      'versions.second: is active at the same time as version "first"; give both a weight',
    ],
    'a time without a version': [
      { first: version({ activeTo: '2999-01-01' }) },
      'versions: no version for all models is active at 2999-01-01T00:00:00Z',
    ],
    'no output format': [
      { first: version({ output: undefined }) },
      'versions.first.output: is required: the component that says how to answer',
    ],
    'no matches': [
      { first: version({ user: ['task'] }) },
      'versions.first.user: must have the placeholder {{matches}} once in its components, has it 0 times',
    ],
    'a misspelt field': [
      { first: version({ overides: {} }) },
      'versions.first.overides: unknown field, did you mean overrides?',
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [versions, expected]) => {
    expect(fault(promptFolder(versions))).toBe(`~/manifest.json: ${expected}`);
  });

  test('a placeholder that nothing fills, in a component that no version uses yet', () => {
    const folder = promptFolder(undefined, { 'overrides/later.md': 'Dear\n{{ model }},' });
    expect(fault(folder)).toMatch('~/overrides/later.md: line 2: nothing fills the placeholder {{ model }}, known are');
  });

  test('no JSON, no manifest, no folder', () => {
    expect(fault(promptFolder(undefined, { 'manifest.json': '{' }))).toMatch('~/manifest.json: is not JSON: ');
    expect(fault(temporaryFolder())).toBe('config.prompts: must be a folder that holds manifest.json, got "~"');
    expect(fault(join(temporaryFolder(), 'nowhere'))).toMatch('config.prompts: must be a folder that holds');
  });

  test('all faults at once, also of an object', () => {
    const texts = { ...components, calm: '' };
    const prompts = { versions: { first: version({ system: ['x'], weight: 0 }) }, components: texts };
    const { message } = thrown(() => new fallcast.Fallcast(chain(loopback, ['a'], { prompts, maxRetries: -1 })));
    expect(message.split('\n').map((line) => line.split(': ')[0])).toEqual([
      'config.maxRetries', 'config.prompts.components.calm', 'config.prompts.versions.first.system[0]',
      'config.prompts.versions.first.weight',
    ]);
  });
});

test("a model's promptOverrides are the components of the prompts in use", () => {
  const models = { a: { promptOverrides: ['calm', 'json-strict'] }, b: {} };
  const engine = engineWith(promptFolder(), models);
  expect(engine.buildPrompt('a', matches()).overrides).toEqual(['calm', 'json-strict']);
  const giveB = (...promptOverrides) =>
    engine.updateCatalog({ models: chain(loopback, { b: { promptOverrides } }).models });
  expect(thrown(() => giveB('loud')).message).toMatch(/promptOverrides\[0\]: unknown prompt override, .*got "loud"/);
  giveB('calm');
  expect(engine.buildPrompt('b', matches()).overrides).toEqual(['calm']);
});

describe('which version a request sees', () => {
  test('the one that is active now, and among those the one that names the model', () => {
    const engine = engineWith(promptFolder({
      old: version({ activeTo: '2025-01-01T00:00:00Z', notes: 'The first.' }),
      current: version({ activeFrom: '2025-01-01T00:00:00Z' }),
      trial: version({ models: ['b'] }),
      next: version({ models: ['c'], activeFrom: '2999-01-01' }),
    }));
    expect(['a', 'b', 'c'].map((id) => versionOf(engine, id))).toEqual(['current', 'trial', 'current']);
    const nothing = { notes: null, activeFrom: null, activeTo: null, models: null, weight: null };
    const plain = { ...nothing, active: true, pinned: false };
    const [turn, far] = ['2025-01-01T00:00:00.000Z', '2999-01-01T00:00:00.000Z'];
    expect(engine.getPrompts()).toEqual([
      { ...plain, version: 'old', notes: 'The first.', activeTo: turn, active: false },
      { ...plain, version: 'current', activeFrom: turn },
      { ...plain, version: 'trial', models: ['b'] },
      { ...plain, version: 'next', models: ['c'], activeFrom: far, active: false },
    ]);
  });

  test('several with weights share the requests, the same one by the same version, in every engine', () => {
    const folder = promptFolder({ A: version({ weight: 3 }), B: version({ weight: 1 }) });
    const [one, two] = [engineWith(folder), engineWith(folder)];
    const counts = { A: 0, B: 0 };
    for (let index = 0; index < 2000; index += 1) {
      const chosen = versionOf(one, 'a', `match-${index}`);
      expect(versionOf(two, 'a', `match-${index}`)).toBe(chosen);
      counts[chosen] += 1;
    }
    expect(counts.B).toBeGreaterThan(400);
    expect(counts.B).toBeLessThan(600);
  });

  const shared = { A: version({ weight: 1, system: ['task'] }), B: version({ weight: 1, system: ['calm'] }) };

  test('a retry stays with the version of the first try', async () => {
    const prompts = promptFolder(shared);
    const { engine, upstream } = await transcript({ a: ['internal_error', 'clean'] }, { prompts, maxRetries: 1 });
    const shown = engine.buildPrompt('a', matches(3));
    const outcome = await engine.predictWithFallback({ modelId: 'a', matches: matches(3) });
    expect(outcome.attempts).toMatchObject([{ retries: 1, promptVersion: shown.promptVersion }]);
    expect(upstream.requests.map(({ body }) => body.messages[0].content)).toEqual([shown.system, shown.system]);
  });

  test('who is asked for the rest of the matches sees the version of the first match of all', async () => {
    const prompts = promptFolder(shared);
    const { engine } = await transcript({ a: { name: 'partial', matches: 1 }, b: 'clean' }, { prompts });
    const ids = Array.from({ length: 20 }, (_, index) => `m${index}`);
    const second = ids.find((id) => versionOf(engine, 'b', id) !== versionOf(engine, 'b', 'm0'));
    const asked = ['m0', second].map((id) => ({ ...matches()[0], id }));
    const outcome = await engine.predictWithFallback({ modelId: 'a', matches: asked });
    expect(outcome.predictions.map(({ modelId }) => modelId)).toEqual(['a', 'b']);
    expect(outcome.promptVersion).toBe(versionOf(engine, 'b', 'm0'));
  });

  test('the version that the request names goes before all', async () => {
    const upstream = await upstreamFor();
    const prompts = promptFolder({ first: version(), second: version({ models: ['b'], system: ['calm'] }) });
    const engine = engineFor(chain(upstream, ['a', 'b'], { prompts }));
    const outcome = await engine.predictWithFallback({ modelId: 'a', matches: matches(), promptVersion: 'second' });
    expect(outcome.promptVersion).toBe('second');
    expect(upstream.requests[0].body.messages[0].content).toBe('Keep calm.\n\nAnswer as JSON.');
    const unknown = { modelId: 'a', matches: matches(), promptVersion: 'Second' };
    const problem = 'request.promptVersion: no prompt has the version "Second", there is "first", "second"';
    const expected = { code: 'INVALID_REQUEST', message: expect.stringContaining(problem) };
    expect(await rejection(engine.predictWithFallback(unknown))).toMatchObject(expected);
  });
});

describe('which models a version reaches', () => {
  const ids = JSON.parse(readFileSync(join(BUILTIN, '../models.json'), 'utf8')).models.map(({ id }) => id);

  /** Every other string that begins or ends `id`, begins or ends with it, or differs from it in case alone. */
  const variants = (id) => [...id].flatMap((character, at) => [
    id.slice(0, at), id.slice(at), id.slice(0, at) + character.toUpperCase() + id.slice(at + 1),
  ]).concat(id.toUpperCase(), `${id}-`, `${id}-syn`, `x${id}`).filter((variant) => variant && variant !== id);

  test('exactly those that it names: no prefix, suffix or other case of any built-in id', () => {
    const named = Object.fromEntries(ids.map((id) => [id, ['calm']]));
    const prompts = { versions: { all: version(), some: version({ models: ids, overrides: named }) }, components };
    const others = [...new Set(ids.flatMap(variants))].filter((id) => !ids.includes(id));
    const { providers, models } = chain(loopback, Object.fromEntries(others.map((id) => [id, { fallbacks: [] }])));
    const engine = engineFor({ ...local, providers: [...local.providers, ...providers], models, prompts });
    expect(others.length).toBeGreaterThan(1000);
    const calm = { promptVersion: 'some', overrides: expect.arrayContaining(['calm']) };
    for (const id of ids) expect(engine.buildPrompt(id, matches()), id).toMatchObject(calm);
    const plain = { promptVersion: 'all', overrides: [] };
    for (const id of others) expect(engine.buildPrompt(id, matches()), id).toMatchObject(plain);
  });
});

test('activatePrompts pins a version for the models that it is for, and null returns to the dates', () => {
  const engine = engineWith(promptFolder({
    good: version({ activeTo: '2026-01-01' }),
    bad: version({ activeFrom: '2026-01-01' }),
    trial: version({ models: ['b'], activeFrom: '2999-01-01' }),
  }));
  const versions = () => ['a', 'b'].map((id) => versionOf(engine, id));
  const pinned = () => engine.getPrompts().filter((entry) => entry.pinned).map((entry) => entry.version);
  expect([versions(), pinned()]).toEqual([['bad', 'bad'], []]);
  engine.activatePrompts('good');
  expect([versions(), pinned()]).toEqual([['good', 'good'], ['good']]);
  engine.activatePrompts('trial');
  expect(versions()).toEqual(['bad', 'trial']);
  const unknown = { code: 'INVALID_REQUEST', message: expect.stringContaining('"good", "bad", "trial"') };
  expect(thrown(() => engine.activatePrompts('Good'))).toMatchObject(unknown);
  expect(thrown(() => engine.activatePrompts(1)).code).toBe('INVALID_REQUEST');
  expect(pinned()).toEqual(['trial']);
  engine.activatePrompts(null);
  expect([versions(), pinned()]).toEqual([['bad', 'bad'], []]);
});

test('outcome, attempts, events, metrics and plan say which version and overrides each model was sent', async () => {
  const prompts = promptFolder({ all: version(), trial: version({ models: ['b'], overrides: { b: ['calm'] } }) });
  const { engine, predict } = await transcript({ a: 'internal_error', b: 'clean' }, { prompts });
  const events = [];
  engine.onEvent((event) => events.push(event));
  const outcome = await predict();
  expect(outcome).toMatchObject({ modelId: 'b', promptVersion: 'trial', overrides: ['calm'] });
  const sent = [
    { modelId: 'a', promptVersion: 'all', overrides: [] },
    { modelId: 'b', promptVersion: 'trial', overrides: ['calm'] },
  ];
  expect(outcome.attempts).toMatchObject(sent);
  expect(events.filter(({ type }) => type === 'fallback')).toMatchObject(sent.slice(1));
  const counted = sent.map(({ promptVersion, ...rest }) => ({ version: promptVersion, ...rest, attempts: 1 }));
  expect(engine.getMetrics().prompts).toMatchObject(counted);
  expect(engine.getMetricsText()).toMatch(/prompt_attempts_total\{version="trial",model="b",overrides="calm"\} 1\n/);
  const plan = engine.explain({ modelId: 'a', matches: matches() });
  expect(plan).toMatchObject({ promptVersion: 'all', attempts: sent });
});

describe('the JSON Schema of a manifest', () => {
  const read = (name) => JSON.parse(readFileSync(join(BUILTIN, name), 'utf8'));
  const validate = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false })
    .compile(read('manifest.schema.json'));

  test('accepts what ships and every field that there is', () => {
    expect(validate(read('manifest.json')), JSON.stringify(validate.errors)).toBe(true);
    const span = { activeFrom: '2026-01-01', activeTo: '2026-01-02T03:04:05.678Z' };
    const full = version({ notes: 'n', overrides: { a: ['calm'] }, ...span, models: ['a'], weight: 2 });
    expect(validate({ versions: { full } }), JSON.stringify(validate.errors)).toBe(true);
    engineWith({ versions: { full, rest: version({ weight: 1 }) }, components });
  });

  const faulty = [
    { output: undefined }, { system: [] }, { user: 'matches' }, { overides: {} }, { weight: 0 }, { models: [] },
    { models: ['a', 'a'] }, { activeFrom: '5 May' }, { activeTo: '2026-01-01T00:00:00+01:00' },
    { overrides: { a: 'calm' } }, { notes: 1 }, { system: [''] },
    { system: ['task', 'task'] }, { overrides: { a: ['calm', 'calm'] } },
  ];
  test.each(faulty)('refuses what the loader refuses: %j', (fields) => {
    const versions = JSON.parse(JSON.stringify({ first: version(fields) }));
    expect(validate({ versions })).toBe(false);
    fault({ versions, components });
  });

  test('refuses a version that is named like a prompt of the caller’s own, and none at all', () => {
    for (const versions of [{ own: version() }, {}]) {
      expect(validate({ versions })).toBe(false);
      fault({ versions, components });
    }
  });
});
