import { describe, expect, test } from 'vitest';

import {
  another, chain, engineFor, fail, fallcast, listen, matches, quiet, rejection, skipsInShort, stateOf, thrown,
  transcript, upstreamFor,
} from './support.mjs';

/** Milliseconds from now until an ISO 8601 time. */
const until = (time) => Date.parse(time) - Date.now();
const HOUR = 3_600_000;

/** Whether a time is as far from now as it should be, give or take what a slow machine takes. */
function expectIn(time, ms, slack = 20_000) {
  expect(until(time)).toBeLessThanOrEqual(ms);
  expect(until(time)).toBeGreaterThan(ms - slack);
}

describe('a model that fails by its own fault', () => {
  test('is switched off by the fifth failure in a row, for an hour', async () => {
    const { engine, predict, predictAnother, asked } = await transcript({ a: 'prose', b: 'clean' });
    for (let failures = 1; failures <= 4; failures += 1) {
      await predictAnother();
      const { state, consecutiveFailures, disabledUntil } = stateOf(engine, 'a');
      expect({ state, consecutiveFailures, disabledUntil }).toEqual({
        state: 'active', consecutiveFailures: failures, disabledUntil: null,
      });
    }
    expect((await predictAnother()).attempts)
      .toMatchObject([{ modelId: 'a', failure: 'parse_error' }, { modelId: 'b' }]);
    const { state, consecutiveFailures, disabledUntil, disabledReason, lastFailure } = stateOf(engine, 'a');
    expect({ state, consecutiveFailures }).toEqual({ state: 'disabled', consecutiveFailures: 5 });
    expectIn(disabledUntil, HOUR);
    expect(disabledReason).toBe('5 failures in a row, the last of kind parse_error');
    expect(lastFailure.kind).toBe('parse_error');
    expectIn(lastFailure.at, 0);

    const outcome = await predict();
    expect(outcome).toMatchObject({ modelId: 'b', fallbackReason: 'disabled' });
    expect(skipsInShort(outcome.skips)).toEqual([['a', 'disabled']]);
    expect(asked().filter((model) => model === 'a')).toHaveLength(5);
    expect(await engine.getActiveModelCount()).toBe(1);
    expect(engine.getActiveProviders().map(({ id }) => id)).toEqual(['b']);
    expect(engine.getFallbackProvider('a')).toEqual({ modelId: 'b', providerId: 'p' });
  });

  test('begins anew after a success', async () => {
    const replies = [...Array(4).fill('prose'), 'clean', ...Array(4).fill('empty'), 'prose'];
    const { engine, predictAnother } = await transcript({ a: replies });
    for (let call = 0; call < 4; call += 1) await rejection(predictAnother());
    await predictAnother();
    const { consecutiveFailures, lastSuccessAt, lastFailure } = stateOf(engine, 'a');
    expect({ consecutiveFailures, kind: lastFailure.kind }).toEqual({ consecutiveFailures: 0, kind: 'parse_error' });
    expectIn(lastSuccessAt, 0);
    for (let call = 0; call < 4; call += 1) await rejection(predictAnother());
    expect(stateOf(engine, 'a')).toMatchObject({ state: 'active', consecutiveFailures: 4 });
    await rejection(predictAnother());
    expect(stateOf(engine, 'a').state).toBe('disabled');
  });

  test('stays away twice as long each time that no success came between, at most a day', async () => {
    const engine = quiet(['a'], { disableThreshold: 2, cooldownMs: 5 * HOUR, failuresAfterRecovery: 0 });
    const cooldowns = [];
    for (let time = 0; time < 5; time += 1) {
      fail(engine, 'a', 2);
      const snapshot = engine.snapshot();
      cooldowns.push(Math.ceil(until(snapshot.models.a.disabled.until) / HOUR));
      // Its time has come, as far as the engine can tell.
      snapshot.models.a.disabled.until = new Date(0).toISOString();
      snapshot.models.a.changedAt = new Date(Date.now() + 1000 * (time + 1)).toISOString();
      engine.restore(snapshot);
      await engine.recoverDisabledModels();
    }
    expect(cooldowns).toEqual([5, 10, 20, 24, 24]);
    engine.reportSuccess('a');
    fail(engine, 'a', 2);
    expectIn(stateOf(engine, 'a').disabledUntil, 5 * HOUR);
  });

  test('comes back on time by itself with two failures on its account, so that three more switch it off', async () => {
    const engine = quiet(['a'], { cooldownMs: 20 });
    const { next } = listen(engine);
    fail(engine, 'a', 5);
    expect(await next('recovered')).toMatchObject({ modelId: 'a', consecutiveFailures: 2 });
    expect(stateOf(engine, 'a')).toMatchObject({ state: 'active', disabledUntil: null, disabledReason: null });
    fail(engine, 'a', 2);
    expect(stateOf(engine, 'a')).toMatchObject({ state: 'active', consecutiveFailures: 4 });
    fail(engine, 'a', 1);
    expect(stateOf(engine, 'a').state).toBe('disabled');
  });

  test('may be allowed fewer or more failures, or any number', () => {
    const strict = quiet(['a'], { disableThreshold: 1 });
    fail(strict, 'a', 1);
    expect(stateOf(strict, 'a')).toMatchObject({ state: 'disabled', consecutiveFailures: 1 });
    const patient = quiet(['a'], { disableThreshold: null });
    fail(patient, 'a', 300);
    expect(stateOf(patient, 'a')).toMatchObject({ state: 'active', consecutiveFailures: 0 });
  });

  test('every model comes back on its own time', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `m${index}`);
    const engine = quiet(ids, { disableThreshold: 1, cooldownMs: 30 });
    const { until } = listen(engine);
    for (const id of ids) fail(engine, id, 1);
    expect(await engine.getActiveModelCount()).toBeLessThan(20);
    const events = await until((all) => all.filter(({ type }) => type === 'recovered').length === 20);
    expect(new Set(events.map(({ modelId }) => modelId))).toEqual(new Set(ids));
    expect(await engine.getActiveModelCount()).toBe(20);
  });
});

