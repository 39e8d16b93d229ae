/** `fallcast slate`: runs a slate, shows how it goes, and prints what came of it. */
/** How wide a bar is, in characters. */
const WIDTH = 30;

/** What a file holds as a request: matches, or a whole one; `models` are ids with commas between, or `active`. */
export function requestIn(held, models) {
  const request = Array.isArray(held) ? { matches: held } : held;
  return models === undefined ? request : { ...request, models: models === 'active' ? models : models.split(',') };
}

/** A number that an option holds; undefined if it is not given. */
export function numberOf(name, text) {
  if (text === undefined) return undefined;
  const number = text.trim() === '' ? NaN : Number(text);
  if (Number.isNaN(number)) throw new Error(`--${name}: must be a number, got ${JSON.stringify(text)}`);
  return number;
}

/** Runs a slate and shows it on `out`; the exit code. Ctrl-C ends it and shows what there is. */
export async function runSlate(engine, request, options, { json, out = process.stdout, err = process.stderr }) {
  const slate = engine.predictSlate(request, options);
  const stop = () => slate.cancel();
  process.once('SIGINT', stop);
  const screen = json ? lines(out) : bars(slate, engine, err);
  for await (const event of slate) screen.take(event);
  process.off('SIGINT', stop);
  screen.end();
  const { outcome, error } = await slate.result().then((outcome) => ({ outcome }), (error) => ({ outcome: error.outcome, error }));
  if (json) out.write(`${JSON.stringify({ type: 'result', ...summary(outcome), ...(error && { error: plain(error) }) })}\n`);
  else out.write(`${table(request.matches, outcome, slate.plan)}\n`);
  if (error) throw error;
  return outcome.complete ? 0 : 1;
}

/** An event a line. */
function lines(out) {
  return {
    take: (event) => out.write(`${JSON.stringify(event.type === 'missed' ? { ...event, error: plain(event.error) } : event)}\n`),
    end() {},
  };
}

/** What JSON says of an error: its fields, and its text. */
const plain = (error) => ({ ...error, message: error.message, outcome: undefined });

const summary = ({ outcomes, ...rest }) => ({ requests: outcomes.length, ...rest });

/** A line a provider with a bar of its requests, drawn anew where there is a terminal. */
export function bars(slate, engine, err) {
  const providerOf = new Map(engine.getModels().map(({ id, providerId }) => [id, providerId]));
  const cells = new Map();
  for (const { modelId, cells: count } of slate.plan.models) {
    const provider = providerOf.get(modelId) ?? '?';
    const row = cells.get(provider) ?? { provider, cells: 0, answered: 0, missed: 0 };
    cells.set(provider, { ...row, cells: row.cells + count });
  }
  const rows = [...cells.values()];
  let drawn = 0;
  const draw = (progress) => {
    if (!err.isTTY) return;
    const text = [...rows.map(bar), `${money(progress.costUsd)} · ${progress.inFlight} under way, ${progress.waiting} waiting`];
    err.write(`${drawn > 0 ? `\x1b[${drawn}A` : ''}${text.map((line) => `\x1b[2K${line}`).join('\n')}\n`);
    drawn = text.length;
  };
  const rowOf = (modelId) => cells.get(providerOf.get(modelId) ?? '?');
  return {
    take(event) {
      if (event.type === 'answered') rowOf(event.outcome.originalModelId).answered += event.outcome.predictions.length;
      if (event.type === 'missed') rowOf(event.modelId).missed += event.matchIds.length;
      if (event.type === 'progress') draw(event.progress);
    },
    end() {
      if (!err.isTTY) for (const row of rows) err.write(`${bar(row)}\n`);
    },
  };
}

/** `together   ██████████░░·········  40/87, 3 missed`. */
export function bar({ provider, cells, answered, missed }) {
  const part = (count) => (cells === 0 ? 0 : Math.floor((count / cells) * WIDTH));
  const [full, lost] = [part(answered), part(missed)];
  const drawn = '█'.repeat(full) + '░'.repeat(lost) + '·'.repeat(WIDTH - full - lost);
  return `${provider.padEnd(12)} ${drawn} ${answered}/${cells}${missed > 0 ? `, ${missed} missed` : ''}`;
}

const money = (usd) => `$${usd.toFixed(6)}`;
const percent = (share) => `${Math.round(share * 100)} %`;

/** What came of each match. */
export function table(matches, { consensus, missing, costUsd, durationMs }, plan) {
  const said = new Map(consensus.map((entry) => [entry.matchId, entry]));
  const rows = matches.map(({ id, homeTeam, awayTeam }) => {
    const entry = said.get(id);
    const name = `${homeTeam} – ${awayTeam}`;
    if (!entry) return [name, '–', '0', '', '', ''];
    const shares = [entry.homeWin, entry.draw, entry.awayWin].map(percent);
    return [name, `${entry.homeScore}:${entry.awayScore}`, String(entry.models), ...shares];
  });
  const all = [['match', 'score', 'models', 'home', 'draw', 'away'], ...rows];
  const widths = all[0].map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const body = all.map((row) => row.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd());
  const missed = [...counted(missing)].map(([why, count]) => `${count} ${why}`).join(', ');
  const end = `${plan.cells - missing.length} of ${plan.cells} cells, ${money(costUsd)}, ${(durationMs / 1000).toFixed(1)} s`;
  return [...body, '', missed === '' ? end : `${end}; missing: ${missed}`].join('\n');
}

/** How many cells are missing for each reason. */
function counted(missing) {
  const counts = new Map();
  for (const { why } of missing) counts.set(why, (counts.get(why) ?? 0) + 1);
  return counts;
}
