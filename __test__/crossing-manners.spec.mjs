/**
 * What crosses to JavaScript: outcomes, errors and events, field by field, for every manner of the upstream. What it must
 * be is kept in crossing-manners.json; UPDATE_CROSSING=1 writes it anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';

import { afterAll, expect, test } from 'vitest';

import { byModel, manners } from '../examples/upstream.mjs';
import { chain, engineFor, listen, matches, upstreamFor } from './support.mjs';

const kept = new URL('crossing-manners.json', import.meta.url);
const isUpdate = process.env.UPDATE_CROSSING === '1';
const expected = isUpdate ? {} : JSON.parse(readFileSync(kept, 'utf8'));

/** Manners that need more than their name, or less time than they would take. */
const OPTIONS = { partial: { matches: 1 }, slow: { ms: 1 }, drip: { ms: 200 } };
/** Manners that end with the time of the attempt. */
const ENDLESS = ['never', 'drip', 'endless_headers', 'held'];

/** JSON in which what differs from run to run has a name in its place: an id, a time, a duration, a port. */
function settled(value) {
  const ID = /^[0-9a-f]{16}-\d+$/;
  const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;
  return JSON.parse(JSON.stringify(value, (key, field) => {
    if (key === 'durationMs' && typeof field === 'number') return 'DURATION';
    if (key === 'retryAfterMs' && typeof field === 'number') return 'WAIT';
    if (typeof field !== 'string') return field;
    if (ID.test(field)) return 'ID';
    return field.replaceAll(TIME, 'TIME').replaceAll(/127\.0\.0\.1:\d+/g, 'HOST').replaceAll(/for another \d+ s\b/g, 'for another N s');
  }));
}

/** An error as an object: its own fields in their order, those that cannot be enumerated as well. */
function fieldsOf(error) {
  const fields = Object.getOwnPropertyNames(error).filter((name) => name !== 'stack');
  return { isError: error instanceof Error, ...Object.fromEntries(fields.map((name) => [name, error[name]])) };
}

afterAll(() => {
  const lines = Object.entries(expected).map(([name, found]) => `${JSON.stringify(name)}: ${JSON.stringify(found)}`);
  if (isUpdate) writeFileSync(kept, `{\n${lines.join(',\n')}\n}\n`);
});

test.each(Object.keys(manners))('%s', async (name) => {
  const attemptTimeoutMs = ENDLESS.includes(name) ? 200 : 20_000;
  const manner = { name, ...OPTIONS[name] };
  const upstream = await upstreamFor(byModel({ a: manner, b: 'clean', alone: manner }));
  const engine = engineFor(chain(upstream, { a: {}, b: { promptUsdPer1M: 3 }, alone: { fallbacks: [] } }, {
    disableThreshold: 1, attemptTimeoutMs, http: { maxResponseBytes: 1_000_000 },
  }));
  const [events, invalidations] = [listen(engine), listen(engine, 'onInvalidate')];
  const end = (promise) => promise.then((outcome) => outcome, fieldsOf);
  const first = await end(engine.predictWithFallback({ modelId: 'a', matches: matches(2) }));
  const second = await end(engine.predictWithFallback({ modelId: 'alone', matches: matches(2) }, { requestId: 'job-7', maxTokens: 5000 }));
  const found = settled({ first, second, events: events.events, invalidations: invalidations.events });
  if (isUpdate) expected[name] = found;
  expect(JSON.stringify(found, null, 1)).toBe(JSON.stringify(expected[name], null, 1));
}, 30_000);

test('every manner is kept, and no other', () => {
  expect(Object.keys(expected).sort()).toEqual(Object.keys(manners).sort());
});
