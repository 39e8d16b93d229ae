/**
 * Jobs that BullMQ hands to `processor.mjs`, in threads or in processes of their own, where the call does not share its time with
 * whatever else the worker does.
 *
 *     node examples/bullmq/worker.mjs threads
 *     node examples/bullmq/worker.mjs processes
 *
 * Redis is at `REDIS_URL` (default `redis://127.0.0.1:6379`). Without a key, an upstream on loopback stands in for the models.
 * Puts four jobs into the queue, prints what became of each, and ends.
 */
import nodeProcess from 'node:process';

import { Queue, QueueEvents, Worker } from 'bullmq';

import { startUpstream } from '../upstream.mjs';

const url = nodeProcess.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
const connection = { url };
const hasKey = nodeProcess.env.TOGETHER_API_KEY || nodeProcess.env.SYNTHETIC_API_KEY;
const upstream = hasKey ? undefined : await startUpstream();
// Threads and processes have the environment of their worker.
nodeProcess.env.REDIS_URL = url;
nodeProcess.env.STAND_IN = upstream?.baseUrl ?? '';

const queue = new Queue('predictions', { connection });
const events = new QueueEvents('predictions', { connection });
await events.waitUntilReady();
const processor = new URL('./processor.mjs', import.meta.url);
const worker = new Worker('predictions', processor, {
  connection,
  concurrency: 2,
  useWorkerThreads: nodeProcess.argv[2] === 'threads',
  // Longer than the deadline of a call: a job is nobody else's while its call runs.
  lockDuration: 120_000,
});

const match = { homeTeam: 'Girona', awayTeam: 'Getafe', competition: 'La Liga' };
const jobs = await queue.addBulk([1, 2, 3, 4].map((number) => ({
  name: 'predict',
  data: { modelId: 'deepseek-v3.1', matches: [{ ...match, id: `m${number}` }] },
  // The error tells when a call is worth making again; a job that is tried again is another call.
  opts: { attempts: 3, backoff: { type: 'exponential', delay: 1000 } },
})));
for (const { matchId, homeScore, awayScore, where } of await Promise.all(jobs.map((job) => job.waitUntilFinished(events)))) {
  console.log(`${matchId} ${homeScore}:${awayScore} ${where}`);
}
await worker.close();
await events.close();
await queue.close();
await upstream?.close();
