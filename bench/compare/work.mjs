/** The work that every contender does: one match, a prompt of about 3 KB, one score. */
import { createRequire } from 'node:module';

/** The addon, as CommonJS gives it. */
export const { Fallcast } = createRequire(import.meta.url)('../../main.js');

export const key = 'sk-0123456789abcdef0123456789abcdef';

export const match = {
  id: 'm1',
  homeTeam: 'Liverpool',
  awayTeam: 'Manchester United',
  competition: 'Premier League',
  kickoff: '2025-10-19T15:30:00Z',
  analysis: [
    'Liverpool: won 3, drawn 1, lost 1 of the last five; 11 goals for, 6 against; unbeaten at home since March.',
    'Manchester United: won 2, drawn 1, lost 2 of the last five; 7 goals for, 8 against; two clean sheets away.',
    'Out: a centre-back and the first goalkeeper of the home side; a winger of the visitors is doubtful.',
    'The last six meetings: 2-2, 0-3, 4-3, 0-0, 7-0, 2-1. Odds: 1.75, 4.10, 4.40.',
  ].join(' ').repeat(4),
};

/** The models of a chain, in order: where each is asked, and its name there. */
export function modelsOf(chain, origin) {
  const at = (path) => ({ baseUrl: `${origin}/${path}/v1`, name: `org/${path}` });
  return { first: [at('answers'), at('answers')], second: [at('fails'), at('answers')], slow: [at('slow'), at('answers')] }[chain];
}

/** An engine with everything on, which asks a failing model every time, and trusts what else is to be trusted; `more` is laid over it. */
export function engineFor(models, certificate, more = {}) {
  const id = (index) => `model-${index + 1}`;
  const engine = new Fallcast({
    builtinCatalog: false,
    providers: models.map(({ baseUrl }, index) => ({ id: `provider-${index + 1}`, baseUrl, apiKey: key, responseFormat: true })),
    models: models.map(({ name }, index) => ({
      id: id(index),
      provider: `provider-${index + 1}`,
      upstreamModel: name,
      promptUsdPer1M: 1,
      completionUsdPer1M: 2,
      fallbacks: models.slice(index + 1, index + 2).map(() => id(index + 1)),
    })),
    transientThreshold: null,
    dailyBudgetUsd: 1_000_000,
    http: certificate ? { caCertificates: [certificate] } : {},
    ...more,
  });
  return engine;
}

/** The messages that Fallcast composes, for those who compose none. */
export async function messages() {
  const engine = engineFor(modelsOf('first', 'http://127.0.0.1:1'));
  const { system, user } = engine.buildPrompt('model-1', [match]);
  await engine.close();
  return [{ role: 'system', content: system }, { role: 'user', content: user }];
}

/** The score in what a model said. */
export function scoreIn(content) {
  const [{ match_id: matchId, home_score: homeScore, away_score: awayScore }] = JSON.parse(content).predictions;
  return { matchId, homeScore, awayScore };
}

/** Throws unless it is the score that the upstream gives. */
export function check({ matchId, homeScore, awayScore }) {
  if (matchId !== match.id || homeScore !== 2 || awayScore !== 1) throw new Error(`read ${matchId} ${homeScore}:${awayScore}`);
}
