import { runInNewContext } from 'node:vm';

import { describe, expect, onTestFinished, test, vi } from 'vitest';

import { chain, engineFor, fallcast, matches, rejection, thrown, transcript, upstreamFor } from './support.mjs';

const loopback = { baseUrl: 'http://127.0.0.1:9/v1' };
const faults = (config) => {
  const error = thrown(() => engineFor(config));
  expect(error.code).toBe('INVALID_CONFIG');
  return error.message.split('\n');
};
const fault = (config) => {
  const all = faults(config);
  expect(all).toHaveLength(1);
  return all[0];
};

describe('one fault, with its path', () => {
  const cases = [
    ['config', 'fast'],
    ['config.maxFallbackDepth', { maxFallbackDepth: -1 }],
    ['config.maxPriceRatio', { maxPriceRatio: Number.NaN }],
    ['config.deadlineMs', { deadlineMs: 1.5 }],
    ['config.maxRetries', { maxRetries: '2' }],
    ['config.logLevel', { logLevel: 'loud' }],
    ['config.onLog', { onLog: 'console' }],
    ['config.deadlineMS', { deadlineMS: 5 }],
    ['config.http.timeout', { http: { timeout: 5 } }],
    ['config.http.caCertificates[0]', { http: { caCertificates: ['no certificate'] } }],
    ['config.providers', { providers: {} }],
    ['config.providers[0].baseUrl', { providers: [{ id: 'p' }] }],
    ['config.providers[0].baseUrl', { providers: [{ id: 'p', baseUrl: 'ftp://example.com/v1' }] }],
    ['config.providers[0].url', { providers: [{ id: 'p', baseUrl: 'https://example.com/v1', url: '' }] }],
    ['config.models[0].provider', chain(loopback, { a: { provider: 'nobody' } })],
    ['config.models[0].promptUsdPer1M', chain(loopback, { a: { promptUsdPer1M: -1 } })],
    ['config.models[0].timeOutMs', chain(loopback, { a: { timeOutMs: 5 } })],
    ['config.models[0].promptOverrides[0]', chain(loopback, { a: { promptOverrides: ['no-such'] } })],
    ['config.models[0].fallbacks[0]', chain(loopback, { a: { fallbacks: ['nobody'] } })],
  ];
  test.each(cases)('%s: %j', (path, config) => {
    expect(fault(config).split(': ')[0]).toBe(path);
  });
});

test('all faults are told at once, a line each', () => {
  const lines = faults(chain(loopback, { a: { promptUsdPer1M: -1 }, b: { provider: 'nobody' } }, { maxRetries: -1 }));
  expect(lines.map((line) => line.split(': ')[0]).sort()).toEqual([
    'config.maxRetries', 'config.models[0].promptUsdPer1M', 'config.models[1].provider',
  ]);
});

describe('a fallback graph without an end is refused', () => {
  test('a cycle, spelled out', () => {
    const message = fault(chain(loopback, { a: {}, b: {}, c: { fallbacks: ['a'] } }));
    expect(message).toContain('a → b → c → a');
  });

  test('a cycle through config.fallbacks', () => {
    expect(fault(chain(loopback, ['a', 'b'], { fallbacks: { b: 'a' } }))).toContain('a → b → a');
  });

  test('a model that falls back to itself', () => {
    expect(fault(chain(loopback, { a: { fallbacks: ['a'] } }))).toContain('a → a');
  });
});

test('the same id twice is refused', () => {
  const config = chain(loopback, ['a']);
  expect(fault({ ...config, models: [...config.models, ...config.models] })).toMatch(/^config\.models\[1\]\.id: /);
});

describe('plain http', () => {
  const remote = { baseUrl: 'http://models.example.com/v1' };

  test('is refused beyond loopback', () => {
    expect(fault(chain(remote, ['a']))).toMatch(/^config\.providers\[0\]\.baseUrl: /);
  });

  test('is allowed by allowInsecureHttp', () => {
    expect(engineFor(chain(remote, ['a'], { http: { allowInsecureHttp: true } }))).toBeDefined();
  });

  test.each(['http://127.0.0.1:9/v1', 'http://[::1]:9/v1', 'http://localhost:9/v1'])('is allowed to %s', (baseUrl) => {
    expect(engineFor(chain({ baseUrl }, ['a']))).toBeDefined();
  });
});

