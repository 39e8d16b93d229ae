/** The days of a fleet's money are by the clock of Redis, which here is another than that of the members. */
import { beforeEach, expect, test, vi } from 'vitest';

import { clientOf, startServer } from './fleet.mjs';
import { fakeTimeIsMissing } from './redis-is-missing.mjs';
import { chain, engineFor, fallcast, listen, matches, upstreamFor } from './support.mjs';

beforeEach(({ skip }) => {
  if (fakeTimeIsMissing) skip(fakeTimeIsMissing);
});

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const request = { modelId: 'a', matches: matches(1) };
const WAIT = { timeout: 60_000, interval: 20 };

/** What a request costs at most, in dollars, and the usage that costs that. */
const { worst, usage } = (() => {
  const [{ worstCostUsd, promptTokens, maxTokens }] = new fallcast.Fallcast(chain({ baseUrl: 'http://127.0.0.1:9/v1' }, ['a']))
    .explain(request).attempts;
  return { worst: worstCostUsd, usage: { prompt_tokens: promptTokens, completion_tokens: maxTokens } };
})();
const near = (amount) => expect.closeTo(amount, 5);
const dayOf = (number) => new Date(number * DAY).toISOString().slice(0, 10);

/** An upstream that bills all that a request can cost, and holds one of them back until it is released; the first is 0. */
const upstreamThatHolds = (which) => upstreamFor(async ({ index, released }) => {
  if (index === which) await released;
  return { name: 'clean', usage };
});

const configOf = (upstream, server, more = {}) => chain(upstream, ['a'], {
  attemptTimeoutMs: 280_000, deadlineMs: 290_000, transientThreshold: null, fleet: { url: server.url, timeoutMs: 5000 }, ...more,
});

/** The rows of a day: what each member is allowed, has spent and may be billed beyond, in dollars. */
async function rowsOf(client, day) {
  const fields = Object.entries(await client.hGetAll(`fallcast:1:money:${day}`)).filter(([field]) => field.startsWith('m:'));
  return new Map(fields.map(([field, text]) => {
    const [, allowed, spent, uncertain] = text.split(' ').map((amount) => Number(amount) / 1e6);
    return [field.slice(2), { allowed, spent, uncertain }];
  }));
}

test('midnight: each reservation is its own day\'s, a reserve is there before, and the new day opens once for all', async () => {
  // The last midnight that was, so that it is a later day for the members.
  const before = Math.floor(Date.now() / DAY) - 1;
  const server = await startServer({ ahead: (before + 1) * DAY - 12_000 - Date.now() });
  const client = await clientOf(server);
  const upstream = await upstreamThatHolds(2);
  const budget = { dailyBudgetUsd: 3.2 * worst };
  const [one, other] = [1, 2].map(() => engineFor(configOf(upstream, server, budget)));
  const page = engineFor({ fleet: { url: server.url, role: 'reader' } });
  const all = [one, other, page];
  const told = [one, other].map((engine) => listen(engine));
  await Promise.all(all.map((engine) => engine.ready()));
  const { id } = one.getFleet();
  const days = () => all.map((engine) => engine.getBudget().day);

  const { costUsd } = await one.predictWithFallback(request);
  expect(costUsd).toBeCloseTo(worst, 9);
  await one.predictWithFallback(request);
  const held = one.predictWithFallback(request);
  await upstream.received(3);
  // A snapshot is taken by the clock of the member, and opens no day.
  expect(one.snapshot().spend.day).toBe(dayOf(before));
  expect(days()).toEqual(Array(3).fill(dayOf(before)));

  // Whoever has spent something keeps a little of the day to come.
  await vi.waitUntil(async () => ((await rowsOf(client, before + 1)).get(id)?.allowed ?? 0) > 0, WAIT);
  const early = (await rowsOf(client, before + 1)).get(id);
  expect(early.allowed).toBeLessThanOrEqual(budget.dailyBudgetUsd / 64 + 1e-6);
  expect(days()).toEqual(Array(3).fill(dayOf(before)));

  await vi.waitUntil(() => days().every((day) => day === dayOf(before + 1)), WAIT);
  let answered = 0;
  const spend = async (engine) => {
    for (;;) {
      const error = await engine.predictWithFallback(request).then(() => null, (reason) => reason);
      if (error === null) answered += 1;
      else if (error.skips[0].detail.includes('the day ends at')) return;
      else expect(error.code).toBe('BUDGET_EXHAUSTED');
    }
  };
  await Promise.all([spend(one), spend(other)]);
  expect(answered).toBe(3);

  upstream.release();
  await held;
  await vi.waitUntil(async () => Math.abs((await rowsOf(client, before)).get(id).spent - 3 * worst) < 1e-5, WAIT);
  await vi.waitUntil(() => Math.abs(page.getBudget().spentUsd - 3 * worst) < 1e-5, WAIT);
  const spent = [...(await rowsOf(client, before + 1)).values()].reduce((sum, row) => sum + row.spent, 0);
  expect(spent).toEqual(near(3 * worst));
  for (const { events } of told) {
    const shares = events.filter(({ type }) => type === 'budget').map(({ day, threshold }) => `${day} ${threshold}`);
    expect(new Set(shares).size).toBe(shares.length);
    expect(shares).toContain(`${dayOf(before + 1)} 0.8`);
  }
}, 120_000);

