import { describe, expect, test } from 'vitest';

import { inShort, matches, rejection, skipsInShort, transcript } from './support.mjs';

const counted = { name: 'prose', usage: { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100 } };

test('ALL_ATTEMPTS_FAILED has every attempt, skip and cost, and names each model and kind on a line', async () => {
  const { predict } = await transcript({ a: counted, b: 'clean', c: 'empty', d: 'unauthorized' }, {
    models: { b: { enabled: false } },
  });
  const error = await rejection(predict());
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: 'Error', code: 'ALL_ATTEMPTS_FAILED' });
  expect(inShort(error.attempts)).toEqual([['a', 'parse_error'], ['c', 'empty_response'], ['d', 'unauthorized']]);
  expect(skipsInShort(error.skips)).toEqual([['b', 'not_enabled']]);
  expect(error.costUsd).toBeGreaterThanOrEqual(0.0012);
  const lines = error.message.split('\n');
  for (const { modelId, failure, reason } of [...error.attempts, ...error.skips]) {
    const named = lines.filter((line) => line.includes(`${modelId}:`) && line.includes(failure ?? reason));
    expect(named, modelId).toHaveLength(1);
  }
});

test('NO_MODEL_AVAILABLE when all were skipped', async () => {
  const { predict, upstream } = await transcript({ a: 'clean', b: 'clean' }, {
    models: { a: { enabled: false }, b: { provider: 'keyless' } },
    providers: [{ id: 'keyless', apiKeyEnv: 'FALLCAST_TEST_KEY_THAT_IS_NOT_SET' }],
  });
  const error = await rejection(predict());
  expect(error).toMatchObject({ code: 'NO_MODEL_AVAILABLE', attempts: [], costUsd: 0 });
  expect(skipsInShort(error.skips)).toEqual([['a', 'not_enabled'], ['b', 'unconfigured']]);
  expect(upstream.requests).toEqual([]);
});

describe('DEADLINE_EXCEEDED', () => {
  test('when the last attempt is under way', async () => {
    const { predict, upstream } = await transcript({ a: 'never' });
    const error = await rejection(predict({ deadlineMs: 300 }));
    expect(error.code).toBe('DEADLINE_EXCEEDED');
    expect(inShort(error.attempts)).toEqual([['a', 'deadline']]);
    expect(error.costUsd).toBeGreaterThan(0);
    await upstream.idle();
    expect(upstream.requests[0].state).toBe('closed_by_client');
  });

  test('a hung model leaves its fallback a share of the time', async () => {
    const { predict } = await transcript({ a: 'never', b: 'clean' });
    const outcome = await predict({ deadlineMs: 2000 });
    expect(inShort(outcome.attempts)).toEqual([['a', 'timeout'], ['b', null]]);
  });

  test('of the configuration', async () => {
    const { predict } = await transcript({ a: 'never' }, { deadlineMs: 300 });
    expect((await rejection(predict())).code).toBe('DEADLINE_EXCEEDED');
  });

  test('while waiting for its turn at the provider', async () => {
    const { engine, upstream } = await transcript({ a: 'held', b: 'clean' }, {
      models: { a: { provider: 'narrow', fallbacks: [] } }, providers: [{ id: 'narrow', maxConcurrency: 1 }],
    });
    const ask = (options) => engine.predictWithFallback({ modelId: 'a', matches: matches() }, options);
    const first = ask();
    await upstream.received(1);
    const error = await rejection(ask({ deadlineMs: 300 }));
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', costUsd: 0 });
    upstream.release();
    await first;
    expect(upstream.requests).toHaveLength(1);
  });
});

test('CLOSED rejects what is pending, and every later call', async () => {
  const { predict, engine, upstream } = await transcript({ a: 'never' });
  const pending = [rejection(predict()), rejection(predict())];
  await upstream.received(2);
  await engine.close();
  expect((await Promise.all(pending)).map(({ code }) => code)).toEqual(['CLOSED', 'CLOSED']);
  await upstream.idle();
  expect(upstream.requests.map(({ state }) => state)).toEqual(['closed_by_client', 'closed_by_client']);
  expect((await rejection(predict())).code).toBe('CLOSED');
  await engine.close();
});

