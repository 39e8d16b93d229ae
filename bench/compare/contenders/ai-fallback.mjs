/**
 * The Vercel AI SDK with `ai-fallback`. The fallback is made anew for each prediction: it would otherwise stay with the
 * second model for a while, where the others ask the failing one every time.
 */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText } from 'ai';
import { createFallback } from 'ai-fallback';

import { key, scoreIn } from '../work.mjs';

export function open({ models, messages: [{ content: system }, { content: prompt }] }) {
  const chain = models.map(({ baseUrl, name }) => createOpenAICompatible({ name: 'upstream', baseURL: baseUrl, apiKey: key })(name));
  return async () => {
    const model = createFallback({ models: chain });
    const { text } = await generateText({ model, system, prompt, maxOutputTokens: 320, maxRetries: 0 });
    return scoreIn(text);
  };
}
