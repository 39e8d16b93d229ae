/** The second part of the demo: the fixtures asked of several models at once, as one slate, with a bar for each provider. */
import { bars, table } from '../../bin/slate.mjs';

/**
 * Runs the slate; the bars go to `err`, live on a terminal.
 *
 * @param {import('fallcast').Fallcast} engine
 * @param {import('fallcast').SlateRequest} request
 * @returns {Promise<string>} what came of it
 */
export async function showSlate(engine, request, options, err) {
  const slate = engine.predictSlate(request, options);
  const screen = bars(slate, engine, err);
  for await (const event of slate) screen.take(event);
  screen.end();
  const outcome = await slate.result();
  const stoodIn = outcome.outcomes.filter(({ attempts }) => attempts.some(({ reused, failure }) => reused && failure === null));
  const lines = stoodIn.map(({ originalModelId, modelId }) => `${originalModelId}: ${modelId}, asked anyway, stood in at no cost`);
  return [table(request.matches, outcome, slate.plan), ...lines].join('\n');
}
