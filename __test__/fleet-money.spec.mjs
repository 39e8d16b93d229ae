/** The day's money of a fleet: members in processes of their own, a real Redis, and what is billed counted at the upstream. */
import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';

import { clientOf, startMember, startProxy, startServer as startAnyServer, stayAtNoon } from './fleet.mjs';
import { redisIsMissing } from './redis-is-missing.mjs';
import { chain, engineFor, fallcast, matches, rejection, upstreamFor } from './support.mjs';

beforeEach(({ skip }) => {
  if (redisIsMissing) skip(redisIsMissing);
});

/** A server by which it is noon. */
async function startServer() {
  const server = await startAnyServer();
  await stayAtNoon(server);
  return server;
}

/** Kills a server, and starts one in its place that knows nothing. */
async function startAnew(server) {
  server.child.kill('SIGKILL');
  await server.ended;
  await startAnyServer({ port: server.port });
}

const DAILY = 1;
const PRICES = { promptUsdPer1M: 1, completionUsdPer1M: 8 };
const request = { modelId: 'a', matches: matches(1) };

/** The engine of a fleet with one model and a day of $1.00. A loaded machine is given time to answer. */
const configOf = (upstream, server, more = {}) => chain(upstream, { a: PRICES }, {
  dailyBudgetUsd: DAILY,
  attemptTimeoutMs: 280_000,
  deadlineMs: 290_000,
  transientThreshold: null,
  fleet: { url: server.url, timeoutMs: 5000 },
  ...more,
});

/** What a request costs at most, and the tokens of that. */
const priced = (() => {
  const [{ worstCostUsd, promptTokens, maxTokens }] = new fallcast.Fallcast(chain({ baseUrl: 'http://127.0.0.1:9/v1' }, { a: PRICES }))
    .explain(request).attempts;
  return { worst: worstCostUsd, promptTokens, maxTokens };
})();

/** An upstream that bills from nothing to all that a request is priced at, and what was billed by it, at worst and at most. */
async function billingUpstream({ delayMs = 5 } = {}) {
  const bill = { billed: 0, flying: 0, peak: 0 };
  const note = () => { bill.peak = Math.max(bill.peak, bill.billed + bill.flying); };
  let turn = 0;
  const upstream = await upstreamFor(async (asked) => {
    bill.flying += priced.worst;
    note();
    turn = (turn * 31 + 17) % 101;
    const completion = Math.round(priced.maxTokens * (0.3 + 0.7 * (turn / 100)));
    const usage = { prompt_tokens: priced.promptTokens, completion_tokens: completion };
    const cost = (priced.promptTokens * PRICES.promptUsdPer1M + completion * PRICES.completionUsdPer1M) / 1e6;
    asked.ended.then((state) => {
      bill.flying -= priced.worst;
      // Whoever does not wait for the reply may be billed for all of it.
      bill.billed += state === 'answered' ? cost : priced.worst;
      note();
    });
    await sleep(delayMs);
    return { name: 'clean', usage };
  });
  return { upstream, bill };
}

/** A member whose callers spend. */
function spender(config, callers) {
  const child = fork(fileURLToPath(new URL('programs/spender.mjs', import.meta.url)), { serialization: 'advanced' });
  onTestFinished(() => child.kill('SIGKILL'));
  const events = [];
  const news = new EventEmitter();
  let finish;
  const done = new Promise((resolve) => { finish = resolve; });
  const ended = once(child, 'close');
  child.on('message', (message) => {
    if (message.event) {
      events.push(message.event);
      news.emit('event');
    }
    if (message.done) finish(message);
  });
  child.send({ config, request, callers });
  const budget = async () => {
    child.send('budget');
    for (;;) {
      const [message] = await once(child, 'message');
      if (message.budget) return message;
    }
  };
  const stop = async () => {
    child.send('stop');
    await ended;
  };
  /** Resolves with the events of a type, once there are so many. */
  const heard = async (wanted, count) => {
    const ofType = () => events.filter(({ type }) => type === wanted);
    while (ofType().length < count) await once(news, 'event');
    return ofType();
  };
  return { child, events, done, ended, budget, heard, stop };
}

