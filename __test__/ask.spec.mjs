import { describe, expect, test } from 'vitest';

import { manners, valueFor } from '../examples/upstream.mjs';
import { chain, engineFor, fallcast, inShort, listen, matches, rejection, upstreamFor } from './support.mjs';

const prompt = { system: 'You write.', user: 'Who is who?' };
const schema = {
  type: 'object',
  properties: { name: { type: 'string', minLength: 2 }, goals: { type: 'array', items: { type: 'integer', minimum: 0 } } },
  required: ['name', 'goals'],
  additionalProperties: false,
};
const good = { name: 'Ann', goals: [1, 2] };

/** An engine whose models answer with these texts, in a chain; a text that is an object is answered as JSON. */
async function answering(table, config = {}, fields = {}) {
  const upstream = await upstreamFor(({ model }) => {
    const said = table[model];
    if (typeof said === 'object' && said !== null && 'name' in said && Object.keys(manners).includes(said.name)) return said;
    return Object.keys(manners).includes(said) ? said : { name: 'said', said };
  });
  const models = Object.fromEntries(Object.keys(table).map((id) => [id, fields[id] ?? {}]));
  const engine = engineFor(chain(upstream, models, config));
  return { upstream, engine, ask: (more, options) => engine.askWithFallback({ modelId: 'a', prompt, ...more }, options) };
}

manners.said = (request, reply, { said }) => reply.text(typeof said === 'string' ? said : JSON.stringify(said));

describe('a question without a schema', () => {
  test('is answered as text, without the thinking, and tells everything that an outcome tells', async () => {
    const { ask, upstream } = await answering({ a: '<think>Hm.</think>\n Ann is Bob. \n' });
    const answer = await ask({}, { requestId: 'job-7' });
    expect(answer).toMatchObject({
      requestId: 'job-7', value: null, text: 'Ann is Bob.', originalModelId: 'a', modelId: 'a', usedFallback: false, fallbackModelId: null,
      fallbackReason: null, skips: [], promptVersion: 'own', overrides: [], reasoning: 'Hm.',
      rawResponse: '<think>Hm.</think>\n Ann is Bob. \n',
    });
    expect(inShort(answer.attempts)).toEqual([['a', null]]);
    expect(answer.costUsd).toBeGreaterThan(0);
    expect(upstream.requests[0].body).toMatchObject({
      messages: [{ role: 'system', content: 'You write.' }, { role: 'user', content: 'Who is who?' }], max_tokens: 2048,
    });
    expect(upstream.requests[0].body).not.toHaveProperty('response_format');
    const outcome = await engineFor(chain(await upstreamFor(), ['a'])).predictWithFallback({ modelId: 'a', matches: matches() });
    const own = ['predictions', 'missingMatchIds'];
    expect(Object.keys(answer).filter((name) => !['value', 'text'].includes(name))).toEqual(Object.keys(outcome).filter((name) => !own.includes(name)));
  });

  test('may be a conversation', async () => {
    const { ask, upstream } = await answering({ a: 'Two.' });
    const messages = [
      { role: 'system', content: 'Count.' }, { role: 'user', content: 'One?' }, { role: 'assistant', content: 'One.' }, { role: 'user', content: 'And?' },
    ];
    expect((await ask({ prompt: undefined, messages })).text).toBe('Two.');
    expect(upstream.requests[0].body.messages).toEqual(messages);
  });

  test.each([['nothing', 'empty', 'empty_response'], ['a text that was cut off', 'truncated', 'truncated'], ['an error', 'internal_error', 'server_error']])(
    'falls back after %s', async (_, manner, failure) => {
      const { ask } = await answering({ a: manner, b: 'Bob.' });
      const answer = await ask();
      expect([answer.text, answer.fallbackReason]).toEqual(['Bob.', failure]);
    },
  );
});

