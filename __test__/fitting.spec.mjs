import Ajv2020 from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';

import { chain, engineFor, matches, predictions, transcript, upstreamFor } from './support.mjs';

/** A request to one model of a provider with these fields. */
async function sent(fields, { options, count = 1, model = {} } = {}) {
  const { predict, upstream } = await transcript({ a: 'clean' }, {
    models: { a: { provider: 'limited', ...model } }, providers: [{ id: 'limited', responseFormat: true, ...fields }],
  });
  const outcome = await predict(options, count);
  return { request: upstream.requests[0], outcome, adjusted: outcome.attempts[0].adjusted };
}
const adjustment = (adjusted, parameter) => adjusted.find((change) => change.parameter === parameter);

describe('a request is fitted to its provider, and each change is told', () => {
  test('nothing is changed that fits', async () => {
    const options = { temperature: 0.4, maxTokens: 900, stop: ['END'] };
    const { request, adjusted } = await sent({}, { options });
    expect(request.body).toMatchObject({ temperature: 0.4, max_tokens: 900, stop: ['END'] });
    expect(adjusted).toEqual([]);
  });

  test.each([[0, 0.1], [1.8, 1]])('the temperature %d becomes %d', async (from, to) => {
    const limits = { temperature: [0.1, 1] };
    const { request, adjusted } = await sent({ limits }, { options: { temperature: from } });
    expect(request.body.temperature).toBe(to);
    expect(adjusted).toEqual([{ parameter: 'temperature', from, to }]);
  });

  test('max_tokens stays below the limit', async () => {
    const { request, adjusted } = await sent({ limits: { maxTokens: 512 } }, { options: { maxTokens: 4000 } });
    expect(request.body.max_tokens).toBe(512);
    expect(adjustment(adjusted, 'max_tokens')).toEqual({ parameter: 'max_tokens', from: 4000, to: 512 });
  });

  test('stop sequences beyond the limit are left out', async () => {
    const limits = { maxStopSequences: 2 };
    const { request, adjusted } = await sent({ limits }, { options: { stop: ['A', 'B', 'C'] } });
    expect(request.body.stop).toEqual(['A', 'B']);
    expect(adjustment(adjusted, 'stop')).toMatchObject({ from: 3, to: 2 });
  });

  test('the limits of the model stand beside those of the provider', async () => {
    const { request } = await sent({ limits: { maxTokens: 512 } }, {
      options: { maxTokens: 4000 }, model: { limits: { maxTokens: 256 } },
    });
    expect(request.body.max_tokens).toBe(256);
  });

  test('response_format is sent only where both the provider and the model have it', async () => {
    const has = async (provider, model) => 'response_format' in (await sent(provider, { model })).request.body;
    expect(await has({ responseFormat: true })).toBe(true);
    expect(await has({ responseFormat: true }, { responseFormat: false })).toBe(false);
    expect(await has({ responseFormat: false })).toBe(false);
    const { adjusted } = await sent({ responseFormat: false });
    expect(adjusted).toEqual([{ parameter: 'response_format', from: 'json_object', to: null }]);
  });

  test('a schema has exactly the asked ids, and its tokens are in the estimate', async () => {
    const { request, outcome, adjusted } = await sent({ responseFormat: 'json_schema' }, { count: 2 });
    const { type, json_schema: { name, strict, schema } } = request.body.response_format;
    expect([type, name, strict]).toEqual(['json_schema', 'predictions', true]);
    const validate = new Ajv2020({ strict: true }).compile(schema);
    const answer = (ids, goals = 1) => ({
      predictions: ids.map((id) => ({ match_id: id, home_score: goals, away_score: 0 })),
    });
    expect(validate(answer(['m1', 'm2']))).toBe(true);
    for (const wrong of [answer(['m1']), answer(['m1', 'm3']), answer(['m1', 'm2'], -1), answer(['m1', 'm2'], 1.5)]) {
      expect(validate(wrong)).toBe(false);
    }
    expect(outcome.predictions).toHaveLength(2);
    expect(adjusted).toEqual([]);
  });

  test('a form that the server refuses is lowered at once, and told', async () => {
    const { predict, upstream } = await transcript({
      a: ({ body }) => (body.response_format ? 'no_response_format' : 'clean'),
    }, { models: { a: { responseFormat: 'json_schema' } } });
    const lowered = { parameter: 'response_format', from: 'json_schema', to: null };
    for (let call = 0; call < 2; call += 1) {
      const { attempts: [attempt], usedFallback } = await predict();
      expect([usedFallback, attempt.retries, attempt.adjusted]).toEqual([false, 0, [lowered]]);
    }
    expect(upstream.requests.map(({ body }) => body.response_format?.type))
      .toEqual(['json_schema', 'json_object', undefined, undefined]);
  });

  test('a batch beyond max_tokens is asked for in part, and the next attempt asks for the rest', async () => {
    const { predict, upstream } = await transcript({ a: 'clean', b: 'clean' }, {
      models: { a: { limits: { maxTokens: 300 } } },
    });
    const outcome = await predict(undefined, 40);
    const change = adjustment(outcome.attempts[0].adjusted, 'matches');
    expect(change.from).toBe(40);
    expect(change.to).toBeLessThan(40);
    expect(upstream.requests[0].matchIds).toHaveLength(change.to);
    expect(upstream.requests[1].matchIds).toHaveLength(40 - change.to);
    expect(outcome.missingMatchIds).toEqual([]);
  });
});

describe('max_tokens', () => {
  test('grows with the matches, and leaves a reasoning model room to think', async () => {
    const tokens = async (count, model) => (await sent({}, { count, model })).request.body.max_tokens;
    const [one, twenty, thinking] = [await tokens(1), await tokens(20), await tokens(1, { reasoning: true })];
    expect(twenty).toBeGreaterThan(one);
    expect(thinking).toBeGreaterThan(one + 500);
  });
});

describe('on the wire', () => {
  test('a request has its user agent and the headers of the provider, and no key where there is none', async () => {
    const { request } = await sent({ headers: { 'x-tenant': 'football' } });
    expect(request.headers).toMatchObject({ 'x-tenant': 'football', 'content-type': 'application/json' });
    expect(request.headers['user-agent']).toMatch(/^fallcast\/\d+\.\d+\.\d+$/);
    expect(request.headers).not.toHaveProperty('authorization');
  });

  test('modelIdPrefix is put before the name once', async () => {
    const name = async (upstreamModel) => {
      const { request } = await sent({ modelIdPrefix: 'hf:' }, { model: { upstreamModel } });
      return request.model;
    };
    expect(await name('org/model')).toBe('hf:org/model');
    expect(await name('hf:org/model')).toBe('hf:org/model');
  });

  test('maxConcurrency holds, and everyone has a turn', async () => {
    let most = 0;
    const upstream = await upstreamFor(() => {
      most = Math.max(most, upstream.open.length);
      return { name: 'slow', ms: 20 };
    });
    const config = chain(upstream, ['a']);
    config.providers[0].maxConcurrency = 3;
    const engine = engineFor(config);
    const ask = () => engine.predictWithFallback({ modelId: 'a', matches: matches() });
    const outcomes = await Promise.all(Array.from({ length: 12 }, ask));
    expect(most).toBe(3);
    for (const outcome of outcomes) expect(outcome.predictions).toEqual(predictions(['m1'], 'a'));
  });
});
