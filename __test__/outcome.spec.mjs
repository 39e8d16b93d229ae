import { describe, expect, test } from 'vitest';

import { inShort, matches, predictions, rejection, transcript } from './support.mjs';

const usage = (prompt, completion, more) => ({
  prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion, ...more,
});
/** A manner whose reply says that it used 1000 and 100 tokens. */
const counted = (name) => ({ name, usage: usage(1000, 100) });

describe('the fields of an outcome', () => {
  test('are exactly these', async () => {
    const { predict } = await transcript({ a: 'internal_error', b: 'clean' });
    const outcome = await predict(undefined, 2);
    expect(Object.keys(outcome).sort()).toEqual([
      'attempts', 'callId', 'costUsd', 'durationMs', 'fallbackModelId', 'fallbackReason', 'missingMatchIds', 'modelId',
      'originalCostUsd', 'originalModelId', 'overrides', 'predictions', 'promptVersion', 'rawResponse', 'reasoning',
      'requestId', 'skips', 'usage', 'usedFallback',
    ]);
    expect(Object.keys(outcome.attempts[0]).sort()).toEqual([
      'adjusted', 'costUsd', 'durationMs', 'failure', 'message', 'modelId', 'overrides', 'promptVersion', 'providerId',
      'responseModel', 'retries', 'startedAt', 'status', 'usage',
    ]);
    expect(Object.keys(outcome.usage).sort()).toEqual([
      'cachedTokens', 'completionTokens', 'estimated', 'promptTokens', 'reasoningTokens',
    ]);
    expect(outcome.promptVersion).toMatch(/./);
    expect(outcome.rawResponse).toContain('"match_id":"m2"');
    expect(outcome.durationMs).toBeGreaterThanOrEqual(outcome.attempts[1].durationMs);
    expect(outcome.attempts[0].providerId).toBe('p');
    expect(structuredClone(outcome)).toEqual(outcome);
  });

  test('begin with the names of the call', async () => {
    const { predict } = await transcript({ a: 'clean' });
    expect(Object.keys(await predict()).slice(0, 3)).toEqual(['callId', 'requestId', 'predictions']);
  });

  test('startedAt is the time at which an attempt began', async () => {
    const { predict } = await transcript({ a: 'internal_error', b: 'clean' });
    const before = Date.now();
    const { attempts } = await predict();
    const times = attempts.map(({ startedAt }) => new Date(startedAt));
    expect(attempts.map(({ startedAt }) => startedAt)).toEqual(times.map((time) => time.toISOString()));
    const order = [before, ...times.map(Number), Date.now()];
    expect(order).toEqual(order.toSorted((one, other) => one - other));
  });

  test('predictions come in the order of the request', async () => {
    const { engine } = await transcript({ a: 'clean' });
    const reversed = matches(4).reverse();
    const outcome = await engine.predictWithFallback({ modelId: 'a', matches: reversed });
    expect(outcome.predictions).toEqual(predictions(['m4', 'm3', 'm2', 'm1'], 'a'));
  });

  test('ids come back as the caller wrote them', async () => {
    const { engine } = await transcript({ a: 'clean' });
    const ids = ['ÄÖ-7', '"quoted"', '鹿島-横浜', 'a\\b', ' '.concat('spaced')];
    const games = ids.map((id) => ({ id, homeTeam: 'Home', awayTeam: 'Away' }));
    const outcome = await engine.predictWithFallback({ modelId: 'a', matches: games });
    expect(outcome.predictions).toEqual(predictions(ids, 'a'));
  });
});

