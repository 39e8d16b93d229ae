/** What the calls came to: by route, by model and by version of the prompt, as objects and as text for Prometheus. */
import { createServer } from 'node:http';
import { once } from 'node:events';

import { describe, expect, onTestFinished, test } from 'vitest';

import { byModel } from '../examples/upstream.mjs';
import { readOpenMetrics } from './openmetrics.mjs';
import { chain, engineFor, matches, nano, rejection, transcript, upstreamFor } from './support.mjs';

const usage = { prompt_tokens: 10, completion_tokens: 5 };
const answer = { name: 'clean', usage };
const sum = (items, field) => items.reduce((total, item) => total + nano(item[field]), 0);
/** Routes in short: original, model that answered, reason, calls, successes. */
const routesInShort = (engine) => engine.getMetrics().routes
  .map((route) => [route.originalModelId, route.modelId, route.reason, route.calls, route.successes]);
const of = (engine, id) => engine.getMetrics().models.find(({ modelId }) => modelId === id);

describe('routes', () => {
  test('a fallback\'s success is its own and the route\'s, never the original\'s', async () => {
    const { engine, predictAnother } = await transcript(
      { 'deepseek-r1-0528-syn': { name: 'prose', usage }, 'deepseek-r1': answer });
    for (let call = 0; call < 5; call += 1) await predictAnother();
    const { originalCostUsd } = await predictAnother();

    const { routes } = engine.getMetrics();
    const route = { originalModelId: 'deepseek-r1-0528-syn', modelId: 'deepseek-r1' };
    expect(routes).toMatchObject([
      { ...route, reason: 'disabled', calls: 1, successes: 1, costUsd: 20e-6 },
      { ...route, reason: 'parse_error', calls: 5, successes: 5, costUsd: 200e-6 },
    ]);
    expect(routes[1].sentence).toBe('deepseek-r1-0528-syn: 5 predictions through deepseek-r1');
    expect(routes[0].sentence).toBe('deepseek-r1-0528-syn: 1 prediction through deepseek-r1');
    expect(routes.map(({ share }) => share)).toEqual([1 / 6, 5 / 6]);
    expect(routes[1].originalCostUsd).toBeCloseTo(5 * originalCostUsd, 9);
    for (const { costUsd, originalCostUsd: original, extraCostUsd } of routes) {
      expect(nano(extraCostUsd)).toBe(nano(costUsd) - nano(original));
    }
    expect(of(engine, 'deepseek-r1-0528-syn'))
      .toMatchObject({ attempts: 5, successes: 0, failures: { parse_error: 5 } });
    expect(of(engine, 'deepseek-r1')).toMatchObject({ attempts: 6, successes: 6, failures: {} });
    expect(of(engine, 'deepseek-r1')).toMatchObject({ promptTokens: 60, completionTokens: 30, costUsd: 120e-6 });
  });

  test('an original that answers has a route of its own', async () => {
    const { engine, predict } = await transcript({ a: [answer, 'internal_error', answer], b: answer });
    for (let call = 0; call < 4; call += 1) await predict();
    expect(routesInShort(engine)).toEqual([['a', 'a', null, 3, 3], ['a', 'b', 'server_error', 1, 1]]);
    expect(engine.getMetrics().routes.map(({ share, sentence }) => [share, sentence]))
      .toEqual([[0.75, 'a: 3 predictions of its own'], [0.25, 'a: 1 prediction through b']]);
  });

  test('a partial answer goes to the last model that contributed', async () => {
    const { engine, predict } = await transcript({ a: { name: 'partial', matches: 1 }, b: answer });
    await predict({}, 2);
    expect(routesInShort(engine)).toEqual([['a', 'b', 'incomplete', 1, 1]]);
    expect([of(engine, 'a'), of(engine, 'b')]).toMatchObject([{ successes: 1 }, { successes: 1 }]);
  });

  test.each([
    ['all failed', 'server_error', async ({ predict }) => predict()],
    ['the deadline passed', 'deadline', async ({ predict }) => predict({ deadlineMs: 200 }), 'never'],
    ['the signal came', 'aborted', async ({ predict, upstream }) => {
      const controller = new AbortController();
      const pending = predict({ signal: controller.signal });
      await Promise.race([upstream.received(1), pending]);
      controller.abort();
      return pending;
    }, 'never'],
    ['the engine was closed', 'aborted', async ({ predict, upstream, engine }) => {
      const pending = predict();
      await Promise.race([upstream.received(1), pending]);
      engine.close();
      return pending;
    }, 'never'],
    ['it was switched off', 'disabled', async ({ predict, engine }) => {
      engine.disableModel('a', 'by hand');
      return predict();
    }],
    ['the budget was spent', 'over_budget', async ({ predict }) => predict(), 'clean', { dailyBudgetUsd: 0 }],
  ])('a call without an answer has no model: %s', async (_, reason, call, manner = 'internal_error', config = {}) => {
    const made = await transcript({ a: manner }, config);
    const { costUsd } = await rejection(call(made));
    expect(routesInShort(made.engine)).toEqual([['a', null, reason, 1, 0]]);
    const [route] = made.engine.getMetrics().routes;
    expect(route).toMatchObject({ share: 1, costUsd, sentence: `a: 1 call without an answer (${reason})` });
  });

  test('what is refused before it begins is no call', async () => {
    const { engine } = await transcript({ a: answer });
    await rejection(engine.predictWithFallback({ modelId: 'nobody', matches: matches() }));
    await rejection(engine.predictWithFallback({ modelId: 'a', matches: [] }));
    expect(engine.getMetrics()).toEqual({ routes: [], models: [], prompts: [], costWarnings: [] });
  });
});

