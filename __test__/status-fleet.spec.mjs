/** What a member's status says of its fleet, and the page of a reader in a process of its own, with a real Redis. */
import { once } from 'node:events';
import { createServer } from 'node:http';

import axe from 'axe-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { byModel } from '../examples/upstream.mjs';
import status from '../status/index.js';
import { executablePath, openPage, startBrowser } from './chromium.mjs';
import { fleetConfig, startMember, startServer } from './fleet.mjs';
import { redisIsMissing } from './redis-is-missing.mjs';
import { another, engineFor, quiet, upstreamFor } from './support.mjs';

async function served(engine) {
  const page = status.statusPage(engine);
  const server = createServer(page).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => { page.close(); server.close(); server.closeAllConnections(); });
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { origin, get: (path) => fetch(origin + path) };
}

test('an engine without a fleet has none to tell of', async () => {
  const engine = quiet();
  expect(engine.getStatus().fleet).toBe(null);
  const { get } = await served(engine);
  expect((await get('/fleet.json')).status).toBe(404);
});

describe.skipIf(redisIsMissing)('in a fleet', () => {
  test('a status says how the engine stands in it, and who else is there', async () => {
    const redis = await startServer();
    const engine = engineFor(fleetConfig(redis, ['a'], { dailyBudgetUsd: 1 }));
    const { id } = engine.getFleet();
    // It may have joined already.
    expect(engine.getStatus().fleet).toMatchObject({ state: expect.stringMatching(/^(alone|joined)$/), id });
    await engine.ready();
    const { fleet } = engine.getStatus();
    expect(fleet).toEqual(engine.getFleet());
    expect(fleet).toMatchObject({ state: 'joined', members: [{ id, role: 'worker', providers: ['p'] }], grantUsd: expect.any(Number) });
    const { get } = await served(engine);
    const reader = await startMember(fleetConfig(redis, ['a'], { fleet: { role: 'reader' } }));
    await reader.joined();
    while (engine.getStatus().fleet.members.length < 2) await new Promise((resolve) => { setTimeout(resolve, 20); });
    expect(engine.getStatus().fleet.members.map(({ role }) => role).sort()).toEqual(['reader', 'worker']);
    expect((await (await get('/status.json')).json()).fleet.members).toHaveLength(2);
    await engine.close();
    expect((await get('/fleet.json')).status).toBe(503);
  });

  test('what all members came to has the shapes of a status', async () => {
    const redis = await startServer();
    const upstream = await upstreamFor(byModel({ a: 'internal_error', b: 'clean' }));
    const config = fleetConfig(redis, ['a', 'b'], { providers: [{ id: 'p', baseUrl: upstream.baseUrl }], fallbacks: { a: 'b' } });
    const [first, second] = [engineFor(config), engineFor(config)];
    await Promise.all([first.ready(), second.ready()]);
    for (const engine of [first, second, second]) await engine.predictWithFallback({ modelId: 'a', matches: [another()] });
    const reader = engineFor(fleetConfig(redis, ['a', 'b'], { fleet: { role: 'reader' } }));
    await reader.ready();
    // What a member has counted is written when it is closed.
    await Promise.all([first.close(), second.close()]);
    const { get } = await served(reader);
    const all = await (await get('/fleet.json')).json();
    expect(all.routes).toMatchObject([{ sentence: 'a: 3 predictions through b', calls: 3 }]);
    const [{ costUsd, extraCostUsd, ...today }] = all.days;
    expect(today).toEqual({
      day: all.budget.day, calls: 3, answered: 3, fallbacks: 3,
      models: [{ modelId: 'a', attempts: 3, answered: 0, costUsd: 0 }, { modelId: 'b', attempts: 3, answered: 3, costUsd: expect.any(Number) }],
    });
    expect(costUsd).toBeCloseTo(all.routes[0].costUsd, 9);
    expect(extraCostUsd).toBeCloseTo(all.routes[0].extraCostUsd, 9);
    expect(Object.keys(all.days[0]).sort()).toEqual(Object.keys(second.getStatus().days[0]).sort());
  });

  describe.skipIf(!executablePath)('in the browser', () => {
    let browser;
    beforeAll(async () => { browser = await startBrowser(); }, 60_000);
    afterAll(() => browser?.close());

    test('the fifth failure in one process turns a row on the page of another, and the page shows the fleet', async () => {
      const redis = await startServer();
      const worker = await startMember(fleetConfig(redis, ['a', 'b']));
      await worker.joined();
      const reader = engineFor(fleetConfig(redis, ['a', 'b'], { fleet: { role: 'reader' } }));
      await reader.ready();
      const { origin } = await served(reader);
      const { page, complaints } = await openPage(browser, origin, onTestFinished);
      await page.goto(`${origin}/`);
      await page.locator('tr[data-model="a"][data-state=active]').waitFor();
      expect(await page.locator('#fleet-state').innerText()).toMatch(/^joined since .*, 2 members$/);
      expect(await page.locator('#members tbody tr').allInnerTexts()).toEqual(expect.arrayContaining([expect.stringMatching(/\(this one\)\s+reader/), expect.stringMatching(/worker.*\sp$/s)]));
      await expect.poll(() => page.locator('#h-routes').innerText()).toBe('Who answered for whom today, in the whole fleet');
      await page.evaluate(() => { window.sameDocument = true; });
      await worker.ask('reportFailure', ['a', 'parse_error'], 4);
      await page.locator('tr[data-model="a"] [aria-label="4 of 5 failures in a row"]').waitFor();
      await worker.ask('reportFailure', ['a', 'parse_error']);
      await page.locator('tr[data-model="a"][data-state=disabled]').waitFor();
      expect(await page.locator('#counts [data-state=active] b').innerText()).toBe('1');
      await worker.ask('enableModel', ['a']);
      await page.locator('tr[data-model="a"][data-state=active]').waitFor();
      expect(await page.evaluate(() => window.sameDocument)).toBe(true);

      await page.evaluate(axe.source);
      const { violations } = await page.evaluate(() => window.axe.run());
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(', ')}`)).toEqual([]);
      redis.child.kill('SIGKILL');
      await page.locator('[data-fleet=alone]').waitFor();
      expect(complaints).toEqual([]);
    }, 60_000);
  });
});