describe('a question with a JSON Schema', () => {
  test.each([
    ['as it is', JSON.stringify(good)],
    ['in a fence after words', `Here:\n\`\`\`json\n${JSON.stringify(good, null, 2)}\n\`\`\`\nDone.`],
    ['relaxed', "{name: 'Ann', // who\n goals: [1, 2,],}"],
    ['after thinking with a draft', `<think>{"name":"No","goals":[9]}</think>${JSON.stringify(good)}`],
    ['after a draft', `{"name":"No","goals":[9]} No, rather ${JSON.stringify(good)}`],
    ['wrapped', JSON.stringify({ answer: good })],
    ['as the arguments of a call', JSON.stringify({ name: 'answer', arguments: JSON.stringify(good) })],
    ['as a text', JSON.stringify(JSON.stringify(good))],
    ['never closed', '{"name": "Ann", "goals": [1, 2]'],
  ])('is answered with a value: %s', async (_, said) => {
    const { ask } = await answering({ a: said });
    const answer = await ask({ schema });
    expect(answer.value).toEqual(good);
    expect(JSON.parse(answer.text)).toEqual(good);
  });

  test.each([
    ['a field is missing', { name: 'Ann' }, 'value.goals is missing'],
    ['an item is none', { name: 'Ann', goals: [1, 'two'] }, 'value.goals[1] must be integer, got a string'],
    ['there is one more', { ...good, 'more than that': 1 }, 'value["more than that"] is a field that the schema does not have'],
    ['a text is too short', { ...good, name: 'A' }, 'value.name must have at least 2 characters, has 1'],
  ])('falls back where %s, and says where', async (_, said, problem) => {
    const { ask, engine } = await answering({ a: said, b: good });
    const { events } = listen(engine);
    const answer = await ask({ schema });
    expect([answer.value, answer.modelId, answer.fallbackReason]).toEqual([good, 'b', 'parse_error']);
    expect(answer.attempts[0].message).toBe(`HTTP 200 with an answer that does not fit: ${problem}`);
    expect(answer.attempts[0].usage).not.toBeNull();
    expect(events).toMatchObject([{ type: 'fallback', modelId: 'b', reason: 'parse_error' }]);
  });

  test('without any JSON it is a parse error too, and nobody\'s answer is an error with every attempt', async () => {
    const { ask } = await answering({ a: 'prose', b: {} });
    const error = await rejection(ask({ schema }));
    expect(error).toMatchObject({ code: 'ALL_ATTEMPTS_FAILED', retryable: true });
    expect(inShort(error.attempts)).toEqual([['a', 'parse_error'], ['b', 'parse_error']]);
  });

  test('values that are no objects', async () => {
    const { ask } = await answering({ a: 'draw' });
    expect((await ask({ schema: { enum: ['home', 'draw', 'away'] } })).value).toBe('draw');
    const { ask: askForNumber } = await answering({ a: '```\n7\n```' });
    expect((await askForNumber({ schema: { type: 'integer' } })).value).toBe(7);
    const { ask: askForList } = await answering({ a: { items: [1, 2] } });
    expect((await askForList({ schema: { type: 'array', items: { type: 'integer' } } })).value).toEqual([1, 2]);
  });

  test('is sent as response_format to a model that takes one, else told in the system message', async () => {
    const fields = { a: { responseFormat: 'json_schema', fallbacks: ['b'] }, b: { responseFormat: true, fallbacks: ['c'] }, c: {} };
    const { ask, upstream } = await answering({ a: 'prose', b: 'prose', c: good }, {}, fields);
    const { attempts } = await ask({ schema, schemaName: 'people' });
    const [first, second, third] = upstream.requests.map(({ body }) => body);
    expect(first.response_format).toEqual({ type: 'json_schema', json_schema: { name: 'people', strict: true, schema } });
    expect(first.messages[0].content).toBe('You write.');
    const told = `You write.\n\nAnswer with JSON alone that fits this JSON Schema:\n${JSON.stringify(schema)}`;
    expect([second.response_format, second.messages[0].content]).toEqual([{ type: 'json_object' }, told]);
    expect([third.response_format, third.messages[0].content]).toEqual([undefined, told]);
    expect(attempts.map(({ adjusted }) => adjusted)).toEqual([[], [], [{ parameter: 'response_format', from: 'json_object', to: null }]]);
  });

  test('a form that a server refuses is lowered for this call alone', async () => {
    const { upstream, engine } = await answering({ a: 'no_response_format' }, {}, { a: { responseFormat: 'json_schema' } });
    await rejection(engine.askWithFallback({ modelId: 'a', prompt, schema: { type: 'object' } }));
    const forms = () => upstream.requests.map(({ body }) => body.response_format?.type);
    expect(forms()[0]).toBe('json_schema');
    expect(upstream.requests[0].body.response_format.json_schema.strict).toBe(false);
    const before = forms().length;
    await rejection(engine.predictWithFallback({ modelId: 'a', matches: matches() }));
    expect(forms()[before]).toBe('json_schema');
  });

  test.each(Object.keys(manners).filter((name) => !['said', 'never', 'drip', 'endless_headers', 'held', 'slow'].includes(name)))(
    'whatever comes, it rejects or gives a value that fits: %s', async (name) => {
      const { engine, upstream } = await answering({ a: name, b: 'clean' }, { http: { maxResponseBytes: 1_000_000 } });
      const answer = await engine.askWithFallback({ modelId: 'a', prompt, schema }).catch((error) => error);
      expect(upstream.requests.length).toBeGreaterThan(0);
      if (answer.code === undefined) expect(answer.value).toEqual(valueFor(schema));
      else expect(answer.code).toBe('ALL_ATTEMPTS_FAILED');
    },
  );
});

