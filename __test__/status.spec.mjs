/** What an operator sees of an engine in one call, each field changed by what it shows. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { byModel, startUpstream } from '../examples/upstream.mjs';
import { another, chain, engineFor, fail, fallcast, listen, matches, quiet, rejection, transcript, upstreamFor } from './support.mjs';

const modelOf = (engine, id) => engine.getStatus().models.find((model) => model.id === id);
const none = { attempts: 0, answered: 0, p50Ms: null, p95Ms: null, costUsd: 0 };
const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const day = expect.stringMatching(/^\d{4}-\d\d-\d\d$/);

test('of an engine that nobody has asked there are its models, its provider and its rules', () => {
  const engine = quiet(['a'], { disableThreshold: 7, pauseFallbacksAt: 0.6, warnPriceRatio: null });
  const { prompts, budget, ...status } = engine.getStatus();
  const known = Object.entries(engine.getModel('a')).slice(0, 10);
  expect(status).toEqual({
    at: iso, engineId: expect.stringMatching(/^[0-9a-f]{16}$/), closed: false, activeModelCount: 1,
    disableThreshold: 7, pauseFallbacksAt: 0.6, warnPriceRatio: null,
    models: [{ ...Object.fromEntries(known), costTodayUsd: 0, windows: { fiveMinutes: none, hour: none, day: none }, trend: [] }],
    providers: [{ id: 'p', configured: true, inFlight: 0, limit: null, waiting: 0, coolingUntil: null, coolingKind: null }],
    routes: [], days: [], calls: [], events: [], fleet: null,
  });
  expect(budget).toEqual(engine.getBudget());
  expect(prompts).toEqual(engine.getPrompts().map((prompt) => ({ ...prompt, attempts: 0, validReplies: 0 })));
  expect(Math.abs(Date.parse(status.at) - Date.now())).toBeLessThan(60_000);
});

test('the module has it too, for the engine that the process shares', async () => {
  expect(fallcast.getStatus().engineId).toMatch(/^[0-9a-f]{16}$/);
  await fallcast.close();
});

test('a model that is switched off, that cools, and that comes back', async () => {
  const engine = quiet(['a', 'b', 'c'], { disableThreshold: 2 });
  fail(engine, 'a', 1);
  expect(modelOf(engine, 'a')).toMatchObject({ state: 'active', consecutiveFailures: 1, lastFailure: { kind: 'parse_error' } });
  fail(engine, 'a', 1);
  expect(modelOf(engine, 'a')).toMatchObject({ state: 'disabled', disabledUntil: iso, disabledReason: expect.any(String) });
  fail(engine, 'b', 1, 'rate_limited');
  engine.reportSuccess('c');
  const status = engine.getStatus();
  expect(status.activeModelCount).toBe(2);
  expect(status.models.map(({ id, ...model }) => model)).toMatchObject([{ state: 'disabled' }, { coolingUntil: iso }, { lastSuccessAt: iso }]);
  expect(status.events.map(({ type }) => type)).toEqual(['cooling', 'disabled']);
  engine.enableModel('a');
  expect(engine.getStatus().activeModelCount).toBe(3);
});

test('a provider: its key, its limit, who is under way, who waits, and that it is left alone', async () => {
  const { engine, predictAnother } = await transcript({ a: 'never' }, {
    models: { a: { provider: 'q' } }, providers: [{ id: 'q', maxConcurrency: 1 }, { id: 'r', apiKeyEnv: 'NO_SUCH_KEY' }],
  });
  const provider = (id) => engine.getStatus().providers.find((each) => each.id === id);
  expect(provider('r')).toMatchObject({ configured: false });
  const abort = new AbortController();
  const calls = [1, 2, 3].map(() => predictAnother({ signal: abort.signal }));
  while (provider('q').inFlight + provider('q').waiting < 3) await new Promise(setImmediate);
  expect(provider('q')).toMatchObject({ configured: true, limit: 1, inFlight: 1, waiting: 2, coolingUntil: null });
  abort.abort();
  await Promise.all(calls.map(rejection));
  while (provider('q').inFlight + provider('q').waiting > 0) await new Promise(setImmediate);
  engine.reportFailure('a', 'unauthorized');
  expect(provider('q')).toMatchObject({ inFlight: 0, waiting: 0, coolingUntil: iso, coolingKind: 'unauthorized' });
});

describe('calls', () => {
  test('are in the list, the routes, the day, the windows, the prompts and the budget at once', async () => {
    const { engine, predict } = await transcript({ a: 'internal_error', b: 'clean' }, { dailyBudgetUsd: 1 });
    const outcome = await predict({ requestId: 'mine' }, 2);
    const status = engine.getStatus();
    const [first, second] = outcome.attempts;
    const attempt = ({ modelId, providerId, failure, status, retries, startedAt, durationMs, costUsd }) => (
      { modelId, providerId, failure, status, retries, startedAt, durationMs, costUsd });
    expect(status.calls).toEqual([{
      callId: outcome.callId, requestId: 'mine', task: 'predict', originalModelId: 'a', modelId: 'b', reason: 'server_error', code: null,
      startedAt: iso, durationMs: expect.any(Number), costUsd: outcome.costUsd, originalCostUsd: outcome.originalCostUsd,
      asked: 2, answered: 2, attempts: [attempt(first), attempt(second)], skips: [],
    }]);
    expect(outcome.callId.startsWith(`${status.engineId}-`)).toBe(true);
    expect(status.routes).toEqual(engine.getMetrics().routes);
    expect(status.routes[0].sentence).toBe('a: 1 prediction through b');
    const { costUsd } = outcome;
    expect(status.days).toEqual([{
      day, calls: 1, answered: 1, fallbacks: 1, costUsd, extraCostUsd: status.routes[0].extraCostUsd,
      models: [{ modelId: 'a', attempts: 1, answered: 0, costUsd: 0 }, { modelId: 'b', attempts: 1, answered: 1, costUsd }],
    }]);
    for (const [index, answered] of [0, 1].entries()) {
      const { windows, trend, costTodayUsd } = status.models[index];
      for (const span of Object.values(windows)) {
        expect(span).toEqual({ attempts: 1, answered, p50Ms: expect.any(Number), p95Ms: expect.any(Number), costUsd: index * costUsd });
        expect(span.p50Ms).toBeLessThanOrEqual(outcome.attempts[index].durationMs * 1.25 + 1);
      }
      expect(trend).toEqual([...Array(14).fill(null), answered]);
      expect(costTodayUsd).toBe(index * costUsd);
    }
    expect(status.prompts[0]).toMatchObject({ attempts: 2, validReplies: 1 });
    expect(status.budget.spentUsd).toBe(costUsd);
    expect(status.events).toMatchObject([{ type: 'fallback', modelId: 'b', sequence: 1, callId: outcome.callId, requestId: 'mine' }]);
  });

  test('that ended in an error say how, and which models were passed over', async () => {
    const { engine, predict } = await transcript({ a: 'prose', b: 'clean' });
    engine.disableModel('b', 'by hand');
    const error = await rejection(predict());
    expect(engine.getStatus().calls).toMatchObject([{
      callId: error.callId, code: 'ALL_ATTEMPTS_FAILED', modelId: null, reason: 'parse_error', asked: 1, answered: 0,
      attempts: [{ modelId: 'a', failure: 'parse_error', status: 200 }], skips: [{ modelId: 'b', reason: 'disabled' }],
    }]);
    expect(engine.getStatus().days).toMatchObject([{ calls: 1, answered: 0, fallbacks: 0 }]);
  });

  test('with prompts of their own are counted under that name', async () => {
    const { engine } = await transcript({ a: 'clean' });
    await engine.predictWithFallback({ modelId: 'a', matches: matches(), prompt: { user: 'm1: JSON please. {"match_id":"m1"}' } }).catch(() => {});
    expect(engine.getStatus().prompts.at(-1)).toMatchObject({ version: 'own', attempts: 1, active: false });
  });

  test('and events are kept up to two hundred, the last first', async () => {
    const { engine, predictAnother } = await transcript({ a: 'clean' });
    const ids = [];
    for (let call = 0; call < 210; call += 1) ids.push((await predictAnother()).callId);
    expect(engine.getStatus().calls.map(({ callId }) => callId)).toEqual(ids.reverse().slice(0, 200));
    for (let event = 0; event < 120; event += 1) {
      engine.disableModel('a', `reason ${event}`);
      engine.enableModel('a');
    }
    expect(engine.getStatus().events.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 200 }, (_, index) => 240 - index));
  });

  test('no prompt, no reply and no key is in it', async () => {
    const upstream = await upstreamFor({ name: 'clean' });
    const engine = engineFor(chain(upstream, ['a'], { providers: [{ id: 'q', baseUrl: upstream.baseUrl, apiKey: 'sk-secret-of-q' }] }));
    const { rawResponse } = await engine.predictWithFallback({ modelId: 'a', matches: [{ ...matches()[0], analysis: 'the analysis is private' }] });
    const text = JSON.stringify(engine.getStatus());
    expect(rawResponse.length).toBeGreaterThan(10);
    for (const secret of ['sk-secret', 'private', 'Home 1', rawResponse, upstream.baseUrl]) expect(text).not.toContain(secret);
  });
});

test('what is told is what listeners get', async () => {
  const engine = quiet(['a']);
  const { until } = listen(engine);
  engine.disableModel('a', 'by hand');
  engine.enableModel('a');
  const told = await until((events) => events.length === 2);
  expect(engine.getStatus().events.reverse().map((event) => ({ ...event, dropped: 0 }))).toEqual(told);
});

test('with a state file today survives a restart, and is not counted twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fallcast-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const upstream = await startUpstream({ manner: byModel({ a: 'internal_error', b: 'clean' }) });
  onTestFinished(upstream.close);
  const config = chain(upstream, ['a', 'b'], { stateFile: join(folder, 'state.json') });
  const before = new fallcast.Fallcast(config);
  for (let call = 0; call < 3; call += 1) await before.predictWithFallback({ modelId: 'a', matches: [another()] });
  const { routes, days } = before.getStatus();
  const snapshot = before.snapshot();
  await before.close();
  expect(before.getStatus()).toMatchObject({ closed: true, routes });

  const after = engineFor(config);
  expect(after.getStatus()).toMatchObject({ routes, days, calls: [] });
  after.restore(snapshot);
  expect(after.getStatus()).toMatchObject({ routes, days });
  await after.predictWithFallback({ modelId: 'a', matches: [another()] });
  expect(after.getStatus()).toMatchObject({ routes: [{ calls: 4, sentence: 'a: 4 predictions through b' }], days: [{ calls: 4, fallbacks: 4 }] });
  expect(after.getMetrics().routes).toMatchObject([{ calls: 1 }]);
});

test('a snapshot with days that cannot be read is refused, each fault with its path', () => {
  const engine = quiet();
  const refusal = (days) => { try { engine.restore({ version: 1, days }); } catch (error) { return error.message; } return null; };
  expect(refusal([{ day: 5 }])).toMatch(/^snapshot\.days\[0\]\.day: /);
  expect(refusal([{ day: '2026-01-01', routes: [{ originalModelId: 'a', reason: 'tired' }] }])).toMatch(/^snapshot\.days\[0\]\.routes\[0\]\.reason: /);
  expect(refusal([{ day: '2026-01-01', models: { a: { attempts: -1 } } }])).toMatch(/^snapshot\.days\[0\]\.models\.a\.attempts: /);
  expect(refusal([{ day: '2001-01-01', routes: [{ originalModelId: 'a', calls: 3 }] }])).toBe(null);
  expect(engine.getStatus().days).toEqual([]);
});
