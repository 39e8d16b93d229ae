/** The status page over HTTP: what it serves, to whom, and what it refuses. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';

import { describe, expect, onTestFinished, test } from 'vitest';

import status from '../status/index.js';
import { readOpenMetrics } from './openmetrics.mjs';
import { temporaryFolder, write } from './prompt-folder.mjs';
import { chain, engineFor, fallcast, quiet, thrown, transcript } from './support.mjs';

const { statusPage } = status;

/** A page that is served, closed after the test; `handle` in place of it, if given. */
async function served(engine, options, handle = (page) => page) {
  const page = statusPage(engine, options);
  const server = createServer(handle(page)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => { page.close(); server.close(); server.closeAllConnections(); });
  const origin = `http://127.0.0.1:${server.address().port}`;
  return { page, server, origin, get: (path, init) => fetch(origin + path, init) };
}

/** The messages of a stream, as they come; it ends with the test. */
async function stream(response) {
  expect(response.status).toBe(200);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  onTestFinished(() => reader.cancel().catch(() => {}));
  let text = '';
  return async function next(name) {
    for (;;) {
      const end = text.indexOf('\n\n');
      if (end >= 0) {
        const fields = Object.fromEntries(text.slice(0, end).split('\n').map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]));
        text = text.slice(end + 2);
        if (fields.event === name) return { id: fields.id, data: JSON.parse(fields.data) };
      } else {
        const { value, done } = await reader.read();
        if (done) return null;
        text += value;
      }
    }
  };
}

describe('wrong options are refused when the page is made, all at once, each with its path', () => {
  test.each([
    [{ title: '' }, ['options.title']], [{ title: 'a\nb' }, ['options.title']], [{ basePath: 'status' }, ['options.basePath']],
    [{ basePath: '/a?b' }, ['options.basePath']], [{ basePath: '/a/../b' }, ['options.basePath']], [{ basePath: '/.' }, ['options.basePath']], [{ authorize: true }, ['options.authorize']], [{ maxStreams: 0 }, ['options.maxStreams']],
    [{ maxStreams: 1.5, title: 5, colour: 'red' }, ['options.title', 'options.maxStreams', 'options.colour']],
    [{ actions: true }, ['options.authorize']], [{ actions: 'yes' }, ['options.actions']], ['page', ['options']], [[], ['options']],
  ])('%j', (options, paths) => {
    const error = thrown(() => statusPage(quiet(), options));
    expect(error.code).toBe('INVALID_CONFIG');
    expect(error.message.split('\n').map((line) => line.split(':')[0])).toEqual(paths);
  });

  test('what is no engine', () => {
    for (const none of [null, undefined, {}, 5]) expect(thrown(() => statusPage(none)).message).toMatch(/^engine: /);
    expect(() => statusPage(fallcast).close()).not.toThrow();
    expect(() => statusPage(quiet(), null).close()).not.toThrow();
  });
});

test('what is served, and with which headers', async () => {
  const engine = quiet(['a']);
  const { get } = await served(engine);
  const json = await get('/status.json');
  expect({ ...(await json.json()), at: 0 }).toEqual({ ...engine.getStatus(), at: 0 });
  const metrics = await get('/metrics');
  expect(metrics.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  expect(readOpenMetrics(await metrics.text()).size).toBeGreaterThan(3);
  const plan = await get('/explain.json?modelId=a');
  expect(await plan.json()).toMatchObject({ originalModelId: 'a', attempts: [{ modelId: 'a' }] });
  expect((await get('/explain.json?modelId=nobody')).status).toBe(404);
  const page = await get('/');
  const [, nonce] = /script-src 'nonce-([^']+)'/.exec(page.headers.get('content-security-policy'));
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  const html = await page.text();
  expect(html.match(/<(script|style)\b[^>]*>/g).every((tag) => tag.includes(`nonce="${nonce}"`))).toBe(true);
  expect((await get('/')).headers.get('content-security-policy')).not.toContain(nonce);
  for (const response of [json, metrics, page]) {
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  }
  expect((await get('/', { method: 'HEAD' })).status).toBe(200);
});

test('healthz is 503 when no model is active, and when the engine is closed', async () => {
  const engine = quiet(['a']);
  const { get } = await served(engine, { authorize: () => false });
  const health = async () => { const response = await get('/healthz'); return [response.status, await response.json()]; };
  expect(await health()).toEqual([200, { ok: true, closed: false, activeModelCount: 1 }]);
  engine.disableModel('a', 'by hand');
  expect(await health()).toEqual([503, { ok: false, closed: false, activeModelCount: 0 }]);
  engine.enableModel('a');
  await engine.close();
  expect(await health()).toEqual([503, { ok: false, closed: true, activeModelCount: 1 }]);
});