describe('a question with a Standard Schema', () => {
  const standard = (validate, more = {}) => ({ '~standard': { version: 1, vendor: 'own', validate, ...more } });

  test('its validation is called, and what it makes of the value is the value', async () => {
    const seen = [];
    const { ask, upstream } = await answering({ a: { born: '2001-02-03' } });
    const answer = await ask({ schema: standard(async (value) => { seen.push(value); return { value: new Date(value.born) }; }) });
    expect(answer.value).toEqual(new Date('2001-02-03'));
    expect(answer.text).toBe('{"born":"2001-02-03"}');
    expect(seen).toEqual([{ born: '2001-02-03' }]);
    expect(upstream.requests[0].body.messages[0].content).toBe('You write.');
  });

  test('what it refuses, throws or rejects with is a parse error with its path or its message', async () => {
    const refuses = standard(() => ({ issues: [{ message: 'is too early', path: ['list', { key: 0 }, 'at'] }] }));
    const throws = standard(() => { throw new Error('no such thing'); });
    const rejects = standard(async () => { throw new TypeError('not today'); });
    for (const [schema, message] of [
      [refuses, 'value.list[0].at is too early'], [throws, 'the check threw: no such thing'], [rejects, 'the check threw: not today'],
    ]) {
      const { ask } = await answering({ a: { list: [] } });
      const error = await rejection(ask({ schema }));
      expect(inShort(error.attempts)).toEqual([['a', 'parse_error']]);
      expect(error.attempts[0].message).toContain(message);
    }
  });

  test('one that never ends ends with the time of the attempt, and is no fault of the model', async () => {
    const { ask, engine } = await answering({ a: {}, b: {} }, { transientThreshold: 1 });
    let calls = 0;
    const schema = standard(() => (calls++ === 0 ? new Promise(() => {}) : { value: 'late' }));
    const answer = await ask({ schema }, { attemptTimeoutMs: 200 });
    expect([answer.value, answer.modelId, answer.fallbackReason]).toEqual(['late', 'b', 'timeout']);
    expect(answer.attempts[0].usage).not.toBeNull();
    expect(engine.getModel('a').coolingUntil).toBeNull();
    const error = await rejection(ask({ schema: standard(() => new Promise(() => {})) }, { deadlineMs: 200 }));
    expect(error.code).toBe('DEADLINE_EXCEEDED');
  });

  test('an abort ends a validation that is under way', async () => {
    const { ask } = await answering({ a: {} });
    const controller = new AbortController();
    const schema = standard(() => { controller.abort(new Error('enough')); return new Promise(() => {}); });
    const error = await rejection(ask({ schema }, { signal: controller.signal }));
    expect([error.code, error.cause.message]).toEqual(['ABORT_ERR', 'enough']);
  });

  test('its JSON Schema is sent where it gives one, by the standard or by itself', async () => {
    const given = { type: 'object', properties: {}, additionalProperties: false };
    const validate = (value) => ({ value });
    const asFunction = Object.assign(() => {}, standard(validate), { toJsonSchema: () => given });
    for (const schema of [
      standard(validate, { jsonSchema: { input: ({ target }) => (target === 'draft-2020-12' ? given : {}) } }),
      { ...standard(validate), toJSONSchema: () => given },
      asFunction,
    ]) {
      const { ask, upstream } = await answering({ a: {} }, {}, { a: { responseFormat: 'json_schema' } });
      await ask({ schema });
      expect(upstream.requests[0].body.response_format.json_schema).toEqual({ name: 'answer', strict: true, schema: given });
    }
  });
});

