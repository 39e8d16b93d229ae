import { readFileSync } from 'node:fs';

import { Queue, QueueEvents, Worker } from 'bullmq';
import { describe, expect, onTestFinished, test, vi } from 'vitest';

import { giveBack } from '../examples/queue/give-back.mjs';
import { redisIsMissing } from './redis-is-missing.mjs';
import { startRedis } from './redis.mjs';
import { matches, rejection, thrown, transcript } from './support.mjs';

vi.setConfig({ testTimeout: 60_000 });

/** A queue on a Redis of its own, and a worker whose jobs are calls of an engine; `ended` resolves with how a job stands then. */
async function queueOf(engine) {
  const connection = { path: await startRedis() };
  const queue = new Queue('predictions', { connection });
  const events = new QueueEvents('predictions', { connection });
  const delayed = [];
  events.on('delayed', ({ jobId, delay }) => delayed.push([jobId, delay]));
  await events.waitUntilReady();
  const worker = new Worker('predictions', async (job, token, signal) => {
    try {
      return (await engine.predictWithFallback(job.data, { signal, requestId: job.id })).predictions.length;
    } catch (error) {
      return giveBack(job, token, error);
    }
  }, { connection });
  onTestFinished(async () => {
    await worker.close();
    await events.close();
    await queue.close();
  });
  return {
    queue,
    worker,
    delayed,
    add: (request, attempts) => queue.add('call', { modelId: 'a', matches: matches(), ...request }, { attempts }),
    /** How a job ends: its state, and how many of its attempts it took. */
    async ended(job) {
      await job.waitUntilFinished(events).catch(() => {});
      const { attemptsMade } = await queue.getJob(job.id);
      return [await job.getState(), attemptsMade];
    },
  };
}

test('the page shows the file that is tested here', () => {
  const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
  expect(read('docs/queues.md')).toContain(`\`\`\`js\n${read('examples/queue/give-back.mjs')}\`\`\``);
});

describe.skipIf(redisIsMissing)('a job of BullMQ', () => {
  test('fails at once where another try would end the same', async () => {
    const { engine } = await transcript({ a: 'clean', b: 'clean', c: 'context_length' });
    const { add, ended } = await queueOf(engine);
    expect(await ended(await add({ modelId: 'nobody' }, 3))).toEqual(['failed', 1]);
    expect(await ended(await add({ matches: [] }, 3))).toEqual(['failed', 1]);
    expect(await ended(await add({ modelId: 'c' }, 3))).toEqual(['failed', 1]);
    for (const id of ['a', 'b', 'c']) engine.disableModel(id, 'by hand');
    expect(await ended(await add({}, 3))).toEqual(['failed', 1]);
  });

  test('waits until a model may be asked again, and keeps its attempts', async () => {
    const { engine } = await transcript({ a: [{ name: 'rate_limited', retryAfter: 1 }, 'clean'] });
    const { add, ended, delayed } = await queueOf(engine);
    const job = await add({}, 1);
    expect(await ended(job)).toEqual(['completed', 1]);
    expect(delayed.map(([id]) => id)).toEqual([job.id]);
  });

  test('takes its attempts where nothing is in the way', async () => {
    const { engine } = await transcript({ a: ['prose', 'internal_error', 'clean'] });
    const { add, ended } = await queueOf(engine);
    expect(await ended(await add({}, 3))).toEqual(['completed', 3]);
    const { engine: broken } = await transcript({ a: 'internal_error' });
    const { add: addTo, ended: endedThere } = await queueOf(broken);
    expect(await endedThere(await addTo({}, 2))).toEqual(['failed', 2]);
  });

  test('that is cancelled fails, and one whose engine is closed is tried again by another', async () => {
    const { engine, upstream } = await transcript({ a: 'never' });
    const { add, ended, worker, queue } = await queueOf(engine);
    const cancelled = await add({}, 3);
    await upstream.received(1);
    worker.cancelJob(cancelled.id, 'nobody wants it');
    expect(await ended(cancelled)).toEqual(['failed', 1]);
    const given = await queue.add('call', { modelId: 'a', matches: matches() }, { attempts: 2, backoff: 3_600_000 });
    const failed = new Promise((resolve) => { worker.once('failed', resolve); });
    await upstream.received(2);
    await engine.close();
    await failed;
    expect([await given.getState(), (await queue.getJob(given.id)).attemptsMade]).toEqual(['delayed', 1]);
  });

  test('waits a day at most', async () => {
    const error = Object.assign(new Error('later'), { retryable: true, retryAfterMs: 60_000 });
    const moved = [];
    const job = (timestamp) => ({ timestamp, moveToDelayed: async (...args) => { moved.push(args); } });
    const day = 24 * 60 * 60 * 1000;
    await expect(giveBack(job(Date.now() - day), 't', error)).rejects.toBe(error);
    expect(moved).toEqual([]);
    await expect(giveBack(job(Date.now() - day / 2), 't', error)).rejects.toMatchObject({ name: 'DelayedError' });
    expect(moved).toEqual([[expect.any(Number), 't']]);
  });
});

