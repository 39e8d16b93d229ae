import { PGlite } from '@electric-sql/pglite';

/**
 * The predictions, in PostgreSQL's dialect: here in a PostgreSQL of this process (`folder`, or in memory without one), in production
 * the same statements by `pg`.
 */
export async function openStore(folder) {
  const db = new PGlite(folder);
  await db.exec(`
    CREATE TABLE IF NOT EXISTS predictions (
      match_id text NOT NULL,
      model_id text NOT NULL,
      answered_by text NOT NULL,
      home_score int NOT NULL,
      away_score int NOT NULL,
      call_id text NOT NULL,
      PRIMARY KEY (match_id, model_id)
    )`);
  return {
    /** Saves the predictions of an outcome, together or none; one that is there already stays. */
    save: (outcome) => db.transaction(async (transaction) => {
      for (const { matchId, modelId, homeScore, awayScore } of outcome.predictions) {
        await transaction.query(
          `INSERT INTO predictions (match_id, model_id, answered_by, home_score, away_score, call_id)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
          [matchId, outcome.originalModelId, modelId, homeScore, awayScore, outcome.callId],
        );
      }
    }),

    /** The cells that have no prediction yet. */
    async missing(matchIds, modelIds) {
      const { rows } = await db.query(
        `SELECT m.id AS "modelId", g.id AS "matchId"
         FROM unnest($1::text[]) AS m(id) CROSS JOIN unnest($2::text[]) AS g(id)
         WHERE NOT EXISTS (SELECT 1 FROM predictions p WHERE p.model_id = m.id AND p.match_id = g.id)
         ORDER BY m.id, g.id`,
        [modelIds, matchIds],
      );
      return rows;
    },

    /** How many predictions there are. */
    async count() {
      const { rows } = await db.query('SELECT count(*)::int AS count FROM predictions');
      return rows[0].count;
    },

    close: () => db.close(),
  };
}
