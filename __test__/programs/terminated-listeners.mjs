/** Terminates worker threads that listen, in the middle of a storm of events; nobody else is harmed. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { config, fallcast } from './engine.mjs';

fallcast.configure(config);
const seen = [];
fallcast.onEvent(({ sequence, dropped }) => seen.push([sequence, dropped]));

const path = new URL('worker-listening.mjs', import.meta.url);
const workers = Array.from({ length: 10 }, () => new Worker(path));
await Promise.all(workers.map((worker) => once(worker, 'message')));

let changes = 0;
const storm = async () => {
  for (let change = 0; change < 1000; change += 1, changes += 2) {
    fallcast.disableModel('a', 'storm');
    fallcast.enableModel('a');
  }
  await fallcast.recoverDisabledModels();
};
for (const worker of workers) {
  const ended = worker.terminate();
  await storm();
  await ended;
}
await storm();
const isWhole = seen.every(([sequence, dropped], index) => sequence === index + 1 && dropped === 0);
console.log(seen.length === changes, isWhole);
