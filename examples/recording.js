/**
 * Keeps what a provider really answered in a file, and gives it back by request, so that tests run without keys. The file has
 * a line of JSON for each exchange:
 *
 *     {"request":{"method":"POST","path":"/chat/completions","model":"…","matchIds":["…"],"body":{…}},
 *      "same":"…","alike":"…","reply":{"status":200,"headers":{…},"text":"…"}}
 *
 * `same` is a digest of the whole request, `alike` one of what is asked of whom: of the method, the path, the model and the
 * matches, or without matches of the user messages, days left out. So a recording outlives midnight and a change of the
 * instructions.
 */
const { createHash } = require('node:crypto');
const { appendFileSync, readFileSync, writeFileSync } = require('node:fs');

/** The headers of a reply that are kept; any other may tell of the account. */
const KEPT = /^(content-type|retry-after|x-ratelimit-.*)$/;
/** The headers of a request that are of its connection, or that `fetch` writes itself. */
const OWN = ['host', 'connection', 'content-length', 'transfer-encoding', 'accept-encoding', 'keep-alive'];
/** Headers that hold a key. */
const KEYS = /authorization|cookie|key|token|secret|password/;

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
function keysIn(headers) {
  const values = Object.entries(headers).filter(([name]) => KEYS.test(name)).map(([, value]) => String(value));
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
  const base = target.replace(/\/+$/, '');
  writeFileSync(file, '');
  return async (request, reply) => {
    const { method, url, headers, body, matchIds, signal } = request;
    const keys = keysIn(headers);
    const path = below(url);
    const keep = (kept) => {
      const asked = { method, path, ...(body && { model: body.model, matchIds }), ...(prompts && body && { body }) };
      const line = { request: asked, ...digestsOf({ method, path, body, matchIds }), reply: kept };
      appendFileSync(file, `${JSON.stringify(safeOf(line, keys))}\n`);
    };
    let answered;
    try {
      const sent = Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN.includes(name)));
      answered = await fetch(`${base}${url.replace(/^\/v1(?=\/)/, '')}`, {
        method, headers: sent, body: body && JSON.stringify(body), redirect: 'manual', signal,
      });
      const bytes = Buffer.from(await answered.arrayBuffer());
      const kept = {
        status: answered.status,
        headers: Object.fromEntries([...answered.headers].filter(([name]) => KEPT.test(name))),
        ...contentOf(bytes, keys),
      };
      keep(kept);
      send(reply, kept, bytes);
    } catch (error) {
      if (signal.aborted) return;
      keep({ broken: true });
      reply.break('destroy');
    }
  };
}

/** Bytes as text, or where they are none, in base64 and without the keys. */
function contentOf(bytes, keys) {
  const text = bytes.toString();
  if (Buffer.from(text).equals(bytes)) return { text };
  // A character for each byte, so that a key is found among them.
  return { base64: Buffer.from(without(bytes.toString('latin1'), keys), 'latin1').toString('base64') };
}

function send(reply, { status, headers, text, base64 }, bytes = base64 === undefined ? Buffer.from(text) : Buffer.from(base64, 'base64')) {
  reply.bytes(status, bytes, headers);
}

/**
 * Gives back what a file has: what was answered to the very same request, or else to one that asks the same of the same model;
 * of several each in its turn, and the last one stays.
 *
 * @param {string} file
 * @param {(request: object) => void} unknown told of a request to which there is no answer
 */
function replayer(file, unknown) {
  const lines = readFileSync(file, 'utf8').split('\n').filter((line) => line.trim() !== '');
  const exchanges = lines.map((line, index) => {
    try {
      return { ...JSON.parse(line), used: false };
    } catch (error) {
      throw new Error(`${file}: line ${index + 1}: ${error.message}`);
    }
  });
  return (request, reply) => {
    const { method, url, body, matchIds } = request;
    const { same, alike } = digestsOf({ method, path: below(url), body, matchIds });
    const fitting = (name, value) => exchanges.filter((exchange) => exchange[name] === value);
    const exact = fitting('same', same);
    const close = fitting('alike', alike);
    const found = exact.find(({ used }) => !used) ?? close.find(({ used }) => !used) ?? exact.at(-1) ?? close.at(-1);
    if (!found) {
      unknown(request);
      const asked = body ? ` of ${body.model} about ${matchIds.join(', ') || 'this'}` : '';
      reply.error(501, `replay: ${file} has no answer to ${method} ${below(url)}${asked}`, { type: 'replay' });
      return;
    }
    found.used = true;
    if (found.reply.broken) reply.break('destroy');
    else send(reply, found.reply);
  };
}

module.exports = { recorder, replayer };
