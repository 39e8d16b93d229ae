/** Spans and measurements of calls, in memory, under the SDK of OpenTelemetry. */
import { once } from 'node:events';
import { createServer } from 'node:http';

import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { AggregationTemporality, DataPointType, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { AlwaysOffSampler, BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import otel from '../otel/index.js';
import { chain, engineFor, fallcast, matches, quiet, rejection, thrown, transcript, upstreamFor } from './support.mjs';

const { instrument } = otel;

beforeAll(() => { context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()); });
afterAll(() => context.disable());

/** Providers whose spans and measurements stay in memory. */
function telemetry({ sampler } = {}) {
  const spans = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({ sampler, spanProcessors: [new SimpleSpanProcessor(spans)] });
  const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 1_000_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  onTestFinished(async () => { await tracerProvider.shutdown(); await meterProvider.shutdown(); });
  return {
    tracerProvider,
    meterProvider,
    tracer: tracerProvider.getTracer('test'),
    spans: () => spans.getFinishedSpans(),
    /** What was measured: by metric, its data points. */
    async measured() {
      await meterProvider.forceFlush();
      const all = metrics.getMetrics().at(-1).scopeMetrics.flatMap((scope) => scope.metrics);
      return Object.fromEntries(all.map((metric) => [metric.descriptor.name, metric]));
    },
  };
}

/** A server that answers so; its address. */
async function serve(answer) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  onTestFinished(() => { server.close(); server.closeAllConnections(); });
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}

/** An engine whose models answer so, and what is recorded of it. */
async function traced(table, options = {}, config = {}) {
  const memory = telemetry();
  const all = await transcript(table, config);
  const restore = instrument(all.engine, { tracerProvider: memory.tracerProvider, meterProvider: memory.meterProvider, ...options });
  return { ...memory, ...all, restore };
}

const milliseconds = ([seconds, nanoseconds]) => seconds * 1000 + nanoseconds / 1e6;
const parentOf = (span) => span.parentSpanContext?.spanId;
const idOf = (span) => span.spanContext().spanId;

test('a call that three models were asked for is one span, with three below it and their real times, under the active one', async () => {
  const { engine, tracer, spans, predict } = await traced({ a: 'internal_error', b: 'prose', c: 'clean' }, {}, { models: { a: { fallbacks: ['b', 'c'] } } });
  const outcome = await tracer.startActiveSpan('job', async (job) => {
    const ended = await predict({ requestId: 'job-7', temperature: 0.3 });
    job.end();
    return ended;
  });
  const [first, second, third, call, job] = spans();
  expect(spans()).toHaveLength(5);
  expect([first, second, third].map(({ name, kind }) => [name, kind])).toEqual(['a', 'b', 'c'].map((id) => [`chat ${id}`, SpanKind.CLIENT]));
  expect([call.name, call.kind]).toEqual(['invoke_workflow predictWithFallback', SpanKind.INTERNAL]);
  expect(parentOf(call)).toBe(idOf(job));
  for (const [index, span] of [first, second, third].entries()) {
    const attempt = outcome.attempts[index];
    expect(parentOf(span)).toBe(idOf(call));
    expect(span.spanContext().traceId).toBe(job.spanContext().traceId);
    // Each is a whole millisecond that the call was under way in.
    expect(milliseconds(span.startTime)).toBe(Math.max(Date.parse(attempt.startedAt), milliseconds(call.startTime)));
    expect(milliseconds(span.endTime) - milliseconds(span.startTime)).toBeCloseTo(attempt.durationMs, 2);
    expect(milliseconds(span.endTime)).toBeLessThanOrEqual(milliseconds(call.endTime));
  }
  expect(call.attributes).toEqual({
    'gen_ai.operation.name': 'invoke_workflow', 'gen_ai.workflow.name': 'predictWithFallback', 'gen_ai.request.model': 'a',
    'gen_ai.response.model': 'c', 'fallcast.call_id': outcome.callId, 'fallcast.request_id': 'job-7', 'fallcast.model': 'c', 'fallcast.fallback_reason': 'server_error',
    'fallcast.cost_usd': outcome.costUsd, 'fallcast.original_cost_usd': outcome.originalCostUsd,
  });
  expect(call.status.code).toBe(SpanStatusCode.UNSET);
  const { usage, promptVersion, costUsd } = outcome.attempts[2];
  expect(third.attributes).toEqual({
    'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'p', 'gen_ai.request.model': 'c', 'gen_ai.response.model': 'c', 'gen_ai.request.temperature': 0.3,
    'gen_ai.usage.input_tokens': usage.promptTokens, 'gen_ai.usage.output_tokens': usage.completionTokens,
    'http.response.status_code': 200, 'fallcast.prompt_version': promptVersion, 'fallcast.cost_usd': costUsd,
  });
  expect(first.attributes).toMatchObject({ 'error.type': 'server_error', 'http.response.status_code': 500 });
  expect(first.attributes).not.toHaveProperty('gen_ai.response.model');
  expect(first.status).toEqual({ code: SpanStatusCode.ERROR, message: 'server_error' });
  expect(second.attributes).toMatchObject({ 'error.type': 'parse_error', 'http.response.status_code': 200 });
  // The names are those of the conventions.
  const known = new Set(Object.values(conventions));
  const names = spans().flatMap(({ attributes }) => Object.keys(attributes)).filter((name) => !name.startsWith('fallcast.'));
  expect(names.filter((name) => !known.has(name))).toEqual([]);
  expect(engine.getStatus().calls[0].callId).toBe(outcome.callId);
});

