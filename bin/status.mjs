/** `fallcast status`: what an operator sees, in a terminal: of a page elsewhere, of a fleet, or of what a state file holds. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { Fallcast } from '../main.js';
import fleets from '../status/fleet.js';
import status from '../status/index.js';
import urls from '../urls.js';

const EVERY_MS = 1000;
/** A page that does not answer within this time is not there. */
const PATIENCE_MS = 10_000;
/** How many routes and events are shown. */
const MOST = 10;

/** Says where a status comes from: `read` gives it, `engine` is there if it can be served, `close` ends it. */
export async function sourceOf({ url, fleet, state, config, readJson, header, 'allow-insecure-http': insecure }) {
  const given = [url, fleet, state].filter((each) => each !== undefined);
  if (given.length !== 1) throw new Error('give one of --url, --fleet and --state');
  if (url !== undefined) return ofPage(url, header ?? [], insecure);
  if (fleet !== undefined) {
    const engine = new Fallcast({ ...config, fleet: { ...config.fleet, url: fleet, role: 'reader' } });
    await engine.ready();
    const read = async () => {
      const { routes, days } = fleets.inStatus(await engine.getFleetStatus());
      return { ...engine.getStatus(), routes, days };
    };
    return { engine, read, close: () => engine.close() };
  }
  const engine = new Fallcast(config);
  const read = async () => {
    engine.restore(readJson(state));
    return engine.getStatus();
  };
  await read();
  return { engine, read, close: () => engine.close() };
}

function ofPage(text, headers, insecure) {
  const fault = urls.faultOfUrl(text, insecure, '--allow-insecure-http');
  if (fault) throw new Error(`--url: ${fault}`);
  const parsed = headers.map((line) => {
    const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined) throw new Error('--header: must be "name: value"');
    return [name, value];
  });
  const base = new URL(text);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const read = async () => {
    let response;
    try {
      response = await fetch(new URL('status.json', base), { headers: parsed, redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS) });
    } catch (error) {
      throw new Error(`--url: the page does not answer: ${error.cause?.code ?? error.name}`);
    }
    if (response.status !== 200) throw new Error(`--url: the page says HTTP ${response.status}`);
    const said = await response.json().catch(() => null);
    if (!Array.isArray(said?.models) || !said.budget) throw new Error('--url: what stands there is no status page');
    return said;
  };
  return { read, close: async () => {} };
}

/** Shows a status as it is asked for, until it has been shown or Ctrl-C; the exit code. */
export async function showStatus(source, { watch, json, serve }, { out = process.stdout } = {}) {
  const stop = new AbortController();
  const end = () => stop.abort();
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    if (serve !== undefined) return await servePage(source, serve, stop.signal, out);
    for (let shown; ;) {
      const now = await source.read();
      const text = json ? JSON.stringify(now) : report(now);
      if (text !== shown) out.write(`${watch && out.isTTY && !json ? '\x1b[2J\x1b[H' : ''}${text}\n`);
      shown = text;
      if (!watch) return now.activeModelCount > 0 ? 0 : 1;
      await sleep(EVERY_MS, undefined, { signal: stop.signal });
    }
  } catch (error) {
    if (stop.signal.aborted && error.name === 'AbortError') return 0;
    throw error;
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

async function servePage({ engine, read }, text, signal, out) {
  if (!engine) throw new Error('--serve: needs --fleet or --state');
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new Error(`--serve: must be a port from 0 to 65535, got ${JSON.stringify(text)}`);
  const page = status.statusPage(engine);
  const server = createServer(page).listen(port, '127.0.0.1');
  await once(server, 'listening');
  out.write(`http://127.0.0.1:${server.address().port}/\n`);
  // A state file is read again while it is shown; a file that is being replaced is read the next time.
  const timer = setInterval(() => read().catch(() => {}), EVERY_MS);
  if (!signal.aborted) await once(signal, 'abort');
  clearInterval(timer);
  page.close();
  server.close();
  server.closeAllConnections();
  return 0;
}

/** Nothing that a page elsewhere says may steer the terminal. */
const plain = (value) => String(value).replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\u{fffd}');
const usd = (amount) => `${amount < 0 ? '-' : ''}$${Math.abs(amount).toFixed(6)}`;
const share = ({ attempts, answered }) => (attempts === 0 ? '' : `${Math.round((answered / attempts) * 100)} % of ${attempts}`);
const time = (iso) => (typeof iso === 'string' ? iso.slice(11, 19) : '');
const stateOf = (model) => (model.state === 'active' && model.coolingUntil ? 'cooling' : model.state);

function stateWords(model) {
  const state = stateOf(model);
  const until = state === 'cooling' ? model.coolingUntil : model.disabledUntil;
  const ends = until ? ` until ${time(until)}` : state === 'disabled' ? ' until switched on' : '';
  return `${state === 'disabled' ? 'off' : state.replace('_', ' ')}${ends}`;
}

/** Rows in columns that are as wide as they must be. */
function columns(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd());
}

function head({ activeModelCount, closed, models, budget, fleet }) {
  const of = (state) => models.filter((model) => stateOf(model) === state).length;
  const money = budget.dailyBudgetUsd === null ? usd(budget.spentUsd) : `${usd(budget.spentUsd)} of ${usd(budget.dailyBudgetUsd)} (${budget.state.replace('_', ' ')})`;
  const members = fleet ? ` · fleet: ${fleet.state}, ${fleet.members.length} member${fleet.members.length === 1 ? '' : 's'}` : '';
  return `${closed ? 'closed · ' : ''}${activeModelCount} active, ${of('disabled')} off, ${of('cooling')} cooling · ${money} today${members}`;
}

/** The status as text. */
export function report(status) {
  const threshold = status.disableThreshold === null ? '' : `/${status.disableThreshold}`;
  const rows = status.models.map((model) => [
    model.id, model.providerId, stateWords(model), `${model.consecutiveFailures}${threshold}`,
    model.lastFailure ? `${model.lastFailure.kind} ${time(model.lastFailure.at)}` : '', share(model.windows.hour),
    model.windows.day.p95Ms === null ? '' : `${Math.round(model.windows.day.p95Ms)} ms`, usd(model.costTodayUsd),
  ]);
  const routes = status.routes.map((route) => `${route.sentence}${route.reason ? ` (${route.reason})` : ''}, ${usd(route.extraCostUsd)} more than the original`);
  const events = status.events.map((event) => `${time(event.at)} ${event.type} ${event.modelId ?? event.providerId ?? ''}`.trimEnd());
  const part = (title, lines) => (lines.length > 0 ? ['', title, ...lines.slice(0, MOST)] : []);
  return [
    head(status), '', ...columns([['model', 'provider', 'state', 'failures', 'last failure', 'last hour', 'p95', 'today'], ...rows].map((row) => row.map(plain))),
    ...part('Who answered for whom today', routes.map(plain)), ...part('Events', events.map(plain)),
  ].map((line) => line.trimEnd()).join('\n');
}
