import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

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

/** The base URL of a host that answers by itself. */
async function hostOf(handler) {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

const GOOD = JSON.stringify({
  choices: [{ index: 0, message: { content: '{"predictions":[{"match_id":"m1","home_score":2,"away_score":1}]}' }, finish_reason: 'stop' }],
});
/** What hosts answer in odd forms, by the name of the form. */
const FORMS = {
  'gzip': (response) => response.setHeader('content-encoding', 'gzip').end(gzipSync(GOOD)),
  'brotli': (response) => response.setHeader('content-encoding', 'br').end(brotliCompressSync(GOOD)),
  'deflate': (response) => response.setHeader('content-encoding', 'deflate').end(deflateSync(GOOD)),
  'a mark of its order of bytes': (response) => response.end(`\uFEFF${GOOD}`),
  'events': (response) => response.setHeader('content-type', 'text/event-stream')
    .end(`data: ${GOOD.replace('"message"', '"delta"')}\n\ndata: [DONE]\n\n`),
  'nothing': (response) => response.end(),
  'no content': (response) => response.writeHead(204).end(),
  'a redirection': (response) => response.writeHead(307, { location: '/elsewhere' }).end(),
  'bytes': (response) => response.end(Buffer.from([0, 0xff, 0xfe, 1])),
  'cut off': (response) => {
    response.write(GOOD.slice(0, 60));
    response.write(Buffer.from([0xe2, 0x82]), () => response.destroy());
  },
  'a limit in milliseconds': (response) => response.writeHead(429, { 'retry-after-ms': '90000', 'ratelimit-remaining': '0' }).end('{}'),
};

test.each(Object.entries(FORMS))('an answer as %s is what it is without a recording, and in its replay', async (_, answer) => {
  const target = await hostOf((request, response) => answer(response));
  const told = async (baseUrl) => {
    const { attempts, predictions, retryAfterMs } = await ask(engineOf({ baseUrl }, ['a'])).catch((error) => error);
    const scores = predictions?.map(({ homeScore, awayScore }) => [homeScore, awayScore]);
    // How the end was marked is another.
    const messages = attempts.map(({ failure, message }) => [failure, message?.replace(/cut off: .*/, 'cut off')]);
    return { messages, scores, waits: typeof retryAfterMs };
  };
  const direct = await told(target);
  const file = newFile();
  const recording = await started({ record: file, target: `${target}/` });
  expect(await told(recording.baseUrl)).toEqual(direct);
  expect(await told((await started({ replay: file })).baseUrl)).toEqual(direct);
});

test('what the client gave up is not answered in a replay either', async () => {
  const target = await started({ manner: byModel({ a: 'never' }) });
  const file = newFile();
  const givenUp = async (upstream) => {
    const controller = new AbortController();
    const pending = engineOf(upstream).predictWithFallback({ modelId: 'a', matches: matches() }, { signal: controller.signal });
    const [request] = await upstream.received();
    if (upstream !== target) await Promise.race([target.received(), request.ended]);
    controller.abort();
    await rejection(pending);
    expect(await request.ended).toBe('closed_by_client');
  };
  await givenUp(await started({ record: file, target: target.baseUrl }));
  await expect.poll(() => readFileSync(file, 'utf8')).toContain('"reply":{"unanswered":true}');
  const upstream = await started({ replay: file });
  await givenUp(upstream);
  expect(upstream.unmatched).toEqual([]);
});

test('a request is not answered by what was answered to another that is only like it, if it was recorded itself', async () => {
  const target = await hostOf(async (request, response) => response.end(JSON.parse(await textOf(request)).temperature));
  const file = newFile();
  const said = async (upstream, body) => (await fetch(`${upstream.baseUrl}/chat/completions`, { method: 'POST', body })).text();
  const user = '"messages":[{"role":"user","content":"hello"}]';
  const [cold, warm] = [`{"model":"a","temperature":"cold",${user}}`, `{"model":"a","temperature":"warm",${user}}`];
  const recording = await started({ record: file, target });
  for (const body of [cold, warm]) await said(recording, body);
  const upstream = await started({ replay: file });
  for (const time of [1, 2]) expect(await said(upstream, cold), String(time)).toBe('cold');
  expect(await said(upstream, `{${user},"temperature":"warm","model":"a"}`)).toBe('warm');
});

test('a key in an address or a field of a body is in no line', async () => {
  const target = await hostOf(async (request, response) => response.end(`${request.url} ${await textOf(request)}`));
  const file = newFile();
  const upstream = await started({ record: file, target });
  const body = JSON.stringify({ model: 'a', api_key: 'sk-field-1234', max_tokens: 1000 });
  await (await fetch(`${upstream.baseUrl}/chat/completions?api_key=sk%2Dquery-1234`, { method: 'POST', body })).text();
  const text = readFileSync(file, 'utf8');
  expect(text).not.toMatch(/field-1234|query-1234/);
  expect(text).toContain('1000');
});

test('why a target was not reached is in the file, and a file that is gone is told to the caller', async () => {
  const file = newFile();
  const closed = await startUpstream();
  await closed.close();
  const upstream = await started({ record: file, target: closed.baseUrl });
  await rejection(ask(engineOf(upstream, ['a'])));
  expect(JSON.parse(readFileSync(file, 'utf8').split('\n')[0]).reply).toEqual({ broken: true, why: 'ECONNREFUSED' });
  rmSync(join(file, '..'), { recursive: true });
  const error = await rejection(ask(engineOf(upstream, ['a'])));
  expect(error.attempts[0].message).toContain('ENOENT');
});

test('a target that is no base URL is refused before the file is written anew, and is not shown', async () => {
  const folder = write(temporaryFolder(), { 'kept.jsonl': 'kept' });
  const record = join(folder, 'kept.jsonl');
  for (const target of ['api.example.com', 'file:///x', 'https://me:secret@h/v1', 'https://h/v1?key=secret', 5]) {
    const error = await startUpstream({ record, target }).catch((refusal) => refusal);
    expect(error.message, String(target)).toContain('target must be the base URL of a provider');
    expect(error.message).not.toContain('secret');
  }
  expect(readFileSync(record, 'utf8')).toBe('kept');
});

test('what is listed is recorded and replayed too', async () => {
  const target = await started({ models: [{ id: 'a', pricing: { input: 1, output: 2 } }] });
  const file = newFile();
  const upstream = await started({ record: file, target: target.baseUrl });
  const listed = await (await fetch(`${upstream.baseUrl}/models?limit=9`)).json();
  expect(listed.data[0].pricing).toEqual({ input: 1, output: 2 });
  const replayed = await started({ replay: file });
  expect(await (await fetch(`${replayed.baseUrl}/models`)).json()).toEqual(listed);
});

test('a faulty file, and ways that exclude each other, are refused', async () => {
  const folder = write(temporaryFolder(), { 'bad.jsonl': '\n{"same":"a","al' });
  await expect(startUpstream({ replay: join(folder, 'bad.jsonl') })).rejects.toThrow('bad.jsonl: line 2: ');
  const half = ['null', '{}', '{"same":"a","alike":"b"}', '{"same":"a","alike":"b","reply":{"status":99,"headers":{},"text":""}}'];
  for (const line of half) {
    write(folder, { 'half.jsonl': `\n${line}\n` });
    await expect(startUpstream({ replay: join(folder, 'half.jsonl') }), line).rejects.toThrow('half.jsonl: line 2: is no exchange');
  }
  await expect(startUpstream({ replay: join(folder, 'none.jsonl') })).rejects.toThrow('none.jsonl');
  await expect(startUpstream({ replay: 'x', manner: 'clean' })).rejects.toThrow('takes one of manner, record and replay');
  await expect(startUpstream({ record: 'x' })).rejects.toThrow('record and target belong together');
});
