/** What holds of all that is shown: it moves, it agrees with what happened, and it gives no secret away. */
import { once } from 'node:events';
import { createServer } from 'node:http';

import { expect, onTestFinished, test } from 'vitest';

import { byModel } from '../examples/upstream.mjs';
import status from '../status/index.js';
import { promptFolder, version } from './prompt-folder.mjs';
import { another, chain, engineFor, fail, matches, rejection, spendToday, upstreamFor } from './support.mjs';

/** The paths of all that there is, an index as `[]`, each with all that stands there; of an object only that it is one. */
function leaves(value, path = '', found = new Map()) {
  if (typeof value === 'object' && value !== null) {
    const entries = Array.isArray(value) ? value.map((each) => ['[]', each]) : Object.entries(value).map(([name, each]) => [`.${name}`, each]);
    note(found, path, 'an object');
    if (Array.isArray(value)) note(found, `${path}.length`, value.length);
    for (const [step, each] of entries) leaves(each, path + step, found);
  } else {
    note(found, path, value);
  }
  return found;
}

function note(found, path, value) {
  if (!found.has(path)) found.set(path, new Set());
  found.get(path).add(value);
}

test('every field of a status takes another value when something happens', async () => {
  const upstream = await upstreamFor(byModel({ a: 'internal_error', b: 'clean', c: 'partial', d: { name: 'rate_limited', retryAfter: 600 }, e: 'never', k: 'unauthorized', x: ['loading', 'clean'] }));
  const models = { a: { fallbacks: ['b'] }, b: { fallbacks: [] }, c: { fallbacks: ['b'] }, d: { fallbacks: ['b'] }, e: { provider: 'q', fallbacks: [] }, k: { provider: 'r', fallbacks: [] }, n: { enabled: false }, u: { provider: 'none' }, x: { fallbacks: [] }, y: { fallbacks: [], retiresOn: '2990-01-01' } };
  const config = chain(upstream, models, {
    dailyBudgetUsd: 0.01, transientThreshold: null, budgetAlerts: [0.0001],
    providers: [{ id: 'q', baseUrl: upstream.baseUrl, maxConcurrency: 1 }, { id: 'r', baseUrl: upstream.baseUrl }, { id: 'none', baseUrl: 'https://example.org/v1', apiKeyEnv: 'NO_SUCH_KEY' }],
  });
  const dated = version({ notes: 'dated', activeFrom: '2020-01-01', activeTo: '2990-01-01', weight: 3 });
  const prompts = promptFolder({ dated, later: version({ activeFrom: '2990-01-01' }), trial: version({ models: ['a'] }), both: version({ models: ['b', 'c'] }) });
  const other = engineFor({ ...config, disableThreshold: 3, pauseFallbacksAt: 0.5, warnPriceRatio: null, dailyBudgetUsd: 5, prompts });
  const engine = engineFor({ ...config, maxRetries: 1 });
  const found = leaves(other.getStatus());
  const look = () => leaves(engine.getStatus(), '', found);
  look();
  const ask = (modelId, count = 1, options = {}) => engine.predictWithFallback({ modelId, matches: matches(count).map((match, index) => ({ ...match, id: `${modelId}-${index}-${another().id}` })) }, options).catch((error) => error);
  for (const [modelId, count, requestId] of [['a', 1, 'job-1'], ['b', 2], ['c', 2], ['d', 1], ['k', 1], ['x', 1]]) {
    await ask(modelId, count, { requestId });
    look();
  }
  await engine.askWithFallback({ modelId: 'b', prompt: { user: 'What is an offside?' } });
  look();
  const abort = new AbortController();
  const hanging = [1, 2].map(() => ask('e', 1, { signal: abort.signal }));
  while (engine.getStatus().providers.find(({ id }) => id === 'q').waiting === 0) await new Promise(setImmediate);
  look();
  abort.abort();
  await Promise.all(hanging);
  fail(engine, 'a', 5);
  look();
  await ask('a');
  engine.disableModel('b', 'by hand');
  await ask('d');
  look();
  spendToday(engine, { b: 20_000 });
  look();
  engine.enableModel('a');
  engine.enableModel('b');
  engine.activatePrompts(engine.getPrompts()[0].version);
  await engine.predictWithFallback({ modelId: 'b', matches: [another()], prompt: { user: 'no match is asked for' } }).catch(() => {});
  look();
  await engine.close();
  look();

  const still = [...found].filter(([, values]) => values.size < 2 && !values.has('an object')).map(([path]) => path);
  // A day and a catalogue stand as long as they last; what an event has is its own, and a fleet is another test's.
  const standing = [/^\.budget\.day$/, /^\.budget\.resetsAt$/, /^\.days\[\]\.day$/, /^\.days\.length$/, /^\.fleet$/, /^\.models\.length$/, /^\.providers\.length$/, /^\.events\[\]\./];
  expect(still.filter((path) => !standing.some((each) => each.test(path)))).toEqual([]);
});

