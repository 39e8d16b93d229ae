import { expect, test } from 'vitest';

import { storm } from './storm.mjs';

test('four threads, ten thousand predictions, a third of them failing', async () => {
  const shared = { good: 'clean', bad: 'prose' };
  const calls = { own: 770, shared: 80 };
  const { total, failed, disables: { good, bad, ...own } } = await storm({ workers: 4, calls, shared, isTimed: false });
  expect(total).toBeGreaterThanOrEqual(10_000);
  expect(failed / total).toBeGreaterThan(1 / 3);
  // Its first five failures in a row switch it off; the results of calls that were under way then change nothing.
  expect({ good, bad }).toEqual({ good: 0, bad: 1 });
  expect(Object.values(own).reduce((sum, count) => sum + count)).toBeGreaterThan(100);
}, 120_000);
