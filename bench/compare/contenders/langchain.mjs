/** LangChain's `withFallbacks`. */
import { ChatOpenAI } from '@langchain/openai';

import { key, scoreIn } from '../work.mjs';

export function open({ models, messages }) {
  const [first, ...others] = models.map(({ baseUrl, name }) => new ChatOpenAI({
    model: name,
    apiKey: key,
    maxTokens: 320,
    maxRetries: 0,
    modelKwargs: { response_format: { type: 'json_object' } },
    configuration: { baseURL: baseUrl },
  }));
  const chain = first.withFallbacks(others);
  return async () => scoreIn((await chain.invoke(messages)).content);
}
