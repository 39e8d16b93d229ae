'use strict';

/**
 * `fallcast/alerts`: posts what an operator must hear of to a webhook, signed as Standard Webhooks has it, or as a message
 * for Slack. It listens to one engine, and what it does never holds up a call or keeps the process alive.
 */
const { Options } = require('../options.js');
const { faultOfUrl } = require('../urls.js');
const { Delivery } = require('./delivery.js');
const { sentence } = require('./sentence.js');

/** Every event that there is; those that somebody should be woken for are posted unless told otherwise. */
const EVENTS = [
  'disabled', 'enabled', 'recovered', 'cooling', 'cooled', 'provider_cooling', 'provider_cooled', 'restored', 'fallback', 'cost_warning', 'usage_doubted',
  'budget', 'state_damaged', 'state_unsaved', 'fleet_joined', 'fleet_lost', 'grant_lapsed', 'catalog_reloaded', 'catalog_rejected', 'prompts_reloaded', 'prompts_rejected', 'model_retiring',
];
const BY_DEFAULT = ['disabled', 'budget', 'provider_cooling', 'fleet_lost'];
const SECRET = /^(?:whsec_)?([A-Za-z0-9+/]+={0,2})$/;

const isWhole = (least, most) => (value) => Number.isInteger(value) && value >= least && value <= most;

/** The key that a secret stands for; null if it is none. */
function keyOf(secret) {
  const [, base64] = (typeof secret === 'string' && SECRET.exec(secret)) || [];
  const key = base64 && Buffer.from(base64, 'base64');
  return key && key.length >= 24 && key.length <= 64 ? key : null;
}

function readOptions(engine, given) {
  const options = new Options(engine, ['onEvent', 'getStatus', 'getFleet'], given);
  const allowsInsecureHttp = options.boolean('allowInsecureHttp');
  const url = options.read('url', undefined, () => true, '');
  const fault = faultOfUrl(url, allowsInsecureHttp, 'allowInsecureHttp');
  if (fault) options.refuse('options.url', fault);
  const secret = options.read('secret', undefined, keyOf, 'whsec_ and 24 to 64 bytes in base64', { secret: true });
  const format = options.read('format', 'json', (value) => ['json', 'slack'].includes(value), '"json" or "slack"');
  const isList = (value) => Array.isArray(value) && value.length > 0 && value.every((type) => EVENTS.includes(type));
  const on = options.read('on', BY_DEFAULT, isList, `a list of ${EVENTS.join(', ')}`);
  const timeoutMs = options.read('timeoutMs', 10_000, isWhole(1, 600_000), 'a whole number from 1 to 600000');
  const firstRetryMs = options.read('firstRetryMs', 1000, isWhole(1, 3_600_000), 'a whole number from 1 to 3600000');
  const maxAttempts = options.read('maxAttempts', 12, isWhole(1, 1000), 'a whole number from 1 to 1000');
  const maxWaiting = options.read('maxWaiting', 200, isWhole(1, 10_000), 'a whole number from 1 to 10000');
  options.check();
  return { url: new URL(url), key: keyOf(secret), format, on: new Set(on), timeoutMs, firstRetryMs, maxAttempts, maxWaiting };
}

/** What is posted of an event. */
function bodyOf(format, { dropped, ...event }) {
  if (format === 'slack') return JSON.stringify({ text: sentence(event) });
  return JSON.stringify({ type: `fallcast.${event.type}`, timestamp: event.at, data: event });
}

exports.alerts = function alerts(engine, options) {
  const { format, on, ...how } = readOptions(engine, options);
  const delivery = new Delivery(how);
  const { engineId } = engine.getStatus();
  const stop = engine.onEvent((event) => {
    if (!on.has(event.type)) return;
    // All members of a fleet are told what happened in one of them; that one posts it.
    if (event.origin !== undefined && event.origin !== engine.getFleet()?.id) return;
    delivery.add(`msg_${engineId}_${event.sequence}`, bodyOf(format, event));
  });
  return {
    status: () => delivery.status(),
    close() {
      stop();
      return delivery.close();
    },
  };
};