test('a call that ends in an error is a span of that error, which its caller gets as it is', async () => {
  const { engine, spans, predict } = await traced({ a: 'internal_error', b: 'prose' });
  engine.disableModel('b', 'by hand');
  const error = await rejection(predict());
  const [attempt, call] = spans();
  expect(parentOf(attempt)).toBe(idOf(call));
  expect(call.attributes).toMatchObject({
    'error.type': 'ALL_ATTEMPTS_FAILED', 'fallcast.call_id': error.callId, 'fallcast.skips': ['b: disabled'],
  });
  expect(call.status).toEqual({ code: SpanStatusCode.ERROR, message: 'ALL_ATTEMPTS_FAILED' });
  const refused = await rejection(engine.predictWithFallback({ modelId: 5 }));
  expect(refused).toMatchObject({ code: 'INVALID_REQUEST' });
  expect(spans().at(-1).attributes).toMatchObject({ 'error.type': 'INVALID_REQUEST' });
  expect(spans()).toHaveLength(3);
});

test('durations and tokens are measured of each attempt, with the attributes and buckets of the conventions', async () => {
  const { measured, predict } = await traced({ a: 'internal_error', b: 'clean' });
  const { attempts } = await predict();
  const { [conventions.METRIC_GEN_AI_CLIENT_OPERATION_DURATION]: durations, [conventions.METRIC_GEN_AI_CLIENT_TOKEN_USAGE]: tokens } = await measured();
  expect([durations.descriptor.unit, tokens.descriptor.unit]).toEqual(['s', '{token}']);
  expect(durations.dataPointType).toBe(DataPointType.HISTOGRAM);
  const common = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'p' };
  expect(durations.dataPoints.map(({ attributes }) => attributes)).toEqual([
    { ...common, 'gen_ai.request.model': 'a', 'error.type': 'server_error' }, { ...common, 'gen_ai.request.model': 'b' },
  ]);
  for (const [index, { value }] of durations.dataPoints.entries()) expect(value.sum).toBeCloseTo(attempts[index].durationMs / 1000, 9);
  const { usage } = attempts[1];
  expect(tokens.dataPoints.map(({ attributes, value }) => [attributes, value.sum])).toEqual([
    [{ ...common, 'gen_ai.request.model': 'b', 'gen_ai.token.type': 'input' }, usage.promptTokens],
    [{ ...common, 'gen_ai.request.model': 'b', 'gen_ai.token.type': 'output' }, usage.completionTokens],
  ]);
  expect(durations.dataPoints[0].value.buckets.boundaries.slice(0, 2)).toEqual([0.01, 0.02]);
  expect(tokens.dataPoints[0].value.buckets.boundaries.slice(0, 3)).toEqual([1, 4, 16]);
});