describe('a model is not blamed', () => {
  const spoilt = [
    ['a stop sequence', {}, { stop: ['}'] }],
    ['a temperature', {}, { temperature: 2 }],
    ['a limit of tokens', {}, { maxTokens: 500 }],
    ['a prompt', { prompt: { user: 'A haiku, please' } }, {}],
    ['a version of the prompt', { promptVersion: '1' }, {}],
  ];
  test.each(spoilt)('for what %s of the caller\'s may have done', async (_, request, options) => {
    const replies = ['prose', 'empty', 'truncated', 'bad_parameter', 'prose', 'clean'];
    const { engine, predictAnother } = await transcript({ a: replies });
    for (let call = 0; call < 5; call += 1) {
      await rejection(engine.predictWithFallback({ modelId: 'a', matches: [another()], ...request }, options));
    }
    expect(stateOf(engine, 'a')).toMatchObject({ state: 'active', consecutiveFailures: 0 });
    expect((await predictAnother()).modelId).toBe('a');
  });

  test('twice for the same matches, in whatever order', async () => {
    const { engine, predict } = await transcript({ a: 'prose' });
    for (let call = 0; call < 6; call += 1) {
      const asked = call % 2 === 0 ? matches(2) : matches(2).reverse();
      await rejection(engine.predictWithFallback({ modelId: 'a', matches: asked }));
    }
    expect(stateOf(engine, 'a').consecutiveFailures).toBe(1);
    await rejection(predict());
    expect(stateOf(engine, 'a').consecutiveFailures).toBe(2);
  });

  test('for a time that the caller cut short', async () => {
    const { engine, predict } = await transcript({ a: 'never', b: 'clean' }, { transientThreshold: 1 });
    expect((await predict({ attemptTimeoutMs: 20 })).fallbackReason).toBe('timeout');
    expect(stateOf(engine, 'a')).toMatchObject({ coolingUntil: null, lastFailure: { kind: 'timeout' } });
  });
});

