/**
 * Keeps what a provider really answered in a file, and gives it back by request, so that tests run without keys. The file has
 * a line of JSON for each exchange:
 *
 *     {"request":{"method":"POST","path":"/chat/completions","model":"…","matchIds":["…"],"body":{…}},
 *      "same":"…","alike":"…","reply":{"status":200,"headers":{…},"text":"…"}}
 *
 * Bytes that are no text stand in `base64`, beside what was cut off `"cut":true`. Where no reply came it is `{"broken":true,"why":"ECONNRESET"}`,
 * and where the client waited for it no longer, `{"unanswered":true}`.
 *
 * `same` is a digest of the whole request, `alike` one of what is asked of whom: of the method, the path, the model and the
 * matches, or without matches of the user messages, days left out. So a recording outlives midnight and a change of the
 * instructions.
 */
const { createHash } = require('node:crypto');
const { appendFileSync, readFileSync, writeFileSync } = require('node:fs');

/** The headers of a reply that are kept: its type, and what an engine reads of limits. Any other may tell of the account. */
const KEPT = /^content-type$|retry|rate-?limit/;
/** The headers of a request that are of its connection, or that `fetch` writes itself. */
const OWN = ['host', 'connection', 'content-length', 'transfer-encoding', 'accept-encoding', 'keep-alive'];
/** Headers, and parameters of an address, that hold a key. */
const KEYS = /authorization|cookie|key|token|secret|password/i;
/** Fields of a body that hold a key; what else has such a word in its name, as `prompt_cache_key`, may hold any text. */
const KEY_FIELDS = /^(api[-_]?key|access[-_]?token|authorization|password|secret)$/i;

const digest = (value) => createHash('sha256').update(JSON.stringify(sorted(value))).digest('hex').slice(0, 32);

/** The value with the fields of its objects in order. */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])]));
}

/** What an exchange is found by. */
function digestsOf({ method, path, body, matchIds }) {
  const asked = matchIds.length > 0 ? matchIds : (body?.messages ?? []).filter(({ role }) => role === 'user')
    .map(({ content }) => JSON.stringify(content).replaceAll(/\d{4}-\d\d-\d\d(T[\d:.]+Z)?/g, 'a day'));
  return { same: digest([method, path, body]), alike: digest([method, path, body?.model, asked]) };
}

/** The path below the base URL, without a query, in which a key may stand. */
const below = (url) => url.replace(/^\/v1(?=\/)/, '').replace(/\?.*$/s, '');

/** Every key that a request carries, as it is and as it stands in JSON or an address. */
function keysIn({ url, headers, body }) {
  const query = url.replace(/^[^?]*\??/, '');
  const parameters = [...new URLSearchParams(query), ...query.split('&').map((pair) => pair.split(/=(.*)/s))];
  const values = [
    ...[...Object.entries(headers), ...parameters].filter(([name]) => KEYS.test(name)),
    ...Object.entries(body ?? {}).filter(([name, value]) => KEY_FIELDS.test(name) && typeof value === 'string'),
  ].map(([, value = '']) => String(value));
  const keys = values.map((value) => value.replace(/^\w+ +/, '')).filter((key) => key.length >= 4);
  const written = keys.flatMap((key) => [key, JSON.stringify(key).slice(1, -1), encodeURIComponent(key)]);
  // One may be the beginning of another.
  return [...new Set(written)].sort((a, b) => b.length - a.length);
}

/** The text without the keys. */
const without = (text, keys) => keys.reduce((safe, key) => safe.replaceAll(key, '[key]'), text);

/** A value of JSON whose texts are without the keys. */
function safeOf(value, keys) {
  if (typeof value === 'string') return without(value, keys);
  if (Array.isArray(value)) return value.map((inner) => safeOf(inner, keys));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [without(name, keys), safeOf(inner, keys)]));
}

/**
 * Passes each request on, and writes down what came of it.
 *
 * @param {string} file written anew
 * @param {string} target the base URL of the provider
 * @param {boolean} prompts whether the bodies of requests are kept
 */
