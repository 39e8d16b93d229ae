import { describe, expect, test } from 'vitest';

import { chain, engineFor, inShort, listen, matches, rejection, skipsInShort, transcript } from './support.mjs';

/** A provider whose key is in an environment variable that is not set. */
const keyless = { id: 'keyless', apiKeyEnv: 'FALLCAST_TEST_KEY_THAT_IS_NOT_SET' };
const other = { id: 'other' };

/** Prices that are `factor` times those of the other models. */
const dearer = (factor) => ({ promptUsdPer1M: factor, completionUsdPer1M: 2 * factor });
const free = { promptUsdPer1M: 0, completionUsdPer1M: 0 };

describe('unconfigured', () => {
  test('a fallback whose provider has no key is skipped', async () => {
    const { predict, asked } = await transcript({ a: 'prose', b: 'clean', c: 'clean' }, {
      models: { b: { provider: 'keyless' } }, providers: [keyless],
    });
    const outcome = await predict();
    expect(skipsInShort(outcome.skips)).toEqual([['b', 'unconfigured']]);
    expect(outcome.skips[0].detail).toContain(keyless.apiKeyEnv);
    expect(outcome).toMatchObject({ modelId: 'c', fallbackReason: 'parse_error' });
    expect(asked()).toEqual(['a', 'c']);
  });

  test('the original too, and that is the reason', async () => {
    const { predict, asked } = await transcript({ a: 'clean', b: 'clean' }, {
      models: { a: { provider: 'keyless' } }, providers: [keyless],
    });
    const outcome = await predict();
    expect(outcome).toMatchObject({ modelId: 'b', usedFallback: true, fallbackReason: 'unconfigured' });
    expect(asked()).toEqual(['b']);
  });

  test('an empty key is no key', async () => {
    process.env.FALLCAST_TEST_EMPTY_KEY = '';
    const { predict } = await transcript({ a: 'clean' }, {
      models: { a: { provider: 'keyless' } }, providers: [{ ...keyless, apiKeyEnv: 'FALLCAST_TEST_EMPTY_KEY' }],
    });
    expect((await rejection(predict())).code).toBe('NO_MODEL_AVAILABLE');
  });

  test('a key in the environment is sent', async () => {
    process.env.FALLCAST_TEST_KEY = 'sk-from-the-environment';
    const { predict, upstream } = await transcript({ a: 'clean' }, {
      models: { a: { provider: 'keyless' } }, providers: [{ ...keyless, apiKeyEnv: 'FALLCAST_TEST_KEY' }],
    });
    await predict();
    expect(upstream.requests[0].headers.authorization).toBe('Bearer sk-from-the-environment');
  });
});

test('not_enabled: a model that the catalogue switches off', async () => {
  const off = { models: { b: { enabled: false } } };
  const { predict, asked } = await transcript({ a: 'prose', b: 'clean', c: 'clean' }, off);
  const outcome = await predict();
  expect(skipsInShort(outcome.skips)).toEqual([['b', 'not_enabled']]);
  expect(asked()).toEqual(['a', 'c']);
});

describe('retired', () => {
  const day = (days) => new Date(Date.now() + days * 24 * 3_600_000).toISOString().slice(0, 10);

  test('a model whose day has come is passed over, and counts no more', async () => {
    const { predict, asked, engine } = await transcript({ a: 'prose', b: 'clean', c: 'clean' }, {
      models: { b: { retiresOn: day(0) } },
    });
    const outcome = await predict();
    expect(outcome.skips).toEqual([{ modelId: 'b', reason: 'retired', detail: `it is retired since ${day(0)}` }]);
    expect(asked()).toEqual(['a', 'c']);
    expect(await engine.getActiveModelCount()).toBe(2);
    expect(engine.getModels().map(({ state, retiresOn }) => [state, retiresOn])).toEqual([
      ['active', null], ['retired', day(0)], ['active', null],
    ]);
  });

  test('until then it is asked, and the first listener is told once', async () => {
    const { predict, asked, engine } = await transcript({ a: 'clean', b: 'clean' }, {
      models: { a: { retiresOn: day(3) }, b: { retiresOn: day(40) } },
    });
    const { until, events } = listen(engine);
    await until((told) => told.some(({ type }) => type === 'model_retiring'));
    await predict();
    expect(asked()).toEqual(['a']);
    const told = events.filter(({ type }) => type === 'model_retiring');
    expect(told).toMatchObject([{ modelId: 'a', retiresOn: day(3), daysLeft: 3, callId: null }]);
  });

  test('the first day that is told of is 30 days before, the last is the day before', async () => {
    const { predict, asked, engine } = await transcript({ a: 'prose', b: 'prose', c: 'prose', d: 'clean' }, {
      models: { a: { retiresOn: day(31) }, b: { retiresOn: day(30) }, c: { retiresOn: day(1) }, d: { retiresOn: day(0) } },
    });
    const { until, events } = listen(engine);
    const error = await rejection(predict());
    expect(asked()).toEqual(['a', 'b', 'c']);
    expect(skipsInShort(error.skips)).toEqual([['d', 'retired']]);
    await until((told) => told.filter(({ type }) => type === 'model_retiring').length === 2);
    const told = events.filter(({ type }) => type === 'model_retiring');
    expect(told.map(({ modelId, daysLeft }) => [modelId, daysLeft])).toEqual([['b', 30], ['c', 1]]);
  });

  test('a change of the catalogue is told of at once', async () => {
    const config = chain({ baseUrl: 'http://127.0.0.1:9/v1' }, ['a']);
    const engine = engineFor(config);
    const { next } = listen(engine);
    engine.updateCatalog({ models: [{ ...config.models[0], retiresOn: day(30) }] });
    expect(await next('model_retiring')).toMatchObject({ modelId: 'a', daysLeft: 30 });
  });
});

