/** A provider's rate over a whole minute, at a real server. */
import { performance } from 'node:perf_hooks';

import { expect, test } from 'vitest';

import { chain, engineFor, matches, upstreamFor } from './support.mjs';

/** A minute, less what the arrival of a request may be late by. */
const MINUTE = 59_800;
const PER_MINUTE = 60;

test('sixty requests a minute are sixty within a twentieth, in every minute of a slate that would send more', async () => {
  const sent = [];
  const upstream = await upstreamFor(() => {
    sent.push(performance.now());
    return 'clean';
  });
  const provider = { id: 'p', baseUrl: upstream.baseUrl, maxConcurrency: 100, limits: { requestsPerMinute: PER_MINUTE } };
  const engine = engineFor({ ...chain(upstream, ['a', 'b']), providers: [provider] });
  const games = matches(33).map(({ kickoff, ...game }) => game);
  const { complete } = await engine.predictSlate({ matches: games, models: ['a', 'b'] }, { matchesPerRequest: 1 }).result();
  expect(complete).toBe(true);
  expect(sent).toHaveLength(66);
  const inMinuteFrom = (begin) => sent.filter((time) => time >= begin && time < begin + MINUTE).length;
  expect(Math.max(...sent.map(inMinuteFrom))).toBeLessThanOrEqual(PER_MINUTE * 1.05);
  expect(inMinuteFrom(sent[0])).toBeGreaterThanOrEqual(PER_MINUTE * 0.95);
}, 150_000);
