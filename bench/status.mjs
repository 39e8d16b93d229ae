/**
 * What watching an engine costs: its status with a thousand models, a prediction while a page is looked at beside one while it is
 * not, how often a page is told of predictions and what it does then, and what `fallcast/otel` allocates where it is loaded and
 * where an engine is instrumented.
 *
 * node --expose-gc bench/status.mjs [predictions a round]
 */
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';

import { Fallcast, engineFor, match, modelsOf } from './compare/work.mjs';
import { startUpstream } from './compare/upstream.mjs';

const require = createRequire(import.meta.url);
const PREDICTIONS = Number(process.argv[2] ?? 4000);
const ROUNDS = 9;
const CONCURRENCY = 16;
const MODELS = 1000;
const STATUSES = 200;
/** So many events at once are told to a page, so often. */
const [EVENTS, TELLINGS] = [200, 40];
/** So long a page was looked at before it is measured. */
const WARM = 500;

const median = (numbers) => numbers.toSorted((one, other) => one - other)[numbers.length >> 1];
const print = (what, figure, unit) => console.log(`${what.padEnd(64)}${figure.padStart(10)} ${unit}`);
const cpuUs = () => { const { user, system } = process.cpuUsage(); return user + system; };

/** `getStatus()` of an engine of which each model has been asked. */
async function statuses(upstream) {
  const [{ baseUrl, name }] = modelsOf('first', upstream.origins.plain);
  const model = { provider: 'p', promptUsdPer1M: 1, completionUsdPer1M: 2 };
  const models = Array.from({ length: MODELS }, (_, index) => ({ id: `model-${index}`, upstreamModel: name, ...model }));
  const engine = new Fallcast({ builtinCatalog: false, providers: [{ id: 'p', baseUrl }], models });
  for (const { id } of models) await engine.predictWithFallback({ modelId: id, matches: [match] });
  const times = [];
  for (let time = 0; time < STATUSES; time += 1) {
    engine.reportFailure(`model-${time % MODELS}`, 'parse_error');
    const began = performance.now();
    engine.getStatus();
    times.push(performance.now() - began);
  }
  const began = performance.now();
  const bytes = JSON.stringify(engine.getStatus()).length;
  print(`getStatus() with ${MODELS} models, median`, median(times).toFixed(2), 'ms');
  print('  the slowest of them', Math.max(...times).toFixed(2), 'ms');
  print('  with its JSON', (performance.now() - began).toFixed(2), 'ms');
  print('  which is', (bytes / 1000).toFixed(0), 'kB');
  await engine.close();
}

/** Predicts so often, some at once; how much CPU and heap one takes. */
async function round(engine) {
  let left = PREDICTIONS;
  globalThis.gc();
  const [heap, cpu] = [process.memoryUsage().heapUsed, cpuUs()];
  await Promise.all(Array.from({ length: CONCURRENCY }, async () => {
    while (left-- > 0) await engine.predictWithFallback({ modelId: 'model-1', matches: [match] });
  }));
  const taken = cpuUs() - cpu;
  return { us: taken / PREDICTIONS, bytes: (process.memoryUsage().heapUsed - heap) / PREDICTIONS };
}

/** Looks at a page as a browser does; ends it. */
async function look(url) {
  const request = get(`${url}/events`);
  const [response] = await once(request, 'response');
  response.resume();
  await once(response, 'data');
  return () => request.destroy();
}

/**
 * What a page does for a prediction, exactly: nothing but to be told of its events. A prediction that its model answers has none,
 * so it is counted how many there were; one that falls back has one, so it is measured what the page does when it is told.
 */
async function told(upstream) {
  const { statusPage } = require('../status/index.js');
  const engine = engineFor(modelsOf('first', upstream.origins.plain));
  let events = 0;
  engine.onEvent(() => { events += 1; });
  await round(engine);
  print(`a page is told of ${PREDICTIONS} predictions that are answered`, String(events), 'events');
  let tell;
  const watched = new Proxy(engine, { get: (_, name) => (name === 'onEvent' ? (listener) => { tell = listener; return () => {}; } : engine[name].bind(engine)) });
  const page = statusPage(watched);
  const server = createServer(page).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const end = await look(`http://127.0.0.1:${server.address().port}`);
  const event = { type: 'fallback', originalModelId: 'a', modelId: 'b', reason: 'timeout', promptVersion: '1', overrides: [], callId: 'x-1', requestId: null, sequence: 1, at: new Date().toISOString() };
  const times = [];
  for (let time = 0; time < TELLINGS; time += 1) {
    const all = Array.from({ length: EVENTS }, () => ({ ...event, dropped: 0 }));
    const began = performance.now();
    for (const each of all) tell(each);
    times.push(performance.now() - began);
    // What waits is written to the streams meanwhile, so that no event is left out.
    await setTimeout(150);
  }
  print('  what a page does for an event, median', (median(times) / EVENTS * 1000).toFixed(2), 'µs');
  end();
  page.close();
  server.close();
  server.closeAllConnections();
  await engine.close();
}

async function pages(upstream) {
  const { statusPage } = require('../status/index.js');
  const engine = engineFor(modelsOf('first', upstream.origins.plain));
  const page = statusPage(engine);
  const server = createServer(page).listen(0, '127.0.0.1');
  await once(server, 'listening');
  for (let time = 0; time < WARM; time += 1) await engine.predictWithFallback({ modelId: 'model-1', matches: [match] });
  const [without, looked] = [[], []];
  for (let time = 0; time < ROUNDS; time += 1) {
    without.push((await round(engine)).us);
    const end = await look(`http://127.0.0.1:${server.address().port}`);
    looked.push((await round(engine)).us);
    end();
  }
  print('a prediction while nobody looks', median(without).toFixed(1), 'µs of CPU');
  print('  while somebody looks', median(looked).toFixed(1), 'µs of CPU');
  page.close();
  server.close();
  server.closeAllConnections();
  await engine.close();
}

/** The heap that a prediction takes: without `fallcast/otel`, with it loaded, and instrumented with nobody who records. */
async function spans(upstream) {
  const engine = engineFor(modelsOf('first', upstream.origins.plain));
  const bytes = async () => {
    const rounds = [];
    for (let time = 0; time < ROUNDS; time += 1) rounds.push(await round(engine));
    return [median(rounds.map((each) => each.bytes)), median(rounds.map(({ us }) => us))];
  };
  await round(engine);
  const before = await bytes();
  const { instrument } = require('../otel/index.js');
  const loaded = await bytes();
  instrument(engine);
  const instrumented = await bytes();
  for (const [what, [heap, us]] of [['without fallcast/otel', before], ['with it loaded', loaded], ['instrumented, and nobody records', instrumented]]) {
    print(`a prediction ${what}`, us.toFixed(1), `µs of CPU, ${heap.toFixed(0)} bytes of heap`);
  }
  await engine.close();
}

const upstream = await startUpstream();
await statuses(upstream);
await told(upstream);
await pages(upstream);
await spans(upstream);
await upstream.close();