describe('models and prompts', () => {
  test('every kind of token, retries, failures and time are counted', async () => {
    const detailed = {
      ...usage, prompt_tokens_details: { cached_tokens: 4 }, completion_tokens_details: { reasoning_tokens: 2 },
    };
    const { engine, predict } = await transcript(
      { a: ['loading', { name: 'clean', usage: detailed }, 'empty', 'prose'] }, { maxRetries: 1 });
    const outcomes = [await predict(), await rejection(predict()), await rejection(predict())];
    const attempts = outcomes.flatMap((outcome) => outcome.attempts);
    const model = of(engine, 'a');
    expect(model).toMatchObject({
      providerId: 'p', attempts: 3, successes: 1, failures: { empty_response: 1, parse_error: 1 }, retries: 1,
      cachedTokens: 4, reasoningTokens: 2,
      promptTokens: attempts.reduce((all, { usage: used }) => all + used.promptTokens, 0),
    });
    expect(model.latency.sumMs).toBeCloseTo(attempts.reduce((all, { durationMs }) => all + durationMs, 0), 0);
    const { buckets } = model.latency;
    expect(buckets.reduce((all, bucket) => all + bucket.attempts, 0)).toBe(3);
    expect(buckets.map(({ upToMs }) => upToMs)).toEqual(
      [100, 250, 500, 1000, 2500, 5000, 10_000, 15_000, 25_000, 40_000, 60_000, 90_000, 120_000, null]);
    for (const { durationMs } of attempts) {
      expect(buckets.find(({ upToMs }) => durationMs <= (upToMs ?? Infinity)).attempts).toBeGreaterThan(0);
    }
  });

  test('a prompt of one\'s own is a version of its own', async () => {
    const { engine, predict } = await transcript({ a: ['prose', 'clean'] });
    await rejection(predict());
    const prompt = { user: '{"match_id":"m1"}' };
    await engine.predictWithFallback({ modelId: 'a', matches: matches(), prompt });
    const { promptVersion } = engine.buildPrompt('a', matches());
    expect(engine.getMetrics().prompts).toEqual([
      { version: 'own', modelId: 'a', overrides: [], attempts: 1, validReplies: 1, failures: {} },
      { version: promptVersion, modelId: 'a', overrides: [], attempts: 1, validReplies: 0, failures: { parse_error: 1 } },
    ].sort((one, other) => (one.version < other.version ? -1 : 1)));
  });
});

