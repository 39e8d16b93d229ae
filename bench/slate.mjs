/**
 * A slate beside what would be written without it, on the same work:
 *
 * - time: the 42 models about ten matches, each with the latency that its time-out tells, at a twentieth. The bound is the longest
 *   request, or the sum of a provider's requests over how many it may have at once;
 * - CPU and main thread of a prediction, one match a request, beside single calls;
 * - memory of 1,000 requests in flight, and what planning 42 × 1,000 cells takes of the main thread.
 *
 * node --expose-gc bench/slate.mjs [--json]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

import { check, match, modelsOf } from './compare/work.mjs';
import { startUpstream as startCompared } from './compare/upstream.mjs';
import { byModel, startUpstream } from '../examples/upstream.mjs';

const { Fallcast } = createRequire(import.meta.url)('../main.js');

/** How much faster than in life. */
const SCALE = 20;
/** How many requests a provider may have at once. */
const WIDTH = 8;
/** Latency of a model whose time-out is the default, in milliseconds; of the others a third of their time-out. */
const USUAL = 4333;

/** A time as a share of the bound. */
const ratio = (time, bound) => (time / bound).toFixed(3);

if (process.send) await serve();
else await measure();

/** In a process of its own: answers each model after its time. */
async function serve() {
  const [latencies] = await once(process, 'message');
  const manner = Object.fromEntries(Object.entries(latencies).map(([model, ms]) => [model, { name: 'slow', ms }]));
  const upstream = await startUpstream({ manner: byModel(manner) });
  process.send(upstream.baseUrl);
  process.once('disconnect', () => upstream.close());
}

async function measure() {
  const results = { ...await inTime(), ...await inCpu(), ...await inMemory(), ...await inPlanning() };
  if (process.argv.includes('--json')) console.log(JSON.stringify(results, null, 2));
  else for (const [what, figure] of Object.entries(results)) console.log(`${what.padEnd(64)} ${figure}`);
}

function games(count) {
  return Array.from({ length: count }, (_, index) => ({ id: `m${index + 1}`, homeTeam: `Home ${index + 1}`, awayTeam: `Away ${index + 1}` }));
}

async function inTime() {
  const models = new Fallcast().getModels();
  const { models: entries } = createRequire(import.meta.url)('../catalog/models.json');
  const msOf = ({ timeoutMs }) => (timeoutMs ? timeoutMs / 3 : USUAL) / SCALE;
  const prefix = (entry) => (entry.provider === 'synthetic' ? 'hf:' : '') + entry.upstreamModel;
  const child = fork(fileURLToPath(import.meta.url));
  child.send(Object.fromEntries(entries.map((entry) => [prefix(entry), msOf(entry)])));
  const [baseUrl] = await once(child, 'message');
  const providers = ['together', 'synthetic'].map((id) => ({
    id, baseUrl, maxConcurrency: WIDTH, responseFormat: true, modelIdPrefix: id === 'synthetic' ? 'hf:' : '',
  }));
  const engine = new Fallcast({ providers, maxRetries: 0 });
  const matches = games(10);
  const bound = Math.max(
    ...entries.map(msOf),
    ...providers.map(({ id }) => entries.filter(({ provider }) => provider === id).reduce((sum, entry) => sum + msOf(entry), 0) * matches.length / WIDTH),
  );
  const timed = async (act) => { const began = performance.now(); await act(); return performance.now() - began; };
  const ids = models.map(({ id }) => id);
  // Warm connections, for all alike.
  await engine.predictSlate({ matches: games(1), models: ids, fallbacks: 'none' }).result();
  const slate = await timed(async () => {
    const { complete } = await engine.predictSlate({ matches, models: ids, fallbacks: 'none' }, { matchesPerRequest: 1 }).result();
    if (!complete) throw new Error('cells are missing');
  });
  const together = await timed(async () => {
    const calls = ids.flatMap((modelId) => matches.map((game) => engine.predictWithFallback({ modelId, matches: [game] })));
    const lost = (await Promise.allSettled(calls)).filter(({ status }) => status === 'rejected').length;
    if (lost > 0) console.error(`Promise.all of single calls lost ${lost} of ${calls.length}`);
  });
  await engine.close();
  child.disconnect();
  const inTurn = entries.reduce((sum, entry) => sum + msOf(entry), 0) * matches.length;
  return {
    '42 × 10 at a twentieth: bound, ms': Math.round(bound),
    '42 × 10: slate, of the bound': ratio(slate, bound),
    '42 × 10: Promise.all of single calls, of the bound': ratio(together, bound),
    '42 × 10: one after the other, of the bound (reckoned)': ratio(inTurn, bound),
  };
}

