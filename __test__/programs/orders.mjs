/**
 * Has threads load the addon, call, and end in the order that is told: `A+ B+ A- M+ B-`, where + has a thread load it and
 * make a call, and - has it call again and end. M is the main thread, which ends last.
 *
 * node orders.mjs <order> <own | terminated>
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const [, , order, manner] = process.argv;
const threads = new Map();

/** What a thread of either kind does; the module is loaded by the first of it. */
let calls;
async function main() {
  calls ??= await import('./orders-calls.mjs');
  await calls.call();
}

for (const [name, step] of order.split(' ')) {
  if (name === 'M') {
    await main();
  } else if (step === '+') {
    const worker = new Worker(new URL('./orders-worker.mjs', import.meta.url));
    threads.set(name, worker);
    await once(worker, 'message');
  } else {
    const worker = threads.get(name);
    const exited = once(worker, 'exit');
    worker.postMessage(manner);
    if (manner === 'terminated') {
      await once(worker, 'message');
      await worker.terminate();
    }
    await exited;
  }
}
if (calls) await main();
console.log('well');
