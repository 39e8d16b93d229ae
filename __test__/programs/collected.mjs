/** Tells which engines are collected whose listeners name them, and whether those that are not yet go on telling. */
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { config, fallcast, request } from './engine.mjs';

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');

/** An engine that nothing names but its own listeners. */
function listening() {
  const told = [];
  const listener = (what) => told.push([what, engine]);
  const engine = new fallcast.Fallcast({ ...config, logLevel: 'trace', onLog: listener });
  engine.ends = [engine.onEvent(listener), engine.onInvalidate(listener)];
  return engine;
}

/** Whether it is collected after so many rounds at most. */
async function isCollected(reference) {
  for (let round = 0; round < 100; round += 1) {
    // What was looked at lives until the next turn.
    await setImmediate();
    gc();
    if (reference.deref() === undefined) return true;
  }
  return false;
}

const cases = {
  async closed() {
    const engine = listening();
    await engine.predictWithFallback(request);
    engine.disableModel('a', 'by hand');
    await engine.close();
    return isCollected.bind(null, new WeakRef(engine));
  },
  async 'listened to after its close'() {
    const engine = listening();
    await engine.close();
    engine.onEvent(() => engine);
    return isCollected.bind(null, new WeakRef(engine));
  },
  async 'never closed'() {
    const engine = listening();
    await engine.predictWithFallback(request);
    return isCollected.bind(null, new WeakRef(engine));
  },
};
const collected = {};
for (const [name, run] of Object.entries(cases)) {
  const check = await run();
  await setImmediate();
  collected[name] = await check();
}

/** What is told by an engine in whose call somebody waits, though nobody names it. */
async function pending() {
  const told = [];
  const onLog = ({ message }) => told.push(message);
  const call = new fallcast.Fallcast({ ...config, onLog }).predictWithFallback(request);
  for (let round = 0; round < 20; round += 1) {
    gc();
    await setImmediate();
  }
  process.send('pending');
  await call;
  return told;
}

/** What is told by an engine that is named. */
async function kept() {
  const told = [];
  const engine = new fallcast.Fallcast(config);
  engine.onEvent(({ type }) => told.push(type));
  const end = engine.onEvent(({ type }) => told.push(`ended ${type}`));
  for (let round = 0; round < 20; round += 1) {
    gc();
    await setImmediate();
  }
  end();
  engine.disableModel('a', 'by hand');
  await engine.recoverDisabledModels();
  await engine.close();
  return told;
}

await once(process, 'message');
console.log(JSON.stringify({ collected, kept: await kept(), pending: await pending() }));
process.disconnect();
