/** The day's budget: reserving before an attempt, settling after it, what a spent budget forbids, and its alerts. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, onTestFinished, test } from 'vitest';

import {
  chain, engineFor, fallcast, inShort, matches, micro, nano, rejection, skipsInShort, spendToday, thrown, transcript,
  upstreamFor,
} from './support.mjs';

const DAY = 86_400_000;
const request = (modelId = 'a', count = 1) => ({ modelId, matches: matches(count) });

/** What a request costs at most and is expected to, in millionths of a dollar, and the `usage` that costs the most. */
function priced(engine, asked = request()) {
  const [{ worstCostUsd, expectedCostUsd, promptTokens, maxTokens }] = engine.explain(asked).attempts;
  const usage = { prompt_tokens: promptTokens, completion_tokens: maxTokens };
  return { worst: micro(worstCostUsd), expected: micro(expectedCostUsd), usage };
}

/** The same for a model as `chain` makes it. */
const ordinary = () => priced(new fallcast.Fallcast(chain({ baseUrl: 'http://127.0.0.1:9/v1' }, ['a'])));

/** What an engine has told of some types. */
function heard(engine, ...types) {
  const events = [];
  engine.onEvent((event) => { if (types.includes(event.type)) events.push(event); });
  return events;
}

/** The budget in millionths of a dollar. */
function books(engine) {
  const { spentUsd, reservedUsd, uncertainUsd, remainingUsd, models } = engine.getBudget();
  const sum = (field) => models.reduce((total, model) => total + micro(model[field]), 0);
  const sums = [micro(spentUsd), micro(reservedUsd), micro(uncertainUsd)];
  expect([sum('spentUsd'), sum('reservedUsd'), sum('uncertainUsd')]).toEqual(sums);
  const remaining = remainingUsd === null ? null : micro(remainingUsd);
  return { spent: sums[0], reserved: sums[1], uncertain: sums[2], remaining };
}

describe('reserving', () => {
  const { worst, usage } = ordinary();

  test.each([
    ['to the last cent', 0, 'exhausted'],
    ['but for less than one attempt', worst - 1, 'fallbacks_paused'],
  ])('64 callers send as many attempts as the budget covers, and use it up %s', async (_, left, state) => {
    const { engine, upstream } = await transcript(
      { a: { name: 'clean', usage } }, { dailyBudgetUsd: (100 * worst + left) / 1e6 });
    const caller = async () => {
      for (let answered = 0; ; answered += 1) {
        const { code } = await engine.predictWithFallback(request()).then(() => ({}), (error) => error);
        if (code) return { code, answered };
      }
    };
    const ended = await Promise.all(Array.from({ length: 64 }, caller));
    expect(new Set(ended.map(({ code }) => code))).toEqual(new Set(['BUDGET_EXHAUSTED']));
    expect(ended.reduce((sum, { answered }) => sum + answered, 0)).toBe(100);
    expect(upstream.requests).toHaveLength(100);
    expect(books(engine)).toEqual({ spent: 100 * worst, reserved: 0, uncertain: 0, remaining: left });
    expect(engine.getBudget().state).toBe(state);
  });

  test('what is under way counts as its worst case, and what it leaves over is free again', async () => {
    const daily = 40 * worst + 5;
    const cheap = { prompt_tokens: 7, completion_tokens: 3 };
    const { engine, upstream } = await transcript(
      { a: { name: 'held', then: { name: 'clean', usage: cheap } } }, { dailyBudgetUsd: daily / 1e6 });
    const pending = Array.from({ length: 64 }, () => engine.predictWithFallback(request()));
    const settled = Promise.allSettled(pending);
    await upstream.received(40);
    expect(books(engine)).toEqual({ spent: 0, reserved: 40 * worst, uncertain: 0, remaining: 5 });
    expect((await rejection(engine.predictWithFallback(request()))).code).toBe('BUDGET_EXHAUSTED');
    upstream.release();
    // A call that was checked while all was reserved is refused; one that is checked later may find room again.
    const answered = (await settled).filter(({ status }) => status === 'fulfilled').length;
    expect(answered).toBeGreaterThanOrEqual(40);
    let sent = answered;
    while ((await engine.predictWithFallback(request()).catch(({ code }) => code)) !== 'BUDGET_EXHAUSTED') sent += 1;
    expect(sent).toBe(Math.floor((daily - worst) / 13) + 1);
    expect(upstream.requests).toHaveLength(sent);
    expect(books(engine)).toEqual({ spent: 13 * sent, reserved: 0, uncertain: 0, remaining: daily - 13 * sent });
  });

  test('a reply that used more than the worst case is booked as it is', async () => {
    const { engine, predict } = await transcript(
      { a: { name: 'clean', usage: { prompt_tokens: 1_000_000, completion_tokens: 1_000_000 } } },
      { dailyBudgetUsd: 0.5 });
    expect((await predict()).costUsd).toBe(3);
    expect(engine.getBudget()).toMatchObject({ spentUsd: 3, reservedUsd: 0, remainingUsd: 0, state: 'exhausted' });
  });
});

