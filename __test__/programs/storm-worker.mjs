/**
 * A worker thread of the storm: predicts with the module's functions, models of its own one call at a time and shared
 * ones among all threads, and sends back what it recorded and what it was told.
 */
import { createRequire } from 'node:module';
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';

const fallcast = createRequire(import.meta.url)('../../main.js');
const { seed, own, shared, calls, isTimed } = workerData;

/** Asked for now, it keeps the thread alive: a listener does not, where a model that is to come back is all that is waited for. */
const finish = once(parentPort, 'message');

/** What happened to each model here, in order: kinds of failure, null for a success, and what was done by hand. */
const records = Object.fromEntries([...own, ...Object.keys(shared)].map((id) => [id, []]));
const events = [];
const waiting = new Map();
fallcast.onEvent((event) => {
  events.push(event);
  waiting.get(`${event.type} ${event.modelId}`)?.(event);
});
const told = (type, modelId) => new Promise((resolve) => { waiting.set(`${type} ${modelId}`, resolve); });

/** A generator of whole numbers below a bound, always the same for the same seed. */
function numbers(begin) {
  let state = begin;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

const FAULTS = ['prose', 'empty', 'truncated', 'model_missing', 'bad_parameter'];
const OTHERS = ['internal_error', 'loading', 'rate_limited', 'context_length', 'forbidden', 'html'];

/** Which manners to ask for: runs of failures, some of them of every sort, between runs of good answers. */
function* manners(random) {
  for (;;) {
    const sorts = [FAULTS, FAULTS, FAULTS, [...FAULTS, ...OTHERS], ['internal_error']][random(5)];
    for (let left = 1 + random(8); left > 0; left -= 1) yield sorts[random(sorts.length)];
    for (let left = 1 + random(11); left > 0; left -= 1) yield 'clean';
  }
}

let count = 0;
/** One prediction whose match tells the upstream how to answer; records what became of the attempt, if any. */
async function predict(modelId, manner) {
  count += 1;
  const matches = [{ id: `${manner} ${seed} ${count}`, homeTeam: 'Home', awayTeam: 'Away' }];
  const answer = await fallcast.predictWithFallback({ modelId, matches }).catch((error) => error);
  const { attempts = [], code, skips } = answer;
  if (attempts.length > 0) records[modelId].push(attempts[0].failure);
  return { isSkipped: code === 'NO_MODEL_AVAILABLE', reason: skips?.[0]?.reason };
}

/** Calls a model that no other thread calls, and brings it back whenever it is switched off or left alone. */
async function aloneWith(modelId, random) {
  const note = (what) => records[modelId].push(what);
  const next = manners(random);
  for (let call = 0; call < calls.own; call += 1) {
    const recovered = isTimed && told('recovered', modelId);
    const before = events.length;
    const { isSkipped, reason } = await predict(modelId, next.next().value);
    if (isSkipped) throw new Error(`${modelId} was skipped: ${reason}`);
    // What the call caused was told before its promise settled.
    const news = events.slice(before).filter((event) => event.modelId === modelId).map(({ type }) => type);
    if (isTimed && news.includes('disabled')) {
      await recovered;
      note('recovered');
    } else if (news.length > 0) {
      fallcast.enableModel(modelId);
      note('enable');
    } else if (random(40) === 0) {
      fallcast.disableModel(modelId, 'for a moment');
      note('disable');
      if (!(await predict(modelId, 'clean')).isSkipped) throw new Error(`${modelId} was called while it was off`);
      fallcast.enableModel(modelId);
      note('enable');
    }
  }
}

/** Calls a model that every thread calls. */
async function togetherWith(modelId, manner) {
  for (let call = 0; call < calls.shared; call += 1) await predict(modelId, manner);
}

await Promise.all([
  ...own.map((modelId, index) => aloneWith(modelId, numbers(seed * 1000 + index))),
  ...Object.entries(shared).map(([modelId, manner]) => togetherWith(modelId, manner)),
]);
parentPort.postMessage('done');
await finish;
// What the other threads caused has been told when this resolves.
await fallcast.recoverDisabledModels();
parentPort.postMessage({ records, events, count });
