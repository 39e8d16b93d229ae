import { execFileSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from 'vitest';

import { byModel } from '../examples/upstream.mjs';
import { chain, engineFor, fallcast, matches, rejection, thrown, transcript, upstreamFor } from './support.mjs';

/** An engine whose models answer in these manners, by their ids; and `count` matches without a kick-off. */
const slates = transcript;
const games = (count) => matches(count).map(({ kickoff, ...game }) => game);

/** Every event of a slate. */
async function read(slate) {
  const events = [];
  for await (const event of slate) events.push(event);
  return events;
}

const cellsOf = (outcomes) => outcomes.flatMap((outcome) => (
  outcome.predictions.map(({ matchId }) => `${outcome.originalModelId} ${matchId}`)
)).sort();

describe('a slate that goes well', () => {
  test('tells of every cell as it comes, begins and ends with progress, and results in all of it', async () => {
    const { engine, upstream } = await slates({ a: 'clean', b: 'clean', c: 'clean' });
    const slate = engine.predictSlate({ matches: games(4), models: ['a', 'b', 'c'] }, { matchesPerRequest: 2, requestId: 'saturday' });
    expect(slate.plan).toMatchObject({ cells: 12, requests: 6, skips: [], providers: [{ providerId: 'p', requests: 6, atOnce: 8, inTurn: 1 }] });
    expect(slate.plan.models.map(({ modelId, cells, requests }) => [modelId, cells, requests])).toEqual([['a', 4, 2], ['b', 4, 2], ['c', 4, 2]]);
    const events = await read(slate);
    expect(events[0].type).toBe('progress');
    expect(events.at(-1)).toEqual({ type: 'progress', progress: slate.progress() });
    const answered = events.filter(({ type }) => type === 'answered').map(({ outcome }) => outcome);
    const { outcomes, missing, consensus, costUsd, durationMs, complete } = await slate.result();
    expect(outcomes).toEqual(answered);
    expect(cellsOf(outcomes)).toHaveLength(12);
    expect(new Set(cellsOf(outcomes)).size).toBe(12);
    expect({ missing, complete }).toEqual({ missing: [], complete: true });
    expect(consensus.map(({ matchId, models }) => [matchId, models])).toEqual([['m1', 3], ['m2', 3], ['m3', 3], ['m4', 3]]);
    expect(costUsd).toBeCloseTo(outcomes.reduce((sum, outcome) => sum + outcome.costUsd, 0), 12);
    expect(costUsd).toBe(slate.progress().costUsd);
    expect(durationMs).toBeGreaterThan(0);
    expect(slate.progress()).toMatchObject({ cells: 12, answered: 12, missing: 0, inFlight: 0, waiting: 0 });
    expect(new Set(outcomes.map(({ callId }) => callId)).size).toBe(6);
    expect(outcomes.every(({ requestId }) => requestId === 'saturday')).toBe(true);
    expect(upstream.requests).toHaveLength(6);
  });

  test('consensus has the shares and the most frequent score', async () => {
    const { engine } = await slates({ a: 'clean' });
    const { consensus, outcomes } = await engine.predictSlate({ matches: games(1), models: ['a'] }).result();
    const [{ homeScore, awayScore }] = outcomes[0].predictions;
    const share = (is) => (is ? 1 : 0);
    expect(consensus).toEqual([{
      matchId: 'm1', models: 1, homeWin: share(homeScore > awayScore), draw: share(homeScore === awayScore),
      awayWin: share(homeScore < awayScore), homeScore, awayScore,
    }]);
  });

  test('leaves thoughts and replies out unless they are asked for', async () => {
    const { engine } = await slates({ a: 'think' });
    const request = { matches: games(1), models: ['a'] };
    const { outcomes: [without] } = await engine.predictSlate(request).result();
    expect(without).toMatchObject({ reasoning: null, rawResponse: '' });
    const { outcomes: [within] } = await engine.predictSlate(request, { keepReplies: true }).result();
    expect(within.reasoning).toBeTypeOf('string');
    expect(within.rawResponse).toContain('m1');
    expect(Object.keys(within)).toEqual(Object.keys(without));
  });

  test('asks every active model where none is named, and only the cells that are', async () => {
    const { engine, asked } = await slates({ a: 'clean', b: 'clean', c: 'clean' });
    engine.disableModel('b', 'not today');
    await engine.predictSlate({ matches: games(1) }).result();
    expect(asked().sort()).toEqual(['a', 'c']);
    const cells = [{ modelId: 'c', matchId: 'm2' }];
    const { outcomes } = await engine.predictSlate({ matches: games(3), cells }).result();
    expect(cellsOf(outcomes)).toEqual(['c m2']);
  });

  test('the functions of the module are the same', () => {
    const { explainSlate, predictSlate } = fallcast;
    expect([explainSlate, predictSlate].map((called) => typeof called)).toEqual(['function', 'function']);
  });
});

test('explainSlate says what would be done and calls nothing', async () => {
  const { engine, upstream } = await slates({ a: 'clean', b: 'clean' }, { models: { b: { promptUsdPer1M: 10 } } });
  engine.disableModel('a', 'not today');
  const plan = engine.explainSlate({ matches: games(50), models: ['a', 'b'] });
  expect(plan).toMatchObject({
    cells: 100, requests: 3, models: [{ modelId: 'a', requests: 3 }, { modelId: 'b', requests: 3 }],
    skips: [{ modelId: 'a', cells: 50, reason: 'disabled' }], providers: [{ providerId: 'p', requests: 3, inTurn: 1 }],
  });
  expect(plan.expectedCostUsd).toBe(plan.models[1].expectedCostUsd);
  expect(plan.worstCostUsd).toBeGreaterThan(plan.expectedCostUsd);
  expect(upstream.requests).toEqual([]);
});

describe('a request or options with faults throw with all of their paths, and send nothing', () => {
  const request = { matches: games(2), models: ['a'] };
  const cell = { modelId: 'a', matchId: 'm1' };
  test.each([
    [undefined, undefined, ['request: must be an object']],
    [{}, undefined, ['request.matches: must be an array, got nothing']],
    [{ matches: [] }, undefined, ['request.matches: must hold 1 to 1000 matches, got 0']],
    [{ matches: games(1001) }, undefined, ['request.matches: must hold 1 to 1000 matches, got 1001']],
    [{ matches: [...games(1), ...games(1)] }, undefined, ['request.matches[1].id']],
    [{ ...request, models: [] }, undefined, ['request.models: must name at least one model']],
    [{ ...request, models: 'all' }, undefined, ['request.models: must be an array of ids, or "active"']],
    [{ ...request, models: ['a', 7, 'a'] }, undefined, ['request.models[1]: must be a string']],
    [{ ...request, models: ['x', 'a', 'a'] }, undefined, ['request.models[0]: no model has the id "x"', 'request.models[2]']],
    [{ ...request, cells: [cell] }, undefined, ['request.cells: has no meaning beside request.models']],
    [{ matches: games(2), cells: [] }, undefined, ['request.cells: must hold at least one cell']],
    [{ matches: games(2), cells: [{ ...cell, modelId: 'x' }] }, undefined, ['request.cells[0].modelId: no model has the id "x"']],
    [{ matches: games(2), cells: [{ ...cell, matchId: 'm3' }] }, undefined, ['request.cells[0].matchId']],
    [{ matches: games(2), cells: [cell, cell] }, undefined, ['request.cells[1]: the same cell twice']],
    [{ matches: games(2), cells: [{ modelId: 'a' }, 3] }, undefined, ['request.cells[0].matchId: must be a string', 'request.cells[1]: must be an object']],
    [{ ...request, fallbacks: 'maybe' }, undefined, ['request.fallbacks: must be "reuse", "call" or "none"']],
    [{ ...request, model: 'a' }, undefined, ['request.model: unknown field']],
    [{ ...request, promptVersion: 'never' }, undefined, ['request.promptVersion']],
    [request, { maxCostUsd: -1, maxInFlight: 0, matchesPerRequest: 1.5 }, ['options.maxCostUsd', 'options.maxInFlight', 'options.matchesPerRequest']],
    [request, { enough: { modelsPerMatch: 1 } }, ['options.enough.afterMs']],
    [request, { enough: 3, keepReplies: 'yes' }, ['options.enough: must be an object', 'options.keepReplies: must be true or false']],
    [request, { stop: ['x'] }, ['options.stop: unknown field']],
    [request, { signal: {}, deadlineMs: 0 }, ['options.signal: must be an AbortSignal', 'options.deadlineMs']],
  ])('%j %j', async (asked, options, paths) => {
    const { engine, upstream } = await slates({ a: 'clean' });
    for (const call of ['predictSlate', 'explainSlate']) {
      const error = thrown(() => engine[call](asked, options));
      expect(error).toBeInstanceOf(Error);
      expect(error.code).toBe('INVALID_REQUEST');
      for (const path of paths) expect(error.message).toContain(path);
    }
    await turn();
    expect(upstream.requests).toEqual([]);
  });

  test('a closed engine throws CLOSED', async () => {
    const { engine } = await slates({ a: 'clean' });
    await engine.close();
    expect(thrown(() => engine.predictSlate(request)).code).toBe('CLOSED');
  });

  test('a slate that is expected to cost more than it may is not begun, and says what would fit', async () => {
    const { engine, upstream } = await slates({ a: 'clean', b: 'clean' });
    const both = { matches: games(2), models: ['a', 'b'] };
    const { expectedCostUsd } = engine.explainSlate(both);
    const error = thrown(() => engine.predictSlate(both, { maxCostUsd: expectedCostUsd * 0.6 }));
    expect(error.code).toBe('BUDGET_EXHAUSTED');
    expect(error.message).toContain('the first 1 of its 2 requests would fit, with 2 of its 4 cells');
    expect(error).toMatchObject({ retryable: false, retryAfterMs: null });
    expect(upstream.requests).toEqual([]);
  });
});

describe('cells without an answer', () => {
  test('are told with their reason and an error, and nothing rejects', async () => {
    const { engine } = await slates({ a: 'prose', b: 'clean' }, { models: { a: { fallbacks: [] } } });
    const slate = engine.predictSlate({ matches: games(2), models: ['a', 'b'] });
    const missed = (await read(slate)).filter(({ type }) => type === 'missed');
    expect(missed).toMatchObject([{ modelId: 'a', matchIds: ['m1', 'm2'], why: 'parse_error' }]);
    const [{ error }] = missed;
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: 'ALL_ATTEMPTS_FAILED', attempts: [{ modelId: 'a', failure: 'parse_error' }] });
    expect(Object.keys(error)).not.toContain('message');
    const { missing, complete, costUsd, outcomes } = await slate.result();
    expect({ missing, complete }).toEqual({
      missing: [{ modelId: 'a', matchId: 'm1', why: 'parse_error' }, { modelId: 'a', matchId: 'm2', why: 'parse_error' }],
      complete: false,
    });
    expect(costUsd).toBeCloseTo(error.costUsd + outcomes[0].costUsd, 12);
  });

  test('that an answer left out are told as well, once', async () => {
    const { engine } = await slates({ a: 'partial' });
    const slate = engine.predictSlate({ matches: games(4), models: ['a'], fallbacks: 'none' });
    const events = await read(slate);
    const [{ outcome }] = events.filter(({ type }) => type === 'answered');
    const [{ matchIds }] = events.filter(({ type }) => type === 'missed');
    expect(matchIds).toEqual(outcome.missingMatchIds);
    expect([...outcome.predictions.map(({ matchId }) => matchId), ...matchIds].sort()).toEqual(['m1', 'm2', 'm3', 'm4']);
  });

  test('that have kicked off are not asked about', async () => {
    const { engine, upstream } = await slates({ a: 'clean' });
    const played = { ...games(1)[0], id: 'played', kickoff: '2020-01-01T15:00:00Z' };
    const { missing } = await engine.predictSlate({ matches: [played, ...games(1)], models: ['a'] }).result();
    expect(missing).toEqual([{ modelId: 'a', matchId: 'played', why: 'kicked_off' }]);
    expect(upstream.requests.map(({ matchIds }) => matchIds)).toEqual([['m1']]);
  });

  test('make a slate reject if there is nothing else, with what was paid for', async () => {
    const { engine } = await slates({ a: 'prose' });
    const slate = engine.predictSlate({ matches: games(1), models: ['a'] });
    const error = await rejection(slate.result());
    expect(error).toMatchObject({ code: 'ALL_ATTEMPTS_FAILED', outcome: { outcomes: [], complete: false } });
    expect(error.costUsd).toBeGreaterThan(0);
    expect(error.costUsd).toBe(error.outcome.costUsd);
    expect((await read(slate)).map(({ type }) => type)).toEqual(['progress', 'missed', 'progress']);
  });
});

