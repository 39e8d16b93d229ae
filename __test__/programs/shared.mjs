/** The default engine is one for the process: what a thread configures, every other thread uses. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

import { config, fallcast, request } from './engine.mjs';

const ask = async () => {
  const { modelId } = await fallcast.predictWithFallback(request);
  let code;
  try {
    fallcast.configure({ ...config, maxRetries: 5 });
  } catch (error) {
    ({ code } = error);
  }
  return { modelId, models: fallcast.getModels().length, code };
};

if (isMainThread) {
  fallcast.configure(config);
  const worker = new Worker(new URL(import.meta.url));
  const [answer] = await once(worker, 'message');
  await worker.terminate();
  // The engine outlives the thread.
  console.log(JSON.stringify([answer, await ask()]));
} else {
  parentPort.postMessage(await ask());
}