function recorder(file, target, prompts) {
  const base = baseOf(target);
  writeFileSync(file, '');
  return async (request, reply) => {
    const { method, url, headers, body, matchIds, signal } = request;
    const keys = keysIn(request);
    const path = below(url);
    const keep = (kept) => {
      const asked = { method, path, ...(body && { model: body.model, matchIds }), ...(prompts && body && { body }) };
      const line = { request: asked, ...digestsOf({ method, path, body, matchIds }), reply: kept };
      appendFileSync(file, `${JSON.stringify(safeOf(line, keys))}\n`);
    };
    const sent = Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN.includes(name)));
    const chunks = [];
    let [answered, why] = [];
    try {
      answered = await fetch(`${base}${url.replace(/^\/v1(?=\/)/, '')}`, {
        method, headers: sent, body: body && JSON.stringify(body), redirect: 'manual', signal,
      });
      for await (const chunk of answered.body ?? []) chunks.push(chunk);
    } catch (error) {
      why = error.cause?.code ?? error.cause?.message ?? error.message;
    }
    if (signal.aborted) {
      if (request.state === 'closed_by_client') keep({ unanswered: true });
      return;
    }
    const bytes = Buffer.concat(chunks);
    const kept = why !== undefined && bytes.length === 0 ? { broken: true, why } : {
      status: answered.status,
      headers: Object.fromEntries([...answered.headers].filter(([name]) => KEPT.test(name))),
      ...contentOf(bytes, keys),
      ...(why !== undefined && { cut: true, why }),
    };
    keep(kept);
    await send(reply, kept, bytes);
  };
}

/** The base URL without a slash at its end. What is wrong with it is told without it, for it may hold a key. */
function baseOf(target) {
  const { protocol, username, password, search, hash } = URL.canParse(target) ? new URL(target) : {};
  if (!/^https?:$/.test(protocol) || username || password || search || hash) {
    throw new Error('startUpstream: target must be the base URL of a provider, such as https://api.example.com/v1, without a user or a query');
  }
  return target.replace(/\/+$/, '');
}

/** Bytes as text, or where they are none, in base64 and without the keys. */
function contentOf(bytes, keys) {
  const text = bytes.toString();
  if (Buffer.from(text).equals(bytes)) return { text };
  // A character for each byte, so that a key is found among them.
  return { base64: Buffer.from(without(bytes.toString('latin1'), keys), 'latin1').toString('base64') };
}

/** Answers with what is kept; `bytes` are those of its content. */
async function send(reply, { broken, cut, status, headers, text, base64 = '' }, bytes = Buffer.from(text ?? base64, text === undefined ? 'base64' : 'utf8')) {
  if (!broken && !cut) return void reply.bytes(status, bytes, headers);
  if (cut) {
    reply.head(status, headers);
    await reply.write(bytes);
  }
  reply.break('destroy');
}

/**
 * Gives back what a file has: what was answered to the very same request, or else to one that asks the same of the same model;
 * of several each in its turn, and the last one stays.
 *
 * @param {string} file
 * @param {(request: object) => void} unknown told of a request to which there is no answer
 */
function replayer(file, unknown) {
  const lines = readFileSync(file, 'utf8').replace(/^\uFEFF/, '').split('\n');
  const exchanges = lines.flatMap((line, index) => (line.trim() === '' ? [] : [exchangeIn(line, `${file}: line ${index + 1}`)]));
  return async (request, reply) => {
    const { method, url, body, matchIds } = request;
    const { same, alike } = digestsOf({ method, path: below(url), body, matchIds });
    const exact = exchanges.filter((exchange) => exchange.same === same);
    const fitting = exact.length > 0 ? exact : exchanges.filter((exchange) => exchange.alike === alike);
    const found = fitting.find(({ used }) => !used) ?? fitting.at(-1);
    if (!found) {
      unknown(request);
      const asked = body ? ` of ${body.model} about ${matchIds.join(', ') || 'this'}` : '';
      reply.error(501, `replay: ${file} has no answer to ${method} ${below(url)}${asked}`, { type: 'replay' });
      return;
    }
    found.used = true;
    return found.reply.unanswered ? request.ended : send(reply, found.reply);
  };
}

/** The exchange in a line of a file; `place` says which line that is. */
function exchangeIn(line, place) {
  let exchange;
  try {
    exchange = JSON.parse(line);
  } catch (error) {
    throw new Error(`${place}: ${error.message}`);
  }
  const { same, alike, reply } = exchange ?? {};
  const { status, headers, text, base64, broken, unanswered } = reply ?? {};
  const isReply = Number.isInteger(status) && status >= 200 && status <= 599 && typeof headers === 'object' && typeof (text ?? base64) === 'string';
  if (typeof same !== 'string' || typeof alike !== 'string' || !(isReply || broken === true || unanswered === true)) {
    throw new Error(`${place}: is no exchange that startUpstream recorded`);
  }
  return { same, alike, reply, used: false };
}

module.exports = { recorder, replayer };