describe('settling', () => {
  const usage = { prompt_tokens: 11, completion_tokens: 5 };
  const estimate = (attempt) => {
    expect(attempt.usage.estimated).toBe(true);
    expect(attempt.costUsd).toBeGreaterThan(0);
  };
  /** The rest of the reservation is held for the day. */
  const unknown = (attempt, engine) => {
    estimate(attempt);
    const [{ worstCostUsd }] = engine.explain(request()).attempts;
    expect(books(engine).uncertain).toBe(micro(worstCostUsd) - micro(attempt.costUsd));
  };
  const reported = ({ costUsd }) => expect(micro(costUsd)).toBe(21);
  const nothing = ({ costUsd, usage: used }) => expect([costUsd, used]).toEqual([0, null]);

  test.each([
    ['what the usage of an answer says', { name: 'clean', usage }, reported],
    ['what the usage of a useless reply says', { name: 'prose', usage }, reported],
    ['an estimate without a usage', { name: 'clean', usage: null }, estimate],
    ['an estimate for a usage that says nothing', { name: 'clean', usage: { prompt_tokens: -1 } }, estimate],
    ['an estimate for half a usage', { name: 'clean', usage: { prompt_tokens: 11 } }, estimate],
    ['an estimate for a usage of zeros', { name: 'clean', usage: { prompt_tokens: 0, completion_tokens: 0 } }, estimate],
    ['an estimate for a body that breaks off', 'cut_body', unknown],
    ['an estimate for a connection that is reset after sending', 'reset', unknown],
    ['an estimate for a time-out after sending', 'never', unknown, { attemptTimeoutMs: 300 }],
    ['an estimate for the deadline after sending', 'never', unknown, { deadlineMs: 300 }],
    ['an estimate for a model that reasons', { name: 'clean', usage: null }, unknown, { models: { a: { reasoning: true } } }],
    ['nothing for a status other than 2xx', 'internal_error', nothing],
    ['nothing for a rate limit', 'rate_limited', nothing],
    ['nothing for a redirect', 'redirect', nothing],
  ])('%s', async (_, manner, check, config = {}) => {
    const { engine, predict } = await transcript({ a: manner }, { dailyBudgetUsd: 1, ...config });
    const { attempts, costUsd } = await predict().catch((error) => error);
    check(attempts[0], engine);
    expect(attempts).toHaveLength(1);
    const uncertain = check === unknown ? books(engine).uncertain : 0;
    const remaining = 1_000_000 - micro(costUsd) - uncertain;
    expect(books(engine)).toEqual({ spent: micro(costUsd), reserved: 0, uncertain, remaining });
  });

  test('nothing for what was never sent', async () => {
    const upstream = await upstreamFor();
    await upstream.close();
    const engine = engineFor(chain(upstream, ['a']));
    expect(await rejection(engine.predictWithFallback(request()))).toMatchObject({ costUsd: 0 });
    expect(books(engine)).toEqual({ spent: 0, reserved: 0, uncertain: 0, remaining: null });
  });

  test.each([
    ['aborted', 'ABORT_ERR', ({ controller }) => controller.abort()],
    ['closed', 'CLOSED', ({ engine }) => engine.close()],
  ])('a call that is %s in the middle books the estimate and reserves no more', async (_, code, end) => {
    const { engine, predict, upstream } = await transcript({ a: 'never' });
    const controller = new AbortController();
    const pending = Array.from({ length: 8 }, () => rejection(predict({ signal: controller.signal })));
    await upstream.received(8);
    const { reserved } = books(engine);
    expect(reserved).toBe(8 * priced(engineFor(chain(upstream, ['a']))).worst);
    end({ engine, controller });
    const errors = await Promise.all(pending);
    expect(new Set(errors.map((error) => error.code))).toEqual(new Set([code]));
    const spent = errors.reduce((sum, { costUsd }) => sum + micro(costUsd), 0);
    expect(spent).toBeGreaterThan(0);
    expect(books(engine)).toMatchObject({ spent, reserved: 0 });
  });

  test('a call whose thread is terminated in the middle books the estimate and reserves no more', async () => {
    const upstream = await upstreamFor('never');
    const path = fileURLToPath(new URL('programs/terminated.mjs', import.meta.url));
    const child = fork(path, { env: { ...process.env, UPSTREAM: upstream.baseUrl }, execArgv: [] });
    onTestFinished(() => child.kill('SIGKILL'));
    await upstream.received(3);
    child.send('terminate');
    const [budget] = await once(child, 'message');
    await upstream.idle();
    const { expected } = priced(engineFor(chain(upstream, ['a'])), {
      modelId: 'a', matches: [{ id: 'm1', homeTeam: 'Home', awayTeam: 'Away' }],
    });
    expect(budget).toMatchObject({ spentUsd: (3 * expected) / 1e6, reservedUsd: 0 });
  });
});