describe('keys appear in no message', () => {
  const KEY = 'sk-very-secret-0123456789';

  test('not of a configuration that is refused', () => {
    const config = chain(loopback, { a: { provider: 'nobody' } });
    Object.assign(config.providers[0], { apiKey: KEY, apikey: KEY, headers: { 'x-key': KEY, 'x bad': KEY } });
    expect(faults(config).join('\n')).not.toContain(KEY);
  });

  test('not of a base URL that holds one', () => {
    const baseUrl = `https://user:${KEY}@example.com/v1`;
    expect(fault(chain({ baseUrl }, ['a']))).not.toContain(KEY);
  });

  test.each([KEY, 'Like-No-Key-At-All'])('not of a failure, though the host repeats %s', async (key) => {
    const manner = { name: 'status', status: 401, message: `Invalid API key: ${key}` };
    const upstream = await upstreamFor(manner);
    const config = chain(upstream, ['a']);
    config.providers[0].apiKey = key;
    const error = await rejection(engineFor(config).predictWithFallback({ modelId: 'a', matches: matches() }));
    expect(upstream.requests[0].headers.authorization).toBe(`Bearer ${key}`);
    expect(error.code).toBe('ALL_ATTEMPTS_FAILED');
    expect(`${error.stack}${JSON.stringify(error)}${JSON.stringify(error.attempts)}`).not.toContain(key);
  });
});

test('nothing is a configuration: null, undefined and {}', () => {
  for (const config of [undefined, null, {}]) {
    expect(engineFor(config).getModels().length).toBeGreaterThan(0);
  }
});

test('the configuration is a guard of every request, unless the request says otherwise', async () => {
  const { predict, asked } = await transcript({ a: 'internal_error', b: 'clean' }, { maxFallbackDepth: 0 });
  expect((await rejection(predict())).code).toBe('ALL_ATTEMPTS_FAILED');
  await expect(predict({ maxFallbackDepth: 1 })).resolves.toMatchObject({ modelId: 'b' });
  expect(asked()).toEqual(['a', 'a', 'b']);
});

test('the default engine keeps its first configuration', async () => {
  const config = chain(await upstreamFor(), ['a']);
  fallcast.configure(config);
  expect(fallcast.getModels().map(({ id }) => id)).toEqual(['a']);
  fallcast.configure(structuredClone(config));
  expect(thrown(() => fallcast.configure({ ...config, maxRetries: 1 })).code).toBe('INVALID_CONFIG');
  expect((await fallcast.predictWithFallback({ modelId: 'a', matches: matches() })).modelId).toBe('a');
  expect(await fallcast.getActiveModelCount()).toBe(1);
});

test('only its own fields count, whatever their names are', () => {
  expect(thrown(() => engineFor({ 'a\0b': 1, [Symbol('s')]: 1 })).message).toBe('config["a\\u0000b"]: unknown field');
  engineFor(Object.create({ maxRetries: -1 }));
});

test('a field that throws is INVALID_CONFIG', () => {
  const error = thrown(() => engineFor({ get providers() { throw new Error('broken'); } }));
  expect(error.code).toBe('INVALID_CONFIG');
});

test('what is no plain data is a fault beside the others', () => {
  const error = thrown(() => engineFor({
    maxRetries: 99, deadlineMs: NaN, cooldownMs: 1n, http: new Date(0), onLog: 5,
    providers: [{ id: 'p', baseUrl: 'http://localhost:1', headers: new Map([['x-a', '1']]) }],
  }));
  expect(error.code).toBe('INVALID_CONFIG');
  expect(error.message.split('\n').map((line) => line.split(':')[0]).sort()).toEqual([
    'config.cooldownMs', 'config.deadlineMs', 'config.http', 'config.maxRetries', 'config.onLog',
    'config.providers[0].headers',
  ]);
});

test('plain objects of another realm are plain', () => {
  engineFor(runInNewContext('({ http: { userAgent: "x" }, providers: [] })'));
});

