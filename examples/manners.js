/**
 * The manners in which a model, its host or the network between may answer a chat completion: well, oddly, or not at
 * all. Each is a short function, so that a program can add its own beside them.
 *
 * @typedef {import('./upstream.js').UpstreamRequest} UpstreamRequest
 * @typedef {import('./upstream.js').Reply} Reply
 * @typedef {string | { name: string, [option: string]: unknown } | ((request: UpstreamRequest) => Manner)} Manner
 *   The name of a manner; or its name with options, such as `{ name: 'rate_limited', retryAfter: 2 }`; or a function
 *   that chooses one for a request.
 */
const { setTimeout: sleep } = require('node:timers/promises');
const { gzipSync } = require('node:zlib');

const { schemaOf, valueFor } = require('./asked.js');

/**
 * The score that every model of the upstream predicts for a match: 0 to 4 goals a side, the same for the same id.
 *
 * @param {string} matchId
 * @returns {{ homeScore: number, awayScore: number }}
 */
function scoreOf(matchId) {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(matchId)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return { homeScore: (hash >>> 16) % 5, awayScore: (hash >>> 21) % 5 };
}

/**
 * What a well-behaved model answers.
 *
 * @param {string[]} matchIds
 * @returns {string} JSON
 */
function answerTo(matchIds) {
  const predictions = matchIds.map((matchId) => {
    const { homeScore, awayScore } = scoreOf(matchId);
    return { match_id: matchId, home_score: homeScore, away_score: awayScore };
  });
  return JSON.stringify({ predictions });
}

const THOUGHT = 'The home side has won four of its last five, so a first guess is {"home_score": 9, "away_score": 9}. '
  + 'No: that is far too many. I settle on something usual.';
const PROSE = 'Both sides have been hard to beat of late, and much depends on who is fit. '
  + 'I would lean towards the hosts, but would not be surprised by a draw.';
const CHINESE = '根据两队近期的状态和历史交锋记录，我认为主队略占优势，但比赛结果仍然难以预料。';

/** What is said where neither a form nor matches are asked for. */
const SENTENCE = 'An answer of the upstream.';

/** A good answer: a value of the schema that is asked for, scores for the matches, or a sentence. */
function answer({ body, matchIds }) {
  const schema = schemaOf(body);
  if (schema !== undefined) return JSON.stringify(valueFor(schema));
  return matchIds.length > 0 || body.response_format ? answerTo(matchIds) : SENTENCE;
}

const fence = (text) => `\`\`\`json\n${text}\n\`\`\``;

/** Good answers, in the shapes that models give them. */
const answers = {
  /** JSON and nothing else. */
  clean: (request, reply) => reply.text(answer(request)),

  /** JSON in a markdown fence. */
  fenced: (request, reply) => reply.text(fence(answer(request))),

  /** Words before and after the JSON. */
  prose_around: (request, reply) =>
    reply.text(`${PROSE}\n\nMy predictions:\n\n${fence(answer(request))}\n\nGood luck!`),

  /** Chinese words before and after the JSON. */
  chinese_around: (request, reply) => reply.text(`${CHINESE}\n\n${answer(request)}\n\n以上是我的预测。`),

  /** Thinking in `<think>` tags, a discarded score in it, then JSON. */
  think: (request, reply) => reply.text(`<think>\n${THOUGHT}\n</think>\n\n${answer(request)}`),

  /** Thinking whose opening tag the host has swallowed. */
  think_closing_only: (request, reply) => reply.text(`${THOUGHT}\n</think>\n\n${answer(request)}`),

  /** Thinking in a field of its own, JSON in the content. */
  reasoning_beside: (request, reply) => reply.message({ content: answer(request), reasoning: THOUGHT }),

  /** Everything in the reasoning field; the content is null. */
  reasoning_only: (request, reply) => reply.message({ content: null, reasoning: `${THOUGHT}\n\n${answer(request)}` }),

  /** The content as a list of parts. */
  parts: (request, reply) => reply.message({ content: [{ type: 'text', text: answer(request) }] }),

  /** The answer in the arguments of a tool call; the content is null. */
  tool_call: (request, reply) => {
    const call = { id: 'call_1', type: 'function', function: { name: 'predict', arguments: answer(request) } };
    reply.message({ content: null, tool_calls: [call] }, { finishReason: 'tool_calls' });
  },

  /** Only the first half of the matches (of one match: none); `matches` says how many. */
  partial: (request, reply, { matches = Math.floor(request.matchIds.length / 2) }) =>
    reply.text(answerTo(request.matchIds.slice(0, matches))),

  /** The manner `then`, after `ms` milliseconds. */
  slow: async (request, reply, { ms = 300, then = 'clean' }) => {
    await sleep(ms, undefined, { signal: request.signal });
    await play(then, request, reply);
  },

  /** The manner `then`, once `upstream.release()` is called. */
  held: async (request, reply, { then = 'clean' }) => {
    await request.released;
    await play(then, request, reply);
  },
};