const MEMBERS = 8;
const CALLERS = 80;

describe('eight members and 640 callers at a day of $1.00', () => {
  /** Lets them spend; `disturb` is what happens meanwhile. */
  async function spendAll(disturb = async () => {}, finished = async () => {}) {
    const server = await startServer();
    const { upstream, bill } = await billingUpstream();
    const config = configOf(upstream, server);
    const members = Array.from({ length: MEMBERS }, () => spender(config, CALLERS));
    await disturb({ server, upstream, bill, members, another: () => members.push(spender(config, CALLERS)) });
    const living = members.filter(({ child }) => child.signalCode === null);
    const ends = await Promise.all(living.map(({ done }) => done));
    expect(ends.flatMap(({ other }) => other)).toEqual([]);
    await upstream.idle();
    expect(bill.peak).toBeLessThanOrEqual(DAILY + 1e-9);
    const { budget } = await living[0].budget();
    await finished(living);
    await Promise.all(living.map(({ stop }) => stop()));
    return { bill, budget, living };
  }

  test('is never exceeded at any moment, and is used', async () => {
    const { bill, budget } = await spendAll(undefined, async (members) => {
      const told = await Promise.all(members.map(({ heard }) => heard('budget', 3)));
      const inShort = told.map((events) => events.map(({ threshold, origin }) => `${threshold} ${origin}`).sort());
      expect(inShort.map((shares) => shares.map((share) => share.split(' ')[0]))).toEqual(Array(MEMBERS).fill(['0.5', '0.8', '1']));
      expect(new Set(inShort.map(String)).size, 'each was passed at one member, of which all tell').toBe(1);
    });
    expect(bill.billed).toBeGreaterThan(0.97);
    expect(budget.spentUsd).toBeCloseTo(bill.billed, 4);
  }, 300_000);

  test('is neither exceeded nor left where Redis is killed half-way and comes back without what it held', async () => {
    const { bill } = await spendAll(async ({ server, upstream }) => {
      await upstream.received(300);
      await startAnew(server);
    });
    expect(bill.billed).toBeGreaterThan(0.97);
  }, 300_000);

  test('is neither exceeded nor left where a member is killed each second', async () => {
    const { budget, living } = await spendAll(async ({ members, another, upstream }) => {
      await upstream.received(50);
      for (let killed = 0; killed < 4; killed += 1) {
        members[killed].child.kill('SIGKILL');
        another();
        await sleep(1000);
      }
    });
    expect(budget.spentUsd + budget.uncertainUsd).toBeGreaterThan(0.97);
    const lapsed = living[0].events.filter(({ type }) => type === 'grant_lapsed');
    expect(new Set(lapsed.map(({ memberId }) => memberId)).size).toBe(lapsed.length);
  }, 300_000);
});

describe('what Redis has lost', () => {
  const spendSome = async (server) => {
    const { upstream } = await billingUpstream();
    const config = configOf(upstream, server);
    const members = await Promise.all([1, 2].map(() => startMember(config)));
    await Promise.all(members.map((member) => member.ask('ready')));
    let spent = 0;
    for (const member of [...members, ...members]) spent += (await member.ask('predictWithFallback', [request])).costUsd;
    return { config, members, spent };
  };
  /** Resolves once the fleet has spent so much, as a member sees it. */
  const untilSpent = async (member, spent) => {
    for (;;) {
      const { spentUsd } = await member.ask('getBudget');
      if (Math.abs(spentUsd - spent) < 1e-5) return;
      await sleep(20);
    }
  };

  test.each([
    ['an emptied Redis', async (server) => (await clientOf(server)).flushAll()],
    ['a Redis that was started anew without persistence', startAnew],
  ])('is written back by the members, the spend of those that are gone included: %s', async (_, lose) => {
    const server = await startServer();
    const { config, members: [gone, stays], spent } = await spendSome(server);
    await untilSpent(gone, spent);
    await gone.ask('close');
    await gone.ended;
    await untilSpent(stays, spent);
    await lose(server);
    const late = await startMember(config);
    await late.ask('ready');
    await untilSpent(late, spent);
    await untilSpent(stays, spent);
  }, 60_000);
});

