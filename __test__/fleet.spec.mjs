/** Members of a fleet in processes of their own, over a Redis of the test's own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, expect, test, vi } from 'vitest';

import { startMember, startServer, clientOf, fleetConfig } from './fleet.mjs';
import { redisIsMissing } from './redis-is-missing.mjs';
import { another, chain, engineFor, fallcast, listen, rejection, thrown, transcript, upstreamFor } from './support.mjs';

beforeEach(({ skip }) => {
  if (redisIsMissing) skip(redisIsMissing);
});

/** Members that have joined, and know of one another. */
async function startFleet(count, config, more = []) {
  const members = await Promise.all([...Array(count).fill(config), ...more].map((each) => startMember(each)));
  await Promise.all(members.map((member) => member.joined()));
  return members;
}

const stateOf = async (member, modelId) => (await member.ask('getModels')).find(({ id }) => id === modelId);
const WAIT = { timeout: 20_000, interval: 20 };
const countOf = (member) => member.ask('getActiveModelCount');

test('twenty members fail ten times at once: the model is off once, told once in each, and counted everywhere', async () => {
  const server = await startServer();
  const config = fleetConfig(server);
  const members = await startFleet(20, config, [fleetConfig(server, ['z'], { fleet: { role: 'reader' } })]);
  const workers = members.slice(0, 20);
  const client = await clientOf(server);
  await Promise.all(workers.map((worker) => worker.ask('reportFailure', ['a', 'parse_error'], 10)));
  await Promise.all(members.slice(0, 20).map((member) => member.event('disabled')));
  await Promise.all(members.map((member) => member.untilCounts((told) => told.at(-1)?.activeModelCount === 2)));
  expect(await Promise.all(members.map(countOf))).toEqual(Array(21).fill(2));
  expect(await client.get('fallcast:stats:active_model_count')).toBe('2');
  const word = JSON.parse(await client.hGet('fallcast:1:words', 'a'));
  expect(word).toMatchObject({ f: 5, e: 1, t: 1 });
  for (const member of workers) expect(member.told('disabled', 'enabled', 'recovered')).toEqual(['disabled a']);
  const origins = new Set(workers.flatMap(({ events }) => events.filter(({ type }) => type === 'disabled').map(({ origin }) => origin)));
  const ids = (await workers[0].ask('getFleet')).members.map(({ id }) => id);
  expect([...origins].every((origin) => ids.includes(origin))).toBe(true);
}, 60_000);

test('what is reported counts once, however soon it is answered', async () => {
  const server = await startServer();
  const ids = Array.from({ length: 300 }, (_, index) => `m${index}`);
  const [member] = await startFleet(1, fleetConfig(server, ids));
  const client = await clientOf(server);
  // One after the other, for a Redis that has nothing else to do answers at once.
  for (const id of ids) {
    await member.ask('reportFailure', [id, 'parse_error'], 2);
    await vi.waitUntil(async () => JSON.parse(await client.hGet('fallcast:1:words', id))?.f === 2, { ...WAIT, interval: 1 });
  }
  const all = ids.map(() => 2);
  const failures = async () => (await member.ask('getModels')).map(({ consecutiveFailures }) => consecutiveFailures);
  await vi.waitUntil(async () => (await failures()).join() === all.join(), WAIT);
}, 60_000);

test('a reader switches by hand for all, and makes no calls', async () => {
  const server = await startServer();
  const [worker, page] = await startFleet(1, fleetConfig(server), [fleetConfig(server, ['a'], { fleet: { role: 'reader' } })]);
  await page.ask('disableModel', ['a', 'by hand']);
  expect(await worker.event('disabled')).toMatchObject({ modelId: 'a', reason: 'by hand', disabledUntil: null });
  expect((await worker.event('disabled')).origin).toBe((await page.ask('getFleet')).id);
  expect([await countOf(worker), await countOf(page)]).toEqual([2, 2]);
  await worker.ask('enableModel', ['a']);
  expect(await page.event('enabled')).toMatchObject({ modelId: 'a' });
  expect(page.told('enabled', 'disabled')).toEqual(['disabled a', 'enabled a']);
  const request = { modelId: 'a', matches: [{ id: 'm', homeTeam: 'A', awayTeam: 'B' }] };
  await expect(page.ask('predictWithFallback', [request])).rejects.toMatchObject({ code: 'NO_MODEL_AVAILABLE' });
});