test('a model that has come back is tried by three calls at a time until it answers', async () => {
  const upstream = await upstreamFor({ name: 'held', then: 'clean' });
  const engine = engineFor(chain(upstream, ['a'], { cooldownMs: 10 }));
  const { next } = listen(engine);
  fail(engine, 'a', 5);
  await next('recovered');
  const calls = Array.from({ length: 3 }, () => engine.predictWithFallback({ modelId: 'a', matches: matches() }));
  await upstream.received(3);
  const error = await rejection(engine.predictWithFallback({ modelId: 'a', matches: matches() }));
  expect(error).toMatchObject({ code: 'NO_MODEL_AVAILABLE', retryAfterMs: 1000 });
  expect(error.skips).toEqual([{ modelId: 'a', reason: 'cooling', detail: 'coming back: 3 calls under way' }]);
  expect(engine.getFallbackProvider('a')).toBeUndefined();
  expect(stateOf(engine, 'a')).toMatchObject({ state: 'active', coolingUntil: null });
  upstream.release();
  await Promise.all(calls);
  await engine.predictWithFallback({ modelId: 'a', matches: matches() });
});

describe('recoverDisabledModels', () => {
  test('brings back all whose time has come, and says how many', async () => {
    const engine = quiet(['a', 'b', 'c', 'd'], { disableThreshold: 1, cooldownMs: HOUR });
    fail(engine, 'a', 1);
    fail(engine, 'b', 1);
    fail(engine, 'c', 1);
    engine.disableModel('d', 'not today');
    expect(await engine.recoverDisabledModels()).toBe(0);
    const snapshot = engine.snapshot();
    for (const id of ['a', 'b']) snapshot.models[id].disabled.until = new Date(0).toISOString();
    const other = quiet(['a', 'b', 'c', 'd'], { disableThreshold: 1, cooldownMs: HOUR });
    // Closed, it has no timer that could be first.
    await other.close();
    other.restore(snapshot);
    expect(await other.recoverDisabledModels()).toBe(2);
    expect(await other.recoverDisabledModels()).toBe(0);
    expect(other.getModels().map(({ state }) => state)).toEqual(['active', 'active', 'disabled', 'disabled']);
  });
});

