/**
 * An upstream on loopback that speaks the OpenAI chat-completions protocol over real HTTP, and misbehaves as told. For
 * demonstrations, and for the tests of programs that ask language models for scores.
 *
 *     const upstream = await startUpstream({ manner: byModel({ 'org/one': 'internal_error' }) });
 *     const engine = new Fallcast({ providers: [{ id: 'together', baseUrl: upstream.baseUrl, apiKeyEnv: null }] });
 *     …
 *     await upstream.close();
 *
 * @typedef {object} UpstreamRequest
 * @property {number} index which request it is, from 0
 * @property {string} method
 * @property {string} url the path
 * @property {import('node:http').IncomingHttpHeaders} headers
 * @property {Record<string, any>} body the chat completion that was asked for
 * @property {string} model the model's name in it
 * @property {string[]} matchIds the matches that it asks about, as `matchIdsOf` finds them
 * @property {'open' | 'answered' | 'broken' | 'closed_by_client'} state `broken`: by the upstream, as told
 * @property {Promise<UpstreamRequest['state']>} ended when the exchange is over, whoever ended it
 * @property {AbortSignal} signal aborted at that moment
 * @property {Promise<void>} released when `release()` of the upstream is called
 */
const { EventEmitter, once } = require('node:events');
const { createServer } = require('node:http');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');

const { matchIdsOf, namedIn, schemaOf, valueFor } = require('./asked.js');
const { answerTo, byModel, knownManner, manners, play, scoreOf } = require('./manners.js');
const { recorder, replayer } = require('./recording.js');

/**
 * Starts an upstream on a free port of loopback.
 *
 * @param {object} [options]
 * @param {import('./manners.js').Manner} [options.manner] how it answers; `clean` if not told
 * @param {(string | { id: string })[]} [options.models] what `GET /models` lists: names, or entries with whatever a host
 *   says besides, such as `pricing`
 * @param {string[] | ((body: Record<string, any>) => string[])} [options.matchIds] how the matches are found that a prompt asks about:
 *   the ids that there are, of which a prompt names some; or a function. `matchIdsOf` if not told
 * @param {string} [options.record] a file, written anew, that keeps what `target` answers
 * @param {string} [options.target] the base URL of a provider, to which each request is passed on
 * @param {boolean} [options.prompts] whether the file keeps what was asked; true if not told
 * @param {string} [options.replay] such a file, from which each request is answered
 */
