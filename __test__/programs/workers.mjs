/** Starts worker threads that each make a call; when told to, terminates them all in the middle, then ends. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const [, , program, count] = process.argv;
const workers = Array.from({ length: Number(count) }, () => new Worker(new URL(program, import.meta.url)));
for (const worker of workers) worker.on('error', (error) => { throw error; });

await once(process, 'message');
await Promise.all(workers.map((worker) => worker.terminate()));
process.send('terminated');
await once(process, 'message');
process.disconnect();
