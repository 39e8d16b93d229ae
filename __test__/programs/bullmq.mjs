/** Jobs that BullMQ hands to threads, from three workers in turn, each with threads of its own. */
import { Queue, QueueEvents, Worker } from 'bullmq';

const connection = { path: process.env.REDIS };
const queue = new Queue('predictions', { connection });
const events = new QueueEvents('predictions', { connection });
await events.waitUntilReady();
const answers = [];
for (let round = 0; round < 3; round += 1) {
  const processor = new URL('./bullmq-processor.mjs', import.meta.url);
  const worker = new Worker('predictions', processor, { connection, concurrency: 2, useWorkerThreads: true });
  const jobs = await queue.addBulk(Array.from({ length: 4 }, () => ({ name: 'predict' })));
  answers.push(...await Promise.all(jobs.map((job) => job.waitUntilFinished(events))));
  await worker.close();
}
await events.close();
await queue.close();
console.log(answers.reduce((sum, count) => sum + count) === answers.length ? 'well' : answers);
