import { expect, test } from 'vitest';

import { engine, request } from '../engine.mjs';

test('a call from a file of its own', async () => {
  const { predictions } = await engine().predictWithFallback(request);
  expect(predictions).toHaveLength(1);
});
