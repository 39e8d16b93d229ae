import { spawnSync } from 'node:child_process';

import { describe, expect, test } from 'vitest';

import { byModel } from '../examples/upstream.mjs';
import { chain, engineFor, matches, rejection, transcript, upstreamFor } from './support.mjs';

const KEY = 'Like-No-Key-At-All';

/** What is logged during one prediction of a chain whose first model fails. */
async function logged(config, onLog) {
  const records = [];
  const upstream = await upstreamFor(byModel({ a: { name: 'status', status: 500, message: `leaks ${KEY}` } }));
  const engine = engineFor({
    ...chain(upstream, ['a', 'b']), ...config, onLog: onLog ?? ((record) => records.push(record)),
  });
  const outcome = await engine.predictWithFallback({ modelId: 'a', matches: matches() });
  return { records, outcome };
}

describe('onLog', () => {
  test('is given records with a level, a message and fields, before the promise settles', async () => {
    const { records } = await logged({ logLevel: 'debug' });
    expect(records.length).toBeGreaterThan(0);
    for (const { level, message, fields } of records) {
      expect(['error', 'warn', 'info', 'debug']).toContain(level);
      expect(message).toBeTypeOf('string');
      expect(Object.getPrototypeOf(fields)).toBe(Object.prototype);
    }
  });

  test('hears of every attempt', async () => {
    const { records } = await logged({ logLevel: 'debug' });
    const text = JSON.stringify(records);
    for (const word of ['"a"', '"b"', 'server_error']) expect(text).toContain(word);
  });

  test('hears no more than logLevel asks for', async () => {
    const count = async (logLevel) => (await logged({ logLevel })).records.length;
    const [trace, error] = [await count('trace'), await count('error')];
    expect(trace).toBeGreaterThan(0);
    expect(error).toBe(0);
    const levels = new Set((await logged({ logLevel: 'warn' })).records.map(({ level }) => level));
    for (const level of levels) expect(['error', 'warn']).toContain(level);
  });

  test('of one engine hears nothing of another', async () => {
    const records = [];
    engineFor({ builtinCatalog: false, logLevel: 'trace', onLog: (record) => records.push(record) });
    await logged({ logLevel: 'trace' });
    expect(records).toEqual([]);
  });

  test('may throw, and harms nobody', async () => {
    let calls = 0;
    const { outcome } = await logged({ logLevel: 'trace' }, () => {
      calls += 1;
      throw new Error('the logger is broken');
    });
    expect(outcome.modelId).toBe('b');
    expect(calls).toBeGreaterThan(1);
  });

  test('may throw what is no error', async () => {
    const { outcome } = await logged({ logLevel: 'trace' }, () => { throw Symbol('broken'); });
    expect(outcome.modelId).toBe('b');
  });

  test('may call the engine', async () => {
    const upstream = await upstreamFor();
    let nested;
    const engine = engineFor({ ...chain(upstream, ['a']), logLevel: 'trace', onLog: () => {
      nested ??= engine.predictWithFallback({ modelId: 'a', matches: matches() });
    } });
    await engine.predictWithFallback({ modelId: 'a', matches: matches() });
    await expect(nested).resolves.toMatchObject({ modelId: 'a' });
  });
});

