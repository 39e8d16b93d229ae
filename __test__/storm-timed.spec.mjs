import { expect, test } from 'vitest';

import { storm } from './storm.mjs';

test('four threads, and a timer that brings models back meanwhile', async () => {
  const calls = { own: 160, shared: 80 };
  const config = { cooldownMs: 5 };
  const { disables } = await storm({ workers: 4, calls, shared: { good: 'clean' }, isTimed: true, config });
  expect(Object.values(disables).reduce((sum, count) => sum + count)).toBeGreaterThan(30);
}, 120_000);
