/** The package from TypeScript, compiled strictly by both ways of resolving modules, and run. */
import { Fallcast, type FallcastError, type PredictionOutcome } from 'fallcast';
import { alerts, type AlertStatus } from 'fallcast/alerts';
import { instrument, type OtelOptions } from 'fallcast/otel';
import { statusPage, type StatusPage } from 'fallcast/status';
import { byModel, startUpstream, type UpstreamRequest } from 'fallcast/testing';

const upstream = await startUpstream({ manner: byModel({ broken: { name: 'status', status: 503 } }) });
const model = { provider: 'test', promptUsdPer1M: 1, completionUsdPer1M: 1 };
const engine = new Fallcast({
  builtinCatalog: false,
  providers: [{ id: 'test', baseUrl: upstream.baseUrl }],
  models: [{ id: 'good', upstreamModel: 'good', ...model }, { id: 'broken', upstreamModel: 'broken', ...model }],
  maxRetries: 0,
});
const ask = (modelId: string): Promise<PredictionOutcome> =>
  engine.predictWithFallback({ modelId, matches: [{ id: 'm1', homeTeam: 'Girona', awayTeam: 'Getafe' }] });

const { predictions, fallbackReason } = await ask('good');
const [first] = predictions;
if (first === undefined || fallbackReason !== null) throw new Error('no prediction');
const goals: number = first.homeScore + first.awayScore;

const error: FallcastError = await ask('broken').then(() => { throw new Error('resolved'); }, (reason) => reason);
const kind = error.attempts?.[0]?.failure;
if (error.code !== 'ALL_ATTEMPTS_FAILED' || kind !== 'server_error') throw error;
const asked: UpstreamRequest[] = upstream.requests;

const options: OtelOptions = { traceparent: true };
try {
  instrument(engine, options);
} catch (error) {
  if ((error as FallcastError).code !== 'INVALID_CONFIG') throw error;
}

const posting = alerts(engine, { url: 'http://127.0.0.1:9/', on: ['disabled'] });
const { waiting }: AlertStatus = posting.status();
if (waiting !== 0) throw new Error('nothing happened yet');
await posting.close();
const page: StatusPage = statusPage(engine, { title: 'Trial' });
if ((await page.fetch(new Request('http://localhost/status.json'))).status !== 200) throw new Error('no status');
page.close();
await engine.close();
await upstream.close();
console.log(`TypeScript: ${goals} goals, ${kind}, ${asked.length} requests`);
