/** A fleet whose Redis is lost, hangs, forgets or refuses. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { beforeEach, expect, test } from 'vitest';

import { clientOf, fleetConfig, startMember, startProxy, startServer } from './fleet.mjs';
import { redisIsMissing } from './redis-is-missing.mjs';
import { chain, upstreamFor } from './support.mjs';

beforeEach(({ skip }) => {
  if (redisIsMissing) skip(redisIsMissing);
});

async function startFleet(...configs) {
  const members = await Promise.all(configs.map((config) => startMember(config)));
  await Promise.all(members.map((member) => member.joined()));
  return members;
}

const stateOf = async (member, modelId) => (await member.ask('getModels')).find(({ id }) => id === modelId);
/** Waits until a condition holds of what is asked for. */
async function until(ask, condition) {
  for (;;) {
    const value = await ask();
    if (condition(value)) return value;
    await sleep(20);
  }
}
/** Resolves once a member that lost its fleet has joined it again, which is told later: at most once in ten seconds. */
const rejoined = (member) => until(() => member.ask('getFleet'), ({ state }) => state === 'joined');
const fleetLines = ({ logs }) => logs.filter(({ message }) => /fleet/.test(message) && !/of the fleet/.test(message)).map(({ message }) => message);

test('a Redis that hangs: two log lines in all, and all agree when it goes on', async () => {
  const server = await startServer();
  const [one, other] = await startFleet(fleetConfig(server), fleetConfig(server));
  const before = fleetLines(one).length;
  server.child.kill('SIGSTOP');
  await one.event('fleet_lost');
  await one.ask('reportFailure', ['a', 'parse_error'], 5);
  await one.ask('disableModel', ['b', 'while it hangs']);
  expect((await stateOf(one, 'a')).state).toBe('disabled');
  server.child.kill('SIGCONT');
  await Promise.all([one.event('fleet_joined', 2), other.event('disabled', 2)]);
  expect((await stateOf(other, 'a')).state).toBe('disabled');
  expect(await stateOf(other, 'b')).toMatchObject({ state: 'disabled', disabledReason: 'while it hangs' });
  expect(one.told('disabled', 'enabled', 'recovered')).toEqual(['disabled a', 'disabled b']);
  expect(fleetLines(one).slice(before)).toEqual(['without its fleet', 'the fleet is joined']);
}, 30_000);

test('a Redis that hangs with calls in flight: each ends by itself, and no call that comes later waits', async () => {
  const server = await startServer();
  const upstream = await upstreamFor(async ({ released, index }) => {
    if (index < 20) await released;
    return 'prose';
  });
  // Every call ends in a failure that counts, and asks Redis what becomes of it.
  const config = chain(upstream, ['a'], { disableThreshold: 200, deadlineMs: 20_000, attemptTimeoutMs: 15_000, fleet: { url: server.url } });
  const [member] = await startFleet(config);
  const before = fleetLines(member).length;
  const predict = (id) => (
    member.ask('predictWithFallback', [{ modelId: 'a', matches: [{ id: `m${id}`, homeTeam: `A ${id}`, awayTeam: `B ${id}` }] }]).catch((error) => error)
  );
  const flying = Array.from({ length: 20 }, (_, id) => predict(id));
  await upstream.received(20);
  server.child.kill('SIGSTOP');
  upstream.release();
  const ends = await Promise.all(flying);
  await member.event('fleet_lost');
  ends.push(...await Promise.all(Array.from({ length: 20 }, (_, id) => predict(100 + id))));
  expect(new Set(ends.map(({ code }) => code))).toEqual(new Set(['ALL_ATTEMPTS_FAILED']));
  expect(new Set(ends.flatMap(({ attempts }) => attempts.map(({ failure }) => failure)))).toEqual(new Set(['parse_error']));
  expect((await stateOf(member, 'a')).consecutiveFailures).toBe(40);
  server.child.kill('SIGCONT');
  await member.event('fleet_joined', 2);
  const client = await clientOf(server);
  await until(() => client.hGet('fallcast:1:words', 'a'), (text) => text && JSON.parse(text).f === 40);
  expect((await stateOf(member, 'a')).consecutiveFailures).toBe(40);
  expect(fleetLines(member).slice(before)).toEqual(['without its fleet', 'the fleet is joined']);
}, 60_000);