describe('an error names its call', () => {
  const ID = /^[0-9a-f]{16}-[1-9][0-9]*$/;
  const requestId = 'job-7';

  test.each([
    ['ALL_ATTEMPTS_FAILED', {}, {}],
    ['NO_MODEL_AVAILABLE', { models: { a: { enabled: false } } }, {}],
    ['BUDGET_EXHAUSTED', { dailyBudgetUsd: 0 }, {}],
    ['DEADLINE_EXCEEDED', {}, { deadlineMs: 1 }],
    ['ABORT_ERR', {}, { signal: AbortSignal.abort() }],
  ])('where one began: %s', async (code, config, options) => {
    const manner = code === 'DEADLINE_EXCEEDED' ? 'never' : 'prose';
    const { predict } = await transcript({ a: manner }, config);
    expect(await rejection(predict({ ...options, requestId }))).toMatchObject({
      code, callId: expect.stringMatching(ID), requestId,
    });
    expect(await rejection(predict(options))).toMatchObject({
      code, callId: expect.stringMatching(ID), requestId: null,
    });
  });

  test('that a close ended, or one that began too late', async () => {
    const { engine, predict, upstream } = await transcript({ a: 'never' });
    const pending = rejection(predict({ requestId }));
    await upstream.received(1);
    await engine.close();
    expect(await pending).toMatchObject({ code: 'CLOSED', callId: expect.stringMatching(ID), requestId });
    const later = await rejection(predict({ requestId }));
    expect(later).toMatchObject({ code: 'CLOSED', callId: expect.stringMatching(ID), requestId });
  });

  test('that was refused before it began', async () => {
    const { engine } = await transcript({ a: 'clean' });
    for (const request of [{ modelId: 'nobody', matches: matches() }, { modelId: 'a', matches: [] }, null]) {
      const error = await rejection(engine.predictWithFallback(request, { requestId }));
      const nameless = await rejection(engine.predictWithFallback(request));
      expect(error).toMatchObject({ callId: expect.stringMatching(ID), requestId });
      expect(nameless).toMatchObject({ callId: expect.stringMatching(ID), requestId: null });
      expect(nameless.callId).not.toBe(error.callId);
    }
  });
});

test('the call itself never throws', async () => {
  const { engine } = await transcript({ a: 'clean' });
  for (const args of [[], [null], [Symbol('x')], [{}, 5], [new Proxy({}, { get() { throw new Error('trap'); } })]]) {
    const promise = engine.predictWithFallback(...args);
    expect(promise).toBeInstanceOf(Promise);
    expect(await rejection(promise)).toBeInstanceOf(Error);
  }
});

test('an error keeps the stack of its caller', async () => {
  const { engine } = await transcript({ a: 'prose' });
  async function theCaller() {
    return await engine.predictWithFallback({ modelId: 'a', matches: matches() });
  }
  expect((await rejection(theCaller())).stack).toContain('theCaller');
});

test('errors end with their own code when many run at once', async () => {
  const { engine } = await transcript({ a: 'prose', b: 'clean' }, {
    models: { a: { fallbacks: [] } }, disableThreshold: null,
  });
  const codes = await Promise.all(Array.from({ length: 60 }, async (_, index) => {
    const modelId = ['a', 'b', 'nobody'][index % 3];
    const result = await engine.predictWithFallback({ modelId, matches: matches() }).catch((error) => error);
    return result.code ?? result.modelId;
  }));
  const expected = ['ALL_ATTEMPTS_FAILED', 'b', 'UNKNOWN_MODEL'];
  expect(codes).toEqual(codes.map((_, index) => expected[index % 3]));
});
