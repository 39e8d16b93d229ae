/** What the programs share: an engine on the upstream of the test, and one match. */
import { createRequire } from 'node:module';

export const fallcast = createRequire(import.meta.url)('../../main.js');

export const config = {
  builtinCatalog: false,
  providers: [{ id: 'p', baseUrl: process.env.UPSTREAM }],
  models: [{ id: 'a', provider: 'p', upstreamModel: 'a', promptUsdPer1M: 1, completionUsdPer1M: 2 }],
  maxRetries: 0,
};
export const request = { modelId: 'a', matches: [{ id: 'm1', homeTeam: 'Home', awayTeam: 'Away' }] };

/** An engine of this thread's own. */
export const engine = () => new fallcast.Fallcast(config);
