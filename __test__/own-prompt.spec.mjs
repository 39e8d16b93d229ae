import { expect, test } from 'vitest';

import { matchIdsOf } from '../examples/upstream.mjs';
import { chain, engineFor, fallcast, matches, predictions, thrown, upstreamFor } from './support.mjs';

/** Two models with overrides of their own, the first of which fails. */
async function overridden(manner = ({ model }) => (model === 'a' ? 'internal_error' : 'clean')) {
  const upstream = await upstreamFor(manner);
  const prompts = {
    versions: { one: { system: ['task'], output: 'output', user: ['list'], overrides: { b: ['calm', 'dated'] } } },
    components: { task: 'Predict.', output: 'As JSON.', list: '{{matches}}', calm: 'Be calm.', dated: 'It is {{date}}.', plain: 'No tags.' },
  };
  const models = { a: { promptOverrides: ['plain'] }, b: {}, c: {} };
  return { upstream, engine: engineFor(chain(upstream, models, { prompts })) };
}

const said = ({ requests }) => requests.map(({ body }) => body.messages.map(({ role, content }) => [role, content]));

test('the overrides of each model are added to a prompt that asks for them, those of a fallback to its own', async () => {
  const { upstream, engine } = await overridden();
  const prompt = { system: 'You know football.', user: 'Who wins? match_id: m1', overrides: true };
  const { attempts, overrides, promptVersion, modelId } = await engine.predictWithFallback({ modelId: 'a', matches: [{ id: 'm1' }], prompt });
  const date = new Date().toISOString().slice(0, 10);
  expect(said(upstream)).toEqual([
    [['system', 'You know football.\n\nNo tags.'], ['user', prompt.user]],
    [['system', `You know football.\n\nBe calm.\n\nIt is ${date}.`], ['user', prompt.user]],
  ]);
  expect(attempts.map((attempt) => attempt.overrides)).toEqual([['plain'], ['calm', 'dated']]);
  expect([promptVersion, overrides, modelId]).toEqual(['own', ['calm', 'dated'], 'b']);
  const plan = engine.explain({ modelId: 'b', matches: [{ id: 'm1' }], prompt });
  const bare = engine.explain({ modelId: 'b', matches: [{ id: 'm1' }], prompt: { ...prompt, overrides: false } });
  expect(plan.attempts[0].promptTokens).toBeGreaterThan(bare.attempts[0].promptTokens);
});

test('without a system message they are one, and a model without overrides is sent what was given', async () => {
  const { upstream, engine } = await overridden();
  const ask = (modelId, prompt) => engine.predictWithFallback({ modelId, matches: [{ id: 'm1' }], prompt });
  await ask('b', { user: 'm1: who wins?', overrides: true });
  await ask('c', { user: 'm1: who wins?', overrides: true });
  await ask('b', { user: 'm1: who wins?' });
  const [[system, user], ...others] = said(upstream);
  expect([system[0], system[1].startsWith('Be calm.'), user]).toEqual(['system', true, ['user', 'm1: who wins?']]);
  expect(others).toEqual([[['user', 'm1: who wins?']], [['user', 'm1: who wins?']]]);
});

test('beside a prompt of one\'s own matches may be ids alone, and names of sides still turn a score round', async () => {
  const upstream = await upstreamFor((request) => ({ name: 'partial', matches: request.matchIds.length }));
  const engine = engineFor(chain(upstream, ['a']));
  const prompt = { user: 'Predict m1 and m2.\nmatch_id: m1\nmatch_id: m2' };
  const outcome = await engine.predictWithFallback({ modelId: 'a', matches: [{ id: 'm1' }, matches(2)[1]], prompt });
  expect(outcome.predictions).toEqual(predictions(['m1', 'm2'], 'a'));
});

test('without one both sides are needed, and what is given is checked as ever', async () => {
  const engine = engineFor(chain({ baseUrl: 'http://127.0.0.1:9/v1' }, ['a']));
  const fault = (request) => thrown(() => engine.explain({ modelId: 'a', matches: [{ id: 'm1' }], ...request })).message;
  expect(fault({})).toBe('request.matches[0].homeTeam: must be a string, got nothing\nrequest.matches[0].awayTeam: must be a string, got nothing');
  expect(fault({ prompt: { user: 'm1?' }, matches: [{}] })).toBe('request.matches[0].id: must be a string, got nothing');
  expect(fault({ prompt: { user: 'm1?' }, matches: [{ id: 'm1', homeTeam: 7 }] })).toContain('request.matches[0].homeTeam: must be a string, got 7');
  expect(fault({ prompt: { user: 'm1?', overrides: 'yes' } })).toContain('request.prompt.overrides: must be true or false');
  expect(thrown(() => engine.buildPrompt('a', [{ id: 'm1' }])).message).toContain('matches[0].homeTeam: must be a string, got nothing');
  expect(fallcast.readReply('m1: 2-1', [{ id: 'm1' }]).predictions).toHaveLength(1);
});

test.each([
  ['lines of JSON', '{"match_id":"x","home_team":"A"}\n{"match_id":"y"}\n{"no": "id"}\n{oops'],
  ['JSON as a whole', JSON.stringify({ matches: [{ id: 'x', home: 'A' }, { id: 'y' }] }, null, 2)],
  ['labels', 'Match ID: x (A – B)\nid = "y"\nAnswer as {"match_id": "<id>"}.'],
  ['a table', '| id | home | away |\n| --- | --- | --- |\n| x | A | B |\n| y | C | D |'],
  ['values between commas', 'match_id,home,away\nx,A,B\ny,C,D\n\nno,such,row'],
])('the ids of a prompt are found: %s', (_, content) => {
  expect(matchIdsOf({ messages: [{ role: 'system', content: 'id: not-this' }, { role: 'user', content }] })).toEqual(['x', 'y']);
});

test('the ids of a prompt are found at the beginning of lines, in parts of a message, and in a schema before all', () => {
  const user = (content) => ({ messages: [{ role: 'user', content }] });
  expect(matchIdsOf(user('Two matches:\n- m1: A vs B\n2. [m-2] – C vs D'))).toEqual(['m1', 'm-2']);
  expect(matchIdsOf(user([{ type: 'text', text: 'match_id: m1' }]))).toEqual(['m1']);
  const schema = { properties: { predictions: { items: { properties: { match_id: { enum: ['m9'] } } } } } };
  expect(matchIdsOf({ ...user('match_id: m1'), response_format: { json_schema: { schema } } })).toEqual(['m9']);
  expect(matchIdsOf(user('Who wins?'))).toEqual([]);
});

test('an upstream that is told the ids there are answers those that a prompt names, however it does', async () => {
  const { startUpstream } = await import('../examples/upstream.mjs');
  const upstream = await startUpstream({ matchIds: ['roma-inter', 'roma', 'lazio-como'] });
  const engine = engineFor(chain(upstream, ['a']));
  const prompt = { system: 'About lazio-como', user: 'And what of roma-inter?' };
  const outcome = await engine.predictWithFallback({ modelId: 'a', matches: [{ id: 'roma-inter' }, { id: 'lazio-como' }], prompt });
  expect(upstream.requests[0].matchIds).toEqual(['roma-inter', 'lazio-como']);
  expect(outcome.predictions).toEqual(predictions(['roma-inter', 'lazio-como'], 'a'));
  await engine.close();
  await upstream.close();
});
