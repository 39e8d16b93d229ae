/** A worker thread of `orders.mjs`: calls at its start, and again before it ends. */
import { once } from 'node:events';
import { parentPort } from 'node:worker_threads';

import { call, start } from './orders-calls.mjs';

await call();
parentPort.postMessage('called');
const [manner] = await once(parentPort, 'message');
await call();
if (manner === 'terminated') {
  start();
  setInterval(() => {}, 1000);
  parentPort.postMessage('terminate me');
} else {
  parentPort.close();
}
