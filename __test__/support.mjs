/** What the specs share: an upstream and an engine that end with their test, models in a chain, events, rejections. */
import { EventEmitter, once } from 'node:events';
import { createRequire } from 'node:module';

import { onTestFinished } from 'vitest';

import { byModel, scoreOf, startUpstream } from '../examples/upstream.mjs';

/** The addon, as CommonJS gives it. */
export const fallcast = createRequire(import.meta.url)('../main.js');

/** An upstream that is closed after the test. */
export async function upstreamFor(manner = 'clean') {
  const upstream = await startUpstream({ manner });
  onTestFinished(upstream.close);
  return upstream;
}

/** An engine that is closed after the test. */
export function engineFor(config) {
  const engine = new fallcast.Fallcast(config);
  onTestFinished(() => engine.close());
  return engine;
}

/**
 * The configuration of models that fall back each to the next, all on one provider, at 1 and 2 dollars per million
 * tokens. Each is known upstream by its own id. `more` is laid over it.
 *
 * @param {{ baseUrl: string }} upstream
 * @param {string[] | Record<string, object>} models ids; or by id, fields that are not as above
 */
export function chain({ baseUrl }, models, { providers = [], ...more } = {}) {
  const entries = Array.isArray(models) ? models.map((id) => [id, {}]) : Object.entries(models);
  const ids = entries.map(([id]) => id);
  return {
    builtinCatalog: false,
    providers: [{ id: 'p', baseUrl }, ...providers],
    models: entries.map(([id, fields], index) => ({
      id,
      provider: 'p',
      upstreamModel: id,
      promptUsdPer1M: 1,
      completionUsdPer1M: 2,
      fallbacks: ids.slice(index + 1, index + 2),
      ...fields,
    })),
    maxRetries: 0,
    ...more,
  };
}

/**
 * Models in a chain, each with the manner in which the upstream answers for it.
 *
 * @param {Record<string, any>} table by model id, a manner or a list of manners
 * @param {object} [more] `models`: fields by model id; `providers`: more providers, on the same upstream; the rest is
 *   configuration
 */
export async function transcript(table, { models = {}, providers = [], ...config } = {}) {
  const upstream = await upstreamFor(byModel(table));
  const all = Object.fromEntries(Object.keys(table).map((id) => [id, models[id] ?? {}]));
  const others = providers.map((provider) => ({ baseUrl: upstream.baseUrl, ...provider }));
  const engine = engineFor(chain(upstream, all, { providers: others, ...config }));
  const [modelId] = Object.keys(table);
  return {
    upstream,
    engine,
    /** Asks the first model for `count` matches. */
    predict: (options, count = 1) => engine.predictWithFallback({ modelId, matches: matches(count) }, options),
    /** Asks the first model for a match that was not asked for before. */
    predictAnother: (options) => engine.predictWithFallback({ modelId, matches: [another()] }, options),
    /** The models that the upstream was asked, in order. */
    asked: () => upstream.requests.map(({ model }) => model),
  };
}

/** `count` matches with the ids m1, m2, … */
export function matches(count = 1) {
  return Array.from({ length: count }, (_, index) => ({
    id: `m${index + 1}`,
    homeTeam: `Home ${index + 1}`,
    awayTeam: `Away ${index + 1}`,
    competition: 'Premier League',
    kickoff: '2025-10-19T15:30:00Z',
  }));
}

let others = 0;
/** A match with an id that no other one has. */
export const another = () => ({ ...matches()[0], id: `another-${others += 1}` });

/** What the upstream predicts for the matches, as an outcome has it. */
export function predictions(ids, modelId) {
  return ids.map((matchId) => ({ matchId, ...scoreOf(matchId), modelId }));
}

/** The error with which a promise rejects. */
export async function rejection(promise) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`resolved with ${JSON.stringify(value)}`);
}

/** The error that a function throws. */
export function thrown(run) {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('did not throw');
}

/** An engine of models that nobody answers for: what becomes of them is reported. */
export const quiet = (models = ['a', 'b', 'c'], config = {}) => (
  engineFor(chain({ baseUrl: 'http://127.0.0.1:9/v1' }, models, config))
);

/** What the engine knows of a model. */
export const stateOf = (engine, modelId) => engine.getModels().find(({ id }) => id === modelId);

/** Reports so many failures of a model. */
export function fail(engine, modelId, times, kind = 'parse_error') {
  for (let time = 0; time < times; time += 1) engine.reportFailure(modelId, kind);
}

/**
 * Listens to an engine, or to the module's functions, until the test ends.
 *
 * @param {'onEvent' | 'onInvalidate'} [subscribe]
 */
export function listen(engine, subscribe = 'onEvent') {
  const events = [];
  const news = new EventEmitter();
  onTestFinished(engine[subscribe]((event) => {
    events.push(event);
    news.emit('event');
  }));
  const until = async (condition) => {
    while (!condition(events)) await once(news, 'event');
    return events;
  };
  let seen = 0;
  return {
    /** All that was told, in order. */
    events,
    /** Resolves with all that was told, once that satisfies a condition. */
    until,
    /** Resolves with the next event of a type, after the one that this returned last. */
    async next(type) {
      const place = () => events.findIndex((event, index) => index >= seen && event.type === type);
      await until(() => place() !== -1);
      seen = place() + 1;
      return events[seen - 1];
    },
  };
}

/** Attempts in short: the model and its failure. */
export const inShort = (attempts) => attempts.map(({ modelId, failure }) => [modelId, failure]);

/** Skips in short: the model and the reason. */
export const skipsInShort = (skips) => skips.map(({ modelId, reason }) => [modelId, reason]);

/** US dollars as whole millionths. */
export const micro = (usd) => Math.round(usd * 1e6);

/** US dollars as whole billionths. */
export const nano = (usd) => Math.round(usd * 1e9);

/** Has an engine take over that models have cost so much today, in millionths of a dollar. */
export function spendToday(engine, microUsd) {
  engine.restore({ version: 1, spend: { day: engine.getBudget().day, microUsd } });
}
