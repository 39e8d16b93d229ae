import { describe, expect, test } from 'vitest';

import { answerTo, byModel, manners } from '../examples/upstream.mjs';
import { upstreamFor } from './support.mjs';

const ask = (upstream, { model = 'm', signal } = {}) => fetch(`${upstream.baseUrl}/chat/completions`, {
  method: 'POST',
  redirect: 'manual',
  signal,
  body: JSON.stringify({
    model,
    messages: [
      { role: 'system', content: '{"match_id":"not this"}' },
      { role: 'user', content: 'Two:\n\n{"match_id":"x","home_team":"A"}\n{"match_id":"y"}\n{"no": "id"}\n{oops' },
    ],
  }),
});

test('the matches are read from the lines of the user message', async () => {
  const upstream = await upstreamFor();
  const completion = await (await ask(upstream)).json();
  expect(upstream.requests[0].matchIds).toEqual(['x', 'y']);
  expect(completion.choices[0].message.content).toBe(answerTo(['x', 'y']));
  expect(completion.usage.total_tokens).toBe(completion.usage.prompt_tokens + completion.usage.completion_tokens);
});

describe('each manner', () => {
  const waits = { slow: { ms: 1 }, drip: { ms: 1 }, huge: { bytes: 100_000 } };

  test.each(Object.keys(manners))('%s', async (name) => {
    const upstream = await upstreamFor({ name, ...waits[name] });
    upstream.release();
    const unanswered = ['never', 'endless_headers'].includes(name);
    const controller = new AbortController();
    const reply = ask(upstream, { signal: controller.signal }).then((response) => response.arrayBuffer());
    const [request] = await upstream.received(1);
    if (unanswered) controller.abort();
    const broken = ['reset', 'cut_body', 'wrong_length'].includes(name);
    if (unanswered || broken) await expect(reply).rejects.toThrow();
    else await reply;
    expect(await request.ended).toBe(unanswered ? 'closed_by_client' : broken ? 'broken' : 'answered');
    expect(request.signal.aborted).toBe(true);
  });
});

test('byModel takes the next of a list each time, and stays with the last', async () => {
  const upstream = await upstreamFor(byModel({ m: ['internal_error', 'loading', 'clean'] }, 'redirect'));
  const seen = [];
  for (const model of ['m', 'm', 'other', 'm', 'm']) seen.push((await ask(upstream, { model })).status);
  expect(seen).toEqual([500, 503, 302, 200, 200]);
});

test('a manner that nobody knows is told to the client', async () => {
  const upstream = await upstreamFor('no-such-manner');
  expect(await (await ask(upstream)).text()).toContain('no-such-manner');
});