describe('a call', () => {
  test('has an id that no other has, of this engine or of another', async () => {
    const [one, other] = [await transcript({ a: 'clean' }), await transcript({ a: 'clean' })];
    const outcomes = await Promise.all([one, one, one, other, other].map(({ predict }) => predict()));
    const ids = outcomes.map(({ callId }) => callId);
    expect(new Set(ids).size).toBe(5);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{16}-[1-9][0-9]*$/);
  });

  test.each([
    ['job-7'], ['x'], ['x'.repeat(200)], ['⚽'.repeat(200)], ['🏆'.repeat(200)], ['två ord'], ['{"json": true}'],
  ])('gives the id back that its caller gave it: %s', async (requestId) => {
    const { predict } = await transcript({ a: 'clean' });
    expect((await predict({ requestId })).requestId).toBe(requestId);
  });

  test.each([[undefined], [{}], [{ requestId: null }], [{ requestId: undefined }]])('gives null back for none: %j', async (options) => {
    const { predict } = await transcript({ a: 'clean' });
    expect((await predict(options)).requestId).toBeNull();
  });

  test('asks no model for its ids', async () => {
    const { predict, upstream } = await transcript({ a: 'clean' });
    const { callId } = await predict({ requestId: 'job-7' });
    const sent = JSON.stringify(upstream.requests);
    expect(sent).not.toContain('job-7');
    expect(sent).not.toContain(callId);
  });
});

describe('cost and tokens', () => {
  test('follow usage', async () => {
    const { predict } = await transcript({ a: counted('clean') });
    const outcome = await predict();
    expect(outcome.usage).toEqual({
      promptTokens: 1000, completionTokens: 100, cachedTokens: 0, reasoningTokens: 0, estimated: false,
    });
    expect(outcome.costUsd).toBeCloseTo(0.0012, 9);
  });

  test('cached and reasoning tokens have their own prices', async () => {
    const manner = { name: 'clean', usage: usage(1000, 100, {
      prompt_tokens_details: { cached_tokens: 600 }, completion_tokens_details: { reasoning_tokens: 80 },
    }) };
    const prices = { cachedPromptUsdPer1M: 0.5, reasoningUsdPer1M: 10 };
    const { predict } = await transcript({ a: manner }, { models: { a: prices } });
    const outcome = await predict();
    expect(outcome.usage).toMatchObject({ cachedTokens: 600, reasoningTokens: 80 });
    expect(outcome.costUsd).toBeCloseTo((400 * 1 + 600 * 0.5 + 20 * 2 + 80 * 10) / 1e6, 9);
  });

  test('a useless reply costs what it says, an error status nothing; the outcome sums all', async () => {
    const { predict } = await transcript({ a: counted('prose'), b: 'internal_error', c: counted('clean') });
    const outcome = await predict();
    expect(outcome.attempts.map(({ costUsd }) => costUsd)).toEqual([0.0012, 0, 0.0012]);
    expect(outcome.attempts[1].usage).toBeNull();
    expect(outcome.costUsd).toBeCloseTo(0.0024, 9);
    expect(outcome.usage).toMatchObject({ promptTokens: 2000, completionTokens: 200, estimated: false });
  });

  test('are estimates, marked so, when usage is missing', async () => {
    const { predict } = await transcript({ a: { name: 'clean', usage: null } });
    const outcome = await predict();
    expect(outcome.usage.estimated).toBe(true);
    expect(outcome.usage.promptTokens).toBeGreaterThan(0);
    expect(outcome.costUsd).toBeGreaterThan(0);
  });

  test.each(['never', 'drip'])('are estimates for an attempt cut off after it was sent: %s', async (manner) => {
    const { predict } = await transcript({ a: manner, b: counted('clean') }, { models: { a: { timeoutMs: 300 } } });
    const outcome = await predict();
    expect(outcome.attempts[0].usage.estimated).toBe(true);
    expect(outcome.attempts[0].costUsd).toBeGreaterThan(0);
    expect(outcome.usage.estimated).toBe(true);
  });

  test('a retried attempt pays for each of its requests', async () => {
    const { predict } = await transcript({ a: ['cut_body', counted('clean')] }, { maxRetries: 1 });
    const { attempts: [attempt] } = await predict();
    expect(attempt.retries).toBe(1);
    expect(attempt.costUsd).toBeGreaterThan(0.0012);
    expect(attempt.usage.estimated).toBe(true);
  });

  test('originalCostUsd is what the original alone would have cost', async () => {
    const models = { b: { promptUsdPer1M: 0.25, completionUsdPer1M: 0.5 } };
    const { predict, engine } = await transcript({ a: 'internal_error', b: 'clean' }, { models });
    const outcome = await predict();
    const [original, fallback] = engine.explain({ modelId: 'a', matches: matches() }).attempts;
    expect(outcome.originalCostUsd).toBe(original.expectedCostUsd);
    expect(outcome.originalCostUsd / fallback.expectedCostUsd).toBeCloseTo(4, 1);
    expect(outcome.costUsd).toBeLessThan(outcome.originalCostUsd);
    const free = { a: { promptUsdPer1M: 0, completionUsdPer1M: 0 } };
    const gratis = await (await transcript({ a: 'clean' }, { models: free })).predict();
    expect(gratis).toMatchObject({ costUsd: 0, originalCostUsd: 0 });
  });
});