describe('a spent budget', () => {
  test('refuses every paid model, and says when the day ends', async () => {
    const { engine, predict, upstream } = await transcript({ a: 'clean', b: 'clean' }, { dailyBudgetUsd: 0 });
    const error = await rejection(predict());
    expect(error).toMatchObject({ code: 'BUDGET_EXHAUSTED', attempts: [], costUsd: 0 });
    expect(skipsInShort(error.skips)).toEqual([['a', 'over_budget'], ['b', 'over_budget']]);
    const end = error.skips[0].detail.match(/the day ends at (\S+)$/)[1];
    expect(end).toMatch(/^\d{4}-\d\d-\d\dT00:00:00Z$/);
    expect(error.message).toContain(end);
    expect(error.retryAfterMs).toBeGreaterThan(0);
    expect(error.retryAfterMs).toBeLessThanOrEqual(DAY);
    expect(Math.abs(Date.parse(end) - Date.now() - error.retryAfterMs)).toBeLessThan(60_000);
    expect(skipsInShort(engine.explain(request()).skips)).toEqual(skipsInShort(error.skips));
    expect(upstream.requests).toEqual([]);
    expect(engine.getBudget()).toMatchObject({ dailyBudgetUsd: 0, remainingUsd: 0, state: 'exhausted', models: [] });
  });

  test('that is smaller than any attempt is never spent', async () => {
    const { engine, predict, upstream } = await transcript({ a: 'clean' }, { dailyBudgetUsd: 0.000001 });
    expect((await rejection(predict())).code).toBe('BUDGET_EXHAUSTED');
    expect(upstream.requests).toEqual([]);
    expect(engine.getBudget()).toMatchObject({ remainingUsd: 0.000001, state: 'open' });
  });

  const free = { promptUsdPer1M: 0, completionUsdPer1M: 0 };

  test('lets free models go on, as an original and as a fallback', async () => {
    const { engine, predict } = await transcript(
      { a: 'clean', b: 'clean' }, { dailyBudgetUsd: 0, models: { b: free } });
    expect(await predict()).toMatchObject({ modelId: 'b', fallbackReason: 'over_budget', costUsd: 0 });
    expect(await engine.predictWithFallback(request('b'))).toMatchObject({ modelId: 'b', usedFallback: false });
  });

  test('is an error of its own only where nothing was asked', async () => {
    const { predict } = await transcript(
      { a: 'internal_error', b: 'clean' }, { dailyBudgetUsd: 0, models: { a: free } });
    const error = await rejection(predict());
    expect(error.code).toBe('ALL_ATTEMPTS_FAILED');
    expect(skipsInShort(error.skips)).toEqual([['b', 'over_budget']]);
  });

  test('resolves with what there is when it refuses the next attempt of a partial answer', async () => {
    const { predict, engine } = await transcript(
      { a: { name: 'partial', matches: 1 }, b: 'clean' }, { dailyBudgetUsd: 0, models: { a: free } });
    const outcome = await predict({}, 2);
    expect(outcome).toMatchObject({ modelId: 'a', missingMatchIds: ['m2'] });
    expect(skipsInShort(outcome.skips)).toEqual([['b', 'over_budget']]);
    expect(engine.getBudget().spentUsd).toBe(0);
  });

  test('allows no retry', async () => {
    const { worst, expected } = ordinary();
    const dailyBudgetUsd = (worst + expected - 1) / 1e6;
    const { engine, predict, upstream } = await transcript({ a: 'cut_body' }, { dailyBudgetUsd, maxRetries: 5 });
    const error = await rejection(predict());
    expect(error.code).toBe('ALL_ATTEMPTS_FAILED');
    expect(error.attempts).toMatchObject([{ failure: 'network', retries: 0, costUsd: expected / 1e6 }]);
    expect(upstream.requests).toHaveLength(1);
    expect(books(engine)).toMatchObject({ spent: expected, reserved: 0 });
  });

  test('pauses the fallbacks that are dearer than the original before it is spent', async () => {
    const dear = { promptUsdPer1M: 1.5, completionUsdPer1M: 3 };
    const { engine, predict } = await transcript(
      { a: 'internal_error', dear: 'clean', same: 'clean' }, { dailyBudgetUsd: 10, models: { dear } });
    spendToday(engine, { other: 7_999_999 });
    expect(engine.getBudget().state).toBe('open');
    expect((await predict()).modelId).toBe('dear');
    expect(engine.getBudget()).toMatchObject({ state: 'fallbacks_paused' });
    const outcome = await predict();
    expect(outcome.modelId).toBe('same');
    expect(skipsInShort(outcome.skips)).toEqual([['dear', 'over_budget']]);
    expect(await engine.predictWithFallback(request('dear'))).toMatchObject({ modelId: 'dear', usedFallback: false });
  });

  test.each([[0, 'fallbacks_paused', ['a']], [1, 'open', ['a', 'dear']]])('pauses them from %d on', async (
    pauseFallbacksAt, state, models) => {
    const dear = { promptUsdPer1M: 1.5, completionUsdPer1M: 3 };
    const { engine, predict, asked } = await transcript(
      { a: 'internal_error', dear: 'clean' }, { dailyBudgetUsd: 1, pauseFallbacksAt, models: { dear } });
    expect(engine.getBudget().state).toBe(state);
    await predict().catch(() => {});
    expect(asked()).toEqual(models);
  });
});

