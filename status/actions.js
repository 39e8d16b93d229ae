'use strict';

/** What a page may change: models off and on, and the version of the prompts. */
const { createHash, timingSafeEqual } = require('node:crypto');

const MOST_BYTES = 16 * 1024;

const refused = (status, message, code) => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify({ ...(code && { code }), message }),
});

/** Whether two texts are the same, in a time that does not tell how much of them is. */
function isSame(one, other) {
  const digest = (text) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

/** Whether a request comes from a page of the same origin, as every browser says that sends it. */
function isOwnOrigin({ header, host }) {
  const [origin, site] = [header('origin'), header('sec-fetch-site')];
  if (site && site !== 'same-origin') return false;
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}

const ACTIONS = {
  disable: (engine, { modelId, reason }) => engine.disableModel(modelId, reason),
  enable: (engine, { modelId }) => engine.enableModel(modelId),
  pin: (engine, { version }) => engine.activatePrompts(version),
};

/** Does what was asked for, if who asks may; `request.body(most)` reads at most so many bytes, else null. */
exports.act = async function act(engine, name, token, request) {
  const { header, body } = request;
  if (!isOwnOrigin(request)) return refused(403, 'the request does not come from the page');
  if (!isSame(header('x-fallcast-token') ?? '', token)) return refused(403, 'the token of the page is missing or old; load the page again');
  if (!/^application\/json\b/.test(header('content-type') ?? '')) return refused(415, 'the body must be JSON');
  const text = await body(MOST_BYTES);
  if (text === null) return refused(413, `the body must have at most ${MOST_BYTES} bytes`);
  let input;
  try {
    input = JSON.parse(text);
  } catch {
    return refused(400, 'the body is not JSON');
  }
  if (input === null || typeof input !== 'object' || Array.isArray(input)) return refused(400, 'the body must be an object');
  // What is left out is no wish: it would unpin what is pinned.
  if (name === 'pin' && input.version === undefined) return refused(400, 'version: is required; null unpins');
  try {
    ACTIONS[name](engine, input);
  } catch (error) {
    return refused({ UNKNOWN_MODEL: 404, CLOSED: 503 }[error.code] ?? 400, error.message, error.code);
  }
  return { status: 200, headers: { 'content-type': 'application/json; charset=utf-8' }, body: '{"ok":true}' };
};
