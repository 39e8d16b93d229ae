import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { knownManner } from '../examples/upstream.mjs';
import { engineFor, fallcast, matches, predictions, upstreamFor } from './support.mjs';

const read = (name) => JSON.parse(readFileSync(new URL(`../catalog/${name}.json`, import.meta.url), 'utf8'));
const { providers } = read('providers');
const catalogue = new Map(read('models').models.map((model) => [model.id, model]));
const builtIn = new fallcast.Fallcast().getModels();

/** An engine with the built-in catalogue, whose providers are on the upstream and need no key. */
async function builtInEngine(manner = ({ model }) => knownManner(model)) {
  const upstream = await upstreamFor(manner);
  const local = providers.map((provider) => ({ ...provider, baseUrl: upstream.baseUrl, apiKeyEnv: null }));
  return { upstream, engine: engineFor({ providers: local, maxRetries: 0 }) };
}

test('the catalogue of the package is the one that is built in', () => {
  expect(builtIn.map(({ id }) => id)).toEqual([...catalogue.keys()]);
});

describe('each built-in model answers by itself, in its known manner', () => {
  test.each(builtIn.map(({ id }) => id))('%s', async (modelId) => {
    const { upstream, engine } = await builtInEngine();
    const outcome = await engine.predictWithFallback({ modelId, matches: matches(3) });
    expect(outcome).toMatchObject({ modelId, usedFallback: false, missingMatchIds: [] });
    expect(outcome.predictions).toEqual(predictions(['m1', 'm2', 'm3'], modelId));

    const [request] = upstream.requests;
    const { provider, upstreamModel, responseFormat } = catalogue.get(modelId);
    expect(request.url).toBe('/v1/chat/completions');
    expect(request.model).toBe(provider === 'synthetic' ? `hf:${upstreamModel}` : upstreamModel);
    expect('response_format' in request.body).toBe(responseFormat !== false);
  });
});

describe('what is known of some models', () => {
  test('the manners are told apart', async () => {
    const { engine } = await builtInEngine();
    const ask = (modelId) => engine.predictWithFallback({ modelId, matches: matches() });
    const thinking = await ask('deepseek-r1');
    expect(thinking.rawResponse).toContain('<think>');
    expect(thinking.reasoning).toContain('four of its last five');
    expect((await ask('kimi-k2-thinking-syn')).reasoning).toContain('four of its last five');
    expect((await ask('deepseek-v3.1')).reasoning).toBeNull();
    expect((await ask('glm-4.6-syn')).rawResponse).toMatch(/\p{Script=Han}/u);
  });

  test('asked for JSON mode, two of them would fail', async () => {
    for (const modelId of ['openai/gpt-oss-120b', 'zai-org/GLM-4.7']) {
      const manner = knownManner(modelId);
      expect(manner({ body: { response_format: {} } })).not.toBe(manner({ body: {} }));
    }
  });

  const thinking = ['think', 'think_closing_only', 'reasoning_beside', 'reasoning_only'];
  test.each(thinking)('thinking as %s is no answer', async (manner) => {
    const { engine } = await builtInEngine(manner);
    const outcome = await engine.predictWithFallback({ modelId: 'kimi-k2-thinking-syn', matches: matches() });
    expect(outcome.predictions).toEqual(predictions(['m1'], 'kimi-k2-thinking-syn'));
    expect(outcome.reasoning).toContain('settle on something usual');
  });

  const shapes = ['parts', 'tool_call', 'prose_around', 'chinese_around', 'fenced'];
  test.each(shapes)('an answer as %s is read', async (manner) => {
    const { engine } = await builtInEngine(manner);
    const outcome = await engine.predictWithFallback({ modelId: 'gpt-oss-20b', matches: matches(2) });
    expect(outcome.predictions).toEqual(predictions(['m1', 'm2'], 'gpt-oss-20b'));
  });
});