describe('by hand', () => {
  test('a model is switched off without a timer, with the reason that every skip repeats', async () => {
    const { engine, predict } = await transcript({ a: 'clean', b: 'clean' }, { cooldownMs: 1 });
    engine.disableModel('a', 'the licence has ended');
    expect(stateOf(engine, 'a')).toMatchObject({
      state: 'disabled', disabledUntil: null, disabledReason: 'the licence has ended', consecutiveFailures: 0,
    });
    expect((await predict()).skips).toEqual([
      { modelId: 'a', reason: 'disabled', detail: 'switched off by hand: the licence has ended' },
    ]);
    expect(await engine.recoverDisabledModels()).toBe(0);
    expect(engine.explain({ modelId: 'a', matches: matches() }).attempts.map(({ modelId }) => modelId)).toEqual(['b']);
    engine.enableModel('a');
    expect((await predict()).modelId).toBe('a');
  });

  test('switched off by hand, a model that its failures had switched off stays off', async () => {
    const engine = quiet(['a', 'b'], { disableThreshold: 1, cooldownMs: 20 });
    const { next } = listen(engine);
    fail(engine, 'a', 1);
    engine.disableModel('a', 'by hand');
    // The other's timer is later than the first's would have been.
    fail(engine, 'b', 1);
    expect(await next('recovered')).toMatchObject({ modelId: 'b' });
    expect(stateOf(engine, 'a')).toMatchObject({ state: 'disabled', disabledUntil: null, disabledReason: 'by hand' });
  });

  test('enableModel forgets failures and cooling, and is harmless for a model that is on', () => {
    const engine = quiet();
    fail(engine, 'a', 4);
    fail(engine, 'a', 1, 'rate_limited');
    expect(stateOf(engine, 'a').coolingUntil).not.toBeNull();
    engine.enableModel('a');
    engine.enableModel('b');
    for (const id of ['a', 'b']) {
      expect(stateOf(engine, id)).toMatchObject({ consecutiveFailures: 0, coolingUntil: null });
    }
  });

  const bad = [
    ['UNKNOWN_MODEL', (engine) => engine.disableModel('nobody', 'why')],
    ['UNKNOWN_MODEL', (engine) => engine.enableModel('__proto__')],
    ['UNKNOWN_MODEL', (engine) => engine.reportSuccess('')],
    ['UNKNOWN_MODEL', (engine) => engine.reportFailure('nobody', 'timeout')],
    ['INVALID_REQUEST', (engine) => engine.disableModel('a')],
    ['INVALID_REQUEST', (engine) => engine.disableModel('a', '')],
    ['INVALID_REQUEST', (engine) => engine.disableModel('a', ' \n\t')],
    ['INVALID_REQUEST', (engine) => engine.disableModel('a', 'x'.repeat(1001))],
    ['INVALID_REQUEST', (engine) => engine.disableModel('a', { toString: () => 'why' })],
    ['INVALID_REQUEST', (engine) => engine.disableModel(undefined, 'why')],
    ['INVALID_REQUEST', (engine) => engine.enableModel(7)],
    ['INVALID_REQUEST', (engine) => engine.reportFailure('a', 'tired')],
    ['INVALID_REQUEST', (engine) => engine.reportFailure('a', 'toString')],
    ['INVALID_REQUEST', (engine) => engine.reportFailure('a')],
    ['INVALID_REQUEST', (engine) => engine.reportFailure('a', 0)],
  ];
  test.each(bad)('%s: %s', (code, call) => {
    const engine = quiet();
    expect(thrown(() => call(engine)).code).toBe(code);
    expect(engine.snapshot().models).toEqual({});
  });

  test.each(['a\nb', '\u001b[31mred', 'a\u2028b', '\u202etxt.exe', 'a\u0085b', 'half \ud83d'])('a reason that steers is refused: %j', (reason) => {
    const engine = quiet();
    const error = thrown(() => engine.disableModel('a', reason));
    expect(error.code).toBe('INVALID_REQUEST');
    expect(error.message).toMatch(/^reason: must not contain [ -~]*$/);
    expect(stateOf(engine, 'a').disabledReason).toBeNull();
  });

  test('a reason of a snapshot is cut, and on one line', () => {
    const engine = quiet();
    const disabled = { until: null, reason: `a\n\u001b[31mb${'c'.repeat(2000)}` };
    engine.restore({ version: 1, models: { a: { changedAt: new Date().toISOString(), disabled } } });
    expect(stateOf(engine, 'a').disabledReason).toBe(`a [31mb${'c'.repeat(993)}`);
  });

  test('the longest reason is taken, whatever its letters', () => {
    const engine = quiet();
    const reason = '⚽'.repeat(1000);
    engine.disableModel('a', reason);
    expect(stateOf(engine, 'a').disabledReason).toBe(reason);
  });
});

describe('what the caller reports', () => {
  const kinds = {
    counts: ['model_unavailable', 'bad_request', 'empty_response', 'truncated', 'parse_error'],
    transient: ['timeout', 'network', 'server_error'],
    neither: ['context_too_long', 'content_filtered', 'invalid_response'],
    'the caller\'s own': ['aborted', 'deadline'],
  };
  const cases = Object.entries(kinds).flatMap(([sort, all]) => all.map((kind) => [kind, sort]));
  test.each(cases)('%s: %s', (kind, sort) => {
    const engine = quiet();
    fail(engine, 'a', 5, kind);
    const { state, consecutiveFailures, coolingUntil, lastFailure } = stateOf(engine, 'a');
    expect(state).toBe(sort === 'counts' ? 'disabled' : 'active');
    expect(consecutiveFailures).toBe(sort === 'counts' ? 5 : 0);
    expect(coolingUntil !== null).toBe(sort === 'transient');
    expect(lastFailure?.kind).toBe(sort.startsWith('the caller') ? undefined : kind);
  });

  test.each(['unauthorized', 'quota_exhausted'])('makes the provider cool as a whole: %s', async (kind) => {
    const engine = quiet();
    const { next } = listen(engine);
    fail(engine, 'a', 5, kind);
    expect(await next('provider_cooling')).toMatchObject({ providerId: 'p', kind });
    expect(engine.getModels().every(({ state }) => state === 'active')).toBe(true);
    expectIn(stateOf(engine, 'c').coolingUntil, 60_000);
  });

  test('makes the model cool as a 429 without Retry-After: rate_limited', () => {
    const engine = quiet();
    fail(engine, 'a', 5, 'rate_limited');
    expectIn(stateOf(engine, 'a').coolingUntil, 30_000);
    expect(stateOf(engine, 'b').coolingUntil).toBeNull();
  });

  test('adds to what was seen', async () => {
    const { engine, predict } = await transcript({ a: 'prose', b: 'clean' });
    fail(engine, 'a', 4, 'truncated');
    await predict();
    expect(stateOf(engine, 'a').state).toBe('disabled');
  });

  test('changes nothing while the model is off', () => {
    const engine = quiet();
    engine.disableModel('a', 'by hand');
    const before = engine.snapshot().models;
    fail(engine, 'a', 7);
    fail(engine, 'a', 7, 'rate_limited');
    engine.reportSuccess('a');
    expect(engine.snapshot().models).toEqual(before);
  });
});

