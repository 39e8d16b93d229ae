/** Log records by pino: a line of JSON each, with the id of the call and yours. Without a key, an upstream stands in for the models. */
import nodeProcess from 'node:process';

import { Fallcast } from 'fallcast';
import pino from 'pino';

import { startUpstream } from './upstream.mjs';

const hasKey = nodeProcess.env.TOGETHER_API_KEY || nodeProcess.env.SYNTHETIC_API_KEY;
const upstream = hasKey ? undefined : await startUpstream();
const logger = pino({ name: 'predictions', level: 'debug' });
const engine = new Fallcast({
  logLevel: 'debug',
  // The levels have the same names.
  onLog: ({ level, message, fields }) => logger[level](fields, message),
  providers: upstream && ['together', 'synthetic'].map((id) => ({ id, baseUrl: upstream.baseUrl, apiKeyEnv: null })),
});
const matches = [{ id: 'm1', homeTeam: 'Girona', awayTeam: 'Getafe' }];
await engine.predictWithFallback({ modelId: 'deepseek-v3.1', matches }, { requestId: 'job-7' });
await engine.close();
await upstream?.close();
