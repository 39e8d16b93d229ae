/** A day's slate: the whole catalogue about ten matches, at two providers of which one is in trouble. */
import { performance } from 'node:perf_hooks';

import { describe, expect, test } from 'vitest';

import { engineFor, fallcast, matches, upstreamFor } from './support.mjs';

/** How much faster than in life the models answer. */
const SCALE = 200;
/** How many requests a provider may have under way. */
const WIDTH = 8;
/** Milliseconds in life of a model whose time-out is the default; others take a third of theirs. */
const USUAL = 4333;
const GAMES = 10;

const catalogue = new fallcast.Fallcast().getModels();
const entries = await import('../catalog/models.json', { with: { type: 'json' } }).then(({ default: { models } }) => models);
const idsOf = (provider) => entries.filter((entry) => entry.provider === provider).map(({ id }) => id);
const [together, synthetic] = ['together', 'synthetic'].map(idsOf);

/** What the models of Synthetic fall back to: each to one of Together AI, that the slate asks as well. */
const fallbacks = Object.fromEntries(synthetic.map((id, index) => [id, [together[index % together.length]]]));

/**
 * The catalogue on two upstreams, where every model takes its time, and the slate of it. `trouble` is the manner of the second
 * one's, and `width` how many requests it may have under way; `most` is how many requests each had open at most.
 */
