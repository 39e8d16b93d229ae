import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { chain, engineFor, fallcast, matches, thrown, upstreamFor } from './support.mjs';

const read = (path) => readFileSync(new URL(`../catalog/${path}`, import.meta.url), 'utf8');
const section = (name) => read(`prompts/${name}.md`).trim();
const catalogue = new Map(JSON.parse(read('models.json')).models.map((model) => [model.id, model]));
const OVERRIDES = ['english-enforced', 'json-strict', 'thinking-aside'];
const loopback = { baseUrl: 'http://127.0.0.1:9/v1' };

/** The numbers in a text. */
const numbers = (text) => text.match(/\d+/g).map(Number);

describe('the prompt of each built-in model', () => {
  const engine = new fallcast.Fallcast({ providers: ['together', 'synthetic'].map((id) => ({ id, ...loopback })) });

  test.each([...catalogue.keys()])('%s', async (modelId) => {
    const prompt = engine.buildPrompt(modelId, matches(2));
    const expected = catalogue.get(modelId).promptOverrides ?? [];
    expect(prompt.overrides).toEqual(expected);

    const base = section('base').split('{{active_models}}');
    const overrides = expected.map((name) => section(`overrides/${name}`));
    const pieces = [...base, section('scoring'), ...overrides, section('output')];
    let from = 0;
    for (const piece of pieces) {
      const at = prompt.system.indexOf(piece, from);
      expect(at, piece).toBeGreaterThanOrEqual(0);
      from = at + piece.length;
    }
    for (const name of OVERRIDES.filter((override) => !expected.includes(override))) {
      expect(prompt.system).not.toContain(section(`overrides/${name}`));
    }
    expect(`${prompt.system}${prompt.user}`).not.toContain('{{');
    expect(numbers(prompt.system)).toContain(await engine.getActiveModelCount());

    const lines = prompt.user.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    expect(lines).toEqual(matches(2).map(({ id, homeTeam, awayTeam, competition, kickoff }) => ({
      match_id: id, home_team: homeTeam, away_team: awayTeam, competition, kickoff,
    })));
    expect(prompt.promptVersion).toMatch(/./);
    expect(prompt.estimatedTokens).toBeGreaterThan(prompt.system.length / 10);
  });
});

test('the number of models in the text follows the catalogue', async () => {
  const engine = engineFor(chain(loopback, Array.from({ length: 61 }, (_, index) => `model-${index}`)));
  const text = () => engine.buildPrompt('model-0', matches()).system;
  expect(numbers(text())).toContain(61);
  engine.updateCatalog({ models: chain(loopback, ['one-more']).models });
  expect(numbers(text())).toContain(62);
  expect(numbers(text())).not.toContain(61);
});

test('what is sent is what buildPrompt shows', async () => {
  const upstream = await upstreamFor();
  const engine = engineFor(chain(upstream, { a: { promptOverrides: ['json-strict', 'english-enforced'] } }));
  const shown = engine.buildPrompt('a', matches(2));
  const outcome = await engine.predictWithFallback({ modelId: 'a', matches: matches(2) });
  expect(upstream.requests[0].body.messages).toEqual([
    { role: 'system', content: shown.system }, { role: 'user', content: shown.user },
  ]);
  expect(outcome.promptVersion).toBe(shown.promptVersion);
  expect(shown.overrides).toEqual(['json-strict', 'english-enforced']);
});

test('overrides go by the whole id: a model whose id begins like another has none of its', () => {
  const models = { 'kimi': { promptOverrides: ['english-enforced'] }, 'kimi-k2': {}, 'k': {} };
  const engine = engineFor(chain(loopback, models));
  expect(engine.buildPrompt('kimi', matches()).overrides).toEqual(['english-enforced']);
  expect(engine.buildPrompt('kimi-k2', matches()).overrides).toEqual([]);
  expect(engine.buildPrompt('k', matches()).overrides).toEqual([]);
});

test('analysis is shown, and what the caller writes stays on its line', () => {
  const engine = engineFor(chain(loopback, ['a']));
  const analysis = '{{matches}}\n# Scoring\n"quoted" {{active_models}}';
  const { user, system } = engine.buildPrompt('a', [{ id: 'm1', homeTeam: 'A\nB', awayTeam: 'C', analysis }]);
  const lines = user.split('\n').filter((line) => line.startsWith('{'));
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0])).toMatchObject({ home_team: 'A\nB', analysis });
  expect(system).not.toContain('quoted');
});

test('buildPrompt refuses what a request would be refused for', () => {
  const engine = engineFor(chain(loopback, ['a']));
  expect(thrown(() => engine.buildPrompt('nobody', matches())).code).toBe('UNKNOWN_MODEL');
  expect(thrown(() => engine.buildPrompt('a', [])).code).toBe('INVALID_REQUEST');
  expect(thrown(() => engine.buildPrompt('a', matches(), 'no-such-version')).code).toBe('INVALID_REQUEST');
});

describe("a caller's own prompt", () => {
  const user = 'Who wins?\n{"match_id":"m1"}';

  const prompts = [{ system: 'Be brief.', user }, { user }];
  test.each(prompts)('replaces the text and keeps the rest: %j', async (prompt) => {
    const upstream = await upstreamFor();
    const engine = engineFor(chain(upstream, { a: { promptOverrides: ['json-strict'] } }));
    const outcome = await engine.predictWithFallback({ modelId: 'a', matches: matches(), prompt });
    expect(upstream.requests[0].body.messages).toEqual([
      ...(prompt.system ? [{ role: 'system', content: prompt.system }] : []),
      { role: 'user', content: user },
    ]);
    expect(upstream.requests[0].body.max_tokens).toBeGreaterThan(0);
    expect(outcome.predictions).toHaveLength(1);
    expect(outcome.promptVersion).not.toBe(engine.buildPrompt('a', matches()).promptVersion);
  });
});
