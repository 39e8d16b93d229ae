/** Makes one call and has nothing else to do; the engine is not closed. */
import { engine, request } from './engine.mjs';

const outcome = await engine().predictWithFallback(request, { signal: new AbortController().signal });
console.log(outcome.modelId);