describe('a key is quoted nowhere, wherever it stands', () => {
  const key = 'S3CR3T-k3y-zq9X71Lm';
  const provider = { id: 'p', baseUrl: 'https://example.com/v1' };
  const fields = ['id', 'baseUrl', 'apiKey', 'apiKeyEnv', 'headers', 'limits', 'modelIdPrefix', 'responseFormat', 'maxConcurrency'];
  const shapes = {
    'a text': key, 'a text with a line end': `${key}\n`, 'a URL': `https://${key}@h/`, 'a path': `https://h/${key} `, 'a list': [key],
    'a value': { value: key }, 'a name': { [key]: 1 }, 'a name in a list': [{ [`${key} `]: 'x' }], 'a function': { [key]: () => {} },
    'a bad value of a name': { [key]: '\n' }, 'half a pair': `${key}\ud83d`, 'a half-paired name': { [`${key}\ud83d`]: 'x' },
    'a nested list': [[{ a: [key, undefined] }]],
  };
  const places = Object.entries({
    ...Object.fromEntries(fields.map((name) => [`providers[0].${name}`, (value) => ({ providers: [{ ...provider, [name]: value }] })])),
    'providers[0].limits.temperature': (value) => ({ providers: [{ ...provider, limits: { temperature: value } }] }),
    'providers[0].apikey': (value) => ({ providers: [{ ...provider, apikey: value }] }),
    'providers[0]': (value) => ({ providers: [value] }),
    'the same id twice': (value) => ({ providers: [{ ...provider, id: value }, { ...provider, id: value }] }),
    providers: (value) => ({ providers: value }),
    models: (value) => ({ models: [{ id: 'a', provider: 'p', upstreamModel: 'a', promptUsdPer1M: 1, completionUsdPer1M: 1, apiKey: value }] }),
    apiKey: (value) => ({ apiKey: value }),
    'http.userAgent': (value) => ({ http: { userAgent: value } }),
    'http.caCertificates': (value) => ({ http: { caCertificates: [value] } }),
  });
  test.each(places)('%s', (_, config) => {
    for (const shape of Object.values(shapes)) {
      for (const given of [config(shape), [config(shape)]]) {
        try {
          engineFor({ builtinCatalog: false, ...given });
        } catch (error) {
          expect(error.code).toBe('INVALID_CONFIG');
          expect(error.message).not.toContain('S3CR3T');
        }
      }
    }
  });

  test('in a change of the catalogue', () => {
    const engine = engineFor(chain(loopback, ['a']));
    for (const shape of Object.values(shapes)) {
      const error = thrown(() => engine.updateCatalog({ providers: [{ ...provider, headers: shape, apiKeyEnv: shape, [key]: 1 }] }));
      expect(error.message).not.toContain('S3CR3T');
    }
  });
});

describe('a key that is known is quoted nowhere, wherever else it was put', () => {
  const key = 'aB3.xY9/pQ7=rT5';
  const config = (more = {}) => ({ ...chain(loopback, ['a']), ...more });
  const provider = { id: 'p', ...loopback };

  test.each([
    ['apiKey', { ...provider, apiKey: key }],
    ['the environment', { ...provider, apiKeyEnv: 'FALLCAST_TEST_KEY_OF_CONFIG' }],
    ['headers', { ...provider, headers: { 'x-key': key } }],
  ])('by a fault of a configuration: %s', (_, provider) => {
    vi.stubEnv('FALLCAST_TEST_KEY_OF_CONFIG', key);
    onTestFinished(() => vi.unstubAllEnvs());
    for (const wrong of [{ logLevel: key }, { [key]: 1 }, { fallbacks: { [key]: key } }, { stateFile: `/nowhere/${key}` }]) {
      const { message } = thrown(() => engineFor(config({ providers: [provider], ...wrong })));
      expect(message).toContain('[key]');
      expect(message).not.toContain('xY9');
    }
  });

  test('by what an engine refuses', async () => {
    const engine = engineFor(config({ providers: [{ ...provider, apiKey: key }] }));
    const ask = (request, options) => engine.predictWithFallback({ modelId: 'a', matches: matches(), ...request }, options);
    const refused = [
      await rejection(ask({ modelId: key })), await rejection(ask({}, { [key]: 1 })), await rejection(ask({}, { temperature: key })),
      thrown(() => engine.disableModel(key, 'x')), thrown(() => engine.updateCatalog({ fallbacks: { a: [key] } })),
    ];
    for (const { message } of refused) {
      expect(message).toContain('[key]');
      expect(message).not.toContain('xY9');
    }
  });
});