describe('grants', () => {
  const worst = priced.worst;
  const refused = (engine) => rejection(engine.predictWithFallback(request));
  const near = (amount) => expect.closeTo(amount, 5);

  test('the first call waits for the join, on an empty Redis as well', async () => {
    const server = await startServer();
    const { upstream } = await billingUpstream();
    const engine = engineFor(configOf(upstream, server));
    const { costUsd } = await engine.predictWithFallback(request);
    expect(engine.getBudget().spentUsd).toBeCloseTo(costUsd, 9);
    expect(engine.getFleet().grantUsd).toBeGreaterThanOrEqual(0);
  });

  test('without its Redis a worker with a budget makes no paid call, and one without works alone', async () => {
    const { upstream } = await billingUpstream();
    const nowhere = { url: 'redis://127.0.0.1:9' };
    const limited = engineFor(configOf(upstream, nowhere));
    const { code, retryAfterMs, skips: [{ reason, detail }] } = await refused(limited);
    expect([code, retryAfterMs, reason]).toEqual(['BUDGET_EXHAUSTED', 1000, 'over_budget']);
    expect(detail).toContain('the fleet has granted this engine nothing yet of the day\'s budget of $1');
    expect(upstream.requests).toEqual([]);
    const boundless = engineFor(configOf(upstream, nowhere, { dailyBudgetUsd: null }));
    await boundless.predictWithFallback(request);
    await boundless.ready();
    expect(boundless.getFleet().grantUsd).toBeNull();
    const ready = rejection(limited.ready());
    await limited.close();
    expect((await ready).code).toBe('CLOSED');
  });

  test('a refusal says whether money may come back or the day is over', async () => {
    const server = await startServer();
    const upstream = await upstreamFor('held');
    const budget = { dailyBudgetUsd: 1.5 * worst };
    const [one, other] = [1, 2].map(() => engineFor(configOf(upstream, server, budget)));
    await Promise.all([one.ready(), other.ready()]);
    const held = one.predictWithFallback(request);
    await upstream.received(1);
    const error = await refused(other);
    expect([error.code, error.retryAfterMs]).toEqual(['BUDGET_EXHAUSTED', 1000]);
    expect(error.skips[0].detail).toMatch(/the fleet has granted this engine .* more in a moment$/);
    upstream.release();
    const { costUsd } = await held;
    // What was held comes back, and is enough for another.
    expect(costUsd).toBeLessThan(worst / 2);
    for (;;) {
      const again = await other.predictWithFallback(request).catch((reason) => reason);
      if (again.costUsd) break;
      expect(again.retryAfterMs).toBe(1000);
    }
    await other.close();
    const [late] = [engineFor(configOf(upstream, server, { dailyBudgetUsd: worst }))];
    await late.ready();
    const over = await refused(late);
    expect(over.retryAfterMs).toBeGreaterThan(1000);
    expect(over.skips[0].detail).toContain('the day ends at');
  });

  test('a close gives back all that is not used, and a page sees the fleet\'s budget', async () => {
    const server = await startServer();
    const { upstream } = await billingUpstream();
    const worker = engineFor(configOf(upstream, server));
    const page = engineFor({ fleet: { url: server.url, role: 'reader' } });
    await Promise.all([worker.ready(), page.ready()]);
    const { costUsd } = await worker.predictWithFallback(request);
    expect(worker.getFleet().grantUsd).toBeGreaterThan(0);
    await worker.close();
    for (;;) {
      const { spentUsd, reservedUsd, uncertainUsd, remainingUsd, dailyBudgetUsd } = page.getBudget();
      if (spentUsd > 0 && reservedUsd === 0) {
        expect([spentUsd, uncertainUsd, remainingUsd, dailyBudgetUsd]).toEqual([near(costUsd), 0, near(DAILY - costUsd), DAILY]);
        break;
      }
      await sleep(20);
    }
    expect(page.getFleet().grantUsd).toBeNull();
  });

  test('a member that is cut off lapses, and when it reports the rest of what it held is free', async () => {
    const server = await startServer();
    const proxy = await startProxy(server);
    const upstream = await upstreamFor(async ({ index, released }) => {
      if (index === 1) await released;
      return { name: 'clean', usage: { prompt_tokens: priced.promptTokens, completion_tokens: 5 } };
    });
    const [cut, other] = await Promise.all([proxy, server].map((each) => startMember(configOf(upstream, each))));
    await Promise.all([cut, other].map((member) => member.ask('ready')));
    const first = await cut.ask('predictWithFallback', [request]);
    const held = cut.ask('predictWithFallback', [request]);
    await upstream.received(2);
    const { id } = await cut.ask('getFleet');
    // What it says does not arrive any more.
    proxy.drop('up');
    await cut.event('fleet_lost');
    const client = await clientOf(server);
    await client.zAdd('fallcast:seen', { score: Date.now() - 31_000, value: id });
    const lapsed = await other.event('grant_lapsed');
    expect(lapsed.memberId).toBe(id);
    expect(lapsed.heldUsd).toBeGreaterThanOrEqual(worst - 1e-6);
    const budget = () => other.ask('getBudget');
    expect(await budget()).toMatchObject({ spentUsd: near(first.costUsd), uncertainUsd: near(lapsed.heldUsd) });
    upstream.release();
    const second = await held;
    proxy.mend();
    await cut.event('fleet_joined', 2);
    const spent = first.costUsd + second.costUsd;
    while (Math.abs((await budget()).spentUsd - spent) > 1e-5) await sleep(20);
    while ((await budget()).uncertainUsd > 0) await sleep(20);
    expect((await budget()).remainingUsd).toBeGreaterThan(DAILY - spent - DAILY / 64 - 1e-5);
    expect(other.events.filter(({ type }) => type === 'grant_lapsed')).toHaveLength(1);
  }, 60_000);

  test('a page joins before there is any worker', async () => {
    const server = await startServer();
    const page = engineFor({ fleet: { url: server.url, role: 'reader' } });
    await page.ready();
    expect([page.getFleet().state, page.getBudget().spentUsd]).toEqual(['joined', 0]);
  });

  test('what members have counted is the fleet\'s, and survives them', async () => {
    const server = await startServer();
    const { upstream } = await billingUpstream();
    for (const times of [2, 3]) {
      const worker = engineFor(configOf(upstream, server));
      await worker.ready();
      for (let time = 0; time < times; time += 1) await worker.predictWithFallback(request);
      await worker.close();
    }
    const page = engineFor({ fleet: { url: server.url, role: 'reader' } });
    await page.ready();
    const { state, members, days: [today, ...others], budget } = await page.getFleetStatus();
    expect([state, members.map(({ role }) => role), others]).toEqual(['joined', ['reader'], []]);
    expect(today.routes.map(({ sentence, share }) => [sentence, share])).toEqual([['a: 5 predictions of its own', 1]]);
    expect(today.models).toEqual([{ modelId: 'a', providerId: 'p', attempts: 5, successes: 5, costUsd: near(budget.spentUsd) }]);
    expect((await rejection(engineFor({}).getFleetStatus())).code).toBe('INVALID_REQUEST');
  });

  test('a fleet that is started anew after its Redis has lost everything knows by its state files what the day has cost', async () => {
    const server = await startServer();
    const { upstream } = await billingUpstream();
    const stateFile = join(mkdtempSync(join(tmpdir(), 'fallcast-')), 'state.json');
    onTestFinished(() => rmSync(dirname(stateFile), { recursive: true }));
    const before = engineFor(configOf(upstream, server, { stateFile }));
    await before.ready();
    const { costUsd } = await before.predictWithFallback(request);
    await before.close();
    await (await clientOf(server)).flushAll();
    await stayAtNoon(server);
    const after = engineFor(configOf(upstream, server, { stateFile }));
    await after.ready();
    while (after.getBudget().spentUsd === 0) await sleep(20);
    expect(after.getBudget().spentUsd).toBeCloseTo(costUsd, 5);
    expect(after.getBudget().models).toEqual([]);
  });
});