test('a model comes back once for all, by the clock of Redis', async () => {
  const server = await startServer();
  const members = await startFleet(5, fleetConfig(server, ['a', 'b'], { cooldownMs: 300 }));
  await members[0].ask('reportFailure', ['a', 'parse_error'], 5);
  await Promise.all(members.map((member) => member.event('recovered')));
  for (const member of members) {
    expect(member.told('disabled', 'recovered', 'enabled')).toEqual(['disabled a', 'recovered a']);
    expect(await stateOf(member, 'a')).toMatchObject({ state: 'active', consecutiveFailures: 2 });
  }
  const origins = members.map(({ events }) => events.find(({ type }) => type === 'recovered').origin);
  expect(new Set(origins).size).toBe(1);
});

test('what a provider says of one key is nothing to members with another', async () => {
  const server = await startServer();
  const withKey = (apiKey) => fleetConfig(server, ['a'], { providers: [{ id: 'p', baseUrl: 'http://127.0.0.1:9/v1', apiKey }] });
  const [one, same, other] = await startFleet(0, null, ['key-number-one', 'key-number-one', 'key-number-two'].map(withKey));
  await one.ask('reportFailure', ['a', 'rate_limited']);
  expect((await same.event('cooling')).origin).toBe((await one.ask('getFleet')).id);
  await one.ask('reportFailure', ['a', 'unauthorized']);
  expect(await same.event('provider_cooling')).toMatchObject({ providerId: 'p', kind: 'unauthorized' });
  await one.ask('reportFailure', ['a', 'model_unavailable'], 5);
  await same.event('disabled');
  expect(other.told('cooling', 'provider_cooling', 'disabled')).toEqual([]);
  expect(await stateOf(other, 'a')).toMatchObject({ state: 'active', coolingUntil: null, consecutiveFailures: 0 });
  // Some living worker can ask it still.
  expect([await countOf(other), await countOf(one)]).toEqual([1, 1]);
});

test('a pinned version of the prompts is pinned for all', async () => {
  const server = await startServer();
  const [one, other] = await startFleet(2, fleetConfig(server));
  const pinned = async (member) => (await member.ask('getPrompts')).filter(({ pinned: is }) => is).map(({ version }) => version);
  const [{ version }] = await one.ask('getPrompts');
  await one.ask('activatePrompts', [version]);
  await vi.waitUntil(async () => (await pinned(other))[0] === version, WAIT);
  await other.ask('activatePrompts', [null]);
  await vi.waitUntil(async () => (await pinned(one)).length === 0, WAIT);
});

test('failures of calls at two members switch a model off, which is told before the promise of the last settles', async () => {
  const server = await startServer();
  const members = [];
  for (let member = 0; member < 2; member += 1) {
    const { engine, predictAnother } = await transcript({ a: 'prose' }, { fleet: { url: server.url, timeoutMs: 5000 } });
    const listening = listen(engine);
    await listening.next('fleet_joined');
    members.push({ engine, predictAnother, ...listening });
  }
  for (let failure = 0; failure < 4; failure += 1) await rejection(members[failure % 2].predictAnother());
  const { callId } = await rejection(members[0].predictAnother());
  const told = members[0].events.filter(({ type }) => type === 'disabled');
  expect(told).toMatchObject([{ modelId: 'a', consecutiveFailures: 5, callId, origin: members[0].engine.getFleet().id }]);
  expect(await members[1].next('disabled')).toMatchObject({ modelId: 'a', callId: null, origin: members[0].engine.getFleet().id });
});

test('a match that failed at one member counts once for all', async () => {
  const server = await startServer();
  const engines = [];
  for (let member = 0; member < 2; member += 1) {
    const { engine, predict } = await transcript({ a: 'prose' }, { fleet: { url: server.url, timeoutMs: 5000 } });
    await listen(engine).next('fleet_joined');
    engines.push({ engine, predict });
  }
  for (let time = 0; time < 6; time += 1) await rejection(engines[time % 2].predict());
  for (const { engine } of engines) {
    await vi.waitUntil(() => engine.getModels()[0].consecutiveFailures === 1, WAIT);
    expect(engine.getModels()[0].state).toBe('active');
  }
});

