/** Compiled, never run: that the type of an answer is that of its schema. */
import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';

import { askWithFallback, Fallcast } from '../index.js';
import type { Answer, AskRequest, ChatMessage, ValueOf } from '../index.js';

/** Compiles only if both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>): void => {};

const prompt = { system: 'You write.', user: 'Who?', overrides: true };
const messages: ChatMessage[] = [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'Who?' }];

export async function answers(engine: Fallcast): Promise<void> {
  const text = await engine.askWithFallback({ modelId: 'a', prompt });
  same<typeof text, Answer<null>>(true);
  same<typeof text.text, string>(true);
  await askWithFallback({ modelId: 'a', messages }, { deadlineMs: 5, signal: null });

  const zod = await engine.askWithFallback({ modelId: 'a', prompt, schema: z.object({ name: z.string(), at: z.string().transform((at) => new Date(at)) }) });
  same<typeof zod.value, { name: string; at: Date }>(true);
  const valibot = await engine.askWithFallback({ modelId: 'a', prompt, schema: v.object({ name: v.string(), odds: v.array(v.number()) }) });
  same<typeof valibot.value, { name: string; odds: number[] }>(true);
  const arktype = await askWithFallback({ modelId: 'a', messages, schema: type({ name: 'string' }) }, null);
  same<typeof arktype.value, { name: string }>(true);

  const json = await engine.askWithFallback({
    modelId: 'a',
    prompt,
    schema: {
      type: 'object',
      properties: {
        name: { type: 'string', maxLength: 80 },
        side: { enum: ['home', 'away'] },
        odds: { type: 'array', items: { type: 'number' } },
        note: { type: ['string', 'null'] },
        kind: { const: 1 },
      },
      required: ['name', 'side', 'odds', 'kind'],
      additionalProperties: false,
    },
    schemaName: 'person',
  });
  same<typeof json.value, { name: string; side: 'home' | 'away'; odds: number[]; kind: 1; note?: string | null }>(true);
  same<ValueOf<{ anyOf: [{ type: 'string' }, { type: 'boolean' }] }>, string | boolean>(true);
  same<ValueOf<{ $ref: '#/$defs/a' }>, unknown>(true);

  const read: Record<string, unknown> = JSON.parse('{}');
  const unknown = await engine.askWithFallback({ modelId: 'a', prompt, schema: read });
  same<typeof unknown.value, unknown>(true);
  const request: AskRequest = { modelId: 'a', prompt: { user: 'Who?' } };
  console.log((await engine.askWithFallback(request)).text);
  // @ts-expect-error nobody says so
  await engine.askWithFallback({ modelId: 'a', messages: [{ role: 'robot', content: 'x' }] });
  // @ts-expect-error a text is no schema
  await engine.askWithFallback({ modelId: 'a', prompt, schema: 'string' });
}