/** Replies with status 200 that hold no prediction. */
const useless = {
  /** Words without a score. */
  prose: (request, reply) => reply.text(PROSE),

  /** Chinese words without a score. */
  chinese: (request, reply) => reply.text(CHINESE),

  /** No text at all. */
  empty: (request, reply) => reply.text(''),

  /** Cut off by `max_tokens` before the first score was complete. */
  truncated: (request, reply) =>
    reply.text(`${PROSE}\n\n{"predictions": [{"match_id": "`, { finishReason: 'length' }),

  /** The schema of JSON mode instead of an answer. */
  schema_echo: (request, reply) => reply.text('{"type":"object"}'),

  /** The template of the prompt instead of an answer. */
  template_echo: (request, reply) =>
    reply.text('{"predictions":[{"match_id":"<match_id>","home_score":X,"away_score":Y}]}'),

  /** Stopped by the host's content filter. */
  content_filter: (request, reply) => reply.text('', { finishReason: 'content_filter' }),

  /** A web page where JSON belongs. */
  html: (request, reply) => reply.bytes(200, '<!doctype html><title>Welcome</title>', { 'content-type': 'text/html' }),

  /** A chat completion with bytes in it that are not UTF-8. */
  bad_utf8: (request, reply) => {
    const [head, tail] = JSON.stringify(reply.completion({ content: '|' })).split('|');
    reply.bytes(200, Buffer.concat([Buffer.from(head), Buffer.from([0xff, 0xfe, 0x80]), Buffer.from(tail)]));
  },

  /** A chat completion of `bytes` bytes (8 MiB). */
  huge: async (request, reply, { bytes = 8 * 1024 * 1024 }) => {
    const [head, tail] = JSON.stringify(reply.completion({ content: '|' })).split('|');
    const block = 'x'.repeat(64 * 1024);
    await reply.stream(function* () {
      yield head;
      for (let sent = 0; sent < bytes; sent += block.length) yield block;
      yield tail;
    });
  },

  /** A small body that decompresses to `bytes` bytes (64 MiB). */
  gzip_bomb: (request, reply, { bytes = 64 * 1024 * 1024 }) =>
    reply.bytes(200, gzipSync(Buffer.alloc(bytes, ' ')), { 'content-encoding': 'gzip' }),
};

/** Refusals: an error status, with the body that hosts send with it. */
const refusals = {
  /** Any status: `{ name: 'status', status: 418, message: '…' }`. */
  status: (request, reply, { status = 500, message = 'Something went wrong', headers, ...error }) =>
    reply.error(status, message, error, headers),

  internal_error: (request, reply) => reply.error(500, 'Internal server error', { type: 'server_error' }),
  loading: (request, reply) => reply.error(503, 'Loading model', { type: 'unavailable_error', code: 503 }),

  /** `retryAfter`: seconds or an HTTP date; null sends no such header. */
  rate_limited: (request, reply, { retryAfter = 30 }) =>
    reply.error(429, 'Rate limit reached, please slow down', { type: 'rate_limit_exceeded' },
      retryAfter === null ? {} : { 'retry-after': String(retryAfter) }),

  quota_exceeded: (request, reply) =>
    reply.error(429, 'You exceeded your current quota, please check your plan and billing details',
      { type: 'insufficient_quota', code: 'insufficient_quota' }),
  no_credit: (request, reply) => reply.error(402, 'Insufficient credit', { type: 'payment_required' }),
  unauthorized: (request, reply) =>
    reply.error(401, 'Invalid API key provided', { type: 'invalid_request_error', code: 'invalid_api_key' }),
  forbidden: (request, reply) => reply.error(403, 'Access denied', { type: 'permission_error' }),
  model_missing: (request, reply) =>
    reply.error(404, `The model \`${request.model}\` does not exist or you do not have access to it`,
      { type: 'invalid_request_error', code: 'model_not_found' }),
  context_length: (request, reply) =>
    reply.error(400, "This model's maximum context length is 4096 tokens, however you requested 9001 tokens",
      { type: 'invalid_request_error', code: 'context_length_exceeded' }),
  bad_parameter: (request, reply) =>
    reply.error(422, 'temperature: must be at most 1', { type: 'invalid_request_error', param: 'temperature' }),
  no_response_format: (request, reply) =>
    reply.error(400, 'response_format is not supported with structured output on this host',
      { type: 'invalid_request_error', param: 'response_format' }),
  filtered_prompt: (request, reply) =>
    reply.error(400, 'The response was filtered', { type: 'invalid_request_error', code: 'content_filter' }),
  redirect: (request, reply) => reply.bytes(302, '', { location: request.url }),
};

