/** A worker thread whose listener blocks until all is over; the main thread is told everything meanwhile. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import { config, fallcast } from './engine.mjs';

const CHANGES = 6000;

if (isMainThread) {
  fallcast.configure(config);
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(import.meta.url), { workerData: gate });
  await once(worker, 'message');
  let told = 0;
  fallcast.onEvent(() => { told += 1; });
  fallcast.disableModel('a', 'the first');
  // The listener is inside its first call when it has said so.
  await once(worker, 'message');
  for (let change = 1; change < CHANGES; change += 1) {
    if (change % 2) fallcast.enableModel('a');
    else fallcast.disableModel('a', 'storm');
    if (change % 1000 === 0) await fallcast.recoverDisabledModels();
  }
  await fallcast.recoverDisabledModels();
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  const [late] = await once(worker, 'message');
  await worker.terminate();
  console.log(JSON.stringify({ told, ...late }));
} else {
  const events = [];
  fallcast.onEvent(({ sequence, dropped }) => {
    events.push({ sequence, dropped });
    if (events.length === 1) {
      parentPort.postMessage('blocked');
      Atomics.wait(workerData, 0, 0);
    }
    if (sequence === CHANGES) {
      const gaps = events.filter((event) => event.dropped > 0);
      parentPort.postMessage({ received: events.length, gaps });
    }
  });
  parentPort.on('message', () => {});
  parentPort.postMessage('ready');
}