test('a path, a method or a reader that is not let in', async () => {
  const asked = [];
  const answers = [true, false, 'yes', Promise.resolve(false), Promise.reject(new Error('no'))];
  answers[4].catch(() => {});
  const { get } = await served(quiet(), { authorize: (request) => { asked.push(request.url); return answers[asked.length - 1] ?? (() => { throw new Error('no'); })(); } });
  expect((await get('/nothing')).status).toBe(404);
  expect((await get('/actions/disable', { method: 'POST' })).status).toBe(404);
  expect((await get('/status.json', { method: 'DELETE' })).status).toBe(405);
  expect((await get('//evil.example/')).status).toBe(404);
  expect(asked).toEqual([]);
  const got = [];
  for (const path of ['/', '/', '/status.json', '/events', '/metrics', '/explain.json']) got.push((await get(path)).status);
  expect(got).toEqual([200, 403, 403, 403, 403, 403]);
});

test('a framework that has mounted it, a path of its own, and whoever is next', async () => {
  const engine = quiet(['a']);
  const own = await served(engine, { basePath: '/status/' });
  expect([(await own.get('/status')).status, (await own.get('/status/status.json')).status, (await own.get('/status.json')).status, (await own.get('/statusx')).status]).toEqual([200, 200, 404, 404]);
  const mounted = await served(engine, {}, (page) => (request, response) => {
    request.baseUrl = '/status';
    request.url = request.url.replace('/status', '') || '/';
    page(request, response, () => response.writeHead(418).end());
  });
  expect([(await mounted.get('/status/healthz')).status, (await mounted.get('/status/other')).status]).toEqual([200, 418]);
});

test('fetch in place of node:http, apart from the page too', async () => {
  const engine = quiet(['a']);
  const { fetch: answer, close } = statusPage(engine, { basePath: '/status', title: 'A <b> & "c"' });
  onTestFinished(close);
  const get = (path, init) => answer(new Request(`https://example.org${path}`, init));
  expect((await (await get('/status')).text())).toContain('<title>A &#60;b&#62; &#38; &#34;c&#34;</title>');
  expect(await (await get('/status/status.json')).json()).toMatchObject({ engineId: engine.getStatus().engineId });
  expect([(await get('/')).status, (await get('/status/x')).status, (await get('/status/', { method: 'HEAD' })).body]).toEqual([404, 404, null]);
  const next = await stream(await get('/status/events'));
  expect((await next('snapshot')).data.models).toHaveLength(1);
  engine.disableModel('a', 'by hand');
  expect((await next('event')).data).toMatchObject({ type: 'disabled' });
  expect((await next('change')).data).toMatchObject({ activeModelCount: 0, models: [{ id: 'a', state: 'disabled' }] });
});