describe('traceparent', () => {
  test('is sent when asked for, and names the span of the call; the caller\'s own goes before', async () => {
    const { upstream, spans, predict } = await traced({ a: 'internal_error', b: 'clean' }, { traceparent: true });
    await predict();
    const call = spans().at(-1).spanContext();
    const sent = () => upstream.requests.map(({ headers }) => headers.traceparent);
    expect(sent()).toEqual([1, 2].map(() => `00-${call.traceId}-${call.spanId}-01`));
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';
    await predict({ traceparent });
    expect(sent().slice(2)).toEqual([traceparent, traceparent]);
  });

  test('is not sent otherwise, nor where there is no span', async () => {
    const quietly = await traced({ a: 'clean' });
    await quietly.predict();
    const { upstream, engine, predict } = await transcript({ a: 'clean' });
    instrument(engine, { traceparent: true });
    await predict();
    for (const { headers } of [...quietly.upstream.requests, ...upstream.requests]) expect(headers).not.toHaveProperty('traceparent');
  });

  test('says that a call is not sampled', async () => {
    const { tracerProvider, spans } = telemetry({ sampler: new AlwaysOffSampler() });
    const { upstream, engine, predict } = await transcript({ a: 'clean' });
    instrument(engine, { tracerProvider, traceparent: true });
    await predict();
    expect(upstream.requests[0].headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(spans()).toEqual([]);
  });
});

describe('prompts and replies', () => {
  const secrets = (spans) => JSON.stringify(spans.map(({ attributes, status, events }) => [attributes, status, events]));

  test('are in no span', async () => {
    const { spans, predict } = await traced({ a: 'prose', b: 'clean' });
    const { rawResponse } = await predict();
    expect(rawResponse.length).toBeGreaterThan(10);
    for (const secret of ['Home 1', 'gen_ai.input', 'gen_ai.output', JSON.stringify(rawResponse).slice(1, 20)]) expect(secrets(spans())).not.toContain(secret);
  });

  test('are there when asked for', async () => {
    const { engine, spans, predict } = await traced({ a: 'prose', b: 'clean' }, { content: true });
    const { rawResponse, attempts } = await predict();
    const [first, second] = spans();
    for (const [index, { attributes }] of [first, second].entries()) {
      const { system, user } = engine.buildPrompt(attempts[index].modelId, matches(), attempts[index].promptVersion);
      expect(JSON.parse(attributes['gen_ai.system_instructions'])).toEqual([{ type: 'text', content: system }]);
      expect(JSON.parse(attributes['gen_ai.input.messages'])).toEqual([{ role: 'user', parts: [{ type: 'text', content: user }] }]);
    }
    expect(first.attributes).not.toHaveProperty('gen_ai.output.messages');
    expect(first.status.message).toBe(attempts[0].message);
    expect(JSON.parse(second.attributes['gen_ai.output.messages'])).toEqual([
      { role: 'assistant', parts: [{ type: 'text', content: rawResponse }], finish_reason: 'stop' },
    ]);
  });

  test('of the caller\'s own are as they were given, and none is told of who was asked for a part', async () => {
    const { engine, spans } = await traced({ a: 'partial', b: 'clean' }, { content: true });
    const prompt = { user: '{"match_id":"m1"}\n{"match_id":"m2"}' };
    await engine.predictWithFallback({ modelId: 'a', matches: matches(2), prompt });
    await engine.predictWithFallback({ modelId: 'a', matches: matches(2) });
    const attempts = spans().filter(({ name }) => name.startsWith('chat '));
    const inputs = attempts.map(({ attributes }) => attributes['gen_ai.input.messages']);
    const own = JSON.stringify([{ role: 'user', parts: [{ type: 'text', content: prompt.user }] }]);
    expect(inputs).toEqual([own, own, expect.stringContaining('Home 2'), undefined]);
    expect(attempts[0].attributes).not.toHaveProperty('gen_ai.system_instructions');
  });
});

test('a call and its attempts tell what the replies call their models', async () => {
  const { tracerProvider, spans } = telemetry();
  const body = { choices: [{ message: { content: '{"predictions":[{"match_id":"m1","home_score":1,"away_score":0}]}' } }] };
  const names = { a: 'vendor/other\n\u202e2026 sk-secret-1', b: 'b-2026', c: undefined };
  const url = await serve((request, response) => {
    let text = '';
    request.on('data', (part) => { text += part; }).on('end', () => {
      const { model } = JSON.parse(text);
      response.end(JSON.stringify({ ...body, ...(model === 'a' && { choices: [] }), model: names[model] }));
    });
  });
  const engine = engineFor(chain({ baseUrl: url }, ['a', 'b', 'c']));
  instrument(engine, { tracerProvider });
  const { attempts } = await engine.predictWithFallback({ modelId: 'a', matches: matches() });
  expect(attempts.map(({ modelId, responseModel }) => [modelId, responseModel])).toEqual([['a', 'vendor/other 2026 [key]'], ['b', 'b-2026']]);
  const unnamed = await engine.predictWithFallback({ modelId: 'c', matches: matches() });
  expect(unnamed.attempts[0].responseModel).toBeNull();
  const told = spans().map(({ name, attributes }) => [name, attributes['gen_ai.request.model'], attributes['gen_ai.response.model']]);
  expect(told).toEqual([
    ['chat a', 'a', 'vendor/other 2026 [key]'], ['chat b', 'b', 'b-2026'], ['invoke_workflow predictWithFallback', 'a', 'b-2026'],
    ['chat c', 'c', undefined], ['invoke_workflow predictWithFallback', 'c', undefined],
  ]);
});

test('a conversation is told message by message', async () => {
  const { tracerProvider, spans } = telemetry();
  const engine = quiet(['a']);
  const attempt = { modelId: 'a', providerId: 'p', promptVersion: 'own', failure: null, status: 200, retries: 0, startedAt: new Date().toISOString(), durationMs: 1, usage: null, costUsd: 0, adjusted: [] };
  engine.askWithFallback = async () => ({ callId: 'x-1', modelId: 'a', attempts: [attempt], skips: [], rawResponse: 'yes', reasoning: 'hm' });
  instrument(engine, { tracerProvider, content: true });
  await engine.askWithFallback({ modelId: 'a', messages: [{ role: 'system', content: 'be brief' }, { role: 'user', content: 'one?' }, { role: 'assistant', content: 'two' }, { role: 'user', content: 'three?' }] });
  const { attributes } = spans()[0];
  expect(JSON.parse(attributes['gen_ai.system_instructions'])).toEqual([{ type: 'text', content: 'be brief' }]);
  expect(JSON.parse(attributes['gen_ai.input.messages']).map(({ role, parts }) => [role, parts[0].content])).toEqual([['user', 'one?'], ['assistant', 'two'], ['user', 'three?']]);
  expect(JSON.parse(attributes['gen_ai.output.messages'])).toEqual([{ role: 'assistant', parts: [{ type: 'reasoning', content: 'hm' }, { type: 'text', content: 'yes' }], finish_reason: 'stop' }]);
});

test('a slate is a span, its calls below it, their attempts below those, each request once', async () => {
  const { engine, upstream, spans } = await traced({ a: 'internal_error', b: 'clean', c: 'prose' }, { traceparent: true });
  const slate = engine.predictSlate({ matches: matches(2), models: ['a', 'b', 'c'] }, { allowStarted: true });
  const { complete } = await slate.result();
  expect(complete).toBe(false);
  const named = (start) => spans().filter(({ name }) => name.startsWith(start));
  const [whole] = named('invoke_workflow predictSlate');
  const slateSpan = spans().find(({ name }) => name === 'invoke_workflow predictSlate');
  expect(whole).toBeDefined();
  const calls = named('invoke_workflow predictSlate.call');
  expect(calls.map(({ attributes }) => attributes['gen_ai.request.model']).sort()).toEqual(['a', 'b', 'c']);
  for (const call of calls) expect(parentOf(call)).toBe(idOf(slateSpan));
  const attempts = named('chat ');
  expect(attempts).toHaveLength(upstream.requests.length);
  for (const attempt of attempts) expect(calls.map(idOf)).toContain(parentOf(attempt));
  const { traceId, spanId } = slateSpan.spanContext();
  for (const { headers } of upstream.requests) expect(headers.traceparent).toBe(`00-${traceId}-${spanId}-01`);
  expect(thrown(() => engine.predictSlate({ matches: [] })).code).toBe('INVALID_REQUEST');
  expect(spans().at(-1).attributes).toMatchObject({ 'gen_ai.workflow.name': 'predictSlate', 'error.type': 'INVALID_REQUEST' });
});

test('whatever functions make calls are instrumented, and only those of that engine, until it is taken back', async () => {
  const { tracerProvider, spans } = telemetry();
  const engine = quiet(['a']);
  engine.askWithFallback = async (request) => ({ callId: 'x-1', modelId: request.modelId, attempts: [], skips: [] });
  const before = { ...Object.getOwnPropertyDescriptors(engine) };
  const restore = instrument(engine, { tracerProvider });
  await engine.askWithFallback({ modelId: 'a' });
  expect(spans().map(({ name }) => name)).toEqual(['invoke_workflow askWithFallback']);
  expect(thrown(() => instrument(engine)).message).toBe('engine: is instrumented already');
  restore();
  restore();
  expect(Object.getOwnPropertyDescriptors(engine)).toEqual(before);
  expect(engine.predictWithFallback).toBe(fallcast.Fallcast.prototype.predictWithFallback);
  await engine.askWithFallback({ modelId: 'a' });
  expect(spans()).toHaveLength(1);
  instrument(engine, { tracerProvider })();
});

test('without it there is nothing of it in a call: the functions are those that the package has', async () => {
  const upstream = await upstreamFor();
  const engine = engineFor(chain(upstream, ['a']));
  for (const name of ['predictWithFallback', 'predictSlate']) {
    expect(Object.hasOwn(engine, name)).toBe(false);
    expect(engine[name]).toBe(fallcast.Fallcast.prototype[name]);
  }
});

test('the module\'s functions can be instrumented too', async () => {
  const { tracerProvider, spans } = telemetry();
  const restore = instrument(fallcast, { tracerProvider });
  onTestFinished(restore);
  await rejection(fallcast.predictWithFallback({ modelId: 'nobody', matches: matches() }));
  expect(spans().map(({ attributes }) => attributes['error.type'])).toEqual(['UNKNOWN_MODEL']);
  await fallcast.close();
});

test('what a provider of spans throws is no call\'s affair', async () => {
  const broken = { getTracer: () => ({ startSpan() { throw new Error('broken'); } }) };
  const late = { getTracer: (name) => ({ startSpan: (...args) => {
    const span = trace.getTracer(name).startSpan(...args);
    span.setAttributes = () => { throw new Error('broken'); };
    return span;
  } }) };
  for (const tracerProvider of [broken, late]) {
    const { engine, predict } = await transcript({ a: 'clean' });
    instrument(engine, { tracerProvider, traceparent: true });
    expect((await predict()).predictions).toHaveLength(1);
    expect((await engine.predictSlate({ matches: matches() }, { allowStarted: true }).result()).complete).toBe(true);
  }
});

test.each([
  [{ tracerProvider: {} }, ['options.tracerProvider']], [{ meterProvider: 5, traceparent: 'yes' }, ['options.meterProvider', 'options.traceparent']],
  [{ content: 1, prompts: true }, ['options.content', 'options.prompts']], ['all', ['options']], [[], ['options']],
])('wrong options are refused, all at once, each with its path: %j', (options, paths) => {
  const error = thrown(() => instrument(quiet(), options));
  expect(error.code).toBe('INVALID_CONFIG');
  expect(error.message.split('\n').map((line) => line.split(':')[0])).toEqual(paths);
  for (const none of [null, undefined, {}, 5]) expect(thrown(() => instrument(none)).message).toMatch(/^engine: /);
  expect(thrown(() => instrument(Object.freeze({ ...fallcast }))).message).toMatch(/^engine: cannot be changed/);
});