test('a model that comes back is tried by as many calls of the whole fleet as it has failures left', async () => {
  const server = await startServer();
  const config = { fleet: { url: server.url, timeoutMs: 5000 }, cooldownMs: 200, disableThreshold: 3, failuresAfterRecovery: 1 };
  const upstream = await upstreamFor('held');
  const engines = [engineFor(chain(upstream, ['a'], config)), engineFor(chain(upstream, ['a'], config))];
  const listening = engines.map((engine) => listen(engine));
  await Promise.all(listening.map(({ next }) => next('fleet_joined')));
  for (let time = 0; time < 3; time += 1) engines[0].reportFailure('a', 'parse_error');
  await Promise.all(listening.map(({ next }) => next('recovered')));
  const calls = engines.flatMap((engine) => [0, 1, 2].map(() => engine.predictWithFallback({ modelId: 'a', matches: [another()] })));
  const settled = Promise.allSettled(calls);
  await upstream.received(2);
  const client = await clientOf(server);
  await vi.waitUntil(async () => JSON.parse(await client.hGet('fallcast:1:words', 'a')).p.split(' ').length === 2, WAIT);
  upstream.release();
  const ends = (await settled).map(({ status, reason }) => status === 'fulfilled' ? 'answered' : reason.skips[0].reason);
  expect(ends.filter((end) => end === 'answered').length).toBeGreaterThanOrEqual(2);
  expect(new Set(ends)).toEqual(new Set(['answered', 'cooling']));
  // The first success ends it, for all.
  for (const engine of engines) await vi.waitUntil(() => engine.getModels()[0].consecutiveFailures === 0, WAIT);
});

test('calls that go well ask Redis nothing', async () => {
  const server = await startServer();
  const { engine, predictAnother } = await transcript({ a: 'clean' }, { fleet: { url: server.url } });
  await listen(engine).next('fleet_joined');
  const client = await clientOf(server);
  const scripts = async () => {
    const calls = (await client.info('commandstats')).matchAll(/cmdstat_(?:evalsha|eval):calls=(\d+)/g);
    return [...calls].reduce((sum, [, number]) => sum + Number(number), 0);
  };
  const [before, began] = [await scripts(), performance.now()];
  for (let call = 0; call < 200; call += 1) await predictAnother();
  const [after, seconds] = [await scripts(), (performance.now() - began) / 1000];
  // A beat each second, and at most two commands a second besides.
  expect(after - before).toBeLessThanOrEqual(3 * Math.ceil(seconds + 1));
});