test('FLUSHALL: members write back what they know', async () => {
  const server = await startServer();
  const [one, other] = await startFleet(fleetConfig(server), fleetConfig(server));
  const client = await clientOf(server);
  await one.ask('reportFailure', ['a', 'parse_error'], 5);
  await one.ask('disableModel', ['b', 'by hand']);
  await one.ask('reportFailure', ['c', 'parse_error'], 2);
  await one.ask('reportFailure', ['c', 'rate_limited']);
  await other.event('cooling');
  const read = async () => Object.fromEntries(Object.entries(await client.hGetAll('fallcast:1:words')).map(([id, text]) => [id, JSON.parse(text)]));
  await until(read, ({ c }) => c?.f === 2);
  await client.flushAll();
  const words = await until(read, ({ a, b, c }) => a && b && c);
  expect(words).toMatchObject({ a: { f: 5, t: 1 }, b: { u: -1, r: 'by hand' }, c: { f: 2, u: 0 } });
  expect(words.a.u).toBeGreaterThan(Date.now());
  // Against what was under way before nothing counts.
  expect(words.a.e).toBeGreaterThan(1);
  await until(() => client.hLen('fallcast:1:coolings'), (length) => length === 1);
  await until(() => client.get('fallcast:stats:active_model_count'), (count) => count === '1');
  for (const member of [one, other]) {
    expect(member.told('enabled', 'recovered')).toEqual([]);
    expect(await member.ask('getActiveModelCount')).toBe(1);
  }
  await other.ask('enableModel', ['b']);
  expect(await one.event('enabled')).toMatchObject({ modelId: 'b' });
}, 30_000);

test('a restart without persistence: the same', async () => {
  const server = await startServer();
  const [one, other] = await startFleet(fleetConfig(server), fleetConfig(server));
  await one.ask('disableModel', ['b', 'by hand']);
  await other.event('disabled');
  server.child.kill('SIGKILL');
  await server.ended;
  const again = await startServer({ port: server.port });
  const client = await clientOf(again);
  await until(() => client.hGet('fallcast:1:words', 'b'), (text) => text && JSON.parse(text).u === -1);
  await until(() => one.ask('getFleet'), ({ state, members }) => state === 'joined' && members.length === 2);
  expect(one.told('enabled', 'recovered')).toEqual([]);
  expect((await stateOf(one, 'b')).state).toBe('disabled');
}, 30_000);

test('what was switched by hand while a member was alone wins, unless somebody switched it on since', async () => {
  const server = await startServer();
  const proxy = await startProxy(server);
  const [one, other] = await startFleet(fleetConfig(proxy), fleetConfig(server));
  await other.ask('disableModel', ['a', 'first']);
  await other.ask('disableModel', ['b', 'first']);
  await one.event('disabled', 2);
  proxy.cut();
  await one.event('fleet_lost');
  await one.ask('disableModel', ['c', 'alone']);
  await one.ask('disableModel', ['a', 'alone']);
  await other.ask('enableModel', ['a']);
  await one.ask('enableModel', ['b']);
  proxy.mend();
  await other.event('disabled', 3);
  expect(await other.event('enabled', 2)).toMatchObject({ modelId: 'b' });
  await rejoined(one);
  for (const member of [one, other]) {
    expect((await stateOf(member, 'a')).state).toBe('active');
    expect((await stateOf(member, 'b')).state).toBe('active');
    expect(await stateOf(member, 'c')).toMatchObject({ state: 'disabled', disabledReason: 'alone' });
  }
}, 30_000);

test('with the channel cut a change is known by the next beat', async () => {
  const server = await startServer();
  const proxy = await startProxy(server);
  const [one, other] = await startFleet(fleetConfig(proxy), fleetConfig(server));
  proxy.drop('news');
  await other.ask('disableModel', ['a', 'unheard']);
  expect(await one.event('disabled')).toMatchObject({ modelId: 'a', reason: 'unheard' });
  expect(one.told('fleet_lost')).toEqual([]);
}, 30_000);

test('a refused SUBSCRIBE leaves the beat, and is told once', async () => {
  const server = await startServer();
  const proxy = await startProxy(server);
  proxy.refuse('subscribe');
  const [one, other] = await startFleet(fleetConfig(proxy), fleetConfig(server));
  await other.ask('disableModel', ['a', 'unheard']);
  expect(await one.event('disabled')).toMatchObject({ modelId: 'a' });
  await other.ask('disableModel', ['b', 'unheard']);
  await one.event('disabled', 2);
  const told = one.logs.filter(({ fields }) => /refuses to tell/.test(fields?.problem ?? ''));
  expect(told).toHaveLength(1);
}, 30_000);

