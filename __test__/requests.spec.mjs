import { describe, expect, test } from 'vitest';

import { chain, engineFor, matches, rejection, thrown, upstreamFor } from './support.mjs';

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
  ['request.promptVersion', { ...good(), promptVersion: '1\ud83d' }],
  ['request.modelId', { ...good(), modelId: 'a\ud83d' }],
  ['request.matches[1].id', withMatch(1, { id: 'm\udc00' })],
  ['request.matches[0].kickoff', withMatch(0, { kickoff: '2025-02-29T15:30:00Z' })],
  ['request.matches[0].kickoff', withMatch(0, { kickoff: '2025-04-31' })],
  ['request.matches[0].kickoff', withMatch(0, { kickoff: '2025-10-19T24:30:00Z' })],
];

/** Options by the path of the value that is wrong. */
const badOptions = [
  ['options', 'fast'],
  ['options.signal', { signal: {} }],
  ['options.signal', { signal: { aborted: 'no', addEventListener() {} } }],
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
  ['options.stop[1]', { stop: ['END', '\ud83d'] }],
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
  ['options.traceparent', { traceparent: 7 }],
  ['options.traceparent', { traceparent: '' }],
  ['options.traceparent', { traceparent: 'two\r\nlines: x' }],
  ['options.traceparent', { traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` }],
  ['options.traceparent', { traceparent: `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01` }],
  ['options.traceparent', { traceparent: '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01' }],
  ['options.traceparent', { traceparent: '01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }],
  ['options.traceparent', { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more' }],
];

describe('a bad request is refused with its path, and nothing is sent', () => {
  test.each(badRequests)('%s: %j', async (path, request) => {
    const upstream = await upstreamFor();
    const error = await rejection(engineFor(chain(upstream, ['a'])).predictWithFallback(request));
    expect(error).toBeInstanceOf(Error);
    expect(error.code).toBe('INVALID_REQUEST');
    expect(error.message.split('\n')).toEqual([expect.stringMatching(/^\S+: must |^\S+: (unknown field|has no |no prompt )/)]);
    expect(error.message.split(': ')[0]).toBe(path);
    expect(upstream.requests).toEqual([]);
  });
});

describe('bad options are refused with their path, and nothing is sent', () => {
  test.each(badOptions)('%s: %j', async (path, options) => {
    const upstream = await upstreamFor();
    const error = await rejection(engineFor(chain(upstream, ['a'])).predictWithFallback(good(), options));
    expect(error.code).toBe('INVALID_REQUEST');
    expect(error.message.split('\n')).toEqual([expect.stringMatching(/^\S+: must |^\S+: (unknown field|has no |no prompt )/)]);
    expect(error.message.split(': ')[0]).toBe(path);
    expect(upstream.requests).toEqual([]);
  });
});

test('every fault of a request and its options is told at once, a line each, and an unknown option with what was meant', async () => {
  const engine = engineFor(chain(await upstreamFor(), ['a']));
  const [match] = matches();
  const request = {
    matches: [{ id: 1, homeTeam: '', kickoff: 'soon' }, null, match, { ...match, awayTeam: 'y'.repeat(257) }],
    prompt: { system: 3 },
    promptVersion: 4,
  };
  const options = {
    deadlineMS: 3, deadlineMs: -1, temperature: Number.NaN, maxTokens: 2.5, stop: ['', 3, 'ok'], signal: {}, requestId: 'a\nb',
    maxFallbackCost: '1', whatever: 'sk-123456',
  };
  const faults = [
    'options.deadlineMS: unknown field, did you mean deadlineMs?',
    'options.whatever: unknown field',
    'options.signal: must be an AbortSignal',
    'options.maxFallbackCost: must be a number, got "1"',
    'options.stop[1]: must be a string, got 3',
    'request.modelId: must be a string, got nothing',
    'request.matches[0].id: must be a string, got 1',
    'request.matches[1]: must be an object, got null',
    'request.prompt.system: must be a string, got a number',
    'request.prompt.user: must be a string, got nothing',
    'request.promptVersion: must be a string, got 4',
    'options.stop[0]: must not be empty, got ""',
    'options.requestId: must not contain control characters, got "a\\nb"',
    'options.deadlineMs: must be a whole number from 1 to 86400000, got -1',
    'options.temperature: must be a finite number, got NaN',
    'options.maxTokens: must be a whole number from 1 to 1000000, got 2.5',
    'request.matches[0].kickoff: must be an ISO 8601 date or date and time, got "soon"',
    `request.matches[3].awayTeam: must be at most 256 characters long, got "${'y'.repeat(80)}"…`,
    'request.matches[3].id: must differ from request.matches[2].id, got "m1" twice',
  ];
  const { code, message } = await rejection(engine.predictWithFallback(request, options));
  expect(code).toBe('INVALID_REQUEST');
  expect(message.split('\n')).toEqual(faults);
  expect(thrown(() => engine.explain(request, options)).message).toBe(message);
  expect(thrown(() => engine.buildPrompt('a', request.matches)).message.split('\n')).toEqual(
    // The names of the sides are needed where no prompt shows the matches.
    faults.filter((fault) => fault.startsWith('request.matches')).map((fault) => fault.replaceAll('request.', ''))
      .toSpliced(2, 0, 'matches[0].awayTeam: must be a string, got nothing', 'matches[0].homeTeam: must not be empty, got ""'),
  );
});

test('what is faulty as a whole is told as one fault, and of many faults the first hundred', async () => {
  const engine = engineFor(chain(await upstreamFor(), ['a']));
  expect((await rejection(engine.predictWithFallback(null, 'fast'))).message.split('\n')).toEqual([
    'options: must be an object, got a string',
    'request: must be an object, got null',
  ]);
  const many = await rejection(engine.predictWithFallback({ modelId: 'a', matches: Array.from({ length: 100 }, () => ({})) }));
  const lines = many.message.split('\n');
  expect([lines.length, lines.at(-1)]).toEqual([101, 'and 200 more']);
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

test('a text that is cut within a character is sent, an id never becomes another', async () => {
  const engine = engineFor(chain(await upstreamFor(), ['a']));
  const [match] = matches();
  const request = { modelId: 'a', matches: [{ ...match, id: '\ufffd', homeTeam: 'Leeds \ud83d', analysis: '\udc00' }] };
  await expect(engine.predictWithFallback(request)).resolves.toMatchObject({ predictions: [{ matchId: '\ufffd' }] });
});

test.each(['__proto__', 'constructor', 'toString'])('a match may have the id %s', async (id) => {
  const [match] = matches();
  const request = { modelId: 'a', matches: [{ ...match, id }] };
  const answered = await engineFor(chain(await upstreamFor(), ['a'])).predictWithFallback(request);
  expect(answered.predictions).toMatchObject([{ matchId: id }]);
  const half = { modelId: 'a', matches: [match, { ...match, id }] };
  const { missingMatchIds } = await engineFor(chain(await upstreamFor('partial'), ['a'])).predictWithFallback(half);
  expect(missingMatchIds).toEqual([id]);
});

test('nothing of what stands in the place of a request or a prompt is quoted', async () => {
  const engine = engineFor(chain(await upstreamFor(), ['a']));
  const secret = 'for our eyes only';
  const requests = [secret, { ...good(), matches: secret }, ...[secret, [secret], { user: [secret] }, { user: 1, system: secret }]
    .map((prompt) => ({ ...good(), prompt }))];
  for (const request of requests) {
    const { code, message } = await rejection(engine.predictWithFallback(request));
    expect(code).toBe('INVALID_REQUEST');
    expect(message).not.toContain(secret);
  }
  const { message } = await rejection(engine.predictWithFallback(good(), { deadlineMs: 'S3CR3T-k3y-zq9X71Lm-do-not-show' }));
  expect(message).toBe('options.deadlineMs: must be a number, got "[key]"');
  expect((await rejection(engine.predictWithFallback({ ...good(), modelId: 'sk-123456' }))).message).not.toContain('123456');
});

test('a list of any length is refused at once', async () => {
  const engine = engineFor(chain(await upstreamFor(), ['a']));
  class List extends Array {}
  const length = 2 ** 32 - 1;
  const lying = new Proxy([], { get: (target, name) => (name === 'length' ? length : target[name]) });
  for (const list of [Object.assign([], { length }), Object.assign(new List(), { length }), lying]) {
    const matches = await rejection(engine.predictWithFallback({ ...good(), matches: list }));
    expect(matches.message).toMatch(/^request\.matches: must /);
    const stop = await rejection(engine.predictWithFallback(good(), { stop: list }));
    expect(stop.message).toMatch(/^options\.stop: must /);
    expect(() => engine.buildPrompt('a', list)).toThrow(/^matches: must /);
  }
});