describe('cooling', () => {
  const header = (retryAfter) => ({ name: 'rate_limited', retryAfter });
  const date = (ms) => new Date(Math.ceil((Date.now() + ms) / 1000) * 1000).toUTCString();
  test.each([
    ['seconds', () => '7', 7000],
    ['a date', () => date(90_000), 91_000],
    ['nothing', () => null, 30_000],
    ['more than an hour', () => '86400', HOUR],
    ['nonsense', () => 'soon', 30_000],
    ['a negative number', () => '-5', 30_000],
  ])('after a 429 that says %s', async (_, retryAfter, ms) => {
    const { engine, predict, asked } = await transcript({ a: header(retryAfter()), b: 'clean' });
    await predict();
    const { state, coolingUntil, consecutiveFailures, lastFailure } = stateOf(engine, 'a');
    expect({ state, consecutiveFailures }).toEqual({ state: 'active', consecutiveFailures: 0 });
    expect(lastFailure.kind).toBe('rate_limited');
    expectIn(coolingUntil, ms, 6000);
    expect(await engine.getActiveModelCount()).toBe(2);
    const outcome = await predict();
    expect(outcome.fallbackReason).toBe('cooling');
    expect(asked()).toEqual(['a', 'b', 'b']);
  });

  test('a later Retry-After only ever extends', async () => {
    const upstream = await upstreamFor(async ({ index, released }) => {
      // The first is answered last, when the other has cooled the model for longer.
      if (index === 0) await released;
      return header(index === 0 ? 5 : 500);
    });
    const engine = engineFor(chain(upstream, ['a'], { maxRetries: 0 }));
    const { events } = listen(engine);
    const first = rejection(engine.predictWithFallback({ modelId: 'a', matches: matches() }));
    await upstream.received(1);
    await rejection(engine.predictWithFallback({ modelId: 'a', matches: matches() }));
    const { coolingUntil } = stateOf(engine, 'a');
    upstream.release();
    expect((await first).attempts[0].failure).toBe('rate_limited');
    expect(stateOf(engine, 'a').coolingUntil).toBe(coolingUntil);
    expectIn(coolingUntil, 500_000);
    expect(events.map(({ type, kind }) => [type, kind])).toEqual([['cooling', 'rate_limited']]);
  });

  test('after transient failures in a row, twice as long each time, at most ten minutes', () => {
    const engine = quiet(['a'], { transientThreshold: 2, transientCooldownMs: 240_000 });
    const coolings = [];
    for (let time = 0; time < 4; time += 1) {
      fail(engine, 'a', 2, 'network');
      const snapshot = engine.snapshot();
      coolings.push(Math.ceil(until(snapshot.models.a.coolingUntil) / 60_000));
      snapshot.models.a.coolingUntil = null;
      snapshot.models.a.transientFailures = 0;
      snapshot.models.a.changedAt = new Date(Date.now() + 1000 * (time + 1)).toISOString();
      engine.restore(snapshot);
    }
    expect(coolings).toEqual([4, 8, 10, 10]);
  });

  test('by default after the fifth, for a minute', async () => {
    const { engine, predict, asked } = await transcript({ a: 'internal_error', b: 'clean' });
    for (let call = 0; call < 5; call += 1) await predict();
    expectIn(stateOf(engine, 'a').coolingUntil, 60_000);
    await predict();
    expect(asked().filter((model) => model === 'a')).toHaveLength(5);
    expect(stateOf(engine, 'a').state).toBe('active');
  });

  test('when it is over the model is called again, and cools again if it fails again', async () => {
    const { engine, predict } = await transcript(
      { a: 'internal_error' }, { transientThreshold: 3, transientCooldownMs: 1 },
    );
    const { next } = listen(engine);
    for (let call = 0; call < 3; call += 1) await rejection(predict());
    await next('cooling');
    expect(await next('cooled')).toMatchObject({ modelId: 'a' });
    await rejection(predict());
    expect(await next('cooling')).toMatchObject({ modelId: 'a', kind: 'server_error' });
  });

  test('null: never', async () => {
    const engine = quiet(['a'], { transientThreshold: null });
    fail(engine, 'a', 300, 'timeout');
    expect(stateOf(engine, 'a')).toMatchObject({ state: 'active', coolingUntil: null });
  });
});

