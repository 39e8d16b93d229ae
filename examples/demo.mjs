/**
 * Predicts a slate of fixtures with several models, and shows who answered, why, at what cost and in what time. On loopback it then
 * asks several models about all of it at once.
 *
 *     npm run demo                          the fixtures of examples/fixtures.json
 *     npm run demo -- my-slate.json         one's own
 *     npm run demo -- --page                with the status page beside it, until Ctrl-C
 *
 * Which models it asks is told in demo/line-up.mjs. Ctrl-C cancels what is under way.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

import { Fallcast } from 'fallcast';
import { statusPage } from 'fallcast/status';

import { advice } from './demo/advice.mjs';
import { chooseLineUp } from './demo/line-up.mjs';
import { startProgress } from './demo/progress.mjs';
import { errorLine, predictionRows, routeRows, summary, title } from './demo/report.mjs';
import { showSlate } from './demo/slate.mjs';
import { paint, table } from './demo/table.mjs';

const controller = new AbortController();
process.once('SIGINT', () => controller.abort(new Error('Ctrl-C')));

try {
  process.exitCode = await main();
} catch (error) {
  console.error(errorLine(error));
  process.exitCode = controller.signal.aborted ? 130 : 1;
}

async function main() {
  const { values, positionals: [file] } = parseArgs({ options: { page: { type: 'boolean' } }, allowPositionals: true });
  const slate = JSON.parse(readFileSync(file ?? new URL('fixtures.json', import.meta.url), 'utf8'));
  const lineUp = await chooseLineUp(process.env, slate, controller.signal);
  console.log(`${lineUp.about.join('\n')}\n`);

  const engine = new Fallcast(lineUp.config);
  const page = values.page && await serve(engine);
  const progress = startProgress(lineUp.calls.length, process.stderr);
  const results = await inTurn(lineUp.calls, lineUp.concurrency, (call) => predict(engine, lineUp, call, progress));
  progress.stop();
  report(results);
  if (lineUp.slate && !controller.signal.aborted) {
    console.log(`\n${paint.bold('The same fixtures, every model about every match')}\n`);
    console.log(await showSlate(engine, { matches: slate, models: lineUp.slate }, { deadlineMs: 20_000, allowStarted: true, signal: controller.signal }, process.stderr));
  }
  const wasCancelled = controller.signal.aborted;
  const lines = lineUp.isOwn && !wasCancelled ? advice(results) : [];
  if (lines.length > 0) console.log(`\n${paint.bold('What to try')}\n\n${lines.join('\n')}`);
  if (page) await page.untilCancelled();
  await engine.close();
  await lineUp.close?.();
  if (wasCancelled) return 130;
  return results.some(({ outcome }) => outcome) ? 0 : 1;
}

/** Serves the status page of an engine on a free port of this machine, and says where. */
async function serve(engine) {
  const page = statusPage(engine, { title: 'Fallcast demo' });
  const server = createServer(page).listen(0, '127.0.0.1');
  await once(server, 'listening');
  console.log(`The status page is at http://127.0.0.1:${server.address().port}/ until Ctrl-C.\n`);
  return {
    async untilCancelled() {
      if (!controller.signal.aborted) await once(controller.signal, 'abort');
      page.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Makes one call, and keeps the outcome or the error. */
async function predict(engine, { options }, call, progress) {
  progress.begin(call);
  try {
    const outcome = await engine.predictWithFallback(call, { ...options, signal: controller.signal });
    progress.end(call, `${outcome.modelId} answered`);
    return { ...call, outcome };
  } catch (error) {
    progress.end(call, error.code ?? error.name);
    return { ...call, error };
  }
}

/** Maps the calls in order, at most `concurrency` at once, and begins no more once the signal is aborted. */
async function inTurn(calls, concurrency, map) {
  const results = [];
  const queue = calls.entries();
  await Promise.all(Array.from({ length: concurrency }, async () => {
    for (const [index, call] of queue) {
      if (controller.signal.aborted) return;
      results[index] = await map(call);
    }
  }));
  return results.filter(Boolean);
}

function report(results) {
  const columns = ['match', 'score', 'asked', 'answered by', 'why', '>cost', '>time'];
  console.log(table(columns, results.flatMap(predictionRows), process.stdout.columns));

  const routes = routeRows(results);
  if (routes.length > 0) {
    console.log(`\n${paint.bold('Fallback routes')}\n`);
    console.log(table(['asked', 'next', 'why', '>calls', '>cost', '>original alone'], routes, process.stdout.columns));
  }

  const errors = results.filter(({ error }) => error);
  if (errors.length > 0) console.log(`\n${paint.bold('Errors')}\n`);
  for (const result of errors) console.log(`${title(result)}: ${paint.red(errorLine(result.error))}`);

  console.log(`\n${summary(results)}${controller.signal.aborted ? ' Cancelled.' : ''}`);
}
