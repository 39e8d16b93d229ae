'use strict';

/** Prompts and replies as attributes, for who asks for them; in the form that the conventions give messages. */

const text = (content) => ({ type: 'text', content });

/** What a model was sent: nothing where that cannot be told, as of a composed prompt for a part of the matches. */
exports.inputOf = function inputOf(engine, request, { modelId, promptVersion, adjusted }, isWhole) {
  const isOfAll = isWhole && !adjusted.some(({ parameter }) => parameter === 'matches');
  const prompt = request?.prompt ?? (isOfAll && request?.matches && engine.buildPrompt(modelId, request.matches, promptVersion));
  if (!prompt) return {};
  return {
    'gen_ai.system_instructions': prompt.system ? JSON.stringify([text(prompt.system)]) : undefined,
    'gen_ai.input.messages': JSON.stringify([{ role: 'user', parts: [text(prompt.user)] }]),
  };
};

/** What the model answered that the outcome is of. */
exports.outputOf = function outputOf({ rawResponse, reasoning }) {
  if (!rawResponse) return {};
  const parts = [...(reasoning ? [{ type: 'reasoning', content: reasoning }] : []), text(rawResponse)];
  return { 'gen_ai.output.messages': JSON.stringify([{ role: 'assistant', parts, finish_reason: 'stop' }]) };
};
