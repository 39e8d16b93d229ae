/**
 * What Prometheus reads: `GET /metrics` of an engine. Prints the address; Ctrl-C or SIGTERM ends it. Without a key, an upstream
 * stands in for the models.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import nodeProcess from 'node:process';

import { Fallcast } from 'fallcast';

import { byModel, startUpstream } from './upstream.mjs';

const hasKey = nodeProcess.env.TOGETHER_API_KEY || nodeProcess.env.SYNTHETIC_API_KEY;
const upstream = hasKey ? undefined : await startUpstream({ manner: byModel({ 'moonshotai/Kimi-K2-Thinking': 'prose' }) });
const engine = new Fallcast({
  dailyBudgetUsd: 5,
  providers: upstream && ['together', 'synthetic'].map((id) => ({ id, baseUrl: upstream.baseUrl, apiKeyEnv: null })),
});
const matches = [{ id: 'm1', homeTeam: 'Girona', awayTeam: 'Getafe' }];
for (const modelId of ['deepseek-v3.1', 'kimi-k2-thinking-syn']) await engine.predictWithFallback({ modelId, matches });

const server = createServer((request, response) => {
  if (request.url !== '/metrics') return void response.writeHead(404).end();
  response.setHeader('content-type', 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  response.end(engine.getMetricsText());
});
server.listen(Number(nodeProcess.env.PORT ?? 0), '127.0.0.1');
await once(server, 'listening');
console.log(`http://127.0.0.1:${server.address().port}/metrics`);

const stop = async () => {
  server.close();
  server.closeAllConnections();
  await engine.close();
  await upstream?.close();
};
nodeProcess.once('SIGINT', stop).once('SIGTERM', stop);
