/** Alerts over real HTTP: who is told of what, signed, again where it was not taken, and never in anybody's way. */
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { Webhook } from 'standardwebhooks';
import { describe, expect, onTestFinished, test, vi } from 'vitest';

import alerting from '../alerts/index.js';
import { fleetConfig, startServer } from './fleet.mjs';
import { redisIsMissing } from './redis-is-missing.mjs';
import { engineFor, fail, fallcast, quiet, thrown, transcript } from './support.mjs';

const { alerts } = alerting;
const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes.....').toString('base64')}`;
const types = fileURLToPath(new URL('../index.d.ts', import.meta.url));

/** A receiver that answers each request as the next of `answers` says, the last for all others: a status, headers with one, or a function of the response. */
async function receiver(...answers) {
  const taken = [];
  const news = new EventEmitter();
  const server = createServer(async (request, response) => {
    const body = await text(request);
    taken.push({ url: request.url, headers: request.headers, body });
    news.emit('taken');
    const answer = answers[Math.min(taken.length, answers.length) - 1] ?? 204;
    if (typeof answer === 'function') answer(response);
    else response.writeHead(...[answer].flat()).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => { server.close(); server.closeAllConnections(); };
  onTestFinished(close);
  return {
    url: `http://127.0.0.1:${server.address().port}/hook?token=of-the-hook`,
    port: server.address().port,
    taken,
    close,
    async until(count) {
      while (taken.length < count) await once(news, 'taken');
      return taken.map(({ body }) => JSON.parse(body));
    },
  };
}

/** Alerts of an engine that end with the test. */
function alertsOf(engine, options) {
  const made = alerts(engine, { firstRetryMs: 1, ...options });
  onTestFinished(() => made.close());
  return made;
}

/** How long is waited from now on, in the order in which it is asked for; `timeoutMs` of requests left out. */
function waits(timeoutMs) {
  const spy = vi.spyOn(globalThis, 'setTimeout');
  onTestFinished(() => spy.mockRestore());
  return () => spy.mock.calls.map(([, milliseconds]) => milliseconds).filter((milliseconds) => milliseconds !== timeoutMs);
}

const settled = async (made, condition) => { while (!condition(made.status())) await new Promise(setImmediate); };

test('what an operator must hear of is posted, in order, and nothing else', async () => {
  const { url, until, taken } = await receiver();
  const engine = quiet(['a', 'b'], { dailyBudgetUsd: 1, budgetAlerts: [0.5] });
  const made = alertsOf(engine, { url });
  fail(engine, 'a', 5);
  engine.enableModel('a');
  engine.disableModel('b', 'by hand');
  fail(engine, 'a', 1, 'unauthorized');
  const posted = await until(3);
  expect(posted.map(({ type, data }) => [type, data.modelId ?? data.providerId])).toEqual([
    ['fallcast.disabled', 'a'], ['fallcast.disabled', 'b'], ['fallcast.provider_cooling', 'p'],
  ]);
  const events = engine.getStatus().events.filter(({ type }) => ['disabled', 'provider_cooling'].includes(type)).reverse();
  expect(posted.map(({ data }) => data)).toEqual(events);
  expect(posted.map(({ timestamp }) => timestamp)).toEqual(events.map(({ at }) => at));
  expect(taken[0]).toMatchObject({ url: '/hook?token=of-the-hook', headers: { 'content-type': 'application/json' } });
  await settled(made, ({ waiting }) => waiting === 0);
  expect(made.status()).toEqual({ waiting: 0, delivered: 3, dropped: 0, lastFailure: null });
});

test('a share of the budget, and whatever else is asked for', async () => {
  const { url, until } = await receiver();
  const { engine, predict } = await transcript({ a: { name: 'clean', usage: { prompt_tokens: 600_000, completion_tokens: 1 } } }, { dailyBudgetUsd: 1, budgetAlerts: [0.5] });
  alertsOf(engine, { url, on: ['budget', 'enabled'] });
  await predict();
  engine.disableModel('a', 'by hand');
  engine.enableModel('a');
  expect(await until(2)).toMatchObject([{ type: 'fallcast.budget', data: { threshold: 0.5, dailyBudgetUsd: 1 } }, { type: 'fallcast.enabled' }]);
});

test('every event that there is can be asked for', () => {
  const all = [...readFileSync(types, 'utf8').matchAll(/^ {2}type: '(\w+)'$/gm)].map(([, type]) => type);
  expect(all.length).toBeGreaterThan(15);
  alertsOf(quiet(), { url: 'http://127.0.0.1:9/', on: all });
});

test('a body is signed so that the package of Standard Webhooks takes it, anew each time, under one id', async () => {
  const { url, until, taken } = await receiver(500, 204);
  const engine = quiet(['a']);
  alertsOf(engine, { url, secret: SECRET });
  engine.disableModel('a', 'by hand');
  await until(2);
  const hook = new Webhook(SECRET);
  for (const { body, headers } of taken) expect(hook.verify(body, headers)).toMatchObject({ type: 'fallcast.disabled', data: { modelId: 'a' } });
  expect(() => hook.verify(taken[0].body.replace('by hand', 'by foot'), taken[0].headers)).toThrow('No matching signature');
  expect(() => new Webhook(`whsec_${Buffer.alloc(32).toString('base64')}`).verify(taken[0].body, taken[0].headers)).toThrow('No matching signature');
  expect(taken[0].headers['webhook-id']).toBe(taken[1].headers['webhook-id']);
  expect(taken[0].headers['webhook-id']).toBe(`msg_${engine.getStatus().engineId}_1`);
});

test('for Slack there is a sentence, in which no id is a link or a mention', async () => {
  const { url, until } = await receiver();
  const engine = quiet(['<!channel> & <http://x|y>'], { fallbacks: {} });
  alertsOf(engine, { url, format: 'slack', on: ['disabled', 'enabled', 'provider_cooling', 'restored'] });
  const [{ id }] = engine.getModels();
  engine.disableModel(id, 'by hand');
  engine.enableModel(id);
  engine.reportFailure(id, 'unauthorized');
  engine.restore({ version: 1 });
  const [off, on, provider, restored] = await until(4);
  const name = '&lt;!channel&gt; &amp; &lt;http://x|y&gt;';
  expect(off).toEqual({ text: `${name} is switched off until it is switched on by hand: by hand` });
  expect(on).toEqual({ text: `${name} was switched on by hand` });
  expect(provider.text).toMatch(/^All models of p are left alone until \d{4}-.*Z: unauthorized$/);
  expect(restored.text).toBe('restored, ignoredModelIds []');
});

describe('a receiver', () => {
  test('that says 500, breaks off or does not answer in time is asked again, with growing waits, and gets all in order', async () => {
    const never = () => {};
    const { url, until } = await receiver(500, (response) => response.destroy(), never, 404, 302, 204);
    const waited = waits(1000);
    const engine = quiet(['a', 'b']);
    const made = alertsOf(engine, { url, timeoutMs: 1000, firstRetryMs: 20 });
    engine.disableModel('a', 'by hand');
    engine.disableModel('b', 'by hand');
    const posted = await until(7);
    expect(posted.map(({ data }) => data.modelId)).toEqual(['a', 'a', 'a', 'a', 'a', 'a', 'b']);
    await settled(made, ({ waiting }) => waiting === 0);
    expect(made.status()).toEqual({ waiting: 0, delivered: 2, dropped: 0, lastFailure: 'HTTP 302' });
    // At most 20 ms and at least half of it, then twice as much each time.
    expect(waited()).toHaveLength(5);
    for (const [index, wait] of waited().entries()) {
      expect(wait).toBeGreaterThanOrEqual(10 * 2 ** index);
      expect(wait).toBeLessThanOrEqual(20 * 2 ** index);
    }
  });

  test('that is down is told when it is back, and no redirect is followed', async () => {
    const elsewhere = await receiver();
    const first = await receiver();
    const { port } = first;
    first.close();
    const engine = quiet(['a']);
    const made = alertsOf(engine, { url: `http://127.0.0.1:${port}/`, firstRetryMs: 20, maxAttempts: 1000 });
    engine.disableModel('a', 'by hand');
    await settled(made, ({ lastFailure }) => lastFailure === 'ECONNREFUSED');
    let asked = 0;
    const server = createServer((request, response) => {
      asked += 1;
      response.writeHead(asked === 1 ? 307 : 200, { location: elsewhere.url }).end();
    }).listen(port, '127.0.0.1');
    onTestFinished(() => { server.close(); server.closeAllConnections(); });
    await settled(made, ({ delivered }) => delivered === 1);
    expect([asked, elsewhere.taken.length]).toEqual([2, 0]);
  });

  test('says when to come back, and that it is gone', async () => {
    const { url, until } = await receiver([503, { 'retry-after': '1' }], 204, 410, 204);
    const engine = quiet(['a', 'b', 'c']);
    const made = alertsOf(engine, { url, timeoutMs: 5000 });
    const waited = waits(5000);
    engine.disableModel('a', 'by hand');
    await until(2);
    expect(waited()).toEqual([1000]);
    engine.disableModel('b', 'by hand');
    engine.disableModel('c', 'by hand');
    expect((await until(4)).map(({ data }) => data.modelId)).toEqual(['a', 'a', 'b', 'c']);
    await settled(made, ({ waiting }) => waiting === 0);
    expect(made.status()).toMatchObject({ delivered: 2, dropped: 1 });
  });

  test('that takes nothing costs memory for so many alerts, of which the oldest are dropped, and no more attempts than allowed', async () => {
    const { url, taken } = await receiver(500);
    const engine = quiet(['a']);
    const made = alertsOf(engine, { url, on: ['disabled'], maxWaiting: 3, maxAttempts: 2, firstRetryMs: 5 });
    for (let time = 0; time < 50; time += 1) { engine.disableModel('a', `${time}`); engine.enableModel('a'); }
    await settled(made, ({ waiting, dropped }) => {
      expect(waiting).toBeLessThanOrEqual(3);
      return dropped === 50;
    });
    const reasons = taken.map(({ body }) => JSON.parse(body).data.reason);
    // The one that was under way is not among those that waited.
    expect(reasons.slice(-4)).toEqual(['48', '48', '49', '49']);
    expect(made.status()).toEqual({ waiting: 0, delivered: 0, dropped: 50, lastFailure: 'HTTP 500' });
  });

  test('that never answers holds up no call', async () => {
    const { url, until } = await receiver(() => {});
    const { engine, predict } = await transcript({ a: 'clean' });
    const made = alertsOf(engine, { url, timeoutMs: 2000 });
    engine.disableModel('a', 'by hand');
    await until(1);
    engine.enableModel('a');
    expect((await predict()).predictions).toHaveLength(1);
    expect(made.status()).toMatchObject({ waiting: 1 });
    // Closing it waits for one request at most.
    const quick = alertsOf(engine, { url, timeoutMs: 50 });
    engine.disableModel('a', 'by hand');
    await settled(quick, ({ waiting }) => waiting === 1);
    await quick.close();
    expect(quick.status()).toMatchObject({ waiting: 0, dropped: 1 });
  }, 60_000);
});

test('closing posts what waits, once more, and then nothing', async () => {
  const { url, taken } = await receiver(500, 204, 204);
  const engine = quiet(['a', 'b']);
  const made = alertsOf(engine, { url, firstRetryMs: 3_600_000 });
  engine.disableModel('a', 'by hand');
  await settled(made, ({ lastFailure }) => lastFailure === 'HTTP 500');
  const closed = made.close();
  expect(made.close()).toBe(closed);
  await closed;
  engine.disableModel('b', 'by hand');
  expect(taken.map(({ body }) => JSON.parse(body).data.modelId)).toEqual(['a', 'a']);
  expect(made.status()).toMatchObject({ waiting: 0, delivered: 1, dropped: 0 });
});

test('closed after the engine, it has posted all that happened', async () => {
  const { url, taken } = await receiver();
  const engine = quiet(['a']);
  const made = alertsOf(engine, { url });
  engine.disableModel('a', 'by hand');
  await engine.close();
  await made.close();
  expect(taken.map(({ body }) => JSON.parse(body).data.modelId)).toEqual(['a']);
  expect(made.status()).toMatchObject({ delivered: 1, dropped: 0 });
});

test('a process with an alert under way, or waiting, ends by itself', async () => {
  const { url, until } = await receiver(() => {});
  const program = `const { Fallcast } = require('fallcast');
    const { alerts } = require('fallcast/alerts');
    const engine = new Fallcast();
    alerts(engine, { url: process.argv[1], timeoutMs: 600000 });
    alerts(engine, { url: 'http://127.0.0.1:9/', firstRetryMs: 600000 });
    engine.disableModel('deepseek-r1', 'by hand');
    process.stdin.once('data', () => process.stdin.destroy());`;
  const child = spawn(process.execPath, ['--eval', program, url], { cwd: fileURLToPath(new URL('..', import.meta.url)), stdio: ['pipe', 'inherit', 'inherit'] });
  onTestFinished(() => child.kill('SIGKILL'));
  await until(1);
  child.stdin.write('end\n');
  expect(await once(child, 'close')).toEqual([0, null]);
});

test.skipIf(redisIsMissing)('in a fleet the member where it happened posts it, once', async () => {
  const redis = await startServer();
  const { url, until, taken } = await receiver();
  const members = [1, 2, 3].map(() => engineFor(fleetConfig(redis)));
  for (const member of members) alertsOf(member, { url });
  await Promise.all(members.map((member) => member.ready()));
  const heard = members.map((member) => new Promise((resolve) => { member.onEvent((event) => { if (event.type === 'disabled' && event.modelId === 'b') resolve(event.origin); }); }));
  members[1].disableModel('a', 'by hand');
  members[2].disableModel('b', 'by hand');
  expect(new Set(await Promise.all(heard))).toEqual(new Set([members[2].getFleet().id]));
  await until(2);
  await Promise.all(members.map((member) => member.close()));
  expect(taken.map(({ headers }) => headers['webhook-id'].split('_')[1]).sort()).toEqual([members[1], members[2]].map((member) => member.getStatus().engineId).sort());
});

test.skipIf(redisIsMissing)('each member that loses its fleet posts that', async () => {
  const redis = await startServer();
  const { url, until } = await receiver();
  const engine = engineFor(fleetConfig(redis));
  alertsOf(engine, { url, format: 'slack' });
  await engine.ready();
  redis.child.kill('SIGKILL');
  const [{ text: said }] = await until(1);
  expect(said).toMatch(/^An engine has lost its fleet and works alone: .+/);
});

describe('wrong options are refused, all at once, each with its path, and no secret is shown', () => {
  const url = 'https://hooks.example/T0/secret-of-the-path';
  test.each([
    [undefined, ['options.url']], ['https://x', ['options', 'options.url']], [{}, ['options.url']], [{ url: 5 }, ['options.url']], [{ url: 'hooks.example' }, ['options.url']],
    [{ url: 'ftp://hooks.example/' }, ['options.url']], [{ url: 'http://hooks.example/secret-of-the-path' }, ['options.url']],
    [{ url: 'http://127.0.0.1.example/' }, ['options.url']], [{ url: 'https://me:secret-of-mine@hooks.example/' }, ['options.url']],
    [{ url, secret: 'secret-too-short' }, ['options.secret']], [{ url, secret: `whsec_${'A'.repeat(20)}` }, ['options.secret']], [{ url, format: 'xml' }, ['options.format']],
    [{ url, on: [] }, ['options.on']], [{ url, on: ['disabled', 'exploded'] }, ['options.on']], [{ url, on: 'disabled' }, ['options.on']],
    [{ url, timeoutMs: 0, firstRetryMs: 1.5, maxAttempts: '3', maxWaiting: 1e9 }, ['options.timeoutMs', 'options.firstRetryMs', 'options.maxAttempts', 'options.maxWaiting']],
    [{ url, retries: 3 }, ['options.retries']], [{ url: 'http://10.0.0.1/', allowInsecureHttp: 'yes' }, ['options.allowInsecureHttp', 'options.url']],
  ])('%j', (options, paths) => {
    const error = thrown(() => alerts(quiet(), options));
    expect(error.code).toBe('INVALID_CONFIG');
    expect(error.message.split('\n').map((line) => line.split(':')[0])).toEqual(paths);
    expect(error.message).not.toContain('secret-');
  });

  test('and what is right is not', async () => {
    for (const right of ['http://localhost:1/', 'http://[::1]:1/', 'http://127.9.9.9:1/', 'http://0x7f.1:1/', url]) alertsOf(quiet(), { url: right, secret: SECRET.slice(6) });
    alertsOf(quiet(), { url: 'http://10.0.0.1/', allowInsecureHttp: true });
    alertsOf(fallcast, { url });
    expect(thrown(() => alerts({}, { url })).message).toMatch(/^engine: /);
    await fallcast.close();
  });
});