describe('a model that fails', () => {
  test('has the answer of another that the slate asks, at no cost', async () => {
    const { engine, asked } = await slates({ a: 'internal_error', b: 'clean' });
    const { outcomes, complete } = await engine.predictSlate({ matches: games(2), models: ['a', 'b'] }).result();
    expect(complete).toBe(true);
    expect(asked().sort()).toEqual(['a', 'b']);
    const a = outcomes.find(({ originalModelId }) => originalModelId === 'a');
    expect(a).toMatchObject({
      modelId: 'b', usedFallback: true, fallbackModelId: 'b', fallbackReason: 'server_error', costUsd: 0,
      attempts: [{ modelId: 'a', failure: 'server_error' }, { modelId: 'b', failure: null, reused: true, costUsd: 0, usage: null }],
    });
    expect(a.attempts[0]).not.toHaveProperty('reused');
    expect(a.predictions.every(({ modelId }) => modelId === 'b')).toBe(true);
  });

  test('costs no more than when all is well, but for what the failed calls cost', async () => {
    const request = { matches: games(3), models: ['a', 'b'] };
    const well = await slates({ a: 'clean', b: 'clean' });
    const { outcomes } = await well.engine.predictSlate(request).result();
    const down = await slates({ a: 'internal_error', b: 'clean' });
    const { costUsd, complete } = await down.engine.predictSlate(request).result();
    expect(complete).toBe(true);
    expect(costUsd).toBeCloseTo(outcomes.find(({ originalModelId }) => originalModelId === 'b').costUsd, 12);
  });
});