describe('a stream', () => {
  test('begins with a snapshot, and tells events with ids and what else has changed', async () => {
    const { engine, predict } = await transcript({ a: 'internal_error', b: 'clean' });
    const { get } = await served(engine);
    const response = await get('/events');
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    const next = await stream(response);
    const { engineId } = engine.getStatus();
    expect(await next('snapshot')).toMatchObject({ id: `${engineId}-0`, data: { engineId, calls: [] } });
    const { callId } = await predict();
    expect(await next('event')).toMatchObject({ id: `${engineId}-1`, data: { type: 'fallback', callId } });
    const { data: change } = await next('change');
    expect(change).toMatchObject({ calls: [{ callId }], routes: [{ calls: 1 }], days: [{ calls: 1 }] });
    expect(change.models.map(({ id }) => id).sort()).toEqual(['a', 'b']);
    expect(change).not.toHaveProperty('providers');
  });

  test('tells all anew when the catalogue has other models', async () => {
    const { models, providers } = chain({ baseUrl: 'http://127.0.0.1:9/v1' }, ['a', 'b']);
    const catalog = write(temporaryFolder(), { 'models.json': { models }, 'providers.json': { providers } });
    const engine = engineFor({ builtinCatalog: false, catalog });
    const { get } = await served(engine);
    const next = await stream(await get('/events'));
    const ids = async () => (await next('snapshot')).data.models.map(({ id }) => id);
    expect(await ids()).toEqual(['a', 'b']);
    write(catalog, { 'models.json': { models: [{ ...models[1], fallbacks: [] }] } });
    engine.reloadCatalog();
    expect(await ids()).toEqual(['b']);
  });

  test('of a request that is given up, before it is answered or after, is there no longer', async () => {
    let letIn;
    const { fetch: answer, close } = statusPage(quiet(), { maxStreams: 1, authorize: () => new Promise((resolve) => { letIn = resolve; }) });
    onTestFinished(close);
    const ask = (signal) => {
      const response = answer(new Request('http://localhost/events', { signal }));
      letIn(true);
      return response;
    };
    const [early, late] = [new AbortController(), new AbortController()];
    const given = ask(early.signal);
    early.abort();
    await expect((await given).text()).rejects.toThrow('aborted');
    const { body } = await ask(late.signal);
    const reader = body.getReader();
    await reader.read();
    expect((await ask()).status).toBe(503);
    late.abort();
    await expect(reader.read()).rejects.toThrow('aborted');
    expect((await ask()).status).toBe(200);
  });

  test('goes on where it was left, or begins anew where that is not known', async () => {
    const engine = quiet(['a']);
    const { get } = await served(engine);
    for (let time = 0; time < 3; time += 1) { engine.disableModel('a', `${time}`); engine.enableModel('a'); }
    const { engineId } = engine.getStatus();
    const first = async (id) => {
      const next = await stream(await get('/events', { headers: { 'last-event-id': id } }));
      const told = [];
      for (let count = 0; count < 2; count += 1) told.push(next('event'));
      const { data } = await Promise.race([told[0], next('snapshot')]);
      return data.sequence ?? 'snapshot';
    };
    expect(await first(`${engineId}-4`)).toBe(5);
    for (const id of ['', 'x', `${engineId}-99`, `${engineId}--1`, `${engineId}-1e3`, `${'0'.repeat(16)}-4`, `${engineId}-4 or 1=1`]) {
      const response = await get('/events', { headers: { 'last-event-id': id } });
      const next = await stream(response);
      expect((await next('snapshot')).id, id).toBe(`${engineId}-6`);
    }
  });

  test('is one of at most so many, and ends with the page', async () => {
    const { page, get } = await served(quiet(), { maxStreams: 2 });
    const streams = [await stream(await get('/events')), await stream(await get('/events'))];
    const refused = await get('/events');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    page.close();
    for (const next of streams) expect(await next('never')).toBe(null);
    expect((await get('/')).status).toBe(503);
  });

  /** Switches every model off for a long reason, and on again: much to tell. */
  function bustle(engine) {
    for (const { id } of engine.getModels()) {
      engine.disableModel(id, 'x'.repeat(900));
      engine.enableModel(id);
    }
  }

  test('of five hundred, one of which is not read, is on time for the others, and that one is cut off', async () => {
    const engine = quiet(Array.from({ length: 20 }, (_, index) => `model-${index}`));
    const { fetch: answer, close } = statusPage(engine);
    onTestFinished(close);
    const bodies = await Promise.all(Array.from({ length: 500 }, async () => (await answer(new Request('http://localhost/events'))).body));
    const [deaf, ...readers] = bodies.map((body) => body.getReader());
    /** Reads until a message has this in it. */
    const until = async (reader, marker) => {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) throw new Error('the stream of one who reads has ended');
        if (Buffer.from(value).includes(marker)) return;
      }
    };
    for (let round = 0; round < 15; round += 1) {
      bustle(engine);
      engine.disableModel('model-0', `round ${round} is over`);
      await Promise.all(readers.map((reader) => until(reader, `round ${round} is over`)));
    }
    // What was kept for it is bounded by the limit and one message, and goes with it.
    await expect(deaf.read()).rejects.toThrow('the stream was not read');
  }, 120_000);

  test('of a socket that is not read is cut off as well', async () => {
    const engine = quiet(Array.from({ length: 90 }, (_, index) => `model-${index}`));
    const { server, get, origin } = await served(engine);
    const deaf = connect(new URL(origin).port, '127.0.0.1');
    onTestFinished(() => deaf.destroy());
    deaf.on('error', () => {}).pause();
    deaf.write('GET /events HTTP/1.1\r\nhost: x\r\n\r\n');
    const [side] = await once(server, 'connection');
    let isCut = false;
    let most = 0;
    side.once('close', () => { isCut = true; });
    const next = await stream(await get('/events'));
    /** Whoever reads hears of it. */
    const hear = async (reason) => { while ((await next('event')).data.reason !== reason); };
    for (let round = 0; !isCut; round += 1) {
      bustle(engine);
      engine.disableModel('model-7', `round ${round}`);
      await hear(`round ${round}`);
      most = Math.max(most, side.writableLength);
    }
    expect(most).toBeLessThan(2 * 1024 * 1024);
    engine.disableModel('model-7', 'the last');
    await hear('the last');
  }, 120_000);
});

