/**
 * Outcomes and errors, as the rows and lines that people read.
 *
 * @typedef {object} Result a call with what came of it
 * @property {string} modelId
 * @property {import('fallcast').Match[]} matches
 * @property {import('fallcast').PredictionOutcome} [outcome]
 * @property {any} [error]
 */

/**
 * The name of a call: its match, or its first match and how many more.
 *
 * @param {{ matches: import('fallcast').Match[] }} call
 */
export function title({ matches: [first, ...more] }) {
  return more.length > 0 ? `${versus(first)} and ${more.length} more` : versus(first);
}

const versus = ({ homeTeam, awayTeam }) => `${homeTeam} – ${awayTeam}`;
const NONE = '–';

/**
 * A row for each match: match, score, asked, answered by, why, cost, time. Cost and time are the call's, and stand in
 * its first row.
 *
 * @param {Result} result
 * @returns {string[][]}
 */
export function predictionRows({ modelId, matches, outcome, error }) {
  if (error) return matches.map((match) => [versus(match), NONE, modelId, NONE, error.code ?? error.name, '', '']);
  const predictions = new Map(outcome.predictions.map((prediction) => [prediction.matchId, prediction]));
  return matches.map((match, index) => {
    const prediction = predictions.get(match.id);
    return [
      versus(match),
      prediction ? `${prediction.homeScore}:${prediction.awayScore}` : NONE,
      modelId,
      prediction?.modelId ?? NONE,
      prediction ? (prediction.modelId === modelId ? '' : outcome.fallbackReason) : 'missing',
      index === 0 ? usd(outcome.costUsd, outcome.usage.estimated) : '',
      index === 0 ? `${(outcome.durationMs / 1000).toFixed(2)} s` : '',
    ];
  });
}

/**
 * A row for each way that a call took from one model to the next: asked, next, why, calls, cost, what the original
 * alone would have cost.
 *
 * @param {Result[]} results
 * @returns {string[][]}
 */
export function routeRows(results) {
  const routes = new Map();
  const count = (asked, next, why, outcome) => {
    const key = [asked, next, why].join('\n');
    const route = routes.get(key) ?? { calls: 0, cost: 0, original: 0, isEstimated: false };
    route.calls += 1;
    route.isEstimated ||= outcome?.usage.estimated ?? false;
    route.cost += outcome?.costUsd ?? 0;
    route.original += outcome?.originalCostUsd ?? 0;
    routes.set(key, { asked, next, why, hasCost: Boolean(outcome), ...route });
  };
  for (const { outcome, error, modelId } of results) {
    for (const skip of (outcome ?? error).skips ?? []) {
      if (skip.reason !== 'depth') count(modelId, skip.modelId, `skipped: ${skip.reason}`);
    }
    if (outcome?.usedFallback) count(modelId, outcome.fallbackModelId, outcome.fallbackReason, outcome);
  }
  return [...routes.values()].map(({ asked, next, why, calls, hasCost, cost, original, isEstimated }) =>
    [asked, next, why, String(calls), hasCost ? usd(cost, isEstimated) : '', hasCost ? usd(original, true) : '']);
}

/**
 * One line for any error, with the failure of each model that was asked.
 *
 * @param {any} error
 */
export function errorLine(error) {
  const code = error.code ?? error.name;
  const tried = (error.attempts ?? []).map(({ modelId, failure }) => `${modelId} ${failure}`);
  const skipped = (error.skips ?? []).map(({ modelId, reason }) => `${modelId} skipped (${reason})`);
  const steps = [...tried, ...skipped];
  return `${code}: ${steps.length > 0 ? steps.join(', ') : error.message.replaceAll('\n', '; ')}`;
}

/**
 * What came of it all, in one line.
 *
 * @param {Result[]} results
 */
export function summary(results) {
  const outcomes = results.flatMap(({ outcome }) => outcome ?? []);
  const asked = results.reduce((sum, { matches }) => sum + matches.length, 0);
  const predicted = outcomes.reduce((sum, { predictions }) => sum + predictions.length, 0);
  const fallbacks = outcomes.filter(({ usedFallback }) => usedFallback).length;
  const cost = results.reduce((sum, { outcome, error }) => sum + ((outcome ?? error).costUsd ?? 0), 0);
  return `${predicted} of ${asked} matches predicted in ${results.length} calls, `
    + `${fallbacks} of them with a fallback, for ${usd(cost)}.`;
}

function usd(amount, isEstimated = false) {
  return `${isEstimated ? '~' : ''}$${amount === 0 ? '0' : amount.toFixed(6)}`;
}
