/**
 * How the cost of a call grows: with its matches, with the models of the catalogue, with the calls in flight. Prints
 * each figure for every size, and the slope between the last two: 1 is linear.
 *
 * node --expose-gc bench/growth.mjs
 */
import { Fallcast, check, engineFor, match, modelsOf } from './compare/work.mjs';
import { startUpstream } from './compare/upstream.mjs';

const upstream = await startUpstream();
const cpuUs = () => { const { user, system } = process.cpuUsage(); return user + system; };

/** CPU time of one of `times`, in microseconds. */
async function cpuOf(times, act) {
  for (let index = 0; index < Math.ceil(times / 4); index += 1) await act();
  const before = cpuUs();
  for (let index = 0; index < times; index += 1) await act();
  return (cpuUs() - before) / times;
}

function print(title, rows) {
  console.log(`\n${title}`);
  for (const [size, figure] of rows) console.log(`${String(size).padStart(7)} ${figure.toFixed(1).padStart(12)}`);
  const [[size, figure], [largest, last]] = rows.slice(-2);
  console.log(`  slope ${(Math.log(last / figure) / Math.log(largest / size)).toFixed(2)}`);
}

const one = engineFor(modelsOf('first', upstream.origins.plain));
const matches = (count) => Array.from({ length: count }, (_, index) => ({ ...match, id: `m${index + 1}`, analysis: 'Won 3 of 5.' }));
const planned = [];
for (const count of [1, 10, 100]) {
  const request = { modelId: 'model-1', matches: matches(count) };
  planned.push([count, await cpuOf(2000 / count + 20, () => one.explain(request))]);
}
const hundred = { modelId: 'model-1', matches: matches(100) };
planned.push([1000, await cpuOf(20, () => { for (let part = 0; part < 10; part += 1) one.explain(hundred); })]);
print('matches (1,000 are ten requests): µs to read, compose and plan', planned);
await one.close();

const [built, predicted] = [[], []];
for (const count of [1, 10, 100, 1000, 10_000]) {
  const [{ baseUrl }] = modelsOf('first', upstream.origins.plain);
  const models = Array.from({ length: count }, (_, index) => ({
    id: `model-${index + 1}`, provider: 'p', upstreamModel: 'm', promptUsdPer1M: 1, completionUsdPer1M: 2,
    fallbacks: index + 1 < count && index % 4 < 3 ? [`model-${index + 2}`] : [],
  }));
  const before = cpuUs();
  const engine = new Fallcast({ builtinCatalog: false, providers: [{ id: 'p', baseUrl, responseFormat: true }], models });
  built.push([count, cpuUs() - before]);
  predicted.push([count, await cpuOf(3000, async () => check((await engine.predictWithFallback({ modelId: 'model-1', matches: [match] })).predictions[0]))]);
  await engine.close();
}
print('models: µs to build the engine', built);
print('models: µs of CPU a prediction, one after the other', predicted);

const [busy, resident] = [[], []];
for (const count of [1, 10, 100, 1000, 10_000]) {
  const engine = engineFor(modelsOf('slow', upstream.origins.plain));
  gc();
  const [before, rss] = [cpuUs(), process.memoryUsage.rss()];
  const calls = Array.from({ length: count }, () => engine.predictWithFallback({ modelId: 'model-1', matches: [match] }));
  const most = new Promise((resolve) => { setTimeout(() => resolve(process.memoryUsage.rss()), 900); });
  for (const { predictions } of await Promise.all(calls)) check(predictions[0]);
  busy.push([count, cpuUs() - before]);
  resident.push([count, Math.max((await most) - rss, 1) / 1000]);
  await engine.close();
}
print('in flight: µs of CPU, all together, new connections included', busy);
print('in flight: KB resident, all together, 0.9 s after the start', resident);
upstream.close();
