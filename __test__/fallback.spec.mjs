import { describe, expect, test } from 'vitest';

import { startUpstream } from '../examples/upstream.mjs';
import { chain, engineFor, inShort, matches, predictions, rejection, transcript, upstreamFor } from './support.mjs';

const status = (code, message, more) => ({ name: 'status', status: code, message, ...more });
/** A time-out for the first model alone, far below those of the others. */
const hurried = { models: { a: { timeoutMs: 300 } } };
/** The second model on a provider of its own. */
const apart = { models: { b: { provider: 'q' } }, providers: [{ id: 'q' }] };

/** Kind, what the first model does, the status seen (undefined: any), more. */
const failures = [
  ['timeout', 'never', null, hurried],
  ['timeout', { name: 'drip', ms: 20 }, undefined, hurried],
  ['timeout', { name: 'slow', ms: 60_000 }, null, hurried],
  ['network', 'reset', null],
  ['network', 'cut_body', undefined],
  ['network', 'wrong_length', undefined],
  ['server_error', 'internal_error', 500],
  ['server_error', 'loading', 503],
  ['server_error', status(408, 'Request timeout'), 408],
  ['rate_limited', 'rate_limited', 429],
  ['rate_limited', { name: 'rate_limited', retryAfter: null }, 429],
  ['rate_limited', { name: 'rate_limited', retryAfter: 'Sat, 01 Jan 2000 00:00:00 GMT' }, 429],
  ['quota_exhausted', 'no_credit', 402, apart],
  ['quota_exhausted', 'quota_exceeded', 429, apart],
  ['quota_exhausted', status(403, 'Your billing account is not active'), 403, apart],
  ['quota_exhausted', status(400, 'Your credit balance is too low'), 400, apart],
  ['unauthorized', 'unauthorized', 401, apart],
  ['unauthorized', 'forbidden', 403],
  ['model_unavailable', 'model_missing', 404],
  ['model_unavailable', status(400, 'The model `a` does not exist'), 400],
  ['model_unavailable', status(403, 'Unknown model', { code: 'model_not_found' }), 403],
  ['context_too_long', 'context_length', 400],
  ['context_too_long', status(413, "This model's maximum context length is 4096 tokens"), 413],
  ['bad_request', 'bad_parameter', 422],
  ['bad_request', 'no_response_format', 400],
  ['invalid_response', 'redirect', 302],
  ['invalid_response', 'html', 200],
  ['invalid_response', 'huge', 200],
  ['invalid_response', 'gzip_bomb', 200],
  ['empty_response', 'empty', 200],
  ['truncated', 'truncated', 200],
  ['parse_error', 'prose', 200],
  ['parse_error', 'chinese', 200],
  ['parse_error', 'schema_echo', 200],
  ['parse_error', 'template_echo', 200],
];

describe('a failure of the first model, and the next one answers', () => {
  test.each(failures)('%s: %j', async (kind, manner, seen, more) => {
    const { upstream, predict, asked } = await transcript({ a: manner, b: 'clean' }, more);
    const outcome = await predict();
    expect(inShort(outcome.attempts)).toEqual([['a', kind], ['b', null]]);
    expect(outcome.attempts[0].message).toMatch(/^.+$/);
    if (seen !== undefined) expect(outcome.attempts[0].status).toBe(seen);
    expect(outcome.attempts[1]).toMatchObject({ status: 200, message: null, retries: 0 });
    expect(outcome).toMatchObject({
      originalModelId: 'a', modelId: 'b', usedFallback: true, fallbackModelId: 'b', fallbackReason: kind, skips: [],
    });
    expect(outcome.predictions).toEqual(predictions(['m1'], 'b'));
    expect(asked()).toEqual(['a', 'b']);
    await upstream.idle();
  });

  test('a connection that is refused is a network failure', async () => {
    const gone = await startUpstream();
    await gone.close();
    const upstream = await upstreamFor();
    const config = chain(upstream, { a: { provider: 'gone' }, b: {} }, {
      providers: [{ id: 'gone', baseUrl: gone.baseUrl }],
    });
    const outcome = await engineFor(config).predictWithFallback({ modelId: 'a', matches: matches() });
    expect(inShort(outcome.attempts)).toEqual([['a', 'network'], ['b', null]]);
  });

  test.each(['endless_headers', 'bad_utf8'])('%s ends in some failure, in time', async (manner) => {
    const { predict } = await transcript({ a: manner, b: 'clean' }, hurried);
    const outcome = await predict();
    expect(['timeout', 'network', 'invalid_response', 'parse_error']).toContain(outcome.fallbackReason);
    expect(outcome.modelId).toBe('b');
  });
});

