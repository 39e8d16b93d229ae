/** The `openai` client, one for each model, and a loop over them. */
import OpenAI from 'openai';

import { inOrder } from '../ask.mjs';
import { key, scoreIn } from '../work.mjs';

export function open({ models, messages }) {
  const clients = models.map(({ baseUrl, name }) => ({
    client: new OpenAI({ baseURL: baseUrl, apiKey: key, maxRetries: 0 }),
    body: { model: name, messages, max_tokens: 320, response_format: { type: 'json_object' } },
  }));
  return () => inOrder(clients, async ({ client, body }) => {
    const { choices } = await client.chat.completions.create(body);
    return scoreIn(choices[0].message.content);
  });
}
