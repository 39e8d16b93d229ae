/**
 * One of several workers that share health, the count of active models and the day's budget over a Redis; start as many as
 * you like, and `reader.mjs` beside them.
 *
 *     node examples/redis/worker.mjs &
 *     node examples/redis/worker.mjs &
 *     node examples/redis/reader.mjs
 *
 * Redis is at `REDIS_URL` (default `redis://127.0.0.1:6379`). Without a key, an upstream on loopback stands in for the
 * models; there one model never gives a score, and its fifth failure, at whichever workers, switches it off for all. Ctrl-C
 * or SIGTERM ends the worker.
 */
import { readFileSync } from 'node:fs';
import nodeProcess from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

import { Fallcast } from 'fallcast';

import { byModel, startUpstream } from '../upstream.mjs';

const url = nodeProcess.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
const hasKey = nodeProcess.env.TOGETHER_API_KEY || nodeProcess.env.SYNTHETIC_API_KEY;
const manner = byModel({ 'moonshotai/Kimi-K2-Thinking': 'prose' });
const upstream = hasKey ? undefined : await startUpstream({ manner });
const engine = new Fallcast({
  dailyBudgetUsd: 1,
  fleet: { url },
  providers: upstream && ['together', 'synthetic'].map((id) => ({ id, baseUrl: upstream.baseUrl, apiKeyEnv: null })),
});
const { id } = engine.getFleet();
engine.onEvent((event) => {
  if (event.type === 'fleet_joined') console.log(`joined ${event.members}`);
  if (event.type === 'fleet_lost') console.log(`alone: ${event.problem}`);
  if (event.type === 'disabled') console.log(`off ${event.modelId} ${event.origin === id ? 'here' : `at ${event.origin}`}`);
  if (event.type === 'budget') console.log(`spent ${event.threshold * 100} %`);
});

const stop = new AbortController();
nodeProcess.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort());
const [match] = JSON.parse(readFileSync(new URL('../fixtures.json', import.meta.url), 'utf8'));
const options = { signal: stop.signal };
// A match that a model could not answer counts once against it, however often it is asked.
for (let day = 1; !stop.signal.aborted; day += 1) {
  const request = { modelId: 'kimi-k2-thinking-syn', matches: [{ ...match, id: `${match.id}-${id}-${day}` }] };
  const wait = await engine.predictWithFallback(request, options).then(() => 200, (error) => {
    if (error.code !== 'ABORT_ERR') console.error(`${request.modelId}: ${error.code}`);
    return Math.min(error.retryAfterMs ?? 200, 60_000);
  });
  await sleep(wait, undefined, options).catch(() => {});
}
await engine.close();
await upstream?.close();
