import { describe, expect, test } from 'vitest';

import { chain, engineFor, matches, rejection, upstreamFor } from './support.mjs';

const good = () => ({ modelId: 'a', matches: matches(2) });
const withMatch = (index, fields) => {
  const request = good();
  Object.assign(request.matches[index], fields);
  return request;
};
const without = (request, key) => {
  delete request[key];
  return request;
};

/** Requests by the path of the value that is wrong. */
const badRequests = [
  ['request', undefined],
  ['request', null],
  ['request', 'a'],
  ['request.modelId', without(good(), 'modelId')],
  ['request.modelId', { ...good(), modelId: 7 }],
  ['request.modelId', { ...good(), modelId: '' }],
  ['request.matches', without(good(), 'matches')],
  ['request.matches', { ...good(), matches: {} }],
  ['request.matches', { ...good(), matches: [] }],
  ['request.matches', { ...good(), matches: matches(101) }],
  ['request.matches[1]', { ...good(), matches: [matches()[0], null] }],
  ['request.matches[1].id', { ...good(), matches: [matches()[0], matches()[0]] }],
  ['request.matches[0].id', withMatch(0, { id: '' })],
  ['request.matches[0].id', withMatch(0, { id: 5 })],
  ['request.matches[1].homeTeam', withMatch(1, { homeTeam: '' })],
  ['request.matches[1].homeTeam', withMatch(1, { homeTeam: undefined })],
  ['request.matches[1].awayTeam', withMatch(1, { awayTeam: '  ' })],
  ['request.matches[0].competition', withMatch(0, { competition: 1 })],
  ['request.matches[0].kickoff', withMatch(0, { kickoff: 'tomorrow' })],
  ['request.matches[0].kickoff', withMatch(0, { kickoff: new Date(0) })],
  ['request.matches[0].analysis', withMatch(0, { analysis: [] })],
  ['request.prompt', { ...good(), prompt: 'a prompt' }],
  ['request.prompt.user', { ...good(), prompt: { system: 'only' } }],
  ['request.prompt.user', { ...good(), prompt: { user: '' } }],
  ['request.prompt', { ...good(), prompt: { user: 'x'.repeat(1024 * 1024 + 1) } }],
  ['request.promptVersion', { ...good(), promptVersion: 'no-such-version' }],
  ['request.promptVersion', { ...good(), promptVersion: 3 }],
];

/** Options by the path of the value that is wrong. */
const badOptions = [
  ['options', 'fast'],
  ['options.signal', { signal: {} }],
  ['options.deadlineMs', { deadlineMs: Number.NaN }],
  ['options.deadlineMs', { deadlineMs: -1 }],
  ['options.deadlineMs', { deadlineMs: 0 }],
  ['options.deadlineMs', { deadlineMs: 1.5 }],
  ['options.deadlineMs', { deadlineMs: '100' }],
  ['options.attemptTimeoutMs', { attemptTimeoutMs: Number.POSITIVE_INFINITY }],
  ['options.attemptTimeoutMs', { attemptTimeoutMs: -5 }],
  ['options.maxFallbackCost', { maxFallbackCost: -0.01 }],
  ['options.maxFallbackCost', { maxFallbackCost: Number.NaN }],
  ['options.maxFallbackDepth', { maxFallbackDepth: 1.5 }],
  ['options.maxFallbackDepth', { maxFallbackDepth: -1 }],
  ['options.temperature', { temperature: -0.1 }],
  ['options.temperature', { temperature: Number.NaN }],
  ['options.maxTokens', { maxTokens: 0 }],
  ['options.maxTokens', { maxTokens: 2.5 }],
  ['options.stop', { stop: 'END' }],
  ['options.stop[1]', { stop: ['END', 3] }],
  ['options.deadlineMS', { deadlineMS: 1000 }],
  ['options.requestId', { requestId: '' }],
  ['options.requestId', { requestId: 7 }],
  ['options.requestId', { requestId: {} }],
  ['options.requestId', { requestId: 'x'.repeat(201) }],
  ['options.requestId', { requestId: 'two\nlines' }],
  ['options.requestId', { requestId: 'no\u0000thing' }],
  ['options.requestId', { requestId: 'c1\u0085' }],
  ['options.requestId', { requestId: '\ud83d' }],
  ['options.requestId', { requestId: 'x\udc00y' }],
];

describe('a bad request is refused with its path, and nothing is sent', () => {
  test.each(badRequests)('%s: %j', async (path, request) => {
    const upstream = await upstreamFor();
    const error = await rejection(engineFor(chain(upstream, ['a'])).predictWithFallback(request));
    expect(error).toBeInstanceOf(Error);
    expect(error.code).toBe('INVALID_REQUEST');
    expect(error.message.split(': ')[0]).toBe(path);
    expect(upstream.requests).toEqual([]);
  });
});

describe('bad options are refused with their path, and nothing is sent', () => {
  test.each(badOptions)('%s: %j', async (path, options) => {
    const upstream = await upstreamFor();
    const error = await rejection(engineFor(chain(upstream, ['a'])).predictWithFallback(good(), options));
    expect(error.code).toBe('INVALID_REQUEST');
    expect(error.message.split(': ')[0]).toBe(path);
    expect(upstream.requests).toEqual([]);
  });
});

test('a model that the catalogue does not have is unknown', async () => {
  const upstream = await upstreamFor();
  const error = await rejection(engineFor(chain(upstream, ['a'])).predictWithFallback({ ...good(), modelId: 'A' }));
  expect(error.code).toBe('UNKNOWN_MODEL');
  expect(error.message).toContain('A');
  expect(upstream.requests).toEqual([]);
});

test('the limits themselves are allowed', async () => {
  const engine = engineFor(chain(await upstreamFor(), ['a']));
  const hundred = await engine.predictWithFallback({ modelId: 'a', matches: matches(100) });
  expect(hundred.predictions.length + hundred.missingMatchIds.length).toBe(100);
  const line = '{"match_id":"m1"}\n';
  const prompt = { user: line + 'x'.repeat(1024 * 1024 - line.length) };
  const long = await engine.predictWithFallback({ modelId: 'a', matches: matches(), prompt });
  expect(long.predictions).toHaveLength(1);
});

test.each([null, undefined, {}])('options may be %j, and fields of them undefined', async (options) => {
  const engine = engineFor(chain(await upstreamFor(), ['a']));
  const request = { ...good(), prompt: null, promptVersion: undefined };
  const given = options && { ...options, signal: undefined, deadlineMs: undefined };
  await expect(engine.predictWithFallback(request, given)).resolves.toMatchObject({ modelId: 'a' });
});

test('a match may have fields of its own besides, as a row of a database has', async () => {
  const engine = engineFor(chain(await upstreamFor(), ['a']));
  const [match] = matches();
  const request = { modelId: 'a', matches: [{ ...match, venue: 'Anfield', odds: [1.5, 4, 6] }] };
  await expect(engine.predictWithFallback(request)).resolves.toMatchObject({ modelId: 'a' });
});

test('the request may be changed or frozen as soon as the call has returned', async () => {
  const engine = engineFor(chain(await upstreamFor(), ['a']));
  const request = good();
  const pending = engine.predictWithFallback(Object.freeze(request));
  request.matches.length = 0;
  await expect(pending).resolves.toMatchObject({ predictions: [{ matchId: 'm1' }, { matchId: 'm2' }] });
});