describe('an operator can tell', () => {
  /** What is logged while `table` is asked; `of(level)` and `said(message)` choose among it. */
  async function heard(table, config = {}, { options, count = 1 } = {}) {
    const records = [];
    const { engine, predict, upstream } = await transcript(table, {
      logLevel: 'debug', onLog: (record) => records.push(record), ...config,
    });
    const ended = await predict(options, count).catch((error) => error);
    return {
      engine, predict, upstream, records, ended,
      said: (message) => records.filter((record) => record.message === message),
    };
  }
  const whole = { dropped: 0, level: 'info', message: 'call ended' };

  test('of every record which call it belongs to', async () => {
    const { records, ended } = await heard({ a: 'prose', b: 'partial', c: 'clean' }, {}, {
      options: { requestId: 'job-7' }, count: 2,
    });
    expect(records.length).toBeGreaterThan(5);
    for (const { fields } of records) expect(fields).toMatchObject({ callId: ended.callId, requestId: 'job-7' });
    const nameless = await heard({ a: 'clean' });
    for (const { fields } of nameless.records) {
      expect(fields.callId).toBe(nameless.ended.callId);
      expect(fields).not.toHaveProperty('requestId');
    }
  });

  test('how a call ended that was answered', async () => {
    const { said, ended } = await heard({ a: 'prose', b: 'clean' });
    expect(said('call ended')).toEqual([{ ...whole, fields: {
      code: 'ok', model: 'b', reason: 'parse_error', durationMs: expect.any(Number), costUsd: ended.costUsd, attempts: 2,
      skips: 0, missing: 0, callId: ended.callId, original: 'a', matches: 1,
    } }]);
  });

  test.each([
    ['ALL_ATTEMPTS_FAILED', {}, {}],
    ['NO_MODEL_AVAILABLE', { models: { a: { enabled: false } } }, {}],
    ['BUDGET_EXHAUSTED', { dailyBudgetUsd: 0 }, {}],
    ['DEADLINE_EXCEEDED', {}, { deadlineMs: 1 }],
    ['ABORT_ERR', {}, { signal: AbortSignal.abort() }],
  ])('how a call ended that was not: %s', async (code, config, options) => {
    const manner = code === 'DEADLINE_EXCEEDED' ? 'never' : 'prose';
    const { said, ended } = await heard({ a: manner }, config, { options, count: 3 });
    expect(said('call ended')).toEqual([{ ...whole, fields: {
      code, durationMs: expect.any(Number), costUsd: ended.costUsd, attempts: ended.attempts.length,
      skips: ended.skips.length, missing: 3, callId: ended.callId, original: 'a', matches: 3,
    } }]);
  });

  test('that a call was refused before it began, and where its fault is', async () => {
    const { engine, records } = await heard({ a: 'clean' });
    records.length = 0;
    const [first, second, third] = [
      await rejection(engine.predictWithFallback({ modelId: 'nobody', matches: matches() }, { requestId: 'job-7' })),
      await rejection(engine.predictWithFallback({ modelId: 'a', matches: [{ id: '' }] })),
      await rejection(engine.predictWithFallback({ modelId: 'a', matches: matches() }, { requestId: '' })),
    ].map(({ callId }) => ({ callId }));
    await engine.recoverDisabledModels();
    expect(records.map(({ level, message, fields }) => [level, message, fields])).toEqual([
      ['info', 'call refused', { code: 'UNKNOWN_MODEL', path: 'request.modelId', requestId: 'job-7', ...first }],
      ['info', 'call refused', { code: 'INVALID_REQUEST', path: 'request.matches[0].homeTeam', ...second }],
      ['info', 'call refused', { code: 'INVALID_REQUEST', path: 'options.requestId', ...third }],
    ]);
  });

  test('why a call falls back', async () => {
    const { said } = await heard({ a: 'prose', b: 'internal_error', c: 'clean' });
    expect(said('falling back').map(({ fields: { model, reason } }) => [model, reason])).toEqual([
      ['b', 'parse_error'], ['c', 'parse_error'],
    ]);
  });

  test('how much of an answer is missing', async () => {
    const { said } = await heard({ a: 'partial', b: 'clean' }, {}, { count: 4 });
    expect(said('incomplete answer')).toMatchObject([{ level: 'info', fields: { model: 'a', predicted: 2, asked: 4 } }]);
    expect(said('call ended')).toMatchObject([{ fields: { code: 'ok', reason: 'incomplete', missing: 0 } }]);
    const { said: rest } = await heard({ a: 'partial' }, {}, { count: 4 });
    expect(rest('call ended')).toMatchObject([{ fields: { code: 'ok', missing: 2 } }]);
  });

  test('that the budget is exhausted, and that no model is available', async () => {
    const dear = await heard({ a: 'clean', b: 'clean' }, { dailyBudgetUsd: 0 });
    expect(dear.said("the day's budget is exhausted")).toMatchObject([
      { level: 'warn', fields: { skips: 'a: over_budget, b: over_budget', callId: dear.ended.callId } },
    ]);
    const none = await heard({ a: 'clean' }, { models: { a: { enabled: false } } });
    expect(none.said('no model is available')).toMatchObject([
      { level: 'warn', fields: { skips: 'a: not_enabled', callId: none.ended.callId } },
    ]);
  });

  test('that a model is asked again, after what, and how long that is waited for', async () => {
    const { said } = await heard({ a: ['internal_error', 'internal_error', 'clean'] }, { maxRetries: 2 });
    expect(said('asking again').map(({ level, fields: { model, kind, status, retries, waitMs } }) => (
      [level, model, kind, status, retries, typeof waitMs]
    ))).toEqual([
      ['debug', 'a', 'server_error', 500, 1, 'number'], ['debug', 'a', 'server_error', 500, 2, 'number'],
    ]);
    expect(said('attempt answered')).toMatchObject([{ fields: { retries: 2 } }]);
  });

  test('who waits for a provider, and that the wait is over', async () => {
    const records = [];
    const { predict, upstream, engine } = await transcript({ a: 'held' }, {
      logLevel: 'debug', onLog: (record) => records.push(record),
      providers: [{ id: 'narrow', maxConcurrency: 1 }], models: { a: { provider: 'narrow' } },
    });
    const first = predict({ requestId: 'first' });
    await upstream.received(1);
    const second = predict({ requestId: 'second' });
    while (!records.some(({ message }) => message === "waiting for the provider's turn")) {
      await engine.recoverDisabledModels();
    }
    upstream.release();
    await first;
    await upstream.received(2);
    upstream.release();
    await second;
    const turns = records.filter(({ message }) => message.includes("provider's turn"));
    expect(turns.map(({ level, message, fields: { requestId, provider } }) => [level, message, requestId, provider])).toEqual([
      ['debug', "waiting for the provider's turn", 'second', 'narrow'],
      ['debug', "the provider's turn has come", 'second', 'narrow'],
    ]);
  });

  test('that the catalogue was changed and a state restored, but not by whom', async () => {
    const { engine, records } = await heard({ a: 'clean' });
    records.length = 0;
    const model = { id: 'z', provider: 'p', upstreamModel: 'z', promptUsdPer1M: 0, completionUsdPer1M: 0 };
    engine.updateCatalog({ models: [model], fallbacks: { z: 'a' } });
    engine.restore(engine.snapshot());
    await engine.close();
    expect(records.map(({ level, message, fields }) => [level, message, fields])).toEqual([
      ['info', 'catalogue updated', { providers: 0, models: 1, fallbacks: 1, activeModels: 2 }],
      ['info', 'state restored', { models: 1, providers: 0 }],
      ['info', 'engine closed', {}],
    ]);
  });
});