/** Trouble below the protocol. */
const wire = {
  /** Accepts the request and never answers. */
  never: () => {},

  /** Resets the connection instead of answering. */
  reset: (request, reply) => reply.break('resetAndDestroy'),

  /** Closes the connection in the middle of the body. */
  cut_body: async (request, reply) => {
    const body = JSON.stringify(reply.completion({ content: answer(request) }));
    reply.head(200, { 'content-length': Buffer.byteLength(body) });
    await reply.write(body.slice(0, body.length / 2));
    reply.break('destroy');
  },

  /** Promises more bytes than it sends, then ends in an orderly way. */
  wrong_length: async (request, reply) => {
    const body = JSON.stringify(reply.completion({ content: answer(request) }));
    reply.head(200, { 'content-length': Buffer.byteLength(body) + 100 });
    await reply.write(body);
    reply.break('end');
  },

  /** A good answer, one byte every `ms` milliseconds (1000). */
  drip: (request, reply, { ms = 1000 }) => {
    const body = JSON.stringify(reply.completion({ content: answer(request) }));
    return reply.stream(async function* () {
      for (const character of body) {
        yield character;
        await sleep(ms, undefined, { signal: request.signal });
      }
    });
  },

  /** Headers for ever, one every `ms` milliseconds (10). */
  endless_headers: async (request, reply, { ms = 10 }) => {
    reply.socket.write('HTTP/1.1 200 OK\r\n');
    for (let count = 0; ; count += 1) {
      reply.socket.write(`x-header-${count}: ${'y'.repeat(64)}\r\n`);
      await sleep(ms, undefined, { signal: request.signal });
    }
  },
};

/**
 * Every manner by its name. Add one's own: `manners.mine = (request, reply, options) => reply.text('…')`.
 *
 * @type {Record<string, (request: UpstreamRequest, reply: Reply, options: Record<string, any>) => unknown>}
 */
const manners = { ...answers, ...useless, ...refusals, ...wire };

/**
 * Answers a request in a manner.
 *
 * @param {Manner} manner
 * @param {UpstreamRequest} request
 * @param {Reply} reply
 */
async function play(manner, request, reply) {
  if (typeof manner === 'function') return play(await manner(request), request, reply);
  const { name, ...options } = typeof manner === 'string' ? { name: manner } : manner;
  if (!Object.hasOwn(manners, name)) throw new Error(`no manner is named ${name}`);
  reply.options = options;
  return manners[name](request, reply, options);
}

/**
 * Chooses the manner by the model that is asked; of a list, each request takes the next and the last one stays.
 *
 * @param {Record<string, Manner | Manner[]>} table by the name of the model that the request carries
 * @param {Manner} [otherwise] for every other model
 * @returns {(request: UpstreamRequest) => Manner}
 */
function byModel(table, otherwise = 'clean') {
  const lists = new Map(Object.entries(table).map(([model, manner]) => [model, [manner].flat()]));
  return ({ model }) => {
    const list = lists.get(model) ?? [otherwise];
    return list.length > 1 ? list.shift() : list[0];
  };
}

/** How some of the built-in models are known to answer, by their upstream names; all others answer as asked. */
const known = {
  'deepseek-ai/DeepSeek-R1': 'think',
  'deepseek-ai/DeepSeek-R1-0528': 'think',
  'moonshotai/Kimi-K2-Thinking': 'reasoning_only',
  'Qwen/Qwen3-235B-A22B-Thinking-2507': { name: 'slow', then: 'prose_around' },
  'deepseek-ai/DeepSeek-V3.2': 'prose_around',
  'moonshotai/Kimi-K2.5': { name: 'slow', then: 'fenced' },
  'zai-org/GLM-4.6': { name: 'slow', then: 'chinese_around' },
  'zai-org/GLM-4.7': ({ body }) => (body.response_format ? 'no_response_format' : 'chinese_around'),
  'openai/gpt-oss-120b': ({ body }) => (body.response_format ? 'schema_echo' : 'clean'),
};

/**
 * The manner in which a built-in model is known to answer.
 *
 * @param {string} modelId the upstream name, with or without the `hf:` of Synthetic
 * @returns {Manner}
 */
function knownManner(modelId) {
  const name = modelId.replace(/^hf:/, '');
  return known[name] ?? (/llama|mistral|gemma/i.test(name) ? 'fenced' : 'clean');
}

module.exports = { scoreOf, answerTo, manners, play, byModel, knownManner };