async function inCpu() {
  const COUNT = 500;
  const upstream = await startCompared();
  const [{ baseUrl }] = modelsOf('first', upstream.origins.plain);
  const models = Array.from({ length: COUNT }, (_, index) => ({
    id: `model-${index + 1}`, provider: 'p', upstreamModel: 'm', promptUsdPer1M: 1, completionUsdPer1M: 2,
  }));
  const providers = [{ id: 'p', baseUrl, responseFormat: true, maxConcurrency: 16 }];
  const engine = new Fallcast({ builtinCatalog: false, providers, models });
  const ids = models.map(({ id }) => id);
  const bySlate = async () => {
    const { outcomes } = await engine.predictSlate({ matches: [match], models: ids }, { allowStarted: true }).result();
    for (const { predictions } of outcomes) check(predictions[0]);
  };
  const bySingles = async () => {
    const queue = ids.values();
    await Promise.all(Array.from({ length: 16 }, async () => {
      for (const modelId of queue) check((await engine.predictWithFallback({ modelId, matches: [match] })).predictions[0]);
    }));
  };
  const ROUNDS = 20;
  const figures = {};
  const ways = { slate: bySlate, singles: bySingles };
  for (const act of Object.values(ways)) for (let round = 0; round < 3; round += 1) await act();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, act] of Object.entries(ways)) {
      const [cpu, loop] = [process.cpuUsage(), performance.eventLoopUtilization()];
      await act();
      const { user, system } = process.cpuUsage(cpu);
      const { active } = performance.eventLoopUtilization(loop);
      (figures[name] ??= []).push([(user + system) / COUNT, (active * 1000) / COUNT]);
    }
  }
  await engine.close();
  upstream.close();
  const median = (name, part) => figures[name].map((figure) => figure[part]).sort((a, b) => a - b)[ROUNDS / 2];
  return {
    'a prediction: CPU µs, slate': median('slate', 0).toFixed(1),
    'a prediction: CPU µs, single calls': median('singles', 0).toFixed(1),
    'a prediction: main thread µs, slate': median('slate', 1).toFixed(1),
    'a prediction: main thread µs, single calls': median('singles', 1).toFixed(1),
  };
}

async function inMemory() {
  const COUNT = 1000;
  const upstream = await startCompared();
  const [{ baseUrl }] = modelsOf('slow', upstream.origins.plain);
  const models = Array.from({ length: COUNT }, (_, index) => ({
    id: `model-${index + 1}`, provider: 'p', upstreamModel: 'm', promptUsdPer1M: 1, completionUsdPer1M: 2,
  }));
  const engine = new Fallcast({ builtinCatalog: false, providers: [{ id: 'p', baseUrl, maxConcurrency: COUNT, responseFormat: true }], models });
  gc();
  const before = process.memoryUsage.rss();
  const slate = engine.predictSlate({ matches: [match], models: models.map(({ id }) => id) }, { allowStarted: true });
  await new Promise((resolve) => { setTimeout(resolve, 700); });
  const rss = process.memoryUsage.rss() - before;
  const { inFlight } = slate.progress();
  await slate.result();
  await engine.close();
  upstream.close();
  return { [`${inFlight} requests in flight: KB each`]: (rss / 1024 / COUNT).toFixed(1) };
}

async function inPlanning() {
  const engine = new Fallcast({ providers: ['together', 'synthetic'].map((id) => ({ id, baseUrl: 'http://127.0.0.1:9/v1' })) });
  const request = { matches: games(1000), models: engine.getModels().map(({ id }) => id) };
  const time = (options) => {
    const times = Array.from({ length: 11 }, () => {
      const began = performance.now();
      engine.explainSlate(request, options);
      return performance.now() - began;
    });
    return times.sort((a, b) => a - b)[5].toFixed(1);
  };
  const figures = { 'planning 42 × 1,000: ms': time(), 'planning 42 × 1,000, one match a request: ms': time({ matchesPerRequest: 1 }) };
  await engine.close();
  return figures;
}