test.each(['up', 'down'])('one direction of the connection swallowed: %s', async (direction) => {
  const server = await startServer();
  const proxy = await startProxy(server);
  const [one] = await startFleet(fleetConfig(proxy));
  proxy.drop(direction);
  expect(await one.event('fleet_lost')).toMatchObject({ problem: 'Redis does not answer' });
  expect(await one.ask('getActiveModelCount')).toBe(3);
  proxy.mend();
  await rejoined(one);
}, 30_000);

test('a Redis that refuses to write for want of memory is lost, and found again', async () => {
  const server = await startServer();
  const [one] = await startFleet(fleetConfig(server));
  const client = await clientOf(server);
  await client.configSet('maxmemory', '1');
  expect(await one.event('fleet_lost')).toMatchObject({ problem: expect.stringMatching(/^Redis (refuses|does not answer)/) });
  await one.ask('reportFailure', ['a', 'parse_error'], 5);
  expect((await stateOf(one, 'a')).state).toBe('disabled');
  await client.configSet('maxmemory', '0');
  await rejoined(one);
  await until(() => client.hGet('fallcast:1:words', 'a'), (text) => text && JSON.parse(text).f === 5);
}, 30_000);

test('a password that is changed: an event that does not say it', async () => {
  const server = await startServer({ args: ['--requirepass', 'hunter22'] });
  const url = `redis://:hunter22@127.0.0.1:${server.port}`;
  const [one] = await startFleet(fleetConfig({ url }));
  const client = await clientOf(server, { password: 'hunter22' });
  await client.configSet('requirepass', 'other-password');
  await client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
  const { problem } = await one.event('fleet_lost');
  expect(problem).toMatch(/^Redis refuses: .*(WRONGPASS|AuthenticationFailed|authentication)/i);
  expect(JSON.stringify([one.events, one.logs])).not.toContain('hunter22');
  await client.configSet('requirepass', 'hunter22');
  await rejoined(one);
}, 30_000);

test('a replica that is promoted by hand takes over, with what the members know', async () => {
  const primary = await startServer();
  const replica = await startServer({ args: ['--replicaof', '127.0.0.1', primary.port] });
  const proxy = await startProxy(primary);
  const config = fleetConfig(proxy);
  const [one, other] = await startFleet(config, config);
  await one.ask('disableModel', ['a', 'by hand']);
  await other.event('disabled');
  const client = await clientOf(replica);
  await until(() => client.hGet('fallcast:1:words', 'a'), Boolean);
  primary.child.kill('SIGKILL');
  await client.sendCommand(['REPLICAOF', 'NO', 'ONE']);
  proxy.to(replica.port);
  await until(() => other.ask('getFleet'), ({ state }) => state === 'joined');
  await other.ask('enableModel', ['a']);
  expect(await one.event('enabled')).toMatchObject({ modelId: 'a' });
}, 30_000);

test('a member that is killed is forgotten, and the count with it', async () => {
  const server = await startServer();
  const [one, other] = await startFleet(fleetConfig(server, ['a', 'b']), fleetConfig(server, ['b', 'c']));
  await one.untilCounts((told) => told.at(-1)?.activeModelCount === 3);
  const client = await clientOf(server);
  // Half a minute passes at once.
  const { id } = await other.ask('getFleet');
  other.child.kill('SIGKILL');
  await once(other.child, 'close');
  // Again and again, for its last sign of life may still be on its way.
  await until(async () => {
    await client.zAdd('fallcast:seen', { score: Date.now() - 31_000, value: id });
    return one.ask('getActiveModelCount');
  }, (count) => count === 2);
  expect((await one.ask('getFleet')).members).toHaveLength(1);
  await until(() => client.get('fallcast:stats:active_model_count'), (count) => count === '2');
}, 30_000);

test('a member that is closed leaves at once', async () => {
  const server = await startServer();
  const [one, other] = await startFleet(fleetConfig(server, ['a', 'b']), fleetConfig(server, ['b', 'c']));
  await one.untilCounts((told) => told.at(-1)?.activeModelCount === 3);
  await other.ask('close');
  await one.untilCounts((told) => told.at(-1)?.activeModelCount === 2);
  expect(await other.ended).toEqual({ code: 0, signal: null });
}, 30_000);
