import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';

import { expect, onTestFinished, test } from 'vitest';

import { byModel, scoreOf, startUpstream } from '../examples/upstream.mjs';
import { temporaryFolder, write } from './prompt-folder.mjs';
import { chain, engineFor, inShort, matches, rejection } from './support.mjs';

const KEY = 'sk-live-0123456789';

async function started(options) {
  const upstream = await startUpstream(options);
  onTestFinished(upstream.close);
  return upstream;
}

const newFile = () => join(temporaryFolder(), 'recording.jsonl');

/** An engine of the models a and b at an upstream, with a key. */
const engineOf = (upstream, models = ['a', 'b']) => engineFor(chain(upstream, models, {
  providers: [{ id: 'p2', baseUrl: upstream.baseUrl, apiKey: KEY, headers: { 'X-Api-Key': `${KEY}-too` } }],
  models: chain(upstream, models).models.map((model) => ({ ...model, provider: 'p2' })),
}));
const ask = (engine, count = 1) => engine.predictWithFallback({ modelId: 'a', matches: matches(count) });

/** Records what two models answer, the first of them with an error; the file. */
async function recorded(options = {}, count = 1) {
  const target = await started({ manner: byModel({ a: ['rate_limited', 'prose'], b: 'think' }) });
  const file = newFile();
  const upstream = await started({ record: file, target: target.baseUrl, ...options });
  const outcome = await ask(engineOf(upstream), count);
  return { file, outcome, target, upstream };
}

test('what a provider answered is given back by request, without it', async () => {
  const { file, outcome, target } = await recorded();
  await target.close();
  const upstream = await started({ replay: file });
  const again = await ask(engineOf(upstream));
  expect(again.predictions).toEqual([{ matchId: 'm1', ...scoreOf('m1'), modelId: 'b' }]);
  expect(inShort(again.attempts)).toEqual(inShort(outcome.attempts));
  expect(again.attempts.map(({ usage }) => usage)).toEqual(outcome.attempts.map(({ usage }) => usage));
  expect(upstream.requests.map(({ model }) => model)).toEqual(['a', 'b']);
  expect(upstream.unmatched).toEqual([]);
});

test('no key is in the file, and no header but those that tell of limits and types', async () => {
  const target = await started({
    manner: ({ headers }) => ({
      name: 'status', status: 429, message: `key ${headers.authorization} over its limit`,
      headers: { 'retry-after': '7', 'x-ratelimit-remaining': '0', 'set-cookie': 'account=1', 'x-organization': 'mine' },
    }),
  });
  const file = newFile();
  const upstream = await started({ record: file, target: target.baseUrl });
  await rejection(ask(engineOf(upstream, ['a'])));
  expect(target.requests[0].headers).toMatchObject({ authorization: `Bearer ${KEY}`, 'x-api-key': `${KEY}-too` });
  const text = readFileSync(file, 'utf8');
  expect(text).not.toContain(KEY);
  expect(text).toContain('[key]');
  const { reply } = JSON.parse(text.split('\n')[0]);
  expect(reply.headers).toEqual({ 'content-type': 'application/json', 'retry-after': '7', 'x-ratelimit-remaining': '0' });
});

test('a key is taken out wherever it comes back: longer than another, escaped, in bytes, under any name', async () => {
  const keys = { 'x-api-key': KEY, 'authorization': `Bearer ${KEY}-longer`, 'x-secret': 'quo"te\\d-0123', 'ocp-apim-subscription-key': 'of-a-gateway' };
  const echo = Object.values(keys).join(' ');
  const bytes = { a: Buffer.from(JSON.stringify(`no: ${echo}`)), b: Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(echo)]) };
  const target = createServer(async (request, response) => response.end(bytes[JSON.parse(await textOf(request)).model])).listen(0, '127.0.0.1');
  await once(target, 'listening');
  onTestFinished(() => target.close());
  const file = newFile();
  const upstream = await started({ record: file, target: `http://127.0.0.1:${target.address().port}` });
  for (const model of ['a', 'b']) {
    const headers = { 'content-type': 'application/json', ...keys };
    await (await fetch(`${upstream.baseUrl}/chat/completions`, { method: 'POST', headers, body: JSON.stringify({ model }) })).arrayBuffer();
  }
  const lines = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  const said = lines.map(({ reply: { text, base64 } }) => text ?? Buffer.from(base64, 'base64').toString('latin1'));
  const safe = '[key] Bearer [key] [key] [key]';
  expect(said).toEqual([`"no: ${safe}"`, `\xff\xfe${safe}`]);
});

