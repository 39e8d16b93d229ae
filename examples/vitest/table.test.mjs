/** `npx vitest run --root examples/vitest`: no key, no network, and models that fail as told. */
import { byModel, scoreOf, startUpstream } from 'fallcast/testing';
import { expect, onTestFinished, test } from 'vitest';

import { tableOf } from './table.mjs';

const matches = [{ id: 'm1', homeTeam: 'Girona', awayTeam: 'Getafe' }, { id: 'm2', homeTeam: 'Roma', awayTeam: 'Inter' }];

/** An upstream that answers for each model in its manner, and a configuration for it. */
async function modelsThat(table) {
  const upstream = await startUpstream({ manner: byModel(table) });
  onTestFinished(upstream.close);
  const price = { promptUsdPer1M: 1, completionUsdPer1M: 1 };
  const models = [
    { id: 'big', provider: 'test', upstreamModel: 'big', fallbacks: ['small'], ...price },
    { id: 'small', provider: 'test', upstreamModel: 'small', ...price },
  ];
  return { upstream, config: { builtinCatalog: false, providers: [{ id: 'test', baseUrl: upstream.baseUrl }], models, maxRetries: 0 } };
}

const scored = (id) => `${scoreOf(id).homeScore}:${scoreOf(id).awayScore}`;

test('a model that answers fills the table', async () => {
  const { config } = await modelsThat({ big: 'fenced' });
  expect(await tableOf(config, 'big', matches)).toEqual([{ match: 'm1', score: scored('m1') }, { match: 'm2', score: scored('m2') }]);
});

test('what it leaves out comes from the next model, and says so', async () => {
  const { config, upstream } = await modelsThat({ big: 'partial', small: 'clean' });
  expect(await tableOf(config, 'big', matches)).toEqual([
    { match: 'm1', score: scored('m1') }, { match: 'm2', score: scored('m2'), by: 'small' },
  ]);
  expect(upstream.requests.map(({ matchIds }) => matchIds)).toEqual([['m1', 'm2'], ['m2']]);
});

test('nobody answers', async () => {
  const { config } = await modelsThat({ big: 'internal_error', small: 'never' });
  await expect(tableOf({ ...config, attemptTimeoutMs: 200 }, 'big', matches)).rejects.toMatchObject({ code: 'ALL_ATTEMPTS_FAILED' });
});