describe('a provider that refuses the key or the account', () => {
  const other = { models: { b: { provider: 'q' } }, providers: [{ id: 'q' }] };
  test.each(['unauthorized', 'quota_exceeded', 'no_credit'])('cools as a whole: %s', async (manner) => {
    const { engine, predict, upstream } = await transcript({ a: manner, b: 'clean', c: 'clean' }, other);
    const { events } = listen(engine);
    const { fallbackReason } = await predict();
    expect(events[0]).toMatchObject({ type: 'provider_cooling', providerId: 'p', kind: fallbackReason });
    for (const id of ['a', 'c']) {
      const { state, coolingUntil, consecutiveFailures } = stateOf(engine, id);
      expect({ state, consecutiveFailures }).toEqual({ state: 'active', consecutiveFailures: 0 });
      expectIn(coolingUntil, 60_000);
    }
    expect(stateOf(engine, 'b').coolingUntil).toBeNull();
    expect(await engine.getActiveModelCount()).toBe(3);

    expect(skipsInShort((await predict()).skips)).toEqual([['a', 'provider_failed']]);
    const error = await rejection(engine.predictWithFallback({ modelId: 'c', matches: matches() }));
    expect(error.code).toBe('NO_MODEL_AVAILABLE');
    expect(skipsInShort(error.skips)).toEqual([['c', 'provider_failed']]);
    expect(error.retryAfterMs).toBeLessThanOrEqual(60_000);
    expect(error.retryAfterMs).toBeGreaterThan(40_000);
    expect(upstream.requests.map(({ model }) => model)).toEqual(['a', 'b', 'b']);
  });

  test('for as long as configured', async () => {
    const { engine, predict, asked } = await transcript({ a: ['unauthorized', 'clean'] }, { providerCooldownMs: 1 });
    const { next } = listen(engine);
    await rejection(predict());
    expect(await next('provider_cooled')).toMatchObject({ providerId: 'p' });
    expect((await predict()).modelId).toBe('a');
    expect(asked()).toEqual(['a', 'a']);
    expect(stateOf(engine, 'a').coolingUntil).toBeNull();
  });

  test('not after a 403 for one model', async () => {
    const { engine, predict } = await transcript({ a: 'forbidden', b: 'clean' });
    expect((await predict()).modelId).toBe('b');
    expect(engine.getModels().every(({ coolingUntil }) => coolingUntil === null)).toBe(true);
  });
});