async function startUpstream({ manner, models = [], matchIds = matchIdsOf, record, target, prompts = true, replay } = {}) {
  const find = Array.isArray(matchIds) ? (body) => namedIn(body, matchIds) : matchIds;
  if ([manner, record, replay].filter((way) => way !== undefined).length > 1) {
    throw new Error('startUpstream: takes one of manner, record and replay');
  }
  if ((record === undefined) !== (target === undefined)) throw new Error('startUpstream: record and target belong together');
  const unmatched = [];
  const answer = record !== undefined ? recorder(record, target, prompts)
    : replay !== undefined ? replayer(replay, (request) => unmatched.push(request))
      : (request, reply) => play(manner ?? 'clean', request, reply);
  /** @type {UpstreamRequest[]} */
  const requests = [];
  const replies = new Set();
  const news = new EventEmitter().setMaxListeners(0);
  let release;
  const closing = new AbortController();
  const released = new Promise((resolve) => { release = resolve; });

  const server = createServer(async (incoming, response) => {
    if (incoming.method === 'GET' && incoming.url.replace(/\?.*$/s, '').endsWith('/models')) {
      if (record !== undefined || (replay !== undefined && models.length === 0)) {
        const { method, url, headers } = incoming;
        await answer({ method, url, headers, matchIds: [], signal: closing.signal }, new Reply(response));
        return;
      }
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ object: 'list', data: models.map((model) => ({ object: 'model', ...(typeof model === 'string' ? { id: model } : model) })) }));
      return;
    }
    const body = await readJson(incoming);
    if (!body) return void response.writeHead(400).end();
    const reply = new Reply(response, body);
    const request = requestOf(incoming, body, reply, { index: requests.length, released, matchIds: find(body) });
    requests.push(request);
    replies.add(reply);
    request.ended.then(() => {
      replies.delete(reply);
      news.emit('change');
    });
    news.emit('change');
    try {
      await answer(request, reply);
    } catch (error) {
      if (!request.signal.aborted) reply.error(500, `upstream: ${error.message}`);
    }
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const until = async (condition) => {
    while (!condition()) await once(news, 'change');
  };

  return {
    /** The base URL for a provider. */
    baseUrl: `http://127.0.0.1:${server.address().port}/v1`,

    /** What `GET /models` lists. */
    models,

    /** Every chat completion that was asked for, in order. */
    requests,

    /** The requests to which a replayed file has no answer. */
    unmatched,

    /** The requests that are neither answered nor closed. */
    get open() {
      return requests.filter(({ state }) => state === 'open');
    },

    /** Resolves with the requests once there are `count` of them. */
    async received(count = 1) {
      await until(() => requests.length >= count);
      return requests;
    },

    /** Resolves once no request is open. */
    idle: () => until(() => requests.every(({ state }) => state !== 'open')),

    /** Lets every request of the manner `held` go on, also those to come. */
    release: () => release(),

    /** Closes every connection and the port. */
    async close() {
      closing.abort();
      for (const reply of replies) reply.broken = true;
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

/** The answering side of one exchange, for the manners. */
class Reply {
  /** The options of the manner that is played. */
  options = {};

  /** Whether the upstream has begun to break the exchange by itself. */
  broken = false;

  #response;
  #asked;

  constructor(response, asked) {
    this.#response = response;
    this.#asked = asked;
  }

  /** The connection. */
  get socket() {
    return this.#response.socket;
  }

  /** Breaks the connection by one of its socket's methods. */
  break(method) {
    this.broken = true;
    this.socket[method]();
  }

  /** Calls back when the exchange is over, with whether the answer was sent whole. */
  onEnd(callback) {
    this.#response.once('close', () => callback(this.#response.writableFinished));
  }

  /** A chat completion with this message; `usage` of the manner's options replaces the tokens; null omits them. */
  completion(message, { finishReason = 'stop' } = {}) {
    const text = (value = '') => (typeof value === 'string' ? value : value ? JSON.stringify(value) : '');
    const tokens = (value) => Math.ceil(text(value).length / 4);
    const promptTokens = this.#asked.messages.reduce((sum, { content }) => sum + tokens(content), 0);
    const completionTokens = tokens(message.content) + tokens(message.reasoning) + tokens(message.tool_calls);
    const { usage = {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    } } = this.options;
    return {
      id: 'chatcmpl-loopback',
      object: 'chat.completion',
      created: 1_760_000_000,
      model: this.#asked.model,
      choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finishReason }],
      ...(usage && { usage }),
    };
  }

  /** Answers with a message. */
  message(message, options) {
    this.bytes(200, JSON.stringify(this.completion(message, options)));
  }

  /** Answers with text. */
  text(content, options) {
    this.message({ content }, options);
  }

  /** Answers with an error status. */
  error(status, message, details = {}, headers = {}) {
    const error = { message, type: null, param: null, code: null, ...details };
    this.bytes(status, JSON.stringify({ error }), headers);
  }

  /** Answers with bytes. */
  bytes(status, body, headers = {}) {
    this.head(status, { 'content-length': Buffer.byteLength(body), ...headers });
    this.#response.end(body);
  }

  /** Begins an answer. */
  head(status, headers = {}) {
    this.#response.writeHead(status, { 'content-type': 'application/json', ...headers });
  }

  /** Sends some of an answer's body. */
  async write(text) {
    await new Promise((resolve) => this.#response.write(text, resolve));
  }

  /** Answers with a body that is made while it is sent. */
  async stream(source) {
    this.head(200);
    await pipeline(Readable.from(source()), this.#response);
  }
}

async function readJson(incoming) {
  try {
    const chunks = await incoming.toArray();
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return null;
  }
}

function requestOf(incoming, body, reply, more) {
  const controller = new AbortController();
  let resolve;
  const ended = new Promise((settle) => { resolve = settle; });
  const request = {
    ...more,
    method: incoming.method,
    url: incoming.url,
    headers: incoming.headers,
    body,
    model: body.model,
    state: 'open',
    ended,
    signal: controller.signal,
  };
  reply.onEnd((finished) => {
    request.state = finished ? 'answered' : reply.broken ? 'broken' : 'closed_by_client';
    controller.abort();
    resolve(request.state);
  });
  return request;
}

module.exports = { Reply, answerTo, byModel, knownManner, manners, matchIdsOf, schemaOf, scoreOf, startUpstream, valueFor };
