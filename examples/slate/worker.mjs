/**
 * A BullMQ worker whose job is a slate: it saves outcomes as they come, reports its progress, and when the job is tried again asks
 * only for what the first run did not save.
 *
 *     REDIS_URL=redis://127.0.0.1:6379 node examples/slate/worker.mjs
 *
 * Without a key, an upstream on loopback stands in for the models; there one of them fails at first, so that the job is
 * tried twice. The predictions go into a PostgreSQL of this process; `DATABASE` names its folder, without which it is in memory.
 */
import { readFileSync } from 'node:fs';
import nodeProcess from 'node:process';
import { pathToFileURL } from 'node:url';

import { Queue, QueueEvents, Worker } from 'bullmq';
import { Fallcast } from 'fallcast';

import { giveBack } from '../queue/give-back.mjs';
import { startUpstream } from '../upstream.mjs';
import { openStore } from './store.mjs';

/**
 * Makes the processor of an engine's slates.
 *
 * @param {Fallcast} engine
 * @param {Awaited<ReturnType<typeof openStore>>} store
 */
export function processorFor(engine, store) {
  /** One job: which models are to predict which matches. BullMQ aborts the signal when the job is cancelled. */
  return async function process(job, token, signal) {
    const { matches, models } = job.data;
    const cells = await store.missing(matches.map(({ id }) => id), models);
    if (cells.length === 0) return { cells: 0, missing: 0, costUsd: 0 };
    try {
      const options = { signal, requestId: job.id, deadlineMs: 300_000, allowStarted: job.data.allowStarted };
      const slate = engine.predictSlate({ matches, cells }, options);
      for await (const event of slate) {
        if (event.type !== 'answered') continue;
        await store.save(event.outcome);
        await job.updateProgress({ ...slate.progress() });
      }
      const { missing, costUsd } = await slate.result();
      const open = missing.filter(({ why }) => why !== 'kicked_off');
      // The next run asks for these alone.
      if (open.length > 0) throw new Error(`${open.length} of ${cells.length} cells are missing: ${reasons(open)}`);
      return { cells: cells.length, missing: missing.length, costUsd };
    } catch (error) {
      return giveBack(job, token, error);
    }
  };
}

const reasons = (missing) => [...new Set(missing.map(({ why }) => why))].join(', ');

/** BullMQ's connection to a Redis: `redis://…`, or the path of a Unix socket. */
const connectionTo = (url) => (url.startsWith('/') ? { path: url } : { url });

async function main() {
  const { env } = nodeProcess;
  const hasKey = env.TOGETHER_API_KEY || env.SYNTHETIC_API_KEY;
  let failures = 0;
  const manner = ({ model }) => (model.includes('Qwen3-235B') && (failures += 1) <= 1 ? 'prose' : 'clean');
  const upstream = hasKey ? undefined : await startUpstream({ manner });
  const engine = new Fallcast(upstream && {
    providers: ['together', 'synthetic'].map((id) => ({ id, baseUrl: upstream.baseUrl })),
  });
  const store = await openStore(env.DATABASE);
  const connection = connectionTo(env.REDIS_URL ?? 'redis://127.0.0.1:6379');
  const queue = new Queue('slates', { connection });
  const events = new QueueEvents('slates', { connection });
  const worker = new Worker('slates', processorFor(engine, store), { connection });
  worker.on('progress', (_, { answered, cells }) => console.log(`progress ${answered}/${cells}`));
  worker.on('failed', (_, error) => console.log(`failed: ${error.message}`));
  const shutdown = () => void engine.close();
  nodeProcess.once('SIGINT', shutdown).once('SIGTERM', shutdown);

  // These were played long ago, which a slate would leave out otherwise.
  const matches = JSON.parse(readFileSync(new URL('../fixtures.json', import.meta.url), 'utf8'));
  const models = ['deepseek-v3.1', 'qwen3-235b-instruct', 'kimi-k2-instruct'];
  await events.waitUntilReady();
  const job = await queue.add('saturday', { matches, models, allowStarted: true }, { attempts: 3, backoff: { type: 'fixed', delay: 100 } });
  const { cells, missing, costUsd } = await job.waitUntilFinished(events);
  console.log(`the last run asked for ${cells} cells, ${missing} missing, $${costUsd.toFixed(6)}`);
  console.log(`${await store.count()} predictions are saved; ${upstream?.requests.length ?? '?'} requests were made`);
  await worker.close();
  await events.close();
  await queue.close();
  await engine.close();
  await store.close();
  await upstream?.close();
}

if (import.meta.url === pathToFileURL(nodeProcess.argv[1]).href) await main();
