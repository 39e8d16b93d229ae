/** Terminates a worker thread in the middle of three calls of the default engine, then tells what the budget says. */
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { isMainThread, Worker } from 'node:worker_threads';

import { config, fallcast, request } from './engine.mjs';

if (isMainThread) {
  fallcast.configure(config);
  const worker = new Worker(new URL(import.meta.url));
  await once(process, 'message');
  await worker.terminate();
  // The calls end on threads of their own.
  while (fallcast.getBudget().reservedUsd > 0) await setImmediate();
  process.send(fallcast.getBudget());
  process.disconnect();
} else {
  for (let call = 0; call < 3; call += 1) fallcast.predictWithFallback(request);
}
