/**
 * Terminates a worker thread in the middle of a call of its own engine with a state file, then tells the budget of the
 * next engine on that file.
 */
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { isMainThread, Worker } from 'node:worker_threads';

import { config, fallcast, request } from './engine.mjs';

const open = () => new fallcast.Fallcast({ ...config, stateFile: process.env.STATE_FILE });

/** The engine of the thread ends when its last call has. */
async function openWhenFree() {
  for (;;) {
    try {
      return open();
    } catch (error) {
      if (!error.message.includes('in use')) throw error;
      await setImmediate();
    }
  }
}

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url));
  await once(process, 'message');
  await worker.terminate();
  process.send((await openWhenFree()).getBudget());
  process.disconnect();
} else {
  await open().predictWithFallback(request);
}