describe('an action', () => {
  const allowed = { actions: true, authorize: () => true };
  async function withActions(options = allowed) {
    const engine = quiet(['a', 'b']);
    const opened = await served(engine, options);
    const [, token] = /"token":"([\w-]+)"/.exec(await (await opened.get('/')).text());
    const post = (name, body, headers = {}) => opened.get(`/actions/${name}`, {
      method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { origin: opened.origin, 'content-type': 'application/json', 'x-fallcast-token': token, ...headers },
    });
    return { engine, post, token, ...opened };
  }

  test('switches a model off and on, and pins prompts', async () => {
    const { engine, post } = await withActions();
    expect((await post('disable', { modelId: 'a', reason: 'by hand' })).status).toBe(200);
    expect(engine.getModels()[0]).toMatchObject({ state: 'disabled', disabledReason: 'by hand' });
    expect((await post('enable', { modelId: 'a' })).status).toBe(200);
    expect(engine.getModels()[0]).toMatchObject({ state: 'active' });
    const [{ version }] = engine.getPrompts();
    expect((await post('pin', { version })).status).toBe(200);
    expect(engine.getPrompts()[0].pinned).toBe(true);
    expect((await post('pin', { version: null })).status).toBe(200);
    expect(engine.getPrompts()[0].pinned).toBe(false);
  });

  test.each([
    ['from elsewhere', 403, { modelId: 'a', reason: 'x' }, { origin: 'https://evil.example' }],
    ['without an origin', 403, { modelId: 'a', reason: 'x' }, { origin: 'null' }],
    ['that a browser says is from elsewhere', 403, { modelId: 'a', reason: 'x' }, { 'sec-fetch-site': 'cross-site' }],
    ['without a token', 403, { modelId: 'a', reason: 'x' }, { 'x-fallcast-token': '' }],
    ['with another token', 403, { modelId: 'a', reason: 'x' }, { 'x-fallcast-token': 'A'.repeat(43) }],
    ['of another type', 415, { modelId: 'a', reason: 'x' }, { 'content-type': 'text/plain' }],
    ['with a huge body', 413, { modelId: 'a', reason: 'x'.repeat(100_000) }, {}],
    ['that is no JSON', 400, '{"modelId":', {}],
    ['that is no object', 400, [], {}],
    ['without a model', 400, {}, {}],
    ['with a model that is none', 404, { modelId: 'nobody', reason: 'x' }, {}],
    ['with a reason that is none', 400, { modelId: 'a', reason: 5 }, {}],
  ])('%s is refused, and nothing changes', async (_, expected, body, headers) => {
    const { engine, post } = await withActions();
    const response = await post('disable', body, headers);
    expect(response.status).toBe(expected);
    expect((await response.json()).message).toEqual(expect.any(String));
    expect(engine.getModels().every(({ state }) => state === 'active')).toBe(true);
    expect(engine.getStatus().events).toEqual([]);
  });

  test('that names no version unpins none', async () => {
    const { engine, post } = await withActions();
    const [{ version }] = engine.getPrompts();
    engine.activatePrompts(version);
    const response = await post('pin', {});
    expect([response.status, await response.json()]).toEqual([400, { message: 'version: is required; null unpins' }]);
    expect(engine.getPrompts()[0].pinned).toBe(true);
  });

  test('is refused who may not read the page, and there is none unless it is asked for', async () => {
    let yes = true;
    const { post } = await withActions({ actions: true, authorize: () => yes });
    yes = false;
    expect((await post('disable', { modelId: 'a', reason: 'x' })).status).toBe(403);
    const { get } = await served(quiet());
    expect(await (await get('/')).text()).toContain('"token":null');
    expect((await get('/actions/enable', { method: 'POST' })).status).toBe(404);
  });
});

test('it costs an engine nothing while nobody looks: it listens to no event', async () => {
  const engine = quiet(['a']);
  const calls = [];
  const watched = new Proxy(engine, { get: (_, name) => (...args) => { calls.push(name); return engine[name](...args); } });
  const { get } = await served(watched);
  expect(calls).toEqual([]);
  const next = await stream(await get('/events'));
  await next('snapshot');
  expect(calls).toContain('onEvent');
});