test('a usage that is hard to believe is told once a model, with what is booked', async () => {
  const usage = { prompt_tokens: 0, completion_tokens: 5, total_tokens: 3 };
  const { engine, predict } = await transcript({ a: { name: 'clean', usage } });
  const events = heard(engine, 'usage_doubted');
  const { attempts, callId } = await predict({ requestId: 'job-7' });
  await predict();
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({
    callId, requestId: 'job-7', modelId: 'a', told: { promptTokens: 0, completionTokens: 5, totalTokens: 3 }, problem: '0 tokens of the prompt',
  });
  expect(events[0].booked).toEqual(attempts[0].usage);
  expect(attempts[0].usage).toMatchObject({ completionTokens: 5, estimated: true });
});

test('what costs less than half a millionth adds up', async () => {
  const price = { promptUsdPer1M: 0.033, completionUsdPer1M: 0.00465 };
  const { engine, predict } = await transcript(
    { a: { name: 'clean', usage: { prompt_tokens: 14, completion_tokens: 1 } } }, { models: { a: price } });
  let told = 0;
  for (let n = 0; n < 200; n += 1) told += nano((await predict()).costUsd);
  expect(told).toBe(93_330);
  expect(nano(engine.getBudget().spentUsd)).toBe(told);
  expect(nano(engine.getMetrics().models[0].costUsd)).toBe(told);
});

