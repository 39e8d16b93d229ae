'use strict';

/**
 * `fallcast/status`: what an operator sees, as a page, as JSON, as a stream of changes, and for Prometheus and load
 * balancers; one handler for `node:http` and what is built on it, and for whoever has a `Request` and wants a `Response`.
 */
const { randomBytes } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const { act } = require('./actions.js');
const { answerNode, answerFetch } = require('./answer.js');
const { Fleet } = require('./fleet.js');
const { readOptions } = require('./options.js');
const { Streams } = require('./streams.js');

const PAGE = readFileSync(join(__dirname, 'page.html'), 'utf8');
/** A match that `explain` is asked about: what a chain costs depends on a request, and there is none. */
const SAMPLE = { id: 'm1', homeTeam: 'Home', awayTeam: 'Away' };
const JSON_TYPE = 'application/json; charset=utf-8';
const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const ACTION = /^\/actions\/(disable|enable|pin)$/;

const json = (status, value, headers = {}) => ({ status, headers: { 'content-type': JSON_TYPE, ...headers }, body: JSON.stringify(value) });
const refused = (status, message, headers) => json(status, { message }, headers);

exports.statusPage = function statusPage(engine, options) {
  const { title, basePath, authorize, actions, maxStreams } = readOptions(engine, options);
  const token = randomBytes(32).toString('base64url');
  const streams = new Streams(engine, maxStreams);
  const fleet = new Fleet(engine);
  let isClosed = false;

  /** Whether the user's function lets the request in; what it throws is a no. */
  async function isAllowed(raw) {
    if (!authorize) return true;
    try {
      return (await authorize(raw)) === true;
    } catch {
      return false;
    }
  }

  function page() {
    const nonce = randomBytes(16).toString('base64');
    // Data for a script, in which no text can end the element.
    const settings = JSON.stringify({ title, token: actions ? token : null }).replaceAll('<', '\\u003c');
    const values = { NONCE: nonce, SETTINGS: settings, TITLE: title.replace(/[&<>"]/g, (sign) => `&#${sign.codePointAt(0)};`) };
    const policy = `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
    const body = PAGE.replace(/__(NONCE|SETTINGS|TITLE)__/g, (_, name) => values[name]);
    return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy }, body };
  }

  function health() {
    const { closed, activeModelCount } = engine.getStatus();
    return json(!closed && activeModelCount > 0 ? 200 : 503, { ok: !closed && activeModelCount > 0, closed, activeModelCount });
  }

  function explain(query) {
    try {
      return json(200, engine.explain({ modelId: query.get('modelId') ?? '', matches: [SAMPLE] }));
    } catch (error) {
      return json({ UNKNOWN_MODEL: 404, CLOSED: 503 }[error.code] ?? 400, { code: error.code, message: error.message });
    }
  }

  async function ofFleet() {
    try {
      const all = await fleet.read();
      return all === null ? refused(404, 'the engine belongs to no fleet') : json(200, all);
    } catch (error) {
      return refused(503, error.message);
    }
  }

  /** What a request is answered with; null if it is for nobody here. */
  async function answer(request) {
    const { method, path, query, raw, header } = request;
    if (isClosed) return refused(503, 'the page is closed');
    const reading = method === 'GET' || method === 'HEAD';
    const action = ACTION.exec(path);
    const known = ['/', '/status.json', '/events', '/metrics', '/healthz', '/explain.json', '/fleet.json'].includes(path) || (actions && action);
    if (!known) return null;
    if (action ? method !== 'POST' : !reading) return refused(405, 'the method is not allowed', { allow: action ? 'POST' : 'GET, HEAD' });
    // A load balancer has no account, and learns nothing that it does not need.
    if (path === '/healthz') return health();
    if (!await isAllowed(raw)) return refused(403, 'not allowed');
    switch (path) {
      case '/': return page();
      case '/status.json': return { status: 200, headers: { 'content-type': JSON_TYPE }, body: JSON.stringify(engine.getStatus()) };
      case '/metrics': return { status: 200, headers: { 'content-type': OPENMETRICS }, body: engine.getMetricsText() };
      case '/explain.json': return explain(query);
      case '/fleet.json': return ofFleet();
      case '/events':
        if (method === 'HEAD') return { status: 200, headers: { 'content-type': 'text/event-stream' }, body: '' };
        return streams.isFull ? refused(503, 'too many streams', { 'retry-after': '5' }) : { stream: streams, lastEventId: header('last-event-id') };
      default: return act(engine, action[1], token, request);
    }
  }

  const handler = (request, response, next) => answerNode(answer, basePath, request, response, next);
  handler.fetch = (request) => answerFetch(answer, basePath, request);
  handler.close = () => {
    isClosed = true;
    streams.close();
  };
  return handler;
};