describe('depth', () => {
  const table = { a: 'prose', b: 'prose', c: 'prose', d: 'prose', e: 'clean', f: 'clean' };

  test('three fallbacks are called by default, those beyond are skipped', async () => {
    const { predict, asked } = await transcript(table);
    const error = await rejection(predict());
    expect(error.code).toBe('ALL_ATTEMPTS_FAILED');
    expect(asked()).toEqual(['a', 'b', 'c', 'd']);
    expect(skipsInShort(error.skips)).toEqual([['e', 'depth'], ['f', 'depth']]);
  });

  test('a request may go deeper or not at all', async () => {
    const { predict } = await transcript(table);
    expect((await predict({ maxFallbackDepth: 4 })).modelId).toBe('e');
    expect(inShort((await rejection(predict({ maxFallbackDepth: 0 }))).attempts)).toEqual([['a', 'parse_error']]);
  });

  test('a skipped model takes no place', async () => {
    const { predict, asked } = await transcript(table, { models: { b: { enabled: false } } });
    expect((await rejection(predict({ maxFallbackDepth: 1 }))).skips).toMatchObject([
      { modelId: 'b', reason: 'not_enabled' }, { reason: 'depth' }, { reason: 'depth' }, { reason: 'depth' },
    ]);
    expect(asked()).toEqual(['a', 'c']);
  });
});

describe('too_expensive', () => {
  test('a fallback more than five times dearer', async () => {
    const { predict, asked } = await transcript({ a: 'prose', b: 'clean', c: 'clean' }, { models: { b: dearer(7.5) } });
    const outcome = await predict();
    expect(skipsInShort(outcome.skips)).toEqual([['b', 'too_expensive']]);
    expect(asked()).toEqual(['a', 'c']);
  });

  test('not one that is four times dearer', async () => {
    const { predict } = await transcript({ a: 'prose', b: 'clean' }, { models: { b: dearer(4) } });
    expect(await predict()).toMatchObject({ modelId: 'b', skips: [] });
  });

  test('maxPriceRatio moves the limit, and null takes it away', async () => {
    const strict = await transcript({ a: 'prose', b: 'clean' }, { models: { b: dearer(4) }, maxPriceRatio: 3 });
    expect(skipsInShort((await rejection(strict.predict())).skips)).toEqual([['b', 'too_expensive']]);
    const free = await transcript({ a: 'prose', b: 'clean' }, { models: { b: dearer(100) }, maxPriceRatio: null });
    expect((await free.predict()).modelId).toBe('b');
  });

  test('the ratio is of what this request costs, not of one column of the price list', async () => {
    const models = { b: { promptUsdPer1M: 1, completionUsdPer1M: 11 } };
    const { predict } = await transcript({ a: 'prose', b: 'clean' }, { models });
    expect((await predict()).modelId).toBe('b');
  });

  test('a free original has no ratio', async () => {
    const { predict } = await transcript({ a: 'prose', b: 'clean' }, { models: { a: free } });
    expect((await predict()).modelId).toBe('b');
  });

  test('maxFallbackCost of the request', async () => {
    const { predict, asked } = await transcript({ a: 'prose', b: 'clean', c: 'clean' }, { models: { c: free } });
    const outcome = await predict({ maxFallbackCost: 0.000_001 });
    expect(skipsInShort(outcome.skips)).toEqual([['b', 'too_expensive']]);
    expect(outcome.modelId).toBe('c');
    expect(asked()).toEqual(['a', 'c']);
  });

  test('maxFallbackCost is for all fallbacks of a request together', async () => {
    const table = { a: 'prose', b: 'prose', c: 'clean' };
    const { predict, engine } = await transcript(table, { maxFallbackCost: 0 });
    const error = await rejection(predict());
    expect(skipsInShort(error.skips)).toEqual([['b', 'too_expensive'], ['c', 'too_expensive']]);

    // Enough for the worst case of one of the two, which cost the same.
    let enough = 1e-6;
    const fits = (sum) => engine.explain({ modelId: 'a', matches: matches() }, { maxFallbackCost: sum });
    while (fits(enough).attempts.length < 2) enough *= 1.5;
    const one = await rejection(predict({ maxFallbackCost: enough }));
    expect(skipsInShort(one.skips)).toEqual([['c', 'too_expensive']]);
  });

  test('the original is never too expensive', async () => {
    const { predict } = await transcript({ a: 'clean' }, { maxFallbackCost: 0 });
    expect((await predict()).modelId).toBe('a');
  });
});

describe('provider_failed', () => {
  test.each(['unauthorized', 'no_credit'])('after %s, the other models of that provider', async (manner) => {
    const { predict, asked } = await transcript({ a: manner, b: 'clean', c: 'clean' }, {
      models: { c: { provider: 'other' } }, providers: [other],
    });
    const outcome = await predict();
    expect(skipsInShort(outcome.skips)).toEqual([['b', 'provider_failed']]);
    expect(outcome.modelId).toBe('c');
    expect(asked()).toEqual(['a', 'c']);
  });

  test('not after 403', async () => {
    const { predict } = await transcript({ a: 'forbidden', b: 'clean' });
    expect(await predict()).toMatchObject({ modelId: 'b', skips: [] });
  });
});

test('each skip says why in words', async () => {
  const { predict } = await transcript({ a: 'prose', b: 'clean', c: 'clean', d: 'clean' }, {
    models: { b: { enabled: false }, c: dearer(50) },
  });
  const { skips } = await predict();
  expect(skips).toHaveLength(2);
  for (const { detail } of skips) expect(detail).toMatch(/\w+ \w+/);
});