test('what ends two days later is reported to the day on which it was reserved', async () => {
  const today = Math.floor(Date.now() / DAY);
  const noon = today * DAY + 12 * HOUR - Date.now();
  const server = await startServer({ ahead: noon });
  const client = await clientOf(server);
  const upstream = await upstreamThatHolds(0);
  const engine = engineFor(configOf(upstream, server, { dailyBudgetUsd: 1 }));
  await engine.ready();
  const { id } = engine.getFleet();
  const held = engine.predictWithFallback(request);
  await upstream.received(1);
  server.setAhead(noon + 47 * HOUR);
  await vi.waitUntil(() => engine.getBudget().day === dayOf(today + 2), WAIT);
  expect((await rowsOf(client, today)).get(id)).toMatchObject({ spent: 0, allowed: expect.closeTo(worst, 5) });
  upstream.release();
  await held;
  await vi.waitUntil(async () => (await rowsOf(client, today)).get(id).spent > 0, WAIT);
  expect((await rowsOf(client, today)).get(id)).toEqual({ allowed: near(worst), spent: near(worst), uncertain: 0 });
  expect(engine.getBudget()).toMatchObject({ spentUsd: 0, reservedUsd: 0 });
  // A day is kept for longer than it is reported of.
  expect(await client.pTTL(`fallcast:1:money:${today}`)).toBeGreaterThan(DAY);
}, 120_000);

test('a clock that goes back opens no day anew', async () => {
  const today = Math.floor(Date.now() / DAY);
  const noon = today * DAY + 12 * HOUR - Date.now();
  const server = await startServer({ ahead: noon });
  const upstream = await upstreamThatHolds();
  const engine = engineFor(configOf(upstream, server, { dailyBudgetUsd: 1.2 * worst }));
  await engine.ready();
  await engine.predictWithFallback(request);
  server.setAhead(noon - 20 * HOUR);
  const client = await clientOf(server);
  await vi.waitUntil(async () => Number((await client.sendCommand(['TIME']))[0]) * 1000 < today * DAY, WAIT);
  const late = engineFor(configOf(upstream, server, { dailyBudgetUsd: 1.2 * worst }));
  await late.ready();
  for (const each of [engine, late]) {
    await expect(each.predictWithFallback(request)).rejects.toMatchObject({ code: 'BUDGET_EXHAUSTED' });
    expect(each.getBudget().day).toBe(dayOf(today));
  }
}, 120_000);