describe('alerts', () => {
  const dollars = (amount) => ({ name: 'clean', usage: { prompt_tokens: amount * 1_000_000 - 2, completion_tokens: 1 } });
  const shares = (events) => events.map(({ threshold }) => threshold);

  test('tell each share once, in ascending order, before the call that passed it settles', async () => {
    const manners = [0.49, 0.01, 0.31, 0.1, 0.1].map(dollars);
    const { engine, predict } = await transcript({ a: manners }, { dailyBudgetUsd: 1 });
    const events = heard(engine, 'budget');
    const told = [];
    for (const _ of manners) {
      await predict();
      told.push(shares(events));
    }
    expect(told).toEqual([[], [0.5], [0.5, 0.8], [0.5, 0.8], [0.5, 0.8, 1]]);
    expect(events[1]).toMatchObject({ spentUsd: 0.81, dailyBudgetUsd: 1, day: engine.getBudget().day });
  });

  test('that are given twice, in any order, tell once in ascending order, also beyond the budget', async () => {
    const { engine, predict } = await transcript(
      { a: { name: 'clean', usage: { prompt_tokens: 1_500_000, completion_tokens: 500_000 } } }, { dailyBudgetUsd: 1, budgetAlerts: [2, 0.5, 1, 0.5, 3, 1] });
    const events = heard(engine, 'budget');
    await predict();
    expect(shares(events)).toEqual([0.5, 1, 2]);
    expect(new Set(events.map(({ spentUsd }) => spentUsd))).toEqual(new Set([2.5]));
  });

  test.each([
    ['without shares', { dailyBudgetUsd: 1, budgetAlerts: [] }],
    ['without a budget', {}],
    ['of no budget at all', { dailyBudgetUsd: 0, models: { a: { promptUsdPer1M: 0, completionUsdPer1M: 0 } } }],
  ])('are none %s', async (_, config) => {
    const { engine, predict } = await transcript({ a: dollars(1) }, config);
    const events = heard(engine, 'budget');
    await predict();
    expect(events).toEqual([]);
  });

  test('come once from many calls at once', async () => {
    const { engine, predict, upstream } = await transcript(
      { a: { name: 'held', then: dollars(0.04) } }, { dailyBudgetUsd: 1 });
    const events = heard(engine, 'budget');
    const pending = Array.from({ length: 50 }, () => predict());
    await upstream.received(50);
    upstream.release();
    await Promise.all(pending);
    expect(shares(events)).toEqual([0.5, 0.8, 1]);
    expect(events.map(({ spentUsd }) => spentUsd)).toEqual([0.52, 0.8, 1]);
  });

  test('do not come again for what a snapshot had spent', async () => {
    const { engine, predict } = await transcript({ a: dollars(0.3) }, { dailyBudgetUsd: 1 });
    const events = heard(engine, 'budget');
    spendToday(engine, { a: 600_000 });
    await predict();
    expect(shares(events)).toEqual([0.8]);
  });
});

