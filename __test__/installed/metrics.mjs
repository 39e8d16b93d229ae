/** Prints the metrics of an engine that has answered, fallen back and failed. */
import { Fallcast } from 'fallcast';
import { byModel, startUpstream } from 'fallcast/testing';

const upstream = await startUpstream({ manner: byModel({ flaky: ['internal_error', 'rate_limited'], bad: 'prose' }) });
const model = { provider: 'test "quoted" \\ \u00e9', promptUsdPer1M: 1, completionUsdPer1M: 1 };
const engine = new Fallcast({
  builtinCatalog: false,
  dailyBudgetUsd: 1,
  providers: [{ id: model.provider, baseUrl: upstream.baseUrl }],
  models: [
    { id: 'first', upstreamModel: 'flaky', fallbacks: ['second'], ...model },
    { id: 'second', upstreamModel: 'good', ...model },
    { id: 'third', upstreamModel: 'bad', ...model },
  ],
  maxRetries: 0,
});
const matches = [{ id: 'm1', homeTeam: 'Girona', awayTeam: 'Getafe' }];
for (const modelId of ['first', 'second', 'third']) await engine.predictWithFallback({ modelId, matches }).catch(() => {});
process.stdout.write(engine.getMetricsText());
await engine.close();
await upstream.close();
