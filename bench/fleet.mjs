/**
 * What a fleet costs: CPU and main thread of a prediction in a fleet beside one without, in one run; commands that Redis is
 * sent for a prediction; how soon a change is known elsewhere; and what a beat costs with 100 members. Starts a
 * `redis-server` of its own.
 *
 * node --expose-gc bench/fleet.mjs [predictions a round]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

import { createClient } from 'redis';

import { Fallcast, check, engineFor, match, modelsOf } from './compare/work.mjs';
import { startUpstream } from './compare/upstream.mjs';

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
  return { url: `redis://127.0.0.1:${port}`, close };
}

const median = (numbers) => numbers.toSorted((one, other) => one - other)[numbers.length >> 1];
const cpuUs = () => { const { user, system } = process.cpuUsage(); return user + system; };
const threadUs = () => Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1000;
const print = (what, figure, unit) => console.log(`${what.padEnd(64)}${figure.padStart(10)} ${unit}`);

const [redis, upstream] = [await startRedis(), await startUpstream()];
const client = await createClient({ url: redis.url }).connect();
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

const other = engineFor(models, undefined, { fleet: redis.url });
await other.ready();
const delays = [];
for (let change = 0; change < CHANGES; change += 1) {
  const known = new Promise((resolve) => {
    const end = other.onEvent(({ type, modelId }) => {
      if (modelId !== 'model-2' || type !== (change % 2 ? 'enabled' : 'disabled')) return;
      end();
      resolve(performance.now());
    });
  });
  const began = performance.now();
  if (change % 2) member.enableModel('model-2');
  else member.disableModel('model-2', 'measured');
  delays.push(await known - began);
}
print(`until a change is known elsewhere, median of ${CHANGES}`, median(delays).toFixed(2), 'ms');
print(`until a change is known elsewhere, most of ${CHANGES}`, Math.max(...delays).toFixed(2), 'ms');
await other.close();
await member.close();

const fleet = { url: redis.url, namespace: 'hundred' };
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
const [before, cpu, began] = [await scripts(), cpuUs(), performance.now()];
await sleep(10_000);
const [after, elapsed] = [await scripts(), (performance.now() - began) / 1000];
print(`scripts a second of ${MEMBERS} members without calls`, ((after.calls - before.calls) / elapsed).toFixed(1), '');
print('Redis for one of them', ((after.us - before.us) / (after.calls - before.calls)).toFixed(1), 'µs');
print('Redis in all', ((after.us - before.us) / elapsed / 10_000).toFixed(2), '% of a core');
print('CPU of a member a second', ((cpuUs() - cpu) / elapsed / MEMBERS).toFixed(1), 'µs');
await Promise.all(members.map((one) => one.close()));
client.destroy();
upstream.close();
await redis.close();
