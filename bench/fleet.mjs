/**
 * What a fleet costs: CPU and main thread of a prediction in a fleet beside one without, in one run, and its instructions,
 * where there is valgrind; commands that Redis is sent for a prediction; how soon a change is known elsewhere; what calls wait
 * for a Redis that hangs, and how soon all agree again; how soon an emptied one is filled again; and what a beat costs with 100
 * members. Starts a `redis-server` of its own.
 *
 * node --expose-gc bench/fleet.mjs [predictions a round]
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';

import { createClient } from 'redis';

import { Fallcast, check, engineFor, match, modelsOf } from './compare/work.mjs';
import { startUpstream } from './compare/upstream.mjs';
import { startUpstream as startMisbehaving } from '../examples/upstream.mjs';

const PREDICTIONS = Number(process.argv[2] ?? 3000);
const ROUNDS = 9;
const CONCURRENCY = 16;
const MEMBERS = 100;
const CHANGES = 100;

async function startRedis() {
  const folder = mkdtempSync(join(tmpdir(), 'fallcast-'));
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  const args = ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'yes'].map(String);
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface(child.stdout)) if (/ready to accept connections/i.test(line)) break;
  child.stdout.resume();
  const close = async () => {
    child.kill();
    await once(child, 'close');
    rmSync(folder, { recursive: true });
  };
  return { port, child, url: `redis://127.0.0.1:${port}`, close };
}

const median = (numbers) => numbers.toSorted((one, other) => one - other)[numbers.length >> 1];
const cpuUs = () => { const { user, system } = process.cpuUsage(); return user + system; };
const threadUs = () => Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1000;
const print = (what, figure, unit) => console.log(`${what.padEnd(64)}${figure.padStart(10)} ${unit}`);

const [redis, upstream] = [await startRedis(), await startUpstream()];
const client = await createClient({ url: redis.url }).connect();
// Far from midnight, before which members ask for the day to come as well: the day is by the greatest time that there was.
const HOUR = 3_600_000;
const midnight = Math.floor(Date.now() / (24 * HOUR)) * 24 * HOUR;
const noon = [12, 18, 36].map((hours) => midnight + hours * HOUR).find((time) => time >= Date.now() + HOUR);
await client.set('fallcast:1:clock', noon);
/** How many scripts Redis has run, and for how long, in microseconds. */
async function scripts() {
  const stats = await client.info('commandstats');
  const of = (command) => /calls=(\d+),usec=(\d+)/.exec(stats.split('\n').find((line) => line.startsWith(`cmdstat_${command}:`)) ?? 'calls=0,usec=0').slice(1).map(Number);
  const [[sha, shaUs], [text, textUs]] = [of('evalsha'), of('eval')];
  return { calls: sha + text, us: shaUs + textUs };
}

const models = modelsOf('first', upstream.origins.plain);
const alone = engineFor(models);
const member = engineFor(models, undefined, { fleet: redis.url });
await member.ready();

async function predict(engine, times) {
  let left = times;
  const caller = async () => {
    while ((left -= 1) >= 0) check((await engine.predictWithFallback({ modelId: 'model-1', matches: [match] })).predictions[0]);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, caller));
}

const rounds = new Map([[alone, []], [member, []]]);
let [commands, seconds] = [0, 0];
for (let round = -1; round < ROUNDS; round += 1) {
  for (const [engine, figures] of rounds) {
    gc();
    const [before, began] = [await scripts(), performance.now()];
    const [cpu, thread] = [cpuUs(), threadUs()];
    await predict(engine, PREDICTIONS);
    const figure = [(cpuUs() - cpu) / PREDICTIONS, (threadUs() - thread) / PREDICTIONS];
    // The first round warms both up.
    if (round < 0) continue;
    figures.push(figure);
    if (engine === member) {
      commands += (await scripts()).calls - before.calls;
      seconds += (performance.now() - began) / 1000;
    }
  }
}
for (const [place, what] of [[0, 'CPU'], [1, 'main thread']]) {
  const [without, within] = [alone, member].map((engine) => median(rounds.get(engine).map((figure) => figure[place])));
  print(`${what} of a prediction without a fleet`, without.toFixed(1), 'µs');
  print(`${what} of a prediction in a fleet`, within.toFixed(1), 'µs');
  print('', (within / without).toFixed(3), 'times');
}
// A beat is a script for life and one for money, and every five seconds one for what was counted.
print(`scripts a prediction, beats included (${(PREDICTIONS * ROUNDS / seconds).toFixed(0)} predictions a second)`, (commands / (PREDICTIONS * ROUNDS)).toFixed(4), '');
print('scripts a second', (commands / seconds).toFixed(2), '');
await alone.close();

