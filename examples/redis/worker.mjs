/**
 * A worker that tells pages in other processes how many models are active: it alone knows, for health is one process's
 * own, so it puts the number into Redis whenever it changes. `page.mjs` reads it there.
 *
 *     node examples/redis/worker.mjs &
 *     node examples/redis/page.mjs
 *
 * Without a key, an upstream on loopback stands in for the models; there one model never gives a score, and is switched
 * off by its fifth failure. Ctrl-C or SIGTERM ends the worker.
 */
import { readFileSync } from 'node:fs';
import nodeProcess from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import { Fallcast } from 'fallcast';

import { byModel, startUpstream } from '../upstream.mjs';
import { connect, KEY } from './connect.mjs';

/**
 * Keeps the number of an engine's active models in Redis, from now on; `engine` may be the module itself.
 *
 * @param {Pick<Fallcast, 'onInvalidate' | 'getActiveModelCount'>} engine
 * @param {(count: number) => void} [published] called with every number once it is there
 * @returns {Promise<() => void>} ends it
 */
export async function publishCount(engine, redis, published = () => {}) {
  // A connection carries its commands in order, so the last number that is sent is the one that stays.
  const publish = async (count) => {
    try {
      await redis.set(KEY, count);
      published(count);
    } catch (error) {
      console.error(`the count is not published: ${error.message}`);
    }
  };
  const end = engine.onInvalidate(({ activeModelCount }) => void publish(activeModelCount));
  await publish(await engine.getActiveModelCount());
  return end;
}

function report({ code }) {
  if (code !== 'ABORT_ERR') console.error(`kimi-k2-thinking-syn: ${code}`);
}

async function main() {
  const hasKey = nodeProcess.env.TOGETHER_API_KEY || nodeProcess.env.SYNTHETIC_API_KEY;
  const manner = byModel({ 'moonshotai/Kimi-K2-Thinking': 'prose' });
  const upstream = hasKey ? undefined : await startUpstream({ manner });
  const engine = new Fallcast(upstream && {
    providers: ['together', 'synthetic'].map((id) => ({ id, baseUrl: upstream.baseUrl })),
  });
  const redis = await connect();
  const end = await publishCount(engine, redis, (count) => console.log(`published ${count}`));

  const stop = new AbortController();
  nodeProcess.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort());
  const [match] = JSON.parse(readFileSync(new URL('../fixtures.json', import.meta.url), 'utf8'));
  const options = { signal: stop.signal };
  // A match that a model could not answer counts once against it, however often it is asked.
  for (let day = 1; !stop.signal.aborted; day += 1) {
    const request = { modelId: 'kimi-k2-thinking-syn', matches: [{ ...match, id: `${match.id}-${day}` }] };
    await engine.predictWithFallback(request, options).catch(report);
    await sleep(200, undefined, options).catch(() => {});
  }
  end();
  await engine.close();
  await redis.close();
  await upstream?.close();
}

if (import.meta.url === pathToFileURL(nodeProcess.argv[1]).href) await main();