/** Whether anything is left open at an upstream, and how many requests it saw. */
async function isIdle(upstream) {
  await upstream.idle();
  return upstream.open.length === 0;
}

describe('however a slate is left, nothing is left running', () => {
  const request = { matches: games(2), models: ['a', 'b', 'c'] };

  test('by leaving the loop', async () => {
    const { engine, upstream } = await slates({ a: 'clean', b: 'never', c: 'never' }, { models: { a: { fallbacks: [] } } });
    const slate = engine.predictSlate(request);
    for await (const { type } of slate) if (type === 'answered') break;
    expect(await isIdle(upstream)).toBe(true);
    const { outcomes, missing, complete } = await slate.result();
    expect({ outcomes: outcomes.length, complete }).toEqual({ outcomes: 1, complete: false });
    expect(missing.map(({ why }) => why)).toEqual(['cancelled', 'cancelled', 'cancelled', 'cancelled']);
    expect(engine.getBudget().reservedUsd).toBe(0);
  });

  test('by throwing in it', async () => {
    const { engine, upstream } = await slates({ a: 'clean', b: 'never', c: 'never' });
    const slate = engine.predictSlate(request);
    const own = new Error('the database is gone');
    const loop = async () => { for await (const { type } of slate) if (type === 'answered') throw own; };
    expect(await rejection(loop())).toBe(own);
    expect(await isIdle(upstream)).toBe(true);
    expect((await slate.result()).complete).toBe(false);
  });

  test('by cancelling it', async () => {
    const { engine, upstream } = await slates({ a: 'never', b: 'never', c: 'never' });
    const slate = engine.predictSlate(request);
    await upstream.received(3);
    slate.cancel();
    slate.cancel();
    const { outcomes, missing, costUsd } = await slate.result();
    expect(outcomes).toEqual([]);
    expect(missing).toHaveLength(6);
    expect(costUsd).toBeGreaterThan(0);
    expect(await isIdle(upstream)).toBe(true);
  });

  test('by an abort, which rejects with its reason and what was paid for', async () => {
    const { engine, upstream } = await slates({ a: 'clean', b: 'never', c: 'never' });
    const controller = new AbortController();
    const slate = engine.predictSlate(request, { signal: controller.signal });
    const events = [];
    const reason = new Error('the user left');
    for await (const event of slate) {
      events.push(event.type);
      if (event.type === 'answered') controller.abort(reason);
    }
    const error = await rejection(slate.result());
    expect(error).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', outcome: { complete: false } });
    expect(error.cause).toBe(reason);
    expect(error.outcome.outcomes).toHaveLength(1);
    expect(error.outcome.missing.map(({ why }) => why)).toEqual(['ABORT_ERR', 'ABORT_ERR', 'ABORT_ERR', 'ABORT_ERR']);
    expect(error.costUsd).toBe(error.outcome.costUsd);
    expect(events.filter((type) => type === 'missed')).toHaveLength(2);
    expect(await isIdle(upstream)).toBe(true);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  test('by a signal that is aborted already, which sends nothing', async () => {
    const { engine, upstream } = await slates({ a: 'clean', b: 'clean', c: 'clean' });
    const error = await rejection(engine.predictSlate(request, { signal: AbortSignal.abort() }).result());
    expect(error).toMatchObject({ code: 'ABORT_ERR', costUsd: 0 });
    expect(upstream.requests).toEqual([]);
  });

  test('by a close', async () => {
    const { engine, upstream } = await slates({ a: 'never', b: 'never', c: 'never' });
    const slate = engine.predictSlate(request);
    const rejected = rejection(slate.result());
    await upstream.received(3);
    await engine.close();
    expect(await rejected).toMatchObject({ code: 'CLOSED', outcome: { complete: false } });
    expect(await isIdle(upstream)).toBe(true);
  });

  test('by nobody: without a reader it runs to its end', async () => {
    const { engine, upstream } = await slates({ a: 'clean', b: 'prose', c: 'clean' });
    engine.predictSlate(request);
    await upstream.received(3);
    expect(await isIdle(upstream)).toBe(true);
    while (engine.getMetrics().models.length < 3) await turn();
  });

  test('by a process that waits for nothing: it ends when the slate has, without an unhandled rejection', () => {
    const program = fileURLToPath(new URL('programs/slates.mjs', import.meta.url));
    const output = execFileSync(process.execPath, ['--unhandled-rejections=strict', program], { encoding: 'utf8', timeout: 20_000 });
    expect(output.trim().split('\n')).toEqual(['6 requests, 0 open']);
  });
});

describe('reading', () => {
  test('slowly holds up no request, and drops no event but numbers', async () => {
    const { engine, upstream } = await slates({ a: 'clean', b: 'clean', c: 'clean' });
    const slate = engine.predictSlate({ matches: games(8), models: ['a', 'b', 'c'] }, { matchesPerRequest: 1 });
    const types = [];
    for await (const { type } of slate) {
      types.push(type);
      if (types.length === 1) {
        // Everything is answered before the reader looks again.
        await upstream.received(24);
        await slate.result();
      }
      await turn();
    }
    expect(types.filter((type) => type === 'answered')).toHaveLength(24);
    expect([types[0], types.at(-1)]).toEqual(['progress', 'progress']);
    expect(types.filter((type) => type === 'progress').length).toBeLessThan(6);
  });

  test('begins late as well', async () => {
    const { engine } = await slates({ a: 'clean' });
    const slate = engine.predictSlate({ matches: games(3), models: ['a'] }, { matchesPerRequest: 1 });
    await slate.result();
    expect((await read(slate)).map(({ type }) => type)).toEqual(['progress', 'answered', 'answered', 'answered', 'progress']);
  });

  test('twice throws', async () => {
    const { engine } = await slates({ a: 'clean' });
    const slate = engine.predictSlate({ matches: games(1), models: ['a'] });
    await read(slate);
    expect(thrown(() => slate[Symbol.asyncIterator]()).code).toBe('INVALID_REQUEST');
    expect((await rejection(read(slate))).message).toContain('is read already');
  });

  test('by hand, many at once, gives each event once', async () => {
    const { engine } = await slates({ a: 'clean' });
    const slate = engine.predictSlate({ matches: games(3), models: ['a'] }, { matchesPerRequest: 1 });
    const iterator = slate[Symbol.asyncIterator]();
    const read = await Promise.all(Array.from({ length: 20 }, () => iterator.next()));
    expect(read.filter(({ value }) => value?.type === 'answered')).toHaveLength(3);
    expect(read.at(-1)).toEqual({ value: undefined, done: true });
    expect(await iterator.return('x')).toEqual({ value: 'x', done: true });
  });

  test('numbers are told at most ten times a second', async () => {
    const { engine } = await slates({ a: { name: 'slow', ms: 5 }, b: 'clean' });
    const slate = engine.predictSlate({ matches: games(60), models: ['a', 'b'] }, { matchesPerRequest: 1 });
    const told = [];
    for await (const { type } of slate) if (type === 'progress') told.push(performance.now());
    const gaps = told.slice(1, -1).map((at, index) => at - told[index]);
    expect(gaps.filter((gap) => gap < 95)).toEqual([]);
  });
});

describe('the limits of a provider', () => {
  test('a rate holds for single predictions too', async () => {
    const upstream = await upstreamFor();
    const limits = { requestsPerMinute: 1 };
    const config = chain(upstream, { a: { provider: 'slow' } }, { providers: [{ id: 'slow', baseUrl: upstream.baseUrl, limits }] });
    const engine = engineFor(config);
    const predict = (options) => engine.predictWithFallback({ modelId: 'a', matches: games(1) }, options);
    await predict();
    const error = await rejection(predict({ deadlineMs: 50 }));
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', costUsd: 0 });
    expect(upstream.requests).toHaveLength(1);
  });

  test('a rate that is no number is INVALID_CONFIG with its path', () => {
    for (const name of ['requestsPerMinute', 'tokensPerMinute']) {
      const config = chain({ baseUrl: 'http://127.0.0.1:9/v1' }, ['a']);
      config.providers[0].limits = { [name]: 0 };
      expect(thrown(() => engineFor(config)).message).toContain(`config.providers[0].limits.${name}: must be a whole number from 1`);
    }
    const config = chain({ baseUrl: 'http://127.0.0.1:9/v1' }, { a: { limits: { requestsPerMinute: 5 } } });
    expect(thrown(() => engineFor(config)).message).toContain('config.models[0].limits.requestsPerMinute: unknown field');
  });

  test('single predictions beside a slate are not held up by it', async () => {
    const upstream = await upstreamFor(byModel({ a: 'held', b: 'clean' }));
    const engine = engineFor(chain(upstream, ['a', 'b']));
    const slate = engine.predictSlate({ matches: games(20), models: ['a'], fallbacks: 'none' }, { matchesPerRequest: 1 });
    await upstream.received(8);
    await engine.predictWithFallback({ modelId: 'b', matches: games(1) });
    expect(upstream.requests.filter(({ model }) => model === 'a')).toHaveLength(8);
    upstream.release();
    expect((await slate.result()).complete).toBe(true);
  });
});
