/** Calls everything that the package exports, in a project that it is installed in. */
import assert from 'node:assert/strict';

import { createRequire } from 'node:module';

import { alerts } from 'fallcast/alerts';
import { instrument } from 'fallcast/otel';
import { statusPage } from 'fallcast/status';
import { byModel, scoreOf, startUpstream } from 'fallcast/testing';

const match = { id: 'm1', homeTeam: 'Girona', awayTeam: 'Getafe' };
const request = { modelId: 'first', matches: [match] };

/** Arguments for every function that the module and an engine have, in the order of the calls. */
const CALLS = {
  predictWithFallback: [request],
  askWithFallback: [{ modelId: 'first', prompt: { user: 'Who is who?' }, schema: { type: 'object', properties: { name: { type: 'string' } } } }],
  explain: [request],
  predictSlate: [{ matches: [match], models: ['second'] }],
  explainSlate: [{ matches: [match] }],
  buildPrompt: ['first', [match]],
  getActiveModelCount: [],
  getActiveProviders: [],
  getBudget: [],
  getFallbackProvider: ['first'],
  getFallbacks: [],
  getMetrics: [],
  getMetricsText: [],
  getModel: ['first'],
  getModels: [],
  getPrompts: [],
  getStatus: [],
  getFleet: [],
  ready: [],
  reloadCatalog: [],
  reloadPrompts: [],
  activatePrompts: [null],
  updateCatalog: [{ fallbacks: { first: 'second' } }],
  disableModel: ['second', 'a trial'],
  enableModel: ['second'],
  recoverDisabledModels: [],
  reportFailure: ['second', 'parse_error'],
  reportSuccess: ['second'],
  snapshot: [],
  restore: [{ version: 1 }],
  onEvent: [() => {}],
  onInvalidate: [() => {}],
};

/** A configuration of two models: the first fails, the second answers. */
function configFor({ baseUrl }) {
  const model = { provider: 'test', promptUsdPer1M: 1, completionUsdPer1M: 1 };
  return {
    builtinCatalog: false,
    providers: [{ id: 'test', baseUrl }],
    models: [
      { id: 'first', upstreamModel: 'flaky', fallbacks: ['second'], ...model },
      { id: 'second', upstreamModel: 'good', ...model },
    ],
  };
}

/** Calls all of them; `predictWithFallback` must have fallen back. */
async function callAll(target) {
  const results = {};
  for (const [name, args] of Object.entries(CALLS)) results[name] = await target[name](...args);
  const { predictions, fallbackReason } = results.predictWithFallback;
  assert.deepEqual(predictions, [{ matchId: 'm1', ...scoreOf('m1'), modelId: 'second' }]);
  assert.equal(fallbackReason, 'server_error');
  assert.deepEqual([results.askWithFallback.value, results.askWithFallback.modelId], [{ name: 'text' }, 'second']);
  assert.equal(results.getActiveModelCount, 2);
  await assert.rejects(target.getFleetStatus(), { code: 'INVALID_REQUEST' }, 'there is no fleet');
  const { complete } = await results.predictSlate.result();
  assert.equal(complete, true);
}

/**
 * Exercises what a way of importing gives: the module's functions, and an engine.
 *
 * @param {string} how the way
 * @param {typeof import('fallcast')} fallcast what it gives
 */
export async function exercise(how, fallcast) {
  const upstream = await startUpstream({ manner: byModel({ flaky: 'internal_error' }) });
  const { Fallcast, MODEL_FALLBACKS, configure, close, readReply, ...functions } = fallcast;
  const names = Object.keys(functions).filter((name) => typeof functions[name] === 'function' && name !== 'default');
  assert.deepEqual(names.sort(), [...Object.keys(CALLS), 'getFleetStatus'].sort());
  assert.deepEqual(MODEL_FALLBACKS['deepseek-r1-0528-syn']?.slice(0, 1), ['deepseek-r1']);
  const { predictions } = readReply('m1: 2-1', [match]);
  assert.deepEqual(predictions.map(({ homeScore, awayScore }) => [homeScore, awayScore]), [[2, 1]]);

  configure(configFor(upstream));
  await callAll(functions);
  await close();
  const engine = new Fallcast(configFor(upstream));
  await callAll(engine);
  const required = createRequire(import.meta.url);
  const posting = alerts(engine, { url: 'http://127.0.0.1:9/' });
  assert.deepEqual(posting.status(), { waiting: 0, delivered: 0, dropped: 0, lastFailure: null });
  await posting.close();
  const page = statusPage(engine);
  assert.equal((await page.fetch(new Request('http://localhost/healthz'))).status, 200);
  page.close();
  assert.equal(required('fallcast/status').statusPage, statusPage);
  assert.equal(required('fallcast/alerts').alerts, alerts);
  assert.equal(required('fallcast/otel').instrument, instrument);
  // Its peer is not installed here.
  assert.throws(() => instrument(engine), { code: 'INVALID_CONFIG', message: /@opentelemetry\/api/ });
  await engine.close();
  await upstream.close();
  console.log(`${how}: ${names.length} functions, twice`);
}