test('the user of the docs may do all that a member does', async () => {
  const [, rules] = /ACL SETUSER (fallcast [^`]*)/.exec(readFileSync(new URL('../docs/fleet.md', import.meta.url), 'utf8'));
  const server = await startServer();
  const client = await clientOf(server);
  await client.sendCommand(['ACL', 'SETUSER', ...rules.trim().split(/\s+/)]);
  const fleet = { url: `redis://fallcast:password@127.0.0.1:${server.port}` };
  const config = fleetConfig(server, ['a', 'b'], { fleet, dailyBudgetUsd: 1, cooldownMs: 300 });
  const [one, other] = await startFleet(2, config);
  await Promise.all([one, other].map((member) => member.ask('ready')));
  const [{ version }] = await one.ask('getPrompts');
  await one.ask('activatePrompts', [version]);
  await one.ask('reportFailure', ['a', 'parse_error'], 5);
  await other.event('recovered');
  await one.ask('reportFailure', ['a', 'rate_limited']);
  await other.event('cooling');
  await one.ask('predictWithFallback', [{ modelId: 'b', matches: [{ id: 'm', homeTeam: 'A', awayTeam: 'B' }] }]).catch(() => {});
  await one.ask('disableModel', ['b', 'by hand']);
  await other.event('disabled', 2);
  await client.flushAll();
  await vi.waitUntil(async () => JSON.parse(await client.hGet('fallcast:1:words', 'b'))?.u === -1, WAIT);
  await other.ask('getFleetStatus');
  await other.ask('close');
  await one.ask('close');
  const problems = [one, other].flatMap(({ logs }) => logs.filter(({ level }) => level === 'warn').map(({ fields }) => fields?.problem));
  expect(problems.filter((problem) => problem && !/has no persistence/.test(problem))).toEqual([]);
  expect(one.told('fleet_lost')).toEqual([]);
  const refused = await client.sendCommand(['ACL', 'LOG']);
  expect(refused).toEqual([]);
});

test('when a member was seen last does not grow old while nothing changes', async () => {
  const server = await startServer();
  const [one, other] = await startFleet(2, fleetConfig(server));
  const { id } = await other.ask('getFleet');
  const seenAt = async () => (await one.ask('getFleet')).members.find((member) => member.id === id)?.seenAt;
  const first = await vi.waitUntil(seenAt, WAIT);
  const second = await vi.waitUntil(async () => {
    const at = await seenAt();
    return at !== first && at;
  }, WAIT);
  await vi.waitUntil(async () => await seenAt() > second, WAIT);
});

test('nothing that is secret is in Redis', async () => {
  const server = await startServer({ args: ['--requirepass', 'secret-password-1'] });
  const fleet = { url: `redis://:secret-password-1@127.0.0.1:${server.port}` };
  const providers = [{ id: 'p', baseUrl: 'http://127.0.0.1:9/v1', apiKey: 'secret-key-1234567', headers: { 'x-team': 'secret-header-1' } }];
  const member = await startMember(fleetConfig(server, ['a', 'b'], { fleet, providers, deadlineMs: 5000 }));
  await member.joined();
  await member.ask('reportFailure', ['a', 'rate_limited']);
  await member.ask('reportFailure', ['a', 'unauthorized']);
  await member.ask('reportFailure', ['b', 'model_unavailable'], 6);
  await member.ask('disableModel', ['a', 'for good']);
  const request = { modelId: 'b', matches: [{ id: 'secret-match', homeTeam: 'secret-home', awayTeam: 'B' }], prompt: { system: 'secret-system', user: 'secret-user' } };
  await member.ask('predictWithFallback', [request]).catch(() => {});
  const client = await clientOf(server, { password: 'secret-password-1' });
  await vi.waitUntil(async () => (await client.hGet('fallcast:1:words', 'a'))?.includes('for good'), WAIT);
  const keys = await client.keys('*');
  expect(keys.length).toBeGreaterThan(6);
  const dumps = [];
  for (const key of keys) {
    const type = await client.type(key);
    const read = { string: () => client.get(key), hash: () => client.hGetAll(key), zset: () => client.zRange(key, 0, -1), set: () => client.sMembers(key) };
    dumps.push(key, JSON.stringify(await read[type]()));
  }
  await client.configSet('rdbcompression', 'no');
  await client.sendCommand(['SAVE']);
  dumps.push(readFileSync(join(server.folder, 'dump.rdb'), 'latin1'));
  for (const dump of [dumps.join('\n'), dumps.at(-1)]) {
    expect(dump).toContain('for good');
    expect(dump).not.toContain('secret');
  }
  expect(JSON.stringify([member.logs, member.events])).not.toMatch(/secret-(password|key|header)/);
});

test.each([
  ['no URL', 'localhost', /^config\.fleet: must be a URL/],
  ['another scheme', 'http://:hunter22@h', /^config\.fleet: must be a URL/],
  ['a query', 'redis://:hunter22@h?a=1', /^config\.fleet: /],
  ['a database that is none', 'redis://:hunter22@h/x', /^config\.fleet: /],
  ['neither', {}, /^config\.fleet\.url: one of url, urlEnv and host/],
  ['both', { url: 'redis://:hunter22@h', host: 'h' }, /^config\.fleet\.url: one of url, urlEnv and host/],
  ['a variable that is not set', { urlEnv: 'NOT_SET_AT_ALL' }, /^config\.fleet\.urlEnv: the environment variable NOT_SET_AT_ALL is not set/],
  ['a variable that holds no URL', { urlEnv: 'FLEET_TEST_URL' }, /^config\.fleet\.urlEnv: must be a URL/],
  ['a password that is no text', { host: 'h', password: ['hunter22'] }, /^config\.fleet\.password: /],
  ['two passwords', { url: 'redis://:hunter22@h', passwordEnv: 'X' }, /^config\.fleet\.passwordEnv: there is another/],
  ['a key without its certificate', { host: 'h', tls: { key: '-----BEGIN PRIVATE KEY-----hunter22' } }, /^config\.fleet\.tls\.cert: /],
  ['a certificate that is none', { host: 'h', tls: { ca: 'hunter22' } }, /^config\.fleet\.tls\.ca: must be PEM/],
  ['TLS beside a plain URL', { url: 'redis://:hunter22@h', tls: true }, /^config\.fleet\.tls: needs/],
  ['an unknown field', { url: 'redis://h', hunter22: 1 }, /^config\.fleet/],
  ['another role', { url: 'redis://h', role: 'boss' }, /^config\.fleet\.role: must be one of worker, reader/],
  ['no time', { url: 'redis://h', timeoutMs: 0 }, /^config\.fleet\.timeoutMs: must be a whole number from 1 to 10000/],
])('a fleet that cannot be: %s', (_, fleet, expected) => {
  process.env.FLEET_TEST_URL = 'ftp://user:hunter22@h';
  const error = thrown(() => new fallcast.Fallcast({ fleet }));
  expect(error).toMatchObject({ code: 'INVALID_CONFIG', message: expect.stringMatching(expected) });
  expect(error.message).not.toContain('hunter22');
});

test('the URL of a Redis that is not there is no error: the engine works alone, and says so once', async () => {
  const engine = engineFor(fleetConfig({ url: 'redis://:hunter22@127.0.0.1:1' }));
  const { next } = listen(engine);
  expect(await next('fleet_lost')).toMatchObject({ problem: expect.stringMatching(/^Redis cannot be reached/) });
  expect(engine.getFleet()).toMatchObject({ state: 'alone', members: [] });
  expect(await engine.getActiveModelCount()).toBe(3);
});