test('a replay: routes, models, outcomes and errors, and the day\'s books agree to the billionth', async () => {
  let seed = 0x5eed;
  const random = (below) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  const manners = [
    'clean', 'clean', 'fenced', 'think', 'partial', 'prose', 'empty', 'truncated', 'content_filter', 'cut_body',
    'reset', 'internal_error', 'context_length', 'bad_parameter', 'html', 'forbidden', 'never',
  ];
  const manner = () => {
    const name = manners[random(manners.length)];
    const used = [undefined, null, { prompt_tokens: random(9000), completion_tokens: random(900) }][random(3)];
    return { name, ...(used !== undefined && { usage: used }) };
  };
  const upstream = await upstreamFor(byModel({ hung: 'never' }, manner));
  const prices = () => ({ promptUsdPer1M: 1 + random(4) + random(1000) / 1000, completionUsdPer1M: 2.345 });
  const ids = ['a', 'b', 'c', 'd', 'e', 'hung'];
  const engine = engineFor(chain(upstream, Object.fromEntries(ids.map((id) => [id, prices()])), {
    dailyBudgetUsd: 0.5, disableThreshold: 9, transientThreshold: null, maxRetries: 1, attemptTimeoutMs: 150,
  }));
  const call = async () => {
    const controller = new AbortController();
    const options = { signal: controller.signal, deadlineMs: 300 + random(500), maxFallbackDepth: random(4) };
    const asked = { modelId: ids[random(ids.length)], matches: matches(1 + random(4)) };
    if (random(8) === 0) setTimeout(() => controller.abort(), random(60));
    return engine.predictWithFallback(asked, options).catch((error) => error);
  };
  const hang = (options) => rejection(engine.predictWithFallback({ modelId: 'hung', matches: matches() }, options));
  const ended = await Promise.all([
    hang({ deadlineMs: 50 }), hang({ attemptTimeoutMs: 50 }), hang({ signal: AbortSignal.timeout(50) }),
  ]);
  for (let batch = 0; batch < 12; batch += 1) {
    ended.push(...await Promise.all(Array.from({ length: 25 }, call)));
  }

  expect(ended.slice(0, 3).map(({ code }) => code)).toEqual(['DEADLINE_EXCEEDED', 'ALL_ATTEMPTS_FAILED', 'ABORT_ERR']);
  const { routes, models, prompts } = engine.getMetrics();
  const total = sum(ended, 'costUsd');
  expect(total).toBeGreaterThan(0);
  expect(sum(routes, 'costUsd')).toBe(total);
  expect(sum(models, 'costUsd')).toBe(total);
  // Each attempt's cost, too, is a whole number of billionths.
  expect(sum(ended.flatMap(({ attempts }) => attempts), 'costUsd')).toBe(total);
  const budget = engine.getBudget();
  expect([nano(budget.spentUsd), budget.reservedUsd]).toEqual([total, 0]);
  expect(sum(budget.models, 'spentUsd')).toBe(total);
  for (const { modelId, costUsd } of models) {
    expect(budget.models.find((model) => model.modelId === modelId)?.spentUsd ?? 0).toBe(costUsd);
  }

  const count = (items, field) => items.reduce((all, item) => all + item[field], 0);
  const attempts = ended.flatMap((outcome) => outcome.attempts);
  expect(count(routes, 'calls')).toBe(ended.length);
  expect(count(routes, 'successes')).toBe(ended.filter(({ code }) => !code).length);
  expect([count(models, 'attempts'), count(prompts, 'attempts')]).toEqual([attempts.length, attempts.length]);
  expect([count(models, 'successes'), count(prompts, 'validReplies')])
    .toEqual(Array(2).fill(attempts.filter(({ failure }) => !failure).length));
  for (const id of ids) {
    const shares = routes.filter(({ originalModelId }) => originalModelId === id).map(({ share }) => share);
    expect(shares.reduce((one, other) => one + other, 0)).toBeCloseTo(1, 9);
  }
});