/** The instructions of a program's case, and how many scripts Redis ran for it. */
const program = () => {
  const host = /host: (.+)/.exec(execFileSync('rustc', ['-vV'], { encoding: 'utf8' }))[1];
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const build = ['build', '--release', '--quiet', '--locked', '--target', host, '--manifest-path', join(folder, 'instructions/Cargo.toml'), '--target-dir', join(folder, '../target')];
  execFileSync('cargo', build, { stdio: ['ignore', 2, 2] });
  return join(folder, `../target/${host}/release/instructions`);
};
async function counted(path, name, times) {
  const { calls } = await scripts();
  const args = ['--tool=callgrind', '--callgrind-out-file=/dev/null', path, name, times, upstream.origins.plain].map(String);
  const valgrind = spawn('valgrind', args, { env: { ...process.env, FALLCAST_REDIS: redis.url }, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  valgrind.stderr.setEncoding('utf8').on('data', (text) => { said += text; });
  const [code] = await once(valgrind, 'close');
  if (code !== 0) throw new Error(said);
  return { instructions: Number(/Collected : (\d+)/.exec(said)[1]), scripts: (await scripts()).calls - calls };
}
/** What a case takes beyond what it takes to start, when it is done twice as often. */
async function more(path, name, times) {
  const [once, twice] = [await counted(path, name, times), await counted(path, name, 2 * times)];
  return { instructions: twice.instructions - once.instructions, scripts: twice.scripts - once.scripts };
}
await member.close();
const hasValgrind = await new Promise((resolve) => {
  spawn('valgrind', ['--version'], { stdio: 'ignore' }).on('error', () => resolve(false)).on('close', () => resolve(true));
});
if (hasValgrind) {
  const [path, times] = [program(), 1000];
  const call = (await more(path, 'call', times)).instructions / times;
  // Under valgrind a call takes so long that there are many beats for each: what they cost is measured, and taken off.
  const beats = await more(path, 'member', 10);
  const ofScript = beats.instructions / beats.scripts;
  const inFleet = await more(path, 'call_in_fleet', times);
  const callInFleet = (inFleet.instructions - inFleet.scripts * ofScript) / times;
  print('instructions of a prediction without a fleet', (call / 1000).toFixed(1), 'thousand');
  print('instructions of a prediction in a fleet, without its scripts', (callInFleet / 1000).toFixed(1), 'thousand');
  print('', (callInFleet / call).toFixed(3), 'times');
  print('instructions of a member for a script, of which it has about 2 a second', (ofScript / 1000).toFixed(1), 'thousand');
} else {
  console.log('instructions are not counted: valgrind is missing');
}

const engineOf = async (more = {}) => {
  const engine = engineFor(models, undefined, { fleet: redis.url, ...more });
  await engine.ready();
  return engine;
};
/** Resolves with the time at which an engine tells of a model what a condition takes. */
const told = (engine, condition) => new Promise((resolve) => {
  const end = engine.onEvent((event) => {
    if (!condition(event)) return;
    end();
    resolve(performance.now());
  });
});
/** Switches a model off and on again at one engine; how long it takes until another tells of it, each time. */
async function delays(from, to, changes) {
  const delays = [];
  for (let change = 0; change < changes; change += 1) {
    const type = change % 2 ? 'enabled' : 'disabled';
    const known = told(to, (event) => event.type === type && event.modelId === 'model-2');
    const began = performance.now();
    if (change % 2) from.enableModel('model-2');
    else from.disableModel('model-2', 'measured');
    delays.push(await known - began);
  }
  return delays;
}
const [one, other] = [await engineOf(), await engineOf()];
const pushed = await delays(one, other, CHANGES);
print(`until a change is known elsewhere, median of ${CHANGES}`, median(pushed).toFixed(2), 'ms');
print(`until a change is known elsewhere, most of ${CHANGES}`, Math.max(...pushed).toFixed(2), 'ms');

// A user that may not hear the channel.
await client.sendCommand(['ACL', 'SETUSER', 'deaf', 'on', '>deaf', '~*', 'resetchannels', '+@all', '-subscribe']);
const deaf = await engineOf({ fleet: `redis://deaf:deaf@127.0.0.1:${redis.port}` });
const beaten = await delays(one, deaf, 20);
print('the same where the channel is cut, median of 20', median(beaten).toFixed(0), 'ms');
print('the same where the channel is cut, most of 20', Math.max(...beaten).toFixed(0), 'ms');
await deaf.close();
await one.close();

// Each call fails in a way that counts, and asks Redis what becomes of that.
const prose = await startMisbehaving({ manner: 'prose' });
const asking = new Fallcast({
  builtinCatalog: false,
  providers: [{ id: 'p', baseUrl: prose.baseUrl }],
  models: [{ id: 'm', provider: 'p', upstreamModel: 'm', promptUsdPer1M: 1, completionUsdPer1M: 2 }],
  disableThreshold: 255,
  maxRetries: 0,
  fleet: redis.url,
});
await asking.ready();
let asked = 0;
const ask = async () => {
  const began = performance.now();
  await asking.predictWithFallback({ modelId: 'm', matches: [{ ...match, id: `m${asked += 1}` }] }).catch(() => {});
  return performance.now() - began;
};
const usual = [];
for (let call = 0; call < 20; call += 1) usual.push(await ask());
print('a call whose failure counts, median of 20', median(usual).toFixed(1), 'ms');
const lost = told(asking, ({ type }) => type === 'fleet_lost');
redis.child.kill('SIGSTOP');
for (const which of ['first', 'second', 'third', 'fourth', 'fifth']) {
  print(`the same while Redis hangs, the ${which}`, (await ask()).toFixed(1), 'ms');
}
await lost;
asking.disableModel('m', 'while it hangs');
other.disableModel('model-2', 'while it hangs');
await sleep(4000);
redis.child.kill('SIGCONT');
const until = async (condition) => {
  const began = performance.now();
  while (!await condition()) await sleep(5);
  return performance.now() - began;
};
const haveJoined = (some) => [asking, other][some]((engine) => engine.getFleet().state === 'joined');
print('until the first of two members has joined again', (await until(() => haveJoined('some'))).toFixed(0), 'ms');
print('until both have, after that', (await until(() => haveJoined('every'))).toFixed(0), 'ms');
const words = async () => {
  const all = await client.hGetAll('fallcast:1:words');
  return ['m', 'model-2'].every((id) => all[id] && JSON.parse(all[id]).u === -1);
};
print('until what they switched off meanwhile is in Redis, after that', (await until(words)).toFixed(0), 'ms');

const day = (await client.keys('fallcast:1:money:*')).sort().at(-1);
const spent = async () => Object.values(await client.hGetAll(day)).reduce((sum, row) => sum + Number(row.split(' ')[2] ?? 0), 0);
await sleep(1500);
const before = await spent();
await client.flushAll();
print('until an emptied Redis knows again what is off, and what the day has cost',
  (await until(async () => await words() && await spent() >= before)).toFixed(0), 'ms');
for (const engine of [other, asking]) await engine.close();
await prose.close();

const fleet = { url: redis.url, namespace: 'hundred' };
await client.set('hundred:1:clock', noon);
const [{ baseUrl }] = models;
const config = {
  builtinCatalog: false,
  providers: [{ id: 'p', baseUrl }],
  models: Array.from({ length: 42 }, (_, index) => ({ id: `m${index}`, provider: 'p', upstreamModel: 'm', promptUsdPer1M: 1, completionUsdPer1M: 2 })),
  dailyBudgetUsd: 1000,
  fleet,
};
const members = Array.from({ length: MEMBERS }, () => new Fallcast(config));
await Promise.all(members.map((one) => one.ready()));
await sleep(3000);
const [atFirst, cpu, began] = [await scripts(), cpuUs(), performance.now()];
await sleep(10_000);
const [after, elapsed] = [await scripts(), (performance.now() - began) / 1000];
print(`scripts a second of ${MEMBERS} members without calls`, ((after.calls - atFirst.calls) / elapsed).toFixed(1), '');
print('Redis for one of them', ((after.us - atFirst.us) / (after.calls - atFirst.calls)).toFixed(1), 'µs');
print('Redis in all', ((after.us - atFirst.us) / elapsed / 10_000).toFixed(2), '% of a core');
print('CPU of a member a second', ((cpuUs() - cpu) / elapsed / MEMBERS).toFixed(1), 'µs');
await Promise.all(members.map((one) => one.close()));
client.destroy();
upstream.close();
await redis.close();
