/** Fallcast, with a budget and a listener to its events. */
import { engineFor, match } from '../work.mjs';

export function open({ models, certificate }) {
  const engine = engineFor(models, certificate);
  let events = 0;
  engine.onEvent(() => { events += 1; });
  return async () => {
    const { predictions } = await engine.predictWithFallback({ modelId: 'model-1', matches: [match] });
    return predictions[0];
  };
}
