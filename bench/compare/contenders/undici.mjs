/** A bare undici pool and a loop over the models. */
import { Pool } from 'undici';

import { inOrder } from '../ask.mjs';
import { key, scoreIn } from '../work.mjs';

export function open({ models, messages }) {
  const pool = new Pool(new URL(models[0].baseUrl).origin);
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  const targets = models.map(({ baseUrl, name }) => ({ path: `${new URL(baseUrl).pathname}/chat/completions`, name }));

  async function ask({ path, name }) {
    const body = JSON.stringify({ model: name, messages, max_tokens: 320, response_format: { type: 'json_object' } });
    const response = await pool.request({ path, method: 'POST', headers, body });
    if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${await response.body.text()}`);
    const { choices } = await response.body.json();
    return scoreIn(choices[0].message.content);
  }

  return () => inOrder(targets, ask);
}
