import { Fallcast } from 'fallcast';

/**
 * The engine of this server: made by the first request, not by the build, and one for all routes, each of which has modules of its
 * own. With `REDIS_URL` it reads what a fleet of workers shares, and needs no provider's key.
 */
export function engine() {
  const { REDIS_URL: url } = process.env;
  globalThis.fallcastEngine ??= new Fallcast(url ? { fleet: { url, role: 'reader' } } : {});
  return globalThis.fallcastEngine;
}