describe('what is too long is refused at once', () => {
  const sparse = (length = 2 ** 32 - 1, of = Array) => Object.assign(new of(), { length });
  class List extends Array {}
  const places = {
    'config.providers': { providers: sparse() },
    'config.models': { models: sparse(2 ** 32 - 1, List) },
    'config.models[0].fallbacks': chain(loopback, { a: { fallbacks: sparse() } }),
    'config.fallbacks.a': { ...chain(loopback, ['a']), fallbacks: { a: sparse(100_001) } },
    'config.http.caCertificates': { http: { caCertificates: sparse() } },
    'config.budgetAlerts': { budgetAlerts: sparse() },
    'config.prompts.versions': { prompts: { versions: sparse(), components: {} } },
  };
  test.each(Object.entries(places))('%s', (path, config) => {
    expect(faults(config)).toContainEqual(expect.stringMatching(new RegExp(`^${RegExp.escape?.(path) ?? path.replace(/[[\].]/g, '\\$&')}: must hold at most 100000 elements, got \\d+$`)));
  });

  test('a change of the catalogue, and a snapshot', () => {
    const engine = engineFor(chain(loopback, ['a']));
    expect(thrown(() => engine.updateCatalog({ models: sparse() })).message).toBe('changes.models: must hold at most 100000 elements, got 4294967295');
    expect(thrown(() => engine.restore({ version: 1, models: sparse() })).message).toMatch(/^snapshot\.models: must hold at most 100000 elements/);
  });

  test('few lists that stand for many, each in several places', () => {
    let list = ['a'];
    for (let depth = 0; depth < 25; depth += 1) list = [list, list];
    expect(faults({ models: list })).toContain('config: must hold less than 1000000 values');
  });

  test('an array behind a proxy is no plain data', () => {
    expect(fault({ models: new Proxy([], { get: (target, name) => (name === 'length' ? 4e9 : target[name]) }) })).toMatch(/^config\.models: must be plain data/);
  });
});

test('a hundred faults are told, and how many more there are', () => {
  const all = faults({ models: Array.from({ length: 50_000 }, () => 'x'), providers: Object.assign([], { length: 3000 }) });
  expect(all).toHaveLength(101);
  expect(all[100]).toMatch(/^and \d+ more$/);
  expect(all.every((line) => line.length < 2100)).toBe(true);
  const cycle = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`${'m'.repeat(150)}${index}`, {}]));
  const ids = Object.keys(cycle);
  cycle[ids.at(-1)] = { fallbacks: [ids[0]] };
  expect(fault(chain(loopback, cycle)).length).toBeLessThan(2100);
});

describe('an id that could not be told again is refused, with its path', () => {
  const good = chain(loopback, ['a']);
  const [model] = good.models;
  const [provider] = good.providers;
  test.each([
    ['config.models[0].id', { ...good, models: [{ ...model, id: '__proto__' }] }],
    ['config.providers[0].id', { ...good, providers: [{ ...provider, id: '__proto__' }] }],
    ['config.models[0].id', { ...good, models: [{ ...model, id: 'a\ud83d' }] }],
    ['config.models[0].upstreamModel', { ...good, models: [{ ...model, upstreamModel: '\udc00a' }] }],
    ['config.providers[0].id', { ...good, providers: [{ ...provider, id: '\ud800' }] }],
    ['config.models[0].id', { ...good, models: [{ ...model, id: 'a\u2028' }] }],
  ])('%s', (path, config) => {
    expect(faults(config)[0].split(': ')[0]).toBe(path);
  });
  test('but the replacement character itself is one like others', () => {
    expect(engineFor(chain(loopback, ['a\ufffd'])).getModels()[0].id).toBe('a\ufffd');
  });
});
