/** The package in several threads at once, each with an engine of its own, and all of them on the engine of the process. */
const assert = require('node:assert/strict');
const { once } = require('node:events');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');

const { Fallcast, predictWithFallback, configure, close } = require('fallcast');
const { scoreOf, startUpstream } = require('fallcast/testing');

const THREADS = 4;
const matches = [{ id: 'm1', homeTeam: 'Girona', awayTeam: 'Getafe' }];
const configFor = (baseUrl) => ({
  builtinCatalog: false,
  providers: [{ id: 'test', baseUrl }],
  models: [{ id: 'a', provider: 'test', upstreamModel: 'a', promptUsdPer1M: 1, completionUsdPer1M: 1 }],
});

async function main() {
  const upstream = await startUpstream();
  const workers = Array.from({ length: THREADS }, () => new Worker(__filename, { workerData: upstream.baseUrl }));
  const messages = workers.map((worker) => once(worker, 'message'));
  const exits = workers.map((worker) => once(worker, 'exit'));
  const said = await Promise.all(messages);
  const ended = await Promise.all(exits);
  assert.deepEqual(said.flat(2), Array.from({ length: 2 * THREADS }, () => scoreOf('m1')));
  assert.deepEqual(ended.flat(), Array.from({ length: THREADS }, () => 0));
  await close();
  await upstream.close();
  console.log(`threads: ${THREADS}, two predictions each`);
}

async function thread() {
  configure(configFor(workerData));
  const own = new Fallcast(configFor(workerData));
  const outcomes = [await predictWithFallback({ modelId: 'a', matches }), await own.predictWithFallback({ modelId: 'a', matches })];
  await own.close();
  parentPort.postMessage(outcomes.map(({ predictions: [{ homeScore, awayScore }] }) => ({ homeScore, awayScore })));
}

void (isMainThread ? main() : thread());