describe('as text', () => {
  /** An engine whose ids are as bad as ids may be, after some calls. */
  async function used(config = {}) {
    const id = 'we"ird\\n {le="1"} 模型 \\';
    const made = await transcript(
      { [id]: ['internal_error', 'prose', answer], b: answer }, config);
    for (let call = 0; call < 4; call += 1) await made.predict();
    return { ...made, id, families: readOpenMetrics(made.engine.getMetricsText()) };
  }
  const value = (families, name, labels = {}) => {
    const samples = [...families.values()].flatMap((family) => family.samples).filter((sample) => sample.name === name);
    const found = samples.filter((sample) => Object.keys(labels).every((label) => sample.labels[label] === labels[label]));
    expect(found.length, `${name} ${JSON.stringify(labels)}`).toBe(1);
    return found[0].value;
  };

  test('it follows the grammar of OpenMetrics, and every name begins with fallcast_', async () => {
    const { families } = await used({ dailyBudgetUsd: 1 });
    expect([...families.keys()].filter((name) => !name.startsWith('fallcast_'))).toEqual([]);
    expect([...families.values()].filter(({ help }) => !help)).toEqual([]);
    expect(readOpenMetrics(engineFor().getMetricsText()).has('fallcast_active_models')).toBe(true);
  });

  test.each([
    ['no end', '# TYPE x gauge\nx 1\n'],
    ['no type', 'x 1\n# EOF\n'],
    ['a counter without its suffix', '# TYPE x counter\nx 1\n# EOF\n'],
    ['a series twice', '# TYPE x gauge\nx{a="1"} 1\nx{a="1"} 2\n# EOF\n'],
    ['a family in two places', '# TYPE x gauge\nx 1\n# TYPE y gauge\n# TYPE x gauge\n# EOF\n'],
    ['a quote inside a label', '# TYPE x gauge\nx{a="1"2"} 1\n# EOF\n'],
    ['no number', '# TYPE x gauge\nx one\n# EOF\n'],
    ['a histogram that falls',
      '# TYPE x histogram\nx_bucket{le="1.0"} 2\nx_bucket{le="+Inf"} 1\nx_count 1\nx_sum 1\n# EOF\n'],
  ])('the reader of these tests refuses %s', (_, text) => {
    expect(() => readOpenMetrics(text)).toThrow();
  });

  test('it says what the objects say', async () => {
    const { engine, families } = await used({ dailyBudgetUsd: 1 });
    const { routes, models, prompts } = engine.getMetrics();
    for (const { originalModelId: original, modelId, reason, calls, costUsd, originalCostUsd } of routes) {
      const labels = { original, model: modelId ?? '', reason: reason ?? '' };
      expect(value(families, 'fallcast_calls_total', labels)).toBe(calls);
      expect(value(families, 'fallcast_call_cost_usd_total', labels)).toBe(costUsd);
      expect(value(families, 'fallcast_call_original_cost_usd_total', labels)).toBe(originalCostUsd);
    }
    for (const { modelId: model, providerId: provider, failures, latency, ...counts } of models) {
      const labels = { model, provider };
      expect(value(families, 'fallcast_attempts_total', labels)).toBe(counts.attempts);
      expect(value(families, 'fallcast_attempt_retries_total', labels)).toBe(counts.retries);
      expect(value(families, 'fallcast_attempt_cost_usd_total', labels)).toBe(counts.costUsd);
      expect(value(families, 'fallcast_prompt_tokens_total', labels)).toBe(counts.promptTokens);
      expect(value(families, 'fallcast_completion_tokens_total', labels)).toBe(counts.completionTokens);
      expect(value(families, 'fallcast_attempt_duration_seconds_count', labels)).toBe(counts.attempts);
      expect(value(families, 'fallcast_attempt_duration_seconds_sum', labels)).toBeCloseTo(latency.sumMs / 1000, 5);
      for (const [kind, failed] of Object.entries(failures)) {
        expect(value(families, 'fallcast_attempt_failures_total', { ...labels, kind })).toBe(failed);
      }
    }
    for (const { version, modelId: model, attempts } of prompts) {
      expect(value(families, 'fallcast_prompt_attempts_total', { version, model })).toBe(attempts);
    }
    const budget = engine.getBudget();
    expect(value(families, 'fallcast_budget_spent_usd')).toBe(budget.spentUsd);
    expect(value(families, 'fallcast_budget_reserved_usd')).toBe(0);
    expect(value(families, 'fallcast_budget_uncertain_usd')).toBe(0);
    expect(value(families, 'fallcast_budget_daily_usd')).toBe(1);
    expect(value(families, 'fallcast_active_models')).toBe(2);
  });

  test('its gauges are of the moment', async () => {
    const { engine, id } = await used();
    engine.disableModel(id, 'by hand');
    const families = readOpenMetrics(engine.getMetricsText());
    expect(value(families, 'fallcast_active_models')).toBe(1);
    expect(value(families, 'fallcast_model_disabled', { model: id })).toBe(1);
    expect(value(families, 'fallcast_model_disabled', { model: 'b' })).toBe(0);
    expect(families.has('fallcast_budget_daily_usd')).toBe(false);
  });

  test('a server of a few lines is enough to be scraped', async () => {
    const { engine, id } = await used();
    const server = createServer((_, response) => {
      response.setHeader('content-type', 'application/openmetrics-text; version=1.0.0; charset=utf-8');
      response.end(engine.getMetricsText());
    }).listen(0, '127.0.0.1');
    onTestFinished(() => server.close());
    await once(server, 'listening');
    const response = await fetch(`http://127.0.0.1:${server.address().port}/metrics`);
    const families = readOpenMetrics(await response.text());
    expect(value(families, 'fallcast_calls_total', { original: id, model: 'b', reason: 'server_error' })).toBe(1);
  });
});

test('fallbacks that were asked though much dearer are counted', async () => {
  const dear = { promptUsdPer1M: 3, completionUsdPer1M: 6 };
  const { engine, predict } = await transcript({ a: 'internal_error', b: 'clean' }, { models: { b: dear } });
  await predict();
  await predict();
  expect(engine.getMetrics().costWarnings).toEqual([{ originalModelId: 'a', modelId: 'b', count: 2 }]);
  expect(engine.getMetricsText()).toContain('fallcast_cost_warnings_total{original="a",model="b"} 2\n');
});