describe('a batch that is answered in part', () => {
  test('is completed by the next model, which is asked for the rest alone', async () => {
    const { predict, upstream } = await transcript({ a: 'partial', b: 'clean' });
    const outcome = await predict(undefined, 4);
    expect(upstream.requests.map(({ matchIds }) => matchIds)).toEqual([['m1', 'm2', 'm3', 'm4'], ['m3', 'm4']]);
    expect(outcome.predictions).toEqual([...predictions(['m1', 'm2'], 'a'), ...predictions(['m3', 'm4'], 'b')]);
    expect(inShort(outcome.attempts)).toEqual([['a', null], ['b', null]]);
    expect(outcome).toMatchObject({
      modelId: 'b', usedFallback: true, fallbackModelId: 'b', fallbackReason: 'incomplete', missingMatchIds: [],
    });
  });

  test('by three models, a share each', async () => {
    const { predict } = await transcript({ a: 'partial', b: 'partial', c: 'clean' });
    const outcome = await predict(undefined, 4);
    expect(outcome.predictions.map(({ modelId }) => modelId)).toEqual(['a', 'a', 'b', 'c']);
    expect(outcome.modelId).toBe('c');
  });

  const failing = ['internal_error', 'prose', 'content_filter'];
  test.each(failing)('resolves with what there is when the next fails with %s', async (manner) => {
    const { predict } = await transcript({ a: 'partial', b: manner });
    const outcome = await predict(undefined, 4);
    expect(outcome.predictions).toEqual(predictions(['m1', 'm2'], 'a'));
    expect(outcome).toMatchObject({
      missingMatchIds: ['m3', 'm4'], modelId: 'a', usedFallback: false, fallbackModelId: null, fallbackReason: null,
    });
    expect(outcome.attempts).toHaveLength(2);
  });

  test('resolves with what there is when the deadline passes', async () => {
    const { predict } = await transcript({ a: 'partial', b: 'never' });
    const outcome = await predict({ deadlineMs: 1000 }, 2);
    expect(outcome.missingMatchIds).toEqual(['m2']);
    expect(inShort(outcome.attempts)).toEqual([['a', null], ['b', 'deadline']]);
  });

  test('resolves when there is no next', async () => {
    const { predict } = await transcript({ a: { name: 'partial', matches: 1 } });
    expect(await predict(undefined, 3)).toMatchObject({ modelId: 'a', missingMatchIds: ['m2', 'm3'] });
  });

  test('still rejects when it is aborted', async () => {
    const { predict, upstream } = await transcript({ a: 'partial', b: 'never' });
    const controller = new AbortController();
    const pending = rejection(predict({ signal: controller.signal }, 2));
    await upstream.received(2);
    controller.abort();
    expect((await pending).code).toBe('ABORT_ERR');
  });
});
