import { getEventListeners } from 'node:events';

import { describe, expect, test } from 'vitest';

import { chain, engineFor, matches, rejection, transcript, upstreamFor } from './support.mjs';

const listeners = (signal) => getEventListeners(signal, 'abort').length;

test('a signal that is already aborted sends nothing', async () => {
  const { predict, upstream } = await transcript({ a: 'clean' });
  const reason = new Error('too late');
  const signal = AbortSignal.abort(reason);
  const error = await rejection(predict({ signal }));
  expect(error).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', attempts: [], costUsd: 0 });
  expect(error.cause).toBe(reason);
  expect(listeners(signal)).toBe(0);
  expect(upstream.requests).toEqual([]);
});

test('an abort closes the connection, asks no other model and says what was under way', async () => {
  const { predict, upstream, asked } = await transcript({ a: 'never', b: 'clean' });
  const controller = new AbortController();
  const pending = rejection(predict({ signal: controller.signal }));
  await upstream.received(1);
  expect(listeners(controller.signal)).toBe(1);
  const reason = { why: 'the user left' };
  controller.abort(reason);

  const error = await pending;
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
  expect(error.cause).toBe(reason);
  expect(error.attempts).toMatchObject([{ modelId: 'a', failure: 'aborted' }]);
  expect(error.costUsd).toBeGreaterThan(0);
  expect(listeners(controller.signal)).toBe(0);
  expect(await upstream.requests[0].ended).toBe('closed_by_client');
  expect(asked()).toEqual(['a']);
});

const reasons = [['undefined', undefined], ['a string', 'enough'], ['null', null]];
test.each(reasons)('the reason may be %s', async (_, reason) => {
  const { predict, upstream } = await transcript({ a: 'never' });
  const controller = new AbortController();
  const pending = rejection(predict({ signal: controller.signal }));
  await upstream.received(1);
  controller.abort(reason);
  expect((await pending).cause).toBe(controller.signal.reason);
});

test('no listener stays after success or failure', async () => {
  const { signal } = new AbortController();
  const answered = await transcript({ a: 'clean' });
  await answered.predict({ signal });
  expect(listeners(signal)).toBe(0);
  const failed = await transcript({ a: 'prose' });
  await rejection(failed.predict({ signal }));
  expect(listeners(signal)).toBe(0);
  await rejection(failed.engine.predictWithFallback({ modelId: 'nobody', matches: matches() }, { signal }));
  await rejection(failed.engine.predictWithFallback({ modelId: 'a', matches: [] }, { signal }));
  expect(listeners(signal)).toBe(0);
});

test('one signal ends many calls', async () => {
  const { predict, upstream } = await transcript({ a: 'never' });
  const controller = new AbortController();
  const pending = Array.from({ length: 25 }, () => rejection(predict({ signal: controller.signal })));
  await upstream.received(25);
  controller.abort();
  const errors = await Promise.all(pending);
  expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['ABORT_ERR']));
  expect(listeners(controller.signal)).toBe(0);
  await upstream.idle();
  expect(new Set(upstream.requests.map(({ state }) => state))).toEqual(new Set(['closed_by_client']));
});

test('an abort in one call leaves another alone', async () => {
  const { predict, upstream } = await transcript({ a: 'held' });
  const controller = new AbortController();
  const aborted = rejection(predict({ signal: controller.signal }));
  const other = predict();
  await upstream.received(2);
  controller.abort();
  expect((await aborted).code).toBe('ABORT_ERR');
  upstream.release();
  await expect(other).resolves.toMatchObject({ modelId: 'a' });
});

test('an abort ends the wait before a retry', async () => {
  const { predict, upstream } = await transcript({ a: { name: 'rate_limited', retryAfter: 9 } }, { maxRetries: 2 });
  const controller = new AbortController();
  const pending = rejection(predict({ signal: controller.signal }));
  await (await upstream.received(1))[0].ended;
  controller.abort();
  expect((await pending).code).toBe('ABORT_ERR');
  expect(upstream.requests).toHaveLength(1);
});

test('an abort that comes after the answer changes nothing', async () => {
  const { predict } = await transcript({ a: 'clean' });
  const controller = new AbortController();
  const outcome = await predict({ signal: controller.signal });
  controller.abort();
  expect(outcome.modelId).toBe('a');
});

test('AbortSignal.timeout and AbortSignal.any are signals too', async () => {
  const { predict } = await transcript({ a: 'never' });
  const error = await rejection(predict({ signal: AbortSignal.timeout(200) }));
  expect(error.cause.name).toBe('TimeoutError');
  const controller = new AbortController();
  const pending = rejection(predict({ signal: AbortSignal.any([controller.signal]) }));
  controller.abort();
  expect((await pending).code).toBe('ABORT_ERR');
});

describe('a signal of somebody\'s own kind', () => {
  const own = (fields) => ({ aborted: false, addEventListener() {}, removeEventListener() {}, ...fields });

  test('whose listener cannot be removed strands neither its own call nor others', async () => {
    const { predict, upstream } = await transcript({ a: 'held' });
    const broken = own({ removeEventListener() { throw Symbol('broken'); } });
    const pending = [own({ removeEventListener: undefined }), broken, undefined, broken, undefined]
      .map((signal) => predict({ signal }));
    await upstream.received(pending.length);
    upstream.release();
    for (const outcome of await Promise.all(pending)) expect(outcome.modelId).toBe('a');
  });

  test.each([
    ['aborted throws', { get aborted() { throw new Error('broken'); } }, 'broken'],
    ['addEventListener throws', own({ addEventListener() { throw new Error('broken'); } }), 'broken'],
    ['it has no addEventListener', { aborted: false }, undefined],
  ])('is refused in a rejection: %s', async (_, signal, cause) => {
    const { predict, upstream } = await transcript({ a: 'clean' });
    const error = await rejection(predict({ signal }));
    expect([error.code, error.cause?.message]).toEqual(['INVALID_REQUEST', cause]);
    expect(upstream.requests).toHaveLength(0);
  });
});

test('a signal ends the calls that wait for their turn before any of them begins', async () => {
  const upstream = await upstreamFor('never');
  const engine = engineFor(chain(upstream, ['a'], { providers: [{ id: 'q', baseUrl: upstream.baseUrl }] }));
  engine.updateCatalog({ providers: [{ id: 'p', baseUrl: upstream.baseUrl, maxConcurrency: 1 }] });
  const controller = new AbortController();
  const pending = Array.from({ length: 20 }, () => rejection(
    engine.predictWithFallback({ modelId: 'a', matches: matches() }, { signal: controller.signal })));
  await upstream.received(1);
  controller.abort();
  const errors = await Promise.all(pending);
  await upstream.idle();
  expect(upstream.requests).toHaveLength(1);
  expect(errors.filter(({ costUsd }) => costUsd > 0)).toHaveLength(1);
});

test('a signal that many calls share brings no warning', async () => {
  const warnings = [];
  const listen = (warning) => warnings.push(warning.name);
  process.on('warning', listen);
  const { predict, upstream } = await transcript({ a: 'held' });
  const { signal } = new AbortController();
  const pending = Array.from({ length: 50 }, () => predict({ signal }));
  await upstream.received(50);
  upstream.release();
  await Promise.all(pending);
  process.off('warning', listen);
  expect(warnings).toEqual([]);
});