test('no record has a prompt or a reply', async () => {
  const records = [];
  const { predict, engine } = await transcript({ a: 'prose', b: 'partial', c: 'clean' }, {
    logLevel: 'trace', onLog: (record) => records.push(record),
  });
  const prompt = { system: 'the-secret-system', user: 'the-secret-user m1 m2' };
  const analysis = 'the-secret-analysis';
  const { rawResponse } = await predict(undefined, 2);
  await engine.predictWithFallback({ modelId: 'a', matches: matches(2), prompt }).catch(() => {});
  await engine.predictWithFallback({ modelId: 'a', matches: matches(2).map((match) => ({ ...match, analysis })) });
  await rejection(engine.predictWithFallback({ modelId: 'a', matches: matches(), prompt: 'the-secret-prompt' }));
  await engine.recoverDisabledModels();
  const text = JSON.stringify(records);
  expect(records.length).toBeGreaterThan(10);
  expect(text).not.toContain('the-secret');
  expect(text).not.toContain(JSON.stringify(rawResponse).slice(1, -1));
});

test('keys appear in no record', async () => {
  const records = [];
  const upstream = await upstreamFor({ name: 'status', status: 401, message: `Invalid API key: ${KEY}` });
  const config = chain(upstream, ['a'], { logLevel: 'trace', onLog: (record) => records.push(record) });
  Object.assign(config.providers[0], { apiKey: KEY, headers: { 'x-also-secret': `also-${KEY}` } });
  await rejection(engineFor(config).predictWithFallback({ modelId: 'a', matches: matches() }));
  expect(records.length).toBeGreaterThan(0);
  expect(JSON.stringify(records)).not.toContain(KEY);
});

test('without onLog nothing is written anywhere', () => {
  const program = `
    const { Fallcast } = require('./main.js');
    const engine = new Fallcast({ builtinCatalog: false, logLevel: 'trace', maxRetries: 0,
      providers: [{ id: 'p', baseUrl: 'http://127.0.0.1:9/v1' }],
      models: [{ id: 'a', provider: 'p', upstreamModel: 'a', promptUsdPer1M: 0, completionUsdPer1M: 0 }] });
    const matches = [{ id: 'm', homeTeam: 'H', awayTeam: 'A' }];
    engine.predictWithFallback({ modelId: 'a', matches }).catch(() => {});`;
  const cwd = new URL('..', import.meta.url);
  const env = { ...process.env, RUST_LOG: 'trace' };
  const options = { cwd, env, encoding: 'utf8', timeout: 20_000 };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--eval', program], options);
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
});
