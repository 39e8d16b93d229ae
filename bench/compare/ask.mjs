/** One model asked with the global `fetch`. */
import { key, scoreIn } from './work.mjs';

const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };

export async function ask({ baseUrl, name }, messages, signal) {
  const body = JSON.stringify({ model: name, messages, max_tokens: 320, response_format: { type: 'json_object' } });
  const response = await fetch(`${baseUrl}/chat/completions`, { method: 'POST', headers, body, signal });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  const { choices } = await response.json();
  return scoreIn(choices[0].message.content);
}

/** Asks one after the other, until one answers. */
export async function inOrder(models, ask) {
  let failure;
  for (const model of models) {
    try {
      return await ask(model);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}