async function day(trouble, width = WIDTH) {
  const most = { together: 0, synthetic: 0 };
  const manner = (provider, answer) => (request) => {
    most[provider] = Math.max(most[provider], upstreams[provider].open.length);
    return answer(request);
  };
  const timeouts = new Map(entries.map(({ upstreamModel, timeoutMs }) => [upstreamModel, timeoutMs]));
  const slow = ({ model }) => {
    const timeout = timeouts.get(model.replace('hf:', ''));
    return { name: 'slow', ms: (timeout ? timeout / 3 : USUAL) / SCALE };
  };
  const upstreams = {
    together: await upstreamFor(manner('together', slow)),
    synthetic: await upstreamFor(manner('synthetic', (request) => trouble?.(request) ?? slow(request))),
  };
  const engine = engineFor({
    providers: Object.entries(upstreams).map(([id, { baseUrl }]) => ({
      id, baseUrl, maxConcurrency: id === 'synthetic' ? width : WIDTH,
    })),
    fallbacks,
    maxRetries: 0,
  });
  // One match after the other, so that no model is asked about many at once before it has said anything.
  const games = matches(GAMES).map((game, index) => ({ ...game, kickoff: `2999-08-${10 + index}T15:00:00Z` }));
  const request = { matches: games, models: catalogue.map(({ id }) => id) };
  const begin = (options) => engine.predictSlate(request, { matchesPerRequest: 1, ...options });
  return { engine, upstreams, most, begin };
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/** What a slate of the day costs when all is well, by the provider of the model that was asked for. */
async function costWhenWell() {
  const { begin, upstreams, most } = await day();
  const { outcomes, complete, costUsd } = await begin().result();
  expect(complete).toBe(true);
  expect([upstreams.together.requests.length, upstreams.synthetic.requests.length]).toEqual([together.length, synthetic.length].map((count) => count * GAMES));
  expect(most).toEqual({ together: WIDTH, synthetic: WIDTH });
  const of = (ids) => sum(outcomes.filter(({ originalModelId }) => ids.includes(originalModelId)).map((outcome) => outcome.costUsd));
  return { all: costUsd, together: of(together) };
}

/** The matches about which each model was asked, as often as it was. */
const askedOf = (upstreams) => Object.values(upstreams).flatMap(({ requests }) => requests.map(({ model, matchIds }) => `${model} ${matchIds}`));

/** Holds that every cell has an answer, and that nobody was asked twice about a match. */
function expectWhole({ outcomes, missing, complete }, upstreams) {
  expect({ missing, complete }).toEqual({ missing: [], complete: true });
  const cells = outcomes.flatMap(({ originalModelId, predictions }) => predictions.map(({ matchId }) => `${originalModelId} ${matchId}`));
  expect(cells).toHaveLength(catalogue.length * GAMES);
  expect(new Set(cells).size).toBe(cells.length);
  const asked = askedOf(upstreams);
  expect(new Set(asked).size).toBe(asked.length);
}

/** Those outcomes whose own model is Synthetic's, and what their own attempts cost. */
function ofSynthetic({ outcomes }) {
  const own = outcomes.filter(({ originalModelId }) => synthetic.includes(originalModelId));
  const attempts = own.flatMap(({ attempts }) => attempts).filter(({ reused }) => !reused);
  return { own, costUsd: sum(attempts.map((attempt) => attempt.costUsd)) };
}

describe('every model about ten matches', { timeout: 90_000 }, () => {
  test('of a provider that is down all places are filled by others, at no cost of their own', async () => {
    const well = await costWhenWell();
    const { begin, upstreams } = await day(() => 'loading');
    const slate = await begin().result();
    expectWhole(slate, upstreams);
    const { own, costUsd } = ofSynthetic(slate);
    expect(own.every(({ modelId, originalModelId }) => fallbacks[originalModelId].includes(modelId))).toBe(true);
    expect(costUsd).toBe(0);
    expect(slate.costUsd).toBeCloseTo(well.together, 9);
    // Each was asked until it was left alone, and no more.
    expect(upstreams.synthetic.requests.length).toBeLessThanOrEqual(synthetic.length * GAMES);
  });

  test('of a provider that hangs as well, at the cost of what hung', async () => {
    const well = await costWhenWell();
    const { begin, upstreams } = await day(() => 'never');
    const slate = await begin({ attemptTimeoutMs: 800 }).result();
    expectWhole(slate, upstreams);
    const { own, costUsd } = ofSynthetic(slate);
    expect(own.every(({ usedFallback }) => usedFallback)).toBe(true);
    expect(slate.costUsd - costUsd).toBeCloseTo(well.together, 9);
  });

  test('of a provider that limits none is asked before its time, and each answers for itself', async () => {
    const limited = new Map();
    const early = [];
    const { begin, upstreams } = await day(({ model }) => {
      const since = performance.now() - (limited.get(model) ?? -Infinity);
      if (since < 1000) early.push([model, since]);
      if (limited.has(model)) return null;
      limited.set(model, performance.now());
      return { name: 'rate_limited', retryAfter: 1 };
      // One after the other: what is sent before the answer has come is not too early.
    }, 1);
    const slate = await begin().result();
    expect(early).toEqual([]);
    expect({ missing: slate.missing, complete: slate.complete }).toEqual({ missing: [], complete: true });
    expect(ofSynthetic(slate).own.every(({ usedFallback }) => !usedFallback)).toBe(true);
    expect(upstreams.synthetic.requests).toHaveLength(synthetic.length * (GAMES + 1));
  });

  test('leaves no request and no connection at work when it is aborted half-way', async () => {
    const { begin, upstreams, engine } = await day();
    const abort = new AbortController();
    const slate = begin({ signal: abort.signal });
    const failed = slate.result().then(() => null, (error) => error);
    await upstreams.together.received(60);
    abort.abort();
    const { name, outcome } = await failed;
    expect(name).toBe('AbortError');
    expect(outcome.outcomes.length).toBeGreaterThan(0);
    const answered = sum(outcome.outcomes.map(({ predictions }) => predictions.length));
    expect(answered + outcome.missing.length).toBe(catalogue.length * GAMES);
    await Promise.all(Object.values(upstreams).map((upstream) => upstream.idle()));
    const asked = askedOf(upstreams).length;
    expect(slate.progress()).toMatchObject({ inFlight: 0, waiting: 0 });
    await engine.close();
    expect(askedOf(upstreams)).toHaveLength(asked);
  });
});
