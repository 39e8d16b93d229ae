/**
 * A member of a fleet whose callers spend a day's budget: each predicts again and again, waits as long as it is told when it
 * is refused, and ends when only the next day has money. Its parent sends the configuration, the request and how many callers
 * there are; `stop` ends the callers and the engine.
 */
import { createRequire } from 'node:module';
import nodeProcess from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

const { Fallcast } = createRequire(import.meta.url)('../../main.js');
/** What a refusal says that lasts until midnight, however near that is. */
const ENDS = 'the day ends at';

nodeProcess.once('message', async ({ config, request, callers }) => {
  const engine = new Fallcast(config);
  const stop = new AbortController();
  engine.onEvent((event) => nodeProcess.connected && nodeProcess.send({ event }));
  const other = [];
  const caller = async () => {
    while (!stop.signal.aborted) {
      const error = await engine.predictWithFallback(request, { signal: stop.signal }).then(() => null, (reason) => reason);
      if (error === null || stop.signal.aborted) continue;
      if (error.code !== 'BUDGET_EXHAUSTED') other.push(`${error.code}: ${error.message}`);
      if (error.skips?.some(({ detail }) => detail.includes(ENDS))) return;
      await sleep(error.retryAfterMs ?? 100, undefined, { signal: stop.signal }).catch(() => {});
    }
  };
  const ended = Promise.all(Array.from({ length: callers }, caller));
  nodeProcess.on('message', async (message) => {
    if (message === 'budget') nodeProcess.send({ budget: engine.getBudget(), grantUsd: engine.getFleet().grantUsd });
    if (message === 'stop') {
      stop.abort();
      await ended;
      await engine.close();
      nodeProcess.disconnect();
    }
  });
  await ended;
  nodeProcess.send({ done: true, other });
});
