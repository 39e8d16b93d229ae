'use strict';

/** Prompts and replies as attributes, for who asks for them; in the form that the conventions give messages. */

const text = (content) => ({ type: 'text', content });

/** The messages that a model was sent; undefined where that cannot be told, as of a composed prompt for a part of the matches. */
function messagesOf(engine, request, { modelId, promptVersion, adjusted }, isWhole) {
  if (Array.isArray(request?.messages)) return request.messages;
  const isOfAll = isWhole && !adjusted.some(({ parameter }) => parameter === 'matches');
  const prompt = request?.prompt ?? (isOfAll && request?.matches ? engine.buildPrompt(modelId, request.matches, promptVersion) : undefined);
  return prompt && [...(prompt.system ? [{ role: 'system', content: prompt.system }] : []), { role: 'user', content: prompt.user }];
}

/** What a model was sent. */
exports.inputOf = function inputOf(engine, request, attempt, isWhole) {
  const messages = messagesOf(engine, request, attempt, isWhole);
  if (!messages) return {};
  const [system, others] = [true, false].map((isSystem) => messages.filter(({ role }) => (role === 'system') === isSystem));
  return {
    'gen_ai.system_instructions': system.length > 0 ? JSON.stringify(system.map(({ content }) => text(content))) : undefined,
    'gen_ai.input.messages': JSON.stringify(others.map(({ role, content }) => ({ role, parts: [text(content)] }))),
  };
};

/** What the model answered that the outcome is of. */
exports.outputOf = function outputOf({ rawResponse, reasoning }) {
  if (!rawResponse) return {};
  const parts = [...(reasoning ? [{ type: 'reasoning', content: reasoning }] : []), text(rawResponse)];
  return { 'gen_ai.output.messages': JSON.stringify([{ role: 'assistant', parts, finish_reason: 'stop' }]) };
};
