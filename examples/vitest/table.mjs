/** Code of one's own that asks for scores: what is tested beside it. */
import { Fallcast } from 'fallcast';

/** The rows of a table: a score for each match that has one, and who gave it in place of the model that was asked. */
export async function tableOf(config, modelId, matches) {
  const engine = new Fallcast(config);
  try {
    const { predictions } = await engine.predictWithFallback({ modelId, matches });
    return predictions.map(({ matchId, homeScore, awayScore, modelId: by }) => ({
      match: matchId, score: `${homeScore}:${awayScore}`, ...(by !== modelId && { by }),
    }));
  } finally {
    await engine.close();
  }
}
