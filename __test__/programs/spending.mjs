/**
 * Predicts for ever with a state file, and writes a line with the time, the day and its spend: first as the file has
 * it, then after each prediction.
 */
import { writeSync } from 'node:fs';

import { config, fallcast, request } from './engine.mjs';

const engine = new fallcast.Fallcast({ ...config, stateFile: process.env.STATE_FILE });
const tell = () => {
  const { day, spentUsd } = engine.getBudget();
  writeSync(1, `${JSON.stringify({ at: Date.now(), day, spent: Math.round(spentUsd * 1e6) })}\n`);
};
tell();
for (;;) {
  await engine.predictWithFallback(request);
  tell();
}
