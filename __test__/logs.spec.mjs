import { spawnSync } from 'node:child_process';

import { describe, expect, test } from 'vitest';

import { byModel } from '../examples/upstream.mjs';
import { chain, engineFor, matches, rejection, upstreamFor } from './support.mjs';

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
    const { Fallcast } = require('./index.js');
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