describe('NO_MODEL_AVAILABLE', () => {
  test('has each skip, and the soonest moment at which one could be used again', async () => {
    const models = { d: { enabled: false }, e: { provider: 'keyless' } };
    const providers = [{ id: 'keyless', apiKeyEnv: 'FALLCAST_NO_SUCH_KEY' }];
    const { engine, predict, asked } = await transcript(
      { a: 'clean', b: 'clean', c: { name: 'rate_limited', retryAfter: 40 }, d: 'clean', e: 'clean', f: 'clean' },
      { models, providers },
    );
    engine.disableModel('a', 'by hand');
    fail(engine, 'b', 5);
    engine.disableModel('f', 'by hand');
    await rejection(predict());
    const error = await rejection(predict());
    expect(error.code).toBe('NO_MODEL_AVAILABLE');
    expect(error.attempts).toEqual([]);
    expect(skipsInShort(error.skips)).toEqual([
      ['a', 'disabled'], ['b', 'disabled'], ['c', 'cooling'], ['d', 'not_enabled'], ['e', 'unconfigured'],
      ['f', 'disabled'],
    ]);
    expect(error.retryAfterMs).toBeGreaterThan(30_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(40_000);
    expect(asked()).toEqual(['c']);
  });

  test('after that time a model is used again', async () => {
    const { engine, predict } = await transcript({ a: 'clean' }, { disableThreshold: 1, cooldownMs: 50 });
    const { next } = listen(engine);
    fail(engine, 'a', 1);
    const error = await rejection(predict());
    expect(error.retryAfterMs).toBeGreaterThan(0);
    expect(error.retryAfterMs).toBeLessThanOrEqual(50);
    await next('recovered');
    expect((await predict()).modelId).toBe('a');
  });

  test('by hand there is no such moment', async () => {
    const { engine, predict } = await transcript({ a: 'clean' });
    engine.disableModel('a', 'by hand');
    expect(await rejection(predict())).toMatchObject({ retryable: false, retryAfterMs: null });
  });
});

describe('a late result of a model that was switched off meanwhile changes nothing', () => {
  /** A call that is answered when the model has been switched off, and then whatever `before` does. */
  async function late(then, before = () => {}) {
    const upstream = await upstreamFor({ name: 'held', then });
    const engine = engineFor(chain(upstream, ['a']));
    const call = engine.predictWithFallback({ modelId: 'a', matches: matches() }).catch(() => {});
    await upstream.received(1);
    engine.disableModel('a', 'by hand');
    before(engine);
    upstream.release();
    await call;
    return stateOf(engine, 'a');
  }

  test.each(['clean', 'prose', 'internal_error'])('%s', async (then) => {
    expect(await late(then)).toMatchObject({ state: 'disabled', lastSuccessAt: null, lastFailure: null });
  });

  test('nor when it has been switched on again', async () => {
    const on = (engine) => engine.enableModel('a');
    expect(await late('prose', on)).toMatchObject({ state: 'active', consecutiveFailures: 0, lastFailure: null });
    const failing = (engine) => {
      on(engine);
      fail(engine, 'a', 4);
    };
    expect(await late('clean', failing)).toMatchObject({ consecutiveFailures: 4, lastSuccessAt: null });
  });
});

describe('configuration', () => {
  test('of the module\'s engine: the same values again are harmless, others are refused', async () => {
    const config = chain({ baseUrl: 'http://127.0.0.1:9/v1' }, ['a'], { cooldownMs: 5000, onLog: () => {} });
    fallcast.configure(config);
    fallcast.disableModel('a', 'by hand');
    fallcast.configure({ ...config, onLog: () => {} });
    const others = [{ cooldownMs: 5001 }, { failuresAfterRecovery: 1 }, { providerCooldownMs: 1 }, { models: [] }];
    for (const other of others) {
      expect(thrown(() => fallcast.configure({ ...config, ...other })).code).toBe('INVALID_CONFIG');
    }
    expect(await fallcast.getActiveModelCount()).toBe(0);
  });

  const cases = [
    ['disableThreshold', 0], ['disableThreshold', 256], ['disableThreshold', 1.5], ['disableThreshold', '5'],
    ['cooldownMs', 0], ['cooldownMs', 2_592_000_001], ['cooldownMs', Number.POSITIVE_INFINITY], ['cooldownMs', null],
    ['failuresAfterRecovery', 5], ['failuresAfterRecovery', -1],
    ['transientThreshold', 0], ['transientCooldownMs', 0], ['providerCooldownMs', 0], ['providerCooldownMs', -0.5],
  ];
  test.each(cases)('%s: %s is refused', (field, value) => {
    const error = thrown(() => new fallcast.Fallcast({ [field]: value }));
    expect([error.code, error.message.split(':')[0]]).toEqual(['INVALID_CONFIG', `config.${field}`]);
  });

  test('failures after recovery are fewer than the threshold', () => {
    engineFor({ builtinCatalog: false, disableThreshold: 3, failuresAfterRecovery: 2 });
    const error = thrown(() => new fallcast.Fallcast({ disableThreshold: 3, failuresAfterRecovery: 3 }));
    expect(error.message).toContain('config.failuresAfterRecovery');
  });
});