/** Between what two times a time is counted, in milliseconds: four bins to each doubling, and one below a millisecond. */
function binOf(ms) {
  if (ms < 1) return [0, 1];
  const doubling = 2 ** Math.floor(Math.log2(ms));
  const quarter = Math.floor((ms / doubling - 1) * 4);
  return [doubling * (1 + quarter / 4), doubling * (1 + (quarter + 1) / 4)];
}

test('windows agree with a recount of what was recorded', async () => {
  const manners = ['clean', 'prose', 'internal_error', 'partial', { name: 'slow', ms: 30 }, { name: 'slow', ms: 5 }];
  let seed = 12_345;
  const random = () => { seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648; return seed / 2_147_483_648; };
  const upstream = await upstreamFor(() => manners[Math.floor(random() * manners.length)]);
  const engine = engineFor(chain(upstream, ['a', 'b', 'c'], { disableThreshold: null, transientThreshold: null }));
  const recorded = [];
  for (let round = 0; round < 20; round += 1) {
    const calls = Array.from({ length: 8 }, (_, index) => engine.predictWithFallback({ modelId: ['a', 'b', 'c'][index % 3], matches: matches(2).map((match) => ({ ...match, id: another().id })) }));
    for (const ended of await Promise.allSettled(calls)) recorded.push(...(ended.value ?? ended.reason).attempts);
  }
  expect(recorded.length).toBeGreaterThan(200);
  for (const { id, windows, trend } of engine.getStatus().models) {
    const own = recorded.filter(({ modelId }) => modelId === id);
    const answered = own.filter(({ failure }) => failure === null).length;
    const durations = own.map(({ durationMs }) => durationMs).sort((one, other) => one - other);
    const quantile = (share) => durations[Math.ceil(share * durations.length) - 1];
    for (const span of Object.values(windows)) {
      expect([span.attempts, span.answered]).toEqual([own.length, answered]);
      expect(span.costUsd).toBeCloseTo(own.reduce((sum, { costUsd }) => sum + costUsd, 0), 9);
      for (const [shown, exact] of [[span.p50Ms, quantile(0.5)], [span.p95Ms, quantile(0.95)]]) {
        const [begin, end] = binOf(exact);
        expect(shown).toBeGreaterThanOrEqual(begin - 0.001);
        expect(shown).toBeLessThanOrEqual(end + 0.001);
      }
    }
    const shares = trend.filter((share) => share !== null);
    expect(shares.length).toBeGreaterThan(0);
    if (shares.length === 1) expect(shares[0]).toBeCloseTo(answered / own.length, 9);
  }
});

test('no key, prompt or reply is in any byte that is served, whatever the provider echoes', async () => {
  const [key, header] = ['sk-secret-of-the-provider', 'secret-in-a-header'];
  const echo = ({ headers }) => ({ name: 'status', status: 400, message: `bad key ${headers.authorization}, header ${headers['x-own']}` });
  const upstream = await upstreamFor((request) => (request.model === 'a' ? echo(request) : 'clean'));
  const providers = [{ id: 'q', baseUrl: upstream.baseUrl, apiKey: key, headers: { 'x-own': header } }];
  const engine = engineFor(chain(upstream, { a: { provider: 'q' }, b: { provider: 'q' } }, { providers, dailyBudgetUsd: 1 }));
  const page = status.statusPage(engine, { actions: true, authorize: () => true });
  const server = createServer(page).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => { page.close(); server.close(); server.closeAllConnections(); });
  const origin = `http://127.0.0.1:${server.address().port}`;
  const served = [];
  const streamed = await fetch(`${origin}/events`);
  const reader = streamed.body.getReader();
  onTestFinished(() => reader.cancel().catch(() => {}));
  const asked = { ...matches()[0], analysis: 'the private analysis' };
  const outcome = await engine.predictWithFallback({ modelId: 'a', matches: [asked] });
  expect(outcome.attempts.map(({ failure }) => failure)).toEqual(['bad_request', null]);
  await rejection(engine.predictWithFallback({ modelId: 'a', matches: [{ ...asked, id: 'alone' }] }, { maxFallbackDepth: 0 }));
  engine.reportFailure('b', 'unauthorized');
  for (let all = ''; !all.includes('provider_cooling') || !all.includes('"alone"') && !all.includes('ALL_ATTEMPTS_FAILED');) {
    all += Buffer.from((await reader.read()).value).toString();
    served[0] = all;
  }
  for (const path of ['/', '/status.json', '/metrics', '/healthz', '/explain.json?modelId=a', '/explain.json?modelId=nobody', '/nothing', '/fleet.json']) served.push(await (await fetch(origin + path)).text());
  const all = served.join('\n');
  expect(all).toContain('bad_request');
  const secrets = [key, header, 'secret', 'private', 'Home 1', 'Away 1', upstream.baseUrl, outcome.rawResponse, JSON.stringify(outcome.rawResponse).slice(1, -1)];
  for (const secret of secrets) expect(all).not.toContain(secret);
  const { system } = engine.buildPrompt('a', [asked]);
  for (const line of system.split('\n').filter((each) => each.length > 30)) expect(all).not.toContain(line);
});
