/** The engine that the module's functions share: configured once, closed, and built anew. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, onTestFinished, test } from 'vitest';

import { chain, fallcast, listen, matches, rejection, thrown, upstreamFor } from './support.mjs';

afterEach(() => fallcast.close());

const nowhere = { baseUrl: 'http://127.0.0.1:9/v1' };
const ask = () => fallcast.predictWithFallback({ modelId: 'a', matches: matches() });
const models = () => fallcast.getModels().map(({ id }) => id);

describe('configure names every field that differs, and no value', () => {
  const config = () => chain(nowhere, ['a'], { fallbacks: {}, prompts: undefined });
  const refusal = (other, first = config()) => {
    fallcast.configure(first);
    const error = thrown(() => fallcast.configure(other));
    expect(error.code).toBe('INVALID_CONFIG');
    return error.message.split('\n').map((line) => line.split(': ')[0]);
  };

  test.each([
    ['maxRetries', { maxRetries: 1 }],
    ['deadlineMs', { deadlineMs: 1 }],
    ['dailyBudgetUsd', { dailyBudgetUsd: 7 }],
    ['disableThreshold', { disableThreshold: null }],
    ['http.userAgent', { http: { userAgent: 'me/1' } }],
    ['logLevel', { logLevel: 'debug' }],
    ['builtinCatalog', { builtinCatalog: true }],
    ['models', { models: [] }],
    ['fallbacks', { fallbacks: { a: [] }, models: [...config().models] }],
  ])('%s', (name, other) => {
    expect(refusal({ ...config(), ...other })).toContain(`config.${name}`);
  });

  test('all of them, in the order in which they are documented', () => {
    const other = { ...config(), maxRetries: 1, maxFallbackDepth: 9, http: { connectTimeoutMs: 5 } };
    expect(refusal(other)).toEqual(['config.maxFallbackDepth', 'config.maxRetries', 'config.http.connectTimeoutMs']);
  });

  test('a key is not told', () => {
    const [provider] = config().providers;
    fallcast.configure({ ...config(), providers: [{ ...provider, apiKey: 'the-first-key' }] });
    const { message } = thrown(() => fallcast.configure({ ...config(), providers: [{ ...provider, apiKey: 'the-second-key' }] }));
    expect(message).toMatch(/^config\.providers: differs/);
    expect(message).not.toContain('-key');
  });

  test('onLog is not compared, nor what is given as its default', () => {
    fallcast.configure({ ...config(), onLog: () => {} });
    fallcast.configure({ ...config(), onLog: () => {} });
    fallcast.configure({ ...config(), maxFallbackDepth: 3, http: {} });
  });

  test('that it was configured is logged', async () => {
    const records = [];
    fallcast.configure(chain(nowhere, ['a', 'b'], { onLog: (record) => records.push(record) }));
    await fallcast.recoverDisabledModels();
    expect(records).toMatchObject([{ level: 'info', message: 'engine configured', fields: { models: 2 } }]);
  });
});

describe('close', () => {
  test('ends what is pending with CLOSED, and resolves when nothing is left running', async () => {
    const upstream = await upstreamFor('never');
    fallcast.configure(chain(upstream, ['a']));
    const pending = [rejection(ask()), rejection(ask())];
    await upstream.received(2);
    expect(await fallcast.close()).toBeUndefined();
    expect((await Promise.all(pending)).map(({ code }) => code)).toEqual(['CLOSED', 'CLOSED']);
    await upstream.idle();
  });

  test('resolves where there is no engine, and makes none', async () => {
    await fallcast.close();
    await Promise.all([fallcast.close(), fallcast.close()]);
    fallcast.configure(chain(nowhere, ['a']));
  });

  test('the next use builds another engine, which may be configured anew', async () => {
    const upstream = await upstreamFor();
    fallcast.configure(chain(upstream, ['a'], { disableThreshold: 1 }));
    fallcast.disableModel('a', 'by hand');
    await fallcast.close();
    fallcast.configure(chain(upstream, ['a', 'b'], { disableThreshold: 2 }));
    expect(models()).toEqual(['a', 'b']);
    expect(await fallcast.getActiveModelCount()).toBe(2);
    expect((await ask()).modelId).toBe('a');
    await fallcast.close();
    expect(models().length).toBeGreaterThan(40);
  });

  test('at once in the same turn, too', async () => {
    const upstream = await upstreamFor('held');
    fallcast.configure(chain(upstream, ['a']));
    const first = rejection(ask());
    await upstream.received(1);
    const closed = fallcast.close();
    fallcast.configure(chain(upstream, ['a'], { maxRetries: 1 }));
    const second = ask();
    await closed;
    expect((await first).code).toBe('CLOSED');
    await upstream.received(2);
    upstream.release();
    expect((await second).modelId).toBe('a');
  });

  test('of one that is being closed already resolves when that has ended', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fallcast-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const config = chain(nowhere, ['a'], { stateFile: join(folder, 'state.json') });
    for (let round = 0; round < 10; round += 1) {
      fallcast.configure(config);
      fallcast.disableModel('a', `in round ${round}`);
      fallcast.close();
      await fallcast.close();
      expect(readFileSync(config.stateFile, 'utf8')).toContain(`in round ${round}`);
    }
  });

  test('ends its listeners, which are told what happened until then', async () => {
    const config = chain(nowhere, ['a']);
    fallcast.configure(config);
    const { events } = listen(fallcast);
    fallcast.disableModel('a', 'by hand');
    await fallcast.close();
    expect(events.map(({ type }) => type)).toEqual(['disabled']);
    fallcast.configure(config);
    fallcast.disableModel('a', 'by hand');
    await fallcast.recoverDisabledModels();
    expect(events).toHaveLength(1);
  });

  test('an engine of one\'s own is none of it', async () => {
    const own = new fallcast.Fallcast(chain(nowhere, ['a']));
    await fallcast.close();
    expect((await rejection(own.predictWithFallback({ modelId: 'a', matches: matches() }))).code).toBe('ALL_ATTEMPTS_FAILED');
    await own.close();
  });
});