describe('the same engine', () => {
  test('counts questions apart from predictions, in routes, calls and for Prometheus, and pays for both from one budget', async () => {
    const { ask, engine } = await answering({ a: 'prose', b: good }, { dailyBudgetUsd: 1 });
    await ask({ schema });
    await engine.predictWithFallback({ modelId: 'b', matches: matches() });
    const { routes } = engine.getMetrics();
    expect(routes.map(({ task, sentence }) => [task, sentence])).toEqual([
      ['ask', 'a: 1 answer through b'], ['predict', 'b: 1 prediction of its own'],
    ]);
    expect(engine.getMetricsText()).toMatch(/fallcast_calls_total\{original="a",model="b",reason="parse_error",task="ask"\} 1\b/);
    expect(engine.getStatus().calls.map(({ task }) => task)).toEqual(['predict', 'ask']);
    const { spentUsd } = engine.getBudget();
    expect(spentUsd).toBeCloseTo(engine.getMetrics().routes.reduce((sum, { costUsd }) => sum + costUsd, 0), 9);
  });

  test('keeps a question apart in its state', async () => {
    const { ask, engine } = await answering({ a: good });
    await ask({ schema });
    const other = engineFor(chain({ baseUrl: 'http://127.0.0.1:9/v1' }, ['a']));
    other.restore(engine.snapshot());
    expect(other.getStatus().routes).toMatchObject([{ task: 'ask', originalModelId: 'a', calls: 1 }]);
  });

  test('is guarded by health, depth and money', async () => {
    const { ask, engine, upstream } = await answering({ a: 'prose', b: good });
    expect((await rejection(ask({ schema }, { maxFallbackDepth: 0 }))).skips).toMatchObject([{ modelId: 'b', reason: 'depth' }]);
    expect((await rejection(ask({ schema }, { maxFallbackCost: 0 }))).skips).toMatchObject([{ modelId: 'b', reason: 'too_expensive' }]);
    for (const id of ['a', 'b']) engine.disableModel(id, 'by hand');
    expect(await rejection(ask({ schema }))).toMatchObject({ code: 'NO_MODEL_AVAILABLE', retryable: false });
    expect(upstream.requests).toHaveLength(2);
    await engine.close();
    expect((await rejection(ask())).code).toBe('CLOSED');
  });
});

describe('what is no question is refused, with every path, and never thrown', () => {
  test.each([
    [undefined, ['request: must be an object, got undefined']],
    [{}, ['request.modelId: must be a string, got nothing', 'request.prompt: must be an object, got nothing, and no messages either']],
    [{ prompt, messages: [] }, ['request.messages: has no meaning beside a prompt']],
    [{ prompt: { user: ' ' } }, ['request.prompt.user: must not be empty']],
    [{ messages: Array(2000).fill({ role: 'user', content: 'x' }) }, ['request.messages: must hold 1 to 256 messages, got 2000']],
    [{ messages: [{ role: 'robot', content: 'x' }] }, ['request.messages[0].role: must be "system", "user" or "assistant", got "robot"']],
    [{ messages: [{ role: 'user', content: 'x' }, { role: 'assistant', content: '' }] }, ['request.messages[1].content: must not be empty', 'request.messages[1].role']],
    [{ prompt, schema: 'zod' }, ['request.schema: must be a JSON Schema or a Standard Schema']],
    [{ prompt, schema: { type: 'strnig' } }, ['request.schema.type: must be null, boolean']],
    [{ prompt, schema: { properties: { a: { pattern: '(' } }, $ref: '#/none' } }, ['request.schema.properties.a.pattern: must be a regular expression', 'request.schema.$ref: names a schema that is not in this one']],
    [{ prompt, schema: {}, schemaName: 'a b' }, ['request.schemaName: must be 1 to 64']],
  ])('%j', async (request, paths) => {
    const { engine, upstream } = await answering({ a: 'clean' });
    const error = await rejection(engine.askWithFallback(request && { modelId: 'a', ...request, ...(Object.keys(request).length === 0 && { modelId: undefined }) }));
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', callId: expect.any(String), retryable: false });
    for (const path of paths) expect(error.message).toContain(path);
    expect(upstream.requests).toEqual([]);
  });

  test('options are those of predictions, and the unknown model is named', async () => {
    const { ask } = await answering({ a: 'clean' });
    expect((await rejection(ask({}, { deadline: 5 }))).message).toContain('options.deadline');
    expect((await rejection(ask({ modelId: 'x' }))).code).toBe('UNKNOWN_MODEL');
  });

  test('the function of the module asks the shared engine', async () => {
    const error = await rejection(fallcast.askWithFallback({ modelId: 'no-such-model', prompt }));
    expect(error.code).toBe('UNKNOWN_MODEL');
  });
});
