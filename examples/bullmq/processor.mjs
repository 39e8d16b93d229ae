/** One job: a model and the matches that it is to predict. BullMQ loads this file once for each thread or process. */
import nodeProcess from 'node:process';
import { isMainThread } from 'node:worker_threads';

import { configure, predictWithFallback } from 'fallcast';

const { REDIS_URL, STAND_IN } = nodeProcess.env;
// The threads of a process share one engine, and processes what a fleet shares: which models are off, and the day's money.
configure({
  dailyBudgetUsd: 1,
  fleet: { url: REDIS_URL },
  ...(STAND_IN && { providers: ['together', 'synthetic'].map((id) => ({ id, baseUrl: STAND_IN, apiKeyEnv: null })) }),
});

export default async function processor(job) {
  const { predictions: [prediction] } = await predictWithFallback(job.data, { deadlineMs: 100_000, requestId: job.id });
  return { ...prediction, where: isMainThread ? 'in a process' : 'in a thread' };
}
