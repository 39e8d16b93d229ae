/** The package from TypeScript that becomes CommonJS, also by the oldest way of resolving modules, and run. */
import { Fallcast, type FallcastError } from 'fallcast';
import { alerts } from 'fallcast/alerts';
import { instrument } from 'fallcast/otel';
import { statusPage, type StatusPage } from 'fallcast/status';
import { startUpstream, type Upstream } from 'fallcast/testing';

async function main(): Promise<void> {
  const upstream: Upstream = await startUpstream({ manner: { name: 'status', status: 503 } });
  const model = { provider: 'test', promptUsdPer1M: 1, completionUsdPer1M: 1 };
  const engine = new Fallcast({
    builtinCatalog: false,
    providers: [{ id: 'test', baseUrl: upstream.baseUrl }],
    models: [{ id: 'a', upstreamModel: 'a', ...model }],
    maxRetries: 0,
  });
  const page: StatusPage = statusPage(engine);
  const matches = [{ id: 'm1', homeTeam: 'Girona', awayTeam: 'Getafe' }];
  const error: FallcastError = await engine.predictWithFallback({ modelId: 'a', matches })
    .then(() => { throw new Error('resolved'); }, (reason) => reason);
  if (error.code !== 'ALL_ATTEMPTS_FAILED') throw error;
  const kinds = [typeof alerts, typeof instrument];
  if (kinds.some((kind) => kind !== 'function')) throw new Error(kinds.join());
  page.close();
  await engine.close();
  await upstream.close();
  console.log(`TypeScript by require: ${error.attempts?.length} attempt`);
}

void main();
