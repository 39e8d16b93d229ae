/** The examples of a status page in a framework, run as they are. */
import { fileURLToPath } from 'node:url';

import { expect, onTestFinished, test } from 'vitest';

import { start } from './redis.mjs';

const program = (name) => fileURLToPath(new URL(`../examples/status/${name}.mjs`, import.meta.url));

/** Starts an example; where it says that its page is. */
async function started(name) {
  const { line } = start(process.execPath, [program(name)], { STATUS_TOKEN: 'of-the-test', NODE_ENV: 'test' });
  const [url] = await line(/^http:\/\/\S+/);
  return url.replace(/\/$/, '');
}

/** The first messages of a stream, up to one of a name. */
async function untilMessage(response, name) {
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  onTestFinished(() => reader.cancel().catch(() => {}));
  for (let text = ''; ;) {
    const message = text.split('\n\n').slice(0, -1).find((each) => each.startsWith(`event: ${name}\n`));
    if (message) return JSON.parse(/^data: (.*)$/m.exec(message)[1]);
    const { value, done } = await reader.read();
    if (done) throw new Error('the stream has ended');
    text += value;
  }
}

test.each([['node', {}], ['express', { app: true }], ['fastify', { app: true }], ['hono', { app: true }]])('%s', async (name, { app }) => {
  const url = await started(name);
  const { origin } = new URL(url);
  const authorization = 'Bearer of-the-test';
  const get = (path, init = {}) => fetch(url + path, { ...init, headers: { authorization, ...init.headers } });
  const page = await get('/');
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  const html = await page.text();
  expect((await (await get('/status.json')).json()).models.length).toBeGreaterThan(3);
  expect((await get('/healthz')).status).toBe(503);
  expect((await get('/nothing')).status).toBe(404);
  expect((await untilMessage(await get('/events'), 'snapshot')).calls).toEqual([]);
  if (!app) return;

  expect(await (await fetch(origin)).text()).toBe('the app');
  expect((await fetch(`${url}/status.json`)).status).toBe(403);
  expect((await get('')).status).toBe(200);
  const [, token] = /"token":"([\w-]+)"/.exec(html);
  const headers = { origin, 'content-type': 'application/json', 'x-fallcast-token': token };
  const changed = untilMessage(await get('/events'), 'event');
  const act = (body, more = {}) => get('/actions/disable', { method: 'POST', headers: { ...headers, ...more }, body });
  expect((await act('{', {})).status).toBe(400);
  expect((await act(JSON.stringify({ modelId: 'deepseek-r1', reason: 'x'.repeat(20_000) }))).status).toBe(413);
  expect((await act(JSON.stringify({ modelId: 'deepseek-r1', reason: 'by hand' }), { origin: 'https://evil.example' })).status).toBe(403);
  expect((await act(JSON.stringify({ modelId: 'deepseek-r1', reason: 'by hand' }))).status).toBe(200);
  expect(await changed).toMatchObject({ type: 'disabled', modelId: 'deepseek-r1', reason: 'by hand' });
});
