import { createClient } from 'redis';

/** Where the worker puts the number of active models, and the pages read it: the key that an invalidation names. */
export const KEY = 'stats:active_model_count';

/** A connection to the Redis at `REDIS_URL`: `redis://…`, or the path of a Unix socket. */
export async function connect(url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379') {
  const redis = createClient(url.startsWith('/') ? { socket: { path: url } } : { url });
  // The client connects again by itself; without a listener the first lost connection would end the process.
  redis.on('error', ({ message }) => console.error(`redis: ${message}`));
  return redis.connect();
}