describe('the chain', () => {
  test('is followed until one answers; each is asked once', async () => {
    const { predict, asked } = await transcript({ a: 'internal_error', b: 'prose', c: 'empty', d: 'clean' });
    const outcome = await predict();
    expect(inShort(outcome.attempts)).toEqual([
      ['a', 'server_error'], ['b', 'parse_error'], ['c', 'empty_response'], ['d', null],
    ]);
    expect(outcome).toMatchObject({ modelId: 'd', fallbackModelId: 'd', fallbackReason: 'server_error' });
    expect(asked()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('is walked breadth-first: its own list in order, then theirs', async () => {
    const models = { a: { fallbacks: ['b', 'c'] }, b: { fallbacks: ['d'] }, c: { fallbacks: ['d'] }, d: {} };
    const { predict, asked } = await transcript({ a: 'prose', b: 'prose', c: 'prose', d: 'clean' }, { models });
    expect((await predict()).modelId).toBe('d');
    expect(asked()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('is left alone when the first model answers', async () => {
    const { predict, asked } = await transcript({ a: 'clean', b: 'clean' });
    expect(await predict()).toMatchObject({
      modelId: 'a', usedFallback: false, fallbackModelId: null, fallbackReason: null, skips: [],
    });
    expect(asked()).toEqual(['a']);
  });

  test('can be given as a single id in config.fallbacks', async () => {
    const { predict } = await transcript({ a: 'prose', b: 'clean', c: 'clean' }, { fallbacks: { a: 'c' } });
    expect((await predict()).modelId).toBe('c');
  });
});

describe('a content filter stops the chain', () => {
  test.each([['content_filter', 200], ['filtered_prompt', 400]])('%s', async (manner, seen) => {
    const { predict, asked } = await transcript({ a: manner, b: 'clean' });
    const error = await rejection(predict());
    expect(error.code).toBe('ALL_ATTEMPTS_FAILED');
    expect(inShort(error.attempts)).toEqual([['a', 'content_filtered']]);
    expect(error.attempts[0].status).toBe(seen);
    expect(asked()).toEqual(['a']);
  });

  test('unless fallbackOnContentFilter says otherwise', async () => {
    const { predict } = await transcript({ a: 'content_filter', b: 'clean' }, { fallbackOnContentFilter: true });
    expect(await predict()).toMatchObject({ modelId: 'b', fallbackReason: 'content_filtered' });
  });
});

describe('retries', () => {
  const once = { maxRetries: 2 };

  const passing = ['internal_error', 'reset', { name: 'rate_limited', retryAfter: 0 }];
  test.each(passing)('the last model is asked again after %j', async (manner) => {
    const { predict, asked } = await transcript({ a: [manner, 'clean'] }, once);
    const outcome = await predict();
    expect(outcome.attempts).toMatchObject([{ modelId: 'a', failure: null, retries: 1 }]);
    expect(asked()).toEqual(['a', 'a']);
  });

  test('a model with a fallback is not asked again', async () => {
    const { predict, asked } = await transcript({ a: 'internal_error', b: ['internal_error', 'clean'] }, once);
    expect((await predict()).attempts.map(({ retries }) => retries)).toEqual([0, 1]);
    expect(asked()).toEqual(['a', 'b', 'b']);
  });

  test('maxRetries ends them', async () => {
    const { predict, asked } = await transcript({ a: 'internal_error' }, { maxRetries: 1 });
    const error = await rejection(predict());
    expect(error.attempts).toMatchObject([{ failure: 'server_error', retries: 1 }]);
    expect(asked()).toEqual(['a', 'a']);
  });

  test.each([
    ['prose', {}], ['unauthorized', {}], [{ name: 'rate_limited', retryAfter: 3600 }, {}], ['never', hurried],
  ])('none after %j', async (manner, more) => {
    const { predict, asked } = await transcript({ a: manner }, { ...once, ...more });
    expect((await rejection(predict())).attempts).toMatchObject([{ retries: 0 }]);
    expect(asked()).toEqual(['a']);
  });
});