test('prompts are taken out when told, and the answers are found all the same', async () => {
  const { file } = await recorded({ prompts: false });
  expect(readFileSync(file, 'utf8')).not.toMatch(/messages|Home 1/);
  const upstream = await started({ replay: file });
  expect((await ask(engineOf(upstream))).modelId).toBe('b');
  const kept = await recorded();
  expect(readFileSync(kept.file, 'utf8')).toContain('Home 1');
});

test('a recording outlives another prompt and another day: the same matches are asked of the same model', async () => {
  const { file } = await recorded();
  const upstream = await started({ replay: file });
  const engine = engineOf(upstream);
  const outcome = await engine.predictWithFallback({ modelId: 'a', matches: matches() }, { temperature: 0.9 });
  expect(outcome.predictions).toHaveLength(1);
});

test('of several answers to one request each comes in its turn, and the last one stays', async () => {
  const target = await started({ manner: byModel({ a: ['prose', 'clean'] }) });
  const file = newFile();
  const recording = engineOf(await started({ record: file, target: target.baseUrl }), ['a']);
  await rejection(ask(recording));
  await ask(recording);
  const engine = engineOf(await started({ replay: file }), ['a']);
  await rejection(ask(engine));
  for (const time of [1, 2]) expect((await ask(engine)).predictions, String(time)).toHaveLength(1);
});

test('a request that was not recorded is told of, with what it asked', async () => {
  const { file } = await recorded();
  const upstream = await started({ replay: file });
  const error = await rejection(ask(engineOf(upstream), 2));
  expect(error.attempts[0].message).toContain('has no answer to POST /chat/completions of a about m1, m2');
  expect(upstream.unmatched.map(({ model }) => model)).toEqual(['a', 'b']);
});

test('what broke is broken again, and bytes that are no text are the same bytes', async () => {
  const target = await started({ manner: byModel({ a: 'reset', b: 'bad_utf8' }) });
  const file = newFile();
  const first = await rejection(ask(engineOf(await started({ record: file, target: target.baseUrl }))));
  const again = await rejection(ask(engineOf(await started({ replay: file }))));
  expect(inShort(again.attempts)).toEqual(inShort(first.attempts));
  expect(inShort(first.attempts)[0]).toEqual(['a', 'network']);
});

test('what is listed is recorded and replayed too', async () => {
  const target = await started({ models: [{ id: 'a', pricing: { input: 1, output: 2 } }] });
  const file = newFile();
  const upstream = await started({ record: file, target: target.baseUrl });
  const listed = await (await fetch(`${upstream.baseUrl}/models`)).json();
  expect(listed.data[0].pricing).toEqual({ input: 1, output: 2 });
  const replayed = await started({ replay: file });
  expect(await (await fetch(`${replayed.baseUrl}/models`)).json()).toEqual(listed);
});

test('a faulty file, and ways that exclude each other, are refused', async () => {
  const folder = write(temporaryFolder(), { 'bad.jsonl': '{"request":1}\n{' });
  await expect(startUpstream({ replay: join(folder, 'bad.jsonl') })).rejects.toThrow('bad.jsonl: line 2: ');
  await expect(startUpstream({ replay: 'x', manner: 'clean' })).rejects.toThrow('takes one of manner, record and replay');
  await expect(startUpstream({ record: 'x' })).rejects.toThrow('record and target belong together');
});