describe('every error says whether to try again, and when', () => {
  const inShort = ({ code, retryable, retryAfterMs }) => [code, retryable, retryAfterMs];

  test('what is thrown', async () => {
    const { engine } = await transcript({ a: 'clean' });
    expect(inShort(thrown(() => engine.explain({})))).toEqual(['INVALID_REQUEST', false, null]);
    expect(inShort(thrown(() => engine.explain({ modelId: 'x', matches: matches() })))).toEqual(['UNKNOWN_MODEL', false, null]);
    expect(inShort(thrown(() => engine.updateCatalog({ models: 1 })))).toEqual(['INVALID_CONFIG', false, null]);
    expect(inShort(thrown(() => new engine.constructor({ no: 1 })))).toEqual(['INVALID_CONFIG', false, null]);
    await engine.close();
    expect(inShort(thrown(() => engine.explain({ modelId: 'a', matches: matches() })))).toEqual(['CLOSED', true, null]);
  });

  test('what a promise rejects with', async () => {
    const { engine, predict } = await transcript({ a: 'never' });
    expect(inShort(await rejection(predict({ deadlineMs: 50 })))).toEqual(['DEADLINE_EXCEEDED', true, null]);
    expect(inShort(await rejection(predict({ signal: AbortSignal.abort() })))).toEqual(['ABORT_ERR', false, null]);
    expect(inShort(await rejection(engine.predictWithFallback({})))).toEqual(['INVALID_REQUEST', false, null]);
    await engine.close();
    expect(inShort(await rejection(predict()))).toEqual(['CLOSED', true, null]);
  });

  test.each([
    ['a content filter, whatever stands behind it', { a: 'content_filter', b: 'clean' }, {}, [false, null]],
    ['a prompt that is too long for each', { a: 'context_length', b: 'context_length' }, {}, [false, null]],
    ['one that is too long for one, and nonsense of another', { a: 'context_length', b: 'prose' }, {}, [true, null]],
    ['nonsense', { a: 'prose' }, {}, [true, null]],
    ['a fallback that is beyond the depth', { a: 'context_length', b: 'clean' }, { maxFallbackDepth: 0 }, [false, null]],
  ])('%s', async (_, table, config, expected) => {
    const { predict } = await transcript(table, config);
    const { code, retryable, retryAfterMs } = await rejection(predict());
    expect([code, retryable, retryAfterMs]).toEqual(['ALL_ATTEMPTS_FAILED', ...expected]);
  });

  test('a model that cools, beside one that fails the same again', async () => {
    const { predict } = await transcript({ a: 'context_length', b: { name: 'rate_limited', retryAfter: 40 } });
    const { retryable, retryAfterMs } = await rejection(predict());
    expect(retryable).toBe(true);
    expect(retryAfterMs).toBeGreaterThan(30_000);
    expect(retryAfterMs).toBeLessThanOrEqual(40_000);
  });

  test('a slate that gives nothing, and its cells', async () => {
    const { engine } = await transcript({ a: 'prose' });
    const slate = engine.predictSlate({ matches: matches(2), models: ['a'] }, { allowStarted: true });
    const missed = [];
    for await (const event of slate) if (event.type === 'missed') missed.push(inShort(event.error));
    expect(missed.every(([, retryable]) => retryable)).toBe(true);
    expect(inShort(await rejection(slate.result()))).toEqual(['ALL_ATTEMPTS_FAILED', true, null]);
  });
});
