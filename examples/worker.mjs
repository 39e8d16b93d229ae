/**
 * The smallest prediction worker. `process` has the shape that BullMQ asks for, so with BullMQ it is
 *
 *     import { Worker } from 'bullmq';
 *     const worker = new Worker('predictions', process, { connection, concurrency: 4 });
 *     worker.on('closing', () => engine.close());
 *
 * Run alone (`node examples/worker.mjs`), a queue in memory stands in for Redis; without a key, an upstream on loopback
 * stands in for the models. Ctrl-C or SIGTERM: no job is begun any more, and what is pending is given up.
 */
import { readFileSync } from 'node:fs';
import nodeProcess from 'node:process';
import { pathToFileURL } from 'node:url';

import { Fallcast } from 'fallcast';

import { startUpstream } from './upstream.mjs';

/** Makes the processor of an engine's jobs; `save` stores the rows, in PostgreSQL for example. */
export function processorFor(engine, save) {
  /**
   * One job: a model and the matches that it is to predict.
   *
   * @param {{ data: { modelId: string, matches: import('fallcast').Match[] } }} job
   */
  return async function process(job) {
    const { modelId, matches } = job.data;
    // A BullMQ job has its lock for a time; the deadline ends the call before somebody else takes the job.
    const outcome = await engine.predictWithFallback({ modelId, matches }, { deadlineMs: 100_000 });
    const rows = outcome.predictions.map(({ matchId, homeScore, awayScore, modelId: answeredBy }) => ({
      matchId,
      homeScore,
      awayScore,
      originalModelId: outcome.originalModelId,
      fallbackModelId: answeredBy === outcome.originalModelId ? null : answeredBy,
      fallbackReason: answeredBy === outcome.originalModelId ? null : outcome.fallbackReason,
    }));
    await save(rows);
    return rows;
  };
}

/** What BullMQ's queue and worker do, as far as this example needs it: jobs in order, some at once, until closed. */
class MemoryWorker {
  #jobs = [];
  #closing = false;

  constructor(process, { concurrency }) {
    this.process = process;
    this.concurrency = concurrency;
  }

  add(name, data) {
    this.#jobs.push({ name, data });
  }

  async run() {
    await Promise.all(Array.from({ length: this.concurrency }, async () => {
      while (this.#jobs.length > 0 && !this.#closing) {
        const job = this.#jobs.shift();
        try {
          await this.process(job);
        } catch (error) {
          console.error(`${job.name} failed: ${error.code}`);
          nodeProcess.exitCode ??= 1;
        }
      }
    }));
  }

  close() {
    this.#closing = true;
  }
}

async function main() {
  const hasKey = nodeProcess.env.TOGETHER_API_KEY || nodeProcess.env.SYNTHETIC_API_KEY;
  const upstream = hasKey ? undefined : await startUpstream();
  const engine = new Fallcast(upstream && {
    providers: ['together', 'synthetic'].map((id) => ({ id, baseUrl: upstream.baseUrl })),
  });
  const worker = new MemoryWorker(processorFor(engine, (rows) => console.table(rows)), { concurrency: 4 });

  const shutdown = (signal) => {
    nodeProcess.exitCode = signal === 'SIGINT' ? 130 : 143;
    worker.close();
    engine.close();
  };
  nodeProcess.once('SIGINT', shutdown).once('SIGTERM', shutdown);

  const matches = JSON.parse(readFileSync(new URL('fixtures.json', import.meta.url), 'utf8'));
  for (const modelId of ['deepseek-v3.1', 'kimi-k2-thinking-syn', 'glm-4.7-syn']) {
    worker.add(`predict with ${modelId}`, { modelId, matches: matches.slice(0, 3) });
  }
  await worker.run();
  await engine.close();
  await upstream?.close();
}

if (import.meta.url === pathToFileURL(nodeProcess.argv[1]).href) await main();
