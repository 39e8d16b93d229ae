/**
 * Threads on the module's one engine: what was told is exactly what a sequential replay of the recorded results tells.
 * The order of a model's results is known, for one thread alone calls it, one call at a time; or else they are all the
 * same.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { expect, onTestFinished } from 'vitest';

import { chain, fallcast, listen, upstreamFor } from './support.mjs';

const THRESHOLD = 5;
const AFTER_RECOVERY = 2;
const TRANSIENT_THRESHOLD = 3;
const FAULTS = ['parse_error', 'empty_response', 'truncated', 'model_unavailable', 'bad_request'];
const TRANSIENT = ['timeout', 'network', 'server_error'];

/** What a model's results must come to, one after the other: its events in short, its failures, whether it is off. */
function replay(records) {
  const told = [];
  let failures = 0;
  let transients = 0;
  let state = 'active';
  for (const record of records) {
    if (record === 'disable') {
      state = 'disabled';
      told.push(`disabled ${failures} by hand`);
    } else if (record === 'enable') {
      if (state === 'disabled') told.push('enabled');
      [state, failures, transients] = ['active', 0, 0];
    } else if (record === 'recovered') {
      [state, failures] = ['active', AFTER_RECOVERY];
      told.push(`recovered ${failures}`);
    } else if (state === 'disabled') {
      // A result that came too late.
    } else if (record === null) {
      [failures, transients] = [0, 0];
    } else if (FAULTS.includes(record)) {
      failures += 1;
      if (failures === THRESHOLD) {
        state = 'disabled';
        told.push(`disabled ${failures}`);
      }
    } else if (TRANSIENT.includes(record)) {
      transients += 1;
      if (transients === TRANSIENT_THRESHOLD) told.push(`cooling ${record}`);
    } else if (record === 'rate_limited') {
      told.push(`cooling ${record}`);
    }
  }
  return { told, failures, state };
}

const inShort = ({ type, consecutiveFailures, disabledUntil, kind }) => {
  const byHand = type === 'disabled' && disabledUntil === null ? ' by hand' : '';
  return `${[type, consecutiveFailures ?? kind].filter((word) => word !== undefined).join(' ')}${byHand}`;
};

/** Checks every invalidation against the set of active models that those before it left. */
function checkCounts(invalidations, ids) {
  const active = new Set(ids);
  for (const [index, { key, cause, modelId, activeModelCount, sequence, dropped }] of invalidations.entries()) {
    const isChanged = cause === 'disabled' ? active.delete(modelId) : active.size < active.add(modelId).size;
    expect({ isChanged, key, activeModelCount, sequence, dropped }).toEqual({
      isChanged: true, key: 'stats:active_model_count', activeModelCount: active.size, sequence: index + 1, dropped: 0,
    });
  }
  return active.size;
}

/**
 * Lets `workers` threads predict, three models of its own each and the shared ones together, and checks all that was
 * told. A process can do it once.
 *
 * @param {object} how
 * @param {Record<string, string>} how.shared by model id, the manner in which the upstream answers for it
 * @param {{ own: number, shared: number }} how.calls how often a thread calls each of its own and of the shared models
 * @param {boolean} how.isTimed whether models that were switched off come back by the timer, or else by hand
 * @param {object} [how.config]
 * @returns {Promise<{ total: number, failed: number, disables: Record<string, number> }>} how many predictions were
 *   made, how many of them failed, and how often its failures switched each model off
 */
export async function storm({ workers, calls, shared, isTimed, config }) {
  const own = (worker) => [0, 1, 2].map((index) => `own-${worker}-${index}`);
  const ids = [...Array.from({ length: workers }, (_, worker) => own(worker)).flat(), ...Object.keys(shared)];
  // A match says in its id how it is to be answered.
  const upstream = await upstreamFor(({ matchIds: [id] }) => id.split(' ')[0]);
  fallcast.configure(chain(upstream, Object.fromEntries(ids.map((id) => [id, { fallbacks: [] }])), {
    transientThreshold: TRANSIENT_THRESHOLD, ...config,
  }));
  const { events } = listen(fallcast);
  const { events: invalidations } = listen(fallcast, 'onInvalidate');

  const program = new URL('programs/storm-worker.mjs', import.meta.url);
  const threads = Array.from({ length: workers }, (_, index) => {
    const workerData = { seed: index + 1, own: own(index), shared, calls, isTimed };
    const thread = new Worker(program, { workerData });
    onTestFinished(() => thread.terminate());
    return thread;
  });
  const answers = () => Promise.all(threads.map(async (thread) => (await once(thread, 'message'))[0]));
  await answers();
  for (const thread of threads) thread.postMessage('finish');
  const results = await answers();
  await fallcast.recoverDisabledModels();

  const all = Object.fromEntries(ids.map((id) => [id, results.flatMap(({ records }) => records[id] ?? [])]));

  // Every thread was told the same, in the same order.
  for (const { events: seen } of results) {
    const first = seen[0].sequence;
    expect(seen).toEqual(events.slice(first - 1));
  }
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));

  const models = fallcast.getModels();
  const disables = {};
  for (const { id, consecutiveFailures, state } of models) {
    const expected = replay(all[id]);
    expect(events.filter(({ modelId }) => modelId === id).map(inShort), id).toEqual(expected.told);
    expect([id, consecutiveFailures, state]).toEqual([id, expected.failures, expected.state]);
    disables[id] = expected.told.filter((told) => told === `disabled ${THRESHOLD}`).length;
  }
  const active = models.filter(({ state }) => state === 'active').length;
  expect(checkCounts(invalidations, ids)).toBe(active);
  expect(await fallcast.getActiveModelCount()).toBe(active);

  const total = results.reduce((sum, { count }) => sum + count, 0);
  const failed = total - Object.values(all).flat().filter((record) => record === null).length;
  return { total, failed, disables };
}
