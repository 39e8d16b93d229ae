/**
 * Closes the engine that the module's functions share while threads wait in its calls, from several threads at once and more
 * than once; what comes next is another engine.
 */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

import { config, fallcast, request } from './engine.mjs';

const code = (promise) => promise.then(({ modelId }) => modelId, (error) => error.code);
const asks = (count) => Promise.all(Array.from({ length: count }, () => code(fallcast.predictWithFallback(request))));

if (isMainThread) {
  const { STATE_FILE: stateFile } = process.env;
  fallcast.configure({ ...config, stateFile });
  const workers = Array.from({ length: 3 }, () => new Worker(new URL(import.meta.url)));
  const answers = Promise.all(workers.map((worker) => once(worker, 'message')));
  const own = asks(2);
  await once(process, 'message');
  for (const worker of workers) worker.postMessage('close');
  await Promise.all([fallcast.close(), fallcast.close()]);
  const ended = [await own, ...(await answers).map(([answer]) => answer)];
  // The file is free as soon as the last of them has ended, and the engine may be configured anew.
  await fallcast.close();
  fallcast.configure({ ...config, models: [{ ...config.models[0], id: 'new' }], maxRetries: 3, stateFile });
  const models = fallcast.getModels().map(({ id }) => id);
  for (const worker of workers) worker.postMessage('models');
  const seen = await Promise.all(workers.map((worker) => once(worker, 'message')));
  await Promise.all(workers.map((worker) => worker.terminate()));
  await fallcast.close();
  console.log(JSON.stringify({ ended, models, seen: seen.flat() }));
  process.disconnect();
} else {
  const pending = asks(2);
  await once(parentPort, 'message');
  const closes = [fallcast.close(), fallcast.close()];
  parentPort.postMessage(await pending);
  await Promise.all(closes);
  await once(parentPort, 'message');
  parentPort.postMessage(fallcast.getModels().map(({ id }) => id));
}