describe('a fallback at 7.5 times the price', () => {
  const models = {
    cheap: { promptUsdPer1M: 0.4, completionUsdPer1M: 0.4 }, premium: { promptUsdPer1M: 3, completionUsdPer1M: 3 },
  };
  const table = { cheap: 'internal_error', premium: 'clean' };

  test('is refused by default', async () => {
    const { engine, predict, asked } = await transcript(table, { models });
    const events = heard(engine, 'cost_warning', 'fallback');
    const error = await rejection(predict());
    expect(inShort(error.attempts)).toEqual([['cheap', 'server_error']]);
    expect(skipsInShort(error.skips)).toEqual([['premium', 'too_expensive']]);
    expect([asked(), events]).toEqual([['cheap'], []]);
  });

  test('is asked with the guard off, with one warning that has both estimates', async () => {
    const { engine, predict } = await transcript(table, { models, maxPriceRatio: null });
    const [original, fallback] = engine.explain(request('cheap')).attempts;
    const events = heard(engine, 'cost_warning');
    expect((await predict()).modelId).toBe('premium');
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      originalModelId: 'cheap', modelId: 'premium',
      originalCostUsd: original.expectedCostUsd, expectedCostUsd: fallback.expectedCostUsd,
    });
    expect(events[0].priceRatio).toBeCloseTo(7.5, 6);
  });

  test.each([[null, 0], [7.4, 1], [7.6, 0]])('is warned of beyond warnPriceRatio: %s', async (
    warnPriceRatio, warnings) => {
    const { engine, predict } = await transcript(table, { models, maxPriceRatio: null, warnPriceRatio });
    const events = heard(engine, 'cost_warning');
    await predict();
    expect(events).toHaveLength(warnings);
  });

  test('is warned of once, however often it is retried, and not when the budget refuses it', async () => {
    const retried = await transcript(
      { cheap: 'internal_error', premium: ['internal_error', 'clean'] },
      { models, maxPriceRatio: null, maxRetries: 1 });
    const warnings = heard(retried.engine, 'cost_warning');
    await retried.predict();
    expect(warnings).toHaveLength(1);
    const refused = await transcript(table, { models, maxPriceRatio: null, dailyBudgetUsd: 1, pauseFallbacksAt: 0 });
    const events = heard(refused.engine, 'cost_warning', 'fallback');
    await rejection(refused.predict());
    expect(events).toEqual([]);
  });
});

describe('DAILY_BUDGET', () => {
  afterEach(() => { delete process.env.DAILY_BUDGET; });
  const budgetWith = (text, config = {}) => {
    process.env.DAILY_BUDGET = text;
    return engineFor({ builtinCatalog: false, ...config }).getBudget().dailyBudgetUsd;
  };

  test.each([
    ['2.5', 2.5], [' 3 ', 3], ['0', 0], ['1e-6', 0.000001], ['', null], ['  ', null],
  ])('%j is %j', (text, usd) => {
    expect(budgetWith(text)).toBe(usd);
  });

  test.each([['$5'], ['5 USD'], ['five'], ['NaN'], ['inf'], ['-1'], ['1e10'], ['0x5']])('%j is refused', (text) => {
    const error = thrown(() => budgetWith(text));
    expect(error.code).toBe('INVALID_CONFIG');
    expect(error.message).toContain('DAILY_BUDGET');
    expect(error.message).toContain(text);
  });

  test('says nothing where the configuration does, be it null', () => {
    expect(budgetWith('2', { dailyBudgetUsd: 4 })).toBe(4);
    expect(budgetWith('2', { dailyBudgetUsd: null })).toBe(null);
    expect(budgetWith('lots', { dailyBudgetUsd: 4 })).toBe(4);
  });
});

test.each([
  ['dailyBudgetUsd', -0.01], ['dailyBudgetUsd', Number.NaN], ['dailyBudgetUsd', Infinity], ['dailyBudgetUsd', '5'],
  ['dailyBudgetUsd', 1e9 + 1], ['pauseFallbacksAt', 1.1], ['pauseFallbacksAt', -0.1],
  ['pauseFallbacksAt', '0.8'], ['budgetAlerts', 0.5], ['budgetAlerts[1]', [0.5, 0]], ['budgetAlerts[0]', [11]],
  ['budgetAlerts[0]', ['1']], ['budgetAlerts', Array(21).fill(1)], ['stateFile', 5], ['stateFile', ''],
])('config.%s: %j is refused', (path, value) => {
  const error = thrown(() => engineFor({ [path.replace(/\[.*/, '')]: value }));
  expect(error.code).toBe('INVALID_CONFIG');
  expect(error.message).toMatch(new RegExp(`^config\\.${path.replace(/[[\]]/g, '\\$&')}: `));
});

test('the shared engine has a budget too', () => {
  expect(fallcast.getBudget()).toMatchObject({ dailyBudgetUsd: null, remainingUsd: null, spentUsd: 0, state: 'open' });
});
