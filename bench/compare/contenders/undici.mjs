/** A bare undici pool and a loop over the models. */
import { Pool } from 'undici';

import { inOrder } from '../ask.mjs';
import { key, scoreIn } from '../work.mjs';

export function open({ models, messages, transport, concurrency }) {
  // Over HTTP/2 it would open a connection for each request under way, unless it is told that one may carry them all.
  const overHttp2 = transport === 'h2';
  const options = overHttp2 ? { allowH2: true, connections: 1, pipelining: concurrency } : {};
  const pool = new Pool(new URL(models[0].baseUrl).origin, options);
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  const targets = models.map(({ baseUrl, name }) => ({ path: `${new URL(baseUrl).pathname}/chat/completions`, name }));

  async function ask({ path, name }) {
    const body = JSON.stringify({ model: name, messages, max_tokens: 320, response_format: { type: 'json_object' } });
    const response = await pool.request({ path, method: 'POST', headers, body, idempotent: overHttp2 });
    if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${await response.body.text()}`);
    const { choices } = await response.body.json();
    return scoreIn(choices[0].message.content);
  }

  return () => inOrder(targets, ask);
}
