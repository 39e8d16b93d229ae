/** The global `fetch` and a loop over the models. */
import { ask, inOrder } from '../ask.mjs';

export function open({ models, messages }) {
  return () => inOrder(models, (model) => ask(model, messages));
}
