/**
 * A page in a process of its own that shows what the workers of a fleet share: how many models are active, what the day has
 * cost, and which models answered for which. It needs no provider's key. `POST /off?model=…` and `POST /on?model=…` switch a
 * model for all workers. Prints its address; Ctrl-C or SIGTERM ends it. Redis is at `REDIS_URL`, as for `worker.mjs`.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import nodeProcess from 'node:process';

import { Fallcast } from 'fallcast';

const url = nodeProcess.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
const engine = new Fallcast({ fleet: { url, role: 'reader' } });
// Nothing is wrong if it takes longer: the page then shows that it is alone.
await engine.ready();

/** Switches a model as a request asks; whether there is one. */
function switchModel({ pathname, searchParams }) {
  const modelId = searchParams.get('model') ?? '';
  try {
    if (pathname === '/on') engine.enableModel(modelId);
    else engine.disableModel(modelId, 'switched off on the page');
    return true;
  } catch {
    return false;
  }
}

async function page() {
  const { state, members, activeModelCount, budget, days: [today] } = await engine.getFleetStatus();
  const workers = members.filter(({ role }) => role === 'worker').length;
  const lines = [
    state === 'joined' ? `Workers: ${workers}` : 'Redis does not answer: this is what was known last.',
    `Active models: ${activeModelCount}`,
    `Spent today: $${budget.spentUsd.toFixed(6)} of $${budget.dailyBudgetUsd ?? 'any sum'}`,
    ...(today?.routes ?? []).map(({ sentence }) => sentence),
  ];
  return `<!doctype html>\n<meta charset="utf-8">\n<title>Models</title>\n${lines.map((line) => `<p>${line}</p>`).join('\n')}\n`;
}

const server = createServer(async (request, response) => {
  const address = new URL(request.url, 'http://page');
  if (request.method === 'POST') {
    response.writeHead(switchModel(address) ? 204 : 404).end();
    return;
  }
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.end(await page());
});
server.listen(Number(nodeProcess.env.PORT ?? 0), '127.0.0.1');
await once(server, 'listening');
console.log(`http://127.0.0.1:${server.address().port}/`);

const stop = async () => {
  server.close();
  server.closeAllConnections();
  await engine.close();
};
nodeProcess.once('SIGINT', stop).once('SIGTERM', stop);
